from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.web.texts import TextsField


class Migration(migrations.Migration):
    dependencies = [('gallery', '0054_texts_of_artists')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Picture',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='further_pictures', on_delete=OnDelete.CASCADE)),
                ('position', fields.SmallIntField()),
                ('image', fields.OneToOneField('gallery.Image', source_field='image_id', db_constraint=True, to_field='id', related_name='further_picture', on_delete=OnDelete.CASCADE)),
                ('alt_text', TextsField()),
                ('caption', TextsField()),
            ],
            options={'table': 'artwork_picture', 'app': 'gallery', 'pk_attr': 'id', 'indexes': [Index(fields=['artwork_id', 'position'])], 'table_description': 'A further picture of a work: its second to twenty-fourth.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Artwork',
            name='more_pictures',
            field=fields.SmallIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Artwork',
            name='caption',
            field=TextsField(),
        ),
    ]
