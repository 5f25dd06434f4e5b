from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0002_indexes')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='failures',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Image',
            name='losses',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
