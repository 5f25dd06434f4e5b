from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0009_uploads')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Theme',
            name='cover',
            field=fields.ForeignKeyField('gallery.Artwork', source_field='cover_id', null=True, db_constraint=True, to_field='id', related_name='covers', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Theme',
            name='date_rule',
            field=fields.CharField(default='', db_default='', max_length=40),
        ),
        ops.AddField(
            model_name='Theme',
            name='occurs_until',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Theme',
            name='series',
            field=fields.ForeignKeyField('gallery.Theme', source_field='series_id', null=True, db_constraint=True, to_field='id', related_name='later_years', on_delete=OnDelete.SET_NULL),
        ),
    ]
