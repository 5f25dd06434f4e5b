import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gallery.monitoring.models import MaintenanceKind


class Migration(migrations.Migration):
    dependencies = [('gallery', '0039_public_images')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MaintenanceRun',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharEnumField(unique=True, description='SETUP: setup\nBACKUP: backup\nCHECK: check\nCERTIFICATE: certificate', enum_type=MaintenanceKind, max_length=20)),
                ('ended_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('facts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'maintenance_run', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'The last run of one kind that ended. A failed run leaves the row of the one before.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='WorkerBeat',
            name='failures',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='WorkerBeat',
            name='failed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
