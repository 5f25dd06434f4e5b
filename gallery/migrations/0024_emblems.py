from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0023_trust')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Emblem',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('image', fields.OneToOneField('gallery.Image', source_field='image_id', db_constraint=True, to_field='id', related_name='emblem', on_delete=OnDelete.CASCADE)),
                ('organisation', fields.OneToOneField('gallery.Organisation', source_field='organisation_id', null=True, db_constraint=True, to_field='id', related_name='logo', on_delete=OnDelete.CASCADE)),
                ('project', fields.OneToOneField('gallery.Project', source_field='project_id', null=True, db_constraint=True, to_field='id', related_name='cover', on_delete=OnDelete.CASCADE)),
                ('alt_zh', fields.CharField(default='', max_length=200)),
                ('alt_en', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'emblem', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'The logo of an organisation, or the cover of a project, with words for those who cannot see it.'},
            bases=['Model'],
        ),
    ]
