"""A picture's renditions and tiles: the gallery compared with sharp and pyvips, in time and memory.

Run: python -m tests.bench.pictures [sets] [tiles] [minutes] [heaviest]

sharp needs node and npm, pyvips needs `pip install "pyvips[binary]"`; if one is missing, a message says so.

Every contender gets the same files, makes the same widths in the same formats at the same qualities, and runs
in a new process each time: start-up, decoding, scaling, encoding and writing are all included. All run at the
niceness of the gallery's child. On a busy machine processor time says more than wall-clock time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

import pillow_heif

import gallery
from gallery.images.framing import NO_FRAMING
from gallery.images.renditions import FORMATS, widths_for
from gallery.images.sandbox.parent import (
    CHILD_PROGRAM,
    GUARANTEED_MEGAPIXELS,
    Limits,
    child_environment,
    sniff,
)
from tests.bench.paintings import aside, painting, photographed

SIZES = ((3000, 2250), (8000, 6000))
ROUNDS = 3
QUEUE = 12  # pictures, for the number done in a minute
PATIENCE = 180  # seconds, after which a program counts as hanging: libvips sometimes does
SHARP = "sharp@0.35"

# One format alone, as developing.write_renditions does it but without the other two.
OURS_ALONE = """
import sys; from pathlib import Path; from PIL import Image
from gallery.images.sandbox import bounds, conversion, decoding, developing; from gallery.images.renditions import FORMATS
source, out, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
need = lambda framed: developing.size_at_width(developing.rendition_source_size(framed))
decoded = decoding.decode(source, "jpeg", bounds.ImageBounds(120_000_000, 600, 608 << 20), need)
size = developing.rendition_source_size(decoded.framed_size)
images = developing.scale_to_widths(conversion.srgb_image(decoded, developing.size_at_width(size)), size[0])
developing.write_renditions(images, out, [format for format in FORMATS if format.name == name])
"""

# As its makers advise: every output its own pipeline, all at once; the decoder shrinks for each while loading.
SHARP_PROGRAM = """
const sharp = require("sharp");
const [source, out, names, widths] = process.argv.slice(2);
const encoders = {
  avif: s => s.avif({quality: 62, effort: 1, chromaSubsampling: "4:2:0"}),
  webp: s => s.webp({quality: 78, effort: 4}),
  jpg: s => s.jpeg({quality: 80, progressive: true, optimiseCoding: true, chromaSubsampling: "4:2:0"}),
};
sharp.cache(false);
Promise.all(names.split(",").flatMap(name => widths.split(",").map(width =>
  encoders[name](sharp(source).autoOrient().resize({width: Number(width)})).toFile(`${out}/${width}.${name}`))));
"""

# The same steps as with Pillow: one shrunk decoding, each width from the next larger one, two encoders at once.
PYVIPS_PROGRAM = """
import sys; from concurrent.futures import ThreadPoolExecutor; import pyvips
source, out, names, widths = sys.argv[1:5]
pyvips.cache_set_max(0)
widths = [int(width) for width in widths.split(",")]
prints = [pyvips.Image.thumbnail(source, widths[-1], height=100_000).copy_memory()]
for width in reversed(widths[:-1]):
    prints.append(prints[-1].thumbnail_image(width, height=100_000).copy_memory())
def write(name):
    for image in prints:
        path = f"{out}/{image.width}.{name}"
        if name == "avif":
            image.heifsave(path, compression="av1", Q=62, effort=1, subsample_mode="on", keep="none")
        elif name == "webp":
            image.webpsave(path, Q=78, effort=4, keep="none")
        else:
            image.jpegsave(path, Q=80, interlace=True, optimize_coding=True, subsample_mode="on", keep="none")
def several(names):
    for name in names:
        write(name)
first, *others = names.split(",")
with ThreadPoolExecutor(2) as pool:
    list(pool.map(several, [[first], others]))
"""

# Both cut into the same folders of 512 px tiles as JPEG of our quality, each level half the one before.
SHARP_TILES = """
const sharp = require("sharp");
const [source, out] = process.argv.slice(2);
sharp(source).autoOrient().jpeg({quality: 82, chromaSubsampling: "4:2:0"})
  .tile({size: 512, overlap: 0, layout: "iiif3", id: "http://x"}).toFile(`${out}/tiles`);
