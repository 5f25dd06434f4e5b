from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ReplaceColumns, change_json
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
    for column, names in TEXTS_OF_ENTRIES.items():
        await change_json(
            editor.client, "edition", column, lambda entries, row: [with_texts(entry, names) for entry in entries]
        )


class Migration(migrations.Migration):
    dependencies = [('gallery', '0055_pictures')]

    initial = False

    operations = [
        ReplaceColumns('Edition', **joined_pairs('title', 'introduction')),
        ReplaceColumns('Room', **joined_pairs('title', 'text')),
        ReplaceColumns('Hanging', **joined_pairs('caption')),
        ops.RunPython(change_entries, ops.RunPython.noop),
    ]
