"""Parts of people, and footballs, for the demo's pictures."""

import math
from collections.abc import Sequence

from gallery.demo.brushes import Canvas, Mask, Outline, Point, arc, ellipse, ribbon, smooth

INK = "#2a2024"


def limb(points: Sequence[Point], width: float, start: float = 1, end: float = 0.85) -> Outline:
    """An arm or a leg through the given joints."""
    return ribbon(smooth(points, closed=False, steps=5), width, start, end)


def face(
    s: Canvas,
    x: float,
    y: float,
    r: float,
    skin: str,
    mood: str = "glad",
    look: float = 0,
    ink: str = INK,
    cheeks: str = "#e0664f",
) -> Mask:
    """A round face of radius `r`. `mood` is glad, happy (eyes closed) or singing; `look` shifts the eyes."""
    head = s.gouache(ellipse(x, y, r * 0.96, r), skin, 20, 10)
    for side in (-1, 1):
        cx = x + side * r * 0.53 + look * r * 0.12
        s.gouache(ellipse(cx, y + r * 0.27, r * 0.19, r * 0.14), cheeks, 0, 8, 3, 0.55)
        ex, ey = x + side * r * 0.34 + look * r * 0.2, y - r * 0.06
        if mood in ("happy", "singing"):
            s.crayon_line(
                arc(ex, ey + r * 0.06, r * 0.14, r * 0.13, 195, 345), r * 0.075, ink, 0.95, r * 0.01
            )
        else:
            s.gouache(ellipse(ex, ey, r * 0.075, r * 0.105), ink, 0, 4, 0.8)
    mx = x + look * r * 0.16
    if mood == "singing":
        s.gouache(ellipse(mx, y + r * 0.48, r * 0.17, r * 0.2), "#8c2b2b", 0, 6, 1)
    else:
        s.crayon_line(arc(mx, y + r * 0.2, r * 0.34, r * 0.32, 25, 155), r * 0.08, "#8c2b2b", 0.95, r * 0.01)
    s.crayon_line(
        [(mx - r * 0.02, y + r * 0.12), (mx + r * 0.05, y + r * 0.2)], r * 0.06, "#a05a3a", 0.8, 0.3
    )
    return head


def hand(x: float, y: float, r: float, heading: float, spread: float = 1) -> list[Outline]:
    """An open hand: a palm, four fingers and a thumb, that points in the direction `heading` (degrees)."""
    parts = [ellipse(x, y, r, r * 0.85, heading)]
    for off, reach in ((-36, 1.7), (-12, 1.95), (12, 1.95), (36, 1.7), (82, 1.45)):
        a = math.radians(heading + off * spread)
        cos, sin = math.cos(a), math.sin(a)
        tip = (x + cos * r * reach, y + sin * r * reach)
        parts.append(ribbon([(x + cos * r * 0.4, y + sin * r * 0.4), tip], r * 0.52, 1, 0.9))
    return parts


def ball_patches(x: float, y: float, r: float, turn: float = 0) -> list[Outline]:
    """The dark parts of a football: a pentagon, its seams and five patches at the rim."""

    def at(a: float, d: float) -> Point:
        return x + r * d * math.cos(math.radians(a)), y + r * d * math.sin(math.radians(a))

    corners = [turn - 90 + 72 * k for k in range(5)]
    parts: list[Outline] = [[at(a, 0.36) for a in corners]]
    for a in corners:
        parts.append(ribbon([at(a, 0.34), at(a, 0.74)], r * 0.075))
        parts.append([at(a - 15, 0.84), at(a, 0.7), at(a + 15, 0.84), at(a + 20, 1.06), at(a - 20, 1.06)])
        parts.append(ribbon([at(a + 13, 0.84), at(a + 36, 0.8), at(a + 59, 0.84)], r * 0.06))
    return parts


def ball(
    s: Canvas, x: float, y: float, r: float, turn: float = 0, white: str = "#f8f3e6", ink: str = INK
) -> None:
    """A football in gouache."""
    skin = s.gouache(ellipse(x, y, r), white, 30, 10)
    s.gouache(s.within(s.mask(*ball_patches(x, y, r, turn), waver=r * 0.015), skin), ink, 40, 14, 1)
    shade = s.without(s.within(s.mask(ellipse(x, y, r)), skin), s.mask(ellipse(x - r * 0.18, y - r * 0.2, r)))
    s.wash(shade, "#8d93a8", 0.45, 2, 1, 0.1)
