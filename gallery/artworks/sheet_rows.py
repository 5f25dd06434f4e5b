"""Parsing one row of a sheet, with every fault that can be found without the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gallery.artworks.dates import read_date
from gallery.artworks.sheet_columns import (
    COLUMN_LABELS,
    EARLIER_COLUMN_LABELS,
    SEPARATORS,
    is_multiline,
    normalised_name,
    split_number,
)
from gallery.artworks.sheet_faults import CellFault
from gallery.artworks.sheets import SheetRow
from gallery.artworks.sizes import read_size
from gallery.artworks.unreadable import MAX_LENGTH, Unreadable
from gallery.artworks.works import TEXT_FIELDS, TextValues, is_text_field, normal_number
from gallery.web.forms import one_line, text_block
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import site_languages, translation_language, use_language
from gallery.web.texts import field_name, find_language, language_name, split_field_name

MAX_LENGTHS = {
    "title": 120,
    "story": 20_000,
    "alt_text": 1_000,
    "caption": 200,
    "medium": 120,
    "assistance": 200,
    "size": MAX_LENGTH,
    "date_made": MAX_LENGTH,
    "inventory_number": 60,
    "credit_name": 80,
    "picture": 3_000,  # a cell may name several files
}
MAX_OTHER_LENGTH = 500

READERS: Mapping[str, Callable[[str], object]] = {"size": read_size, "date_made": read_date}

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

YES_WORD = _l("yes")
CONSENT_PATH = "/desk/consents/"  # the sheet of an export names a consent by its address at this site


@dataclass(frozen=True)
class ParsedRow:
    """The values of one row. Artist, consent, themes and project are names that are looked up later."""

    number: int
    texts: TextValues  # also keys such as `title_translation`, see `texts_in`
    inventory_number: str
    language: str  # language tag; "" if the row has no language
    picture: str  # the whole cell, which may contain several names
    credit_name: str
    consent: str
    themes: Sequence[str]
    project: str


def _only_year(text: str) -> str:
    """The only year in a text that is not a valid date, such as 2022/5/3 10:22; "" if there is none, or several."""
    years = set(YEAR.findall(text))
    with suppress(Unreadable):
        return "".join(years) if len(years) == 1 and read_date(*years) else ""
    return ""


class _RowReader:
    """Reads the cells of one row. A cell with a fault counts as empty."""

    def __init__(self, row: SheetRow) -> None:
        self.row = row
        self.faults = list(row.faults)

    def fault(self, column: str, value: str, code: str, **facts: Any) -> None:
        self.faults.append(CellFault(self.row.number, column, value, code, facts))

    def has_fault(self, *columns: str) -> bool:
        return any(fault.column in columns for fault in self.faults)

    def text(self, column: str) -> str:
        if self.has_fault(column):
            return ""
        raw = self.row.cells.get(column, "")
        text = text_block(raw) if is_multiline(column) else one_line(raw)
        name = split_number(split_field_name(column)[0])[0].removesuffix("_translation")
        most = MAX_LENGTHS.get(name, MAX_OTHER_LENGTH)
        if len(text) > most:
            self.fault(column, text, "too_long", length=len(text), most=most)
            return ""
        return text

    def readable_text(self, column: str, read: Callable[[str], object]) -> str:
        """The text of a cell if `read` can parse it."""
        text = self.text(column)
        try:
            if text:
                read(text)
        except Unreadable as refusal:
            if year := _only_year(text) if column == "date_made" else "":
                self.fault(column, text, "only_year", year=year)
                return year
            self.fault(column, text, refusal.code, **refusal.facts)
            return ""
        return text

    def language(self) -> str:
        text = self.text("language")
        language = find_language(text) if text else ""
        if language is None:
            self.fault("language", text, "language")
        return language or ""


def read_row(row: SheetRow, site_url: str = "") -> tuple[ParsedRow, list[CellFault]]:
    """Parse a row, and find every fault that can be found without the database."""
    reader = _RowReader(row)
    columns = [name for name in row.cells if is_text_field(name) or name in EARLIER_COLUMN_LABELS]
    texts = {
        name: reader.readable_text(name, READERS[name]) if name in READERS else reader.text(name)
        for name in dict.fromkeys([*(each for each in TEXT_FIELDS if each in COLUMN_LABELS), *columns])
    }
    picture = reader.text("picture")
    language = reader.language()
    titles = [name for name in texts if name.startswith("title")]
    if not any(texts[name] for name in titles) and not picture and not reader.has_fault("title", "picture"):
        reader.fault("title", "", "untitled")
    parsed = ParsedRow(
        number=row.number,
        texts=texts,
        inventory_number=normal_number(reader.text("inventory_number")),
        language=language,
        picture=picture,
        credit_name=reader.text("credit_name"),
        consent=reader.text("consent").removeprefix(f"{site_url}{CONSENT_PATH}"),
        themes=[name.strip("#＃") for name in split_names(reader.text("themes")) if name.strip("#＃")],
        project=reader.text("project"),
    )
    return parsed, reader.faults


def split_names(text: str) -> list[str]:
    """Split a cell that may contain several names."""
    return [name for part in SEPARATORS.split(text) if (name := one_line(part))]


def texts_in(row: ParsedRow, language: str) -> tuple[TextValues, list[CellFault]]:
    """The texts of a row whose own language is `language`, and a fault for each language that occurs twice."""
    texts: dict[str, str] = {}
    faults = []
    for column, words in row.texts.items():
        name, of_language = split_field_name(column)
        if column in EARLIER_COLUMN_LABELS:
            name, of_language = column.removesuffix("_translation"), translation_language(language)
        key = field_name(name, of_language) if of_language and of_language != language else name
        if words and texts.get(key):
            facts = {"language": language_name(of_language or language)}
            faults.append(CellFault(row.number, column, words, "language_twice", facts))
        elif words or key in TEXT_FIELDS:
            texts[key] = texts.get(key) or words
    return texts, faults


def _in_every_language(word: Any) -> set[str]:
    words = set()
    for language in site_languages():
        with use_language(language):
            words.add(normalised_name(str(word)))
    return words


def is_yes(text: str) -> bool:
    """Whether a cell contains "yes" in any interface language."""
    return normalised_name(text) in {"y", "ok", "true", *_in_every_language(YES_WORD)}
