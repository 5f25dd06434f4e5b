from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0066_imported_changes')]

    initial = False

    operations = [
        ops.AddIndex(model_name='Artwork', index=Index(fields=['status', 'is_vetoed'])),
    ]
