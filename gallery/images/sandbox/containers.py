"""The structure of picture files, read within limits: PNG chunks, the boxes of AVIF and HEIC, TIFF
directories.

Pillow ignores most of it. Nothing here decodes a picture, and no length in a file is trusted beyond the
file's end.
"""

import io
import mmap
import os
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

UNSPECIFIED = b"\2\2"  # primaries and transfer function (H.273): 2 is "unspecified"
MAX_CHUNKS = 10_000
MAX_PAGES = 200
MAX_ENTRIES = 1_000  # tags of one directory; the standard defines about 200
MAX_VALUES = 300_000  # values of one tag: enough for the strips of a picture of 120 million pixels
MAX_META_BYTES = 4 << 20  # bytes

# A JPEG marker that is neither a stuffed byte nor a restart. The pattern begins with a single byte, not with
# a repeated one, because the regex engine then uses memchr, which is 25 times as fast on a large picture.
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA
BARE_MARKERS = (0x01, 0xD8)  # markers without a length field


@dataclass(frozen=True)
class Cicp:
    """Coding-independent code points of ITU-T H.273: a picture's colour space, as numbers."""

    primaries: int
    transfer: int


def jpeg_segments(data: mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Yield the marker of each segment, and the start and end of its body. The end-of-image marker is the
    last; its body is empty."""
    at = 2
    while match := MARKER.search(data, at):
        marker, body = data[match.end() - 1], match.end()
        if marker in BARE_MARKERS:
            at = body
            continue
        at = body if marker == END_OF_IMAGE else body + max(2, int.from_bytes(data[body : body + 2], "big"))
        yield marker, body, at
        if marker == END_OF_IMAGE:
            return


@dataclass(frozen=True)
class PngHead:
    """The header chunks of a PNG."""

    depth: int = 8  # bits per sample
    cicp: Cicp | None = None
    is_srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None  # x and y of white, red, green and blue


def png_head(file: BinaryIO) -> PngHead:
    chunks: dict[bytes, bytes] = {}
    end = length_of_file(file)
    at = 8
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or kind in (b"IDAT", b"IEND") or at + 12 + length > end:
            break
        if kind in (b"IHDR", b"cICP", b"sRGB", b"gAMA", b"cHRM") and length <= 32:
            chunks.setdefault(kind, file.read(length))
        at += 12 + length
    numbers = {
        kind: struct.unpack(f">{len(body) // 4}I", body[: len(body) // 4 * 4])
        for kind, body in chunks.items()
    }
    cicp, header = chunks.get(b"cICP", b""), chunks.get(b"IHDR", b"")
    gamma, chromaticities = numbers.get(b"gAMA", ()), numbers.get(b"cHRM", ())
    return PngHead(
        depth=header[8] if len(header) == 13 else 8,
        # cICP's last two numbers, matrix and range, must mean "no matrix" and "full range".
        cicp=Cicp(cicp[0], cicp[1]) if cicp[2:] == b"\0\1" and cicp[:2] != UNSPECIFIED else None,
        is_srgb=b"sRGB" in chunks,
        gamma=gamma[0] / 100_000 if len(gamma) == 1 else None,
        chromaticities=tuple(n / 100_000 for n in chromaticities) if len(chromaticities) == 8 else None,
    )


def boxes_in(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each ISO/IEC 14496-12 box in `data`, and the start and end of its body. Stops at a
    broken box."""
    while at + 8 <= end:
        length, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if length == 1:
            length, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        if length == 0:
            length = end - at
        if at + length < body or at + length > end:
            return
        yield kind, body, at + length
        at += length


def box_colour(file: BinaryIO) -> Cicp | None:
    """The code points in the `nclx` colour box of an AVIF's or HEIC's primary picture (ISO/IEC 23008-12);
    None if there is no such box."""
    meta = _read_meta_box(file)
    boxes = {kind: (start, end) for kind, start, end in boxes_in(meta, 4, len(meta))}
    if b"pitm" not in boxes or b"iprp" not in boxes:
        return None
    primary = _read_uint(meta, boxes[b"pitm"][0] + 4, 4 if meta[boxes[b"pitm"][0]] else 2)
    properties: list[tuple[bytes, int, int]] = []
    wanted: list[int] = []
    for kind, start, end in boxes_in(meta, *boxes[b"iprp"]):
        if kind == b"ipco":
            properties = list(boxes_in(meta, start, end))
        elif kind == b"ipma":
            wanted += _property_numbers(meta, start, end, primary)
    for number in wanted:
        if not 0 < number <= len(properties):
            continue
        kind, start, end = properties[number - 1]
        if kind == b"colr" and meta[start : start + 4] == b"nclx" and start + 10 <= end:
            return Cicp(_read_uint(meta, start + 4, 2), _read_uint(meta, start + 6, 2))
    return None


def _read_meta_box(file: BinaryIO) -> bytes:
    end, at = length_of_file(file), 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        length, begin = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, begin = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"meta":
            file.seek(at + begin)
            return file.read(min(length - begin, MAX_META_BYTES)) if length > begin else b""
        if length < 8:
            break
        at += length
    return b""


def _property_numbers(meta: bytes, start: int, end: int, item: int) -> list[int]:
    """The numbers of an item's properties in an `ipma` box."""
    version, is_wide = meta[start], meta[start + 3] & 1
    at, id_length, length = start + 8, 4 if version else 2, 2 if is_wide else 1
    for _ in range(_read_uint(meta, start + 4, 4)):
        if at + id_length >= end:
            break
        number, count = _read_uint(meta, at, id_length), meta[at + id_length]
        at += id_length + 1
        if number == item:
            places = range(at, min(at + count * length, end - length + 1), length)
            return [_read_uint(meta, place, length) & (0x7FFF if is_wide else 0x7F) for place in places]
        at += count * length
    return []


def _read_uint(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + length], "big")


