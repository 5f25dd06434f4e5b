"""Fuzzing of pictures: the parent with any file and any answer, and the child with any file.

Run: pip install atheris, then python -m tests.fuzz.pictures answers|files [folder of cases] [libFuzzer's options]
For instance ten minutes at low priority: nice python -m tests.fuzz.pictures files cases -max_total_time=600

"answers" is the parent: detecting the format, parsing the child's line and exit status, accepting what it
developed. It may refuse a picture or blame the machine (OSError); anything else is a crash.
"files" is the child's side: inspecting, developing and cutting within its own limits of memory. It may be Unfit or out of
memory; anything else, a signal or a picture that takes longer than the limit among them, is kept by libFuzzer as
a file named crash-… or timeout-….
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["gallery.images", "PIL", "pillow_heif"], enable_loader_override=False
):
    from PIL import (  # noqa: F401  # noqa: F401
        AvifImagePlugin,
        GifImagePlugin,
        Image,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    from gallery.images.iiif_requests import ImageRequest, all_tiles
    from gallery.images.sandbox import bounds, conversion, decoding, developing
    from gallery.images.sandbox import tiles as cutting
    from gallery.images.sandbox.parent import (
        ImageRefused,
        parse_answer,
        parse_developed,
        parse_inspected,
        sniff,
    )

from tests.images import files
from tests.images.answers import TRUE_ANSWER

MEMORY = 2 << 30  # bytes of address space: the child's own limit, plus what this fuzzer needs
BOUNDS = bounds.ImageBounds(max_pixels=4_000_000, min_long_side=600, memory_bytes=608 << 20)
CUT_MOST = 1_000_000  # px: up to this size a picture is also cut into tiles
STATUSES = (0, 1, -6, -9, -11, -24, None)


def answers(data: bytes) -> None:
    """The bytes as a file's head; as a child's line, after one byte for how it ended; and as one value in a true answer."""
    kind = sniff(data[:64])
    assert kind in {None, "jpeg", "png", "webp", "avif", "heic", "tiff", "gif"}
    if len(data) < 2:
        return
    status, place, line = STATUSES[data[0] % len(STATUSES)], data[1], data[2:]
    believed(line, status)
    with suppress(ValueError, RecursionError):
        names = sorted(TRUE_ANSWER)
        changed = TRUE_ANSWER | {names[place % len(names)]: json.loads(line)}
        believed(json.dumps({"done": changed}).encode(), status)


def believed(line: bytes, status: int | None) -> None:
    with suppress(ImageRefused, OSError):
        reply = parse_answer(line, status)
        with suppress(ImageRefused):
            parse_inspected(reply, "jpeg")
        developed = parse_developed(reply, "jpeg")
        assert 0 < developed.width * developed.height < 2**62
        assert all(re.fullmatch(r"[0-9]+\.[a-z]+", name) for name in developed.files)


def pictures(data: bytes) -> None:
    """The file as an upload, with a small limit on pixels so that many are tried."""
    kind = sniff(data[:64])
    if kind is None:
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        source = Path(name) / "upload"
        source.write_bytes(data)
        with suppress(bounds.UnusableImage, MemoryError):
            reply = developing.inspect(source, kind, Path(name) / "preview", BOUNDS)
            assert reply["width"] * reply["height"] <= BOUNDS.max_pixels
            sheet = decoding.decode(source, kind, BOUNDS, lambda size: size)
            with suppress(bounds.UnusableImage, MemoryError):
                shown(sheet)
            size = sheet.framed_size
            del sheet
            if size[0] * size[1] <= CUT_MOST:
                with suppress(bounds.UnusableImage, MemoryError):
                    in_pieces(source, kind, size, Path(name))


def shown(sheet: decoding.DecodedImage) -> None:
    """What `developing.develop` does up to the encoders."""
    width, height = developing.rendition_source_size(sheet.framed_size)
    largest = conversion.srgb_image(sheet, developing.size_at_width((width, height), 400))
    assert largest.mode == "RGB"
    developing.perceptual_hash(largest)
    developing.mean_colour(largest)
    developing.placeholder(largest)


def in_pieces(source: Path, kind: str, size: decoding.Size, folder: Path) -> None:
    """All tiles of a picture, and a rotated region of it."""
    out = folder / "tiles"
    out.mkdir()
    reply = cutting.write_tiles(source, kind, size, out, BOUNDS)
    assert reply["tiles"] == len(list(out.iterdir())) == len(list(all_tiles(size)))
    region = (size[0] // 3, size[1] // 3, size[0] // 2, size[1] // 2)
    cut = ImageRequest(region, (max(1, size[0] // 4), max(1, size[1] // 4)), True, 90, "gray", "png")
    cutting.write_region(source, kind, size, cut, folder / "piece", BOUNDS)


def seeds(folder: Path, kind: str) -> None:
    """The initial corpus: the tests' own files, or valid and invalid answers."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "answers":
        said = [{"done": TRUE_ANSWER}, {"refused": "too_small"}, {"failed": "no space"}, {"done": []}, {}, 3]
        for number, answer in enumerate(said):
            (folder / f"answer-{number}").write_bytes(b"\0\0" + json.dumps(answer).encode())
        for number, value in enumerate(["#c86428", ["320.avif"], 640, -1, 1.5, True, None, {}, "9" * 300]):
            (folder / f"value-{number}").write_bytes(bytes((0, number)) + json.dumps(value).encode())
        return
    small = files.scene(600, 64)
    for number, (_, make) in enumerate(files.WHOLE.values()):
        data = make()
        if len(data) < 60_000:
            (folder / f"whole-{number}").write_bytes(data)
    for name, data in files.telling_files().items():
        if len(data) < 60_000:
            (folder / f"telling-{name}").write_bytes(data)
    # Colour information in containers, and nested pages of a TIFF.
    page = small.resize((60, 6)), {254: 1, 330: 0}
    for name, data in {
        "stated.png": files.png_stating(small, files.cicp_chunk(9, 16), files.gamma_chunk(0.5)),
        "stated.avif": files.boxes_stating(small, "AVIF", 12, 13, speed=10),
        "stated.heic": files.boxes_stating(small, "HEIF", 9, 18),
        "pages.tif": files.tiff_of(page, (small.convert("L").resize((600, 30)), {})),
        "twelve.tif": files.twelve_bit_tiff(600, 60),
    }.items():
        (folder / name).write_bytes(data)
    for format in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"):
        file = io.BytesIO()
        small.save(file, format, **({"compression": "tiff_lzw"} if format == "TIFF" else {}))
        (folder / f"small-{format}").write_bytes(file.getvalue())


def main() -> None:
    kind, *options = sys.argv[1:] or [""]
    if kind not in ("answers", "files"):
        raise SystemExit(__doc__)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = BOUNDS.max_pixels
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder = options.pop(0) if options and not options[0].startswith("-") else tempfile.mkdtemp()
    seeds(Path(folder), kind)
    atheris.Setup(
        [sys.argv[0], folder, "-timeout=20", "-rss_limit_mb=1500", "-max_len=60000", *options],
        answers if kind == "answers" else pictures,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
