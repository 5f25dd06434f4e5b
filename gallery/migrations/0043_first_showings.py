from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

# The earliest moment at which visitors saw, or will see, a published edition that hangs the work. Editions that ended
# before they opened do not count.
DATE = """
UPDATE artwork SET first_shown_at = (
    SELECT MIN(CASE WHEN e.published_at > e.opens_at THEN e.published_at ELSE e.opens_at END)
    FROM hanging h JOIN room r ON r.id = h.room_id JOIN edition e ON e.id = r.edition_id
    WHERE h.artwork_id = artwork.id AND e.number IS NOT NULL
        AND (e.shown_until IS NULL OR (e.shown_until > e.opens_at
            AND (e.published_at IS NULL OR e.shown_until > e.published_at)))
)"""


class Migration(migrations.Migration):
    dependencies = [('gallery', '0042_pieces_and_limits')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Artwork',
            name='first_shown_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(DATE, reverse_sql=ops.RunSQL.noop),
        ops.AddIndex(model_name='Artwork', index=Index(fields=['first_shown_at', 'id'])),
        ops.CreateModel(
            name='PublicImagesPass',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('content_version', fields.BigIntField(default=0)),
                ('compare_all_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'public_images_pass', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'When public storage was last compared with what is on view.'},
            bases=['Model'],
        ),
    ]
