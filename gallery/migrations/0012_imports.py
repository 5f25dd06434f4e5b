from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.artworks.import_models import ImportState
from gallery.images.models import new_token
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0011_unfinished')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Import',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.CharField(default=new_token, unique=True, max_length=32)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='imports', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='imports', on_delete=OnDelete.SET_NULL)),
                ('consent', fields.ForeignKeyField('gallery.Consent', source_field='consent_id', null=True, db_constraint=True, to_field='id', related_name='imports', on_delete=OnDelete.SET_NULL)),
                ('language', fields.CharField(default='zh', max_length=2)),
                ('file_name', fields.CharField(default='', max_length=120)),
                ('state', fields.CharEnumField(default=ImportState.RECEIVED, db_index=True, description='RECEIVED: received\nCHECKED: checked\nCONFIRMED: confirmed\nDONE: done\nREFUSED: refused\nTAKEN_BACK: taken_back', enum_type=ImportState, max_length=10)),
                ('refusal', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('picture_count', fields.IntField(default=0)),
                ('done_pictures', fields.IntField(default=0)),
                ('row_count', fields.IntField(default=0)),
                ('done_rows', fields.IntField(default=0)),
                ('report', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('attempts', fields.IntField(default=0)),
                ('losses', fields.IntField(default=0)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('files_cleared_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'import', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id']), Index(fields=['files_cleared_at'])], 'pk_attr': 'id', 'table_description': 'One sheet with its pictures, from its upload to its works, or to its end.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportedPicture',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('of', fields.ForeignKeyField('gallery.Import', source_field='of_id', db_constraint=True, to_field='id', related_name='pictures', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=300)),
                ('digest', fields.CharField(default='', max_length=64)),
                ('image', fields.ForeignKeyField('gallery.Image', source_field='image_id', null=True, db_constraint=True, to_field='id', related_name='imported_as', on_delete=OnDelete.SET_NULL)),
                ('refusal', fields.CharField(default='', max_length=30)),
            ],
            options={'table': 'imported_picture', 'app': 'gallery', 'unique_together': (('of', 'name'),), 'indexes': [Index(fields=['image_id'])], 'pk_attr': 'id', 'table_description': 'A picture that lay beside a sheet, once it was taken in or refused.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportedWork',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('of', fields.ForeignKeyField('gallery.Import', source_field='of_id', db_constraint=True, to_field='id', related_name='works', on_delete=OnDelete.CASCADE)),
                ('artwork', fields.OneToOneField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='imported_as', on_delete=OnDelete.CASCADE)),
                ('row', fields.IntField()),
                ('new_artist_id', fields.IntField(null=True)),
            ],
            options={'table': 'imported_work', 'app': 'gallery', 'indexes': [Index(fields=['of_id'])], 'pk_attr': 'id', 'table_description': 'A work that an import made, from which row, and whether its artist was new with it.'},
            bases=['Model'],
        ),
    ]
