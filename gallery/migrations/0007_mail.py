from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.accounts.models import MemberRole, Purpose
from gallery.mail.models import MailState
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0006_search')]

    initial = False

    operations = [
        ops.CreateModel(
            name='LinkRequest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('email', fields.CharField(max_length=254)),
                ('purpose', fields.CharEnumField(description='SIGN_IN: sign_in\nPASSWORD: password', enum_type=Purpose, max_length=10)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'link_request', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'Somebody asked for a link by mail, whether or not the address has an account: the worker finds out.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Mail',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=40)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='mails', on_delete=OnDelete.CASCADE)),
                ('email', fields.CharField(max_length=254)),
                ('language', fields.CharField(default='zh', max_length=2)),
                ('path', fields.CharField(default='', max_length=300)),
                ('facts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('secret', fields.CharField(default='', max_length=100)),
                ('key', fields.CharField(null=True, unique=True, max_length=120)),
                ('for_digest', fields.BooleanField(default=False)),
                ('digest', fields.ForeignKeyField('gallery.Mail', source_field='digest_id', null=True, db_constraint=True, to_field='id', related_name='gathered', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharEnumField(default=MailState.UNSENT, description='UNSENT: unsent\nGATHERED: gathered\nSENT: sent\nKEPT: kept\nGIVEN_UP: given_up', enum_type=MailState, max_length=10)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('useless_after', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('attempts', fields.IntField(default=0)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('answer', fields.CharField(default='', max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mail', 'app': 'gallery', 'indexes': [Index(fields=['state', 'due_at'])], 'pk_attr': 'id', 'table_description': 'One mail to one address, in words only once it is sent.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MailLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='mail_links', on_delete=OnDelete.CASCADE)),
                ('purpose', fields.CharEnumField(description='SIGN_IN: sign_in\nPASSWORD: password', enum_type=Purpose, max_length=10)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mail_link', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A link that was sent by mail and signs somebody in, or lets them choose a password, once.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Invitation',
            name='member_role',
            field=fields.CharEnumField(default=MemberRole.EDITOR, description='OWNER: owner\nEDITOR: editor', db_default=MemberRole.EDITOR, enum_type=MemberRole, max_length=10),
        ),
        ops.AddField(
            model_name='Membership',
            name='role',
            field=fields.CharEnumField(default=MemberRole.EDITOR, description='OWNER: owner\nEDITOR: editor', db_default=MemberRole.EDITOR, enum_type=MemberRole, max_length=10),
        ),
        ops.AddField(
            model_name='Person',
            name='wants_digest',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        # Each organisation needs somebody who can invite members: its first member becomes the owner.
        ops.RunSQL(
            "UPDATE membership SET role = 'owner' "
            "WHERE id IN (SELECT MIN(id) FROM membership GROUP BY organisation_id)",
            reverse_sql=ops.RunSQL.noop,
        ),
    ]
