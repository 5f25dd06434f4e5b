"""The demo's pictures on whatever paper was there, photographed with a phone: pencil, ball pen, wax crayon."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

import math

from gallery.demo.brushes import (
    Canvas,
    Outline,
    PictureSpec,
    arc,
    ellipse,
    moved,
    rect,
    register_picture,
    smooth,
    straight,
)

PICTURES: dict[str, PictureSpec] = {}
BLUE, PENCIL = "#23378f", "#77736f"


def line(*points: tuple[float, float]) -> Outline:
    return smooth(points, closed=False)


@register_picture(PICTURES, 3200, 2400, "#f7f3e4")
def five_tangyuan(s: Canvas) -> None:
    """A six-year-old's family: five round heads with legs, on paper with squares for learning to write."""
    s.squared(158, 44, "#9ec39a")
    for k in range(7):  # the sun in the corner
        turn = math.radians(12 + k * 14)
        s.crayon_line(line((160 * math.cos(turn), 160 * math.sin(turn)), (245 * math.cos(turn), 245 * math.sin(turn))),
            15, "#e8892b", 0.75, 4)
    s.crayon(ellipse(0, 0, 138), "#f0b429", around=(0, 0), gap=12, width=13, press=0.6)
    people = ((200, 500, 118, "#d8483a", 1), (455, 430, 150, "#3b6db5", 0), (722, 475, 132, "#c45a9a", 1),
        (958, 610, 84, "#5aa04a", 0), (1150, 690, 62, "#e08a2c", 1))
    for x, y, r, colour, has_long_hair in people:
        face(s, x, y, r, colour, bool(has_long_hair))
    s.crayon_line(line((20, 962), (330, 948), (700, 968), (1010, 950), (1310, 962)), 18, "#6fa24c", 0.7, 5)
    for x in range(40, 1320, 90):
        s.crayon_line(line((x, 955), (x + 8, 915)), 9, "#6fa24c", 0.6, 3)
    s.pencil(line((1090, 190), (1130, 150), (1190, 160), (1210, 200), (1270, 195), (1280, 240), (1080, 245), (1090,
        190)))
    s.photographed("#8b5e3c", ((22, 4), (-14, 20), (4, -22), (-26, 10)), (255, 236, 226, 186))


def face(s: Canvas, x: float, y: float, r: float, colour: str, has_long_hair: bool) -> None:
    """A head with arms and legs, at first in pencil."""
    s.pencil(ellipse(x - 6, y - 4, r * 1.05), 4)
    s.crayon(ellipse(x, y, r), "#f6dfc8", around=(x, y), gap=11, width=12, press=0.42, under=0.5)
    s.crayon_line(arc(x, y, r, r, -80, 285), r * 0.1, colour, 0.8, 3)
    for side in (-1, 1):
        s.crayon_line(line((x + side * r * 0.4, y + r * 0.9), (x + side * r * 0.45, 925)), r * 0.13, colour, 0.8, 4)
        s.crayon_line(line((x + side * r * 0.45, 925), (x + side * r * 0.8, 930)), r * 0.14, "#3a3330", 0.8, 3)
        s.crayon_line(line((x + side * r * 0.95, y + r * 0.3), (x + side * r * 1.35, y + r * 0.75)), r * 0.11,
            colour, 0.8, 4)
        s.crayon_line(ellipse(x + side * r * 0.36, y - r * 0.16, r * 0.13), r * 0.06, "#2d2724", 0.9, 1)
        s.biro([(x + side * r * 0.36, y - r * 0.16), (x + side * r * 0.36, y - r * 0.12)], "#2d2724", r * 0.12, 0)
        s.crayon(ellipse(x + side * r * 0.6, y + r * 0.25, r * 0.15), "#e98c84", around=(x + side * r * 0.6,
            y + r * 0.25), press=0.5)
    s.crayon_line(arc(x, y + r * 0.12, r * 0.45, r * 0.42, 15, 165), r * 0.08, "#c8372d", 0.85, 2)
    for k in range(-4, 5):
        top = (x + k * r * 0.2, y - r * math.cos(k * 0.2) * 0.98)
        end = (top[0] + k * r * 0.09, top[1] + r * 0.34) if not has_long_hair else (x + k * r * 0.31,
            y + r * (abs(k) * 0.24 - 0.5))
        s.crayon_line(line((x + k * 3, y - r * 1.08), top, end), r * 0.09, "#33281f", 0.75, 3)


