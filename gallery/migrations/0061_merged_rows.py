from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


def merged_into(model):
    return ops.AddField(
        model_name=model,
        name='merged_into',
        field=fields.ForeignKeyField(f'gallery.{model}', source_field='merged_into_id', null=True, db_constraint=True, to_field='id', related_name='merged', on_delete=OnDelete.CASCADE),
    )


class Migration(migrations.Migration):
    dependencies = [('gallery', '0060_image_digests')]

    initial = False

    operations = [
        merged_into('Artist'),
        merged_into('Project'),
        ops.AddIndex(model_name='Artist', index=Index(fields=['merged_into_id'])),
        ops.AddIndex(model_name='Project', index=Index(fields=['merged_into_id'])),
    ]
