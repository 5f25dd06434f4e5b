from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0040_monitoring')]

    initial = False

    operations = [
        # For an organisation's list of works: the numbers by status, and the order.
        ops.AddIndex(model_name='Artwork', index=Index(fields=['organisation_id', 'status'])),
        ops.AddIndex(model_name='Artwork', index=Index(fields=['organisation_id', 'updated_at'])),
    ]
