from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0064_consent_requests')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='source_name',
            field=fields.CharField(default='', db_default='', max_length=200),
        ),
    ]
