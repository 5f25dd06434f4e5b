from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.artworks.models import Stage
from gallery.reviews.models import Decision
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0018_programs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Opinion',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('submission', fields.ForeignKeyField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='opinions', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', db_constraint=True, to_field='id', related_name='opinions', on_delete=OnDelete.CASCADE)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('decision', fields.CharEnumField(description='ACCEPTED: accepted\nRETURNED: returned\nDECLINED: declined', enum_type=Decision, max_length=10)),
                ('reason', fields.TextField(default='', unique=False)),
                ('notes', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'opinion', 'app': 'gallery', 'indexes': [Index(fields=['submission_id']), Index(fields=['by_id', 'at'])], 'pk_attr': 'id', 'table_description': 'What one curator would decide, where two are asked. Of several by the same one, the latest counts.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ScoringRound',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('theme', fields.ForeignKeyField('gallery.Theme', source_field='theme_id', db_constraint=True, to_field='id', related_name='scoring_rounds', on_delete=OnDelete.CASCADE)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('opened_by', fields.ForeignKeyField('gallery.Person', source_field='opened_by_id', null=True, db_constraint=True, to_field='id', related_name='rounds_opened', on_delete=OnDelete.SET_NULL)),
                ('closes_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'scoring_round', 'app': 'gallery', 'indexes': [Index(fields=['theme_id'])], 'pk_attr': 'id', 'table_description': 'Several curators score the waiting works of a theme, without knowing whose they are, until it closes.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Score',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('round', fields.ForeignKeyField('gallery.ScoringRound', source_field='round_id', db_constraint=True, to_field='id', related_name='scores', on_delete=OnDelete.CASCADE)),
                ('submission', fields.ForeignKeyField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='scores', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', db_constraint=True, to_field='id', related_name='scores', on_delete=OnDelete.CASCADE)),
                ('value', fields.IntField()),
                ('note', fields.TextField(default='', unique=False)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'score', 'app': 'gallery', 'unique_together': [('round', 'submission', 'by')], 'indexes': [Index(fields=['submission_id'])], 'pk_attr': 'id', 'table_description': 'What one curator thinks of a work in a scoring round: 1 to 5, with a note.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Site',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('reviews_needed', fields.IntField(default=1, db_default=1)),
                ('changed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('changed_by', fields.ForeignKeyField('gallery.Person', source_field='changed_by_id', null=True, db_constraint=True, to_field='id', related_name='site_changes', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'site', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'What a keeper sets at the desk. What belongs to the machine it runs on stands in the environment instead.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Submission',
            name='stage',
            field=fields.CharEnumField(default=Stage.FIRST, description='FIRST: first\nSECOND: second\nDISPUTED: disputed', db_default=Stage.FIRST, enum_type=Stage, max_length=10),
        ),
    ]
