from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [('gallery', '0027_logos')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Edition',
            name='shown_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
