"""The sheet of an export: a row for each work, in the columns of an import.

A consent is named by its address, because it is given to one gallery: this one finds it again, and another one leaves
the cell out with a note, as it does with themes and projects that it does not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from gallery.artworks.models import Artwork, NumberedPicture
from gallery.artworks.sheet_columns import (
    COLUMN_LABELS,
    TRANSLATED_COLUMNS,
    column_label,
    find_column,
    known_headers,
)
from gallery.artworks.sheet_rows import CONSENT_PATH
from gallery.artworks.sheets import MAX_COLUMNS
from gallery.artworks.works import PICTURE_TEXTS
from gallery.web.languages import gettext as _
from gallery.web.texts import Texts, field_name, split_field_name

Row = Mapping[str, str]  # column → text


def sheet_row(
    work: Artwork, credit_name: str, pictures: Mapping[str, NumberedPicture], site_url: str
) -> dict[str, str]:
    """The filled cells of a work. `pictures`: those with a file in the ZIP, by its name.

    Artist, consent, project and themes must be fetched.
    """
    has_consent = work.consent is not None and work.consent.covers_web() and credit_name
    row = {
        "picture": "; ".join(pictures),
        "size": work.size,
        "date_made": work.date_made,
        "credit_name": credit_name,
        "consent": f"{site_url}{CONSENT_PATH}{work.consent_id}" if has_consent else "",
        "themes": "; ".join(sorted(theme.slug for theme in work.themes)),
        "project": work.project.title.localized().text if work.project else "",
        "inventory_number": work.inventory_number or "",
        "language": work.language,
    }
    texts: dict[str, Texts] = {name: getattr(work, name) for name in TRANSLATED_COLUMNS}
    for number, picture in enumerate(pictures.values(), 1):
        for name in PICTURE_TEXTS:
            texts[name if number == 1 else f"{name}_{number}"] = getattr(picture, name)
    for name, text in texts.items():
        for language, words in text.items():
            row[name if language == work.language else field_name(name, language)] = words
    return {column: text for column, text in row.items() if text}


def has_enough(row: Row) -> bool:
    """Whether the import can make a work from a row: it has a title or a picture."""
    return any(split_field_name(column)[0] in {"title", "picture"} for column in row)


def columns_for(used: Counter[str]) -> list[str]:
    """The columns of a sheet: all, and the translations and numbered ones used in most rows, as many as are read."""
    translations = [name for name, _count in used.most_common() if name not in COLUMN_LABELS]
    return [*COLUMN_LABELS, *sorted(translations[: MAX_COLUMNS - len(COLUMN_LABELS)])]


def write_sheet(path: Path, columns: Collection[str], rows: Iterable[Row]) -> None:
    """Write an XLSX file row by row. In an XLSX, unlike a CSV, the cell "=1+1" can be text and not a formula."""
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
