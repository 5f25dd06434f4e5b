"""A workbook with the rows of a sheet that cannot become works, to correct and to send again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gallery.artworks.sheet_columns import (
    MENDING_LABEL,
    ROW_COLUMN,
    ROW_LABEL,
    column_label,
)
from gallery.artworks.sheet_faults import fault_sentence
from gallery.artworks.sheets import SheetFile
from gallery.web.languages import gettext as _


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
    from gallery.artworks.xlsx import workbook  # only here: see sheets.py

    columns = [
        name
        for name in dict.fromkeys(name for cells in rows.values() for name in cells)
        if name != ROW_COLUMN
    ]
    sentences: dict[str, list[str]] = {}
    for fault in faults:
        sentence = f"{column_label(fault['column'])}: {fault_sentence(fault['code'], fault['facts'])}"
        sentences.setdefault(str(fault["row"]), []).append(sentence)
    header = [str(ROW_LABEL), *(column_label(name) for name in columns), str(MENDING_LABEL)]
    lines = [
        [number, *(cells.get(name, "") for name in columns), "\n".join(sentences.get(number, []))]
        for number, cells in rows.items()
    ]
    return workbook(_("Works"), [ROW_COLUMN, *columns, "story"], header, lines)
