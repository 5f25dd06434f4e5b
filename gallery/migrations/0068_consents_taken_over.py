from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0067_artworks_by_status')]

    initial = False

    operations = [
        ops.AddField(
            model_name='RequestedWork',
            name='consent_before',
            field=fields.ForeignKeyField('gallery.Consent', source_field='consent_before_id', null=True, db_constraint=True, to_field='id', related_name='works_asked_again', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddIndex(model_name='RequestedWork', index=Index(fields=['consent_before_id'])),
    ]
