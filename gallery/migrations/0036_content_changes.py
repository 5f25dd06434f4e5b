from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('gallery', '0035_profile_images')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ContentChange',
            fields=[
                ('number', fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ('keys', fields.JSONField(null=True)),
            ],
            options={'table': 'content_change', 'app': 'gallery', 'pk_attr': 'number', 'table_description': 'One change of the content version: the keys of the pages that it touched, see `web/page_keys.py`.'},
            bases=['Model'],
        ),
    ]
