from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0038_work_indexes')]

    initial = False

    operations = [
        ops.AddIndex(model_name='Image', index=Index(fields=['is_public', 'has_tiles'])),
    ]
