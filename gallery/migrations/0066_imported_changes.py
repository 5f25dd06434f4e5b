import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


def json_field():
    return fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)


class Migration(migrations.Migration):
    dependencies = [('gallery', '0065_names_of_files')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ImportedChange',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('of', fields.ForeignKeyField('gallery.Import', source_field='of_id', db_constraint=True, to_field='id', related_name='changes', on_delete=OnDelete.CASCADE)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='changed_by_imports', on_delete=OnDelete.CASCADE)),
                ('before', json_field()),
                ('after', json_field()),
                ('row', fields.IntField()),
                ('consent_before', fields.IntField(null=True)),
                ('consent_after', fields.IntField(null=True)),
                ('new_artist_id', fields.IntField(null=True)),
            ],
            options={'table': 'imported_change', 'app': 'gallery', 'unique_together': (('of', 'artwork'),), 'indexes': [Index(fields=['artwork_id'])], 'pk_attr': 'id', 'table_description': 'A work that an import updated, with its values before and after (import_undo.py).'},
            bases=['Model'],
        ),
    ]
