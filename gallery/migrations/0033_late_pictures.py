from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0032_second_factors')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='attempt_after',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
