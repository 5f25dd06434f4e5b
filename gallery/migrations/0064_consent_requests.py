import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.web.texts import MAX_TAG_LENGTH


class Migration(migrations.Migration):
    dependencies = [('gallery', '0063_exports')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ConsentWording',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('language', fields.CharField(max_length=MAX_TAG_LENGTH)),
                ('text', fields.TextField(unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'consent_wording', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'The words of a page on which families were asked for consent, as they were shown, once for each text.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ConsentRequest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artist', fields.ForeignKeyField('gallery.Artist', source_field='artist_id', db_constraint=True, to_field='id', related_name='consent_requests', on_delete=OnDelete.CASCADE)),
                ('seed', fields.CharField(max_length=32)),
                ('code_hash', fields.CharField(unique=True, max_length=64)),
                ('list_name', fields.CharField(default='', max_length=80)),
                ('asked_by', fields.ForeignKeyField('gallery.Person', source_field='asked_by_id', null=True, db_constraint=True, to_field='id', related_name='consent_requests', on_delete=OnDelete.SET_NULL)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('taken_back_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('consent', fields.OneToOneField('gallery.Consent', source_field='consent_id', null=True, db_constraint=True, to_field='id', related_name='request', on_delete=OnDelete.CASCADE)),
                ('seen_files', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('signer_name', fields.CharField(default='', max_length=120)),
                ('wording', fields.ForeignKeyField('gallery.ConsentWording', source_field='wording_id', null=True, db_constraint=True, to_field='id', related_name='requests', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'consent_request', 'app': 'gallery', 'indexes': [Index(fields=['artist_id'])], 'pk_attr': 'id', 'table_description': 'A question to an artist or guardian, whether works may be shown, which they answer by its link.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RequestedWork',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('request', fields.ForeignKeyField('gallery.ConsentRequest', source_field='request_id', db_constraint=True, to_field='id', related_name='works', on_delete=OnDelete.CASCADE)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='consent_requests', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'requested_work', 'app': 'gallery', 'unique_together': [('request', 'artwork')], 'indexes': [Index(fields=['artwork_id'])], 'pk_attr': 'id', 'table_description': 'A work that a request for consent is about.'},
            bases=['Model'],
        ),
    ]
