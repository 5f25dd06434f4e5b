from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gallery.web.texts import TextsField


class Migration(migrations.Migration):
    dependencies = [('gallery', '0069_regions')]

    initial = False

    operations = [
        ops.AddField(model_name='Edition', name='opening', field=fields.CharField(default='', db_default='', max_length=10)),
        ops.AddField(model_name='Edition', name='closing', field=TextsField()),
        ops.AddField(model_name='Hanging', name='sentence', field=TextsField()),
    ]
