"""The pictures for the benchmarks: the demo's paintings in any size, with the grain of paper."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageOps

from gallery.demo.scenes import draw_scene

QUALITY = 92  # of the JPEG, about what telephones use
GRAIN = 14  # standard deviation of the grain, in levels of 255: a telephone's picture of paper indoors


def painting(slug: str, width: int, height: int) -> Image.Image:
    """A painting cut to width × height px, with fine grain as of a camera, so that no area is flat."""
    # Above some 3,000 px the drawing is soft, as paint is; the grain is always as fine as the pixels.
    picture = ImageOps.fit(draw_scene(slug, min(width, 4000)), (width, height), Image.Resampling.BICUBIC)
    tile = Image.effect_noise((1024, 1024), GRAIN)
    grain = Image.new("L", (width, height))
    for number, top in enumerate(range(0, height, 1024)):
        for left in range(0, width, 1024):
            grain.paste(ImageChops.offset(tile, 311 * number, left // 7), (left, top))
    return Image.merge("RGB", [ImageChops.add(band, grain, offset=-128) for band in picture.split()])


def photographed(slug: str, width: int, height: int, folder: Path) -> Path:
    """The painting as a JPEG in `folder`; returns its path."""
    path = folder / f"{slug}-{width}x{height}.jpg"
    aside(_save, slug, width, height, path)
    return path


def _save(slug: str, width: int, height: int, path: Path) -> None:
    painting(slug, width, height).save(path, quality=QUALITY)


def aside(make: Callable[..., None], *arguments: Any) -> None:
    """Call `make` in a separate process, because the kernel counts a parent's memory towards that of later
    children.
    """
    process = multiprocessing.get_context("spawn").Process(target=make, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{make.__name__} ended with {process.exitcode}")
