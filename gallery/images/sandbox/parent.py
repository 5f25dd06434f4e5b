"""The parent side of the sandbox: starts a confined child process for each picture and checks its answer.

This process never opens an image. A malicious picture can only harm its own child.
"""

import asyncio
import errno
import json
import os
import re
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import segno

import gallery
from gallery.images import fingerprints
from gallery.images.framing import MIN_SHORT_SIDE, NO_FRAMING, Framing
from gallery.images.icons import ICON_FILES
from gallery.images.iiif_requests import ImageRequest, Size, all_tiles
from gallery.images.renditions import FORMATS, file_name, widths_for
from gallery.images.share_image import Fonts, ShareImage
from gallery.images.sound_refusals import SOUND_REFUSALS
from gallery.web.languages import lazy_gettext as _
from gallery.web.languages import template_folder

HEAD_BYTES = 64  # bytes that identify a file type
MAX_ANSWER_BYTES = 1 << 16  # bytes; a normal answer has about 1000
MAX_REPORTED_SIDE = 1 << 30  # px: longer than any real picture, and still within a database integer
QUIET_ZONE = 4  # light modules around a QR code (ISO/IEC 18004, 9.1)
NO_SPACE = f"[Errno {errno.ENOSPC}]"  # in an error of the child: the disk is full
SMALL_SIDE = 1200  # px on the longer side; a smaller picture looks blurred on a wide screen

# An isolated interpreter does not find this package by itself, so it gets the package's folder as an
# argument.
CHILD_PROGRAM = (
    "import sys; root = sys.argv[1]; root in sys.path or sys.path.insert(0, root); "
    "from gallery.images.sandbox.child import main; main()"
)

REFUSALS: Mapping[str, Any] = {
    "not_an_image": _("This file is not a picture. Please choose a photograph or a scan of the work."),
    "unsupported_format": _(
        "Pictures of this kind cannot be shown here. Please save it as JPEG, PNG, WebP, AVIF, HEIC, TIFF or "
        "GIF and upload it again."
    ),
    "heic_not_supported": _(
        "This site does not take HEIC pictures. Please save the picture as JPEG on your device and upload that. On an "
        "iPhone you can set the camera to “Most Compatible” under Settings, Camera, Formats."
    ),
    "raw_file": _(
        "This is a raw file: the data of a camera's sensor, not yet a picture. Please develop it in the "
        "program of the camera or of your device, save it as JPEG and upload that."
    ),
    "unsupported_variant": _(
        "This file cannot be opened here because of the way it is stored. Please open it on your device, "
        "save it as an ordinary JPEG and upload that."
    ),
    "unsupported_jpeg": _(
        "This JPEG cannot be opened here because of the way it is stored. Please open it on your device, "
        "save it as PNG and upload that."
    ),
    "damaged": _(
        "This picture is damaged or was not copied completely. Please copy it once more from where it was made, "
        "look whether it opens there, and upload it again."
    ),
    "too_many_pixels": _(
        "This picture has more than 120 million pixels. Please make it smaller, for instance 10,000 pixels "
        "on the longer side, and upload it again."
    ),
    "too_small": _(
        "This picture is too small to be seen well: it needs at least 600 pixels on its longer side and 60 "
        "on the shorter. Please upload the original photograph rather than a preview of it."
    ),
    "too_little_left": _(
        "Too little of the picture would be left to be seen well: it needs at least 600 pixels on its longer "
        "side and 60 on the shorter. Please cut off less."
    ),
    "too_slow": _(
        "The way this picture is stored makes it too costly to open. Please open it on your device, save "
        "it as a new file, perhaps a smaller one, and upload that."
    ),
    "too_much_memory": _(
        "This picture is too large to be opened the way it is stored. Please make it smaller, for "
        "instance 6,000 pixels on the longer side, or save it as an ordinary JPEG that is not "
        "progressive."
    ),
    **SOUND_REFUSALS,
}

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

