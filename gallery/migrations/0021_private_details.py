from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0020_figures')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PrivateDetails',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artist', fields.OneToOneField('gallery.Artist', source_field='artist_id', db_constraint=True, to_field='id', related_name='private_details', on_delete=OnDelete.CASCADE)),
                ('legal_name', fields.CharField(default='', max_length=120)),
                ('contact', fields.TextField(default='', unique=False)),
                ('guardian', fields.TextField(default='', unique=False)),
                ('notes', fields.TextField(default='', unique=False)),
                ('changed_by', fields.ForeignKeyField('gallery.Person', source_field='changed_by_id', null=True, db_constraint=True, to_field='id', related_name='private_details_changed', on_delete=OnDelete.SET_NULL)),
                ('changed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'private_details', 'app': 'gallery', 'pk_attr': 'id', 'table_description': "What only the artist's organisation knows. Apart, so that no query for a page can bring it along."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PrivateShare',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('submission', fields.OneToOneField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='private_share', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='private_shares', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'private_share', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'It holds while its submission waits for a decision, and ends with that by itself.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SignedForm',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('consent', fields.ForeignKeyField('gallery.Consent', source_field='consent_id', db_constraint=True, to_field='id', related_name='signed_forms', on_delete=OnDelete.CASCADE)),
                ('token', fields.CharField(unique=True, max_length=32)),
                ('kind', fields.CharField(max_length=10)),
                ('file_bytes', fields.BigIntField()),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='signed_forms', on_delete=OnDelete.SET_NULL)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'signed_form', 'app': 'gallery', 'indexes': [Index(fields=['consent_id'])], 'pk_attr': 'id', 'table_description': 'A consent form as it was signed: a PDF or a photograph in private storage, which the site itself never opens.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Artist',
            name='about_en',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Artist',
            name='about_zh',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Artist',
            name='born',
            field=fields.CharField(default='', db_default='', max_length=10),
        ),
        ops.AddField(
            model_name='Artist',
            name='shows_born',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Consent',
            name='follows',
            field=fields.ForeignKeyField('gallery.Consent', source_field='follows_id', null=True, db_constraint=True, to_field='id', related_name='followed_by', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddIndex(
            model_name='Consent',
            index=Index(fields=['follows_id']),
        ),
    ]
