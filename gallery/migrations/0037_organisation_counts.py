from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from gallery.stats.models import CountKind

SUM = (
    "INSERT INTO organisation_count (organisation_id, day, kind, number)"
    " SELECT r.organisation_id, c.day, c.kind, SUM(c.number) FROM {counts} c JOIN {rows} r ON r.id = c.{rows}_id"
    " WHERE c.kind = '{kind}' GROUP BY r.organisation_id, c.day, c.kind"
)


class Migration(migrations.Migration):
    dependencies = [('gallery', '0036_content_changes')]

    initial = False

    operations = [
        ops.CreateModel(
            name='OrganisationCount',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='counts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='SEEN: seen\nFOLLOWED: followed', enum_type=CountKind, max_length=8)),
                ('number', fields.IntField()),
            ],
            options={'table': 'organisation_count', 'app': 'gallery', 'unique_together': (('day', 'organisation', 'kind'),), 'indexes': [Index(fields=['organisation_id', 'day'])], 'pk_attr': 'id', 'table_description': "A day's sum of an organisation: views of its works' pages, and followed links of its projects."},
            bases=['Model'],
        ),
        ops.RunSQL(SUM.format(counts='work_count', rows='artwork', kind='seen'), reverse_sql=ops.RunSQL.noop),
        ops.RunSQL(SUM.format(counts='project_count', rows='project', kind='followed'), reverse_sql=ops.RunSQL.noop),
        *(
            ops.AddIndex(model_name=f'{counted}Count', index=Index(fields=['day']))
            for counted in ('Work', 'Theme', 'Project', 'Exhibition')
        ),
        ops.AddIndex(model_name='Appreciation', index=Index(fields=['day', 'is_there', 'artwork_id'])),
    ]
