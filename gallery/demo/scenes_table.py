"""The demo's pictures of food, family and the house."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

import math

from gallery.demo.brushes import (
    Canvas,
    Flow,
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
from gallery.demo.people import INK, limb

PICTURES: dict[str, PictureSpec] = {}


@register_picture(PICTURES, 3200, 2400, "#c23a24")
def tangyuan(s: Canvas) -> None:
    """A blue bowl of tangyuan steams on vermilion."""
    x: float
    y: float
    s.brushed(s.whole(), ["#c43a25", "#cf452b", "#b8321f", "#d65336"], lambda x,
        y: 92 + 10 * math.sin(x / 170), 40, 210, 2.2)
    for k in range(9):
        x = 70 + k * 150
        s.crayon(ribbon(smooth([(x, -20), (x - 26, 350), (x + 14, 700), (x - 20, 1020)], False), 34),
            "#8f2318", 88, 9, 8, 0.5, under=0.15)
    s.brushed(smooth([(-30, 800), (400, 770), (900, 776), (1370, 800), (1370, 1030), (-30, 1030)]),
        ["#e9b25a", "#f0c070", "#dda046"], 2, 34, 180)
    for k in range(13):
        x = 50 + k * 106
        s.gouache(star(x, 932 + (k % 2) * 16, 26, 0.5, 6), "#b8321f", 0, 10)
    s.wash(ellipse(690, 856, 430, 44), "#7a3b1c", 0.8, 5, 2, soft=9)
    bowl = s.gouache(smooth([(212, 470), (1120, 470), (1106, 600), (1010, 760), (840, 838), (660, 850),
        (490, 836), (330, 760), (232, 610)]), "#1f4a80", 15, 20)
    s.crayon(bowl, "#3f79b8", 20, 15, 8, 0.46, bend=-60, under=0)
    s.gouache(straight([(520, 824), (812, 824), (788, 888), (544, 888)]), "#173a66", 0, 16)
    for k in range(9):
        a = 152 - k * 15.5
        x, y = 666 + 410 * math.cos(math.radians(a)), 560 + 190 * math.sin(math.radians(a))
        for p in range(5):
            b = math.radians(p * 72 + k * 11)
            s.gouache(s.within(s.mask(ellipse(x + 22 * math.cos(b), y + 22 * math.sin(b), 17)), bowl),
                "#f3ead6", 0, 8, 1)
        s.gouache(ellipse(x, y, 11), "#e9b25a", 0)
    s.gouache(ellipse(666, 468, 464, 158), "#f3ead6", 0, 12)
    soup = s.gouache(ellipse(666, 474, 412, 124), "#d9a456", 0, 18)
    s.crayon(soup, "#b97a35", 4, 16, 9, 0.45, under=0)
    s.crayon_line(arc(666, 470, 452, 150, 0, 360), 8, "#1f4a80", 0.8)
    for x, y, r, tone in (
        (470, 430, 96, "#fbf5e8"), (860, 428, 98, "#fbf5e8"), (664, 392, 104, "#f6c7b4"),
        (560, 500, 100, "#fdf8ee"), (776, 506, 102, "#fbf5e8"), (400, 512, 70, "#f6c7b4"), (945, 510, 66,
            "#fdf8ee"),
    ):
        s.wash(ellipse(x + 8, y + r * 0.62, r * 0.95, r * 0.36), "#8f5a28", 0.7, 5, 1)
        ball = s.brushed(ellipse(x, y, r, r * 0.92), [tone, mix(tone, "#ffffff", 0.5),
            mix(tone, "#e6cfae", 0.4)], around(x, y), 20, 60, 3)
        s.wash(s.without(ball, s.mask(ellipse(x - r * 0.14, y - r * 0.2, r))), "#c99a6c", 0.7, 6, 2, 0.1)
        s.gouache(ellipse(x - r * 0.34, y - r * 0.36, r * 0.2, r * 0.13, -30), "#ffffff", 0, 4, 2, 0.9)
    s.stroke(smooth([(1010, 470), (1110, 330), (1240, 240)], False), 44, "#f3ead6", 0.02, 1, 0.8, 0)
    for k, x in enumerate((450, 660, 880)):
        lift = (k % 2) * 40
        path = smooth([(x, 310 - lift), (x - 52, 240 - lift), (x + 46, 160 - lift), (x - 30, 84 - lift),
            (x + 24, 20 - lift)], False, 12)
        s.stroke(path, 42, "#f6dcc4", 0.75, 0.5, 0.3, 0.7, 0.85)
    s.relief(0.45)


@register_picture(PICTURES, 3300, 2200, "#3a6ea0")
def dumplings_in_rows(s: Canvas) -> None:
    """Cut-paper dumplings stand in rows on two round trays."""
    s.cut(s.whole(), "#2f649c")
    for k in range(12):
        s.cut(rect(-30 + k * 134, -40, 52, 1100, 1), "#3d76ae", 4, 1)
    s.cut(smooth([(-30, 800), (300, 830), (560, 1030), (-30, 1030)]), "#f0d9a4", 8, 5)
    for cx, cy, r in ((545, 500, 440), (1235, 480, 330)):
        s.cut(ellipse(cx, cy, r), "#9a6a34", 7, 12)
        s.cut(ellipse(cx, cy, r * 0.93), "#e3bd7c", 5, 4)
        tray = s.mask(ellipse(cx, cy, r * 0.9))
        for k in range(int(r / 14)):
            y = cy - r * 0.88 + k * 25
            s.crayon_line([(cx - math.sqrt(max(0, (r * 0.88) ** 2 - (y - cy) ** 2)), y),
                (cx + math.sqrt(max(0, (r * 0.88) ** 2 - (y - cy) ** 2)), y)], 6, "#c2924f", 0.55)
        s.spatter(tray, "#fbf3df", 60, 2, 9)
        size = r / 440
        for row in range(5):
            y = cy + (row - 2) * 158 * size - 10
            half = math.sqrt(max(1, (r * 0.8) ** 2 - (y - cy) ** 2))
            n = max(1, int(half * 2 / (172 * size)))
            for k in range(n):
                x = cx + (k - (n - 1) / 2) * 182 * size + s.rng.uniform(-6, 6)
                _dumpling(s, x, y + s.rng.uniform(-6, 6), 82 * size, s.rng.uniform(-14, 14),
                    s.rng.choice(["#fbf4e4", "#f6ead0", "#fdf8ec", "#cfdca6", "#f3cfae"]))
    s.cut(rect(1130, 850, 330, 44, -14), "#e7c58c", 5, 8)
    s.cut(ellipse(1120, 905, 32), "#c23a24", 4, 5)
    s.cut(ellipse(1470, 828, 32), "#c23a24", 4, 5)


def _dumpling(s: Canvas, x: float, y: float, r: float, turn: float, paper: str) -> None:
    def put(o: Outline) -> Outline:
        return moved(o, x, y, turn)

    frill: list[tuple[float, float]] = []
    for k in range(15):
        a = math.radians(184 + k * 172 / 14)
        d = r * (1.06 if k % 2 else 0.93)
        frill.append((d * math.cos(a), d * 0.74 * math.sin(a)))
    shape = smooth([*frill, (r * 0.98, r * 0.16), (r * 0.5, r * 0.42), (0, r * 0.5), (-r * 0.5, r * 0.42),
        (-r * 0.98, r * 0.16)])
    s.cut(put(shape), paper, 3, 6)
    s.crayon_line(put(arc(0, r * 0.04, r * 0.8, r * 0.5, 192, 348)), r * 0.06, "#c79a5e", 0.8, 0.6)
    for k in range(7):
        a = math.radians(200 + k * 140 / 6)
        s.crayon_line(put([(r * 0.82 * math.cos(a), r * 0.54 * math.sin(a)), (r * 0.97 * math.cos(a),
            r * 0.68 * math.sin(a))]), r * 0.05, "#c79a5e", 0.8, 0.4)
    s.crayon_line(put(arc(-r * 0.1, r * 0.1, r * 0.5, r * 0.24, 40, 130)), r * 0.05, "#e0c08d", 0.7, 0.5)


@register_picture(PICTURES, 3000, 3000, "#d9a566")
def round_table(s: Canvas) -> None:
    """The family round the table, seen from the lamp."""
    s.cut(s.whole(), "#d8a05c")
    for k in range(9):
        s.cut(rect(-20, k * 122 - 20, 1060, 62, 0.6), "#cf9450", 3, 1)
    coats = ["#c8382c", "#2c5e9e", "#2f7f5f", "#8a4b7d", "#e0a030", "#33425f", "#e3795a", "#4a8fa8"]
    hairs = ["#2a1c20", "#2a1c20", "#e9e4da", "#3b2620", "#2a1c20", "#cfc9c0", "#2a1c20", "#46302a"]
    for k in range(8):
        a = k * 45 + 22
        turn = a - 90

        def put(o: Outline, turn: float = turn) -> Outline:
            return moved(o, 500, 500, turn)

        small = 0.8 if k in (3, 6) else 1.0
        s.cut(put(smooth([(-105 * small, 425), (-60, 385), (60, 385), (105 * small, 425),
            (92 * small, 500), (0, 520), (-92 * small, 500)])), coats[k], 5, 7)
        for side in (-1, 1):
            s.cut(put(limb([(side * 84 * small, 430), (side * 96 * small, 350), (side * 52, 296)],
                54 * small, 1, 0.8)), coats[k], 4, 5)
            s.cut(put(ellipse(side * 48, 284, 25 * small)), "#efc197" if k % 2 else "#dd9f6c", 3, 3)
        s.cut(put(ellipse(0, 426, 70 * small, 66 * small)), "#efc197" if k % 2 else "#dd9f6c", 3, 6)
        s.cut(put(smooth([(-72 * small, 420), (-50 * small, 376), (0, 362 + (k % 3) * 8),
            (50 * small, 376), (72 * small, 420), (62 * small, 480), (0, 500), (-62 * small, 480)])),
            hairs[k], 4, 3)
        if k in (3, 6):
            for side in (-1, 1):
                s.cut(put(ellipse(side * 70, 452, 26)), hairs[k], 3, 3)
                s.cut(put(ellipse(side * 56, 440, 10)), "#f2c13e", 0, 2)
        if k == 0:
            s.cut(put(ellipse(0, 470, 34)), "#c9c2ba", 4, 4)
    s.cut(ellipse(500, 500, 292), "#8c3f26", 6, 12)
    s.cut(ellipse(500, 500, 268), "#b3542f", 5, 3)
    for k in range(8):
        def place(o: Outline, turn: float = k * 45 - 68) -> Outline:
            return moved(o, 500, 500, turn)

        s.cut(place(ellipse(0, 222, 40)), "#f6efdf", 3, 4)
        s.cut(place(ellipse(0, 222, 27)), "#fdfaf2", 0, 2)
        s.cut(place(rect(46, 190, 7, 78)), "#f0cf8a", 0, 2)
        s.cut(place(rect(57, 192, 7, 78)), "#f0cf8a", 0, 2)
    for x, y, r, rim, food in ((500, 500, 92, "#2c5e9e", "#e9c27a"), (400, 420, 58, "#f6efdf", "#5c9a4b"),
        (602, 424, 58, "#f6efdf", "#c8382c"), (398, 590, 56, "#f6efdf", "#e08a34"),
        (606, 588, 58, "#f6efdf", "#f0d68a")):
        s.cut(ellipse(x, y, r), rim, 4, 6)
        s.cut(ellipse(x, y, r * 0.8), mix(food, "#ffffff", 0.25), 3, 2)
        for k in range(7):
            way, d = k * 0.9, r * (0.5 if k else 0.0)
            s.cut(ellipse(x + d * math.cos(way), y + d * math.sin(way), r * 0.24, r * 0.2, k * 40),
                "#fdf8ec" if r > 90 else food, 2, 3)
    s.cut(moved(smooth([(-50, 0), (-20, -24), (30, -16), (52, -4), (80, -26), (76, 22), (52, 4), (20, 22),
        (-24, 20)]), 500, 368, 8, 0.9), "#d97c3a", 3, 4)


@register_picture(PICTURES, 2560, 3200, "#e9dfca")
def steam_over_a_pot(s: Canvas) -> None:
    """Steam rises from the big iron pot and fills the kitchen: an ink wash."""
    r: float
    x: float
    y: float
    s.wash(s.whole(), "#d6c6a6", 0.5, 20, 1, 0)
    s.wash(rect(-30, 820, 1060, 480), "#8a6a4e", 0.7, 22, 2)
    s.wash(smooth([(90, 900), (910, 890), (950, 1280), (60, 1280)]), "#7d4a38", 0.75, 12, 2)
    for k in range(4):
        for j in range(6):
            s.wash(rect(96 + j * 140 + (k % 2) * 60, 925 + k * 84, 118, 62), "#6a3528", 0.45, 6, 1)
    s.wash(smooth([(380, 1020), (500, 985), (620, 1020), (630, 1230), (370, 1230)]), "#241512", 0.95, 8, 3)
    for k in range(7):
        x = 420 + k * 27
        s.wash(smooth([(x - 22, 1220), (x - 18, 1140), (x, 1070 + (k % 3) * 26), (x + 20, 1140),
            (x + 22, 1220)]), "#e06a2a", 0.9, 5, 1)
        s.gouache(smooth([(x - 14, 1215), (x - 8, 1160), (x, 1120 + (k % 2) * 24), (x + 10, 1160),
            (x + 14, 1215)]), "#f2a53a" if k % 2 else "#e2572b", 90, 20, 4, 0.85)
    pot = smooth([(120, 720), (500, 690), (880, 720), (850, 850), (720, 930), (500, 960), (280, 930),
        (150, 850)])
    s.wash(pot, "#3a3a44", 0.95, 9, 3)
    for k in range(5):
        s.stroke(arc(500, 720, 360 - k * 24, 220 - k * 36, 15, 165), 40, "#22222c", 0.5, 0.8, 0.5, 0.4, 0.7)
    s.stroke(arc(500, 716, 390, 74, 0, 360), 30, "#1c1c26", 0.25, 1, 0.9, 0)
    s.gouache(ellipse(500, 714, 362, 58), "#efe7d4", 0, 12, 6, 0.92)
    for k in range(13):
        x, y = 220 + (k * 167) % 560, 690 + (k * 37) % 52
        s.wash(ellipse(x + 4, y + 12, 44, 16), "#a08a6a", 0.6, 4, 1)
        s.gouache(smooth([(x - 46, y + 8), (x - 30, y - 18), (x, y - 28), (x + 32, y - 16),
            (x + 46, y + 8), (x, y + 18)]), "#fbf6e8", 10, 10, 2)
        s.crayon_line(arc(x, y + 6, 34, 22, 200, 340), 4, "#9a7a52", 0.6, 0.5)
    for side in (-1, 1):
        s.stroke(arc(500 + side * 410, 742, 46, 40, 0, 360), 22, "#1c1c26", 0.3, 1, 0.8, 0)
    for k in range(16):
        t = k / 15
        x = 500 + 250 * math.sin(k * 2.4) * (0.5 + t * 0.7)
        y, r = 640 - t * 620, 110 + t * 120
        puff = smooth([(x + r * math.cos(a * 0.9) * s.rng.uniform(0.7, 1.1),
            y + r * 0.7 * math.sin(a * 0.9) * s.rng.uniform(0.7, 1.1)) for a in range(7)])
        s.gouache(puff, "#f8f2e2", k * 30, 8, 24, 0.42)
    for k, x in enumerate((330, 470, 590, 700)):
        path = smooth([(x, 640), (x - 90 + k * 10, 520), (x + 80, 380), (x - 70 - k * 14, 230),
            (x + 40 + k * 26, 70)], False, 12)
        s.stroke(path, 56, "#b9a98c", 0.8, 0.4, 0.6, 0.5, 0.6)
        s.stroke(moved(path, 22, -6), 36, "#fffaf0", 0.6, 0.5, 0.5, 0.5, 0.85)
    s.stroke(smooth([(760, 700), (850, 560), (930, 400)], False), 34, "#7d5232", 0.1, 1, 0.7, 0)
    s.gouache(rect(868, 1178, 74, 74), "#b8321f", 0, 20, 3)
    for d in (0, 22, 44):
        s.gouache(rect(882, 1192 + d * 0.95, 46, 7), "#f3ead6", 0)


@register_picture(PICTURES, 2400, 3200, "#efe3cd")
def persimmons_drying(s: Canvas) -> None:
    """Strings of persimmons hang under the eaves, printed with a potato."""
    s.brushed(s.whole(), ["#e8dcc0", "#efe4cb", "#e1d2b2", "#f3ead6"], 88, 46, 220, 1.8)
    s.brushed(rect(-20, -20, 1040, 120), ["#5a4438", "#6b5242", "#4a382f"], 2, 26, 150)
    for k in range(12):
        s.gouache(arc(45 + k * 84, 108, 42, 46, 0, 180), "#3b2f2d", 0, 16)
        s.gouache(arc(45 + k * 84, 108, 26, 28, 0, 180), "#8a7462", 0, 16)
    s.stroke([(-20, 196), (500, 204), (1020, 190)], 30, "#8a5f38", 0.15, 1, 1, 0)
    oranges = ["#e2622a", "#ea7a2f", "#d64f26", "#f0913d"]
    for col in range(6):
        x = 95 + col * 162
        n = (8, 6, 8, 7, 8, 5)[col]
        s.crayon_line(smooth([(x, 190), (x + 5, 600), (x - 4, 230 + n * 132)], False), 7, "#6b4a30", 0.9)
        for k in range(n):
            y = 300 + k * 132 + s.rng.uniform(-10, 10)
            r = s.rng.uniform(56, 66)
            cx = x + s.rng.uniform(-9, 9)
            fruit = smooth([(cx, y - r * 0.72), (cx + r * 0.7, y - r * 0.62), (cx + r * 1.02, y),
                (cx + r * 0.66, y + r * 0.66), (cx, y + r * 0.86), (cx - r * 0.66, y + r * 0.66),
                (cx - r * 1.02, y), (cx - r * 0.7, y - r * 0.62)])
            s.stamped(moved(fruit, 6, 7), "#c9a27a", 0.4)
            s.stamped(fruit, s.rng.choice(oranges), 0.74)
            s.crayon_line(arc(cx - r * 0.1, y + r * 0.05, r * 0.66, r * 0.58, 110, 190), 7, "#f9c98b", 0.6)
            for p in range(4):
                a = math.radians(p * 90 + 45 + s.rng.uniform(-14, 14))
                s.stamped(ellipse(cx + 22 * math.cos(a), y - r * 0.62 + 10 * math.sin(a),
                    20, 10, math.degrees(a)), "#55683a", 0.85)
    for x, y, way in ((330, 1215, 1), (915, 1085, -1)):
        bird = smooth([(x - 62 * way, y - 4), (x - 20 * way, y - 46), (x + 30 * way, y - 54),
            (x + 58 * way, y - 30), (x + 40 * way, y + 22), (x - 10 * way, y + 38)])
        s.gouache(bird, "#4f4038", 20, 20)
        s.gouache(smooth([(x - 50 * way, y), (x - 130 * way, y + 16), (x - 128 * way, y + 36),
            (x - 40 * way, y + 24)]), "#3a2e2b", 10)
        s.gouache(ellipse(x + 22 * way, y + 6, 26, 22), "#ead9bb", 0)
        s.gouache(straight([(x + 54 * way, y - 38), (x + 88 * way, y - 28), (x + 54 * way, y - 20)],
            step=9), "#e0a030", 0)
        s.gouache(ellipse(x + 36 * way, y - 36, 6), "#fdf8ec", 0)
        for d in (-6, 16):
            s.crayon_line([(x + d, y + 34), (x + d + 4, y + 70)], 6, INK)
    s.stroke([(180, 1288), (330, 1284), (520, 1294)], 20, "#6b4a30", 0.4, 1, 0.7, 0)
    s.stroke([(1010, 1150), (900, 1156), (760, 1152)], 18, "#6b4a30", 0.4, 1, 0.7, 0)


@register_picture(PICTURES, 2400, 3200, "#9d2a20")
def red_door(s: Canvas) -> None:
    """A red door with brass knobs, door gods' colours and a paper-cut flower in each window."""
    s.cut(s.whole(), "#c9bda6")
    for row in range(16):
        for k in range(6):
            s.cut(rect(-90 + k * 196 + (row % 2) * 98, row * 86 - 10, 186, 76),
                s.rng.choice(["#8b8880", "#97938a", "#7f7c76", "#a19c92"]), 3, 2)
    s.cut(rect(95, 150, 810, 1200), "#5d2019", 5, 10)
    for x in (130, 506):
        s.cut(rect(x, 190, 364, 1160), "#b92b20", 4, 6)
        for j in range(5):
            for i in range(3):
                s.cut(ellipse(x + 74 + i * 108, 850 + j * 92, 21), "#e2b04a", 3, 5)
                s.crayon_line(arc(x + 74 + i * 108, 850 + j * 92, 12, 12, 180, 290), 5, "#fbe7a8", 0.8, 0.3)
        cx, cy = x + 182, 470
        s.cut(rect(x + 30, 260, 304, 420), "#f7ecd2", 5, 5)
        _window_flower(s, cx, cy, 140, "#cf2f22")
    for x, way in ((428, -1), (572, 1)):
        s.cut(ellipse(x, 780, 50), "#d9a23c", 4, 7)
        s.cut(ellipse(x, 780, 30), "#b97f28", 2, 3)
        s.cut(ribbon(arc(x, 822, 42, 48, -60, 240), 16), "#e9bf5f", 2, 5)
        s.cut(ellipse(x + way, 778, 12), "#fbe7a8", 0, 2)
    for x in (26, 880):
        s.cut(rect(x, 190, 100, 900), "#d8402c", 5, 6)
        for k in range(5):
            y = 270 + k * 172
            s.cut(ellipse(x + 50, y, 34), "#f2c75a", 3, 2)
            s.cut(star(x + 50, y, 24, 0.5, 4 + k % 3, k * 20), "#d8402c", 0, 1)
    s.cut(rect(70, 52, 860, 118), "#d8402c", 6, 8)
    for k in range(4):
        s.cut(moved(rect(-46, -46, 92, 92, 45), 200 + k * 200, 112), "#f2c75a", 4, 4)
        _window_flower(s, 200 + k * 200, 112, 38, "#c8301f", 6)
    s.cut(rect(60, 1268, 880, 90), "#75706a", 5, 9)
    for _ in range(46):
        s.cut(ellipse(s.rng.uniform(20, 980), s.rng.uniform(1288, 1330), s.rng.uniform(6, 11),
            6, s.rng.uniform(0, 90)), s.rng.choice(["#d8402c", "#e55a3c", "#f2c75a"]), 0, 2)
    for k, (x, y) in enumerate(((0, -6), (170, -14), (420, -10), (640, -16), (900, -6))):
        s.cut(smooth([(x - 130, y), (x, 36 + k % 2 * 18), (x + 130, y), (x + 100, -40), (x - 100, -40)]),
            "#f8f5ee", 6, 5)


