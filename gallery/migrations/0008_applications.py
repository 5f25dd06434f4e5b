from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.organisations.models import ApplicationState, LinkState
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0007_mail')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Application',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name_zh', fields.CharField(default='', max_length=120)),
                ('name_en', fields.CharField(default='', max_length=120)),
                ('registration_number', fields.CharField(max_length=40)),
                ('website', fields.CharField(default='', max_length=500)),
                ('about', fields.TextField(unique=False)),
                ('contact_name', fields.CharField(max_length=80)),
                ('contact_email', fields.CharField(max_length=254)),
                ('language', fields.CharField(max_length=2)),
                ('state', fields.CharEnumField(default=ApplicationState.WAITING, db_index=True, description='WAITING: waiting\nADMITTED: admitted\nDECLINED: declined', enum_type=ApplicationState, max_length=10)),
                ('reason', fields.TextField(default='', unique=False)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', null=True, db_constraint=True, to_field='id', related_name='applications', on_delete=OnDelete.SET_NULL)),
                ('decided_by', fields.ForeignKeyField('gallery.Person', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='applications_decided', on_delete=OnDelete.SET_NULL)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'application', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'An organisation that would like to show works, as it says itself.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CheckedLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('url', fields.CharField(unique=True, max_length=500)),
                ('state', fields.CharEnumField(default=LinkState.UNCHECKED, description='UNCHECKED: unchecked\nWORKING: working\nDEAD: dead', enum_type=LinkState, max_length=10)),
                ('failures', fields.IntField(default=0)),
                ('answer', fields.CharField(default='', max_length=40)),
                ('checked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('next_check_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'checked_link', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'An address that projects lead visitors to, and whether it answers. Due ones are work for the worker.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Project',
            name='ends_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='goal',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='link_monthly',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
        ops.AddField(
            model_name='Project',
            name='link_once',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
        ops.AddField(
            model_name='Project',
            name='link_volunteer',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
        ops.AddField(
            model_name='Project',
            name='raised',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='raised_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Project',
            name='raised_source',
            field=fields.CharField(default='', db_default='', max_length=200),
        ),
        ops.AddField(
            model_name='Project',
            name='starts_on',
            field=fields.DateField(null=True),
        ),
    ]