# First bytes of files that this site cannot show: other picture formats, and documents that people take for
# pictures.
UNSUPPORTED_SIGNATURES = (
    b"BM",
    b"8BPS",
    b"%PDF-",
    b"%!PS",
    b"\xc5\xd0\xd3\xc6",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ",
    b"\x00\x00\x01\x00",
    b"<svg",
)


# Raw files without a TIFF header: Fujifilm, Olympus, Panasonic, Sigma, Minolta.
RAW_SIGNATURES = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
CANON_RAW_BRAND = b"crx "  # the brand of a CR3 file


@dataclass(frozen=True)
class Limits:
    """The limits for one picture: bytes of address space, seconds of processor and of wall clock, pixels.

    Only processor time is used to refuse a file; the wall clock depends on what else the machine is doing.
    """

    memory_bytes: int = 608 << 20
    cpu_seconds: int = 30
    wall_seconds: float = 20
    max_pixels: int = 120_000_000
    min_long_side: int = 600


# The largest pictures, in megapixels, that can be opened within these limits, in files of up to 60 MB. Memory
# limits the formats that can only be decoded as a whole. tests/bench/pictures.py opens files of these sizes,
# and the docs name them.
GUARANTEED_MEGAPIXELS: Mapping[str, int] = {
    "jpeg": 120,
    "jpeg, progressive": 100,
    "webp": 120,
    "gif": 120,
    "png": 120,  # greyscale or with a palette
    "png, colour": 100,
    "tiff": 90,
    "heic": 50,
    "heic, alpha": 38,
    "avif": 35,
    "avif, alpha": 28,
}


@dataclass(frozen=True)
class InspectedImage:
    """A picture's properties; width and height in px, upright and framed."""

    width: int
    height: int
    format: str  # detected by the content, see `sniff`
    animated: bool
    small: bool  # under SMALL_SIDE: looks blurred on a wide screen
    preview: Path | None = None  # a small JPEG, if requested


@dataclass(frozen=True)
class DevelopedImage:
    """The renditions and properties of a picture.

    Width and height (px, upright) are the picture's own, except for very tall scrolls, which are scaled down
    first. `widths_for(width)` are the widths of the renditions. `files` are names in the output folder.
    """

    width: int
    height: int
    format: str
    animated: bool
    placeholder: str  # data:image/webp;base64,…
    mean_colour: str  # #rrggbb
    perceptual_hash: str  # 64 bits as 16 hex digits; similar pictures differ in few bits
    softness: int  # 0 to 1000; higher for blurred pictures
    files: tuple[str, ...]


