import json
import re

from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ROWS_AT_ONCE, ReplaceColumns
from gallery.migrations import joined_pairs
from gallery.web.texts import Texts, TextsField

ABOUT = joined_pairs('about')
HAN = re.compile(r'[\u3400-\u9fff]')


def translations(name, translation):
    """A credit name in the other language: Chinese if only the translation has Chinese characters."""
    return Texts({'zh' if HAN.search(translation) and not HAN.search(name) else 'en': translation})


def texts_of_artist(row):
    names = translations(row['credit_name'], row['credit_name_translation'])
    return {**ABOUT['values'](row), 'credit_translations': names}


def with_languages(snapshot):
    """A snapshot with today's fields: credit_name_translation → credit_translations[en], if it has words."""
    translated = translations(snapshot.get('credit_name', ''), snapshot['credit_name_translation'])
    others = {key: value for key, value in snapshot.items() if key != 'credit_name_translation'}
    return {**others, **{f'credit_translations[{language}]': words for language, words in translated.items()}}


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
                if 'credit_name_translation' in snapshot
            ]
            if changed:
                await client.execute_many(
                    f'UPDATE "submission" SET "{column}" = {mark} WHERE "id" = {id_mark}', changed
                )
            after = rows[-1]['id']


class Migration(migrations.Migration):
    dependencies = [('gallery', '0053_texts_of_the_site')]

    initial = False

    operations = [
        ReplaceColumns(
            'Artist',
            old=[*ABOUT['old'], 'credit_name_translation'],
            new={**ABOUT['new'], 'credit_translations': TextsField()},
            values=texts_of_artist,
        ),
        ops.RunPython(rename_parts, ops.RunPython.noop),
    ]
