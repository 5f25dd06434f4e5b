from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.exhibitions.models import Layout
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0014_taking_back')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Edition',
            name='changed_by',
            field=fields.ForeignKeyField('gallery.Person', source_field='changed_by_id', null=True, db_constraint=True, to_field='id', related_name='drafts_changed', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Edition',
            name='leaves_when_closed',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Edition',
            name='version',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Hanging',
            name='caption_en',
            field=fields.CharField(default='', db_default='', max_length=300),
        ),
        ops.AddField(
            model_name='Hanging',
            name='caption_zh',
            field=fields.CharField(default='', db_default='', max_length=300),
        ),
        ops.AddField(
            model_name='Room',
            name='layout',
            field=fields.CharEnumField(default=Layout.WALL, description='WALL: wall\nSTORIES: stories\nTIMELINE: timeline', db_default='wall', enum_type=Layout, max_length=10),
        ),
        ops.AddField(
            model_name='Room',
            name='rule',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Room',
            name='without',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
    ]
