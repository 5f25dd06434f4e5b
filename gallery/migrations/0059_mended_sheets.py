import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

JSON = {'encoder': functools.partial(dumps, separators=(',', ':')), 'decoder': loads}


class Migration(migrations.Migration):
    dependencies = [('gallery', '0058_sheet_columns')]

    initial = False

    operations = [
        ops.AddField(model_name='Import', name='sheets', field=fields.JSONField(default=list, db_default=[], **JSON)),
        ops.AddField(model_name='Import', name='common', field=fields.JSONField(default=dict, db_default={}, **JSON)),
        ops.AddField(model_name='Import', name='rows_token', field=fields.CharField(default='', max_length=32, db_default='')),
        ops.AddField(model_name='Import', name='updates_known', field=fields.BooleanField(default=False, db_default=False)),
    ]
