from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.reviews.models import PairOutcome


class Migration(migrations.Migration):
    dependencies = [('gallery', '0033_late_pictures')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Edition',
            name='shown_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.CreateModel(
            name='NearPair',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('earlier', fields.ForeignKeyField('gallery.Artwork', source_field='earlier_id', db_constraint=True, to_field='id', related_name='pairs_as_earlier', on_delete=OnDelete.CASCADE)),
                ('later', fields.ForeignKeyField('gallery.Artwork', source_field='later_id', db_constraint=True, to_field='id', related_name='pairs_as_later', on_delete=OnDelete.CASCADE)),
                ('earlier_image', fields.ForeignKeyField('gallery.Image', source_field='earlier_image_id', db_constraint=True, to_field='id', related_name='pairs_as_earlier', on_delete=OnDelete.CASCADE)),
                ('later_image', fields.ForeignKeyField('gallery.Image', source_field='later_image_id', db_constraint=True, to_field='id', related_name='pairs_as_later', on_delete=OnDelete.CASCADE)),
                ('distance', fields.IntField()),
                ('is_mirrored', fields.BooleanField(default=False)),
                ('outcome', fields.CharEnumField(null=True, description='TWO_WORKS: two_works\nSAME_WORK: same_work\nASKED: asked', enum_type=PairOutcome, max_length=10)),
                ('settled_by', fields.ForeignKeyField('gallery.Person', source_field='settled_by_id', null=True, db_constraint=True, to_field='id', related_name='pairs_settled', on_delete=OnDelete.SET_NULL)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('review', fields.ForeignKeyField('gallery.Review', source_field='review_id', null=True, db_constraint=True, to_field='id', related_name='pairs', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'near_pair', 'app': 'gallery', 'unique_together': (('earlier_image', 'later_image'),), 'indexes': [Index(fields=['later_image_id']), Index(fields=['earlier_id']), Index(fields=['later_id'])], 'pk_attr': 'id', 'table_description': 'Two pictures of two works that are nearly the same, and what was found out about them.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Hint',
            name='pair',
            field=fields.ForeignKeyField('gallery.NearPair', source_field='pair_id', null=True, db_constraint=True, to_field='id', related_name='hints', on_delete=OnDelete.CASCADE),
        ),
    ]
