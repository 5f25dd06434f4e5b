from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0013_reports')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Extension',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('theme', fields.ForeignKeyField('gallery.Theme', source_field='theme_id', db_constraint=True, to_field='id', related_name='extensions', on_delete=OnDelete.CASCADE)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='extensions', on_delete=OnDelete.CASCADE)),
                ('until', fields.DateField()),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='extensions_given', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'extension', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id', 'until']), Index(fields=['theme_id'])], 'pk_attr': 'id', 'table_description': 'A curator gave an organisation more time for the works of a theme.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TakingBack',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('submission', fields.OneToOneField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='taken_back', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='takings_back', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'taking_back', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A submission that its organisation took back before anybody decided on it.'},
            bases=['Model'],
        ),
    ]
