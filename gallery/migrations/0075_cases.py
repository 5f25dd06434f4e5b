from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.cases.models import Currency, Ending, VersionState
from gallery.web.texts import TextsField


class Migration(migrations.Migration):
    dependencies = [('gallery', '0074_blocks')]

    initial = False

    operations = [
        *(
            ops.AddField(
                model_name='Consent',
                name=f'for_{scope}',
                field=fields.BooleanField(default=False, db_default=False),
            )
            for scope in ('case', 'case_diagnosis', 'case_hospital', 'case_face')
        ),
        ops.CreateModel(
            name='Case',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(unique=True, max_length=60)),
                ('project', fields.ForeignKeyField('gallery.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='cases', on_delete=OnDelete.CASCADE)),
                ('consent', fields.ForeignKeyField('gallery.Consent', source_field='consent_id', null=True, db_constraint=True, to_field='id', related_name='cases', on_delete=OnDelete.RESTRICT)),
                ('ending', fields.CharEnumField(null=True, description='CLOSED: closed\nSTOPPED: stopped', enum_type=Ending, max_length=10)),
                ('ended_on', fields.DateField(null=True)),
                ('is_vetoed', fields.BooleanField(default=False, db_default=False)),
                ('withdrawn_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'charity_case', 'app': 'gallery', 'indexes': [Index(fields=['project_id']), Index(fields=['consent_id'])], 'pk_attr': 'id', 'table_description': 'One need of a project. Its words are in versions, because visitors read the accepted one while another is written.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CaseVersion',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('case', fields.ForeignKeyField('gallery.Case', source_field='case_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('state', fields.CharEnumField(default=VersionState.DRAFT, description='DRAFT: draft\nWAITING: waiting\nRETURNED: returned\nACCEPTED: accepted', enum_type=VersionState, max_length=10)),
                ('is_shown', fields.BooleanField(default=False)),
                ('title', TextsField()),
                ('story', TextsField()),
                ('currency', fields.CharEnumField(default=Currency.CNY, description='CNY: CNY\nHKD: HKD\nMOP: MOP\nTWD: TWD\nUSD: USD\nEUR: EUR\nTHINGS: things', enum_type=Currency, max_length=10)),
                ('unit', TextsField()),
                ('goal', fields.BigIntField(null=True)),
                ('link', fields.CharField(default='', max_length=500)),
                ('platform', TextsField()),
                ('registration_number', fields.CharField(default='', max_length=60)),
                ('registered_until', fields.DateField(null=True)),
                ('has_diagnosis', fields.BooleanField(default=False)),
                ('has_hospital', fields.BooleanField(default=False)),
                ('has_face', fields.BooleanField(default=False)),
                ('saved_by', fields.ForeignKeyField('gallery.Person', source_field='saved_by_id', null=True, db_constraint=True, to_field='id', related_name='case_versions', on_delete=OnDelete.SET_NULL)),
                ('saved_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('sent_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('decided_by', fields.ForeignKeyField('gallery.Person', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='case_versions_decided', on_delete=OnDelete.SET_NULL)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('words', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'case_version', 'app': 'gallery', 'unique_together': (('case', 'number'),), 'indexes': [Index(fields=['state']), Index(fields=['is_shown'])], 'pk_attr': 'id', 'table_description': 'The words of a case at one time: draft → waiting → returned or accepted. A change after that is the next version.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CaseFigure',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('case', fields.ForeignKeyField('gallery.Case', source_field='case_id', db_constraint=True, to_field='id', related_name='figures', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('raised', fields.BigIntField(null=True)),
                ('helpers', fields.BigIntField(null=True)),
                ('source', TextsField()),
                ('is_correction', fields.BooleanField(default=False)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='case_figures', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('taken_back_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'case_figure', 'app': 'gallery', 'indexes': [Index(fields=['case_id', 'day'])], 'pk_attr': 'id', 'table_description': 'What was reached on one day, and who says so. Rows are never changed: a later row of the same day counts instead.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CaseVeto',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('case', fields.ForeignKeyField('gallery.Case', source_field='case_id', db_constraint=True, to_field='id', related_name='vetoes', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='case_vetoes', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('concern', fields.TextField(unique=False)),
                ('lifted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('lifted_by', fields.ForeignKeyField('gallery.Person', source_field='lifted_by_id', null=True, db_constraint=True, to_field='id', related_name='case_vetoes_lifted', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'case_veto', 'app': 'gallery', 'indexes': [Index(fields=['case_id'])], 'pk_attr': 'id', 'table_description': 'A curator\'s fear that a case might harm somebody, which takes it off view at once.'},
            bases=['Model'],
        ),
    ]
