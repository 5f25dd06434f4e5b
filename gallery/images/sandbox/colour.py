"""Colour spaces that a file gives as numbers, not as an ICC profile. They are converted to an ICC profile.

H.273 numbers primaries and transfer functions; PNG's gAMA and cHRM chunks contain the values. HDR pictures
are tone-mapped as in Chromium, with the operator of SMPTE ST 2094-50 that works relative to reference white.
"""

import math
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from PIL import Image, ImageMath

from gallery.images.sandbox.containers import Cicp

Matrix = tuple[tuple[float, float, float], ...]
Chromaticities = Sequence[float]  # x and y of white, red, green and blue

D65, C = (0.3127, 0.3290), (0.3100, 0.3160)
SRGB = (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
BT2020 = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)

# H.273, table 2. "Unspecified" (2) is taken as sRGB.
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    2: SRGB,
    4: (*C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (*C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: BT2020,
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}

PQ, HLG = 16, 18  # transfer functions of HDR pictures


def srgb_curve(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def gamma_curve(exponent: float) -> Callable[[float], float]:
    return lambda value: value**exponent


# H.273, table 3: functions from the value in the file to linear light. The curves of television standards are
# taken as sRGB, as in browsers.
CURVES: dict[int, Callable[[float], float]] = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15), srgb_curve),
    4: gamma_curve(2.2),
    5: gamma_curve(2.8),
    7: lambda value: value / 4 if value < 0.0913 else ((value + 0.1115) / 1.1115) ** (1 / 0.45),
    8: gamma_curve(1.0),
    17: lambda value: min(1.0, 52.37 / 48 * value**2.6),
}

CURVE_ENTRIES = 1024  # points of each tone curve in an ICC profile
REFERENCE_WHITE = 203.0  # cd/m² of reference white in an HDR picture (ITU-R BT.2408)
MAX_BRIGHTNESS = 1000.0 / REFERENCE_WHITE  # the assumed peak of an HDR picture, relative to reference white
PAPER_WHITE = 0.5  # linear light of reference white after tone mapping; 1 is the screen's white
KAPPA = 0.65  # bend of the tone curve between reference white and the peak
X_BEND, Y_BEND = 1 - KAPPA + KAPPA / PAPER_WHITE, (1 - KAPPA) * PAPER_WHITE + KAPPA
LUMINANCE = (0.2627, 0.6780, 0.0593)  # the weights of red, green and blue in BT.2020 luminance
MIN_LIGHT = 1e-6  # avoids division by zero
STRIP_PIXELS = 500_000

BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
D50 = (0.9642, 1.0, 0.8249)


def profile_for(cicp: Cicp) -> bytes | Cicp | None:
    """An ICC profile for the code points; the code points themselves for HDR; None for sRGB and for
    unknown code points."""
    if cicp.primaries not in PRIMARIES:
        return None
    if cicp.transfer in (PQ, HLG):
        return cicp
    curve = CURVES.get(cicp.transfer)
    if curve is None or (PRIMARIES[cicp.primaries] == SRGB and curve is srgb_curve):
        return None
    return icc_profile(PRIMARIES[cicp.primaries], curve)


def profile_for_gamma(gamma: float | None, chromaticities: Chromaticities | None) -> bytes | None:
    """The profile for a PNG's gAMA and cHRM; None without a usable gAMA, even if there is a cHRM."""
    if gamma is None or not 0.05 <= gamma <= 10:
        return None
    if chromaticities is None and abs(gamma - 0.45455) < 0.0005:  # many programs write this value for sRGB
        return None
    try:
        return icc_profile(chromaticities or SRGB, gamma_curve(1 / gamma))
    except (ZeroDivisionError, OverflowError, struct.error):
        return None


