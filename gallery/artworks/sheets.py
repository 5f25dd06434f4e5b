"""Sheets of works: the columns, the templates, reading CSV and XLSX, and what one row says, with every fault in it."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gallery.artworks.forms import FIRST_YEAR
from gallery.artworks.works import TEXT_FIELDS
from gallery.artworks.xlsx import Alignment, Font, InvalidFileException, openpyxl
from gallery.clock import today
from gallery.images.sandbox.parent import REFUSALS
from gallery.numbers import whole_number
from gallery.web.forms import one_line, text_block
from gallery.web.languages import LANGUAGES, use_language
from gallery.web.languages import lazy_gettext as _l

MAX_ROWS = 10_000
MAX_COLUMNS = 60
MAX_BLANK_ROWS = 2_000  # in a row; then the sheet is taken to have ended
MAX_SHEET_MEGABYTES = 64
MAX_SHEET_BYTES = MAX_SHEET_MEGABYTES * 10**6  # an XLSX unpacked as well
MAX_LENGTHS = {
    "title": 120,
    "story": 20_000,
    "alt_text": 1_000,
    "medium": 120,
    "assistance": 200,
    "credit_name": 80,
}
MAX_LENGTHS.update(
    {
        f"{name}_translation": MAX_LENGTHS[name]
        for name in ("title", "story", "alt_text", "medium", "assistance")
    }
)
MULTILINE_COLUMNS = {"story", "alt_text", "story_translation", "alt_text_translation"}
SEPARATORS = re.compile(r"[,，、;；|\n]+")
MAX_REPORTED_VALUE = 60  # characters of a wrong value that a report repeats

COLUMN_LABELS: Mapping[str, Any] = {
    "picture": _l("Picture"),
    "title": _l("Title"),
    "story": _l("Story"),
    "alt_text": _l("What the picture shows"),
    "medium": _l("Medium"),
    "year": _l("Year"),
    "assistance": _l("Who helped"),
    "credit_name": _l("Artist"),
    "consent": _l("Consent"),
    "themes": _l("Themes"),
    "project": _l("Project"),
    "language": _l("Language"),
    "title_translation": _l("Title, translated"),
    "story_translation": _l("Story, translated"),
    "alt_text_translation": _l("What the picture shows, translated"),
    "medium_translation": _l("Medium, translated"),
    "assistance_translation": _l("Who helped, translated"),
}

# What people call these columns as well, with commas between; read, never written.
ALTERNATIVE_LABELS: Mapping[str, Any] = {
    "picture": _l("image, photo, file, file name"),
    "title": _l("name of the work"),
    "alt_text": _l("alt text, description of the picture"),
    "credit_name": _l("credit name, author, maker"),
    "consent": _l("permission, form of consent"),
    "themes": _l("theme, occasion"),
}

YES_WORD = _l("yes")
LANGUAGE_WORDS = {"zh": _l("Chinese"), "en": _l("English")}
EXAMPLE_ROW: Mapping[str, Any] = {  # the row that the template begins with
    "picture": "IMG_0001.jpg",
    "title": _l("Tangyuan for the solstice"),
    "story": _l("In the south people eat tangyuan on that day; the round shape stands for reunion."),
    "alt_text": _l("A blue bowl with six white tangyuan on a red cloth"),
    "medium": _l("crayon on paper"),
    "year": "2026",
    "assistance": _l("drawn alone"),
    "credit_name": _l("Little Snail"),
    "consent": "",
    "themes": "",
    "project": "",
    "language": "",
}

# What can be wrong, each as a sentence that says what would be right.
FAULT_SENTENCES: Mapping[str, Any] = {
    **REFUSALS,
    "old_excel": _l(
        "This is a sheet of an old Excel (.xls). Please save it as .xlsx or as CSV and upload that."
    ),
    "broken_zip": _l(
        "This ZIP is damaged or was not copied completely. Please make it once more and upload it again."
    ),
    "too_many_entries": _l("This ZIP holds more than %(most)s files. Please split it into several."),
    "outside": _l(
        "In this ZIP a file is called “%(name)s”, a place outside of it. Please pack the "
        "folder once more, with its pictures only."
    ),
    "symlink": _l(
        "In this ZIP “%(name)s” is only a link to another file. Please pack the pictures themselves."
    ),
    "encrypted": _l("This ZIP asks for a password. Please pack it without one."),
    "nested": _l(
        "In this ZIP there is another archive (%(name)s). Please unpack that first, and pack the pictures themselves."
    ),
    "no_sheet": _l("There is no sheet in this ZIP. Please put the CSV or XLSX file beside the pictures."),
    "two_sheets": _l("There are several sheets in this ZIP (%(name)s). Please leave only one in it."),
    "sheet_too_large": _l(
        "The sheet is larger than %(size)s MB. Please split it into several.", size=MAX_SHEET_MEGABYTES
    ),
    "bomb": _l(
        "Something in this ZIP becomes enormous when it is unpacked, so it was not "
        "opened. Please pack the pictures once more."
    ),
    "broken_sheet": _l(
        "This sheet cannot be read. Please save it once more as .xlsx or as CSV and upload it again."
    ),
    "wrong_encoding": _l(
        "The characters of this sheet cannot be read. Please save it as “CSV UTF-8”, or as .xlsx."
    ),
    "missing_column": _l(
        "There is no column “%(name)s”. The first row must hold the names of the columns, as in the template."
    ),
    "double_column": _l("There are two columns “%(name)s”. Please leave one."),
    "no_rows": _l("The sheet has no rows below the names of its columns."),
    "too_many_rows": _l("The sheet has more than %(most)s rows. Please split it into several."),
    "no_file": _l("This file is empty: it has 0 bytes. Please choose it again."),
    "file_too_large": _l("This file is larger than %(size)s. Please split it into several."),
    "given_up": _l(
        "This file could not be worked through, although we tried several times. Please split it, or ask us."
    ),
    "formula": _l("This is a formula. Please put the result in its place (copy, then paste as values)."),
    "error_value": _l("The sheet itself shows an error here. Please write what is meant."),
    "too_long": _l("This has %(length)s characters; please keep it to %(most)s."),
    "year": _l("Please write a year in digits, from %(first)s to %(last)s."),
    "language": _l("Please write Chinese or English, or leave it empty."),
    "untitled": _l("Please write a title or name a picture, so that you find the draft again."),
    "no_such_picture": _l("There is no file of this name in the ZIP.%(near)s"),
    "no_pictures": _l(
        "A sheet alone brings no pictures. Please pack the sheet and the pictures "
        "into one ZIP, or leave this column empty."
    ),
    "picture_twice": _l("Row %(other)s has this picture already. Each work has a picture of its own."),
    "same_picture": _l("This is the same picture as in row %(other)s, under another name."),
    "picture_too_large": _l(
        "This picture is too large. Please choose a smaller one, such as the photograph as JPEG."
    ),
    "picture_broken": _l("This picture is damaged within the ZIP. Please pack it once more."),
    "picture_empty": _l("This picture is empty: it has 0 bytes."),
    "two_artists": _l("Several of your artists have this credit name. Please enter this work by hand."),
    "no_artist": _l("Please say whose consent this is: write the artist's credit name in its column."),
    "no_consent": _l(
        "This artist has no consent in force for the website. Please record one first, or leave this empty."
    ),
    "two_consents": _l(
        "This artist has several consents in force. Please write the number of one: %(near)s."
    ),
    "no_such_consent": _l(
        "Please write “yes” for the artist's consent in force, or its number, or leave this empty."
    ),
    "consent_of_another": _l("This consent is another artist's. Please choose one of the artist's own."),
    "consent_ended": _l("This consent does not allow showing on this website today. Please record another."),
    "no_such_theme": _l("No open theme is called so.%(near)s"),
    "theme_closed": _l(
        "This theme took works until %(day)s. Please choose one that is open, or leave this empty."
    ),
    "no_such_project": _l("None of your projects is called so.%(near)s"),
}


class SheetRefused(Exception):
    """The file as a whole cannot be used; `code` is a key of FAULTS, `facts` what its sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class CellFault:
    """Something wrong in one cell."""

    row: int  # as the sheet counts: the names of the columns are row 1
    column: str  # of COLUMN_LABELS
    value: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As a report keeps it."""
        shown = self.value if len(self.value) <= MAX_REPORTED_VALUE else self.value[:MAX_REPORTED_VALUE] + "…"
        return {
            "row": self.row,
            "column": self.column,
            "value": shown,
            "code": self.code,
            "facts": dict(self.facts),
        }


def fault_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """What is wrong and what would be right, in the reader's language."""
    told = dict(facts)
    for name, words in (("near_names", DID_YOU_MEAN), ("there_names", THERE_ARE)):
        if name in told:
            told["near"] = str(words) % {"names": told[name]}
    if "column" in told:
        told["name"] = str(COLUMN_LABELS[told["column"]])
    return str(FAULT_SENTENCES[code]) % {"near": "", "name": "", **told}


