"""The safe side of decoding: starts a confined child process for each picture and judges what it answers.

This process never opens an image. Whatever a picture does, it does to its own child.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gallery
from gallery.images import fingerprints
from gallery.images.framing import AS_IT_CAME, Framing
from gallery.images.iiif_requests import Cut, Size, tiles
from gallery.images.renditions import FORMATS, file_name, widths_for
from gallery.images.share_image import Fonts, Placard
from gallery.web.languages import lazy_gettext as _

HEAD = 64  # bytes that tell a type
LONGEST_ANSWER = 1 << 16  # bytes; a true answer has about one thousand
LONGEST_SIDE = 1 << 30  # px; no true picture is as long, and the database takes no longer number
SMALL = 1200  # px on the longer side, below which a picture looks soft on a wide screen

# An isolated interpreter does not look beside itself, so it is told where this very package lies.
CHILD = (
    "import sys; root = sys.argv[1]; root in sys.path or sys.path.insert(0, root); "
    "from gallery.images.sandbox.child import main; main()"
)

REFUSALS: Mapping[str, Any] = {
    "not_an_image": _("This file is not a picture. Please choose a photograph or a scan of the work."),
    "unsupported_format": _(
        "Pictures of this kind cannot be shown here. Please save it as JPEG, PNG, WebP, AVIF, HEIC, TIFF or "
        "GIF and upload it again."
    ),
    "raw_file": _(
        "This is a raw file: what a camera's sensor saw, and not yet a picture. Please develop it in the program of the "
        "camera or of your device, save it as JPEG and upload that."
    ),
    "unsupported_variant": _(
        "This file cannot be opened here, because of the way in which it is stored. Please open it on your device, "
        "save it as an ordinary JPEG and upload that."
    ),
    "unsupported_jpeg": _(
        "This JPEG cannot be opened here, because of the way in which it is stored. Please open it on your device, "
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
        "Opening this picture takes too much work, because of the way in which it is stored. Please open it on "
        "your device, save it as a new file, perhaps a smaller one, and upload that."
    ),
    "too_much_memory": _(
        "This picture is too large to be opened in the way in which it is stored. Please make it smaller, for "
        "instance 6,000 pixels on the longer side, or save it as an ordinary JPEG, which is not progressive."
    ),
}

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

# Beginnings of pictures and documents that people take for pictures, which we cannot show.
OTHER_KINDS = (
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


# Raw files that do not look like a TIFF: Fujifilm, Olympus, Panasonic, Sigma, Minolta.
RAW_KINDS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
CANON_RAW = b"crx "  # the brand of a CR3


@dataclass(frozen=True)
class Limits:
    """What one picture may take: bytes of address space, seconds of processor and of waiting, pixels.

    Only seconds of the processor say anything about the file: those of waiting depend on what else the machine does.
    """

    memory_bytes: int = 608 << 20
    cpu_seconds: int = 30
    wall_seconds: float = 20
    max_pixels: int = 120_000_000
    min_long_side: int = 600


# Megapixels up to which a picture is opened with these limits, however many bytes of the 60 MB it has. What decodes only as
# a whole is bounded by memory. tests/bench/pictures.py opens files of these sizes, and the docs speak of them.
PROMISED: Mapping[str, int] = {
    "jpeg": 120,
    "jpeg, progressive": 100,
    "webp": 120,
    "gif": 120,
    "png": 120,  # grey or with a palette
    "png, colour": 100,
    "tiff": 90,
    "heic": 50,
    "heic, alpha": 38,
    "avif": 35,
    "avif, alpha": 28,
}


@dataclass(frozen=True)
class Inspected:
    """What a picture is; width and height in px, upright."""

    width: int
    height: int
    format: str  # the type by content, as `sniff` names it
    animated: bool
    small: bool  # it may be shown, but a larger one would look better
    preview: Path | None = None  # a JPEG of it, where one was asked for


@dataclass(frozen=True)
class Developed:
    """What was made of a picture.

    Width and height (px, upright) are the picture's own, except for scrolls so tall that they were developed
    smaller; `widths_for(width)` are the widths made. `files` are names in the folder that was given.
    """

    width: int
    height: int
    format: str
    animated: bool
    placeholder: str  # data:image/webp;base64,…
    mean_colour: str  # #rrggbb
    perceptual_hash: str  # 64 bits as 16 hex digits; similar pictures differ in few bits
    softness: int  # 0 to 1000; blurred pictures have more
    files: tuple[str, ...]


class Refused(Exception):
    """The picture cannot be taken; `code` is a key of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MachineFault(OSError):
    """The child was too late, was killed from outside, or could not work: nothing is known of the picture."""