def _window_flower(s: Canvas, cx: float, cy: float, r: float, red: str, folds: int = 8) -> None:
    """A flower of folded and cut paper: its petals, then the holes cut through all folds."""
    petals = [ellipse(cx, cy, r * 0.62)]
    holes: list[Outline] = []
    for k in range(folds):
        turn = k * 360 / folds

        def put(o: Outline, turn: float = turn) -> Outline:
            return moved(o, cx, cy, turn)

        petals.append(put(smooth([(-r * 0.2, -r * 0.5), (-r * 0.3, -r * 0.8), (0, -r * 1.02),
            (r * 0.3, -r * 0.8), (r * 0.2, -r * 0.5)])))
        holes.append(put(smooth([(0, -r * 0.9), (r * 0.1, -r * 0.74), (0, -r * 0.6),
            (-r * 0.1, -r * 0.74)])))
        holes.append(put(ellipse(0, -r * 0.36, r * 0.05, r * 0.14)))
        holes.append(moved(arc(0, 0, r * 0.6, r * 0.6, -100, -80), cx, cy, turn + 180 / folds))
        holes.append(moved(ellipse(0, -r * 0.55, r * 0.045, r * 0.09), cx, cy, turn + 180 / folds))
        holes.append(moved(straight([(-r * 0.05, -r * 0.25), (0, -r * 0.1), (r * 0.05, -r * 0.25)],
            step=6), cx, cy, turn + 180 / folds))
    flower = s.without(s.mask(*petals, waver=r * 0.012), s.mask(*holes, waver=r * 0.01))
    s.cut(flower, red, 0, 3)


