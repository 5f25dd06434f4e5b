"""The columns of a sheet of works: their labels, and the templates to fill in."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from gallery.artworks.models import MAX_PICTURES
from gallery.artworks.works import PICTURE_TEXTS, TRANSLATED_FIELDS
from gallery.web.languages import current_language, other_languages, site_languages, use_language
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import comparable_name, field_name, find_language, label_in_language, split_field_name

MULTILINE_COLUMNS = {"story", "alt_text"}
SEPARATORS = re.compile(r"[,，、;；|\n]+")

COLUMN_LABELS: Mapping[str, Any] = {
    "picture": _l("Picture"),
    "title": _l("Title"),
    "story": _l("Story"),
    "alt_text": _l("What the picture shows"),
    "caption": _l("Caption of the picture"),
    "medium": _l("Medium"),
    "size": _l("Size"),
    "date_made": _l("Date made"),
    "assistance": _l("Who helped"),
    "credit_name": _l("Artist"),
    "consent": _l("Consent"),
    "themes": _l("Themes"),
    "project": _l("Project"),
    "inventory_number": _l("Inventory number"),
    "language": _l("Language"),
}

TRANSLATED_COLUMNS = [name for name in TRANSLATED_FIELDS if name in COLUMN_LABELS]
# Headers of earlier templates. They mean the translation into the site's first language that is not the row's
# language.
EARLIER_COLUMN_LABELS: Mapping[str, Any] = {
    "title_translation": _l("Title, translated"),
    "story_translation": _l("Story, translated"),
    "alt_text_translation": _l("What the picture shows, translated"),
    "medium_translation": _l("Medium, translated"),
    "assistance_translation": _l("Who helped, translated"),
}
# A header such as title[bo] or 标题（藏文）
HEADER_IN_LANGUAGE = re.compile(r"(.+?)[\[(［（【](.+)[\])］）】]")
# The texts of the further pictures of a row have columns of their own, numbered as the pictures: alt_text_2, and in
# a header “What the picture shows 2”.
OF_FURTHER_PICTURE = re.compile(r"(.+?)_?([1-9][0-9]?)")

# Other accepted headers of the columns, separated by commas. The templates do not use them.
ALTERNATIVE_LABELS: Mapping[str, Any] = {
    "picture": _l("image, photo, file, file name"),
    "title": _l("name of the work"),
    "story": _l("description, introduction, about the work"),
    "alt_text": _l("alt text, description of the picture"),
    "caption": _l("picture caption"),
    "medium": _l("technique, material, materials"),
    "size": _l("dimensions, height and width"),
    "date_made": _l("year, date, date of the work, date created"),
    "assistance": _l("help, helper, teacher"),
    "credit_name": _l("credit name, author, maker, artist's name"),
    "consent": _l("permission, form of consent"),
    "themes": _l("theme, occasion"),
    "project": _l("charity project"),
    "inventory_number": _l("number, accession number"),
}

EXAMPLE_ROW: Mapping[str, Any] = {  # the first row below the header of the template
    "picture": "IMG_0001.jpg",
    "title": _l("Tangyuan for the solstice"),
    "story": _l("In the south people eat tangyuan on that day; the round shape stands for reunion."),
    "alt_text": _l("A blue bowl with six white tangyuan on a red cloth"),
    "caption": "",
    "medium": _l("crayon on paper"),
    "size": _l("38 × 26 cm"),
    "date_made": _l("spring 2026"),
    "assistance": _l("drawn alone"),
    "credit_name": _l("Little Snail"),
    "consent": "",
    "themes": "",
    "project": "",
    "inventory_number": "2026-001",
    "language": "",
}


ROW_COLUMN = "row"  # in the file of rows to correct: row numbers in the first sheet
ROW_LABEL = _l("Row of the first sheet (please keep)")
MENDING_LABEL = _l("What would be right")  # a column of that file; it is not read back


def normalised_name(text: str) -> str:
    """A name in a sheet in the form used for comparison, without asterisks and colons around it."""
    return comparable_name(text).strip("*:：")


def split_number(name: str) -> tuple[str, int]:
    """(`alt_text`, 2) of `alt_text_2`, the alt text of a row's second picture; (`title`, 1) of `title`."""
    match = OF_FURTHER_PICTURE.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, 1)


