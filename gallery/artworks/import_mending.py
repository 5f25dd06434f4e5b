"""A workbook with the rows of a sheet that cannot become works, to correct and to send again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gallery.artworks.sheet_columns import (
    MENDING_LABEL,
    ROW_COLUMN,
    ROW_LABEL,
    column_label,
    is_multiline,
)
from gallery.artworks.sheet_faults import fault_sentence
from gallery.artworks.sheets import SheetFile


def write_bad_rows(sheet: SheetFile, numbers: Sequence[int], path: Path) -> None:
    """Write the cells of these rows to `path` as JSON: row number → column → text."""
    wanted = set(numbers)
    rows = {row.number: dict(row.cells) for row in sheet if row.number in wanted}
    path.write_text(json.dumps(rows, ensure_ascii=False))


def mending_xlsx(rows: Mapping[str, Mapping[str, str]], faults: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as a workbook in the current language; the last column says how to correct each row.

    `rows`: as written by `write_bad_rows`. `faults`: those of the report. The workbook can be imported like
    any sheet.
    """
    from gallery.artworks.xlsx import Alignment, Font, openpyxl  # slow, see sheets.py

    columns = [
        name
        for name in dict.fromkeys(name for cells in rows.values() for name in cells)
        if name != ROW_COLUMN
    ]
    sentences: dict[str, list[str]] = {}
    for fault in faults:
        sentence = f"{column_label(fault['column'])}: {fault_sentence(fault['code'], fault['facts'])}"
        sentences.setdefault(str(fault["row"]), []).append(sentence)
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append([str(ROW_LABEL), *(column_label(name) for name in columns), str(MENDING_LABEL)])
    for number, cells in rows.items():
        texts = [number, *(cells.get(name, "") for name in columns), "\n".join(sentences.get(number, []))]
        line = page.max_row + 1
        for place, text in enumerate(texts, 1):
            cell = page.cell(line, place)
            cell.value = text
            cell.data_type = "s"  # a cell that begins with = is text, not a formula
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, name in enumerate([ROW_COLUMN, *columns, "story"], 1):
        page.cell(1, place).font = Font(bold=True)
        width = 44 if is_multiline(name) else 20
        page.column_dimensions[page.cell(1, place).column_letter].width = width
    page.freeze_panes = "A2"
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()
