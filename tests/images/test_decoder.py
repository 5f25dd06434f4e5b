"""A bad picture ends its own process and nothing else, and the partner gets the reason."""

import asyncio
import io
import json
import os
import re
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image

import gallery
from gallery.images.sandbox import child, decoding
from gallery.images.sandbox import parent as decoder
from gallery.images.sandbox.bounds import ImageBounds, UnusableImage
from gallery.images.sandbox.parent import (
    GUARANTEED_MEGAPIXELS,
    REFUSALS,
    ImageRefused,
    Limits,
    MachineFault,
    develop,
    inspect,
    parse_answer,
    parse_developed,
    parse_inspected,
    sniff,
)
from gallery.settings import Settings
from tests.images import files
from tests.images.answers import TRUE_ANSWER
from tests.kept import kept_file

DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not_an_image"),
    "text": ("一幅画\n".encode() * 100, "not_an_image"),
    "html": (b"<!doctype html><script>alert(1)</script>", "not_an_image"),
    "php": (b"<?php system($_GET['c']);", "not_an_image"),
    "zip": (files.zipped(), "not_an_image"),
    "program": (b"\x7fELF" + bytes(500), "not_an_image"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>', "unsupported_format"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "unsupported_format"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 900 900\n(a) show", "unsupported_format"),
    "bmp": (files.encoded(files.scene(), "BMP"), "unsupported_format"),
    "film": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "unsupported_format"),
}

JPEG = files.encoded(files.scene(), "JPEG")

FAULTS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "30,000 × 30,000 declared": (lambda: files.declared_png(30_000, 30_000), {"too_many_pixels"}),
    "30,000 × 30,000 of one colour": (lambda: files.one_colour_png(30_000), {"too_many_pixels"}),
    "just allowed, and nothing in it": (lambda: files.declared_png(10_000, 10_000), {"damaged"}),
    "four billion wide": (lambda: files.declared_png(2**31 - 1, 2**31 - 1), {"too_many_pixels", "damaged"}),
    "no pixel wide": (lambda: files.declared_png(0, 700), {"unsupported_variant", "too_small"}),
    "60,000 × 20": (lambda: files.encoded(Image.new("RGB", (60_000, 20)), "JPEG"), {"too_small"}),
    "599 px": (lambda: files.encoded(files.scene(599, 500), "PNG"), {"too_small"}),
    "two thousand scans": (lambda: files.many_scan_jpeg(2000), {"too_slow"}),
    "webp of 10,000 frames of 16 megapixels": (
        lambda: files.long_animation_webp(10_000, 4000),
        {"", "damaged", "too_slow"},
    ),
    "webp of 256 megapixels": (lambda: files.long_animation_webp(3, 16_000), {"too_many_pixels"}),
    "webp of 100 megapixels": (lambda: files.long_animation_webp(3, 10_000), {"too_much_memory"}),
    "jpeg head and no body": (lambda: JPEG[:3], {"damaged"}),
    "png head and no body": (lambda: b"\x89PNG\r\n\x1a\n", {"damaged"}),
    "gif that is a script": (lambda: b"GIF89a/*" + b"=1;alert(1);//" * 50, {"damaged", "too_small"}),
    "tiff of circular directories": (lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0", {"damaged"}),
    "floating-point tiff": (
        lambda: files.encoded(Image.new("F", (640, 480), 0.5), "TIFF"),
        {"unsupported_variant"},
    ),
}


PNG = files.encoded(files.scene(), "PNG")
GIF = files.encoded(files.scene().quantize(32), "GIF")
WEBP = files.encoded(files.scene(), "WEBP")
HEIC = files.encoded(files.scene(), "HEIF")
AVIF = files.encoded(files.scene(), "AVIF", speed=9)
TIFF = files.encoded(files.scene(), "TIFF")


