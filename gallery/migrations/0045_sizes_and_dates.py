from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gallery.artworks.release_before import YEARS_TO_DATES


class Migration(migrations.Migration):
    dependencies = [('gallery', '0044_idle_worker')]

    initial = False

    operations = [
        ops.AddField(model_name='Artwork', name='size', field=fields.CharField(default='', max_length=80, db_default='')),
        ops.AddField(model_name='Artwork', name='date_made', field=fields.CharField(default='', max_length=80, db_default='')),
        ops.AddField(model_name='Artwork', name='made_from', field=fields.IntField(null=True)),
        ops.AddField(model_name='Artwork', name='made_until', field=fields.IntField(null=True)),
        ops.AddField(model_name='Artwork', name='inventory_number', field=fields.CharField(null=True, max_length=60)),
        *(ops.RunSQL(statement, reverse_sql=ops.RunSQL.noop) for statement in YEARS_TO_DATES),
        # The release before has no inventory numbers, so what it writes cannot break this.
        ops.AlterModelOptions(
            name='Artwork',
            options={'table': 'artwork', 'app': 'gallery', 'unique_together': [('organisation', 'inventory_number')], 'pk_attr': 'id', 'table_description': 'One picture with its story, in one language, with a translation into the other.'},
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX uid_artwork_inventory_number ON artwork (organisation_id, inventory_number)',
            reverse_sql='DROP INDEX uid_artwork_inventory_number',
        ),
    ]
