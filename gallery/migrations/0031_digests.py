from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0030_fingerprints')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='is_digest_late',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Image',
            name='rendition_bytes',
            field=fields.JSONField(default=dict, db_default={}, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Image',
            name='source_sha256',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
        ops.AddField(
            model_name='SignedForm',
            name='sha256',
            field=fields.CharField(default='', db_default='', max_length=64),
        ),
    ]
