import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0057_site_languages')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SheetColumn',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='sheet_columns', on_delete=OnDelete.CASCADE)),
                ('header', fields.CharField(max_length=120)),
                ('column', fields.CharField(max_length=60)),
            ],
            options={'table': 'sheet_column', 'app': 'gallery', 'unique_together': (('organisation', 'header'),), 'pk_attr': 'id', 'table_description': 'The column that an organisation chose for a header which its sheets have.'},
            bases=['Model'],
        ),
        ops.AddField(model_name='Import', name='columns', field=fields.JSONField(default=dict, db_default={}, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
    ]
