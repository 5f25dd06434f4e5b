"""The names of files in a ZIP. The encoding of a name may not be declared in the ZIP."""

from __future__ import annotations

import posixpath
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress

from gallery.artworks.sheet_rows import split_names
from gallery.web.forms import one_line

UTF8_FLAG = 0x800
PATH_FIELD = 0x7075  # Info-ZIP's Unicode path: version 1, CRC-32 of the other name, the name in UTF-8
DOS_SYSTEM = 0  # `create_system` of Windows; other systems write UTF-8
# Encodings of names without a declared encoding: macOS and Linux, then Windows in China, Taiwan and Hong
# Kong, Japan, Korea, and Western countries.
NAME_ENCODINGS = ("utf-8", "gb18030", "cp950", "cp932", "cp949", "cp437")


class PictureNames:
    """Finds the pictures of a ZIP by the file names in the cells of a sheet.

    `entries`: the ZIP entries by key. The key is the entry's path, normalised by `comparable_file_name`.
    """

    def __init__(self, entries: Iterable[zipfile.ZipInfo], encodings: Sequence[str]) -> None:
        self.entries: dict[str, zipfile.ZipInfo] = {}
        self._by_base: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for entry in entries:
            key = comparable_file_name(entry_name(entry, encodings))
            base = posixpath.basename(key)
            self.entries[key] = entry
            self._by_base.setdefault(base, []).append(key)
            self._by_stem.setdefault(posixpath.splitext(base)[0], []).append(key)

    def find(self, text: str) -> str | None:
        """The key of the picture that a cell names; None if no picture, or more than one, matches.

        The name is compared with whole paths, then with file names, then with file names without their
        extension.
        """
        name = comparable_file_name(text.replace("\\", "/").strip().removeprefix("./"))
        if name in self.entries:
            return name
        base = posixpath.basename(name)
        if "/" not in name and len(self._by_base.get(base, [])) == 1:
            return self._by_base[base][0]
        stems = [key for key in self._by_stem.get(base, []) if "/" not in name or key.startswith(name)]
        return stems[0] if len(stems) == 1 else None

    def find_all(self, cell: str) -> list[tuple[str, str | None]]:
        """The names in a cell, each with the key of its picture, or None if there is no such picture.

        A cell is not split if all of it is the name of one picture, because a file name may contain a comma.
        """
        names = [one_line(cell)] if self.find(one_line(cell)) else split_names(cell)
        return [(name, self.find(name)) for name in names]


def names_in(entries: Sequence[zipfile.ZipInfo], cells: Iterable[str]) -> PictureNames:
    """Decode the names of `entries` with the encoding by which most of the names in `cells` are found.

    One name alone proves nothing: the bytes of 图片1.jpg from Windows are valid UTF-8, too. If several
    encodings find equally many, the one that is usual for the system that made the ZIP wins.
    """
    usual = usual_encodings(entries)
    if all(_unicode_name(entry) is not None for entry in entries):
        return PictureNames(entries, usual)
    kept = list(cells)

    def number_found(names: PictureNames) -> int:
        return sum(key is not None for cell in kept for _name, key in names.find_all(cell))

    return max((PictureNames(entries, _first(each, usual)) for each in usual), key=number_found)


def usual_encodings(entries: Sequence[zipfile.ZipInfo]) -> Sequence[str]:
    """NAME_ENCODINGS, the most probable encoding first."""
    undeclared = [_raw_name(entry) for entry in entries if _unicode_name(entry) is None]
    try:
        as_utf8 = [raw.decode() for raw in undeclared]
    except UnicodeDecodeError:
        return _first("gb18030", NAME_ENCODINGS)
    # If GBK text happens to be valid UTF-8, it has only characters of two bytes in UTF-8, which are not
    # Chinese.
    has_long_characters = any(max(name) > "\u07ff" for name in as_utf8)
    from_windows = all(entry.create_system == DOS_SYSTEM for entry in entries)
    return _first("gb18030", NAME_ENCODINGS) if from_windows and not has_long_characters else NAME_ENCODINGS


def entry_name(entry: zipfile.ZipInfo, encodings: Sequence[str]) -> str:
    """The path of a ZIP entry. A name without a declared encoding is decoded by the first of `encodings` that works."""
    declared = _unicode_name(entry)
    return (_decode(entry, encodings) if declared is None else declared).replace("\\", "/")


def comparable_file_name(name: str) -> str:
    """A name in the form used for comparison: lower case, and NFC, because macOS separates letters and accents."""
    return unicodedata.normalize("NFC", name).lower()


def _first(encoding: str, encodings: Sequence[str]) -> Sequence[str]:
    return (encoding, *(each for each in encodings if each != encoding))


def _unicode_name(entry: zipfile.ZipInfo) -> str | None:
    """The name of an entry whose encoding is known from the flag, the Unicode path, or because it is ASCII;
    else None.
    """
    if entry.flag_bits & UTF8_FLAG:
        return entry.orig_filename
    raw, extra = _raw_name(entry), entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        # If a program that does not know this field renamed the file, the field has the checksum of the old
        # name.
        if kind == PATH_FIELD and field[:1] == b"\1" and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            with suppress(UnicodeDecodeError):
                return field[5:].decode()
    return entry.orig_filename if raw.isascii() else None


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("cp437")  # zipfile decodes names without the flag as cp437


def _decode(entry: zipfile.ZipInfo, encodings: Sequence[str]) -> str:
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            return _raw_name(entry).decode(encoding)
    return entry.orig_filename
