from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0031_digests')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AddressChange',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('person', fields.OneToOneField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='address_change', on_delete=OnDelete.CASCADE)),
                ('email', fields.CharField(max_length=254)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'address_change', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'Somebody wants another e-mail address: it holds once the link that was sent there is opened.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuthenticatorApp',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.OneToOneField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='authenticator_app', on_delete=OnDelete.CASCADE)),
                ('secret', fields.CharField(max_length=300)),
                ('last_step', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'authenticator_app', 'app': 'gallery', 'pk_attr': 'id', 'table_description': "The secret that somebody's authenticator app shares with the site (TOTP, RFC 6238)."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Passkey',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='passkeys', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=60)),
                ('credential_id', fields.CharField(unique=True, max_length=1400)),
                ('public_key', fields.TextField(unique=False)),
                ('sign_count', fields.BigIntField(default=0)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'passkey', 'app': 'gallery', 'pk_attr': 'id', 'table_description': "A key on somebody's device (WebAuthn): it signs them in alone, or is the second factor after a password."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='recovery_codes', on_delete=OnDelete.CASCADE)),
                ('code_hash', fields.CharField(max_length=64)),
            ],
            options={'table': 'recovery_code', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A code that takes the place of the second factor once. Used ones are deleted.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SpentChallenge',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('challenge_hash', fields.CharField(unique=True, max_length=64)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'spent_challenge', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A challenge that a passkey has answered, kept for as long as it could be answered again.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Person',
            name='second_factor_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Person',
            name='second_factor_due_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Person',
            name='second_factor_reset_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Session',
            name='confirmed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Site',
            name='asks_second_factor',
            field=fields.BooleanField(default=True, db_default=True),
        ),
        # On sites that already have people, second factors stay optional.
        ops.RunSQL(
            "INSERT INTO site (id, asks_second_factor) SELECT 1, false WHERE EXISTS (SELECT 1 FROM person) "
            "ON CONFLICT (id) DO UPDATE SET asks_second_factor = false",
            reverse_sql=ops.RunSQL.noop,
        ),
    ]
