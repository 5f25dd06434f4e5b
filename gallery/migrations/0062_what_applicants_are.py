from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0061_merged_rows')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Application',
            name='what_it_is',
            field=fields.CharField(default='', db_default='', max_length=200),
        ),
    ]
