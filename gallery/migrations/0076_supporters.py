import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.artworks.models import new_public_id
from gallery.supporters.models import SupporterKind, SupporterState
from gallery.web.texts import MAX_TAG_LENGTH, TextsField


def target(model, name):
    return fields.ForeignKeyField(f'gallery.{model}', source_field=f'{name}_id', null=True, db_constraint=True, to_field='id', related_name='supporter_links', on_delete=OnDelete.CASCADE)


class Migration(migrations.Migration):
    dependencies = [('gallery', '0075_cases')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Supporter',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('public_id', fields.CharField(default=new_public_id, unique=True, max_length=16)),
                ('kind', fields.CharEnumField(enum_type=SupporterKind, max_length=12)),
                ('state', fields.CharEnumField(default=SupporterState.WAITING, enum_type=SupporterState, max_length=10)),
                ('name', TextsField()),
                ('reason', TextsField()),
                ('links', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('email', fields.CharField(default='', max_length=254)),
                ('is_minor', fields.BooleanField(default=False)),
                ('guardian_email', fields.CharField(default='', max_length=254)),
                ('language', fields.CharField(max_length=MAX_TAG_LENGTH)),
                ('seed', fields.CharField(max_length=32)),
                ('code_hash', fields.CharField(unique=True, max_length=64)),
                ('asked_by', fields.ForeignKeyField('gallery.Person', source_field='asked_by_id', null=True, db_constraint=True, to_field='id', related_name='supporters_asked', on_delete=OnDelete.SET_NULL)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('picture_token', fields.CharField(default='', db_index=True, max_length=32)),
                ('picture_width', fields.IntField(default=0)),
                ('picture_height', fields.IntField(default=0)),
                ('picture_fingerprint', fields.BinaryField(null=True)),
            ],
            options={'table': 'supporter', 'app': 'gallery', 'indexes': [Index(fields=['state'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SupporterLink',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=10)),
                ('supporter', fields.ForeignKeyField('gallery.Supporter', source_field='supporter_id', db_constraint=True, to_field='id', related_name='reach', on_delete=OnDelete.CASCADE)),
                ('exhibition', target('Exhibition', 'exhibition')),
                ('artwork', target('Artwork', 'artwork')),
                ('project', target('Project', 'project')),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'supporter_link', 'app': 'gallery', 'indexes': [Index(fields=['supporter_id']), Index(fields=['exhibition_id']), Index(fields=['artwork_id']), Index(fields=['project_id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SupporterVisit',
            fields=[
                ('token', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ('link', fields.ForeignKeyField('gallery.SupporterLink', source_field='link_id', db_constraint=True, to_field='id', related_name='visits', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('thanked', fields.BooleanField(default=False)),
                ('followed', fields.BooleanField(default=False)),
            ],
            options={'table': 'supporter_visit', 'app': 'gallery', 'indexes': [Index(fields=['link_id', 'day'])], 'pk_attr': 'token'},
            bases=['Model'],
        ),
    ]
