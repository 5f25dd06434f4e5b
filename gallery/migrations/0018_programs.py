from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0017_framing')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Token',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('membership', fields.ForeignKeyField('gallery.Membership', source_field='membership_id', db_constraint=True, to_field='id', related_name='tokens', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=80)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('beginning', fields.CharField(max_length=20)),
                ('scopes', fields.CharField(max_length=100)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'token', 'app': 'gallery', 'indexes': [Index(fields=['membership_id'])], 'pk_attr': 'id', 'table_description': 'What lets a program act for an organisation, in the name of the member who made it. It ends with the membership.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token', fields.ForeignKeyField('gallery.Token', source_field='token_id', db_constraint=True, to_field='id', related_name='kept_answers', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=200)),
                ('fingerprint', fields.CharField(max_length=64)),
                ('attempt', fields.IntField(default=1)),
                ('lease_until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('status', fields.IntField(null=True)),
                ('headers', fields.JSONField(default=dict, db_default={}, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('body', fields.TextField(default='', db_default='', unique=False)),
                ('created_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'kept_answer', 'app': 'gallery', 'unique_together': [('token', 'key')], 'pk_attr': 'id', 'table_description': 'A request with an Idempotency-Key. While it has no status it is under way.'},
            bases=['Model'],
        ),
    ]
