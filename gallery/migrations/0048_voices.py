import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.images.models import new_token
from gallery.sounds.models import SoundState


class Migration(migrations.Migration):
    dependencies = [('gallery', '0045_sizes_and_dates')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Sound',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.CharField(default=new_token, unique=True, max_length=32)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='sounds', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharEnumField(default=SoundState.RECEIVED, db_index=True, description='RECEIVED: received\nREADY: ready\nREFUSED: refused\nERASED: erased', enum_type=SoundState, max_length=10)),
                ('refusal', fields.CharField(default='', max_length=30)),
                ('source_bytes', fields.BigIntField()),
                ('source_sha256', fields.CharField(max_length=64)),
                ('milliseconds', fields.IntField(default=0)),
                ('peaks', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('file_bytes', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('is_public', fields.BooleanField(default=False)),
                ('attempts', fields.IntField(default=0)),
                ('failures', fields.IntField(default=0)),
                ('attempt_after', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'sound', 'app': 'gallery', 'pk_attr': 'id', 'indexes': [Index(fields=['organisation_id'])], 'table_description': 'One recording. Its transcript is a text of the work.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Artwork',
            name='sound',
            field=fields.OneToOneField('gallery.Sound', source_field='sound_id', null=True, db_constraint=True, to_field='id', related_name='artwork', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Artwork',
            name='transcript',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Artwork',
            name='transcript_translation',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Consent',
            name='for_voice',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
