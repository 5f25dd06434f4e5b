import json
import re

from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ROWS_AT_ONCE, ReplaceColumns
from gallery.migrations import joined_pairs

PART = re.compile(r'(project_(?:title|summary))_(zh|en)')


def with_languages(snapshot):
    """A snapshot with the parts of a project of today: project_title_zh → project_title[zh], if it has words."""
    return {PART.sub(r'\1[\2]', key): value for key, value in snapshot.items() if value or not PART.fullmatch(key)}


async def rename_parts(apps, editor):
    client = editor.client
    mark, id_mark = ('?', '?') if client.capabilities.dialect == 'sqlite' else ('$1', '$2')
    for column in ('sent', 'replaces'):
        after = 0
        while rows := await client.execute_query_dict(
            f'SELECT "id", "{column}" AS found FROM "submission" WHERE "id" > {after}'
            f' AND "{column}" IS NOT NULL ORDER BY "id" LIMIT {ROWS_AT_ONCE}'
        ):
            found = {
                row['id']: json.loads(row['found']) if isinstance(row['found'], str) else row['found']
                for row in rows
            }
            changed = [
                [json.dumps(with_languages(snapshot), ensure_ascii=False), id]
                for id, snapshot in found.items()
                if any(map(PART.fullmatch, snapshot))
            ]
            if changed:
                await client.execute_many(
                    f'UPDATE "submission" SET "{column}" = {mark} WHERE "id" = {id_mark}', changed
                )
            after = rows[-1]['id']


class Migration(migrations.Migration):
    dependencies = [('gallery', '0050_texts_of_organisations')]

    initial = False

    operations = [
        ReplaceColumns('Project', **joined_pairs('title', 'summary')),
        ops.RunPython(rename_parts, ops.RunPython.noop),
    ]
