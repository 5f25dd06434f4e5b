import hashlib
import json

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ROWS_AT_ONCE, ReplaceColumns, change_json
from gallery.web.texts import Texts, TextsField

TEXTS = ("title", "story", "alt_text", "medium", "assistance", "transcript")
ENDING = "_translation"
# (table, columns with form field → words or value, the work's language)
JSON_COLUMNS = (
    ("artwork", "unfinished", '"artwork"."language"'),
    ("submission", "sent", '(SELECT a."language" FROM "artwork" a WHERE a."id" = "submission"."artwork_id")'),
    ("submission", "replaces", '(SELECT a."language" FROM "artwork" a WHERE a."id" = "submission"."artwork_id")'),
)


def other(language):
    return "en" if language == "zh" else "zh"


def texts_of_work(row):
    language = row["language"] if row["language"] in ("zh", "en") else "zh"
    texts = {
        name: Texts({language: row[name], other(language): row[f"{name}{ENDING}"]})
        for name in TEXTS
    }
    return {"language": language, **texts}


def renamed(field, language):
    """title_translation → title[en]; other fields as they are."""
    name = field.removesuffix(ENDING)
    return f"{name}[{other(language)}]" if field.endswith(ENDING) and name in TEXTS else field


def with_languages(values, language):
    """A snapshot or unfinished values with the fields of today: a translation without words is left out."""
    language = values.get("language") or language
    language = language[0] if isinstance(language, list) else language
    return {
        renamed(field, language): value
        for field, value in values.items()
        if value or renamed(field, language) == field
    }


async def rename_fields(apps, editor):
    client = editor.client
    marks = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")

    for table, column, language in JSON_COLUMNS:
        await change_json(
            client,
            table,
            column,
            lambda values, row: with_languages(values, row["language"]),
            more=f", {language} AS language",
        )

    # The key of a hint is made of its field, and what a curator dismissed is known by that key.
    after = 0
    while rows := await client.execute_query_dict(
        'SELECT h."id", h."artwork_id", h."check", h."field", h."excerpt", h."facts", h."key", a."language"'
        ' FROM "hint" h JOIN "artwork" a ON a."id" = h."artwork_id"'
        f""" WHERE h."id" > {after} AND h."field" LIKE '%{ENDING}' ORDER BY h."id" LIMIT {ROWS_AT_ONCE}"""
    ):
        for row in rows:
            facts = json.loads(row["facts"]) if isinstance(row["facts"], str) else row["facts"]
            field = renamed(row["field"], row["language"])
            identity = "\0".join((row["check"], field, facts.get("rule", ""), row["excerpt"]))
            key = hashlib.sha256(identity.encode()).hexdigest()[:32]
            await client.execute_query(
                f'UPDATE "hint" SET "field" = {marks[0]}, "key" = {marks[1]} WHERE "id" = {row["id"]}', [field, key]
            )
            await client.execute_query(
                f'UPDATE "waved_off" SET "key" = {marks[0]} WHERE "key" = {marks[1]} AND "artwork_id" = {row["artwork_id"]}',
                [key, row["key"]],
            )
        after = rows[-1]["id"]


class Migration(migrations.Migration):
    dependencies = [('gallery', '0048_voices')]

    initial = False

    operations = [
        ReplaceColumns(
            'Artwork',
            old=['language', *TEXTS, *(f'{name}{ENDING}' for name in TEXTS)],
            new={
                'language': fields.CharField(default='zh', max_length=35),
                **{name: TextsField() for name in TEXTS},
            },
            values=texts_of_work,
        ),
        ReplaceColumns(
            'Import',
            old=['language'],
            new={'language': fields.CharField(default='zh', max_length=35)},
            values=lambda row: {'language': row['language']},
        ),
        ReplaceColumns(
            'Hint',
            old=['field'],
            new={'field': fields.CharField(max_length=60)},
            values=lambda row: {'field': row['field']},
        ),
        ops.RunPython(rename_fields, ops.RunPython.noop),
    ]
