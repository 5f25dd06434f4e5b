"""The demo's pictures for the winter solstice, out of doors."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

import math

from gallery.demo.brushes import (
    Canvas,
    PictureSpec,
    arc,
    around,
    ellipse,
    mix,
    moved,
    rect,
    register_picture,
    ribbon,
    smooth,
    straight,
)
from gallery.demo.people import INK, limb

PICTURES: dict[str, PictureSpec] = {}


@register_picture(PICTURES, 3200, 1800, "#1c2d57")
def snow_village(s: Canvas) -> None:
    """Cut-paper houses under a large moon, deep in snow."""
    x: float
    y: float
    s.cut(s.whole(), "#1d3262")
    for r, colour in ((300, "#274078"), (230, "#33508a")):
        s.cut(ellipse(1330, 270, r), colour, 8, 3)
    s.cut(ellipse(1330, 270, 160), "#f6e6b2", 8, 6)
    s.cut(smooth([(-40, 520), (200, 330), (420, 450), (700, 270), (980, 430), (1240, 350), (1500, 450),
        (1830, 380), (1830, 1040), (-40, 1040)]), "#41619a", 9)
    s.cut(smooth([(-40, 620), (320, 500), (640, 590), (1000, 490), (1400, 580), (1830, 500), (1830, 1040),
        (-40, 1040)]), "#8fabcf", 9)
    for k in range(8):
        x, y = 60 + k * 240, 600 + (k * 53) % 60
        s.cut(ribbon([(x, y + 80), (x + 4, y - 60)], 14), "#3b2b34", 3, 3)
        for j in range(3):
            s.cut(straight([(x - 62 + j * 14, y + 20 - j * 56), (x, y - 90 - j * 56),
                (x + 62 - j * 14, y + 20 - j * 56)]), "#28584f" if k % 2 else "#326a58", 4, 3)
    s.cut(smooth([(-40, 720), (400, 650), (900, 700), (1400, 630), (1830, 690), (1830, 1040),
        (-40, 1040)]), "#d5e1ec", 9)
    houses = (
        (150, 560, 290, 190, "#b8382b"), (520, 610, 330, 200, "#7d3b46"), (930, 540, 280, 190,
            "#c4552f"), (1310, 610, 350, 200, "#a33030"),
    )
    for k, (x, y, w, h, colour) in enumerate(houses):
        s.cut(rect(x, y, w, h + 60), colour, 4, 7)
        s.cut(rect(x + w * 0.4, y + h * 0.38, w * 0.2, h * 0.75), "#3a2228", 3, 3)
        for d in (0.1, 0.68):
            s.cut(rect(x + w * d, y + h * 0.3, w * 0.2, h * 0.34), "#ffcf5e", 3, 3)
            s.crayon_line([(x + w * (d + 0.1), y + h * 0.3), (x + w * (d + 0.1), y + h * 0.64)], 7,
                "#7a3a20")
            s.crayon_line([(x + w * d, y + h * 0.47), (x + w * (d + 0.2), y + h * 0.47)], 7, "#7a3a20")
        for side in (0.33, 0.63):
            s.cut(ellipse(x + w * (side + 0.02), y + h * 0.2 + 20, 15, 17), "#e2452f", 0, 3)
        s.cut(rect(x + w * 0.7, y - 150, 44, 110), "#5d3038", 3, 3)
        s.cut(rect(x + w * 0.7 - 8, y - 162, 60, 24), "#f8f6ef", 3, 2)
        s.cut(smooth([(x - 52, y + 20), (x - 30, y - 24), (x + w * 0.22, y - 112), (x + w * 0.5, y - 134),
            (x + w * 0.78, y - 112), (x + w + 30, y - 24), (x + w + 52, y + 20), (x + w * 0.75, y + 34),
            (x + w * 0.5, y + 14), (x + w * 0.25, y + 36)]), "#f8f6ef", 6, 7)
        smoke = smooth([(x + w * 0.7 + 22, y - 176), (x + w * 0.7 - 20, y - 250),
            (x + w * 0.7 + 50, y - 320), (x + w * 0.7 + 10, y - 400 + k * 12)], False)
        s.cut(ribbon(smoke, 34, 0.5, 1.2), "#b9c9de", 5, 3)
    s.cut(smooth([(-40, 850), (300, 800), (700, 850), (1200, 800), (1830, 850), (1830, 1040),
        (-40, 1040)]), "#f8f6ef", 8, 7)
    for k in range(11):
        s.cut(ellipse(700 + k * 22 + (k % 2) * 16, 985 - k * 12, 13 - k * 0.5, 8), "#b4c6da", 0, 1)
    s.cut(smooth([(985, 860), (1010, 790), (1050, 780), (1085, 800), (1100, 866)]), "#e0a030", 4, 5)
    s.cut(ellipse(1046, 762, 32), "#c8382c", 3, 4)
    s.cut(ellipse(1046, 728, 12), "#f8f6ef", 0, 2)
    s.cut(limb([(1090, 815), (1140, 850)], 20), "#e0a030", 2, 3)
    s.cut(smooth([(1150, 880), (1160, 835), (1200, 830), (1215, 806), (1240, 820), (1236, 846),
        (1230, 886), (1212, 886), (1206, 862), (1174, 864), (1168, 888)]), "#4a3540", 3, 3)
    for _ in range(150):
        x, y = s.rng.uniform(0, 1780), s.rng.uniform(0, 1000)
        s.cut(ellipse(x, y, s.rng.uniform(3.5, 9)), "#fbfaf5", 0, 1.6)


@register_picture(PICTURES, 2400, 3600, "#efe7d6")
def plum_blossom(s: Canvas) -> None:
    """A branch of plum blossom in snow, in ink with red dabs."""
    s.wash(s.whole(), "#d3cfc6", 0.55, 20, 2, 0)
    s.wash(ellipse(690, 330, 250), "#b9b4ae", 0.3, 14, 1, 0.1)
    s.gouache(ellipse(690, 330, 205), "#f8f2e2", 0, 10, 8, 0.9)
    for k in range(3):
        s.wash(smooth([(-60, 1180 + k * 90), (240, 1080 + k * 90), (560, 1190 + k * 70),
            (820, 1110 + k * 90), (1060, 1180 + k * 90), (1060, 1560), (-60, 1560)]), "#a9adb4", 0.3, 18,
            1, 0.2, 10)
    trunk = smooth([(20, 1540), (160, 1290), (120, 1120), (300, 960), (290, 800), (470, 650), (500, 480)],
        False, 12)
    for k in range(3):
        s.stroke(moved(trunk, (k - 1) * 16, k * 5), 120 - k * 26, "#2b2629", 0.45, 1.1, 0.25, 0.1, 0.85)
    for path, w in (
        ([(300, 960), (470, 900), (610, 930), (800, 860), (960, 880)], 52),
        ([(470, 650), (620, 600), (700, 640), (880, 560)], 44),
        ([(290, 820), (180, 700), (190, 560), (90, 420)], 46),
        ([(500, 500), (440, 340), (500, 210), (450, 90)], 36),
        ([(500, 490), (640, 400), (700, 260), (820, 170)], 34),
        ([(610, 930), (700, 1040), (820, 1080)], 28),
        ([(190, 570), (280, 460), (270, 340)], 26),
        ([(140, 1200), (60, 1060), (70, 920)], 36),
        ([(700, 640), (760, 740), (880, 750)], 24),
    ):
        s.stroke(smooth(path, False, 10), w, "#2b2629", 0.4, 1, 0.25, 0.1, 0.92)
        s.stroke(moved(smooth(path[: len(path) // 2 + 2], False, 10), 4, -w * 0.36), w * 0.5, "#fbf8f0",
            0.55, 0.7, 0.4, 0.5)
    s.stroke(moved(trunk, -26, -34), 52, "#fbf8f0", 0.7, 0.8, 0.4, 0.3)
    spots = (
        (940, 868, 62), (800, 850, 74), (640, 900, 66), (880, 556, 72), (740, 610, 70), (560, 600,
            60), (96, 424, 70), (186, 590, 66), (268, 344, 60),
        (452, 96, 66), (498, 240, 72), (818, 172, 70), (700, 290, 62), (600, 430, 66), (820, 1080,
            60), (716, 1030, 52), (76, 930, 60), (884, 752, 56), (390, 760, 58), (330, 640, 46),
    )
    for k, (x, y, r) in enumerate(spots):
        red = ("#c92f38", "#d94a4e", "#b8242f", "#e27a78")[k % 4]
        turn = s.rng.uniform(0, 72)
        for p in range(5):
            a = math.radians(turn + p * 72)
            petal = ellipse(x + r * 0.52 * math.cos(a), y + r * 0.48 * math.sin(a), r * 0.5, r * 0.43,
                math.degrees(a))
            s.wash(petal, red, 0.95, 4, 2, 0.6)
        for p in range(11):
            a = math.radians(p * 33 + turn)
            d = r * s.rng.uniform(0.34, 0.56)
            tip = (x + d * math.cos(a), y + d * math.sin(a))
            s.crayon_line([(x, y), tip], 4, "#5c1520", 0.8, 0.4)
            s.gouache(ellipse(*tip, 6), "#f2c75a", 0, 6, 0.6)
        if k % 3 == 0:
            s.gouache(smooth([(x - r * 0.7, y - r * 0.44), (x - r * 0.2, y - r * 0.95),
                (x + r * 0.5, y - r * 0.74), (x + r * 0.3, y - r * 0.5)]), "#fdfbf5", 0, 6, 4, 0.95)
    for k in range(26):
        x, y, r = spots[k % 20]
        a = s.rng.uniform(0, 6.28)
        s.wash(ellipse(x + math.cos(a) * r * 1.5, y + math.sin(a) * r * 1.4, 17, 15), "#b8242f", 0.95, 3, 2)
    s.spatter(s.whole(), "#fdfcf8", 260, 2.5, 11)
    s.gouache(rect(858, 1330, 82, 110), "#b8321f", 0, 16, 3)
    for path in ([(880, 1350), (880, 1420)], [(900, 1352), (920, 1352), (918, 1386), (898, 1388)],
        [(900, 1410), (922, 1418)]):
        s.stroke(path, 9, "#f3ead6", 0.1, 1, 1, 0)


@register_picture(PICTURES, 3200, 1800, "#f3e9d4")
def sun_returns(s: Canvas) -> None:
    """The sun comes back over the mountains after the longest night: a three-colour woodblock."""
    warm = s.block().ink(rect(60, 60, 1658, 880), waver=4)
    for k in range(36):
        a = math.radians(180 + k * 180 / 35)
        near, far = 250, 1020
        if k % 2 == 0:
            continue
        warm.gouge([(889 + near * math.cos(a), 560 + near * math.sin(a)), (889 + far * math.cos(a),
            560 + far * math.sin(a))], 30, 0.35, 1.0)
    s.printed(warm, "#f0a63c", (0, 0), 0.9)
    red = s.block().ink(ellipse(889, 545, 210), waver=3)
    for k in range(8):
        red.gouge(arc(889, 545, 195 - k * 24, 195 - k * 24, 200 + k * 9, 262 - k * 3), 9)
    for k in range(6):
        red.ink(smooth([(120 + k * 270, 170 + (k * 71) % 120), (190 + k * 270, 140 + (k * 71) % 120),
            (290 + k * 270, 166 + (k * 71) % 120), (210 + k * 270, 184 + (k * 71) % 120)]))
    s.printed(red, "#cf3a26", (3, -3), 0.93)
    key = s.block()
    ranges = (
        [(60, 600), (240, 420), (360, 520), (560, 330), (700, 500), (820, 580), (960, 590), (1080, 480),
            (1240, 300), (1400, 470), (1540, 390), (1718, 560)],
        [(60, 720), (260, 620), (460, 700), (700, 590), (890, 680), (1120, 600), (1330, 690), (1530, 610),
            (1718, 700)],
        [(60, 840), (360, 760), (700, 810), (1060, 750), (1400, 820), (1718, 770)],
    )
    for j, points in enumerate(ranges):
        ridge = straight(points, False, 30)
        key.carve([*ridge, (1718, 945), (60, 945)])
        key.ink([*ridge, (1718, 940), (60, 940)], waver=3)
        n = (26, 30, 34)[j]
        for k in range(n):
            i = int(k / n * (len(ridge) - 1))
            x, y = ridge[i]
            for d in range(4 if j == 0 else 3):
                slope = 1 if ridge[min(i + 1, len(ridge) - 1)][1] > y else -1
                x0, y0 = x + d * 9 * slope, y + 18 + d * (62 - j * 12)
                key.gouge(smooth([(x0, y0), (x0 + slope * 10, y0 + 26),
                    (x0 + slope * 30, y0 + 54 - j * 8)], False), 15 - j * 2)
    for x, y, w in ((330, 800, 150), (1180, 790, 170), (1460, 846, 140)):
        key.carve(rect(x - 10, y - 40, w + 20, 110))
        key.ink(smooth([(x - 26, y - 6), (x + w * 0.2, y - 78), (x + w * 0.8, y - 78),
            (x + w + 26, y - 6)]))
        key.ridge([(x, y), (x, y + 70)], 10, 1, 1).ridge([(x + w, y), (x + w, y + 70)], 10, 1,
            1).ridge([(x, y + 68), (x + w, y + 68)], 10, 1, 1)
        key.ink(rect(x + w * 0.2, y + 18, w * 0.2, 50), rect(x + w * 0.6, y + 18, w * 0.2, 24))
        for k in range(5):
            key.gouge([(x + 8 + k * w * 0.22, y - 14), (x + w * 0.22 + k * w * 0.15, y - 64)], 9)
    for k in range(7):
        x, y = 520 + k * 72, 240 - abs(k - 3) * -26
        key.ridge(smooth([(x - 34, y - 10), (x - 14, y - 20), (x, y), (x + 14, y - 22), (x + 36, y - 14)],
            False), 12)
    for path in ([(60, 60), (1718, 60)], [(60, 60), (60, 940)], [(1718, 60), (1718, 940)], [(60, 940),
        (1718, 940)]):
        key.ridge(straight(path, False), 14, 1, 1)
    s.printed(key, "#1e3350", (-2, 3), 0.93)


@register_picture(PICTURES, 3000, 2000, "#e8e2d6")
def winter_crows(s: Canvas) -> None:
    """Bare trees and crows at nightfall in ink wash."""
    r: float
    x: float
    y: float
    s.wash(rect(-40, -40, 1580, 640), "#9aa3b0", 0.5, 30, 2, 0.05)
    s.wash(rect(-40, 420, 1580, 260), "#d99a78", 0.55, 40, 2, 0.05, 12)
    s.gouache(ellipse(1090, 505, 96), "#d9503a", 0, 14, 5, 0.9)
    for k in range(4):
        s.wash(smooth([(-60, 650 + k * 26), (300, 590 + k * 36), (700, 660 + k * 20), (1100, 600 + k * 30),
            (1560, 650 + k * 24), (1560, 1040), (-60, 1040)]), "#8e97a6", 0.26, 14, 1, 0.2, 6)
    s.gouache(smooth([(-40, 760), (400, 720), (900, 780), (1540, 730), (1540, 1040), (-40, 1040)]),
        "#f4f0e6", 2, 16, 12, 0.92)
    for k in range(9):
        s.stroke(smooth([(k * 190 - 60, 840 + (k % 3) * 52), (k * 190 + 80, 826 + (k % 3) * 52),
            (k * 190 + 210, 846 + (k % 3) * 48)], False), 24, "#aab4c2", 0.8, 0.6, 0.3, 0.5, 0.7)
    roosts: list[tuple[float, float, float]] = []
    for x, y, size, lean in ((300, 860, 1.0, -6), (690, 800, 0.62, 5), (1300, 900, 1.12, 4),
        (960, 776, 0.45, -3), (60, 800, 0.55, 6)):
        _bare_tree(s, x, y, 235 * size, -90 + lean, 54 * size, 5, roosts)
    for k in range(22):
        x, y, twig = roosts[(k * 37 + 11) % len(roosts)]
        if twig > 3.4:
            r = 6.2 * twig
            _crow(s, x, y - r * 0.4, r, 1 if k % 2 else -1)
    for k in range(11):
        x, y, r = 460 + k * 62 + s.rng.uniform(-30, 30), 120 + s.rng.uniform(0, 250), s.rng.uniform(22, 42)
        s.stroke(smooth([(x - r * 1.6, y - r * 0.5), (x - r * 0.7, y - r * 0.75), (x, y)], False), r * 0.5,
            "#1f1d26", 0.3, 0.2, 1, 0.3)
        s.stroke(smooth([(x + r * 1.7, y - r * 0.7), (x + r * 0.8, y - r * 0.8), (x, y)], False), r * 0.5,
            "#1f1d26", 0.3, 0.2, 1, 0.3)
        s.gouache(ellipse(x, y + 2, r * 0.62, r * 0.27, 14), "#1f1d26", 0)
    s.gouache(smooth([(570, 905), (590, 850), (620, 838), (646, 856), (660, 912)]), "#b8382b", 80, 16)
    s.gouache(ellipse(616, 826, 21), "#3a2a2c", 0)
    s.stroke([(652, 864), (690, 918)], 8, INK, 0.1)
    for k in range(9):
        s.wash(ellipse(690 + k * 36, 932 + k * 7, 10, 5), "#8e97a6", 0.7, 2, 1)


def _bare_tree(
    s: Canvas, x: float, y: float, length: float, heading: float, width: float, depth: int,
    tips: list[tuple[float, float, float]],
) -> None:
    a = math.radians(heading)
    bend = s.rng.uniform(-0.14, 0.14) * length
    ex, ey = x + length * math.cos(a), y + length * math.sin(a)
    path = smooth([(x, y), ((x + ex) / 2 - bend * math.sin(a), (y + ey) / 2 + bend * math.cos(a)),
        (ex, ey)], False, 6)
    if depth > 2:
        s.stroke(path, width, "#2a2730", 0.12, 1.15, 0.72, 0, 0.95)
    else:
        s.gouache(ribbon(path, width, 1.1, 0.5), "#2a2730", heading, 12, 0.9, 0.92)
    if depth <= 1:
        tips.append((ex, ey, width))
        return
    forks = (-30, 4, 33) if depth in (4, 3) else (-26, 26)
    for fork in forks:
        _bare_tree(s, ex, ey, length * s.rng.uniform(0.6, 0.76), heading + fork + s.rng.uniform(-11, 11),
            width * 0.58, depth - 1, tips)


def _crow(s: Canvas, x: float, y: float, r: float, way: int) -> None:
    body = smooth([(x + way * r * 1.1, y - r * 0.62), (x + way * r * 0.5, y - r * 0.98), (x, y - r * 0.5),
        (x - way * r * 0.9, y + r * 0.3), (x - way * r * 1.5, y + r * 0.9),
        (x - way * r * 0.5, y + r * 0.62), (x + way * r * 0.4, y + r * 0.36),
        (x + way * r * 0.7, y - r * 0.24)])
    s.gouache(body, "#1c1a24", 40, 14, 1.2)


@register_picture(PICTURES, 3200, 2400, "#bcd6de")
def skaters(s: Canvas) -> None:
    """Children skate on the frozen pond; one has fallen and laughs."""
    s.brushed(s.whole(), ["#f4f1e8", "#e7ebec", "#fbf9f3", "#dfe6e8"], lambda x, y: 10 * math.sin(x / 150),
        38, 170, 2)
    pond = smooth([(120, 330), (420, 210), (850, 230), (1180, 310), (1260, 560), (1130, 830), (760, 900),
        (330, 880), (100, 660)])
    ice = s.brushed(pond, ["#8fbccd", "#a5cbd8", "#7eb0c6", "#bcd9e2"], around(680, 560, 1.6),
        34, 180, 2.6, 0.3, 6)
    s.stroke([*pond, pond[0], pond[1]], 30, "#fdfcf8", 0.05, 1, 1, 0)
    for _ in range(22):
        cx, cy = s.rng.uniform(260, 1080), s.rng.uniform(340, 800)
        r, a = s.rng.uniform(70, 210), s.rng.uniform(0, 360)
        s.crayon_line(s.waver(arc(cx, cy, r, r * 0.5, a, a + s.rng.uniform(90, 260)), 3), 5, "#eef6f8",
            0.62)
    s.crayon_line(smooth([(560, 520), (480, 470), (560, 400), (680, 470), (560, 620), (430, 560),
        (500, 480)], False, 12), 7, "#fdfcf8", 0.8)
    for k in range(12):
        x, y = 60 + k * 112, 120 + (k * 61) % 80
        h = 110 + (k * 43) % 70
        s.stroke(smooth([(x, y + 90), (x + 4, y), (x - 4, y - h * 0.7)], False), 18, "#5e4636", 0.2, 1,
            0.4, 0)
        for j in range(5):
            side = 1 if j % 2 else -1
            s.stroke(smooth([(x, y + 50 - j * 24), (x + side * 30, y + 20 - j * 26),
                (x + side * 52, y - 20 - j * 26)], False), 9, "#5e4636", 0.3, 1, 0.3, 0)
    figures = (
        (340, 500, 1.1, "#c8382c", "#f2c13e", 1, 0), (560, 740, 1.35, "#2c5e9e", "#c8382c", -1, 0), (800,
            420, 0.95, "#e0a030", "#2f7f5f", 1, 0),
        (1030, 520, 1.1, "#8a4b7d", "#f4ead2", -1, 0), (920, 720, 1.3, "#2f7f5f", "#e27d4e", 1, 1), (600,
            350, 0.85, "#e27d4e", "#2c5e9e", -1, 0), (240, 700, 1.15, "#4a4f7d", "#e2603a", 1, 0), (1120,
            690, 1.1, "#d65a6a", "#f4ead2", -1, 0),
    )
    for x, y, z, coat, hat, way, fallen in figures:
        s.wash(s.within(ellipse(x + 16 * z, y + 84 * z, 86 * z, 18 * z), ice), "#3f7590", 0.6, 4, 1)
        if fallen:
            for d in (0, 34):
                s.gouache(limb([(x, y + 60 * z), (x + way * 66 * z, y + (36 + d) * z),
                    (x + way * 116 * z, y + (20 + d) * z)], 28 * z), "#33364f", 0)
                s.stroke([(x + way * 112 * z, y + (6 + d) * z), (x + way * 130 * z, y + (44 + d) * z)],
                    8 * z, "#f7f5ee", 0.05, 1, 1, 0)
            s.gouache(limb([(x, y + 10 * z), (x - way * 74 * z, y + 62 * z)], 24 * z), coat, 0)
            s.gouache(limb([(x, y), (x - way * 30 * z, y - 64 * z)], 24 * z), coat, 0)
        else:
            for d, lift in ((-1, 0), (1, 30)):
                foot = (x + d * way * 54 * z, y + (88 - lift) * z)
                s.gouache(limb([(x, y + 34 * z), (x + d * way * 30 * z, y + 58 * z), foot], 28 * z),
                    "#33364f", 90)
                s.stroke([(foot[0] - 28 * z, foot[1] + 13 * z), (foot[0] + 30 * z, foot[1] + 11 * z)],
                    7 * z, "#f7f5ee", 0.05, 1, 1, 0)
            s.gouache(limb([(x, y - 20 * z), (x - way * 56 * z, y - 4 * z),
                (x - way * 92 * z, y - 40 * z)], 25 * z), coat, 0)
            s.gouache(limb([(x, y - 20 * z), (x + way * 56 * z, y - 4 * z),
                (x + way * 88 * z, y + 22 * z)], 25 * z), coat, 0)
        s.gouache(smooth([(x - 34 * z, y - 36 * z), (x + 34 * z, y - 36 * z), (x + 50 * z, y + 50 * z),
            (x, y + 62 * z), (x - 50 * z, y + 50 * z)]), coat, 80, 20)
        s.gouache(ellipse(x + way * 4 * z, y - 66 * z, 37 * z), "#efbf95", 0)
        s.gouache(arc(x + way * 4 * z, y - 74 * z, 40 * z, 36 * z, 176, 364), hat, 0)
        s.gouache(ellipse(x + way * 4 * z, y - 114 * z, 13 * z), mix(hat, "#ffffff", 0.5), 0)
        s.gouache(ribbon(smooth([(x - 30 * z, y - 34 * z), (x, y - 26 * z), (x + 30 * z, y - 36 * z),
            (x - way * 80 * z, y - 62 * z)], False), 17 * z), mix(hat, "#ffffff", 0.2), 0)
        for d in (-9, 11):
            s.gouache(ellipse(x + (way * 10 + d) * z, y - 64 * z, 4.4 * z, 5.4 * z), INK, 0, 2, 0.5)
        s.crayon_line(arc(x + way * 11 * z, y - 56 * z, 10 * z, 8 * z, 20, 160), 4, "#8c2b2b", 0.95, 0.2)
        for d in (-20, 22):
            s.gouache(ellipse(x + (way * 10 + d) * z, y - 54 * z, 8 * z, 6 * z), "#e5775f", 0, 4, 2, 0.6)
    s.spatter(s.whole(), "#ffffff", 150, 2.5, 9)
    s.relief(0.4)


@register_picture(PICTURES, 3900, 1300, "#233a66")
def snow_train(s: Canvas) -> None:
    """A green train full of lit windows goes home through the snow: a long strip of cut paper."""
    s.cut(s.whole(), "#2a4272")
    for _ in range(70):
        x, y = s.rng.uniform(0, 3000), s.rng.uniform(0, 380)
        s.cut(ellipse(x, y, s.rng.uniform(3, 7)), "#f4e6b4", 0, 1)
    s.cut(ellipse(2580, 210, 118), "#f6e3a6", 8, 5)
    for y, colour, step in ((420, "#3a578b", 460), (540, "#6f8fbb", 390), (650, "#b4c7dd", 520)):
        ridge = [(k * step - 60, y + (-110 if k % 2 else 20) + (k * 47) % 60) for k in range(10)]
        s.cut(smooth([*[(x, yy) for x, yy in ridge if x < 3150], (3100, 1040), (-60, 1040)]), colour, 9)
    for k in range(15):
        x, y = 80 + k * 205, 640 + (k * 29) % 40
        for j in range(3):
            s.cut(straight([(x - 70 + j * 16, y + 30 - j * 54), (x, y - 74 - j * 54),
                (x + 70 - j * 16, y + 30 - j * 54)]), "#244f4c" if k % 2 else "#2e6158", 4, 3)
    s.cut(smooth([(-40, 780), (700, 740), (1500, 770), (2300, 736), (3060, 770), (3060, 1040),
        (-40, 1040)]), "#f3f2ec", 8)
    s.cut(rect(-40, 868, 3090, 30), "#4a3f44", 5, 5)
    for k in range(46):
        s.cut(rect(k * 68 - 20, 896, 34, 26), "#6b5348", 0, 2)
    for k in range(5):
        x = 90 + k * 500
        w = 470
        s.cut(smooth([(x, 560), (x + 20, 520), (x + w - 20, 520), (x + w, 560), (x + w, 836), (x, 836)],
            steps=5), "#2f6b4c", 5, 8)
        s.cut(rect(x, 720, w, 26), "#f0c34e", 0, 2)
        s.cut(smooth([(x - 6, 548), (x + 20, 498), (x + w * 0.5, 484), (x + w - 20, 498), (x + w + 6, 548),
            (x + w * 0.6, 536), (x + w * 0.3, 544)]), "#fbfaf5", 5, 5)
        for j in range(4):
            wx = x + 30 + j * 108
            pane = s.cut(rect(wx, 578, 88, 116), "#ffd978", 3, 3)
            if (k * 4 + j) % 5 != 4:
                tone, coat = (("#e7ab7c", "#c8382c"), ("#f0c39a", "#2c5e9e"),
                    ("#d8935f", "#8a4b7d"))[(k + j) % 3]
                px, py = wx + 44, 646
                s.cut(s.within(smooth([(px - 40, 720), (px - 30, 690), (px, 676), (px + 30, 690),
                    (px + 40, 720)]), pane), coat, 0, 2)
                s.cut(ellipse(px, py, 25, 27), tone, 0, 2)
                s.cut(smooth([(px - 27, py - 2), (px - 18, py - 27), (px, py - 32), (px + 18, py - 27),
                    (px + 27, py - 2), (px, py - 15)]), "#d8d2cc" if (k + j) % 4 == 0 else "#2a1c20", 0, 1)
                for d in (-9, 9):
                    s.gouache(ellipse(px + d, py + 2, 3.4, 4.2), INK, 0, 1, 0.5)
                s.crayon_line(arc(px, py + 6, 9, 8, 25, 155), 3.5, "#8c2b2b", 0.95, 0.2)
        for part in (0.16, 0.3, 0.7, 0.84):
            s.cut(ellipse(x + w * part, 850, 40), "#2b2830", 3, 4)
            s.cut(ellipse(x + w * part, 850, 18), "#b9b4ac", 0, 2)
        s.cut(rect(x + w - 2, 790, 36, 20), "#2b2830", 0, 2)
    x = 2590
    s.cut(smooth([(x, 560), (x + 20, 520), (x + 210, 520), (x + 290, 640), (x + 330, 760), (x + 330, 836),
        (x, 836)], steps=5), "#c8382c", 5, 8)
    s.cut(smooth([(x - 8, 546), (x + 20, 494), (x + 200, 490), (x + 240, 540), (x + 120, 538)]), "#fbfaf5",
        5, 5)
    s.cut(smooth([(x + 130, 560), (x + 206, 560), (x + 256, 660), (x + 130, 664)], steps=5), "#ffd978", 3,
        3)
    s.cut(rect(x + 24, 574, 78, 96), "#ffd978", 3, 3)
    s.cut(rect(x, 720, 330, 26), "#f0c34e", 0, 2)
    s.cut(ellipse(x + 306, 776, 24), "#fff0b8", 3, 3)
    s.glow(x + 420, 790, 330, "#ffeaa8", 0.7)
    for d in (70, 160, 260):
        s.cut(ellipse(x + d, 850, 40), "#2b2830", 3, 4)
        s.cut(ellipse(x + d, 850, 18), "#b9b4ac", 0, 2)
    s.cut(smooth([(-40, 948), (500, 912), (1200, 946), (1900, 910), (2500, 944), (3060, 920), (3060, 1040),
        (-40, 1040)]), "#fbfaf5", 8, 6)
    for _ in range(170):
        s.cut(ellipse(s.rng.uniform(0, 3000), s.rng.uniform(0, 1000), s.rng.uniform(3.5, 9)), "#fdfcf8", 0,
            1.6)


@register_picture(PICTURES, 2560, 3200, "#efe6d2")
def nine_times_nine(s: Canvas) -> None:
    """The solstice chart: nine flowers of nine petals, one petal coloured each day until spring."""
    s.brushed(s.whole(), ["#ece2cb", "#f1e8d5", "#e6dac0"], 12, 60, 260, 1.3)
    s.stroke(smooth([(130, 1260), (210, 1040), (170, 860), (330, 700), (360, 520), (540, 380), (560, 210)],
        False, 12), 66, "#3a2c2a", 0.4, 1.1, 0.3, 0.1)
    for path, w in (
        ([(170, 880), (120, 700), (160, 560)], 30), ([(340, 690), (560, 700), (760, 620), (880, 640)],
            36), ([(540, 390), (720, 330), (820, 200)], 30),
        ([(360, 540), (240, 420), (250, 280)], 30), ([(200, 1040), (430, 1000), (640, 1060)],
            34), ([(560, 700), (640, 830), (850, 900)], 26),
    ):
        s.stroke(smooth(path, False, 10), w, "#3a2c2a", 0.4, 1, 0.35, 0.1)
    flowers = ((250, 210), (560, 180), (830, 200), (160, 520), (520, 500), (860, 530), (390, 880),
        (780, 850), (680, 1090))
    coloured = 0
    for x, y in flowers:
        for p in range(9):
            a = math.radians(p * 40 - 90)
            petal = smooth([(x + 34 * math.cos(a - 0.3), y + 34 * math.sin(a - 0.3)),
                (x + 98 * math.cos(a - 0.33), y + 98 * math.sin(a - 0.33)), (x + 128 * math.cos(a),
                y + 128 * math.sin(a)), (x + 98 * math.cos(a + 0.33), y + 98 * math.sin(a + 0.33)),
                (x + 34 * math.cos(a + 0.3), y + 34 * math.sin(a + 0.3))])
            if coloured < 52:
                s.stamped(petal, ("#c92f38", "#d94a4e", "#e0716a", "#b8242f")[coloured * 7 % 4], 0.68)
            else:
                s.stamped(petal, "#f8f3e6", 0.8)
                s.crayon_line([*petal, petal[0]], 5, "#a8685a", 0.75, 0.8)
            coloured += 1
        s.stamped(ellipse(x, y, 34), "#e9b23e", 0.7)
        for p in range(9):
            a = math.radians(p * 40 - 70)
            s.gouache(ellipse(x + 22 * math.cos(a), y + 22 * math.sin(a), 5), "#7a3a20", 0, 4, 0.5)
    s.gouache(ellipse(852, 1150, 46, 40), "#8a5a44", 0, 14)
    s.gouache(ellipse(818, 1118, 31, 29), "#8a5a44", 0, 14)
    s.gouache(ellipse(846, 1166, 30, 25), "#f0dcc0", 0, 10)
    s.gouache(straight([(896, 1146), (970, 1178), (900, 1176)]), "#6b4232", 20)
    s.gouache(straight([(792, 1112), (760, 1122), (792, 1130)], step=8), "#e0a030", 0)
    s.gouache(ellipse(808, 1112, 5), "#fdf8ec", 0)
    s.stroke(smooth([(980, 1206), (860, 1196), (700, 1226)], False), 26, "#3a2c2a", 0.4, 1, 0.3, 0.1)
    for d in (0, 20):
        s.crayon_line([(842 + d, 1188), (846 + d, 1204)], 5, INK)
