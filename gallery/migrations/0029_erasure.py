from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


async def make(apps, editor):
    # Rows deleted before this release left their bytes in the database file.
    await editor.client.execute_query("INSERT INTO erasure (at) VALUES (CURRENT_TIMESTAMP)")


async def unmake(apps, editor):
    pass


class Migration(migrations.Migration):
    dependencies = [('gallery', '0028_membership_origin')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Erasure',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'erasure', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'Private words were deleted, and their bytes are still to be erased. The row is the job.'},
            bases=['Model'],
        ),
        ops.RunPython(make, unmake),
    ]
