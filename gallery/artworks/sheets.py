"""Reading a CSV or XLSX sheet row by row, as untrusted input."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gallery.artworks.sheet_columns import find_column, known_headers
from gallery.artworks.sheet_faults import (
    MAX_REPORTED_VALUE,
    MAX_SHEET_MEGABYTES,
    CellFault,
    SheetRefused,
)
from gallery.web.forms import one_line

MAX_ROWS = 10_000
MAX_COLUMNS = 60
MAX_BLANK_ROWS = 2_000  # reading stops after this many consecutive blank rows
MAX_SHEET_BYTES = MAX_SHEET_MEGABYTES * 10**6  # of the file; also of an unpacked XLSX

Cell = tuple[str, str]  # (text of the cell, key of FAULT_SENTENCES or "")
FORMULA = re.compile(r"=[\w(+\-\"]")


@dataclass(frozen=True)
class SheetRow:
    """One row: the text of each known column, and the faults found while reading the cells."""

    number: int
    cells: Mapping[str, str]
    faults: Sequence[CellFault] = ()


class SheetFile:
    """A sheet on disk. Each iteration reads the file again, row by row. Raises SheetRefused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.is_xlsx = file.read(4) == b"PK\x03\x04"
        self.encoding = "" if self.is_xlsx else detect_encoding(path)
        if self.is_xlsx:
            _check_unpacked_size(path)
        self.strangers: list[str] = []  # headers that name no known column

    def __iter__(self) -> Iterator[SheetRow]:
        count = 0
        for number, cells in self._filled_rows():
            count += 1
            if count > MAX_ROWS:
                raise SheetRefused("too_many_rows", most=MAX_ROWS)
            faults = [CellFault(number, name, text, code) for name, (text, code) in cells.items() if code]
            yield SheetRow(number, {name: text for name, (text, _) in cells.items()}, faults)
        if not count:
            raise SheetRefused("no_rows")

    def _filled_rows(self) -> Iterator[tuple[int, dict[str, Cell]]]:
        """The non-blank rows below the header: row number, and the cells of the known columns."""
        lines = _xlsx_lines(self.path) if self.is_xlsx else _csv_lines(self.path, self.encoding)
        header = next((cells for _, cells in lines if any(text for text, _ in cells)), [])
        columns, self.strangers = find_columns([text for text, _ in header])
        blank = 0
        for number, cells in lines:
            known = {name: cells[index] for index, name in columns.items() if index < len(cells)}
            if any(text for text, _ in known.values()):
                blank = 0
                yield number, known
                continue
            blank += 1
            if blank > MAX_BLANK_ROWS:
                return


def find_columns(header: Sequence[str]) -> tuple[dict[int, str], list[str]]:
    """The column at each index, and the headers that name no known column. Raises SheetRefused."""
    known = known_headers()
    columns: dict[int, str] = {}
    strangers: list[str] = []
    for index, text in enumerate(header):
        name = find_column(text, known)
        if name is None:
            if text.strip():
                strangers.append(one_line(text)[:MAX_REPORTED_VALUE])
        elif name in columns.values():
            raise SheetRefused("double_column", column=name)
        else:
            columns[index] = name
    if not any(name.startswith("title") for name in columns.values()):
        raise SheetRefused("missing_column", column="title")
    return columns, strangers


def detect_encoding(path: Path) -> str:
    """The encoding of a CSV file: from the byte order mark, else UTF-8 if valid, else GB18030.

    Raises SheetRefused.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as file, suppress(UnicodeDecodeError):
            while piece := file.read(1 << 20):
                if "\0" in decoder.decode(piece):
                    raise SheetRefused("wrong_encoding")
            decoder.decode(b"", final=True)
            return encoding
    raise SheetRefused("wrong_encoding")


def _csv_lines(path: Path, encoding: str) -> Iterator[tuple[int, list[Cell]]]:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(20_000)
        file.seek(0)
        separator = max(",;\t，", key=first.count)
        csv.field_size_limit(1 << 20)
        try:
            for number, texts in enumerate(csv.reader(file, delimiter=separator), 1):
                yield number, [_text_cell(text) for text in texts[:MAX_COLUMNS]]
        except csv.Error as error:
            raise SheetRefused("broken_sheet") from error


def _text_cell(text: str) -> Cell:
    text = text.strip()
    return text, "formula" if FORMULA.match(text) else ""


def _check_unpacked_size(path: Path) -> None:
    """Check the unpacked size that an XLSX declares; zipfile reads no part beyond its declared size."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_SHEET_BYTES:
                raise SheetRefused("bomb")
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise SheetRefused("broken_sheet") from error


XLSX_ERRORS = (
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    SyntaxError,  # raised by broken XML
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # the file is encrypted with a password
)


def _xlsx_lines(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    from gallery.artworks.xlsx import openpyxl  # a tenth of the time that any command takes to start

    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            pages = book.worksheets[0]
            last = MAX_ROWS + 5 * MAX_BLANK_ROWS
            lines = enumerate(pages.iter_rows(max_col=MAX_COLUMNS, max_row=last), 1)
        except XLSX_ERRORS as error:
            raise SheetRefused("broken_sheet") from error
        while True:
            try:
                number, cells = next(lines)
                line = [_xlsx_cell(cell) for cell in cells]
            except StopIteration:
                return
            except XLSX_ERRORS as error:
                raise SheetRefused("broken_sheet") from error
            yield number, line


def _xlsx_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return "", ""
    if cell.data_type == "f":
        return str(value)[:MAX_REPORTED_VALUE], "formula"
    if cell.data_type == "e":
        return str(value), "error_value"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (datetime, date)):
        value = value.isoformat()[:10]
    return str(value).strip(), ""
