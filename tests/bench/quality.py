"""How much of a picture each format keeps at each quality, and for how many bytes: the table behind renditions.py.

Run: python -m tests.bench.quality [slug …]   (needs numpy; without slugs, four of the demo's paintings)

SSIM (Wang et al., 2004) of the luma, over a Gaussian window of 1.5 px cut at 11 × 11, and bits per pixel.
The pictures are the demo's paintings with the grain of paper, scaled as `developing.scale_to_widths` does from 3,000 px.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator

import numpy as np
from PIL import Image

from gallery.images.renditions import FORMATS, Format
from gallery.images.sandbox.developing import scale_to_widths
from tests.bench.paintings import painting

SLUGS = ("tangyuan", "oranges-on-blue", "dumpling-wrappers", "sunflowers")
WIDTHS = (640, 1600)
STEPS = {"avif": (50, 56, 62, 68, 74), "webp": (66, 72, 78, 84, 90), "jpg": (68, 74, 80, 86, 92)}
SPEEDS = (6, 8, 9)  # of AVIF's encoder

WINDOW = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
WINDOW /= WINDOW.sum()


def blurred(plane: np.ndarray) -> np.ndarray:
    """The plane convolved with the window, without its edges."""
    rows = sum(weight * plane[n : plane.shape[0] - 10 + n] for n, weight in enumerate(WINDOW))
    return np.asarray(sum(weight * rows[:, n : rows.shape[1] - 10 + n] for n, weight in enumerate(WINDOW)))


def ssim(one: Image.Image, other: Image.Image) -> float:
    """How alike two pictures of one size are: 1 if they are the same."""
    x, y = (np.asarray(image.convert("L"), dtype=np.float64) for image in (one, other))
    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    shared = blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * mean_x * mean_y + c1) * (2 * shared + c2)
    return float((alike / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))).mean())


def measured(images: list[Image.Image], format: Format, **options: int) -> tuple[float, float, float]:
    """Mean SSIM, bits for each pixel and seconds of the processor for the images, by the format's own options."""
    alike, bits, seconds = [], [], 0.0
    for image in images:
        file = io.BytesIO()
        begun = time.process_time()
        image.save(
            file, {"jpg": "JPEG"}.get(format.name, format.name.upper()), **{**format.options, **options}
        )
        seconds += time.process_time() - begun
        bits.append(8 * file.tell() / (image.width * image.height))
        with Image.open(file) as written:
            alike.append(ssim(image, written.convert("RGB")))
    return sum(alike) / len(alike), sum(bits) / len(bits), seconds / len(images)


def rows() -> Iterator[tuple[str, Format, dict[str, int]]]:
    """What is tried: each format's qualities, and AVIF's speeds at the chosen quality."""
    for format in FORMATS:
        for quality in STEPS[format.name]:
            mark = " ←" if quality == format.quality else ""
            yield f"{format.name} {quality}{mark}", format, {"quality": quality}
        if format.name == "avif":
            for speed in SPEEDS:
                yield (
                    f"avif {format.quality}, speed {speed}",
                    format,
                    {"quality": format.quality, "speed": speed},
                )


def main() -> None:
    slugs = sys.argv[1:] or SLUGS
    large = [painting(slug, 3000, 2250) for slug in slugs]
    prints = [{image.width: image for image in scale_to_widths(picture, 3000)} for picture in large]
    print(f"{', '.join(slugs)}: SSIM, bits for each pixel, seconds of the processor for one")
    print(f"{'':18}" + "".join(f"{f'{width} px':>28}" for width in WIDTHS))
    for label, format, options in rows():
        cells = []
        for width in WIDTHS:
            alike, bits, seconds = measured([images[width] for images in prints], format, **options)
            cells.append(f"{alike:10.4f}{bits:9.2f}{seconds:7.2f} s")
        print(f"{label:18}" + "".join(f"{cell:>28}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
