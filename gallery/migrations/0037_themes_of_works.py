from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0036_organisation_counts')]

    initial = False

    # The join table has no model. Its unique index begins with the work, and serves only questions about works.
    operations = [
        ops.RunSQL(
            "CREATE INDEX idx_artwork_theme_theme ON artwork_theme (theme_id, artwork_id)",
            reverse_sql="DROP INDEX idx_artwork_theme_theme",
        ),
    ]
