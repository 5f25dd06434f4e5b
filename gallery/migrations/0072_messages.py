from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from gallery.contact.models import Subject


class Migration(migrations.Migration):
    dependencies = [('gallery', '0071_search_words')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Message',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('subject', fields.CharEnumField(description='BARRIER: barrier\nGALLERY: gallery\nFAULT: fault\nOTHER: other', enum_type=Subject, max_length=12)),
                ('told', fields.TextField(unique=False)),
                ('page', fields.CharField(default='', max_length=300)),
                ('email', fields.CharField(default='', max_length=254)),
                ('language', fields.CharField(max_length=35)),
                ('created_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
                ('closed_at', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
                ('closed_by', fields.ForeignKeyField('gallery.Person', source_field='closed_by_id', null=True, db_constraint=True, to_field='id', related_name='messages_closed', on_delete=OnDelete.SET_NULL)),
                ('note', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'message', 'app': 'gallery', 'pk_attr': 'id'},
            bases=['Model'],
        ),
    ]
