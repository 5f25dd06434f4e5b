from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.images.models import new_upload_token
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0008_applications')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Upload',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.CharField(default=new_upload_token, unique=True, max_length=32)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                ('length', fields.BigIntField()),
                ('metadata', fields.TextField(default='', unique=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('completed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'upload', 'app': 'gallery', 'indexes': [Index(fields=['by_id', 'completed_at']), Index(fields=['organisation_id']), Index(fields=['artwork_id'])], 'pk_attr': 'id', 'table_description': 'A picture that arrives in pieces, and goes on after the connection was lost. How much is there, its file says.'},
            bases=['Model'],
        ),
    ]