# Tags of TIFF 6.0, its supplements, TIFF/EP and DNG.
NEW_SUBFILE_TYPE, SUBFILE_TYPE, WIDTH, HEIGHT, BITS, PHOTOMETRIC = 254, 255, 256, 257, 258, 262
STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES = 273, 279, 324, 325
SUB_IFDS, SAMPLE_FORMAT, DNG_VERSION = 330, 339, 50706
READ_TAGS = frozenset(
    (NEW_SUBFILE_TYPE, SUBFILE_TYPE, WIDTH, HEIGHT, BITS, PHOTOMETRIC, SUB_IFDS, SAMPLE_FORMAT, DNG_VERSION)
)
DATA_TAGS = frozenset((STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES))
COLOUR_FILTER, LINEAR_RAW = 32803, 34892  # values of PHOTOMETRIC for data of a camera's sensor
NUMBERS = {
    1: "B",
    3: "H",
    4: "I",
    13: "I",
    16: "Q",
    18: "Q",
}  # maps the type of a tag to its format character in struct
REDUCED, MASK = 1, 4  # bits of NEW_SUBFILE_TYPE
REDUCED_OF_OLD = 2  # the value of SUBFILE_TYPE for a reduced picture


@dataclass(frozen=True)
class Page:
    """One directory of a TIFF; `tags` has the values of the tags in READ_TAGS."""

    offset: int
    tags: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def first(self, tag: int, default: int = 0) -> int:
        return next(iter(self.tags.get(tag, ())), default)

    @property
    def size(self) -> tuple[int, int]:
        return self.first(WIDTH), self.first(HEIGHT)

    @property
    def pixels(self) -> int:
        return self.first(WIDTH) * self.first(HEIGHT)

    @property
    def is_whole_picture(self) -> bool:
        """Whether the page is marked neither as a reduced picture nor as a mask of another page."""
        return not (
            self.first(NEW_SUBFILE_TYPE) & (REDUCED | MASK) or self.first(SUBFILE_TYPE) == REDUCED_OF_OLD
        )


class Tiff:
    """The directories of a TIFF in their order, each followed by its subdirectories. Raises ValueError for
    garbage."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.end = length_of_file(file)
        head = self._read(0, 16)
        self.order = {b"II": "<", b"MM": ">"}[head[:2]] if head[:2] in (b"II", b"MM") else ""
        if not self.order:
            raise ValueError("no TIFF")
        self.is_big = head[2:4] in (b"+\0", b"\0+")
        self.is_canon_raw = head[8:10] == b"CR"
        (first,) = struct.unpack(
            self.order + ("Q" if self.is_big else "I"), head[8:16] if self.is_big else head[4:8]
        )
        self.pages: list[Page] = []
        waiting, seen = [first], set[int]()
        while waiting and len(self.pages) < MAX_PAGES:
            offset = waiting.pop(0)
            if offset and offset not in seen:
                seen.add(offset)
                try:
                    page, following = self._page(offset)
                except ValueError:  # the bytes after a good page are not a directory
                    continue
                self.pages.append(page)
                waiting = [*page.tags.get(SUB_IFDS, ())[:MAX_PAGES], following, *waiting]
        if not self.pages:
            raise ValueError("no directory")

    @property
    def is_raw(self) -> bool:
        """Whether this is a raw file with data of a camera's sensor."""
        filters = (COLOUR_FILTER, LINEAR_RAW)
        return self.is_canon_raw or any(
            DNG_VERSION in page.tags or page.first(PHOTOMETRIC) in filters for page in self.pages
        )

    def shown_page(self, min_long_side: int) -> Page:
        """The page to show: usually the first. If that is a reduced picture or too small, the largest page
        that is a whole picture."""
        first = self.pages[0]
        if first.is_whole_picture and max(first.size) >= min_long_side:
            return first
        whole = [page for page in self.pages if page.is_whole_picture and page.pixels]
        return max(whole or self.pages, key=lambda page: page.pixels)

    def contains_data_of(self, page: Page) -> bool:
        """Whether all strips and tiles of a page are within the file."""
        tags, _following = self._tags(page.offset, DATA_TAGS)
        offsets = tags.get(STRIP_OFFSETS, ()) + tags.get(TILE_OFFSETS, ())
        lengths = tags.get(STRIP_BYTES, ()) + tags.get(TILE_BYTES, ())
        return bool(offsets) and all(
            offset + length <= self.end for offset, length in zip(offsets, lengths, strict=False)
        )

    def _page(self, offset: int) -> tuple[Page, int]:
        tags, following = self._tags(offset, READ_TAGS)
        return Page(offset, tags), following

    def _tags(self, offset: int, wanted: frozenset[int]) -> tuple[dict[int, tuple[int, ...]], int]:
        """The values of the wanted tags of a directory, and the offset of the next directory."""
        word, entry_length, inside = ("Q", 20, 8) if self.is_big else ("I", 12, 4)
        counted = "Q" if self.is_big else "H"
        (count,) = struct.unpack(self.order + counted, self._read(offset, struct.calcsize(counted)))
        if count > MAX_ENTRIES:
            raise ValueError("too many tags in a directory")
        start = offset + struct.calcsize(counted)
        entries = self._read(start, count * entry_length)
        tags: dict[int, tuple[int, ...]] = {}
        for at in range(0, len(entries), entry_length):
            tag, kind, length = struct.unpack_from(self.order + "HH" + word, entries, at)
            letter = NUMBERS.get(kind)
            if tag not in wanted or letter is None or not 0 < length <= MAX_VALUES:
                continue
            form = f"{self.order}{length}{letter}"
            value = entries[at + entry_length - inside : at + entry_length]
            if struct.calcsize(form) > inside:
                value = self._read(struct.unpack(self.order + word, value)[0], struct.calcsize(form))
            tags[tag] = struct.unpack_from(form, value)
        try:
            (following,) = struct.unpack(self.order + word, self._read(start + len(entries), inside))
        except ValueError:  # the file may end without the offset of a next directory
            following = 0
        return tags, following

    def _read(self, at: int, length: int) -> bytes:
        if at + length > self.end:
            raise ValueError("beyond the end of the file")
        self.file.seek(at)
        return self.file.read(length)