def changed(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def frame_of(jpeg: bytes) -> int:
    """The offset of a JPEG's height and width."""
    return next(jpeg.index(mark) + 5 for mark in (b"\xff\xc0", b"\xff\xc2") if mark in jpeg)


def tiff_tag(data: bytes, tag: int, kind: int, value: int) -> bytes:
    """The TIFF with another value in one entry of its directory."""
    start = struct.unpack_from("<I", data, 4)[0]
    for entry in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            return changed(data, entry + 2, struct.pack("<HII", kind, 1, value))
    raise LookupError(tag)


def png_with(kind: bytes, body: bytes) -> bytes:
    return PNG[:33] + files.png_chunk(kind, body) + PNG[33:]


HUGE = struct.pack(">II", 60_000, 60_000)  # px, in the form of a box
NOTHING = kept_file("nothing.zlib", lambda: zlib.compress(bytes(200 << 20)))  # 200 MB in 200 kB

# Chunks, lengths and sizes with false values. "" means that the picture is shown nevertheless.
BROKEN: dict[str, tuple[bytes, set[str]]] = {
    "jpeg, size of 65,500 px": (changed(JPEG, frame_of(JPEG), b"\xff\xdc\xff\xdc"), {"too_many_pixels"}),
    "jpeg, size of 4,000 px": (changed(JPEG, frame_of(JPEG), b"\x0f\xa0\x0f\xa0"), {"", "damaged"}),
    "jpeg, no size": (changed(JPEG, frame_of(JPEG), bytes(4)), {"unsupported_jpeg", "too_small"}),
    "jpeg, segment of no length": (changed(JPEG, 4, b"\0\0"), {"", "damaged"}),
    "jpeg, segment longer than the file": (changed(JPEG, 4, b"\xff\xff"), {"damaged"}),
    "jpeg, 200 components": (changed(JPEG, frame_of(JPEG) + 4, b"\xc8"), {"unsupported_jpeg"}),
    "png, wrong sum of the header": (changed(PNG, 29, bytes(4)), {"damaged"}),
    "png, wrong sum of the picture": (changed(PNG, len(PNG) - 20, b"\x55" * 4), {"damaged"}),
    "png, chunk of four gigabytes": (
        changed(PNG, 33, b"\xff\xff\xff\xff"),
        {"", "damaged", "too_much_memory"},
    ),
    "png, two headers": (PNG[:33] + files.png_chunk(b"IHDR", PNG[16:29]) + PNG[33:], {"", "damaged"}),
    "png, picture and nothing in it": (
        PNG[:33] + files.png_chunk(b"IEND", b""),
        {"unsupported_variant"},
    ),
    "png, text that unpacks to 200 MB": (
        png_with(b"zTXt", b"k\0\0" + NOTHING),
        {"", "unsupported_variant"},
    ),
    "png, profile that unpacks to 200 MB": (
        png_with(b"iCCP", b"k\0\0" + NOTHING),
        {"", "unsupported_variant"},
    ),
    "png, 20,000 empty texts": (
        PNG[:33] + files.png_chunk(b"tEXt", b"k\0") * 20_000 + PNG[33:],
        {"", "damaged"},
    ),
    "png, rows that unpack to 200 MB": (
        files.png(640, 480, 8, 2, NOTHING),
        {"", "damaged"},
    ),
    "gif, canvas of 65,535 px": (changed(GIF, 6, b"\xff\xff\xff\xff"), {"too_many_pixels"}),
    "gif, canvas of 4,000 px": (changed(GIF, 6, b"\xa0\x0f\xa0\x0f"), {"", "damaged"}),
    "webp, longer than it says": (changed(WEBP, 4, struct.pack("<I", 100)), {"damaged"}),
    "webp, shorter than it says": (changed(WEBP, 4, b"\xf0\xff\xff\xff"), {"damaged"}),
    "webp, chunk of four gigabytes": (changed(WEBP, 16, b"\xff\xff\xff\xff"), {"damaged"}),
    "heic, tile of 60,000 px": (
        changed(HEIC, HEIC.index(b"ispe") + 8, HUGE),
        {"damaged", "too_many_pixels"},
    ),
    "avif of 60,000 px": (
        changed(AVIF, AVIF.index(b"ispe") + 8, HUGE),
        {"unsupported_variant", "too_many_pixels"},
    ),
    "heic, box without end": (changed(HEIC, HEIC.index(b"meta") - 4, bytes(4)), {"", "damaged"}),
    "heic, box of four gigabytes": (changed(HEIC, HEIC.index(b"mdat") - 4, b"\xff" * 4), {"damaged"}),
    "tiff, strip behind the end": (tiff_tag(TIFF, 273, 4, 2**31), {"damaged"}),
    "tiff, wide as a street": (tiff_tag(TIFF, 256, 4, 2**31), {"too_many_pixels", "damaged"}),
    "tiff, deflated 200 MB": (
        tiff_tag(files.tiff((640, 480), 1, 1, 8, NOTHING), 259, 3, 8),
        {"", "damaged"},
    ),
}


# Those whose displayed picture is mostly or entirely empty.
EMPTY = {
    "jpeg, size of 4,000 px",
    "gif, canvas of 4,000 px",
    "png, rows that unpack to 200 MB",
    "tiff, deflated 200 MB",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_not_as_it_says_is_shown_or_refused(name: str, tmp_path: Path) -> None:
    data, codes = BROKEN[name]
    code = await refusal(data, tmp_path)
    assert code in codes
    if code or name in EMPTY:
        return
    with Image.open(tmp_path / "out" / "640.jpg") as image:
        for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
            assert files.near(found, true, 60)


# The exceptions that Pillow raises for bad files; a decoder that caught only OSError would crash on the
# others.
RAISED: dict[str, tuple[str, bytes]] = {
    "OSError": ("png", PNG[: len(PNG) // 2]),
    "UnidentifiedImageError": ("png", changed(PNG, 29, bytes(4))),
    "ValueError": ("png", png_with(b"zTXt", b"k\0\0" + NOTHING)),
    "TypeError": ("tiff", tiff_tag(TIFF, 273, 2, 1)),
    "SyntaxError": ("png", changed(PNG, 33, bytes(4))),
    "RuntimeError": ("avif", changed(AVIF, AVIF.index(b"pitm"), b"\0")),
    "DecompressionBombError": ("png", files.declared_png(30_000, 30_000)),
}


@pytest.mark.parametrize("name", RAISED)
async def test_whatever_the_library_raises_the_picture_is_refused(name: str, tmp_path: Path) -> None:
    kind, data = RAISED[name]
    raised = ""
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as image:
            image.load()
    except Exception as fault:
        raised = type(fault).__name__
    assert raised == name
    assert sniff(data[:64]) == kind
    assert await refusal(data, tmp_path) in {"damaged", "unsupported_variant", "too_many_pixels"}


def test_postscript_never_reaches_ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would open it if every format were allowed; we allow only the detected format, which is never
    PostScript.
    """
    programs = tmp_path / "programs"
    programs.mkdir()
    called = tmp_path / "called"
    for name in ("gs", "gswin64c"):
        (programs / name).write_text(f"#!/bin/sh\necho >> {called}\nexit 1\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 900 900\n%%EndComments\nshowpage\n"
    source = files.stored(tmp_path, postscript)
    limits = ImageBounds(120_000_000, 600, 608 << 20)
    for kind in ("jpeg", "png", "webp", "avif", "heic", "tiff", "gif"):
        with pytest.raises(UnusableImage):
            decoding.decode(source, kind, limits, lambda size: size)
    assert not called.exists()
    EpsImagePlugin.gs_binary = None  # so that it checks again
    with suppress(Exception), Image.open(source) as image:
        image.load()
    assert called.exists()


@pytest.mark.parametrize("mode", ["RGBA", "CMYK"])
async def test_four_channels_just_under_the_limit_on_pixels_are_too_much(mode: str, tmp_path: Path) -> None:
    """119 megapixels would be half a gigabyte, twice: refused by the header, before any of it is decoded."""
    data = (
        files.png(11_900, 10_000, 8, 6, zlib.compress(bytes(1000)))
        if mode == "RGBA"
        else files.tiff((11_900, 10_000), 5, 4, 8, bytes(1000), (332, 1))
    )
    assert await refusal(data, tmp_path) == "too_much_memory"


def children() -> set[str]:
    """The child processes of this one that still exist."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update((task / "children").read_text().split())
    return found


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """No child process and no unfinished file is left after a picture, whatever it did."""
    before = children()
    yield
    if Path("/proc/self/task").exists():
        for _ in range(100):  # a killed process may take a moment to end
            if children() <= before:
                break
            time.sleep(0.1)
        assert children() <= before
    assert not list(tmp_path.rglob(".developing-*"))


async def refusal(data: bytes, folder: Path, *, name: str = "upload") -> str:
    """The code with which a file is refused, at upload or by the worker; empty if it is accepted."""
    source = files.stored(folder, data, name)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    codes = []
    try:
        await inspect(source)
        codes.append("")
    except ImageRefused as refused:
        codes.append(refused.code)
    try:
        await develop(source, out)
        codes.append("")
    except ImageRefused as refused:
        codes.append(refused.code)
        assert not list(out.iterdir())
    assert codes[0] == codes[1]
    return codes[0]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_refuses_what_is_not_a_picture(name: str, tmp_path: Path) -> None:
    data, code = DOCUMENTS[name]
    assert await refusal(data, tmp_path, name="picture.jpg") == code


@pytest.mark.parametrize("name", FAULTS)
async def test_refuses_or_survives_what_is_meant_to_harm(name: str, tmp_path: Path) -> None:
    make, codes = FAULTS[name]
    assert await refusal(make(), tmp_path) in codes


@pytest.mark.parametrize("name", [name for name in files.WHOLE if name != "tiff, lab"])
@pytest.mark.parametrize("share", [0.3, 0.9])
async def test_notices_at_upload_that_a_picture_is_truncated(name: str, share: float, tmp_path: Path) -> None:
    data = files.WHOLE[name][1]()
    source = files.stored(tmp_path, data[: int(len(data) * (0.25 if name == "mpo" else 1) * share)])
    with pytest.raises(ImageRefused) as refused:
        await inspect(source)
    assert refused.value.code == "damaged"


@pytest.mark.parametrize("name", ["画.txt", "../../etc", "a" * 200 + ".gif", "photo\u202egpj.exe", "-I"])
async def test_goes_by_content_and_not_by_name(name: str, tmp_path: Path) -> None:
    safe = tmp_path / name.replace("/", "_")
    safe.write_bytes(JPEG)
    assert (await inspect(safe)).format == "jpeg"


@pytest.mark.parametrize(
    "data",
    [
        files.with_segments(JPEG, files.jpeg_segment(0xFE, b"<script>alert(1)</script><?php x(); ?>")),
        files.with_segments(
            JPEG, files.jpeg_segment(0xFE, b"<svg onload='alert(1)'><script>x</script></svg>")
        ),
        files.with_segments(JPEG, files.jpeg_segment(0xE1, b"Exif\0\0<?php x(); ?>" + files.zipped())),
        GIF[:-1] + b"!\xfe\x1c<script>alert(1)</script>\0\0\0;" + files.zipped(),
        JPEG + files.zipped(),
        JPEG + b"<html><script>alert(1)</script>",
        files.encoded(files.scene(), "PNG") + b"<?php system($_GET['c']); ?>",
        files.with_segments(JPEG, files.jpeg_segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\x99" * 400)),
        files.with_segments(JPEG, files.jpeg_segment(0xE1, b"Exif\0\0" + os.urandom(3000))),
        files.with_segments(JPEG, files.jpeg_segment(0xE2, b"MPF\0II*\0\x08\0\0\0\xff\xff" + b"\x07" * 90)),
        files.with_segments(
            JPEG, files.jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\xff" + b"\xff" * 50)
        ),
        files.encoded(files.scene(), "JPEG", icc_profile=os.urandom(900)),
        files.encoded(files.scene(), "PNG", icc_profile=b"garbage"),
        files.encoded(files.scene(), "WEBP", icc_profile=files.wide_gamut_profile()[:200]),
        files.encoded(files.scene(), "JPEG", icc_profile=files.odd_ink_profile()),
        files.encoded(files.scene().convert("CMYK"), "JPEG", icc_profile=files.wide_gamut_profile()),
    ],
    ids=[
        "script in comment",
        "svg in comment",
        "php and zip in exif",
        "script in gif, and a zip behind it",
        "zip after the end",
        "html after the end",
        "php after the end",
        "exif pointing nowhere",
        "random exif",
        "broken mpf",
        "broken photoshop block",
        "random profile",
        "tiny profile",
        "truncated profile",
        "profile for inks in a screen picture",
        "profile for screens in an ink picture",
    ],
)
async def test_shows_a_good_picture_whatever_hangs_on_it(data: bytes, tmp_path: Path) -> None:
    developed = await develop(files.stored(tmp_path, data), tmp_path)
    for name in developed.files:
        written = (tmp_path / name).read_bytes()
        for trace in (b"<script", b"<svg", b"<?php", b"<html", b"PK\x03\x04", b"8BIM"):
            assert trace not in written
    with Image.open(tmp_path / "640.jpg") as image:
        for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
            assert files.near(found, true, 60)


async def test_a_picture_for_which_there_was_no_time_is_not_to_blame(tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(4000, 3000), "JPEG"))
    with pytest.raises(MachineFault, match="not done within 0"):
        await develop(source, tmp_path, Limits(wall_seconds=0.3))


async def test_a_machine_of_many_processors_needs_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encoders and decoders would start a thread for each, and each takes address space."""
    many = "import os; os.cpu_count = lambda: 64; os.sched_getaffinity = lambda _: set(range(64)); "
    monkeypatch.setattr(decoder, "CHILD_PROGRAM", many + decoder.CHILD_PROGRAM)
    for name in ("jpeg", "avif", "heic"):
        source = files.stored(tmp_path, files.WHOLE[name][1]())
        assert (await develop(source, tmp_path)).files
    large = files.stored(tmp_path, files.encoded(files.scene(4000, 3000), "JPEG"))
    assert (await develop(large, tmp_path)).files


def test_what_is_promised_fits_into_memory() -> None:
    """Whatever the file's size, by measurements of each library; the bench opens such files."""
    largest_file, limit = Settings.upload_max_bytes, Limits().memory_bytes - decoding.RESERVED_BYTES
    needed = {
        "jpeg": 4 / 4,  # shrunk while it loads
        "jpeg, progressive": 2 * 1.5 + 4 / 4,
        "webp": 3,
        "gif": 1,
        "png": 1,
        "png, colour": 4,
        "tiff": 4,
        **{kind: decoding.BYTES_PER_PIXEL[kind][False] for kind in ("heic", "avif")},
        **{f"{kind}, alpha": decoding.BYTES_PER_PIXEL[kind][True] for kind in ("heic", "avif")},
    }
    copies = {"png": 0, "jpeg": 0, "heic": 2}
    assert set(needed) == set(GUARANTEED_MEGAPIXELS)
    for name, megapixels in GUARANTEED_MEGAPIXELS.items():
        held = copies.get(name.partition(",")[0], 1) * largest_file
        assert megapixels * 1_000_000 <= Limits().max_pixels
        assert megapixels * 1_000_000 * needed[name] + held <= limit, name


async def test_a_child_that_the_system_kills_is_not_the_pictures_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "CHILD_PROGRAM", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(MachineFault, match="killed by the system"):
        await inspect(files.stored(tmp_path, JPEG))


async def test_ends_a_picture_that_takes_too_much_of_the_processor(tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(6000, 4500), "PNG", compress_level=1))
    with pytest.raises(ImageRefused, match="too_slow"):
        await develop(source, tmp_path, Limits(cpu_seconds=1))


async def test_counts_that_the_heic_library_holds_the_file_twice(tmp_path: Path) -> None:
    """Otherwise decoding the largest pictures of phones runs out of memory, and they are called damaged."""
    source = files.stored(tmp_path, files.encoded(files.scene(1300, 900), "HEIF"))
    free = 100 << 20
    with source.open("ab") as file:
        file.write(struct.pack(">I4s", free, b"free"))
        file.truncate(file.tell() + free - 8)
    with pytest.raises(ImageRefused, match="too_much_memory"):
        await inspect(source, Limits(memory_bytes=400 << 20))
    assert (await inspect(source)).format == "heic"


async def test_refuses_a_picture_for_which_memory_is_too_short(tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(4000, 3000), "PNG", compress_level=1))
    with pytest.raises(ImageRefused, match="too_much_memory"):
        await inspect(source, Limits(memory_bytes=220 << 20))


async def test_a_cancelled_request_takes_its_child_with_it(tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(4000, 3000), "JPEG"))
    before = children()
    work = asyncio.create_task(develop(source, tmp_path))
    while not children() - before:
        await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert children() <= before
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


async def test_a_killed_parent_leaves_no_child(tmp_path: Path, not_quick: None) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(4000, 3000), "JPEG"))
    program = (
        "import asyncio, sys; from pathlib import Path; from gallery.images.sandbox.parent import develop; "
        "asyncio.run(develop(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(gallery.__file__).parents[1])}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(source), str(tmp_path), env=environment
    )
    of_parent = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while not (born := of_parent.read_text().split()):
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)  # it confines itself first, but it must have started
    parent.kill()
    await parent.wait()
    status = Path(f"/proc/{born[0]}/stat")
    while status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z":
        await asyncio.sleep(0.02)
    for left in tmp_path.glob(".developing-*"):  # a killed parent cannot clean up; `gallery check` does
        for file in left.iterdir():
            file.unlink()
        left.rmdir()


async def test_many_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    good = files.stored(tmp_path, JPEG, "good")
    bad = files.stored(tmp_path, JPEG[: len(JPEG) // 2], "bad")
    answers = await asyncio.gather(*(inspect(path) for path in (good, bad) * 4), return_exceptions=True)
    assert [isinstance(answer, ImageRefused) for answer in answers] == [False, True] * 4


async def test_a_full_disk_is_not_the_pictures_fault(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await develop(files.stored(tmp_path, JPEG), tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        await inspect(tmp_path / "missing")


def test_the_child_has_no_network_no_programs_and_little_else(not_quick: None) -> None:
    program = """
import ctypes, json, os, resource, socket, subprocess, sys
from gallery.images.sandbox import child
libc = ctypes.CDLL(None, use_errno=True)
def call(function, *arguments):
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
child.apply_limits(400 << 20, 5)
confined = child.install_seccomp_filter()
findings = {"confined": confined, "modules": sorted(sys.modules)}
for name, attempt in {
    "socket": lambda: socket.socket(),
    "program": lambda: subprocess.run(["/bin/true"]),
    "reading": lambda: call(libc.process_vm_readv, os.getppid(), None, 0, None, 0, 0),
    "writing": lambda: call(libc.process_vm_writev, os.getppid(), None, 0, None, 0, 0),
    "taking": lambda: call(libc.syscall, 438, -1, 0, 0),
    "by_its_other_number": lambda: call(libc.syscall, 0x40000000 + 39),
    "memory": lambda: bytearray(500 << 20),
}.items():
    try:
        attempt()
        findings[name] = "done"
    except (OSError, MemoryError) as fault:
        findings[name] = type(fault).__name__
findings["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
print(json.dumps(findings))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(gallery.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    payload = json.loads(done.stdout)
    assert payload["memory"] == "MemoryError"
    assert payload["core"] == 0
    assert not {"tortoise", "starlette", "asyncio", "PIL", "gallery.web.languages"} & set(payload["modules"])
    if not payload["confined"]:
        pytest.skip("this kernel or machine offers no system-call filter")
    assert payload["socket"] == "PermissionError"
    assert payload["program"] == "PermissionError"
    assert {payload[name] for name in ("reading", "writing", "taking")} == {"PermissionError"}
    assert payload["by_its_other_number"] == "PermissionError"


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is a file on Linux alone")
def test_what_took_a_child_over_cannot_write_into_its_parent(not_quick: None) -> None:
    """As a user other than root, like the site's; a forked child represents one that is not confined yet."""
    program = """
import ctypes, os, sys
from gallery.cli.processes import run
async def try_it():
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        open(f"/proc/{os.getppid()}/mem", "r+b")
    except PermissionError:
        os._exit(13)
    os._exit(0)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as after a start: another user's number would have closed it already
sys.exit(run(try_it()))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(gallery.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", program], env=environment).returncode == 13


@pytest.mark.parametrize(
    ("line", "status", "expected"),
    [
        (b"", -24, "too_slow"),
        (b"", -11, "too_much_memory"),
        (b"", -6, "unsupported_variant"),
        (b'{"refused": "too_small"}', 0, "too_small"),
        (b'{"refused": "<script>"}', 0, "damaged"),
        (b"[]", 0, "damaged"),
        (b'{"done": 3}', 0, "damaged"),
        (b"[" * 60_000, -6, "unsupported_variant"),
        (b'{"done": ' * 9_000, -6, "unsupported_variant"),
    ],
)
def test_judges_how_a_child_ended(line: bytes, status: int, expected: str) -> None:
    with pytest.raises(ImageRefused) as refused:
        parse_answer(line, status)
    assert refused.value.code == expected


def test_a_true_answer_is_believed() -> None:
    assert parse_inspected(TRUE_ANSWER, "png").width == parse_developed(TRUE_ANSWER, "png").width == 640


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (side, value)
            for side in ("width", "height")
            for value in (0, -1, True, 1.5, "640", None, [], 2**31)
        ),
        *(
            ("files", value)
            for value in (None, 3, 1.5, {}, "320.avif", [["320.avif"]], ["../../evil"], [None] * 6, [])
        ),
        ("placeholder", "data:text/html;base64,PHNjcmlwdD4="),
        ("placeholder", "data:image/webp;base64,UklGRiQAAABXRUJQ\n"),
        ("placeholder", "data:image/webp;base64," + "A" * 2000),
        ("placeholder", ["data:image/webp;base64,UklGRiQAAABXRUJQ"]),
        ("mean_colour", "red;}body{display:none"),
        ("mean_colour", 3),
        ("perceptual_hash", "x" * 16),
        ("perceptual_hash", None),
        *(("softness", value) for value in (-1, 1001, 0.5, True, "420", None, [])),
    ],
)
def test_no_part_of_a_false_answer_is_believed(name: str, value: object) -> None:
    """tests/fuzz found each of these or a similar one; a child that a malicious picture controls could send
    it.
    """
    with pytest.raises(ImageRefused, match="damaged"):
        parse_developed(TRUE_ANSWER | {name: value}, "png")
    without = {key: kept for key, kept in TRUE_ANSWER.items() if key != name}
    with pytest.raises(ImageRefused, match="damaged"):
        parse_developed(without, "png")
    if name in ("width", "height"):
        with pytest.raises(ImageRefused, match="damaged"):
            parse_inspected(TRUE_ANSWER | {name: value}, "png")


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
)
def test_any_answer_is_believed_or_refused(value: object) -> None:
    for name in TRUE_ANSWER:
        values = TRUE_ANSWER | {name: value}
        for believed in (parse_inspected, parse_developed):
            with suppress(ImageRefused):
                believed(values, "png")
    with suppress(ImageRefused, OSError):
        parse_answer(json.dumps({"done": value}).encode(), 0)


def test_what_a_child_says_of_the_machine_is_one_short_line() -> None:
    with pytest.raises(OSError, match="could not be worked on") as failed:
        parse_answer(json.dumps({"failed": "a\nb" * 5000}).encode(), 0)
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 600


def test_a_child_that_could_not_start_is_not_the_pictures_fault() -> None:
    with pytest.raises(OSError, match="status 1"):
        parse_answer(b"", 1)


def test_every_code_that_the_code_knows_has_its_sentence() -> None:
    raised = re.compile(r'(?:UnusableImage|ImageRefused|SoundRefused|errors_as)\("(\w+)"|"refused": "(\w+)"')
    modules = Path(str(child.__file__)).parent.glob("*.py")
    used = {
        code for module in modules for pair in raised.findall(module.read_text()) for code in pair if code
    }
    assert {"damaged", "raw_file", "too_much_memory", "sound_silent"} <= used
    assert used <= set(REFUSALS)
    assert {codes for choice in FAULTS.values() for codes in choice[1] if codes} <= set(REFUSALS)


@pytest.mark.parametrize("name", files.WHOLE)
def test_tells_types_by_content(name: str) -> None:
    kind, make = files.WHOLE[name]
    assert sniff(make()[:64]) == kind


@given(st.binary(max_size=80))
def test_telling_types_never_fails(head: bytes) -> None:
    assert sniff(head) in {"jpeg", "png", "webp", "avif", "heic", "tiff", "gif", None}


@given(
    st.integers(0, 2**32 - 1), st.lists(st.sampled_from([b"avif", b"heic", b"mif1", b"qt  "]), max_size=12)
)
def test_a_still_picture_of_the_heif_family_is_told_by_its_brands(length: int, brands: list[bytes]) -> None:
    head = struct.pack(">I", length) + b"ftyp" + b"".join(brands)
    assert sniff(head) in {"avif", "heic", None}


SEEDS = {name: make() for name, (_, make) in files.WHOLE.items() if len(make()) < 20_000}


@settings(max_examples=25)
@given(
    name=st.sampled_from(sorted(SEEDS)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=12),
    keep=st.floats(0.2, 1),
)
def test_broken_pictures_are_shown_or_refused_and_nothing_else(
    name: str, changes: list[tuple[float, bytes]], keep: float, tmp_path: Path
) -> None:
    data = bytearray(SEEDS[name])
    for place, piece in changes:
        at = int(place * (len(data) - len(piece)))
        data[at : at + len(piece)] = piece
    shown_or_refused(bytes(data[: int(len(data) * keep)]), tmp_path)


@settings(max_examples=25)
@given(
    head=st.sampled_from([data[:40] for data in SEEDS.values()]),
    body=st.binary(max_size=600),
)
def test_noise_behind_a_true_beginning_is_refused(head: bytes, body: bytes, tmp_path: Path) -> None:
    shown_or_refused(head + body, tmp_path)


def shown_or_refused(data: bytes, folder: Path) -> None:
    source = files.stored(folder, data)
    with suppress(ImageRefused):
        inspected = asyncio.run(inspect(source))
        assert 0 < inspected.width * inspected.height <= Limits().max_pixels


def test_the_makers_make_what_they_say() -> None:
    with Image.open(io.BytesIO(files.long_animation_webp(5, 700))) as film:
        assert film.n_frames == 5  # type: ignore[attr-defined]
    with Image.open(io.BytesIO(files.one_colour_png(700))) as image:
        assert image.getextrema() == (0, 0)
    assert files.many_scan_jpeg(30).count(b"\xff\xda") >= 30