class ImageRefused(Exception):
    """The picture is refused; `code` is a key of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MachineFault(OSError):
    """The child ran out of wall-clock time, was killed from outside, or failed. The picture may be fine.

    Its `errno` is ENOSPC if the disk is full.
    """


async def inspect(
    source: Path, limits: Limits = Limits(), preview: Path | None = None, framing: Framing = NO_FRAMING
) -> InspectedImage:
    """Inspect the framed picture. It is decoded completely, so that a truncated file is found at upload.

    If `preview` is a path, a small JPEG is written to it. Raises ImageRefused if the picture is at fault,
    MachineFault if this machine is.
    """
    kind = await detect_format(source)
    inspected = parse_inspected(
        await run_child("inspect", source, kind, preview, limits, framing=asdict(framing)), kind
    )
    if preview is not None and not is_regular_file(preview):
        raise ImageRefused("damaged")
    return replace(inspected, preview=preview)


async def develop(
    source: Path, out: Path, limits: Limits = Limits(), framing: Framing = NO_FRAMING
) -> DevelopedImage:
    """Write all renditions of the framed picture into the existing folder `out`: all of them, or none.

    Raises ImageRefused if the picture is at fault, MachineFault if this machine is.
    """
    kind = await detect_format(source)
    async with output_dir_in(out) as output_dir:
        answer = await run_child("develop", source, kind, output_dir, limits, framing=asdict(framing))
        developed = parse_developed(answer, kind)
        move_outputs(output_dir, developed.files, out)
        return developed


async def fingerprint(source: Path, limits: Limits = Limits(min_long_side=MIN_SHORT_SIDE)) -> bytes:
    """The picture's fingerprint, for fingerprints.is_similar. Raises ImageRefused if the picture is at fault,
    MachineFault if this machine is."""
    answer = await run_child("fingerprint", source, await detect_format(source), None, limits)
    code = str(answer.get("fingerprint"))
    if not re.fullmatch(rf"[0-9a-f]{{{2 * fingerprints.LENGTH}}}", code):
        raise ImageRefused("damaged")
    return bytes.fromhex(code)


async def make_tiles(
    source: Path, whole: Size, out: Path, limits: Limits = Limits(), framing: Framing = NO_FRAMING
) -> tuple[str, ...]:
    """Write all tiles of the picture into the existing folder `out`, and return their names.

    `whole` is its size (px, upright and framed). Raises ImageRefused if the picture is at fault, MachineFault
    if this machine is.
    """
    kind = await detect_format(source)
    async with output_dir_in(out) as output_dir:
        await run_child("tiles", source, kind, output_dir, limits, whole=whole, framing=asdict(framing))
        names = tuple(tile.name for tile in all_tiles(whole))
        move_outputs(output_dir, names, out)
        return names


async def render_region(
    source: Path,
    whole: Size,
    request: ImageRequest,
    out: Path,
    limits: Limits = Limits(),
    framing: Framing = NO_FRAMING,
) -> Path:
    """Write one region of the picture into the existing folder `out`, and return the region's file.

    `whole` is the picture's size (px, upright and framed), to which `request` refers. Raises ImageRefused if
    the picture is at fault, MachineFault if this machine is.
    """
    kind = await detect_format(source)
    async with output_dir_in(out) as output_dir:
        arguments = {"whole": whole, "request": asdict(request), "framing": asdict(framing)}
        await run_child("region", source, kind, output_dir / request.name, limits, **arguments)
        move_outputs(output_dir, [request.name], out)
        return out / request.name


async def make_share_image(
    pictures: Sequence[Path], image: ShareImage, fonts: Fonts, out: Path, limits: Limits = Limits()
) -> Path:
    """Draw a card or poster with the pictures, or without any, into the existing folder `out`; return its
    file.

    Raises ImageRefused if a picture is at fault, MachineFault if this machine or its fonts are.
    """
    sources = [(str(Path.cwd() / picture), await detect_format(picture)) for picture in pictures]
    async with output_dir_in(out) as output_dir:
        arguments = {
            "image": asdict(image),
            "pictures": sources,
            "fonts": asdict(fonts),
            "template": str(template_folder() / "sharing" / "share_image.typ"),
            "code": qr_modules(image.address) if image.address else [],
        }
        await run_child("share_image", None, "", output_dir / image.name, limits, **arguments)
        move_outputs(output_dir, [image.name], out)
        return out / image.name


def qr_modules(address: str) -> list[str]:
    """The rows of a QR code as "1" (dark) and "0", with the quiet zone."""
    code = segno.make(address, error="m", micro=False)
    return ["".join("1" if module else "0" for module in row) for row in code.matrix_iter(border=QUIET_ZONE)]


async def make_icons(source: Path, out: Path, limits: Limits = Limits()) -> dict[str, bytes]:
    """The site's icon in its sizes: the contents of ICON_FILES. `out`: an existing folder for the work.

    Raises ImageRefused if the SVG or picture is at fault, MachineFault if this machine is.
    """
    kind = "" if source.suffix == ".svg" else await detect_format(source)
    async with output_dir_in(out) as output_dir:
        await run_child("icons", source, kind, output_dir, limits)
        move_outputs(output_dir, ICON_FILES, out)
    return {name: (out / name).read_bytes() for name in ICON_FILES}


async def typeset_pdf(
    template: Path, data: Mapping[str, Any], fonts: Fonts, out: Path, limits: Limits = Limits()
) -> Path:
    """Typeset `data` with a Typst template as a PDF in the existing folder `out`; return its file.

    Raises MachineFault if this machine or its fonts are at fault, and ImageRefused if it takes too much time
    or memory.
    """
    async with output_dir_in(out) as output_dir:
        arguments = {"template": str(template), "data": data, "fonts": asdict(fonts)}
        await run_child("pdf", None, "", output_dir / "document.pdf", limits, **arguments)
        move_outputs(output_dir, ["document.pdf"], out)
        return out / "document.pdf"


@asynccontextmanager
async def output_dir_in(out: Path) -> AsyncIterator[Path]:
    """A temporary folder in `out` for a child's files."""
    output_dir = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".developing-", dir=out))
    try:
        yield output_dir
    finally:
        await asyncio.to_thread(shutil.rmtree, output_dir, ignore_errors=True)


