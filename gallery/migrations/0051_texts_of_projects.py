import re

from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ReplaceColumns, change_json
from gallery.migrations import joined_pairs

PART = re.compile(r'(project_(?:title|summary))_(zh|en)')


def with_languages(snapshot):
    """A snapshot with the parts of a project of today: project_title_zh → project_title[zh], if it has words."""
    return {PART.sub(r'\1[\2]', key): value for key, value in snapshot.items() if value or not PART.fullmatch(key)}


async def rename_parts(apps, editor):
    for column in ('sent', 'replaces'):
        await change_json(editor.client, 'submission', column, lambda snapshot, row: with_languages(snapshot))


class Migration(migrations.Migration):
    dependencies = [('gallery', '0050_texts_of_organisations')]

    initial = False

    operations = [
        ReplaceColumns('Project', **joined_pairs('title', 'summary')),
        ops.RunPython(rename_parts, ops.RunPython.noop),
    ]
