from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.images.profile_image_models import ProfileImageState
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0029_erasure')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Fingerprint',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('image', fields.OneToOneField('gallery.Image', source_field='image_id', db_constraint=True, to_field='id', related_name='fingerprint', on_delete=OnDelete.CASCADE)),
                ('code', fields.BinaryField()),
            ],
            options={'table': 'fingerprint', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'What tells whether another picture shows this one (fingerprints.py).'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='CreditLogo',
            name='fingerprint',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Emblem',
            name='resembles_id',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Emblem',
            name='seen_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Emblem',
            name='state',
            field=fields.CharEnumField(default=ProfileImageState.NEW, description='NEW: new\nSHOWN: shown\nWAITING: waiting\nKEPT: kept', db_default=ProfileImageState.SHOWN, enum_type=ProfileImageState, max_length=10),
        ),
        ops.AddField(
            model_name='Withdrawal',
            name='logo_tokens',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
    ]
