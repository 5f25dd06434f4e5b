from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from gallery.images.models import new_token


class Migration(migrations.Migration):
    dependencies = [('gallery', '0041_work_list_indexes')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Upload',
            name='received',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Upload',
            name='lease_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.CreateModel(
            name='UploadPiece',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('upload', fields.ForeignKeyField('gallery.Upload', source_field='upload_id', db_constraint=True, to_field='id', related_name='pieces', on_delete=OnDelete.CASCADE)),
                ('start', fields.BigIntField()),
                ('size', fields.BigIntField()),
                ('token', fields.CharField(default=new_token, unique=True, max_length=22)),
            ],
            options={'table': 'upload_piece', 'app': 'gallery', 'unique_together': (('upload', 'start'),), 'pk_attr': 'id', 'table_description': 'Some consecutive bytes of an upload, in one file of private storage.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='SignInAttempt',
            name='expires_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
