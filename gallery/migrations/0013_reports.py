from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.reviews.models import ReportedFor
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0012_imports')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Report',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='reports', on_delete=OnDelete.CASCADE)),
                ('reported_for', fields.CharEnumField(description='IT_IS_ME: it_is_me\nNOT_THEIRS: not_theirs\nHARMS: harms\nOTHER: other', enum_type=ReportedFor, max_length=12)),
                ('told', fields.TextField(unique=False)),
                ('email', fields.CharField(default='', max_length=254)),
                ('language', fields.CharField(max_length=2)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('closed_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('closed_by', fields.ForeignKeyField('gallery.Person', source_field='closed_by_id', null=True, db_constraint=True, to_field='id', related_name='reports_closed', on_delete=OnDelete.SET_NULL)),
                ('note', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'report', 'app': 'gallery', 'indexes': [Index(fields=['artwork_id'])], 'pk_attr': 'id', 'table_description': 'A visitor says that a work should not be shown: a case for curators.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Artist',
            name='page_id',
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddIndex(
            model_name='Artist',
            index=Index(fields=['page_id']),
        ),
    ]
