from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [('gallery', '0003_lost_attempts')]

    initial = False

    operations = [
        ops.AddField(model_name='Image', name='has_preview', field=fields.BooleanField(default=False, db_default=False)),
        ops.AddField(model_name='Image', name='has_tiles', field=fields.BooleanField(default=False, db_default=False)),
        ops.AddField(model_name='Image', name='tiling_attempts', field=fields.IntField(default=0, db_default=0)),
        ops.AddField(model_name='Image', name='tiling_until', field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
        ops.CreateModel(
            name='Derivative',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('image', fields.ForeignKeyField('gallery.Image', source_field='image_id', db_constraint=True, to_field='id', related_name='derivatives', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=120)),
                ('file_bytes', fields.BigIntField()),
                ('made_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'derivative', 'app': 'gallery', 'unique_together': [('image', 'name')], 'pk_attr': 'id', 'table_description': 'A piece of a picture that was made on demand and is kept in public storage for the next who asks.'},
            bases=['Model'],
        ),
    ]