@register_picture(PICTURES, 2400, 3200, "#f3efe6")
def old_well(s: Canvas) -> None:
    """An old hand's ball pen on letter paper: a well under a persimmon tree, and much of the sheet left empty."""
    s.ruled(62, "#c9b7ae", 190)
    s.printed_line([(60, 120), (940, 120)], "#c65a50")
    s.printed_line([(60, 128), (940, 128)], "#c65a50")
    shake = 4.5
    s.pencil([*ellipse(372, 905, 190, 62), (562, 905)], 3)
    s.pencil(line((180, 900), (170, 1100)), 3)
    for r in (1, 0.8):
        s.biro([*ellipse(380, 900, 185 * r, 58 * r, -3)], BLUE, 3.6, shake)
    for k, y in enumerate((945, 990, 1035, 1080)):
        s.biro(arc(380, y, 187, 58, 4, 176, -3), BLUE, 3.2, shake)
        for j in range(6):
            x = 215 + j * 62 + (k % 2) * 28
            dip = 55 * math.sqrt(max(0.0, 1 - ((x - 380) / 187) ** 2))
            if y > 945:
                s.biro(line((x, y - 45 + dip), (x + 3, y + dip)), BLUE, 2.8, 1.5)
    for x in (195, 565):
        s.biro(line((x, 905), (x - 2, 1000), (x + 2, 1090)), BLUE, 3.6, 2.5)
    for x in (228, 540):
        s.biro(line((x, 880), (x + 6, 690), (x + 2, 560)), BLUE, 4.2, shake)
        s.biro(line((x + 18, 885), (x + 22, 690), (x + 18, 565)), BLUE, 4.2, shake)
    s.biro(line((190, 588), (380, 580), (600, 592)), BLUE, 4.4, shake)
    s.biro(line((192, 610), (380, 602), (602, 614)), BLUE, 4.4, shake)
    for k in range(7):
        s.biro(line((350 + k * 11, 574), (356 + k * 11, 618)), BLUE, 3, 2)
    s.biro(line((382, 618), (384, 720), (380, 828)), BLUE, 3, 2.5)
    s.biro(straight([(340, 826), (424, 828), (412, 900), (352, 898), (340, 826)], closed=False), BLUE, 3.6, 3)
    s.biro(arc(382, 826, 42, 40, 180, 360), BLUE, 2.8, 2)
    trunk = line((812, 1135), (790, 980), (800, 820), (760, 690), (690, 560))
    s.biro(trunk, BLUE, 5, shake)
    s.biro(moved(trunk, 42, 0), BLUE, 5, shake)
    for branch in (((795, 830), (880, 740), (925, 640)), ((772, 715), (690, 690), (640, 640)), ((745, 650), (770,
        540), (742, 450)),
            ((880, 740), (940, 735)), ((700, 570), (640, 520))):
        s.biro(line(*branch), BLUE, 3.8, shake)
    for x, y in ((922, 668), (872, 770), (640, 672), (690, 718), (742, 470), (776, 560), (946, 762), (640, 548),
        (700, 600)):
        s.crayon(ellipse(x, y, 24, 21), "#e2762a", around=(x, y), gap=7, width=8, press=0.7, under=0.45)
        s.biro([*ellipse(x, y, 25, 22), (x + 25, y)], BLUE, 2.4, 2)
        s.biro(line((x - 8, y - 22), (x, y - 15), (x + 9, y - 23)), BLUE, 2.4, 1)
    for _ in range(16):
        foot, ground = s.rng.uniform(590, 930), 1140 + s.rng.uniform(-8, 22)
        s.biro(line((foot, ground), (foot + 5, ground - 22)), BLUE, 2.2, 1)
    s.photographed("#5c6b6a", ((-16, 12), (20, -12), (-8, 14), (18, -16)), (198, 240, 232, 255), 0.91)


FACES = ("#f3d3b4", "#e9bf98", "#d9a678", "#f7dfc6", "#c98f63")
HAIRS = ("#2a211c", "#3b2a20", "#1f1b1d", "#54392a")
SHIRTS = ("#c8402f", "#2f62a8", "#3f8f4f", "#e3a32f", "#8a4f9e", "#2d9296", "#d9688d")


