from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gallery.organisations.models import Cause
from gallery.web.texts import TextsField


class Migration(migrations.Migration):
    dependencies = [('gallery', '0072_messages')]

    initial = False

    operations = [
        ops.AddField(model_name='Project', name='cause', field=fields.CharEnumField(description='EDUCATION: education\nHEALTH: health\nDISABILITY: disability\nCHILDREN: children\nELDERLY: elderly\nRELIEF: relief\nCULTURE: culture\nNATURE: nature', enum_type=Cause, null=True, max_length=12)),
        ops.AddField(model_name='Project', name='effect', field=TextsField()),
        ops.AddField(model_name='Project', name='link_goods', field=fields.CharField(default='', db_default='', max_length=500)),
    ]
