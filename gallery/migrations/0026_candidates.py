from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('gallery', '0025_keeper')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Image',
            name='candidate_for_id',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Image',
            name='softness',
            field=fields.IntField(null=True),
        ),
        ops.AddIndex(
            model_name='Image',
            index=Index(fields=['candidate_for_id']),
        ),
    ]
