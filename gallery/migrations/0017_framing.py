from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0016_audit_log')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='crop_bottom',
            field=fields.IntField(default=10000, db_default=10000),
        ),
        ops.AddField(
            model_name='Image',
            name='crop_left',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Image',
            name='crop_right',
            field=fields.IntField(default=10000, db_default=10000),
        ),
        ops.AddField(
            model_name='Image',
            name='crop_top',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Image',
            name='turn',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
