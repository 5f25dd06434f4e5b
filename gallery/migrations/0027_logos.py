from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0026_candidates')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CreditLogo',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('exhibition', fields.ForeignKeyField('gallery.Exhibition', source_field='exhibition_id', db_constraint=True, to_field='id', related_name='logos', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=8)),
                ('token', fields.CharField(db_index=True, max_length=32)),
                ('width', fields.IntField()),
                ('height', fields.IntField()),
            ],
            options={'table': 'credit_logo', 'app': 'gallery', 'unique_together': (('exhibition', 'key'),), 'pk_attr': 'id', 'table_description': 'The logo of somebody whom an exhibition thanks: it belongs to the exhibition, whatever its editions say.'},
            bases=['Model'],
        ),
    ]
