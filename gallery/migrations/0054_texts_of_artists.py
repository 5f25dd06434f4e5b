import re

from tortoise import migrations
from tortoise.migrations import operations as ops

from gallery.db.migrate import ReplaceColumns, change_json
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
    translated = translations(snapshot.get('credit_name', ''), snapshot.get('credit_name_translation', ''))
    others = {key: value for key, value in snapshot.items() if key != 'credit_name_translation'}
    return {**others, **{f'credit_translations[{language}]': words for language, words in translated.items()}}


async def rename_parts(apps, editor):
    for column in ('sent', 'replaces'):
        await change_json(editor.client, 'submission', column, lambda snapshot, row: with_languages(snapshot))


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