"""
PYVIPS_TILES = """
import sys, pyvips
source, out = sys.argv[1:3]
image = pyvips.Image.new_from_file(source, access="sequential").autorot()
image.dzsave(out + "/tiles", layout="iiif3", tile_size=512, overlap=0, suffix=".jpg[Q=82,subsample_mode=on]")
"""


class Cost(NamedTuple):
    seconds: float  # by the clock
    processor: float  # seconds, of all threads together
    peak: float  # MB resident, of the whole process


Contender = Callable[[Path, Path, list[str], int], Cost]


def run(command: list[str], stdin: bytes = b"", environment: dict[str, str] | None = None) -> Cost:
    """Run a program to its end; returns its cost."""
    begun = time.perf_counter()
    if CHILD_PROGRAM not in command:  # which sets its own niceness
        command = ["nice", "-n", "5", *command]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    watch = Timer(PATIENCE, process.kill)
    watch.start()
    process.stdin.write(stdin)
    process.stdin.close()
    said, complained = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    watch.cancel()
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or b'"refused"' in said or b'"failed"' in said:
        raise RuntimeError((said + complained).decode()[-2000:])
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def ours(source: Path, out: Path, names: list[str], width: int) -> Cost:
    """The gallery's child process with its limits, or the same steps without them for one format."""
    root = str(Path(gallery.__file__).parents[1])
    if len(names) == 1:
        environment = child_environment() | {"PYTHONPATH": root}
        return run([sys.executable, "-c", OURS_ALONE, str(source), str(out), *names], b"", environment)
    with source.open("rb") as file:
        kind = sniff(file.read(64))
    return asked({"task": "develop", "source": str(source), "kind": kind, "out": str(out)})


def asked(request: Mapping[str, Any]) -> Cost:
    """The gallery's own child process with its limits."""
    root = str(Path(gallery.__file__).parents[1])
    stdin = json.dumps({"framing": asdict(NO_FRAMING), **request, "limits": asdict(Limits())}).encode()
    return run([sys.executable, "-I", "-c", CHILD_PROGRAM, root], stdin, child_environment())


def contenders(folder: Path) -> dict[str, Contender]:
    """The gallery and the installed competitors; prints those that are missing."""
    found: dict[str, Contender] = {"gallery": ours}
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        home = folder / "sharp"
        home.mkdir()
        install = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(home), SHARP]
        if subprocess.run(install, check=False, capture_output=True).returncode == 0:
            program = home / "set.cjs"
            program.write_text(SHARP_PROGRAM)

            def by_sharp(source: Path, out: Path, names: list[str], width: int) -> Cost:
                return run([node, str(program), str(source), str(out), ",".join(names), steps(width)])

            found["sharp, all in parallel"] = by_sharp
        else:
            print("sharp could not be installed: left out.")
    else:
        print("There is no node or npm here: sharp is left out.")
    if importlib.util.find_spec("pyvips"):

        def by_pyvips(source: Path, out: Path, names: list[str], width: int) -> Cost:
            program = [sys.executable, "-c", PYVIPS_PROGRAM]
            command = [*program, str(source), str(out), ",".join(names), steps(width)]
            try:
                return run(command)
            except RuntimeError as fault:
                print(f"pyvips is tried once more: {str(fault).strip() or 'it hung'}")
                return run(command)

        found["pyvips"] = by_pyvips
    else:
        print("pyvips is not installed: left out.")
    return found


def steps(width: int) -> str:
    return ",".join(str(step) for step in widths_for(width))


def median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.processor for cost in costs),
        max(cost.peak for cost in costs),
    )


def sets(folder: Path, found: dict[str, Contender]) -> None:
    """Time and memory for each size, each format alone and the whole set."""
    names = [format.name for format in FORMATS]
    for width, height in SIZES:
        source = photographed("tangyuan", width, height, folder)
        print(f"\n{width} × {height} JPEG, {source.stat().st_size / 1e6:.1f} MB; widths {steps(width)}")
        print("Seconds by the clock, of the processor, and MB at the peak")
        print(f"{'':24}" + "".join(f"{name:>24}" for name in [*names, "whole set"]), flush=True)
        costs: dict[str, list[list[Cost]]] = {label: [[] for _ in range(4)] for label in found}
        for _ in range(ROUNDS):  # in turn, so that other load on the machine affects all of them equally
            for label, contender in found.items():
                for place, chosen in enumerate([*([name] for name in names), names]):
                    with tempfile.TemporaryDirectory(dir=folder) as out:
                        costs[label][place].append(contender(source, Path(out), chosen, width))
                        written = {path.name for path in Path(out).iterdir()}
                        assert written == {f"{s}.{n}" for s in widths_for(width) for n in chosen}, written
        for label, columns in costs.items():
            cells = (f"{c.seconds:5.2f} {c.processor:5.2f} {c.peak:4.0f} MB" for c in map(median, columns))
            print(f"{label:24}" + "".join(f"{cell:>24}" for cell in cells), flush=True)


