"""The file of an import: a ZIP of pictures with a sheet, or a sheet alone. It is read as untrusted input."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gallery.artworks.archive_names import entry_name, names_in, usual_encodings
from gallery.artworks.sheet_faults import SheetRefused
from gallery.artworks.sheets import MAX_SHEET_BYTES
from gallery.images.sandbox.parent import HEAD_BYTES

MAX_ENTRIES = 12_000  # files in a ZIP: ten thousand pictures, a sheet, and system files
MAX_NAME_LENGTH = 300  # characters; the length of the column ImportedPicture.name
MAX_DIRECTORY_BYTES = 8 << 20  # size limit of the ZIP's central directory
MAX_RATIO = 200  # maximum ratio of unpacked to packed bytes
RATIO_CHECKED_ABOVE = 10 << 20  # unpacked bytes; a smaller file is harmless, whatever its ratio
CHUNK_BYTES = 1 << 20
LOCATOR_BYTES, RECORD_BYTES = 20, 56  # sizes of the ZIP64 end-of-directory locator and record
ENCRYPTED_FLAG = 0x1
SHEET_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")
ARCHIVE_ENDINGS = (".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz")
XLS_SIGNATURE = b"\xd0\xcf\x11\xe0"
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    struct.error,
    RuntimeError,
    OSError,
    UnicodeDecodeError,  # a name has the UTF-8 flag but is not valid UTF-8
)


@dataclass(frozen=True)
class UnpackedPicture:
    size: int  # bytes
    head: bytes  # the first 64 bytes of the picture
    digest: str  # SHA-256 in hexadecimal


class PictureRefused(Exception):
    """One picture cannot be unpacked; `code` is a key of FAULT_SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Bundle:
    """An open uploaded file. `names`: its pictures by name. Names are final only after the sheet was read."""

    def __init__(
        self,
        path: Path,
        archive: zipfile.ZipFile | None = None,
        sheets: Mapping[str, zipfile.ZipInfo] | None = None,
        pictures: Sequence[zipfile.ZipInfo] = (),
    ) -> None:
        self._path = path
        self._archive = archive
        self._sheets = sheets or {}
        self._entries = pictures
        self.names = names_in(pictures, ())

    def settle_names(self, cells: Iterable[str]) -> None:
        """Choose the encoding of all names in the ZIP by the picture names in the sheet's cells."""
        self.names = names_in(self._entries, cells)

    @property
    def has_pictures(self) -> bool:
        return self._archive is not None

    def unpack_sheet(self, folder: Path) -> Path:
        """The path of the sheet on disk. A sheet in a ZIP is unpacked into `folder`. Raises SheetRefused."""
        if self._archive is None:
            return self._path
        if not self._sheets:
            raise SheetRefused("no_sheet")
        if len(self._sheets) > 1:
            raise SheetRefused("two_sheets", name=", ".join(list(self._sheets)[:3])[:200])
        ((name, entry),) = self._sheets.items()
        target = folder / "sheet"
        try:
            with self._archive.open(entry) as source, target.open("wb") as output:
                for chunk in read_chunks(source, entry, MAX_SHEET_BYTES):
                    output.write(chunk)
        except PictureRefused as refusal:
            code = "sheet_too_large" if refusal.code == "picture_too_large" else "bomb"
            raise SheetRefused(code, name=name) from refusal
        except ZIP_ERRORS as error:
            raise SheetRefused("broken_zip") from error
        return target

    def unpack_picture(self, key: str, target: Path, max_bytes: int) -> UnpackedPicture:
        """Unpack the picture `key` to the file `target`. Raises PictureRefused, also above `max_bytes`."""
        assert self._archive is not None
        entry = self.names.entries[key]
        digest, head, size = hashlib.sha256(), b"", 0
        try:
            with self._archive.open(entry) as source, target.open("wb") as output:
                for chunk in read_chunks(source, entry, max_bytes):
                    head = head or chunk[:HEAD_BYTES]
                    digest.update(chunk)
                    size += len(chunk)
                    output.write(chunk)
        except ZIP_ERRORS as error:
            raise PictureRefused("picture_broken") from error
        if not size:
            raise PictureRefused("picture_empty")
        if head.startswith((b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
            raise PictureRefused("nested")
        return UnpackedPicture(size, head, digest.hexdigest())


def read_chunks(source: IO[bytes], entry: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Yield the unpacked bytes of a ZIP entry in chunks.

    Raises PictureRefused, also if the entry exceeds `most` bytes or MAX_RATIO.
    """
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size > RATIO_CHECKED_ABOVE and size > MAX_RATIO * max(entry.compress_size, 1):
            raise PictureRefused("bomb")
        if size > most:
            raise PictureRefused("picture_too_large")
        yield chunk


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open an uploaded ZIP, XLSX or CSV. Raises SheetRefused if the file as a whole cannot be used."""
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(XLS_SIGNATURE):
            raise SheetRefused("old_excel")
        if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            if path.stat().st_size > MAX_SHEET_BYTES:
                raise SheetRefused("sheet_too_large", name="")
            yield Bundle(path)
            return
        check_directory(file)
        try:
            archive = zipfile.ZipFile(file)
        except (*ZIP_ERRORS, ValueError, UnicodeDecodeError) as error:
            raise SheetRefused("broken_zip") from error
        with archive:
            entries = archive.infolist()
            if any(entry.filename == "xl/workbook.xml" for entry in entries):
                yield Bundle(path)  # not a ZIP of pictures but an XLSX, whose format is also ZIP
                return
            yield scan_entries(path, archive, entries)


def scan_entries(path: Path, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Bundle:
    """Check every entry of a ZIP, and return its bundle. Raises SheetRefused."""
    if len(entries) > MAX_ENTRIES:  # more than the ZIP's end record declares
        raise SheetRefused("too_many_entries", most=MAX_ENTRIES)
    encodings = usual_encodings(entries)
    sheets: dict[str, zipfile.ZipInfo] = {}
    pictures: list[zipfile.ZipInfo] = []
    for entry in entries:
        name = entry_name(entry, encodings)
        check_entry(entry, name)
        base = posixpath.basename(name)
        if is_system_file(name):
            continue
        if base.lower().endswith(ARCHIVE_ENDINGS):
            raise SheetRefused("nested", name=name[:120])
        if base.lower().endswith(SHEET_ENDINGS) and not base.startswith("~$"):
            sheets[name] = entry
        elif len(name) <= MAX_NAME_LENGTH:
            pictures.append(entry)
    return Bundle(path, archive, sheets, pictures)


def check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse a path outside of the ZIP, a symbolic link, or an encrypted file. Raises SheetRefused."""
    is_outside = ".." in name.split("/") or name.startswith("/") or re.match(r"[A-Za-z]:", name)
    if is_outside or "\0" in name:
        raise SheetRefused("outside", name=name[:120])
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise SheetRefused("symlink", name=name[:120])
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise SheetRefused("encrypted")


def is_system_file(name: str) -> bool:
    """Whether a ZIP entry is a folder, or a file that an operating system added."""
    folder, base = name.split("/")[0], posixpath.basename(name)
    return not base or folder == "__MACOSX" or base.startswith(".") or base in {"Thumbs.db", "desktop.ini"}


def check_directory(file: IO[bytes]) -> None:
    """Check the size of the ZIP's central directory before it is read into memory. Raises SheetRefused."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 65_557)  # bytes of the end record (22) and the longest comment (65,535)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise SheetRefused("broken_zip")
    sizes = [struct.unpack("<HI", tail[at + 10 : at + 16])]
    if tail[max(0, at - LOCATOR_BYTES) : at].startswith(b"PK\x06\x07"):
        # ZIP64: unpackers use the ZIP64 record instead of the end record. Some read it right before the
        # locator, others where the locator points, so both places are checked.
        (offset,) = struct.unpack("<Q", tail[at - LOCATOR_BYTES + 8 : at - LOCATOR_BYTES + 16])
        for place in (offset, start + at - LOCATOR_BYTES - RECORD_BYTES):
            if not 0 <= place <= size - RECORD_BYTES:
                raise SheetRefused("broken_zip")
            file.seek(place)
            sizes.append(struct.unpack("<QQ", file.read(RECORD_BYTES)[32:48]))
        entries, directory = sizes[0]  # all bits set: the value is in the ZIP64 record
        sizes[0] = (entries % 0xFFFF, directory % 0xFFFFFFFF)
    if any(entries > MAX_ENTRIES or directory > MAX_DIRECTORY_BYTES for entries, directory in sizes):
        raise SheetRefused("too_many_entries", most=MAX_ENTRIES)
    file.seek(0)
