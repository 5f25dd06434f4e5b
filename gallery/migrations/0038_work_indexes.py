from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.artworks.models import Status
from gallery.db.migrate import DropFieldIndex


class Migration(migrations.Migration):
    dependencies = [('gallery', '0037_organisation_counts')]

    initial = False

    operations = [
        # Most works are accepted. SQLite began queries with an index of the status, and read them all.
        DropFieldIndex(
            model_name='Artwork',
            name='status',
            field=fields.CharEnumField(default=Status.DRAFT, description='DRAFT: draft\nSUBMITTED: submitted\nRETURNED: returned\nACCEPTED: accepted\nDECLINED: declined\nWITHDRAWN: withdrawn', enum_type=Status, max_length=10),
        ),
        ops.AddIndex(model_name='Review', index=Index(fields=['by_id', 'at'])),
        ops.AddIndex(model_name='Mail', index=Index(fields=['path'])),
        # The join table of works and themes has no model. Its unique index begins with the work.
        ops.RunSQL(
            "CREATE INDEX idx_artwork_theme_theme ON artwork_theme (theme_id, artwork_id)",
            reverse_sql="DROP INDEX idx_artwork_theme_theme",
        ),
    ]
