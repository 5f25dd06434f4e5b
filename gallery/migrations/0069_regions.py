from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.web.texts import TextsField


class Migration(migrations.Migration):
    dependencies = [('gallery', '0068_consents_taken_over')]

    initial = False

    operations = [
        ops.AddField(model_name='Organisation', name='region', field=TextsField()),
    ]