def move_outputs(output_dir: Path, names: Iterable[str], out: Path) -> None:
    """Move the child's files to `out`. Raises ImageRefused unless each is a regular file: a link could
    lead anywhere."""
    for name in names:
        if not is_regular_file(output_dir / name):
            raise ImageRefused("damaged")
        (output_dir / name).replace(out / name)


def is_regular_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def sniff(head: bytes) -> str | None:
    """A picture's format by its first 64 bytes: jpeg, png, webp, avif, heic, tiff or gif; None for all
    others."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "tiff"
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4], "big"), len(head), HEAD_BYTES)
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
        if brands[0] in AVIF_BRANDS:
            return "avif"
        if brands[0] in HEIC_BRANDS:
            # "mif1" and "msf1" only mean a picture in boxes; the other brands say which kind.
            return "avif" if brands[0] in (b"mif1", b"msf1") and AVIF_BRANDS & set(brands) else "heic"
    return None


async def detect_format(source: Path) -> str:
    """The file's format, by its content. Raises ImageRefused if it is not a picture that can be shown."""
    head = await asyncio.to_thread(read_head, source)
    kind = sniff(head)
    if kind is None:
        if head.startswith(RAW_SIGNATURES) or head[4:12] == b"ftyp" + CANON_RAW_BRAND:
            raise ImageRefused("raw_file")
        other = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        known = other.startswith(UNSUPPORTED_SIGNATURES) or head[4:8] == b"ftyp" or b"<svg" in other
        raise ImageRefused("unsupported_format" if known else "not_an_image")
    return kind


