"""The demo's pictures of animals, water, fields and play."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

import math

from gallery.demo.brushes import (
    Canvas,
    Outline,
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
    star,
    straight,
)
from gallery.demo.people import INK, face, hand, limb

PICTURES: dict[str, PictureSpec] = {}


@register_picture(PICTURES, 3200, 1600, "#f4ead6")
def fish_of_plenty(s: Canvas) -> None:
    """A carp fills the sheet, next to a lotus: a carved block in red and indigo."""
    body = smooth([(190, 520), (300, 380), (560, 250), (900, 220), (1240, 330), (1460, 470), (1500, 520),
        (1450, 580), (1200, 720), (880, 800), (540, 770), (300, 660)])
    tail = smooth([(1430, 500), (1590, 340), (1800, 250), (1880, 330), (1800, 460), (1790, 540),
        (1850, 660), (1860, 770), (1740, 780), (1570, 680), (1430, 560)])
    fins = (
        smooth([(620, 260), (760, 110), (980, 90), (1180, 180), (1240, 330), (900, 240)]),
        smooth([(560, 760), (560, 900), (680, 930), (760, 800)]),
        smooth([(1030, 770), (1090, 900), (1210, 890), (1180, 720)]),
    )
    red = s.block().ink(body, tail, *fins, waver=4)
    for k in range(9):
        red.gouge(smooth([(1480, 520 + (k - 4) * 6), (1640, 510 + (k - 4) * 34),
            (1820, 515 + (k - 4) * 58)], False), 15, 0.2, 0.5)
    for k in range(10):
        red.gouge(smooth([(680 + k * 54, 250 + abs(k - 4) * 5), (760 + k * 44, 180 + abs(k - 4) * 5),
            (800 + k * 36, 120 + abs(k - 4) * 12)], False), 13)
    for row in range(9):
        for col in range(12):
            x, y = 640 + col * 72 + (row % 2) * 36, 290 + row * 58
            if ((x - 880) / 560) ** 2 + ((y - 520) / 255) ** 2 < 0.96:
                red.gouge(arc(x, y, 34, 34, -75, 75), 13, 0.4, 0.4)
                red.gouge([(x - 4, y), (x + 16, y)], 10)
    red.gouge(arc(370, 520, 230, 230, -58, 58), 20, 0.3, 0.3)
    red.carve(ellipse(350, 450, 62))
    red.gouge(smooth([(196, 540), (260, 570), (330, 568)], False), 16)
    for k in range(5):
        red.gouge(smooth([(470, 440 + k * 44), (510, 450 + k * 40), (540, 446 + k * 44)], False), 12)
        red.gouge([(590 + k * 26, 800), (590 + k * 22, 900)], 10)
        red.gouge([(1070 + k * 22, 790), (1100 + k * 20, 880)], 10)
    s.printed(red, "#cf3626", (0, 0), 0.9)
    key = s.block()
    for k in range(8):
        for j in range(15):
            x, y = j * 142 + (k % 2) * 71 - 20, 50 + k * 128
            if ((x - 860) / 760) ** 2 + ((y - 510) / 400) ** 2 > 1.02 and not (x > 1480 and 170 < y < 800):
                for r in (18, 38, 58):
                    key.ridge(arc(x, y + 40, r * 1.15, r, 190, 350), 11)
    key.ink(ellipse(350, 450, 40)).carve(ellipse(338, 438, 12))
    key.ridge([*ellipse(350, 450, 66), (416, 450)], 9, 0.9, 0.9)
    key.ridge([*body, body[0]], 13, 0.8, 0.8)
    for fin in (tail, *fins):
        key.ridge([*fin, fin[0]], 11, 0.8, 0.8)
    for dy in (0, 40):
        key.ridge(smooth([(206, 560 + dy * 0.4), (130, 600 + dy), (90, 680 + dy), (130, 720 + dy)], False),
            15)
    s.printed(key, "#23406e", (4, -3), 0.9)
    green = s.block()
    for x, y, r in ((150, 850, 130), (1700, 900, 120), (330, 140, 96)):
        green.ink(ellipse(x, y, r, r * 0.7), waver=5)
        for k in range(9):
            a = math.radians(k * 40)
            green.gouge([(x, y), (x + r * 0.9 * math.cos(a), y + r * 0.62 * math.sin(a))], 11)
    s.printed(green, "#4a8a5c", (-3, 4), 0.85)
    pink = s.block()
    for x, y, z in ((300, 830, 1), (1540, 160, 1.1)):
        for k in (-2, 2, -1, 1, 0):
            petal = moved(smooth([(0, 0), (-46, -70), (0, -160), (46, -70)]), x, y + abs(k) * 10, k * 30, z)
            pink.carve(moved(petal, 0, 0, 0, 1.0)).ink(moved(petal, 0, 0, 0, 0.9, (x, y - 60)))
            for d in (-1, 0, 1):
                pink.gouge(moved([(d * 8, -30), (d * 20, -110)], x, y + abs(k) * 10, k * 30, z), 9)
    s.printed(pink, "#e07a6a", (2, 2), 0.9)


@register_picture(PICTURES, 3200, 2400, "#f4e9cf")
def bicycle_of_vegetables(s: Canvas) -> None:
    """A bicycle goes to market under a mountain of vegetables, in crayon."""
    s.crayon(rect(-20, -20, 1380, 800), "#f0cf7c", 20, 13, 13, 0.5, under=0.35)
    s.crayon(straight([(-20, 800), (1360, 780), (1360, 1020), (-20, 1020)]), "#b98a5c", 4, 10, 12, 0.62,
        under=0.4)
    s.crayon(ellipse(680, 868, 520, 42), "#7a5236", 2, 8, 11, 0.65)
    for x in (330, 1010):
        s.crayon_line([*arc(x, 670, 190, 190, -90, 275)], 26, "#2b2c3a", 0.9, 3)
        s.crayon_line([*arc(x, 670, 164, 164, -90, 275)], 9, "#b9b4ac", 0.8, 2)
        for k in range(14):
            a = math.radians(k * 180 / 7)
            s.crayon_line([(x, 670), (x + 160 * math.cos(a), 670 + 160 * math.sin(a))], 4, "#5d5f70", 0.7,
                1)
        s.crayon(ellipse(x, 670, 24), "#2b2c3a", 0, 5, 8, 0.9)
    frame = "#c8382c"
    for path in ([(330, 670), (560, 670), (470, 400), (330, 670)], [(560, 670), (890, 410), (490, 430)],
        [(1010, 670), (890, 400), (868, 310)], [(868, 312), (960, 290), (985, 330)], [(868, 312),
        (800, 306)], [(470, 400), (452, 350)]):
        s.crayon_line(straight(path, False, 60), 25, frame, 0.95, 2)
        s.crayon_line(straight([(x - 3, y - 4) for x, y in path], False, 60), 6, "#f09a80", 0.6, 2)
    s.crayon(smooth([(380, 340), (440, 318), (540, 330), (520, 366), (420, 372)]), "#4a2f2a", 0, 5, 9, 0.92)
    s.crayon_line([*arc(560, 670, 52, 52, 0, 360)], 13, "#3a3a4a", 0.9)
    s.crayon_line([(560, 670), (600, 750), (640, 750)], 15, "#3a3a4a", 0.9)
    s.crayon_line([(560, 670), (520, 590), (490, 590)], 15, "#3a3a4a", 0.9)

    def leaves(x: float, y: float, r: float) -> None:
        for k in range(7):
            leaf = moved(smooth([(0, 0), (-r * 0.36, -r * 0.6), (-r * 0.26, -r * 1.1), (0, -r * 1.3),
                (r * 0.26, -r * 1.1), (r * 0.36, -r * 0.6)]), x, y, (k - 3) * 20)
            s.crayon(leaf, ("#5f9a3f", "#7fb04c", "#3f7d3f")[k % 3], 80 + (k - 3) * 20, 6, 9, 0.82)
            s.crayon_line(moved([(0, 0), (0, -r * 1.1)], x, y, (k - 3) * 20), 10, "#f4f2dc", 0.75)
        s.crayon(smooth([(x - r * 0.46, y - r * 0.2), (x, y - r * 0.45), (x + r * 0.46, y - r * 0.2),
            (x + r * 0.34, y + r * 0.34), (x - r * 0.34, y + r * 0.34)]), "#f1efd8", 88, 7, 9, 0.85)

    for x, y, r in ((140, 330, 120), (290, 260, 130), (430, 300, 108), (60, 420, 90)):
        leaves(x, y, r)
    for k, (x, y, turn) in enumerate(((90, 380, -50), (170, 420, -30), (250, 380, -14), (340, 400, 10),
        (420, 390, 30))):
        carrot = moved(smooth([(-30, 0), (0, -16), (30, 0), (18, 110), (0, 170), (-16, 110)]), x, y - 120,
            turn + 180)
        s.crayon(carrot, "#e8702a" if k % 2 == 0 else "#f1ead2", 80, 5, 9, 0.88)
        for d in (0.3, 0.6):
            s.crayon_line(moved([(-18, 110 * d), (10, 112 * d)], x, y - 120, turn + 180), 5, "#a8481c", 0.8)
    basket = smooth([(30, 400), (500, 400), (470, 590), (60, 590)], steps=10)
    s.crayon(basket, "#b9803f", 0, 8, 11, 0.85, under=0.8)
    for k in range(10):
        for j in range(4):
            s.crayon_line(arc(64 + k * 46, 424 + j * 44, 20, 13, 180, 360), 9,
                "#7a4a22" if (k + j) % 2 else "#e0b26a", 0.85)
    s.crayon_line([(24, 402), (506, 402)], 22, "#8a5526", 0.95)
    for x, y, r, tone in ((1010, 220, 66, "#d8432c"), (1110, 190, 62, "#d8432c"),
        (1060, 130, 58, "#e2603a"), (1190, 236, 56, "#6b3f7d"), (930, 200, 52, "#6b3f7d"),
        (1150, 100, 50, "#f0a030")):
        s.crayon(ellipse(x, y, r, r * 0.92), tone, 0, 6, 9, 0.88, (x, y))
        s.crayon_line(arc(x, y, r * 0.62, r * 0.6, 190, 260), 9, "#fbe9c8", 0.7)
        s.crayon(star(x, y - r * 0.78, 22, 0.4, 5), "#3f7d3f", 40, 5, 7, 0.9)
    s.crayon(smooth([(880, 240), (1270, 240), (1240, 380), (910, 380)], steps=10), "#c9924c", 90, 8, 10,
        0.85, under=0.8)
    for k in range(8):
        s.crayon_line([(900 + k * 48, 250), (914 + k * 44, 376)], 8, "#7a4a22", 0.8)
    s.crayon_line([(872, 246), (1278, 246)], 20, "#8a5526", 0.95)
    s.crayon(ellipse(700, 120, 88), "#e8562f", 0, 7, 10, 0.85, (700, 120))
    for k in range(14):
        a = math.radians(k * 360 / 14)
        s.crayon_line([(700 + 108 * math.cos(a), 120 + 108 * math.sin(a)), (700 + 150 * math.cos(a),
            120 + 150 * math.sin(a))], 12, "#e8562f", 0.75)
    for k, x in enumerate((660, 740, 800)):
        s.crayon(ellipse(x, 860 + k * 26, 24, 18), "#f0b44a", 0, 4, 7, 0.95)
        s.crayon(ellipse(x + 16, 838 + k * 26, 14), "#f0b44a", 0, 4, 7, 0.95)
        s.crayon_line([(x + 28, 838 + k * 26), (x + 40, 842 + k * 26)], 7, "#d8572c", 0.95, 0.2)
        s.gouache(ellipse(x + 19, 834 + k * 26, 3), INK, 0, 1, 0.4)


@register_picture(PICTURES, 3400, 1700, "#122447")
def star_whale(s: Canvas) -> None:
    """A whale made of night swims over a sleeping town, its belly full of stars."""
    def current(x: float, y: float) -> float:
        return 22 * math.sin(x / 240 + y / 200)

    s.brushed(s.whole(), ["#16305f", "#1c3b70", "#122752", "#23477e"], current, 40, 220, 2.2)
    s.dabs(s.whole(), ["#2c5590", "#3a6aa6", "#1c3b70", "#1a3468", "#4a7cb4"], 15, 0.55, current, 3)
    for _ in range(60):
        x, y = s.rng.uniform(20, 1980), s.rng.uniform(10, 760)
        s.dabs(ellipse(x, y, s.rng.uniform(5, 11)), ["#f8e9b0", "#fdf6dc"], 8, 2.5)
    body = smooth([(270, 520), (330, 330), (560, 220), (860, 190), (1160, 250), (1420, 380), (1600, 420),
        (1700, 350), (1640, 240), (1700, 190), (1780, 280), (1880, 250), (1920, 310), (1830, 420),
        (1740, 500), (1560, 590), (1300, 670), (960, 740), (600, 740), (360, 660)])
    s.glow(1000, 470, 900, "#4f8fc0", 0.4)
    whale = s.brushed(body, ["#0d1a3c", "#12224a", "#0a1430", "#182c5a"], lambda x, y: (x - 900) / 30, 30,
        170, 3)
    belly = s.within(smooth([(280, 560), (520, 570), (900, 600), (1300, 560), (1560, 500), (1560, 640),
        (1000, 780), (560, 780), (330, 680)]), whale)
    s.brushed(belly, ["#8fb6d0", "#a9c8da", "#7aa5c6", "#c4dae4"], lambda x, y: 4 - (x - 800) / 40, 26,
        150, 2.8)
    for k in range(9):
        s.stroke(smooth([(330 + k * 14, 610 + k * 15), (640, 640 + k * 14), (960 + k * 10, 630 + k * 10)],
            False), 7, "#3c6690", 0.4, 1, 0.4, 0)
    for _ in range(54):
        x, y = s.rng.uniform(420, 1560), s.rng.uniform(230, 560)
        spot = s.within(s.mask(star(x, y, s.rng.uniform(9, 26),
            0.42, 5 if s.rng.random() < 0.6 else 4, s.rng.uniform(0, 70)), waver=0.6), whale)
        s.gouache(spot, s.rng.choice(["#fbe7a2", "#fdf6dc", "#f3c765", "#f2a56a"]), 0, 10, 0.7)
    for path in ([(560, 420), (700, 330), (860, 380), (980, 300), (1130, 400)], [(1180, 470), (1290, 420),
        (1400, 490)]):
        s.crayon_line(straight(path, False), 4, "#bcd6e6", 0.7)
        for x, y in path:
            s.gouache(star(x, y, 24, 0.42), "#fdf3c8", 0, 8, 0.7)
    s.brushed(smooth([(640, 640), (760, 660), (880, 780), (900, 880), (790, 860), (680, 760)]),
        ["#12224a", "#182c5a", "#0d1a3c"], 55, 22, 90, 3)
    s.gouache(ellipse(450, 520, 36, 32), "#dfeaf0", 0)
    s.gouache(ellipse(444, 524, 20, 22), "#0a1430", 0, 4, 1)
    s.gouache(ellipse(437, 514, 7), "#ffffff", 0, 2, 0.5)
    s.stroke(smooth([(276, 560), (360, 616), (470, 610), (540, 570)], False), 12, "#dfeaf0", 0.1, 0.5, 0.4,
        0.7)
    for k in range(7):
        bend = (k - 3) * 44
        s.dabs(ribbon(smooth([(700 + bend * 0.1, 200), (700 + bend * 0.7, 110),
            (700 + bend * 1.9, 60 + abs(bend) * 0.4)], False), 17, 0.5, 1),
            ["#bfe0ec", "#e9f5f6", "#8fc3da"], 11, 2.6, 90)
    for k in range(15):
        x, w, h = k * 140 - 30, 150, 80 + (k * 67) % 90
        tone = ("#1a2143", "#232a52", "#1f1d3c")[k % 3]
        s.gouache(rect(x, 1000 - h, w, h + 30), tone, 90, 16)
        s.gouache(smooth([(x - 16, 1004 - h), (x + 22, 950 - h), (x + w - 22, 950 - h),
            (x + w + 16, 1004 - h)]), mix(tone, "#4a3a6a", 0.5), 0, 16)
        for j in range(2):
            if (k + j) % 3:
                s.gouache(rect(x + 28 + j * 58, 1030 - h, 32, 36), "#f6c257", 0, 14, 1.4)
    s.relief(0.4)


@register_picture(PICTURES, 3200, 1800, "#ece6d8")
def boat_on_the_lake(s: Canvas) -> None:
    """A small boat under misty mountains, in ink with one red coat."""
    x: float
    s.wash(s.whole(), "#d9d8d0", 0.5, 20, 1, 0)
    s.gouache(ellipse(1370, 200, 84), "#d9583c", 0, 12, 5, 0.88)
    for y, tone, strength, peaks in (
        (520, "#a9b7bc", 0.45, [(-60, 470), (140, 300), (300, 400), (520, 190), (700, 360), (860, 420),
            (1060, 280), (1240, 420), (1500, 330), (1840, 460)]),
        (560, "#7f959c", 0.55, [(-60, 540), (90, 360), (230, 300), (360, 460), (600, 500), (900, 540),
            (1180, 470), (1340, 350), (1460, 400), (1640, 250), (1840, 380)]),
        (590, "#4d656d", 0.75, [(-60, 380), (60, 330), (180, 440), (330, 540), (520, 580), (900, 590),
            (1300, 580), (1500, 490), (1640, 520), (1840, 450)]),
    ):
        s.wash(smooth([*peaks, (1840, y), (-60, y)]), tone, strength, 9, 3, 0.35)
        s.gouache(rect(-40, y - 36, 1880, 60), "#ece6d8", 0, 6, 26, 0.5)
    for k in range(40):
        x = -20 + k * 13 if k < 20 else 1540 + (k - 20) * 13
        s.stroke([(x, 560), (x + 4, 520 - (k * 37) % 60)], 26, "#2f434a", 0.5, 1, 0.4, 0.3, 0.75)
    for k in range(30):
        y = 620 + k * 13
        x = s.rng.uniform(-60, 1500)
        s.stroke(smooth([(x, y), (x + 110, y - 5), (x + 240 + k * 5, y + 3)], False), 9 + k * 0.4,
            "#7f959c", 0.6, 0.5, 0.3, 0.6, 0.55)
    s.gouache(ellipse(1370, 760, 70, 22), "#d9583c", 0, 10, 9, 0.42)
    s.gouache(ellipse(1376, 830, 44, 11), "#d9583c", 0, 10, 7, 0.36)
    s.wash(smooth([(560, 830), (800, 850), (1080, 826), (1020, 884), (820, 900), (640, 886)]), "#4d656d",
        0.7, 10, 2, 0.2)
    s.gouache(smooth([(500, 738), (560, 790), (700, 806), (900, 806), (1050, 786), (1130, 726),
        (1080, 824), (960, 854), (680, 856), (560, 828)]), "#3a2d2a", 2, 18)
    s.stroke(smooth([(506, 744), (700, 800), (920, 800), (1122, 734)], False), 13, "#b08a5c", 0.2, 1, 0.9,
        0)
    s.gouache(smooth([(690, 800), (700, 690), (800, 640), (900, 690), (912, 800)]), "#9a7748", 90, 20)
    for k in range(6):
        s.crayon_line(smooth([(706 + k * 38, 796), (716 + k * 34, 706), (740 + k * 24, 664)], False), 6,
            "#5a4128", 0.75)
    s.gouache(smooth([(960, 800), (970, 690), (1010, 650), (1050, 690), (1058, 796)]), "#c8382c", 85, 22)
    s.gouache(ellipse(1010, 628, 30, 32), "#d8a074", 0)
    s.gouache(smooth([(940, 628), (1010, 560), (1080, 628), (1010, 612)]), "#c99a4e", 0, 20)
    s.stroke([(1010, 700), (1120, 780), (1220, 900)], 13, "#3a2d2a", 0.1, 1, 0.8, 0)
    s.gouache(limb([(1010, 690), (1060, 730), (1090, 752)], 24), "#c8382c", 30)
    for k in range(3):
        x = 540 + k * 34
        s.stroke(smooth([(x, 736), (x + 4, 700), (x + 14, 676)], False), 24, "#26262e", 0.05, 0.8, 0.5,
            0.6)
    for x, y, z in ((300, 250, 1.0), (390, 215, 0.8), (470, 262, 0.9), (560, 226, 0.7), (222, 206, 0.7)):
        s.stroke(smooth([(x - 42 * z, y - 12), (x - 18 * z, y - 22 * z), (x, y), (x + 20 * z, y - 24 * z),
            (x + 44 * z, y - 16)], False), 9 * z, "#2f3a40", 0.2, 0.4, 0.4, 0.8)
    for k in range(26):
        x = 20 + k * 16 + s.rng.uniform(-10, 10)
        h = s.rng.uniform(130, 330)
        lean = s.rng.uniform(-20, 70)
        s.stroke(smooth([(x, 1020), (x + lean * 0.3, 1000 - h * 0.6), (x + lean, 1000 - h)], False), 9,
            "#4a4a3c", 0.3, 1, 0.3, 0)
        if k % 3 == 0:
            s.stroke(smooth([(x + lean, 1000 - h), (x + lean + 22, 970 - h), (x + lean + 50, 968 - h)],
                False), 26, "#a98a5c", 0.7, 0.4, 0.6, 0.6, 0.85)


@register_picture(PICTURES, 3200, 2400, "#8fbf5a")
def sheep_on_the_grassland(s: Canvas) -> None:
    """Sheep like clouds and clouds like sheep, in thick dabs of paint."""
    x: float
    y: float
    s.brushed(rect(-20, -20, 1380, 400), ["#7fbbd8", "#94c8e0", "#6cadd0", "#add6e6"], 4, 34, 160)
    for x, y, r in ((210, 120, 70), (620, 90, 86), (1080, 150, 78)):
        cloud = s.mask(*[ellipse(x + d * r, y + e * r, r * q) for d, e, q in ((-1.1, 0.2, 0.6),
            (-0.4, -0.1, 0.9), (0.5, -0.05, 0.8), (1.2, 0.25, 0.55))])
        s.dabs(cloud, ["#fdfbf2", "#f3f1e6", "#ffffff", "#e3e8ea"], 22, 2.6, None, 1.6)
    for y, tones in ((310, ["#5f9f74", "#6fae78", "#4f8f6c"]), (410, ["#7db35a", "#8dc063", "#6ca552"]),
        (560, ["#96c255", "#a6cc5c", "#84b44a"]), (780, ["#a9c850", "#bcd45c", "#93b844"])):
        hill = smooth([(-40, y + 30), (260, y - 46), (560, y + 24), (860, y - 34), (1160, y + 30),
            (1380, y - 20), (1380, 1040), (-40, 1040)])
        s.brushed(hill, tones, lambda x, y: 14 * math.cos(x / 160), 30, 120, 2)
    for _ in range(80):
        x, y = s.rng.uniform(0, 1333), s.rng.uniform(560, 1000)
        s.dabs(ellipse(x, y, 11), s.rng.choice([["#e8553a"], ["#f6f0de"], ["#f0b83c"], ["#8a5aa0"]]), 12, 2)
    sheep = ((1080, 420, 0.42, -1), (880, 450, 0.46, 1), (230, 440, 0.5, 1), (520, 520, 0.62, -1),
        (1160, 610, 0.85, -1), (270, 690, 1.05, 1), (760, 790, 1.35, -1))
    for x, y, z, way in sheep:
        s.wash(ellipse(x, y + 128 * z, 150 * z, 24 * z), "#4f7a34", 0.75, 6, 1)
        for d in (-74, -34, 40, 78):
            s.gouache(limb([(x + d * z, y + 50 * z), (x + d * z, y + 128 * z)], 22 * z), "#35282c", 90)
        wool = s.mask(*[ellipse(x + d * 118 * z, y + e * 84 * z,
            q * 72 * z) for d, e, q in ((-0.8, 0.2, 0.9), (-0.5, -0.5, 0.9), (0.1, -0.7, 0.95),
            (0.7, -0.4, 0.85), (0.85, 0.2, 0.85), (0.3, 0.5, 0.95), (-0.3, 0.5, 0.95), (0, 0, 1.2))],
            waver=1)
        s.gouache(wool, "#eae4d4", 20)
        s.dabs(wool, ["#fdfaf0", "#f1ebda", "#fffdf6", "#dcd6c8"], 24 * max(z, 0.55), 2, around(x, y), 1.7)
        for k in range(9):
            a = k * 0.698
            cx, cy = x + 84 * z * math.cos(a), y + 54 * z * math.sin(a)
            curl = [(cx + t * 3.4 * z * math.cos(t * 1.1 + a),
                cy + t * 3.4 * z * math.sin(t * 1.1 + a)) for t in range(9)]
            s.crayon_line(smooth(curl, False, 4), 5 * max(z, 0.5), "#b3a68f", 0.75, 0.6)
        hx, hy = x + way * 138 * z, y - 22 * z
        for side in (-1, 1):
            s.gouache(ellipse(hx + side * 46 * z, hy - 26 * z, 30 * z, 14 * z, side * 24), "#4a373a", 0)
        s.gouache(smooth([(hx - 40 * z, hy - 40 * z), (hx, hy - 56 * z), (hx + 40 * z, hy - 40 * z),
            (hx + 32 * z, hy + 34 * z), (hx, hy + 62 * z), (hx - 32 * z, hy + 34 * z)]), "#4a373a", 90, 16)
        s.dabs(ellipse(hx, hy - 52 * z, 44 * z, 24 * z), ["#fdfaf0", "#f1ebda"], 18 * max(z, 0.6), 2.6)
        for side in (-1, 1):
            s.gouache(ellipse(hx + side * 17 * z, hy - 8 * z, 8.5 * z), "#fdfaf0", 0, 4, 0.6)
            s.gouache(ellipse(hx + side * 16 * z, hy - 7 * z, 4.4 * z), "#1c1418", 0, 2, 0.4)
        s.crayon_line(arc(hx, hy + 28 * z, 15 * z, 10 * z, 10, 170), 4.5 * max(z, 0.6), "#e8a090", 0.95,
            0.3)
    s.relief(0.5)


@register_picture(PICTURES, 2400, 3200, "#6d7f8f")
def umbrellas_in_the_rain(s: Canvas) -> None:
    """Umbrellas after school, seen from the bridge above."""
    s.wash(s.whole(), "#7d90a0", 0.9, 20, 2, 0)
    s.brushed(s.whole(), ["#66788a", "#728597", "#5b6d80", "#7f92a2"], lambda x,
        y: 62 + 8 * math.sin(y / 140), 40, 200, 1.5)
    for _ in range(24):
        x, y = s.rng.uniform(0, 1000), s.rng.uniform(0, 1333)
        for r in (22, 42):
            s.crayon_line(arc(x, y, r, r * 0.55, 0, 360), 4, "#b9c7d0", 0.6)
    tones = ["#d8402c", "#f0b83c", "#2f78b7", "#3f9160", "#e27d4e", "#8a5aa0", "#f2eadb", "#d65a7a",
        "#2b3f6e"]
    spots = (
        (200, 190, 150), (560, 130, 128), (860, 280, 160), (450, 440, 178), (120, 610, 136), (770, 660,
            186), (380, 830, 140), (110, 1010, 150), (600, 1080, 182), (900, 1010, 118), (300, 1250,
            126), (900, 1290, 140),
    )
    for k, (x, y, r) in enumerate(spots):
        tone = tones[(k * 4) % 9]
        turn = s.rng.uniform(0, 45)
        s.wash(ellipse(x + 44, y + 60, r, r * 0.94), "#26344a", 0.75, 12, 1, 0.1)
        for side in (-1, 1):
            fx, fy = x + r * 0.72, y + r * 0.95 + side * 4
            s.gouache(ellipse(fx + side * 22 - 30, fy, 19, 30, 28),
                ("#e8b83c", "#c8382c", "#2b3550")[k % 3], 0)
        rim: Outline = []
        for j in range(8):
            a, b = math.radians(turn + j * 45), math.radians(turn + j * 45 + 22.5)
            rim += [(x + r * math.cos(a), y + r * math.sin(a)), (x + r * 0.9 * math.cos(b),
                y + r * 0.9 * math.sin(b))]
        cover = s.mask(smooth(rim, steps=5))
        s.gouache(cover, tone, 30, 16)
        for j in range(8):
            a, b = math.radians(turn + j * 45), math.radians(turn + j * 45 + 45)
            wedge = s.within(straight([(x, y), (x + r * 1.1 * math.cos(a), y + r * 1.1 * math.sin(a)),
                (x + r * 1.1 * math.cos(b), y + r * 1.1 * math.sin(b))]), cover)
            if k % 4 == 1 and j % 2:
                s.gouache(wedge, "#f6efdf", turn + j * 45, 14, 1.4)
            light = math.cos(a + 0.39 - math.radians(225))
            s.brushed(wedge, [mix(tone if not (k % 4 == 1 and j % 2) else "#f6efdf",
                "#ffffff" if light > 0 else "#1a1a34", abs(light) * d) for d in (0.16, 0.26, 0.34)],
                turn + j * 45 + 22, 15, 70, 2.4, 0.15, 1)
        for j in range(8):
            a = math.radians(turn + j * 45)
            s.crayon_line([(x, y), (x + r * math.cos(a), y + r * math.sin(a))], 5,
                mix(tone, "#14142a", 0.45), 0.8)
        if k % 3 == 0:
            for j in range(8):
                a = math.radians(turn + j * 45 + 22)
                s.gouache(s.within(ellipse(x + r * 0.6 * math.cos(a), y + r * 0.6 * math.sin(a), r * 0.1),
                    cover), "#fbf5e6", 0, 8, 1)
        s.gouache(ellipse(x, y, 12), "#2a2430", 0)
    s.gouache(ellipse(660, 880, 34), "#2a1c20", 0)
    for _ in range(95):
        x, y = s.rng.uniform(-40, 1000), s.rng.uniform(-40, 1333)
        n = s.rng.uniform(50, 130)
        s.crayon_line([(x, y), (x + n * 0.36, y + n)], 5, "#eaf0f2", 0.6, 0.8)


@register_picture(PICTURES, 2400, 3200, "#3f7fa8")
def sunflowers(s: Canvas) -> None:
    """Sunflowers taller than the person who painted them."""
    s.brushed(s.whole(), ["#4f93b8", "#62a5c4", "#3f80aa", "#7db8ce"], lambda x,
        y: 25 * math.sin(x / 170 + y / 210), 36, 150, 2.6)
    s.brushed(smooth([(-40, 1130), (300, 1080), (700, 1120), (1040, 1070), (1040, 1380), (-40, 1380)]),
        ["#8a9a3c", "#a8ab48", "#74883a", "#c2b04c"], 80, 26, 90, 2.6)
    flowers = ((500, 350, 225, 0), (190, 620, 160, 1), (820, 640, 182, 2), (420, 880, 170, 3),
        (140, 220, 104, 4), (860, 250, 118, 5), (740, 990, 128, 6), (120, 1000, 112, 7))
    for x, y, r, k in flowers:
        s.stroke(smooth([(x, y), (x + 26, (y + 1360) / 2), (x - 14 + k * 3, 1370)], False, 14), 40,
            "#3f7038", 0.05, 0.9, 1.1, 0)
        for side in (-1, 1):
            ly = y + r + 150 + side * 40
            leaf = moved(smooth([(0, 0), (50, -46), (140, -42), (200, 6), (130, 44), (50, 36)]), x + 10,
                ly, 30 if side > 0 else -30, 0.9, flip=side < 0)
            s.brushed(leaf, ["#4f8a3f", "#6aa048", "#3c7038"], 30 * side, 20, 70, 3)
            s.stroke(moved([(6, 0), (90, -4), (180, 6)], x + 10,
                ly, 30 if side > 0 else -30, 0.9, flip=side < 0), 9, "#b5c766", 0.3)
    for x, y, r, _ in flowers:
        for ring in range(3):
            n = 17 - ring * 2
            for p in range(n):
                turn = p * 360 / n + ring * 11 + s.rng.uniform(-7, 7)
                size = r * s.rng.uniform(0.9, 1.1) * (1 - ring * 0.14)
                petal = moved(smooth([(0, -size * 0.34), (-size * 0.15, -size * 0.66), (0, -size * 1.02),
                    (size * 0.15, -size * 0.66)]), x, y, turn)
                s.gouache(petal, ("#e08f1e", "#f0ae2a", "#f7c63e")[ring], turn + 90, 30, 2)
        heart = s.brushed(ellipse(x, y, r * 0.46), ["#4a2a1c", "#5f3822", "#3a2018"], around(x, y), 16, 46, 3)
        s.dabs(s.without(heart, s.mask(ellipse(x, y, r * 0.28))), ["#8a5426", "#a86c2c", "#6b3f1e"], 13,
            1.3)
        s.dabs(ellipse(x, y, r * 0.24), ["#7a8a36", "#5a6a2c", "#3a2018"], 11, 1.5)
    for x, y, turn in ((640, 190, -20), (930, 480, 30), (300, 470, 200)):
        s.gouache(moved(ellipse(0, 0, 26, 18), x, y, turn), "#f0b83c", 0)
        for d in (-8, 6):
            s.gouache(moved(rect(d, -16, 7, 32), x, y, turn), "#2a1c20", 0)
        for d in (-1, 1):
            s.gouache(moved(ellipse(-2 + d * 8, -24, 11, 20, d * 20), x, y, turn), "#eaf2f2", 0, 6, 2, 0.85)
    s.relief(0.65)


@register_picture(PICTURES, 2400, 4800, "#cfe3e6")
def kite_day(s: Canvas) -> None:
    """A dragon kite climbs the whole tall sheet from a small child's hand."""
    r: float
    x: float
    y: float
    s.brushed(rect(-20, -20, 1040, 1780), ["#9fcfdc", "#b3dae2", "#8cc3d6", "#c8e4e6"], lambda x,
        y: 12 * math.sin(x / 160 + y / 300), 44, 220, 2)
    for x, y, r in ((180, 300, 62), (820, 640, 74), (190, 1080, 66), (860, 1320, 56), (840, 120, 54)):
        for d, e, q in ((-1.2, 0.2, 0.6), (-0.4, -0.1, 0.9), (0.5, 0, 0.8), (1.25, 0.25, 0.55)):
            s.brushed(ellipse(x + d * r, y + e * r, r * q, r * q * 0.8), ["#fbfaf3", "#f1f2ec", "#ffffff"],
                6, 20, 70, 3)
    spine = smooth([(250, 1350), (130, 1240), (300, 1120), (620, 1150), (860, 1040), (840, 860),
        (560, 830), (260, 800), (150, 640), (320, 500), (640, 520), (830, 410), (760, 260), (560, 230)],
        False, 7)
    tones = ["#d8402c", "#f0b83c", "#2f8f7a", "#e27d4e", "#2f6fb5"]
    n = len(spine)
    for k in range(2, n - 1, 2):
        x, y = spine[k]
        r = 22 + 48 * k / n
        ahead = spine[min(k + 1, n - 1)]
        turn = math.degrees(math.atan2(ahead[1] - y, ahead[0] - x)) + 90
        for side in (-1, 1):
            s.crayon_line(moved([(side * r * 0.8, 0), (side * r * 1.5, 12)], x, y, turn), 5, "#7a4a2c",
                0.85)
            s.gouache(moved(ellipse(side * r * 1.62, 14, r * 0.2, r * 0.3), x, y, turn), "#fbf5e6", 0)
        s.gouache(ellipse(x, y, r), tones[(k // 2) % 5], turn, 18)
        s.gouache(ellipse(x, y, r * 0.58), mix(tones[(k // 2) % 5], "#fff6dc", 0.62), turn, 12)
        s.gouache(star(x, y, r * 0.42, 0.5, 6, turn), tones[(k // 2 + 2) % 5], 0, 8, 1)
    hx, hy = 480, 250
    for side in (-1, 1):
        s.stroke(smooth([(hx + side * 70, hy - 80), (hx + side * 130, hy - 160),
            (hx + side * 100, hy - 220)], False), 30, "#c9812c", 0.1, 1, 0.5, 0)
        s.stroke(smooth([(hx + side * 90, hy + 50), (hx + side * 210, hy + 70),
            (hx + side * 250, hy + 170)], False), 16, "#f0b83c", 0.3)
        s.gouache(star(hx + side * 132, hy, 62, 0.5, 7), "#2f8f7a", 0)
    s.gouache(smooth([(hx - 120, hy - 60), (hx, hy - 110), (hx + 120, hy - 60), (hx + 128, hy + 50),
        (hx + 70, hy + 130), (hx, hy + 150), (hx - 70, hy + 130), (hx - 128, hy + 50)]), "#d8402c", 80, 20)
    for side in (-1, 1):
        s.gouache(ellipse(hx + side * 56, hy - 26, 42), "#fbf5e6", 0)
        s.gouache(ellipse(hx + side * 52, hy - 18, 22), INK, 0, 4, 1)
        s.gouache(ellipse(hx + side * 52 - 7, hy - 26, 7), "#ffffff", 0, 2, 0.5)
        s.stroke(arc(hx + side * 58, hy - 50, 52, 34, 200, 340), 18, "#f0b83c", 0.1, 1, 0.8, 0)
        s.gouache(ellipse(hx + side * 30, hy + 54, 15, 12), "#8c1f1c", 0)
    s.gouache(smooth([(hx - 74, hy + 84), (hx, hy + 100), (hx + 74, hy + 84), (hx + 40, hy + 128),
        (hx - 40, hy + 128)]), "#fbf5e6", 0)
    for d in (-36, 0, 36):
        s.crayon_line([(hx + d, hy + 92), (hx + d, hy + 124)], 5, "#8c1f1c")
    s.crayon_line(smooth([(hx, hy + 150), (560, 700), (700, 1200), (640, 1610)], False, 12), 5, "#5a4a42",
        0.9, 3)
    s.brushed(smooth([(-40, 1760), (240, 1690), (560, 1740), (1040, 1680), (1040, 2040), (-40, 2040)]),
        ["#8fb84e", "#a4c658", "#7ba846", "#b8d068"], lambda x, y: 80 + 14 * math.sin(x / 90), 28, 90, 2.6)
    for _ in range(34):
        x, y = s.rng.uniform(0, 1000), s.rng.uniform(1770, 1990)
        s.gouache(star(x, y, 15, 0.4, 6), s.rng.choice(["#f0b83c", "#fbf5e6", "#e2603a"]), 0, 8, 1)
    for x, y, r, coat, legs, skin, up in ((560, 1690, 62, "#d8402c", "#2b3f6e", "#e7ab7c", 1),
        (300, 1740, 52, "#2f6fb5", "#7a4a3c", "#f0c39a", 0)):
        for side in (-1, 1):
            s.gouache(limb([(x + side * r * 0.3, y + r * 2.2), (x + side * r * 0.6, y + r * 3.6)],
                r * 0.52), legs, 90)
            s.gouache(ellipse(x + side * r * 0.72, y + r * 3.66, r * 0.4, r * 0.24), "#3a2a2c", 0)
        s.gouache(limb([(x + r * 0.5, y + r * 1.2), (x + r * 1.2, y + r * 0.5),
            (x + r * 1.3, y - r * 0.9)], r * 0.44), coat, 90)
        s.gouache(s.mask(*hand(x + r * 1.3, y - r * 1.1, r * 0.24, -90)), skin, 0)
        far = [(x - r * 0.5, y + r * 1.2), (x - r * 1.3, y + r * 0.8), (x - r * 1.6, y - r * 0.2 + up * r)]
        s.gouache(limb(far, r * 0.44), coat, 90)
        s.gouache(s.mask(*hand(far[-1][0], far[-1][1] - r * 0.14, r * 0.24, -110)), skin, 0)
        s.gouache(smooth([(x - r * 0.7, y + r * 0.84), (x, y + r * 0.7), (x + r * 0.7, y + r * 0.84),
            (x + r * 0.96, y + r * 2.5), (x - r * 0.96, y + r * 2.5)]), coat, 85, 20)
        face(s, x, y, r, skin, "happy" if up else "singing", 0.5)
        s.gouache(smooth([(x - r, y), (x - r * 0.98, y - r * 0.72), (x, y - r * 1.14),
            (x + r * 0.98, y - r * 0.72), (x + r, y), (x + r * 0.6, y - r * 0.52),
            (x - r * 0.5, y - r * 0.56)]), "#2a1c20", 0, 16)
        if not up:
            for side in (-1, 1):
                s.gouache(ellipse(x + side * r * 1.16, y - r * 0.1, r * 0.3, r * 0.42), "#2a1c20", 0)
                s.gouache(ellipse(x + side * r * 0.98, y - r * 0.34, r * 0.13), "#d8402c", 0)
    s.relief(0.4)