async def inspect(
    source: Path, limits: Limits = Limits(), preview: Path | None = None, framing: Framing = AS_IT_CAME
) -> Inspected:
    """What is shown of the picture by `framing`, after reading all of it once, so that a truncated one is found at upload.

    With `preview` a small JPEG of it is written there. Raises Refused where the picture is at fault, MachineFault
    where this machine is.
    """
    kind = await kind_of(source)
    found = inspected_from(await ask("inspect", source, kind, preview, limits, framing=asdict(framing)), kind)
    if preview is not None and not is_regular(preview):
        raise Refused("damaged")
    return replace(found, preview=preview)


async def develop(
    source: Path, out: Path, limits: Limits = Limits(), framing: Framing = AS_IT_CAME
) -> Developed:
    """Write all renditions of the picture, framed, into the existing folder `out`: all of them, or none.

    Raises Refused where the picture is at fault, MachineFault where this machine is.
    """
    kind = await kind_of(source)
    async with darkroom_in(out) as darkroom:
        told = await ask("develop", source, kind, darkroom, limits, framing=asdict(framing))
        developed = developed_from(told, kind)
        take_over(darkroom, developed.files, out)
        return developed


async def fingerprint(source: Path, limits: Limits = Limits(min_long_side=60)) -> bytes:
    """What fingerprints.is_alike compares. Raises Refused where the picture is at fault, OSError where this machine is."""
    told = await ask("fingerprint", source, await kind_of(source), None, limits)
    code = str(told.get("fingerprint"))
    if not re.fullmatch(rf"[0-9a-f]{{{2 * fingerprints.LENGTH}}}", code):
        raise Refused("damaged")
    return bytes.fromhex(code)


async def cut_tiles(
    source: Path, whole: Size, out: Path, limits: Limits = Limits(), framing: Framing = AS_IT_CAME
) -> tuple[str, ...]:
    """Write all tiles of the picture into the existing folder `out`, and return their names.

    `whole` is its size (px, upright and framed). Raises Refused where the picture is at fault, MachineFault where this
    machine is.
    """
    kind = await kind_of(source)
    async with darkroom_in(out) as darkroom:
        await ask("tiles", source, kind, darkroom, limits, whole=whole, framing=asdict(framing))
        names = tuple(tile.name for tile in tiles(whole))
        take_over(darkroom, names, out)
        return names


async def cut_one(
    source: Path,
    whole: Size,
    cut: Cut,
    out: Path,
    limits: Limits = Limits(),
    framing: Framing = AS_IT_CAME,
) -> Path:
    """Write one piece of the picture into the existing folder `out`, and return its file.

    `whole` is the picture's size (px, upright and framed), in which `cut` speaks. Raises Refused where the picture is at fault,
    MachineFault where this machine is.
    """
    kind = await kind_of(source)
    async with darkroom_in(out) as darkroom:
        told = {"whole": whole, "cut": asdict(cut), "framing": asdict(framing)}
        await ask("cut", source, kind, darkroom / cut.name, limits, **told)
        take_over(darkroom, [cut.name], out)
        return out / cut.name


async def compose(
    picture: Path | None, placard: Placard, fonts: Fonts, out: Path, limits: Limits = Limits()
) -> Path:
    """Draw a card or poster with the picture, or without one, into the existing folder `out`; return its file.

    Raises Refused where the picture is at fault, MachineFault where this machine is, or its fonts are.
    """
    kind = await kind_of(picture) if picture is not None else ""
    async with darkroom_in(out) as darkroom:
        told = {"placard": asdict(placard), "fonts": asdict(fonts)}
        await ask("compose", picture, kind, darkroom / placard.name, limits, **told)
        take_over(darkroom, [placard.name], out)
        return out / placard.name


@asynccontextmanager
async def darkroom_in(out: Path) -> AsyncIterator[Path]:
    """A folder in `out` for a child to write into, gone afterwards."""
    darkroom = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".developing-", dir=out))
    try:
        yield darkroom
    finally:
        await asyncio.to_thread(shutil.rmtree, darkroom, ignore_errors=True)


def take_over(darkroom: Path, names: Iterable[str], out: Path) -> None:
    """Move what the child wrote to `out`; raises Refused unless each is a file, for a link could lead anywhere."""
    for name in names:
        if not is_regular(darkroom / name):
            raise Refused("damaged")
        (darkroom / name).replace(out / name)


def is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def sniff(head: bytes) -> str | None:
    """A picture's type by its first 64 bytes: jpeg, png, webp, avif, heic, tiff or gif; None for all else."""
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
        end = min(int.from_bytes(head[:4], "big"), len(head), HEAD)
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
        if brands[0] in AVIF_BRANDS:
            return "avif"
        if brands[0] in HEIC_BRANDS:
            # "mif1" only says that it is some still picture; the others say which.
            return "avif" if brands[0] in (b"mif1", b"msf1") and AVIF_BRANDS & set(brands) else "heic"
    return None


