from json import dumps, loads
import functools

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

JSON = {'encoder': functools.partial(dumps, separators=(',', ':')), 'decoder': loads}


class Migration(migrations.Migration):
    dependencies = [('gallery', '0043_first_showings')]

    initial = False

    operations = [
        ops.AddField(
            model_name='ContentChange',
            name='rows',
            field=fields.JSONField(null=True, **JSON),
        ),
        ops.AddField(
            model_name='IndexPass',
            name='touched',
            field=fields.JSONField(null=True, **JSON),
        ),
        ops.AddField(
            model_name='IndexPass',
            name='is_whole',
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name='IndexPass',
            name='is_rebuild',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddIndex(model_name='Image', index=Index(fields=['state', 'ready_at'])),
        ops.AddIndex(model_name='Image', index=Index(fields=['tiling_until'])),
    ]