class RedirectedTiff(io.BufferedReader):
    """A TIFF whose header points to the chosen directory first: decoders offer no way to choose a
    directory."""

    def __init__(self, file: BinaryIO, tiff: Tiff, page: Page) -> None:
        super().__init__(io.FileIO(file.fileno(), closefd=False))
        begin, word = (8, "Q") if tiff.is_big else (4, "I")
        file.seek(0)
        self._head = file.read(begin) + struct.pack(tiff.order + word, page.offset)

    def read(self, size: int | None = -1, /) -> bytes:
        at = self.tell()
        data = super().read(size)
        head = self._head[at : at + len(data)]
        return head + data[len(head) :]


def is_complete(file: BinaryIO, kind: str, min_long_side: int) -> bool:
    """Whether a file that could not be decoded is complete, as far as its structure shows."""
    try:
        return COMPLETENESS_CHECKS[kind](file, min_long_side)
    except (ValueError, IndexError, struct.error):
        return False


def _is_jpeg_complete(file: BinaryIO, _least: int) -> bool:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        markers = [marker for marker, _start, _end in jpeg_segments(data)]
    return START_OF_SCAN in markers and markers[-1] == END_OF_IMAGE


def _is_png_complete(file: BinaryIO, _least: int) -> bool:
    """Whether all chunks up to IEND, the last one, are there and have the right checksums."""
    file.seek(8)
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or file.tell() + length + 4 > length_of_file(file):
            return False
        checksum = zlib.crc32(file.read(length), zlib.crc32(head[4:]))
        if file.read(4) != checksum.to_bytes(4, "big"):
            return False
        if head[4:] == b"IEND":
            return True
    return False


def _is_webp_complete(file: BinaryIO, _least: int) -> bool:
    file.seek(4)
    end, at = int.from_bytes(file.read(4), "little") + 8, 12
    for _ in range(MAX_CHUNKS):
        if at >= end:
            break
        file.seek(at + 4)
        length = int.from_bytes(file.read(4), "little")
        at += 8 + length + length % 2
    return at == end <= length_of_file(file)


def _is_gif_complete(file: BinaryIO, _least: int) -> bool:
    file.seek(max(0, length_of_file(file) - 1000))
    return file.read().rstrip(b"\0").endswith(b";")


def _is_tiff_complete(file: BinaryIO, least: int) -> bool:
    tiff = Tiff(file)
    return tiff.contains_data_of(tiff.shown_page(least))


def _are_boxes_complete(file: BinaryIO, _least: int) -> bool:
    end, at = length_of_file(file), 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4], "big")
        if length < 8:
            break
        at += length
    return 0 < at <= end


COMPLETENESS_CHECKS = {
    "jpeg": _is_jpeg_complete,
    "png": _is_png_complete,
    "webp": _is_webp_complete,
    "gif": _is_gif_complete,
    "tiff": _is_tiff_complete,
    "avif": _are_boxes_complete,
    "heic": _are_boxes_complete,
}


def length_of_file(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
