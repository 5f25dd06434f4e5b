"""ZIP files as the programs of several systems make them. The standard library writes one way only."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping

UNIX, DOS, UTF8_FLAG = 3, 0, 0x800


class RawEntry(zipfile.ZipInfo):
    """An entry whose name is written as given, byte by byte."""

    def __init__(self, raw: bytes, system: int, flags: int = 0, extra: bytes = b"") -> None:
        super().__init__(raw.decode("latin-1"))
        self.raw, self.flags = raw, flags
        self.create_system, self.extra = system, extra

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits | self.flags


def unicode_path(raw: bytes, name: str) -> bytes:
    """Info-ZIP's extra field for an entry whose name is `raw`."""
    field = b"\1" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def windows(name: str) -> RawEntry:
    """The Explorer of Chinese Windows 7, 10 and 11, and 7-Zip there: GBK, else UTF-8 with the flag."""
    try:
        return RawEntry(name.encode("gbk"), DOS)
    except UnicodeEncodeError:
        return RawEntry(name.encode(), DOS, UTF8_FLAG)


def western_seven_zip(name: str) -> RawEntry:
    """7-Zip on an English Windows: code page 437, else UTF-8 with the flag."""
    try:
        return RawEntry(name.encode("cp437"), DOS)
    except UnicodeEncodeError:
        return RawEntry(name.encode(), DOS, UTF8_FLAG)


def info_zip(name: str) -> RawEntry:
    """Info-ZIP's zip 3 where the locale is not UTF-8: the local name, and the Unicode path beside it."""
    raw = name.encode("gbk", "replace")
    return RawEntry(raw, UNIX, extra=unicode_path(raw, name))


def archive_utility(name: str) -> RawEntry:
    """The Archive Utility of macOS: decomposed UTF-8 without the flag."""
    return RawEntry(unicodedata.normalize("NFD", name).encode(), UNIX)


WAYS: Mapping[str, Callable[[str], RawEntry]] = {
    "windows": windows,
    "western_seven_zip": western_seven_zip,
    "info_zip": info_zip,
    "archive_utility": archive_utility,
}


def packed(way: Callable[[str], zipfile.ZipInfo], files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(way(name), content)
    return written.getvalue()
