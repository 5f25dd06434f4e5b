"""Reading a CSV or XLSX sheet row by row, as untrusted input."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from gallery.artworks.sheet_columns import ROW_COLUMN, find_column, known_headers
from gallery.artworks.sheet_faults import (
    MAX_REPORTED_VALUE,
    MAX_SHEET_MEGABYTES,
    CellFault,
    SheetRefused,
)
from gallery.numbers import whole_number
from gallery.web.forms import one_line

MAX_ROWS = 10_000
MAX_COLUMNS = 120
MAX_BLANK_ROWS = 2_000  # reading stops after this many consecutive blank rows
MAX_TOP_ROWS = 30  # the header is looked for in this many filled rows of each page
MAX_PAGES = 20
SEPARATORS = ",;\t，"
MAX_SHEET_BYTES = MAX_SHEET_MEGABYTES * 10**6  # file size; also the unpacked size of an XLSX

Cell = tuple[str, str]  # (text of the cell, key of FAULT_SENTENCES or "")
FORMULA = re.compile(r"=[\w(+\-\"]")


@dataclass(frozen=True)
class SheetRow:
    """One row: the text of each known column, and the faults found while reading the cells."""

    number: int
    cells: Mapping[str, str]
    faults: Sequence[CellFault] = ()


@dataclass(frozen=True)
class SheetHeader:
    """The header row with the column names. Banners and instructions may be above it."""

    page: str  # name of the worksheet; for a CSV, the separator
    row: int
    texts: Sequence[str]
    columns: Mapping[int, str]  # index → known column
    examples: Mapping[int, str]  # index → the first value below

    @property
    def has_title(self) -> bool:
        return any(name.startswith("title") for name in self.columns.values())

    @property
    def names_rows(self) -> bool:
        """Whether the sheet has a column with row numbers of the first sheet, because it corrects some of its rows."""
        return ROW_COLUMN in self.columns.values()

    @property
    def strangers(self) -> list[str]:
        """The header texts that are no known column, or that repeat one."""
        others = (text for index, text in enumerate(self.texts) if index not in self.columns)
        return [one_line(text)[:MAX_REPORTED_VALUE] for text in others if text]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The header with the greatest rank is the most probable one."""
        return self.has_title, len(self.columns), sum(bool(text) for text in self.texts)


class SheetFile:
    """A sheet on disk. Each iteration reads the file again, row by row. Raises SheetRefused.

    `chosen`: normalised header → column that the organisation chose for it; "" for none.
    """

    def __init__(self, path: Path, chosen: Mapping[str, str] | None = None) -> None:
        self.path = path
        with path.open("rb") as file:
            self.is_xlsx = file.read(4) == b"PK\x03\x04"
        self.encoding = "" if self.is_xlsx else detect_encoding(path)
        if self.is_xlsx:
            _check_unpacked_size(path)
        self.known = {**known_headers(), **(chosen or {})}
        self.pages = _visible_pages(path) if self.is_xlsx else list(SEPARATORS)
        self.header = self._find_header()
        self.mended: dict[int, SheetRow] = {}  # row number → the corrected row from a later sheet

    def __iter__(self) -> Iterator[SheetRow]:
        if not self.header.has_title:
            raise SheetRefused("missing_column", column="title")
        count = 0
        for number, cells in self._filled_rows():
            count += 1
            if count > MAX_ROWS:
                raise SheetRefused("too_many_rows", most=MAX_ROWS)
            if number in self.mended:
                yield self.mended[number]
                continue
            faults = [CellFault(number, name, text, code) for name, (text, code) in cells.items() if code]
            yield SheetRow(number, {name: text for name, (text, _) in cells.items()}, faults)
        if not count:
            raise SheetRefused("no_rows")

    def mend(self, later: SheetFile) -> None:
        """Use the rows of `later` in place of the rows with the same numbers. Raises SheetRefused."""
        for row in later:
            number = whole_number(row.cells.get(ROW_COLUMN, ""))
            if number is not None:
                faults = [replace(fault, row=number) for fault in row.faults]
                self.mended[number] = SheetRow(number, row.cells, faults)

    def _lines(self, page: str) -> Iterator[tuple[int, list[Cell]]]:
        return _xlsx_lines(self.path, page) if self.is_xlsx else _csv_lines(self.path, self.encoding, page)

    def _find_header(self) -> SheetHeader:
        """The most probable header among the first filled rows of each page; the first one if several are equal."""
        headers = []
        for page in self.pages:
            filled = (line for line in self._lines(page) if any(text for text, _ in line[1]))
            top = [(number, [text for text, _ in cells]) for number, cells in islice(filled, MAX_TOP_ROWS)]
            for place, (number, texts) in enumerate(top):
                below = [cells for _number, cells in top[place + 1 :]]
                headers.append(self._header(page, number, texts, below))
        if not headers:
            raise SheetRefused("no_rows")
        return max(headers, key=lambda header: header.rank)

    def _header(
        self, page: str, row: int, texts: Sequence[str], below: Sequence[Sequence[str]]
    ) -> SheetHeader:
        columns: dict[int, str] = {}
        examples: dict[int, str] = {}
        for index, text in enumerate(texts):
            name = find_column(text, self.known)
            if name and name not in columns.values():
                columns[index] = name
            examples[index] = next(
                (cells[index] for cells in below if index < len(cells) and cells[index]), ""
            )
        return SheetHeader(page, row, texts, columns, examples)

    def _filled_rows(self) -> Iterator[tuple[int, dict[str, Cell]]]:
        """The non-blank rows below the header: row number, and the cells of the known columns.

        Repeated headers are left out, such as one in another language or at the top of each printed page.
        """
        blank = 0
        for number, cells in self._lines(self.header.page):
            if number <= self.header.row:
                continue
            known = {name: cells[index] for index, name in self.header.columns.items() if index < len(cells)}
            filled = {name: text for name, (text, _) in known.items() if text}
            if filled:
                blank = 0
                if len(filled) == 1 or any(find_column(filled[name], self.known) != name for name in filled):
                    yield number, known
                continue
            blank += 1
            if blank > MAX_BLANK_ROWS:
                return


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


def _csv_lines(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[Cell]]]:
    with path.open(encoding=encoding, newline="") as file:
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


def _visible_pages(path: Path) -> list[str]:
    """The names of the worksheets that are not hidden."""
    from gallery.artworks.xlsx import openpyxl  # slow to import: a tenth of a command's start time

    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            pages = [page.title for page in book.worksheets if page.sheet_state == "visible"]
    except XLSX_ERRORS as error:
        raise SheetRefused("broken_sheet") from error
    return pages[:MAX_PAGES]


def _xlsx_lines(path: Path, page: str) -> Iterator[tuple[int, list[Cell]]]:
    from gallery.artworks.xlsx import openpyxl

    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            last = MAX_ROWS + 5 * MAX_BLANK_ROWS
            lines = enumerate(book[page].iter_rows(max_col=MAX_COLUMNS, max_row=last), 1)
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