async def kind_of(source: Path) -> str:
    """The type by content. Raises Refused for what is not a picture that can be shown."""
    head = await asyncio.to_thread(head_of, source)
    kind = sniff(head)
    if kind is None:
        if head.startswith(RAW_KINDS) or head[4:12] == b"ftyp" + CANON_RAW:
            raise Refused("raw_file")
        other = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        known = other.startswith(OTHER_KINDS) or head[4:8] == b"ftyp" or b"<svg" in other
        raise Refused("unsupported_format" if known else "not_an_image")
    return kind


def head_of(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(HEAD)


async def ask(
    task: str, source: Path | None, kind: str, out: Path | None, limits: Limits, **more: Any
) -> dict[str, Any]:
    """What the child says of the picture. Raises Refused, or MachineFault where the child could not say."""
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
            CHILD,
            str(Path(gallery.__file__).parents[1]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=child_environment(),
            limit=LONGEST_ANSWER,
        )
    except OSError as fault:  # no process, no memory
        raise MachineFault(f"the child process for pictures could not be started: {fault}") from fault
    try:
        async with asyncio.timeout(limits.wall_seconds):
            line = await exchange(child, json.dumps(request).encode())
            await child.wait()
    except TimeoutError:
        raise MachineFault(f"the picture was not done within {limits.wall_seconds} s") from None
    finally:
        await end(child)
    try:
        return judged(line, child.returncode)
    except Refused as refusal:
        if refusal.code == "unsupported_variant" and kind == "jpeg":
            raise Refused("unsupported_jpeg") from None
        raise


async def exchange(child: asyncio.subprocess.Process, request: bytes) -> bytes:
    """Hand the child its request and read its one line, or nothing if it died or babbles."""
    assert child.stdin
    assert child.stdout
    with suppress(ConnectionError):
        child.stdin.write(request)
        await child.stdin.drain()
        child.stdin.close()
    try:
        return await child.stdout.readline()
    except ValueError:  # longer than any true answer
        return b""


async def end(child: asyncio.subprocess.Process) -> None:
    """Leave nothing of the child running, nor of anything it started."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


def judged(line: bytes, status: int | None) -> dict[str, Any]:
    """What was done, from the child's answer and how it ended. Raises Refused or MachineFault."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):  # nothing, nonsense, or brackets without end
        raise death(status) from None
    if not isinstance(told, dict):
        raise Refused("damaged")
    if "failed" in told:
        raise MachineFault(f"the picture could not be worked on: {told['failed']!r:.500}")
    if "done" not in told:
        code = str(told.get("refused"))
        raise Refused(code if code in REFUSALS else "damaged")
    done = told["done"]
    if not isinstance(done, dict):
        raise Refused("damaged")
    return done


def death(status: int | None) -> Exception:
    """Why a child ended without an answer."""
    if status is None or status >= 0:
        return MachineFault(f"the child process for pictures ended with status {status}")
    if -status == signal.SIGKILL:  # our own limits end it in other ways: the system had no memory left
        return MachineFault("the child process for pictures was killed by the system")
    if -status == signal.SIGXCPU:
        return Refused("too_slow")
    if -status in (signal.SIGSEGV, signal.SIGBUS):
        return Refused("too_much_memory")
    return Refused("unsupported_variant")


def child_environment() -> dict[str, str]:
    """Nothing of ours but what the interpreter needs to start, and how the C library is to hold memory."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(1 << 20),  # so that large pictures go back to the system at once
    }


def inspected_from(told: Mapping[str, Any], kind: str) -> Inspected:
    """The child's answer, believed only if it has the right shape."""
    width, height = size_in(told)
    return Inspected(width, height, kind, bool(told.get("animated")), small=max(width, height) < SMALL)


def developed_from(told: Mapping[str, Any], kind: str) -> Developed:
    """The child's answer, believed only if it has the right shape: a picture may have taken it over."""
    width, height = size_in(told)
    files = [file_name(step, format.name) for format in FORMATS for step in widths_for(width)]
    shapes = {
        "placeholder": r"data:image/webp;base64,[A-Za-z0-9+/]{8,800}={0,2}",
        "mean_colour": r"#[0-9a-f]{6}",
        "perceptual_hash": r"[0-9a-f]{16}",
    }
    for name, shape in shapes.items():
        if not re.fullmatch(shape, str(told.get(name))):
            raise Refused("damaged")
    softness = told.get("softness")
    if type(softness) is not int or not 0 <= softness <= 1000:
        raise Refused("damaged")
    if told.get("files") != files:
        raise Refused("damaged")
    return Developed(
        width=width,
        height=height,
        format=kind,
        animated=bool(told.get("animated")),
        placeholder=told["placeholder"],
        mean_colour=told["mean_colour"],
        perceptual_hash=told["perceptual_hash"],
        softness=softness,
        files=tuple(files),
    )


def size_in(told: Mapping[str, Any]) -> tuple[int, int]:
    width, height = told.get("width"), told.get("height")
    for side in (width, height):
        if type(side) is not int or not 0 < side <= LONGEST_SIDE:
            raise Refused("damaged")
    return width, height  # type: ignore[return-value]  # just asked
