from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.organisations.models import Trust
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0022_programme')]

    initial = False

    operations = [
        ops.CreateModel(
            name='LaterCheck',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('review', fields.OneToOneField('gallery.Review', source_field='review_id', db_constraint=True, to_field='id', related_name='later_check', on_delete=OnDelete.CASCADE)),
                ('looked_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('looked_by', fields.ForeignKeyField('gallery.Person', source_field='looked_by_id', null=True, db_constraint=True, to_field='id', related_name='later_checks', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'later_check', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A work that was accepted at once is to be looked at by a curator afterwards.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TrustChange',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='trust_changes', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='trust_changes', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('before', fields.CharEnumField(description='EVERY: every\nSAMPLED: sampled\nAT_ONCE: at_once', enum_type=Trust, max_length=10)),
                ('after', fields.CharEnumField(description='EVERY: every\nSAMPLED: sampled\nAT_ONCE: at_once', enum_type=Trust, max_length=10)),
                ('reason', fields.CharField(max_length=300)),
            ],
            options={'table': 'trust_change', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id'])], 'pk_attr': 'id', 'table_description': 'A keeper changed how the works of an organisation are reviewed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Veto',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='vetoes', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='vetoes', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('concern', fields.TextField(unique=False)),
                ('lifted_by', fields.ForeignKeyField('gallery.Person', source_field='lifted_by_id', null=True, db_constraint=True, to_field='id', related_name='vetoes_lifted', on_delete=OnDelete.SET_NULL)),
                ('lifted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('because', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'veto', 'app': 'gallery', 'indexes': [Index(fields=['artwork_id'])], 'pk_attr': 'id', 'table_description': 'A curator took an accepted work off the wall, for showing it might harm somebody. Read by curators only.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Artwork',
            name='is_vetoed',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Organisation',
            name='trust',
            field=fields.CharEnumField(default=Trust.EVERY, description='EVERY: every\nSAMPLED: sampled\nAT_ONCE: at_once', db_default=Trust.EVERY, enum_type=Trust, max_length=10),
        ),
        ops.AddField(
            model_name='Site',
            name='sample_percent',
            field=fields.IntField(default=20, db_default=20),
        ),
        ops.AddField(
            model_name='Submission',
            name='awaits_trust',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddIndex(
            model_name='Submission',
            index=Index(fields=['awaits_trust']),
        ),
    ]