def tiles(folder: Path, found: dict[str, Contender]) -> None:
    """Time and memory of the tile pyramid for each size."""
    print("\nTiles of 512 px: how many, seconds by the clock, of the processor, and MB at the peak")
    home = folder / "sharp"
    for width, height in SIZES:
        source = photographed("tangyuan", width, height, folder)
        whole = {"task": "tiles", "source": str(source), "kind": "jpeg", "whole": [width, height]}
        cutters: dict[str, Callable[[str], Cost]] = {
            "gallery": lambda out, whole=whole: asked({**whole, "out": out})
        }
        if "sharp, all in parallel" in found:
            program = home / "tiles.cjs"
            program.write_text(SHARP_TILES)
            command = [str(shutil.which("node")), str(program), str(source)]
            cutters["sharp"] = lambda out, command=command: run([*command, out])
        if "pyvips" in found:
            cutters["pyvips"] = lambda out, source=source: run(
                [sys.executable, "-c", PYVIPS_TILES, str(source), out]
            )
        costs: dict[str, list[Cost]] = {label: [] for label in cutters}
        counts = {}
        for _ in range(ROUNDS):
            for label, cut in cutters.items():
                with tempfile.TemporaryDirectory(dir=folder) as out:
                    costs[label].append(cut(out))
                    counts[label] = len(list(Path(out).rglob("*.jpg")))
        for label, taken in costs.items():
            cost = median(taken)
            print(
                f"{width} × {height}  {label:12}{counts[label]:>6}"
                f"{cost.seconds:8.2f} {cost.processor:6.2f} {cost.peak:5.0f} MB",
                flush=True,
            )


def minutes(folder: Path, found: dict[str, Contender]) -> None:
    """How many pictures are done in a minute by one worker and by two."""
    width, height = SIZES[0]
    source = photographed("tangyuan", width, height, folder)
    names = [format.name for format in FORMATS]

    print(f"\n{width} × {height} JPEGs a minute, whole sets{'one worker':>21}{'two workers':>14}")
    for label, contender in found.items():

        def develop(number: int, contender: Contender = contender) -> None:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                contender(source, Path(out), names, width)

        rates = []
        for workers in (1, 2):
            begun = time.perf_counter()
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(develop, range(QUEUE)))
            rates.append(QUEUE / (time.perf_counter() - begun) * 60)
        print(f"{label:49}{rates[0]:>12.0f}{rates[1]:>14.0f}")


# The largest files of each format that must open (parent.GUARANTEED_MEGAPIXELS): the crop of a large
# painting, and the options for saving it. Phones write HEIC in tiles; in one piece libde265 takes no more
# than 16 MB.
HEAVIEST: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "baseline.jpg": ("jpeg", "RGB", {"quality": 85}),
    "progressive.jpg": ("jpeg, progressive", "RGB", {"quality": 75, "progressive": True}),
    "inks.jpg": ("jpeg", "CMYK", {"quality": 60}),
    "painting.png": ("png", "L", {"compress_level": 1}),
    "alpha.png": ("png, colour", "RGBA", {"compress_level": 1}),
    "inks.tif": ("tiff", "CMYK", {"compression": "tiff_lzw"}),
    "telephone.heic": (
        "heic",
        "RGB",
        {"quality": 60, "tile_size": 512, "enc_params": {"preset": "ultrafast"}},
    ),
    "alpha.heic": (
        "heic, alpha",
        "RGBA",
        {"quality": 30, "enc_params": {"preset": "ultrafast"}},  # its alpha is never tiled
    ),
    "painting.webp": ("webp", "RGB", {"quality": 85, "method": 0}),
    "painting.avif": ("avif", "RGB", {"quality": 75, "speed": 10}),
    "alpha.avif": ("avif, alpha", "RGBA", {"quality": 75, "speed": 10}),
}


def size_promised(name: str) -> tuple[int, int]:
    pixels = GUARANTEED_MEGAPIXELS[HEAVIEST[name][0]] * 1_000_000
    width = round((pixels * 1.1) ** 0.5)
    return width, pixels // width


def save_heaviest(name: str, path: Path) -> None:
    pillow_heif.register_heif_opener()
    (width, height), (_promise, mode, options) = size_promised(name), HEAVIEST[name]
    painting("oranges-on-blue", width, height).convert(mode).save(path, **options)


def heaviest(folder: Path) -> None:
    """Time and memory of the gallery alone for the largest files that it promises to accept."""
    print("\nThe largest files that are promised: seconds by the clock, of the processor, and MB at the peak")
    for name, (_, mode, _) in HEAVIEST.items():
        width, height = size_promised(name)
        source = folder / name
        aside(save_heaviest, name, source)
        label = f"{name:18}{width * height / 1e6:4.0f} MP {mode:5}{source.stat().st_size / 1e6:6.0f} MB"
        with tempfile.TemporaryDirectory(dir=folder) as out:
            try:
                cost = ours(source, Path(out), [format.name for format in FORMATS], width)
                print(f"{label:44} {cost.seconds:6.2f} {cost.processor:6.2f} {cost.peak:5.0f} MB", flush=True)
            except RuntimeError as refused:
                print(f"{label:44} {str(refused).strip()}", flush=True)
        source.unlink()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gallery-bench-") as name:
        folder = Path(name)
        found = contenders(folder)
        parts = {"sets": lambda: sets(folder, found), "minutes": lambda: minutes(folder, found)}
        parts["tiles"] = lambda: tiles(folder, found)
        parts["heaviest"] = lambda: heaviest(folder)
        for part in sys.argv[1:] or parts:
            parts[part]()


if __name__ == "__main__":
    main()