def column_label(column: str) -> str:
    """The label of a column in the current language: “Title”, “Title (Tibetan)”, “Caption 2”."""
    field, language = split_field_name(column)
    name, number = split_number(field)
    label = str({**COLUMN_LABELS, **EARLIER_COLUMN_LABELS}[name])
    label = label if number == 1 else f"{label} {number}"
    return label_in_language(label, language) if language else label


def is_multiline(column: str) -> bool:
    name, _number = split_number(split_field_name(column)[0])
    return name.removesuffix("_translation") in MULTILINE_COLUMNS


def find_column(header: str, known: Mapping[str, str]) -> str | None:
    """The column with this header, such as title, title[bo], 标题（藏文）, 标题（必填） or 画面描述 2.

    `known`: see `known_headers`. "" if the organisation decided that the header is no column.
    """
    if (column := _known_column(header, known)) is not None:
        return column
    match = HEADER_IN_LANGUAGE.fullmatch(header.strip().strip("*:："))
    name = _known_column(match[1], known) if match else None
    language = find_language(match[2]) if match else None
    if language is None:
        return name  # text in brackets that is not a language is a remark
    return field_name(name, language) if name and split_number(name)[0] in TRANSLATED_COLUMNS else None


def _known_column(header: str, known: Mapping[str, str]) -> str | None:
    text = normalised_name(header)
    if (column := known.get(text)) is not None:
        return column
    base, number = split_number(text)
    name = known.get(base)
    if name not in PICTURE_TEXTS or number > MAX_PICTURES:
        return None
    return name if number == 1 else f"{name}_{number}"


def known_headers() -> dict[str, str]:
    """Normalised header → column: the labels in every language, and the columns' own names."""
    headers = {normalised_name(name): name for name in (*COLUMN_LABELS, *EARLIER_COLUMN_LABELS)}
    for language in site_languages():
        with use_language(language):
            for name, labels in ALTERNATIVE_LABELS.items():
                headers.update({normalised_name(label): name for label in SEPARATORS.split(str(labels))})
            labels_by_column = {**EARLIER_COLUMN_LABELS, **COLUMN_LABELS}
            headers.update({normalised_name(str(label)): name for name, label in labels_by_column.items()})
            headers[normalised_name(str(ROW_LABEL))] = ROW_COLUMN
            headers[normalised_name(str(MENDING_LABEL))] = ""
    return headers


def template_columns() -> list[str]:
    """The columns of the templates: all fields, those of a second picture, and translations into the other languages."""
    return [
        *COLUMN_LABELS,
        *(f"{name}_2" for name in PICTURE_TEXTS),
        *(
            field_name(name, language)
            for language in other_languages(current_language())
            for name in TRANSLATED_COLUMNS
        ),
    ]


def template_csv() -> bytes:
    """The template in the current language, encoded as Excel expects it: UTF-8 with a byte order mark."""
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow([column_label(name) for name in template_columns()])
    writer.writerow([str(EXAMPLE_ROW.get(name, "")) for name in template_columns()])
    return codecs.BOM_UTF8 + output.getvalue().encode()


def template_xlsx() -> bytes:
    """The template as an XLSX workbook, with wide columns and a frozen first row."""
    from gallery.artworks.xlsx import workbook  # only here: see sheets.py

    columns = template_columns()
    example = [str(EXAMPLE_ROW.get(name, "")) for name in columns]
    return workbook(str(_l("Works")), columns, [column_label(name) for name in columns], [example])
