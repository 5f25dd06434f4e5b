"""Accent colours of themes: whether a colour is readable on the page's backgrounds, by day and by night.

Contrast is defined by WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from __future__ import annotations

import colorsys
import re

DAY_BACKGROUNDS = ("#faf8f4", "#f3efe8")  # the page's paper and wall colours
NIGHT_BACKGROUNDS = ("#14130f", "#1b1915")
DAY_SURFACE_TEXT, NIGHT_SURFACE_TEXT = "#faf8f4", "#f1ece2"  # text on a surface in the accent
NIGHT_SURFACE_SHADE = 0.62  # of the lightness by day
MIN_CONTRAST = 4.5  # WCAG 1.4.3, for text of normal size

COLOUR_PATTERN = re.compile(r"#[0-9a-f]{6}")
LIGHTNESS_STEPS = 512  # steps of lightness from a colour to black or white


def relative_luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, from 1 (equal) to 21 (black and white)."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lowest_contrast(colour: str, grounds: tuple[str, ...]) -> float:
    """The lowest contrast ratio of `colour` with any of the backgrounds `grounds`."""
    return min(contrast(colour, ground) for ground in grounds)


def is_readable(colour: str, grounds: tuple[str, ...]) -> bool:
    return lowest_contrast(colour, grounds) >= MIN_CONTRAST


def nearest_readable(colour: str, grounds: tuple[str, ...]) -> str:
    """The nearest tone of the same hue that is readable on all `grounds`: `colour` itself, if possible.

    The tone gets darker on light backgrounds and lighter on dark ones.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    target = 0.0 if relative_luminance(grounds[0]) > 0.5 else 1.0
    for step in range(LIGHTNESS_STEPS + 1):
        toned = lightness + (target - lightness) * step / LIGHTNESS_STEPS
        tone = colour if step == 0 else _hex_colour(colorsys.hls_to_rgb(hue, toned, saturation))
        if is_readable(tone, grounds):
            return tone
    raise ValueError(f"No tone is readable on {grounds}")


def surface_colours(accent: str) -> tuple[str, str]:
    """An accent as the colour of a whole surface, by day and, darker, by night: text on both is readable."""
    day = nearest_readable(accent.lower(), (DAY_SURFACE_TEXT,))
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(day))
    dark = _hex_colour(colorsys.hls_to_rgb(hue, lightness * NIGHT_SURFACE_SHADE, saturation * 0.85))
    return day, nearest_readable(dark, (NIGHT_SURFACE_TEXT,))


def _channels(colour: str) -> tuple[float, float, float]:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _hex_colour(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
