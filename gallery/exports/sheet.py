"""The sheet of an export: a row for each work, in the columns that the import reads.

Consent, themes and project are left empty: their names mean nothing elsewhere, and a consent is given to one gallery.
works.json has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from gallery.artworks.models import Artwork
from gallery.artworks.sheet_columns import (
    COLUMN_LABELS,
    TRANSLATED_COLUMNS,
    column_label,
    find_column,
    known_headers,
)
from gallery.artworks.sheets import MAX_COLUMNS
from gallery.web.languages import gettext as _
from gallery.web.texts import field_name, split_field_name

Row = Mapping[str, str]  # column → text


def sheet_row(work: Artwork, credit_name: str, pictures: Collection[str]) -> dict[str, str]:
    """The filled cells of a work. `pictures`: the names of its files in the ZIP."""
    row = {
        "picture": "; ".join(pictures),
        "size": work.size,
        "date_made": work.date_made,
        "credit_name": credit_name,
        "inventory_number": work.inventory_number or "",
        "language": work.language,
    }
    for name in TRANSLATED_COLUMNS:
        for language, words in getattr(work, name).items():
            row[name if language == work.language else field_name(name, language)] = words
    return {column: text for column, text in row.items() if text}


def has_enough(row: Row) -> bool:
    """Whether the import can make a work of a row: it has a title or a picture."""
    return any(split_field_name(column)[0] in {"title", "picture"} for column in row)


def columns_for(used: Counter[str]) -> list[str]:
    """The columns of a sheet: all of the templates, and the translations used in most rows, as many as are read."""
    translations = [name for name, _count in used.most_common() if name not in COLUMN_LABELS]
    return [*COLUMN_LABELS, *sorted(translations[: MAX_COLUMNS - len(COLUMN_LABELS)])]


def write_sheet(path: Path, columns: Collection[str], rows: Iterable[Row]) -> None:
    """Write an XLSX file row by row. Unlike CSV it can say that "=1+1" is a text and no formula."""
    from gallery.artworks.xlsx import openpyxl, writable  # only here: see gallery/artworks/sheets.py

    book = openpyxl.Workbook(write_only=True)
    page: Any = book.create_sheet(_("Works"))
    page.freeze_panes = "A2"

    def cell(text: str) -> Any:
        made = openpyxl.cell.WriteOnlyCell(page, writable(text))
        made.data_type = "s"
        return made

    page.append([cell(_header(column)) for column in columns])
    for row in rows:
        page.append([cell(row[column]) if column in row else None for column in columns])
    book.save(path)


def _header(column: str) -> str:
    """The label of a column in the current language, or its own name if the import would not find it by the label."""
    label = column_label(column)
    return label if find_column(label, known_headers()) == column else column
