from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

# Both databases sort keys by code points, as Python does.
POSTGRESQL = [
    'ALTER TABLE search_word ALTER COLUMN key TYPE varchar(40) COLLATE "C"',
    'ALTER TABLE search_word ALTER COLUMN backwards TYPE varchar(40) COLLATE "C"',
]


async def make(apps, editor):
    if editor.client.capabilities.dialect != "sqlite":
        for statement in POSTGRESQL:
            await editor.client.execute_query(statement)


async def unmake(apps, editor):
    pass


class Migration(migrations.Migration):
    dependencies = [('gallery', '0070_openings_and_closing_words')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SearchWord',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entry', fields.ForeignKeyField('gallery.SearchEntry', source_field='entry_id', db_constraint=True, to_field='id', related_name='words', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=40)),
                ('backwards', fields.CharField(null=True, max_length=40)),
                ('text', fields.CharField(max_length=60)),
                ('language', fields.CharField(max_length=35)),
            ],
            options={'table': 'search_word', 'app': 'gallery', 'indexes': [Index(fields=['entry_id']), Index(fields=['key', 'entry_id']), Index(fields=['backwards'])], 'pk_attr': 'id', 'table_description': 'A title, name or word of a title that a search suggests while its entry exists.'},
            bases=['Model'],
        ),
        ops.RunPython(make, unmake),
    ]
