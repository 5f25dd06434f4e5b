from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0021_private_details')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PreviewLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('exhibition', fields.ForeignKeyField('gallery.Exhibition', source_field='exhibition_id', db_constraint=True, to_field='id', related_name='preview_links', on_delete=OnDelete.CASCADE)),
                ('whom', fields.CharField(default='', db_default='', max_length=80)),
                ('made_by', fields.ForeignKeyField('gallery.Person', source_field='made_by_id', null=True, db_constraint=True, to_field='id', related_name='preview_links', on_delete=OnDelete.SET_NULL)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'preview_link', 'app': 'gallery', 'indexes': [Index(fields=['exhibition_id'])], 'pk_attr': 'id', 'table_description': 'A way for people without an account to a draft, until it expires or is ended.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Edition',
            name='credits',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Edition',
            name='talks',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
    ]
