import json

from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ROWS_AT_ONCE, ReplaceColumns
from gallery.migrations import joined_pairs

LANGUAGES = ("zh", "en")  # of the old entries
# Column of an edition with entries as JSON → the texts of an entry
TEXTS_OF_ENTRIES = {"credits": ("name",), "talks": ("title", "text", "place")}


def with_texts(entry, names):
    """A credit or talk whose texts are objects from language to words: name_zh, name_en → name."""
    values = dict(entry)
    for name in names:
        words = {language: values.pop(f"{name}_{language}", "") for language in LANGUAGES}
        values.setdefault(name, {language: text for language, text in sorted(words.items()) if text})
    return values


async def change_entries(apps, editor):
    client = editor.client
    marks = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")
    for column, names in TEXTS_OF_ENTRIES.items():
        update = f'UPDATE "edition" SET "{column}" = {marks[0]} WHERE "id" = {marks[1]}'
        after = 0
        while rows := await client.execute_query_dict(
            f'SELECT "id", "{column}" AS entries FROM "edition" WHERE "id" > {after} AND "{column}" IS NOT NULL'
            f' ORDER BY "id" LIMIT {ROWS_AT_ONCE}'
        ):
            changed = []
            for row in rows:
                entries = json.loads(row["entries"]) if isinstance(row["entries"], str) else row["entries"]
                if entries:
                    texts = [with_texts(entry, names) for entry in entries]
                    changed.append([json.dumps(texts, ensure_ascii=False), row["id"]])
            if changed:
                await client.execute_many(update, changed)
            after = rows[-1]["id"]


class Migration(migrations.Migration):
    dependencies = [('gallery', '0055_pictures')]

    initial = False

    operations = [
        ReplaceColumns('Edition', **joined_pairs('title', 'introduction')),
        ReplaceColumns('Room', **joined_pairs('title', 'text')),
        ReplaceColumns('Hanging', **joined_pairs('caption')),
        ops.RunPython(change_entries, ops.RunPython.noop),
    ]
