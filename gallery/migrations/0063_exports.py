import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.exports.models import ExportState
from gallery.images.models import new_token


class Migration(migrations.Migration):
    dependencies = [('gallery', '0062_what_applicants_are')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Export',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.CharField(default=new_token, unique=True, max_length=32)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='exports', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='exports', on_delete=OnDelete.SET_NULL)),
                ('state', fields.CharEnumField(default=ExportState.WAITING, description='WAITING: waiting\nREADY: ready\nDROPPED: dropped\nEXPIRED: expired\nFAILED: failed', enum_type=ExportState, max_length=10)),
                ('files', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('work_count', fields.IntField(default=0)),
                ('done_works', fields.IntField(default=0)),
                ('attempts', fields.IntField(default=0)),
                ('losses', fields.IntField(default=0)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('files_cleared_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'export', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id']), Index(fields=['state'])], 'pk_attr': 'id', 'table_description': 'All that is an organisation\'s own at one moment, as ZIP files that expire.'},
            bases=['Model'],
        ),
    ]
