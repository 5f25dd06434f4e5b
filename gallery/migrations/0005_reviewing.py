from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from gallery.reviews.models import Decision
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0004_tiles')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Deferral',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='deferrals', on_delete=OnDelete.CASCADE)),
                ('submission', fields.ForeignKeyField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='deferrals', on_delete=OnDelete.CASCADE)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'deferral', 'app': 'gallery', 'unique_together': [('person', 'submission')], 'indexes': [Index(fields=['submission_id'])], 'pk_attr': 'id', 'table_description': 'A curator put a submission at the end of their own queue.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='HashBand',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('image', fields.ForeignKeyField('gallery.Image', source_field='image_id', db_constraint=True, to_field='id', related_name='hash_bands', on_delete=OnDelete.CASCADE)),
                ('code', fields.IntField(db_index=True)),
            ],
            options={'table': 'hash_band', 'app': 'gallery', 'indexes': [Index(fields=['image_id'])], 'pk_attr': 'id', 'table_description': 'A quarter of the perceptual hash of a picture that was sent for review, to find others that nearly share it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Hint',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('submission', fields.ForeignKeyField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='hints', on_delete=OnDelete.CASCADE)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='hints', on_delete=OnDelete.CASCADE)),
                ('check', fields.CharField(max_length=30)),
                ('field', fields.CharField(max_length=30)),
                ('excerpt', fields.TextField(default='', unique=False)),
                ('is_quoted', fields.BooleanField(default=False)),
                ('facts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('key', fields.CharField(max_length=32)),
                ('is_open', fields.BooleanField(default=True)),
            ],
            options={'table': 'hint', 'app': 'gallery', 'indexes': [Index(fields=['check', 'is_open']), Index(fields=['submission_id', 'is_open']), Index(fields=['artwork_id', 'key'])], 'pk_attr': 'id', 'table_description': 'What a check found in a submission: where, and what it needs to say why.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Hold',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.OneToOneField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='hold', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='holds', on_delete=OnDelete.CASCADE)),
                ('until', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'hold', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A curator looks at a work until `until`: nobody else decides it meanwhile.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LastQueue',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.OneToOneField('gallery.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='last_queue', on_delete=OnDelete.CASCADE)),
                ('query', fields.CharField(default='', max_length=500)),
            ],
            options={'table': 'last_queue', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'How a curator last narrowed the queue: the query of its address.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReadyReason',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('field', fields.CharField(default='', max_length=30)),
                ('text_zh', fields.TextField(default='', unique=False)),
                ('text_en', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'ready_reason', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'A reason that curators give often, in both languages, for a field of the work or for the whole of it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Risk',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('review', fields.OneToOneField('gallery.Review', source_field='review_id', db_constraint=True, to_field='id', related_name='risk', on_delete=OnDelete.CASCADE)),
                ('concern', fields.TextField(unique=False)),
            ],
            options={'table': 'risk', 'app': 'gallery', 'pk_attr': 'id', 'table_description': "Why showing a work might harm somebody. Read by curators only: the review's own reason is the organisation's."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Undo',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('submission', fields.ForeignKeyField('gallery.Submission', source_field='submission_id', db_constraint=True, to_field='id', related_name='undone', on_delete=OnDelete.CASCADE)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='undone', on_delete=OnDelete.SET_NULL)),
                ('decided_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('decision', fields.CharEnumField(description='ACCEPTED: accepted\nRETURNED: returned\nDECLINED: declined', enum_type=Decision, max_length=10)),
                ('reason', fields.TextField(default='', unique=False)),
                ('notes', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'undo', 'app': 'gallery', 'indexes': [Index(fields=['submission_id'])], 'pk_attr': 'id', 'table_description': 'A decision that its curator took back within seconds: what it was, and when it was taken back.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WavedOff',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='waved_off', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=32)),
                ('by', fields.ForeignKeyField('gallery.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='waved_off', on_delete=OnDelete.SET_NULL)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('reason', fields.CharField(max_length=300)),
            ],
            options={'table': 'waved_off', 'app': 'gallery', 'unique_together': [('artwork', 'key')], 'pk_attr': 'id', 'table_description': 'A curator looked at a hint and gave a reason why it does not matter here.'},
            bases=['Model'],
        ),
        ops.AlterModelOptions(
            name='Submission',
            options={'table': 'submission', 'app': 'gallery', 'unique_together': [('artwork', 'number')], 'indexes': [Index(fields=['is_waiting', 'at']), Index(fields=['checked_with'])], 'pk_attr': 'id', 'table_description': 'A work sent for review, once, with what was sent; or changes proposed to a work that was accepted before.'},
        ),
        ops.AddField(
            model_name='Submission',
            name='checked_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Submission',
            name='checked_with',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Submission',
            name='is_waiting',
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name='Submission',
            name='replaces',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Submission',
            name='sent',
            field=fields.JSONField(default=dict, db_default={}, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddIndex(
            model_name='Submission',
            index=Index(fields=['is_waiting', 'at']),
        ),
        ops.AddIndex(
            model_name='Submission',
            index=Index(fields=['checked_with']),
        ),
        # Submissions that were decided, taken back or withdrawn before this migration no longer wait.
        ops.RunSQL(
            "UPDATE submission SET is_waiting = FALSE WHERE id IN (SELECT submission_id FROM review)"
            " OR artwork_id IN (SELECT id FROM artwork WHERE status <> 'submitted')"
        ),
    ]
