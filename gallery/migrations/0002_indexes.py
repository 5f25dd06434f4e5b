from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0001_initial')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Artist',
            index=Index(fields=['organisation_id']),
        ),
        ops.AddIndex(
            model_name='Artwork',
            index=Index(fields=['organisation_id']),
        ),
        ops.AddIndex(
            model_name='Artwork',
            index=Index(fields=['artist_id']),
        ),
        ops.AddIndex(
            model_name='Artwork',
            index=Index(fields=['consent_id']),
        ),
        ops.AddIndex(
            model_name='Artwork',
            index=Index(fields=['project_id']),
        ),
        ops.AddIndex(
            model_name='Consent',
            index=Index(fields=['artist_id']),
        ),
        ops.AddIndex(
            model_name='Hanging',
            index=Index(fields=['artwork_id']),
        ),
        ops.AddIndex(
            model_name='Image',
            index=Index(fields=['organisation_id']),
        ),
        ops.AddIndex(
            model_name='Review',
            index=Index(fields=['artwork_id']),
        ),
        ops.AddIndex(
            model_name='Room',
            index=Index(fields=['edition_id']),
        ),
    ]