@register_picture(PICTURES, 3000, 3000, "#7c4b32")
def grandmothers_hands(s: Canvas) -> None:
    """Two old hands fold a wrapper over its filling."""
    x: float
    y: float
    s.brushed(s.whole(), ["#8a5336", "#97603f", "#7a472e", "#a36b48"], lambda x,
        y: 3 + 6 * math.sin(y / 120), 36, 230)
    s.wash(ellipse(512, 468, 400, 250), "#3f2418", 0.5, 20, 1, 0)
    s.spatter(ellipse(500, 500, 470, 430), "#fbf3e2", 170, 2, 12)
    for k in range(9):
        x, y = 120 + (k % 5) * 190, 110 + (k // 5) * 110
        s.wash(ellipse(x + 6, y + 12, 74, 44), "#3f2418", 0.7, 5, 1)
        _gouache_dumpling(s, x, y, 74, s.rng.uniform(-14, 14))
    wrapper = s.brushed(ellipse(500, 505, 226, 205), ["#f9f0da", "#f3e6c8", "#fdf7e8"], around(500, 505),
        26, 100, 3)
    s.wash(s.without(wrapper, s.mask(ellipse(488, 490, 222, 200))), "#c9a574", 0.7, 7, 2)
    s.brushed(ellipse(500, 490, 96, 76), ["#8aa04a", "#a5b45a", "#6d8a3f", "#d07a50"], 30, 15, 40, 3)
    s.dabs(ellipse(500, 488, 88, 68), ["#c8d07a", "#5a7a38", "#e59a6a", "#f0d8a0"], 13, 1)
    skin, dark = ["#d99d70", "#e3aa7d", "#cf8f62"], "#a3623e"
    for side in (-1, 1):
        def put(points: list[tuple[float, float]], side: int = side) -> list[tuple[float, float]]:
            return [(500 + side * x, y) for x, y in points]

        sleeve = smooth(put([(520, 720), (420, 640), (330, 790), (300, 1040), (540, 1040)]))
        s.brushed(sleeve, ["#3b4f86", "#48609b", "#2f4274"], 60 * side, 28, 120)
        for k in range(12):
            x, y = put([(350 + (k % 3) * 75 + s.rng.uniform(-10, 10), 740 + (k // 3) * 80)])[0]
            for p in range(5):
                a = p * 1.257 + k
                s.gouache(ellipse(x + 13 * math.cos(a), y + 13 * math.sin(a), 10), "#f3d7c2", 0, 6, 1)
            s.gouache(ellipse(x, y, 7), "#e0a030", 0)
        fingers = [
            put([(300, 560), (262, 470), (205, 405), (150, 392)]),
            put([(330, 600), (256, 500), (190, 455), (128, 452)]),
            put([(320, 640), (240, 560), (178, 522), (120, 522)]),
            put([(310, 680), (236, 630), (180, 592), (134, 590)]),
        ]
        palm = s.mask(smooth(put([(290, 520), (360, 560), (420, 650), (408, 740), (330, 790), (262, 740),
            (240, 640)])))
        s.brushed(palm, skin, 50 * side, 22, 80, 3)
        for path in fingers:
            finger = limb(path, 74, 1, 0.78)
            s.wash(moved(finger, 4, 10), "#7a4a2c", 0.5, 5, 1)
            s.brushed(finger, skin, 20 * side, 18, 60, 3)
            tip = path[-1]
            s.gouache(ellipse(tip[0] + side * 6, tip[1] - 4, 21, 16), "#f3cfae", 0, 6, 1.5)
            for k in (1, 2):
                x, y = path[k]
                for d in (-6, 5):
                    s.crayon_line(arc(x + d * side, y, 10, 22,
                        -70, 70) if side > 0 else arc(x + d * side, y, 10, 22, 110, 250), 4, dark, 0.7, 0.6)
        thumb = limb(put([(300, 740), (216, 734), (150, 690), (104, 652)]), 82, 1, 0.8)
        s.wash(moved(thumb, 4, 10), "#7a4a2c", 0.5, 5, 1)
        s.brushed(thumb, skin, 20 * side, 18, 60, 3)
        s.gouache(ellipse(500 + side * 112, 655, 24, 18, side * 30), "#f3cfae", 0, 6, 1.5)
        for k in range(4):
            x, y = put([(318 + k * 18, 600 + k * 36)])[0]
            s.crayon_line(smooth([(x - 26, y - 16), (x, y + 4), (x + 18, y + 24)], False), 4, dark, 0.55, 1)
        s.stroke(put([(424, 628), (380, 700), (318, 800)]), 34, "#f3ead6", 0.15, 1, 1, 0)
    x, y = 500 - 388, 712
    s.stroke(smooth([(x + 16, y - 66), (x + 58, y - 10), (x + 84, y + 60)], False), 15, "#58a07a", 0.05, 1,
        1, 0)
    s.relief(0.5)


def _gouache_dumpling(s: Canvas, x: float, y: float, r: float, turn: float) -> None:
    shape = moved(smooth([(-r, r * 0.12), (-r * 0.72, -r * 0.4), (0, -r * 0.66), (r * 0.72, -r * 0.4),
        (r, r * 0.12), (r * 0.5, r * 0.4), (0, r * 0.46), (-r * 0.5, r * 0.4)]), x, y, turn)
    s.gouache(shape, "#f8efd9", 10, 14)
    for k in range(7):
        a = math.radians(205 + k * 130 / 6)
        s.crayon_line(moved([(r * 0.62 * math.cos(a), r * 0.4 * math.sin(a)), (r * 0.94 * math.cos(a),
            r * 0.6 * math.sin(a))], x, y, turn), 5, "#c39a62", 0.75, 0.4)
    s.crayon_line(moved(arc(0, 0, r * 0.66, r * 0.42, 200, 340), x, y, turn), 5, "#c39a62", 0.75, 0.5)


@register_picture(PICTURES, 3000, 3000, "#27568c")
def oranges_on_blue(s: Canvas) -> None:
    """Oranges lie on a patterned blue cloth."""
    s.brushed(s.whole(), ["#2a5c96", "#336aa6", "#234f84"], lambda x, y: 30 + 20 * math.sin(x / 200), 40,
        180)
    for j in range(7):
        for k in range(7):
            x, y = k * 170 + (j % 2) * 85 - 10, j * 165
            for p in range(6):
                a = math.radians(p * 60 + j * 10)
                s.gouache(ellipse(x + 36 * math.cos(a), y + 36 * math.sin(a), 24, 11, p * 60 + j * 10),
                    "#e9eef0", 0, 8)
            s.gouache(ellipse(x, y, 12), "#f0c34e", 0)
    s.wash(ellipse(540, 640, 400, 200), "#112c50", 0.8, 14, 2, 0.1)
    s.brushed(ellipse(510, 600, 400, 210), ["#f4ecdc", "#e8dfce", "#fbf6ea"], around(510, 600, 1.9),
        24, 120, 3)
    s.wash(ellipse(510, 610, 300, 140), "#9fb2c4", 0.6, 8, 2)
    for x, y, r in ((330, 520, 124), (700, 520, 122), (510, 430, 132), (420, 640, 130), (640, 655, 126),
        (880, 860, 128)):
        s.wash(ellipse(x + 26, y + r * 0.66, r * 0.98, r * 0.44), "#4a3350", 0.75, 8, 1)
        fruit = s.brushed(ellipse(x, y, r, r * 0.95), ["#ea7a1f", "#f08c2a", "#f5a03a", "#e2691b"],
            around(x, y), 20, 70, 3)
        s.dabs(s.within(ellipse(x - r * 0.25, y - r * 0.3, r * 0.55), fruit),
            ["#f9b653", "#fbc876", "#f7a63f"], 15, 0.9)
        s.wash(s.without(fruit, s.mask(ellipse(x - r * 0.2, y - r * 0.24, r))), "#c2431f", 0.85, 7, 2, 0.1)
        s.gouache(star(x + r * 0.1, y - r * 0.5, 17, 0.5), "#6a7a3a", 0)
    for x, y, turn in ((560, 290, -30), (800, 410, 20), (240, 410, 200), (955, 735, -40)):
        leaf = moved(smooth([(0, 0), (50, -38), (120, -30), (168, 4), (110, 34), (44, 30)]), x, y, turn)
        s.brushed(leaf, ["#3c7a45", "#4f8f4b", "#2f6840"], turn, 16, 60, 3)
        s.stroke(moved([(4, 0), (80, -4), (160, 4)], x, y, turn), 8, "#a6c36a", 0.2)
    half = s.brushed(ellipse(180, 850, 120, 116), ["#f0902f", "#f5a23d"], 0, 18, 60)
    s.gouache(s.within(ellipse(180, 850, 104, 100), half), "#fbeecb", 0)
    for k in range(9):
        a = math.radians(k * 40)
        wedge = [(180 + 96 * math.cos(a + b) * d, 850 + 92 * math.sin(a + b) * d) for b,
            d in ((-0.28, 0.92), (0, 1), (0.28, 0.92), (0.03, 0.16))]
        s.gouache(smooth(wedge), "#f3912c", 40 * k, 20, 1.5)
    s.relief(0.6)


@register_picture(PICTURES, 3200, 2400, "#3a4f78")
def cat_on_the_kang(s: Canvas) -> None:
    """A ginger cat sleeps on the warm kang while it snows outside."""
    s.crayon(s.whole(), "#d98f4f", 6, 8, 13, 0.75, under=0.7)
    pane = s.mask(rect(210, 50, 910, 500))
    s.brushed(pane, ["#22386b", "#2c4680", "#1b2e5a"], 6, 34, 160)
    s.gouache(ellipse(930, 170, 62), "#f7ebc0", 0)
    for k in range(3):
        y = 420 + k * 36
        s.brushed(s.within(smooth([(190, y), (420, y - 60 + k * 30), (720, y + 10), (960, y - 50), (1140, y),
            (1140, 560), (190, 560)]), pane), [["#8fa8cc", "#9fb5d4"], ["#c3d2e4", "#b3c6dd"],
            ["#f2f3ef", "#e3e9ee"]][k], 4, 24, 100)
    for x, y in ((430, 410), (760, 430)):
        s.gouache(rect(x, y, 110, 70), "#7d3f3a", 0)
        s.gouache(smooth([(x - 26, y + 6), (x + 20, y - 52), (x + 92, y - 52), (x + 138, y + 6)]),
            "#f6f4ec", 0)
        s.gouache(rect(x + 38, y + 24, 34, 34), "#ffcf62", 0)
    s.spatter(s.mask(rect(210, 50, 910, 500)), "#ffffff", 130, 3, 11)
    for path in ([(200, 40), (1128, 48)], [(206, 560), (1130, 556)], [(206, 40), (204, 560)], [(1126, 46),
        (1124, 560)], [(664, 44), (668, 560)], [(206, 300), (1126, 296)]):
        s.stroke(path, 40 if path[0][0] < 250 or path[0][0] > 1000 else 26, "#7a3a26", 0.06, 1, 1, 0)
    s.crayon(ellipse(664, 170, 66), "#cf2f22", 0, 6, 9, 0.9, (664, 170))
    _window_flower(s, 664, 170, 82, "#cf2f22", 8)
    s.brushed(straight([(-20, 630), (700, 612), (1360, 636), (1360, 1020), (-20, 1020)]),
        ["#b5382c", "#c2452f", "#a52f28"], 2, 36, 180)
    for j in range(3):
        for k in range(12):
            x, y = 40 + k * 118 + (j % 2) * 58, 690 + j * 120
            s.crayon(star(x, y, 34, 0.45, 8, k * 13), "#f0c25a", 30, 6, 7, 0.7, under=0.4)
    s.wash(ellipse(700, 890, 480, 62), "#5d1a18", 0.8, 6, 2, soft=9)
    fur = ["#e58f3e", "#ec9e4c", "#d97e30", "#f2b163"]
    tail = limb([(1080, 800), (1150, 880), (1000, 935), (760, 930), (560, 905)], 92, 1, 0.8)

    def round_fur(x: float, y: float) -> float:
        return math.degrees(math.atan2(y - 860, x - 700)) + 90

    body = smooth([(300, 780), (380, 640), (560, 560), (780, 540), (980, 600), (1100, 740), (1110, 860),
        (980, 920), (640, 930), (380, 910)])
    shape = s.brushed(body, fur, round_fur, 22, 80, 3.2)
    stripes = [ribbon(smooth([(x, 520 + abs(k - 3) * 20), (x + 34, 620), (x + 20, 720)], False),
        44, 0.8, 0.1) for k, x in enumerate((520, 610, 700, 790, 880, 970, 1050))]
    s.brushed(s.within(s.mask(*stripes), shape), ["#b65a20", "#c4682a"], 75, 16, 60, 3)
    s.brushed(s.within(smooth([(360, 930), (520, 860), (820, 880), (980, 940)]), shape),
        ["#f8e6c6", "#f3d9ae"], 8, 18, 70, 3)
    s.wash(moved(tail, 0, 12), "#7a3318", 0.5, 6, 1)
    s.brushed(tail, fur, 0, 20, 70, 3)
    for k in range(4):
        s.stroke([(690 + k * 90, 890), (700 + k * 90, 970)], 26, "#b65a20", 0.2, 1, 0.8, 0)
    s.brushed(ellipse(566, 908, 50, 42), ["#f8e6c6", "#fdf2dc"], 0, 16, 40)
    for side in (-1, 1):
        ear = straight([(392 + side * 62, 620), (392 + side * 156, 590), (392 + side * 146, 730)])
        s.brushed(ear, fur, 90, 18, 50, 3)
        s.gouache(straight([(392 + side * 86, 640), (392 + side * 136, 622), (392 + side * 130, 700)]),
            "#f0a58c", 90)
    s.brushed(ellipse(392, 764, 176, 148), fur, around(392, 764), 20, 70, 3.4)
    for k in (-1, 0, 1):
        s.stroke([(392 + k * 40, 632 + abs(k) * 10), (392 + k * 30, 690)], 24, "#b65a20", 0.2, 1, 0.4, 0)
    s.brushed(s.mask(ellipse(350, 818, 70, 52), ellipse(436, 818, 70, 52)), ["#fdf2dc", "#f8e6c6"], 10, 16,
        50, 3)
    for side in (-1, 1):
        s.crayon_line(arc(392 + side * 78, 744, 36, 26, 15, 165), 11, "#4a2418", 0.95, 0.6)
        s.crayon_line(arc(392 + side * 24, 812, 25, 20, 10, 170), 9, "#4a2418", 0.95, 0.5)
        for d in (-1, 0, 1):
            s.crayon_line(smooth([(392 + side * 90, 812 + d * 12), (392 + side * 170, 800 + d * 26),
                (392 + side * 230, 806 + d * 44)], False), 5, "#fff6e4", 0.85, 1)
    s.gouache(smooth([(374, 786), (392, 782), (410, 786), (392, 806)]), "#d9604f", 0)
    s.relief(0.45)


@register_picture(PICTURES, 3000, 3000, "#f0c04e")
def tiger_hat(s: Canvas) -> None:
    """A small child looks out from under a tiger hat."""
    s.cut(s.whole(), "#2f8577")
    for j in range(5):
        for k in range(5):
            s.cut(star(110 + k * 200 + (j % 2) * 90 - 40, 90 + j * 205, 46, 0.5, 8, k * 20), "#3b978a", 3,
                1)
    s.cut(smooth([(60, 1040), (110, 880), (320, 800), (680, 800), (890, 880), (940, 1040)]), "#c8382c", 8,
        9)
    for k in range(7):
        s.cut(star(150 + k * 118, 950 - (k % 2) * 46, 34, 0.5, 6, k * 9), "#f2c13e", 3, 2)
    for side in (-1, 1):
        s.cut(ellipse(500 + side * 290, 250, 118), "#e58a24", 7, 9)
        s.cut(ellipse(500 + side * 290, 256, 78), "#f6c9a8", 5, 3)
        s.cut(ellipse(500 + side * 290, 264, 40), "#c8382c", 4, 2)
    s.cut(smooth([(180, 560), (150, 360), (300, 190), (500, 150), (700, 190), (850, 360), (820, 560),
        (860, 760), (740, 810), (260, 810), (140, 760)]), "#f09a2c", 8, 10)
    skin = "#f3c39a"
    s.cut(ellipse(500, 645, 262, 228), skin, 6, 6)
    s.cut(smooth([(262, 560), (330, 470), (420, 540), (500, 478), (580, 540), (670, 470), (738, 560),
        (500, 430)]), "#2b1c20", 3, 2)
    for side in (-1, 1):
        s.gouache(ellipse(500 + side * 158, 716, 58, 46), "#e9735a", 0, 8, 8, 0.65)
        s.gouache(ellipse(500 + side * 98, 630, 30, 36), "#2a1c20", 0, 4, 1)
        s.gouache(ellipse(500 + side * 98 - 8, 616, 10), "#ffffff", 0, 2, 0.6)
        s.crayon_line(arc(500 + side * 100, 572, 42, 18, 205, 335), 11, "#5a3426", 0.9, 0.5)
    s.crayon_line(arc(500, 690, 22, 14, 20, 160), 9, "#c57e54", 0.9, 0.4)
    s.gouache(smooth([(438, 752), (500, 768), (562, 752), (536, 806), (500, 818), (464, 806)]), "#a82f28",
        0, 6, 1)
    s.gouache(smooth([(462, 758), (500, 768), (538, 758), (530, 776), (470, 776)]), "#fdf8ec", 0, 3, 0.6)
    brow = s.cut(smooth([(240, 470), (250, 340), (370, 236), (500, 214), (630, 236), (750, 340),
        (760, 470), (620, 424), (500, 410), (380, 424)]), "#f7b340", 6, 6)
    for side in (-1, 1):
        for k in range(3):
            y = 300 + k * 66
            stripe = ribbon(smooth([(500 + side * (290 - k * 8), y - 40), (500 + side * 230, y),
                (500 + side * 160, y + 4)], False), 36, 1, 0.1)
            s.cut(s.within(stripe, brow), "#3a2320", 0, 2)
            low = ribbon(smooth([(500 + side * 352, 540 + k * 78), (500 + side * 320, 546 + k * 78),
                (500 + side * 276, 540 + k * 76)], False), 34, 1, 0.1)
            s.cut(low, "#3a2320", 0, 2)
        s.cut(ellipse(500 + side * 108, 322, 56, 50), "#fdf6e2", 4, 4)
        s.cut(ellipse(500 + side * 104, 328, 34), "#3f9160", 2, 2)
        s.cut(ellipse(500 + side * 102, 330, 18), "#241a20", 0, 1)
        s.gouache(ellipse(500 + side * 102 - 8, 322, 7), "#ffffff", 0)
        s.cut(ribbon(smooth([(500 + side * 48, 282), (500 + side * 110, 246), (500 + side * 180, 276)],
            False), 24, 0.6, 0.3, 0.4), "#fdf6e2", 2, 2)
    s.cut(s.mask(rect(446, 216, 108, 16), rect(446, 250, 108, 16), rect(446, 286, 108, 16),
        rect(492, 212, 17, 90)), "#3a2320", 0, 2)
    s.cut(smooth([(452, 366), (500, 354), (548, 366), (500, 408)]), "#c8382c", 3, 3)
    for side in (-1, 1):
        for k in range(3):
            s.crayon_line(smooth([(500 + side * 66, 392 + k * 10), (500 + side * 160, 384 + k * 18),
                (500 + side * 232, 396 + k * 26)], False), 8, "#fdf6e2", 0.9, 1)
        s.cut(ribbon([(500 + side * 330, 800), (500 + side * 300, 880), (500 + side * 330, 930)], 26),
            "#2c5e9e", 3, 3)
        s.cut(ellipse(500 + side * 332, 945, 40), "#f2c13e", 4, 3)


@register_picture(PICTURES, 2400, 3600, "#12182f")
def lanterns_at_night(s: Canvas) -> None:
    """Red lanterns light an alley and the children who look up at them."""
    s.brushed(s.whole(), ["#151c3c", "#1b2448", "#101530", "#202b55"], lambda x,
        y: 85 + 10 * math.sin(x / 150), 40, 220, 2)
    for side in (-1, 1):
        x = 500 + side * 420
        wall = straight([(500 + side * 540, 520), (500 + side * 330, 700), (500 + side * 210, 1270),
            (500 + side * 540, 1520)])
        s.brushed(wall, ["#2a2a4c", "#343256", "#232344"], 80 + side * 8, 30, 140)
        s.brushed(smooth([(500 + side * 560, 440), (500 + side * 400, 590), (500 + side * 270, 720),
            (500 + side * 330, 760), (500 + side * 560, 600)]), ["#171a33", "#20233f"], -side * 40, 20, 90)
        for k in range(2):
            s.gouache(rect(x - 50 - side * k * 60, 880 + k * 170, 84 - k * 14, 120), "#f3b04a", 90, 20)
            s.crayon_line([(x - 8 - side * k * 60, 880 + k * 170),
                (x - 8 - side * k * 60, 1000 + k * 170)], 8, "#2a1c2a")
            s.crayon_line([(x - 50 - side * k * 60, 940 + k * 170),
                (x + 34 - side * k * 60, 940 + k * 170)], 8, "#2a1c2a")
    s.brushed(straight([(290, 1270), (710, 1270), (1040, 1520), (-40, 1520)]),
        ["#3a3458", "#4a3f60", "#2d2a4c"], 0, 26, 140)
    s.glow(500, 1400, 420, "#e8863c", 0.4)
    for x, y, r in ((190, 300, 92), (790, 250, 118), (480, 520, 158), (860, 640, 88), (150, 720, 104),
        (520, 930, 84), (330, 120, 66), (700, 800, 60)):
        s.crayon_line(smooth([(x + 4, -10), (x - 6, y * 0.5), (x, y - r)], False), 5, "#8a7a5c", 0.7)
        s.glow(x, y, r * 2.6, "#e8632c", 0.62)
        body = s.brushed(ellipse(x, y, r * 1.12, r), ["#d8341f", "#e2482a", "#c22a1c", "#ee6a38"],
            _ribs(x), r * 0.17, r * 0.8, 3)
        s.gouache(s.within(ellipse(x, y, r * 0.42, r * 0.94), body), "#f4813c", 90, 22, 6, 0.75)
        s.gouache(ellipse(x, y, r * 0.16, r * 0.8), "#fbc25a", 90, 20, 8, 0.8)
        for k in (-1, 1):
            for d in (0.42, 0.8):
                s.crayon_line(smooth([(x, y - r * 0.98), (x + k * r * 1.1 * d, y), (x, y + r * 0.98)],
                    False, 10), r * 0.04, "#8f1d18", 0.7, 0.8)
        for dy in (-1, 1):
            s.gouache(rect(x - r * 0.4, y + dy * r * 0.98 - r * 0.1, r * 0.8, r * 0.2), "#e9b84a", 0, 18)
        for k in range(7):
            s.crayon_line(smooth([(x + (k - 3) * r * 0.1, y + r * 1.06),
                (x + (k - 3) * r * 0.12, y + r * 1.4), (x + (k - 3) * r * 0.11 + 4, y + r * 1.72)], False),
                r * 0.05, "#f0c458" if k % 2 else "#d8742c", 0.85, 1)
    for x, y, h, coat, hair in ((370, 1440, 210, "#c8a23a", "#1e1420"),
        (520, 1455, 170, "#2f7f8a", "#1e1420"), (655, 1440, 240, "#7c3f6a", "#d8d2cc")):
        s.gouache(smooth([(x - h * 0.36, y), (x - h * 0.28, y - h * 0.5), (x, y - h * 0.66),
            (x + h * 0.28, y - h * 0.5), (x + h * 0.36, y)]), coat, 85, 20)
        s.gouache(ellipse(x, y - h * 0.82, h * 0.23, h * 0.24), hair, 0, 16)
        for side in (-1, 1):
            s.gouache(ellipse(x + side * h * 0.23, y - h * 0.78, h * 0.05, h * 0.07), "#d8935f", 0)
        s.crayon_line(arc(x, y - h * 0.82, h * 0.23, h * 0.24, 200, 320), 7, "#f29a4a", 0.8)
    s.gouache(limb([(585, 1365), (562, 1400), (548, 1376)], 20), "#d8935f", 0)
    s.gouache(limb([(316, 1340), (262, 1280), (250, 1220)], 34), "#c8a23a", 0)
    s.gouache(ellipse(250, 1206, 18), "#d8935f", 0)
    s.relief(0.45)


def _ribs(x: float) -> Flow:
    """The flow of a lantern's brush strokes: 90° at its middle `x`, leaning outwards at its sides."""
    return lambda px, _: 90 + (px - x) * 0.35