def read_head(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(HEAD_BYTES)


async def run_child(
    task: str, source: Path | None, kind: str, out: Path | None, limits: Limits, **more: Any
) -> dict[str, Any]:
    """Run one task in a child process and return its answer. Raises ImageRefused, MachineFault."""
    request = {
        "task": task,
        "source": None if source is None else str(Path.cwd() / source),
        "kind": kind,
        "out": None if out is None else str(Path.cwd() / out),
        "limits": asdict(limits),
        **more,
    }
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            CHILD_PROGRAM,
            str(Path(gallery.__file__).parents[1]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=child_environment(),
            limit=MAX_ANSWER_BYTES,
        )
    except OSError as fault:  # too many processes, or too little memory
        raise MachineFault(f"the child process for pictures could not be started: {fault}") from fault
    try:
        async with asyncio.timeout(limits.wall_seconds):
            line = await send_request(child, json.dumps(request).encode())
            await child.wait()
    except TimeoutError:
        raise MachineFault(f"the picture was not done within {limits.wall_seconds} s") from None
    finally:
        await kill_child(child)
    try:
        return parse_answer(line, child.returncode)
    except ImageRefused as refusal:
        if refusal.code == "unsupported_variant" and kind == "jpeg":
            raise ImageRefused("unsupported_jpeg") from None
        raise


async def send_request(child: asyncio.subprocess.Process, request: bytes) -> bytes:
    """Send the child its request and return its one-line answer; empty if the child died or the line is too
    long."""
    assert child.stdin
    assert child.stdout
    with suppress(ConnectionError):
        child.stdin.write(request)
        await child.stdin.drain()
        child.stdin.close()
    try:
        return await child.stdout.readline()
    except ValueError:  # longer than any normal answer
        return b""


async def kill_child(child: asyncio.subprocess.Process) -> None:
    """Kill the child and every process that it started."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def parse_answer(line: bytes, status: int | None) -> dict[str, Any]:
    """Parse the child's line, or convert its exit status to an error. Raises ImageRefused or MachineFault."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):  # empty, not JSON, or nested too deeply
        raise error_for_exit_status(status) from None
    if not isinstance(answer, dict):
        raise ImageRefused("damaged")
    if "failed" in answer:
        reason = f"the picture could not be worked on: {answer['failed']!r:.500}"
        raise MachineFault(errno.ENOSPC, reason) if NO_SPACE in reason else MachineFault(reason)
    if "done" not in answer:
        code = str(answer.get("refused"))
        raise ImageRefused(code if code in REFUSALS else "damaged")
    done = answer["done"]
    if not isinstance(done, dict):
        raise ImageRefused("damaged")
    return done


def error_for_exit_status(status: int | None) -> Exception:
    """The error of a child that ended without an answer."""
    if status is None or status >= 0:
        return MachineFault(f"the child process for pictures ended with status {status}")
    if -status == signal.SIGKILL:  # not one of our limits: the system ran out of memory
        return MachineFault("the child process for pictures was killed by the system")
    if -status == signal.SIGXCPU:
        return ImageRefused("too_slow")
    if -status in (signal.SIGSEGV, signal.SIGBUS):
        return ImageRefused("too_much_memory")
    return ImageRefused("unsupported_variant")


def child_environment() -> dict[str, str]:
    """Only the variables that the interpreter needs to start, and settings of the C memory allocator."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(1 << 20),  # bytes: larger blocks go back to the system when freed
    }


def parse_inspected(answer: Mapping[str, Any], kind: str) -> InspectedImage:
    """Check the child's answer and convert it."""
    width, height = parse_reported_size(answer)
    return InspectedImage(
        width, height, kind, bool(answer.get("animated")), small=max(width, height) < SMALL_SIDE
    )


def parse_developed(answer: Mapping[str, Any], kind: str) -> DevelopedImage:
    """Check the child's answer and convert it. It is not trusted: a malicious picture may control the
    child."""
    width, height = parse_reported_size(answer)
    files = [file_name(step, format.name) for format in FORMATS for step in widths_for(width)]
    shapes = {
        "placeholder": r"data:image/webp;base64,[A-Za-z0-9+/]{8,800}={0,2}",
        "mean_colour": r"#[0-9a-f]{6}",
        "perceptual_hash": r"[0-9a-f]{16}",
    }
    for name, shape in shapes.items():
        if not re.fullmatch(shape, str(answer.get(name))):
            raise ImageRefused("damaged")
    softness = answer.get("softness")
    if type(softness) is not int or not 0 <= softness <= 1000:
        raise ImageRefused("damaged")
    if answer.get("files") != files:
        raise ImageRefused("damaged")
    return DevelopedImage(
        width=width,
        height=height,
        format=kind,
        animated=bool(answer.get("animated")),
        placeholder=answer["placeholder"],
        mean_colour=answer["mean_colour"],
        perceptual_hash=answer["perceptual_hash"],
        softness=softness,
        files=tuple(files),
    )


def parse_reported_size(answer: Mapping[str, Any]) -> tuple[int, int]:
    width, height = answer.get("width"), answer.get("height")
    for side in (width, height):
        if type(side) is not int or not 0 < side <= MAX_REPORTED_SIDE:
            raise ImageRefused("damaged")
    return width, height  # type: ignore[return-value]  # checked above