DID_YOU_MEAN = _l(" Did you mean %(names)s?")
THERE_ARE = _l(" There are: %(names)s.")


@dataclass(frozen=True)
class SheetRow:
    """One row as it is written: the text of each known column, and what could not be read in it."""

    number: int
    cells: Mapping[str, str]
    faults: Sequence[CellFault] = ()


def normalised_name(text: str) -> str:
    """How names are compared: without case, width, and blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("*:：")


def known_headers() -> dict[str, str]:
    """Normalised header → column: the labels in every language, and the columns' own names."""
    headers = {normalised_name(name): name for name in COLUMN_LABELS}
    for language in LANGUAGES:
        with use_language(language):
            for name, labels in ALTERNATIVE_LABELS.items():
                headers.update({normalised_name(label): name for label in SEPARATORS.split(str(labels))})
            headers.update({normalised_name(str(label)): name for name, label in COLUMN_LABELS.items()})
    return headers


def find_columns(
    header: Sequence[str], needed: Collection[str] = ("title",)
) -> tuple[dict[int, str], list[str]]:
    """Which column lies where, and the headers that are none of ours. Raises SheetRefused."""
    known = known_headers()
    places: dict[int, str] = {}
    strangers: list[str] = []
    for place, text in enumerate(header):
        name = known.get(normalised_name(text))
        if name is None:
            if text.strip():
                strangers.append(one_line(text)[:MAX_REPORTED_VALUE])
        elif name in places.values():
            raise SheetRefused("double_column", column=name)
        else:
            places[place] = name
    for name in needed:
        if name not in places.values():
            raise SheetRefused("missing_column", column=name)
    return places, strangers


