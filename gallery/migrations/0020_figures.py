from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.stats.models import CountKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0019_stages')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Appreciation',
            fields=[
                ('token', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='appreciations', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('is_there', fields.BooleanField()),
                ('changed_at', fields.BigIntField()),
            ],
            options={'table': 'appreciation', 'app': 'gallery', 'indexes': [Index(fields=['artwork_id', 'is_there', 'day'])], 'pk_attr': 'token', 'table_description': "One visitor's appreciation of one work. It is known again by a hash that only the visitor's cookie leads to."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ExhibitionCount',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('exhibition', fields.ForeignKeyField('gallery.Exhibition', source_field='exhibition_id', db_constraint=True, to_field='id', related_name='counts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='SEEN: seen\nFOLLOWED: followed', enum_type=CountKind, max_length=8)),
                ('number', fields.IntField()),
            ],
            options={'table': 'exhibition_count', 'app': 'gallery', 'unique_together': [('exhibition', 'day', 'kind')], 'pk_attr': 'id', 'table_description': 'How often a page of an exhibition was opened on a day.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ProjectCount',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('project', fields.ForeignKeyField('gallery.Project', source_field='project_id', db_constraint=True, to_field='id', related_name='counts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='SEEN: seen\nFOLLOWED: followed', enum_type=CountKind, max_length=8)),
                ('number', fields.IntField()),
            ],
            options={'table': 'project_count', 'app': 'gallery', 'unique_together': [('project', 'day', 'kind')], 'pk_attr': 'id', 'table_description': "How often a project's page was opened on a day, or one of its links followed, from there or from a work."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ThemeCount',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('theme', fields.ForeignKeyField('gallery.Theme', source_field='theme_id', db_constraint=True, to_field='id', related_name='counts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='SEEN: seen\nFOLLOWED: followed', enum_type=CountKind, max_length=8)),
                ('number', fields.IntField()),
            ],
            options={'table': 'theme_count', 'app': 'gallery', 'unique_together': [('theme', 'day', 'kind')], 'pk_attr': 'id', 'table_description': "How often a theme's page was opened on a day."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WorkCount',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.ForeignKeyField('gallery.Artwork', source_field='artwork_id', db_constraint=True, to_field='id', related_name='counts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='SEEN: seen\nFOLLOWED: followed', enum_type=CountKind, max_length=8)),
                ('number', fields.IntField()),
            ],
            options={'table': 'work_count', 'app': 'gallery', 'unique_together': [('artwork', 'day', 'kind')], 'pk_attr': 'id', 'table_description': "How often a work's page was opened on a day, or a link followed from there."},
            bases=['Model'],
        ),
    ]
