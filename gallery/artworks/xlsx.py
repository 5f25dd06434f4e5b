"""Workbooks of works, by openpyxl without Pillow. Importing it takes half a second: see sheets.py.

openpyxl imports Pillow, if Pillow is installed, to open the pictures in a workbook. Only the sandbox may open
pictures, so Pillow is hidden from openpyxl, which then ignores pictures.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from gallery.artworks.sheet_columns import is_multiline

_pillow = sys.modules.get("PIL")
sys.modules["PIL"] = None  # type: ignore[assignment]  # makes `import PIL` raise ImportError
try:
    import openpyxl
    from openpyxl.styles import Alignment, Font
finally:
    if _pillow is None:
        del sys.modules["PIL"]
    else:
        sys.modules["PIL"] = _pillow

__all__ = ["openpyxl", "workbook", "writable"]


def writable(text: str) -> str:
    """A text without the control characters that XLSX cannot have."""
    return str(openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text))


def workbook(
    title: str, columns: Sequence[str], header: Sequence[str], rows: Iterable[Sequence[str]]
) -> bytes:
    """A workbook to fill in or to mend. `columns`: those of the cells, by which their widths are chosen."""
    book = openpyxl.Workbook()
    page: Any = book.active
    page.title = title
    for line, texts in enumerate([header, *rows], 1):
        for place, text in enumerate(texts, 1):
            cell = page.cell(line, place)
            cell.value = writable(text)
            cell.data_type = "s"  # what begins with = stays text
            if line == 1:
                cell.font = Font(bold=True)
                width = 44 if is_multiline(columns[place - 1]) else 20
                page.column_dimensions[cell.column_letter].width = width
            else:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()
