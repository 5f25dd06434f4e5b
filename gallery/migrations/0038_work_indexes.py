from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0037_organisation_counts')]

    initial = False

    operations = [
        ops.AddIndex(model_name='Artwork', index=Index(fields=['status', 'is_vetoed'])),
        ops.AddIndex(model_name='Review', index=Index(fields=['by_id', 'at'])),
        ops.AddIndex(model_name='Mail', index=Index(fields=['path'])),
        # The join table of works and themes has no model. Its unique index begins with the work.
        ops.RunSQL(
            "CREATE INDEX idx_artwork_theme_theme ON artwork_theme (theme_id, artwork_id)",
            reverse_sql="DROP INDEX idx_artwork_theme_theme",
        ),
    ]
