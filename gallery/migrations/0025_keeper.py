from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('gallery', '0024_emblems')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WorkerBeat',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('host', fields.CharField(max_length=60)),
                ('process', fields.IntField()),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('doing', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'worker_beat', 'app': 'gallery', 'unique_together': (('host', 'process'),), 'pk_attr': 'id', 'table_description': 'A worker that is alive, or was lately: where it runs and what it was doing.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Site',
            name='about_en',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Site',
            name='about_zh',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Site',
            name='footer_en',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
        ops.AddField(
            model_name='Site',
            name='footer_zh',
            field=fields.CharField(default='', db_default='', max_length=500),
        ),
        ops.AddField(
            model_name='Site',
            name='home_en',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Site',
            name='home_zh',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Site',
            name='name_en',
            field=fields.CharField(default='', db_default='', max_length=60),
        ),
        ops.AddField(
            model_name='Site',
            name='name_zh',
            field=fields.CharField(default='', db_default='', max_length=60),
        ),
    ]