class SheetFile:
    """A sheet on the disk. Iterating reads it once more, row by row. Raises SheetRefused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.is_xlsx = file.read(4) == b"PK\x03\x04"
        self.encoding = "" if self.is_xlsx else detect_encoding(path)
        if self.is_xlsx:
            _check_xlsx(path)
        self.strangers: list[str] = []

    def __iter__(self) -> Iterator[SheetRow]:
        lines = _xlsx_lines(self.path) if self.is_xlsx else _csv_lines(self.path, self.encoding)
        header = next((cells for _, cells in lines if any(text for text, _ in cells)), [])
        places, self.strangers = find_columns([text for text, _ in header])
        count = blank = 0
        for number, cells in lines:
            found = {name: cells[place] for place, name in places.items() if place < len(cells)}
            if not any(text for text, _ in found.values()):
                blank += 1
                if blank > MAX_BLANK_ROWS:
                    return
                continue
            blank = 0
            count += 1
            if count > MAX_ROWS:
                raise SheetRefused("too_many_rows", most=MAX_ROWS)
            faults = [CellFault(number, name, text, code) for name, (text, code) in found.items() if code]
            yield SheetRow(number, {name: text for name, (text, _) in found.items()}, faults)
        if not count:
            raise SheetRefused("no_rows")


Cell = tuple[str, str]  # its text, and a key of FAULTS or nothing
FORMULA = re.compile(r"=[\w(+\-\"]")


def detect_encoding(path: Path) -> str:
    """How a text file is written: by its mark, else UTF-8 where all of it is, else GB18030. Raises SheetRefused."""
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


def _check_xlsx(path: Path) -> None:
    """Look how large an XLSX becomes. Its parts are checked against what they say of themselves as they are read."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_SHEET_BYTES:
                raise SheetRefused("bomb")
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise SheetRefused("broken_sheet") from error


XLSX_ERRORS = (
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    SyntaxError,  # what a bad XML raises
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # a password
)


def _xlsx_lines(path: Path) -> Iterator[tuple[int, list[Cell]]]:
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


@dataclass(frozen=True)
class ParsedRow:
    """What a row says of a work, as far as the sheet alone can tell. Names are still to be found."""

    row: int
    texts: Mapping[str, str]
    year: int | None
    language: str  # "" where the row does not say
    picture: str
    credit_name: str
    consent: str
    themes: Sequence[str]
    project: str


def read_row(row: SheetRow) -> tuple[ParsedRow, list[CellFault]]:
    """What a row says, with every fault in it that needs no database."""
    faults = list(row.faults)
    at_fault = {fault.column for fault in faults}

    def told(name: str) -> str:
        if name in at_fault:
            return ""
        raw = row.cells.get(name, "")
        text = text_block(raw) if name in MULTILINE_COLUMNS else one_line(raw)
        if len(text) > MAX_LENGTHS.get(name, 500):
            faults.append(
                CellFault(
                    row.number,
                    name,
                    text,
                    "too_long",
                    {"length": len(text), "most": MAX_LENGTHS.get(name, 500)},
                )
            )
            at_fault.add(name)
            return ""
        return text

    texts = {name: told(name) for name in TEXT_FIELDS}
    picture = told("picture")
    year, language = told("year"), told("language")
    if year and whole_number(year, FIRST_YEAR, today().year) is None:
        faults.append(
            CellFault(row.number, "year", year, "year", {"first": FIRST_YEAR, "last": today().year})
        )
        year = ""
    if language and parse_language(language) is None:
        faults.append(CellFault(row.number, "language", language, "language"))
        language = ""
    if not texts["title"] and not picture and not at_fault & {"title", "picture"}:
        faults.append(CellFault(row.number, "title", "", "untitled"))
    return ParsedRow(
        row=row.number,
        texts=texts,
        year=whole_number(year),
        language=parse_language(language) or "",
        picture=picture,
        credit_name=told("credit_name"),
        consent=told("consent"),
        themes=[
            each
            for each in (one_line(part).strip("#＃") for part in SEPARATORS.split(told("themes")))
            if each
        ],
        project=told("project"),
    ), faults


def parse_language(text: str) -> str | None:
    """The language that a cell names, in whichever language it does."""
    for code, word in LANGUAGE_WORDS.items():
        if normalised_name(text) in {code, *_in_every_language(word)}:
            return code
    return None


def _in_every_language(word: Any) -> set[str]:
    words = set()
    for language in LANGUAGES:
        with use_language(language):
            words.add(normalised_name(str(word)))
    return words


def is_yes(text: str) -> bool:
    """Whether a cell says yes, in any of the languages."""
    return normalised_name(text) in {"y", "ok", "true", *_in_every_language(YES_WORD)}


def similar_names(text: str, names: Collection[str]) -> dict[str, str]:
    """The facts of a sentence that proposes the names most like `text`; empty where none is."""
    found = difflib.get_close_matches(text, list(names)[:500], 3, 0.4)
    return {"near_names": " / ".join(found)} if found else {}


MAX_SUGGESTED_NAMES = 6  # names that a sentence tells


def similar_or_some_names(text: str, names: Collection[str]) -> dict[str, str]:
    """The same; where no name is like `text`, a few of those that there are."""
    some = {"there_names": " / ".join(list(names)[:MAX_SUGGESTED_NAMES])} if names else {}
    return similar_names(text, names) or some


def template_csv() -> bytes:
    """The template in the language that is spoken now, as Excel opens it: UTF-8 with a mark."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([str(label) for label in COLUMN_LABELS.values()])
    writer.writerow([str(EXAMPLE_ROW.get(name, "")) for name in COLUMN_LABELS])
    return codecs.BOM_UTF8 + written.getvalue().encode()


def template_xlsx() -> bytes:
    """The same as a workbook, with wide columns and a first row that stays in sight."""
    book = openpyxl.Workbook()
    page: Any = book.active
    page.title = str(_l("Works"))
    page.append([str(label) for label in COLUMN_LABELS.values()])
    page.append([str(EXAMPLE_ROW.get(name, "")) for name in COLUMN_LABELS])
    page.freeze_panes = "A2"
    for number, name in enumerate(COLUMN_LABELS, 1):
        page.cell(1, number).font = Font(bold=True)
        page.cell(2, number).alignment = Alignment(wrap_text=True, vertical="top")
        width = 44 if name in MULTILINE_COLUMNS else 20
        page.column_dimensions[page.cell(1, number).column_letter].width = width
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