@register_picture(PICTURES, 3400, 2300, "#fbfaf5")
def class_list(s: Canvas) -> None:
    """A class drew itself on one sheet: 23 faces, each by its own child, in whatever pens there were."""
    s.ruled(68, "#bcd3e6", 96, 96)
    number = 0
    for row, count in enumerate((8, 8, 7)):
        for place in range(count):
            gap = 1330 / 8
            x = 160 + gap * place + (gap / 2 if count == 7 else 0) + s.rng.uniform(-16, 16)
            y = 225 + row * 272 + s.rng.uniform(-24, 24)
            classmate(s, number, x, y, s.rng.uniform(50, 74))
            number += 1
    s.photographed("#cfc4ae", ((10, 16), (-20, -6), (16, -14), (-8, -18)), (232, 255, 190, 228), 0.93)


def classmate(s: Canvas, number: int, x: float, y: float, r: float) -> None:
    """One face of the class: the number decides pen, hair, glasses and mouth."""
    pen = ("#23378f", "#2b2523", "#b5322c", "#2f6b3d", PENCIL)[number * 7 % 5]
    skin, hair, shirt = FACES[number * 3 % 5], HAIRS[number % 4], SHIRTS[number * 5 % 7]
    s.pencil(ellipse(x + 4, y - 3, r * 1.02, r * 1.08), 2.2)
    s.crayon(straight([(x - r * 0.9, y + r * 1.85), (x - r * 0.5, y + r * 0.98), (x + r * 0.5, y + r * 0.98),
        (x + r * 0.9, y + r * 1.85)]),
        shirt, angle=number * 37 % 180, gap=8, width=8, press=0.55, under=0.2)
    if number % 6 != 4:  # one in six left the face as it was
        s.crayon(ellipse(x, y, r * 0.95, r), skin, angle=number * 23 % 180, gap=8, width=9, press=0.5, under=0.45)
    outline = [*ellipse(x, y, r * (0.88 + number % 3 * 0.08), r, number * 11 % 20 - 10)]
    s.biro([*outline, outline[0]], pen, 3.2, 1.8)
    hairdo(s, number, x, y, r, hair)
    for side in (-1, 1):
        eye = (x + side * r * 0.34, y - r * 0.06)
        if number % 4 == 1:
            s.biro(arc(*eye, r * 0.13, r * 0.11, 190, 350), pen, 2.8, 0.6)
        else:
            s.biro([eye, (eye[0] + 1, eye[1] + r * 0.05)], "#241f1d", r * (0.13 + number % 3 * 0.03), 0)
        if number % 5 == 2:
            s.biro([*ellipse(*eye, r * 0.23), (eye[0] + r * 0.23, eye[1])], pen, 2.6, 0.8)
        if number % 3 == 0:
            s.crayon(ellipse(x + side * r * 0.52, y + r * 0.3, r * 0.14), "#e98c84", gap=6, width=6, press=0.45,
                under=0.15)
    if number % 5 == 2:
        s.biro(line((x - r * 0.1, y - r * 0.06), (x + r * 0.1, y - r * 0.06)), pen, 2.4, 0.4)
    s.biro(line((x, y + r * 0.05), (x - r * 0.06, y + r * 0.22), (x + r * 0.05, y + r * 0.24)), pen, 2.4, 0.5)
    if number % 7 == 3:
        s.biro([*ellipse(x, y + r * 0.52, r * 0.13), (x + r * 0.13, y + r * 0.52)], pen, 2.8, 0.6)
    elif number % 7 == 5:
        s.biro(line((x - r * 0.25, y + r * 0.52), (x + r * 0.25, y + r * 0.5)), pen, 2.8, 0.8)
    else:
        s.biro(arc(x, y + r * 0.3, r * 0.34, r * 0.28, 15, 165), "#b5322c" if number % 2 else pen, 3, 0.8)


