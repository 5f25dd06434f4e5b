"""How many copies of a picture its fingerprint finds, and how many different pictures it takes for copies.

Run: python -m tests.bench.likeness [pictures]   (by default 200)

Works are the pictures of the demo, compositions of soft shapes and line drawings; a third of the others are logos. A copy
is a crop to 60 to 100 % of the width and of the height, each by itself, unless its name says otherwise. False alarms are
pairs of a work and a copy of another picture: logos are compared with works and never with one another.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from gallery.demo.scenes import SCENES, draw_scene
from gallery.images import fingerprints
from gallery.images.fingerprints import is_similar
from gallery.images.sandbox.decoding import TRANSPOSITIONS
from gallery.images.sandbox.developing import compute_fingerprint

SIDE = 400  # px
Change = Callable[[Image.Image, random.Random], Image.Image]


def pictures(number: int) -> list[Image.Image]:
    scenes = [draw_scene(slug, SIDE) for slug in list(SCENES)[:number]]
    return [*scenes, *(KINDS[seed % 3](random.Random(seed)) for seed in range(number - len(scenes)))]


def is_work(number: int) -> bool:
    return number < len(SCENES) or KINDS[(number - len(SCENES)) % 3] is not profile_image


def colour(chance: random.Random, least: int = 0, most: int = 255) -> tuple[int, int, int]:
    return chance.randint(least, most), chance.randint(least, most), chance.randint(least, most)


def shapes(chance: random.Random) -> Image.Image:
    """A picture as a child may paint it: a background, a horizon, some large and many small shapes."""
    width, height = SIDE, round(SIDE * chance.choice((0.67, 0.75, 1, 1.33, 1.5)))
    sheet = Image.new("RGB", (width, height), colour(chance))
    pen = ImageDraw.Draw(sheet)
    if chance.random() < 0.6:
        pen.rectangle((0, chance.randrange(height), width, height), fill=colour(chance))
    for _ in range(chance.randrange(4, 18)):
        x, y, size = chance.randrange(width), chance.randrange(height), chance.randrange(20, 180)
        box = (x - size, y - size * chance.uniform(0.3, 1), x + size, y + size * chance.uniform(0.3, 1))
        (pen.ellipse if chance.random() < 0.6 else pen.rectangle)(box, fill=colour(chance))
    return sheet.filter(ImageFilter.GaussianBlur(1.2))


def lines(chance: random.Random) -> Image.Image:
    """A drawing with coloured pens on white paper."""
    width, height = SIDE, round(SIDE * chance.choice((0.7, 0.75, 1, 1.4)))
    sheet = Image.new("RGB", (width, height), colour(chance, 225))
    for _ in range(chance.randrange(12, 60)):
        points = [(chance.randrange(width), chance.randrange(height))]
        for _step in range(chance.randrange(3, 12)):
            x, y = points[-1]
            points.append((x + chance.randint(-50, 50), y + chance.randint(-50, 50)))
        ImageDraw.Draw(sheet).line(points, colour(chance, 0, 200), chance.randrange(2, 9), "curve")
    return sheet.filter(ImageFilter.GaussianBlur(0.8))


def profile_image(chance: random.Random) -> Image.Image:
    """A logo: few flat shapes in the middle, on white, and a word below."""
    sheet = Image.new("RGB", (SIDE, chance.choice((SIDE, SIDE // 2))), "white")
    pen, middle = ImageDraw.Draw(sheet), sheet.height * 0.4
    for _ in range(chance.randrange(2, 6)):
        x, y, size = (
            SIDE / 2 + chance.randint(-60, 60),
            middle + chance.randint(-40, 40),
            chance.randint(20, 110),
        )
        draw_one: Any = chance.choice((pen.ellipse, pen.rectangle, pen.regular_polygon))
        if draw_one == pen.regular_polygon:
            pen.regular_polygon((x, y, size), chance.randint(3, 8), chance.randrange(90), fill=colour(chance))
        else:
            draw_one((x - size, y - size, x + size, y + size), fill=colour(chance))
    word = "".join(chance.choice("abcdefghikmnorstu") for _ in range(chance.randrange(4, 12)))
    pen.text((SIDE / 2, sheet.height * 0.85), word, colour(chance, 0, 120), anchor="mm", font_size=44)
    return sheet


KINDS = (shapes, lines, profile_image)


def cropped(image: Image.Image, chance: random.Random) -> Image.Image:
    width, height = (round(side * chance.uniform(0.6, 1)) for side in image.size)
    left, top = chance.randint(0, image.width - width), chance.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def recompressed(image: Image.Image, chance: random.Random) -> Image.Image:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=chance.randint(40, 80))
    return Image.open(encoded).convert("RGB")


def turned(image: Image.Image, chance: random.Random) -> Image.Image:
    return image.transpose(chance.choice(list(TRANSPOSITIONS.values())))


def smaller(image: Image.Image, chance: random.Random) -> Image.Image:
    part = chance.uniform(0.4, 1)
    return image.resize((round(image.width * part), round(image.height * part)), Image.Resampling.LANCZOS)


def mixed(image: Image.Image, chance: random.Random) -> Image.Image:
    return recompressed(smaller(turned(cropped(image, chance), chance), chance), chance)


def on_a_page(image: Image.Image, chance: random.Random) -> Image.Image:
    """The whole picture on a page of another colour, filling 65 to 100 % of its width and height."""
    width, height = (round(side / chance.uniform(0.65, 1)) for side in image.size)
    page = Image.new("RGB", (width, height), colour(chance))
    page.paste(image, (chance.randint(0, width - image.width), chance.randint(0, height - image.height)))
    return recompressed(page, chance)


COPIES: Mapping[str, Change] = {
    "whole, recompressed": recompressed,
    "cropped": cropped,
    "cropped, mirrored": lambda image, chance: ImageOps.mirror(cropped(image, chance)),
    "cropped, mirrored or turned": lambda image, chance: turned(cropped(image, chance), chance),
    "cropped, turned, smaller, recompressed": mixed,
    "the same in grey": lambda image, chance: ImageOps.grayscale(mixed(image, chance)).convert("RGB"),
    "whole, on a page": on_a_page,
}


def taken(image: Image.Image, seed: int) -> tuple[bytes, dict[str, bytes]]:
    """The fingerprint of a picture, and those of its copies by their names."""
    copies = {name: compute_fingerprint(copy(image, random.Random(seed))) for name, copy in COPIES.items()}
    return compute_fingerprint(image), copies


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    drawn = pictures(number)
    began = time.perf_counter()
    compute_fingerprint(drawn[0])
    once = time.perf_counter() - began
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(taken, drawn, range(number), chunksize=4))
    works = [one for one in range(number) if is_work(one)]
    print(
        f"{number} pictures, {len(works)} of them works; "
        f"{fingerprints.LENGTH:,} bytes and {1000 * once:.0f} ms for a fingerprint"
    )
    for name in COPIES:
        hits = sum(is_similar(found[one][0], found[one][1][name]) for one in works)
        print(f"hits          {hits / len(works):8.1%}   {name}")
    began = time.perf_counter()
    for name in ("whole, recompressed", "cropped, turned, smaller, recompressed"):
        pairs = [(one, other) for one in works for other in range(number) if one != other]
        alarms = [pair for pair in pairs if is_similar(found[pair[0]][0], found[pair[1]][1][name])]
        print(
            f"false alarms  {len(alarms) / len(pairs):8.3%}   {len(alarms)} of {len(pairs):,} pairs; {name}"
        )
    print(f"{1e6 * (time.perf_counter() - began) / (2 * len(pairs)):.0f} µs for a pair")


if __name__ == "__main__":
    main()