@lru_cache(maxsize=1)
def icc_profile(chromaticities: Chromaticities, curve: Callable[[float], float]) -> bytes:
    """A profile of version 2 with three colorants and one curve."""
    columns = tuple(
        zip(
            *adapted_to_d50(rgb_to_xyz(chromaticities), xyz(chromaticities[0], chromaticities[1])),
            strict=True,
        )
    )
    table = [
        round(65535 * min(1.0, max(0.0, curve(row / (CURVE_ENTRIES - 1))))) for row in range(CURVE_ENTRIES)
    ]
    tone = b"curv\0\0\0\0" + struct.pack(f">I{CURVE_ENTRIES}H", CURVE_ENTRIES, *table)
    name = b"stated\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz_tag(D50),
        **{key: _xyz_tag(column) for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), tone),
    }
    directory, bodies, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for key, body in tags.items():
        directory += key + struct.pack(">II", start + len(bodies), len(body))
        bodies += body + b"\0" * (-len(body) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(bodies), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz_tag(D50)[8:]
    return head.ljust(128, b"\0") + directory + bodies


def _xyz_tag(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def tone_mapped(image: Image.Image, cicp: Cicp) -> Image.Image:
    """An HDR picture converted to sRGB in standard dynamic range (SDR), some rows at a time."""
    image = image.convert("RGB")
    result = Image.new("RGB", image.size)
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        result.paste(_tone_mapped_strip(strip, cicp), (0, top))
    return result


def _tone_mapped_strip(strip: Image.Image, cicp: Cicp) -> Image.Image:
    decode = pq_light if cicp.transfer == PQ else hlg_light
    table = [decode(value / 255) for value in range(256)]
    light = [band.point(table, "F") for band in strip.split()]
    primaries = PRIMARIES[cicp.primaries]
    if primaries != BT2020:
        light = _apply_matrix(
            matrix_product(matrix_inverse(rgb_to_xyz(BT2020)), rgb_to_xyz(primaries)), light
        )
    if cicp.transfer == HLG:  # from scene light to display light (BT.2100)
        red, green, blue = light
        gain = _evaluate(
            lambda at: (
                at["max"](at["r"] * LUMINANCE[0] + at["g"] * LUMINANCE[1] + at["b"] * LUMINANCE[2], MIN_LIGHT)
                ** 0.2
                * MAX_BRIGHTNESS
            ),
            r=red,
            g=green,
            b=blue,
        )
        light = [_evaluate(lambda at: at["a"] * at["b"], a=each, b=gain) for each in light]
    red, green, blue = light
    brightest = _evaluate(
        lambda at: at["max"](at["max"](at["max"](at["r"], at["g"]), at["b"]), MIN_LIGHT),
        r=red,
        g=green,
        b=blue,
    )
    scale = _evaluate(_tone_scales, m=brightest)
    light = [_evaluate(lambda at: at["a"] * at["b"], a=each, b=scale) for each in light]
    light = _apply_matrix(matrix_product(matrix_inverse(rgb_to_xyz(SRGB)), rgb_to_xyz(BT2020)), light)
    numbers = [_evaluate(lambda at: at["max"](at["a"], 0.0) * 65535 + 0.5, a=each) for each in light]
    return Image.merge("RGB", [each.convert("I").point(srgb_encoding_table(), "L") for each in numbers])


def _evaluate(formula: Callable[[dict[str, Any]], Any], **images: Image.Image) -> Image.Image:
    result = ImageMath.lambda_eval(formula, **images)
    assert isinstance(result, Image.Image)
    return result


def _apply_matrix(matrix: Matrix, light: list[Image.Image]) -> list[Image.Image]:
    red, green, blue = light
    return [
        _evaluate(
            lambda at, row=row: at["r"] * row[0] + at["g"] * row[1] + at["b"] * row[2],  # type: ignore[misc]
            r=red,
            g=green,
            b=blue,
        )
        for row in matrix
    ]


def _tone_scales(at: dict[str, Any]) -> Any:
    """tone_scale for a whole image: `m` has the largest colour component of each pixel."""
    low, high = at["min"](at["m"], 1.0), at["min"](at["max"](at["m"], 1.0), MAX_BRIGHTNESS)
    a, b = 1 - 2 * X_BEND + MAX_BRIGHTNESS, 2 * (X_BEND - 1)
    t = ((high - 1.0) * (4 * a) + b * b) ** 0.5 * (1 / (2 * a)) - b / (2 * a)
    left = t * -1.0 + 1.0
    # Up to reference white, t is 0: the terms of the curve cancel out, and `low * PAPER_WHITE` remains.
    return (
        left * left * PAPER_WHITE + left * t * (2 * Y_BEND) + t * t - PAPER_WHITE + low * PAPER_WHITE
    ) / at["m"]


@lru_cache(maxsize=1)
def srgb_encoding_table() -> list[int]:
    """The 8-bit sRGB value for each of 65536 steps of linear light."""
    return [round(255 * srgb_encoded(step / 65535)) for step in range(65536)]


def pq_light(value: float) -> float:
    """The linear light of a PQ value (SMPTE ST 2084); 1 is reference white."""
    root = value ** (1 / 78.84375)
    return float(
        10_000
        / REFERENCE_WHITE
        * (max(0.0, root - 0.8359375) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    )


def hlg_light(value: float) -> float:
    """The scene light of an HLG value (ITU-R BT.2100); 1 is the peak."""
    return (
        value * value / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )


def tone_scale(brightest: float) -> float:
    """The factor for a colour whose largest component is `brightest`: PAPER_WHITE up to reference white,
    then along a Bézier curve that reaches the screen's white at MAX_BRIGHTNESS."""
    if brightest <= 1:
        return PAPER_WHITE
    if brightest >= MAX_BRIGHTNESS:
        return 1 / brightest
    a, b, c = 1 - 2 * X_BEND + MAX_BRIGHTNESS, 2 * (X_BEND - 1), 1 - brightest
    t = (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)
    return ((1 - t) ** 2 * PAPER_WHITE + 2 * t * (1 - t) * Y_BEND + t * t) / brightest


def srgb_encoded(light: float) -> float:
    """The sRGB value (0 to 1) of linear light (0 to 1)."""
    light = min(1.0, max(0.0, light))
    return float(12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def rgb_to_xyz(chromaticities: Chromaticities) -> Matrix:
    """The matrix from linear RGB with these primaries to XYZ, relative to their white point."""
    white, *primaries = (xyz(chromaticities[at], chromaticities[at + 1]) for at in range(0, 8, 2))
    columns = tuple(zip(*primaries, strict=True))
    strengths = matrix_times_vector(matrix_inverse(columns), white)
    return tuple((a * strengths[0], b * strengths[1], c * strengths[2]) for a, b, c in columns)


def xyz(x: float, y: float) -> tuple[float, float, float]:
    return x / y, 1.0, (1 - x - y) / y


def adapted_to_d50(matrix: Matrix, white: Sequence[float]) -> Matrix:
    """The matrix adapted to the white point D50, which ICC profiles use (Bradford's method)."""
    ours, theirs = matrix_times_vector(BRADFORD, white), matrix_times_vector(BRADFORD, D50)
    gains: Matrix = (
        (theirs[0] / ours[0], 0.0, 0.0),
        (0.0, theirs[1] / ours[1], 0.0),
        (0.0, 0.0, theirs[2] / ours[2]),
    )
    return matrix_product(matrix_inverse(BRADFORD), matrix_product(gains, matrix_product(BRADFORD, matrix)))


def matrix_times_vector(matrix: Matrix, vector: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = vector
    first, second, third = (row[0] * x + row[1] * y + row[2] * z for row in matrix)
    return first, second, third


def matrix_product(one: Matrix, other: Matrix) -> Matrix:
    columns = tuple(zip(*other, strict=True))
    return tuple(matrix_times_vector(columns, row) for row in one)


def matrix_inverse(m: Matrix) -> Matrix:
    """The inverse matrix. Raises ZeroDivisionError if there is none."""
    (a, b, c), (d, e, f), (g, h, i) = m
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )
