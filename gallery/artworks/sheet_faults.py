"""The errors that a sheet can contain, and the message for each."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gallery.artworks.sheet_columns import column_label
from gallery.artworks.unreadable import SENTENCES
from gallery.images.sandbox.parent import REFUSALS
from gallery.web.languages import lazy_gettext as _l

MAX_SHEET_MEGABYTES = 64
MAX_REPORTED_VALUE = 60  # characters of a wrong value that a report quotes
MAX_SUGGESTED_NAMES = 6  # names in one sentence

# A row with an error in its title, picture or number becomes no work, because the partner could not find it
# again.
REQUIRED_COLUMNS = {"picture", "title", "inventory_number"}
REFUSING_CODES = {"consent_ended"}  # a withdrawn consent allows no new work

# Each sentence also says how to correct the error.
FAULT_SENTENCES: Mapping[str, Any] = {
    **REFUSALS,
    "old_excel": _l(
        "This is a sheet of an old Excel (.xls). Please save it as .xlsx or as CSV and upload that."
    ),
    "broken_zip": _l(
        "This ZIP is damaged or was not copied completely. Please make it once more and upload it again."
    ),
    "too_many_entries": _l("This ZIP contains more than %(most)s files. Please split it into several."),
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
    "no_sheet": _l("There is no sheet in this ZIP. Please put the CSV or XLSX file next to the pictures."),
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
        "There is no column “%(name)s”. Please say below which one it is, or name the columns as in the template."
    ),
    "no_rows": _l("The sheet has no rows below the names of its columns."),
    "too_many_rows": _l("The sheet has more than %(most)s rows. Please split it into several."),
    "no_file": _l("This file is empty: it has 0 bytes. Please choose it again."),
    "file_too_large": _l("This file is larger than %(size)s. Please split it into several."),
    "given_up": _l(
        "This file could not be processed, although we tried several times. Please split it, or ask us."
    ),
    "formula": _l("This is a formula. Please put the result in its place (copy, then paste as values)."),
    "error_value": _l("The sheet itself shows an error in this cell. Please write the value."),
    "too_long": _l("This has %(length)s characters; please keep it to %(most)s."),
    **SENTENCES,
    "only_year": _l("Of this only the year could be read: %(year)s."),
    "number_twice": _l("Row %(other)s has this number already. Each work needs its own."),
    "language": _l("No language has this name or tag. Please write its name, or a tag such as fr or pt-BR."),
    "language_twice": _l("There are words in %(language)s twice. Please keep only one of the cells."),
    "untitled": _l("Please write a title or name a picture, so that you find the draft again."),
    "no_such_picture": _l("There is no file of this name in the ZIP.%(near)s"),
    "no_pictures": _l(
        "A sheet alone contains no pictures, and none of your drafts has a picture of this name. Please pack the "
        "sheet and the pictures into one ZIP, or leave this column empty."
    ),
    "two_drafts": _l(
        "Several of your drafts have a picture of this name. Please fill in these drafts by hand, or give them "
        "inventory numbers and write those into the sheet."
    ),
    "work_twice": _l("Row %(other)s changes this work already. Each work has one row."),
    "picture_twice": _l("Row %(other)s has this picture already. Each work has a picture of its own."),
    "picture_twice_in_row": _l("This row names this picture twice. Each picture needs to be there once."),
    "too_many_pictures": _l("This row names %(count)s pictures. A work has at most %(most)s."),
    "no_picture_of_number": _l("This work has no picture %(number)s."),
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
    "no_such_theme": _l("No open theme has this name.%(near)s"),
    "theme_closed": _l(
        "This theme was open for submissions until %(day)s. Please choose one that is open, or leave "
        "this empty."
    ),
    "no_such_project": _l("None of your projects has this name.%(near)s"),
}

DID_YOU_MEAN = _l(" Did you mean %(names)s?")
THERE_ARE = _l(" There are: %(names)s.")


class SheetRefused(Exception):
    """The file as a whole cannot be used.

    `code` is a key of FAULT_SENTENCES; `facts` are the values for its sentence. `pictures_wait`: whether the
    pictures sent with the sheet can be used with a corrected one.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.pictures_wait = False


@dataclass(frozen=True)
class CellFault:
    """An error in one cell of the sheet."""

    row: int  # row number in the sheet; the header is row 1
    column: str  # see sheet_columns.column_label
    value: str
    code: str  # key of FAULT_SENTENCES
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_note(self) -> bool:
        """Whether the row is good without this cell: then the field stays empty, and the report mentions it."""
        return self.column not in REQUIRED_COLUMNS and self.code not in REFUSING_CODES

    def as_json(self) -> dict[str, Any]:
        value = self.value
        if len(value) > MAX_REPORTED_VALUE:
            value = value[:MAX_REPORTED_VALUE] + "…"
        return {
            "row": self.row,
            "column": self.column,
            "value": value,
            "code": self.code,
            "facts": dict(self.facts),
        }


def fault_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """A sentence in the current language that names the error and how to correct it."""
    values = dict(facts)
    for name, sentence in (("near_names", DID_YOU_MEAN), ("there_names", THERE_ARE)):
        if name in values:
            values["near"] = str(sentence) % {"names": values[name]}
    if "column" in values:
        values["name"] = column_label(values["column"])
    return str(FAULT_SENTENCES[code]) % {"near": "", "name": "", **values}


def similar_names(text: str, names: Collection[str]) -> dict[str, str]:
    """The values for a fault sentence that suggests names similar to `text`; empty if no name is similar."""
    matches = difflib.get_close_matches(text, list(names)[:500], 3, 0.4)
    return {"near_names": " / ".join(matches)} if matches else {}


def similar_or_some_names(text: str, names: Collection[str]) -> dict[str, str]:
    """The values for a fault sentence that suggests names similar to `text`, or else the first few names."""
    some = {"there_names": " / ".join(list(names)[:MAX_SUGGESTED_NAMES])} if names else {}
    return similar_names(text, names) or some