def hairdo(s: Canvas, number: int, x: float, y: float, r: float, hair: str) -> None:
    kind = number % 6
    if kind == 0:  # short, like a brush
        for k in range(-5, 6):
            s.crayon_line(line((x + k * r * 0.16, y - r * 0.75), (x + k * r * 0.2, y - r * 1.18)), r * 0.12, hair,
                0.75, 2)
    elif kind in (1, 4):  # plaits, or bunches
        s.crayon(arc(x, y - r * 0.1, r * 1.02, r * 1.02, 180, 360), hair, angle=80, gap=6, width=7, press=0.7)
        for side in (-1, 1):
            length = 1.1 if kind == 1 else 0.3
            s.crayon_line(line((x + side * r * 0.95, y - r * 0.2), (x + side * r * 1.15, y + r * length * 0.5),
                (x + side * r * 1.05, y + r * length)), r * 0.22, hair, 0.75, 3)
            s.crayon(ellipse(x + side * r * 1.06, y + r * length, r * 0.1), "#d23b3b", press=0.8)
    elif kind == 2:  # a fringe
        s.crayon(straight([(x - r, y - r * 0.2), (x - r * 0.7, y - r), (x, y - r * 1.16), (x + r * 0.7, y - r),
            (x + r, y - r * 0.2),
            (x + r * 0.5, y - r * 0.42), (x, y - r * 0.34), (x - r * 0.5, y - r * 0.42)]), hair, angle=95, gap=6,
                width=7, press=0.7)
    elif kind == 3:  # a cap
        s.crayon(arc(x, y - r * 0.32, r * 0.98, r * 0.8, 180, 360), SHIRTS[number % 7], angle=10, gap=6, width=7,
            press=0.65)
        s.crayon_line(line((x - r * 0.95, y - r * 0.34), (x + r * 1.35, y - r * 0.36)), r * 0.14,
            SHIRTS[number % 7], 0.8, 1)
    else:  # curls
        for k in range(9):
            turn = math.radians(190 + k * 20)
            cx, cy = x + r * 0.98 * math.cos(turn), y + r * 0.95 * math.sin(turn)
            s.crayon_line([*ellipse(cx, cy, r * 0.17)], r * 0.09, hair, 0.75, 1)


@register_picture(PICTURES, 3000, 2400, "#f8f6f0")
def half_a_horse(s: Canvas) -> None:
    """A horse in pencil of which only the head was coloured; the rest of the sheet stays empty."""
    back = line((500, 360), (600, 430), (760, 440), (900, 420), (985, 480), (1010, 600))
    for path in (back, moved(back, 6, -8), line((440, 560), (520, 640), (700, 665), (880, 640), (960, 610)),
            line((1000, 470), (1080, 520), (1090, 660), (1062, 760))):
        s.pencil(path, 4)
    for x, lean in ((540, -14), (625, 10), (890, -6), (962, 16)):
        for off in (0, 38):
            s.pencil(line((x + off, 630), (x + off + lean, 760), (x + off + lean * 0.4, 880)), 4)
        s.pencil(straight([(x + lean * 0.4, 880), (x + lean * 0.4 + 42, 880), (x + lean * 0.4 + 48, 908),
            (x + lean * 0.4 - 6, 908)]), 4)
    neck = [(300, 250), (372, 190), (430, 170), (500, 240), (540, 360), (520, 480), (440, 560), (418, 450), (392,
        392), (318, 420),
        (236, 440), (196, 412), (204, 366), (262, 320)]
    s.crayon(smooth(neck), "#a4572c", angle=62, gap=8, width=9, press=0.66, under=0.35, bend=14)
    s.crayon(smooth([(236, 440), (190, 418), (200, 364), (250, 352), (268, 410)]), "#e3b596", angle=20, gap=8,
        width=8, press=0.6)
    s.pencil([*smooth(neck), neck[0]], 5)
    for ear in (372, 428):
        s.crayon(straight([(ear - 20, 200), (ear + 4, 112), (ear + 26, 186)]), "#8a4522", press=0.7)
        s.pencil(line((ear - 20, 200), (ear + 4, 112), (ear + 26, 186)), 4)
    for k in range(15):
        x, y = 436 + k * 8, 156 + k * 21
        s.crayon_line(line((x, y), (x + 44, y + 26), (x + 50, y + 84)), 12, ("#2e2320", "#4a352b",
            "#7a4f2e")[k % 3], 0.72, 4)
    s.crayon(ellipse(330, 296, 17, 14), "#201a18", press=0.95, gap=4, width=5, under=0.9)
    s.biro(arc(330, 294, 30, 24, 190, 350), "#201a18", 3, 1)
    s.crayon(ellipse(222, 386, 8, 10), "#3a2620", press=0.9)
    s.pencil(arc(240, 416, 34, 16, 20, 150), 4)
    for x, y in ((200, 902), (262, 915), (330, 898), (1120, 910), (1186, 898)):  # a trial of the green
        s.crayon_line(line((x, y), (x + 10, y - 46)), 9, "#6d9c4a", 0.7, 3)
    s.crayon(rect(1095, 60, 74, 46, 5), "#a4572c", angle=20, press=0.6)
    s.photographed("#3d3a44", ((18, -10), (6, 16), (-22, -8), (10, 20)), (255, 214, 244, 176), 0.92)
