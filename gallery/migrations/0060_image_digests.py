from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0059_mended_sheets')]

    initial = False

    operations = [
        ops.AddIndex(model_name='Image', index=Index(fields=['organisation_id', 'source_sha256'])),
    ]
