from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0015_rooms')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ChainHead',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('position', fields.IntField(default=0)),
                ('digest', fields.CharField(default='', max_length=64)),
            ],
            options={'table': 'audit_chain_head', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'The end of the chain. Whoever chains entries holds its only row, so one does at a time.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Entry',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ('person_id', fields.IntField(null=True)),
                ('verb', fields.CharField(max_length=40)),
                ('kind', fields.CharField(max_length=20)),
                ('thing_id', fields.IntField()),
                ('with_id', fields.IntField(null=True)),
                ('organisation_id', fields.IntField(null=True)),
                ('position', fields.IntField(null=True, unique=True)),
                ('previous', fields.CharField(null=True, max_length=64)),
            ],
            options={'table': 'audit_entry', 'app': 'gallery', 'indexes': [Index(fields=['kind', 'thing_id']), Index(fields=['person_id']), Index(fields=['verb'])], 'pk_attr': 'id', 'table_description': 'One thing that was done or read. Written with the change itself, chained a moment later, never changed then.'},
            bases=['Model'],
        ),
    ]
