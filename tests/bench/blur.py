"""How often the hint on blurred pictures is right: hits on blurred drawings, false alarms on sharp ones.

Run: python -m tests.bench.blur [width] (draws every picture of the demo, by default 1200 px wide)

Each drawing is measured as it is, in ways in which sharp pictures differ (heavily compressed, small, noisy,
smoothed as phones do, reduced to a few colours), and blurred: out of focus (Gaussian, sigma in px for 1024 px
on the longer side) and shaken
(a line of so many px).
"""

from __future__ import annotations

import io
import statistics
import sys
from collections.abc import Callable, Mapping

from PIL import Image, ImageChops, ImageFilter

from gallery.demo.scenes import SCENES, draw_scene
from gallery.images.sandbox.developing import SHARPNESS_SIDE, softness
from gallery.reviews.checks.picture import BLURRED

Change = Callable[[Image.Image], Image.Image]


def out_of_focus(sigma: float) -> Change:
    return lambda image: image.filter(ImageFilter.GaussianBlur(sigma * max(image.size) / SHARPNESS_SIDE))


def shaken(length: float) -> Change:
    def shake(image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.BoxBlur((length / 2 * max(image.size) / SHARPNESS_SIDE, 0)))

    return shake


def pressed(quality: int) -> Change:
    def press(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return press


def small(image: Image.Image) -> Image.Image:
    return image.resize((640, round(640 * image.height / image.width)), Image.Resampling.LANCZOS)


def noisy(image: Image.Image) -> Image.Image:
    noise = Image.effect_noise(image.size, 24).convert("RGB")
    return ImageChops.add(image, noise, offset=-128)


SHARP: Mapping[str, Change] = {
    "as drawn": lambda image: image,
    "JPEG of quality 30": pressed(30),
    "640 px wide": small,
    "noisy": noisy,
    "noise smoothed away": lambda image: image.filter(ImageFilter.MedianFilter(3)),
    "eight colours": lambda image: image.quantize(8).convert("RGB"),
}
BLURRY: Mapping[str, Change] = {
    **{f"out of focus, sigma {sigma}": out_of_focus(sigma) for sigma in (1, 1.5, 2, 3, 5)},
    **{f"shaken by {length} px": shaken(length) for length in (4, 6, 10, 16)},
    "out of focus, sigma 3, noisy": lambda image: noisy(out_of_focus(3)(image)),
}


def main() -> None:
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 1200
    drawings = [draw_scene(slug, width) for slug in SCENES]
    print(f"{len(drawings)} drawings, {width} px wide; a hint from {BLURRED} of 1000 on")
    for word, changes in (("false alarms", SHARP), ("hits", BLURRY)):
        for name, change in changes.items():
            found = [softness([change(drawing)]) for drawing in drawings]
            told = sum(each >= BLURRED for each in found)
            middle = statistics.median(found)
            print(
                f"{word:12} {told:2} of {len(found)}  {name:28} softness {min(found)} to {max(found)}, median {middle:.0f}"
            )


if __name__ == "__main__":
    main()
