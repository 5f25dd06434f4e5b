"""The demo's picture book: eight pages of cut paper, on which the moon goes for a walk."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

from gallery.demo.brushes import (
    Canvas,
    PictureSpec,
    arc,
    ellipse,
    rect,
    register_picture,
    ribbon,
    smooth,
    straight,
)

PICTURES: dict[str, PictureSpec] = {}
WIDTH, HEIGHT = 2400, 3000  # px; 1000 × 1250 in the units of a canvas
MOON, CHEEK = "#f6e3a1", "#e8a77c"


def moon(s: Canvas, x: float, y: float, r: float, is_asleep: bool = False) -> None:
    """The moon with its face, and light around it."""
    s.glow(x, y, r * 2.2, "#ffe9a8", 0.5)
    s.cut(ellipse(x, y, r), MOON, 6, 7)
    s.cut(ellipse(x + r * 0.42, y - r * 0.48, r * 0.17), "#ead28a", 3, 1)
    s.cut(ellipse(x - r * 0.55, y + r * 0.45, r * 0.12), "#ead28a", 3, 1)
    for side in (-1, 1):
        s.cut(ellipse(x + side * r * 0.45, y + r * 0.16, r * 0.13, r * 0.09), CHEEK, 2, 1)
        eye = x + side * r * 0.3
        if is_asleep:
            s.crayon_line(arc(eye, y - r * 0.1, r * 0.12, r * 0.09, 10, 170), r * 0.06, "#4a3326")
        else:
            s.cut(ellipse(eye, y - r * 0.08, r * 0.07, r * 0.1), "#33241e", 0, 1)
    s.crayon_line(arc(x, y + r * 0.16, r * 0.24, r * 0.2, 25, 155), r * 0.06, "#7c3a2a")


def stars(s: Canvas, count: int, bottom: float, colour: str = "#f8f0cf") -> None:
    for _ in range(count):
        x, y, r = s.rng.uniform(20, 980), s.rng.uniform(20, bottom), s.rng.uniform(4, 11)
        s.cut(straight([(x, y - r * 1.6), (x + r * 0.4, y - r * 0.4), (x + r * 1.6, y), (x + r * 0.4, y + r * 0.4),
            (x, y + r * 1.6), (x - r * 0.4, y + r * 0.4), (x - r * 1.6, y), (x - r * 0.4, y - r * 0.4)]), colour, 0, 1.5)


def hill(s: Canvas, top: float, colour: str, waves: tuple[float, ...]) -> None:
    step = 1100 / (len(waves) - 1)
    ridge = [(-50 + k * step, top + each) for k, each in enumerate(waves)]
    s.cut(smooth([*ridge, (1060, 1320), (-60, 1320)]), colour, 9)


def house(s: Canvas, x: float, y: float, w: float, h: float, wall: str, roof: str) -> None:
    s.cut(rect(x, y, w, h), wall, 4, 6)
    s.cut(straight([(x - w * 0.14, y + 8), (x + w * 0.5, y - h * 0.5), (x + w * 1.14, y + 8)]), roof, 5, 6)
    for across in (0.16, 0.6):
        s.cut(rect(x + w * across, y + h * 0.25, w * 0.24, h * 0.28), "#ffd063", 2, 2)
    s.cut(rect(x + w * 0.4, y + h * 0.62, w * 0.2, h * 0.38), "#43272a", 2, 2)


def cat(s: Canvas, x: float, y: float, k: float, colour: str = "#2b2530") -> None:
    """A sitting cat, whose paws are at (x, y), `k` times its usual size."""
    s.cut(smooth([(x - 60 * k, y), (x - 66 * k, y - 90 * k), (x - 30 * k, y - 150 * k), (x + 30 * k, y - 150 * k),
        (x + 66 * k, y - 90 * k), (x + 60 * k, y)]), colour, 4, 4)
    s.cut(ellipse(x, y - 178 * k, 56 * k, 48 * k), colour, 4, 4)
    for side in (-1, 1):
        s.cut(straight([(x + side * 52 * k, y - 190 * k), (x + side * 46 * k, y - 260 * k),
            (x + side * 12 * k, y - 214 * k)]), colour, 2, 3)
        s.cut(ellipse(x + side * 22 * k, y - 182 * k, 9 * k, 12 * k), "#f2d34f", 0, 1)
    s.cut(ribbon(smooth([(x + 50 * k, y - 20 * k), (x + 130 * k, y - 20 * k), (x + 150 * k, y - 110 * k)], False),
        26 * k), colour, 3, 3)


@register_picture(PICTURES, WIDTH, HEIGHT, "#1b2a56")
def moon_walk(s: Canvas) -> None:
    """The cover: the moon fills the sky, and looks out."""
    s.cut(s.whole(), "#1f3165")
    for r, colour in ((520, "#27407a"), (430, "#355392")):
        s.cut(ellipse(500, 560, r), colour, 12, 3)
    stars(s, 40, 1200)
    moon(s, 500, 560, 320)
    hill(s, 1090, "#14203f", (40, -30, 30, -50, 20))
    cat(s, 760, 1190, 0.8)


@register_picture(PICTURES, WIDTH, HEIGHT, "#33406e")
def moon_walk_2(s: Canvas) -> None:
    """The moon climbs down over the roofs of the village."""
    s.cut(s.whole(), "#3c4a80")
    hill(s, 420, "#53639c", (60, -60, 40, -90, 30, -20))
    stars(s, 22, 420)
    moon(s, 780, 240, 130)
    for k, (x, y, wall, roof) in enumerate((
        (40, 640, "#c4553a", "#5d2f36"), (360, 590, "#d89a4a", "#6a3a2c"), (680, 660, "#a8404a", "#47303f"),
        (150, 900, "#dfb063", "#7a4030"), (520, 930, "#b94a36", "#512b33"),
    )):
        house(s, x, y, 270 + k * 8, 230, wall, roof)
    s.cut(ribbon(smooth([(-20, 1210), (320, 1180), (660, 1225), (1020, 1180)], False), 110), "#d9d2c4", 6)
    for k in range(9):
        s.cut(ellipse(790 - k * 14, 400 + k * 24, 9), "#f8f0cf", 0, 1)


@register_picture(PICTURES, WIDTH, HEIGHT, "#5b7f57")
def moon_walk_3(s: Canvas) -> None:
    """The moon rolls down a green hill, and the grass bends."""
    s.cut(s.whole(), "#8db4a6")
    s.cut(straight([(-40, 250), (1060, 960), (1060, 1320), (-40, 1320)]), "#4d8a52", 12, 6)
    s.cut(straight([(-40, 520), (1060, 1140), (1060, 1320), (-40, 1320)]), "#3a7145", 12, 6)
    for _ in range(170):
        x = s.rng.uniform(0, 1000)
        y = 290 + x * 0.645 + s.rng.uniform(0, 560)
        blade = [(x, y), (x + 16, y - 40), (x + 44, y - 62)]
        s.crayon_line(blade, 7, s.rng.choice(("#2c5a38", "#76ad5c", "#a9cc6d")))
    moon(s, 440, 430, 160)
    for k in range(3):
        s.crayon_line(arc(240 - k * 55, 300 - k * 35, 130, 130, 300, 380), 9, "#f3f1df")
    for x, y in ((700, 930), (180, 760), (860, 1130), (420, 1010), (90, 1100)):
        for turn in range(5):
            s.cut(ellipse(x + 20 * (turn - 2), y - 14 * (turn % 2), 13), "#f2efe2", 0, 1.5)
        s.cut(ellipse(x, y - 4, 12), "#e9b53c", 0, 1)


@register_picture(PICTURES, WIDTH, HEIGHT, "#2f6f7c")
def moon_walk_4(s: Canvas) -> None:
    """The moon looks into a pond and finds another moon."""
    s.cut(s.whole(), "#24485f")
    s.cut(rect(-20, 600, 1040, 700), "#2f7c86", 10, 5)
    for k in range(16):
        y = 640 + k * 38
        for _ in range(3):
            x = s.rng.uniform(-60, 900)
            s.cut(smooth([(x, y), (x + 90, y - 9), (x + 190, y), (x + 90, y + 9)]),
                s.rng.choice(("#3f98a0", "#2a6b78", "#59b0b0")), 0, 1)
    moon(s, 280, 300, 150)
    s.cut(ellipse(300, 880, 150, 118), "#e6d596", 10, 2)
    for k in range(5):
        s.cut(rect(130, 810 + k * 36, 340, 11), "#2f7c86", 4, 1)
    for x, h in ((640, 420), (700, 520), (765, 460), (830, 560), (900, 480), (960, 400)):
        s.cut(ribbon([(x, 700), (x + 14, 700 - h)], 12), "#2f5b3c", 2, 3)
        s.cut(ellipse(x + 15, 690 - h, 16, 52), "#6b3f2a", 2, 3)
    for x, y in ((700, 960), (840, 1100), (560, 1140)):
        s.cut(ellipse(x, y, 92, 50), "#5d9a4c", 5, 4)
        s.cut(ellipse(x + 10, y - 22, 30, 24), "#f0b6bd", 2, 3)


@register_picture(PICTURES, WIDTH, HEIGHT, "#d7c59b")
def moon_walk_5(s: Canvas) -> None:
    """The moon rests in a persimmon tree, among fruit of its own size."""
    s.cut(s.whole(), "#c9b98f")
    s.cut(rect(-20, 1010, 1040, 300), "#8a6a45", 12, 5)
    trunk = smooth([(430, 1260), (470, 900), (520, 620), (500, 300)], False)
    s.cut(ribbon(trunk, 130), "#4a3226", 8, 6)
    for path in (
        [(500, 640), (330, 520), (130, 500)], [(515, 560), (700, 450), (900, 460)], [(505, 420), (380, 260), (210, 190)],
        [(505, 380), (640, 220), (820, 150)], [(480, 820), (650, 740), (860, 760)], [(470, 860), (300, 790), (110, 820)],
    ):
        s.cut(ribbon(smooth(path, False), 40), "#4a3226", 5, 4)
    for x, y in (
        (120, 540), (250, 590), (880, 520), (760, 560), (190, 250), (340, 350), (820, 210), (690, 330),
        (870, 820), (700, 840), (120, 880), (270, 890), (60, 380), (930, 330),
    ):
        s.cut(ellipse(x, y, 58, 52), s.rng.choice(("#e0702a", "#d95a22", "#ee8c38")), 5, 5)
        s.cut(ellipse(x, y - 44, 26, 12), "#4f6b3a", 2, 2)
    moon(s, 560, 430, 96, is_asleep=True)
    for _ in range(24):
        across, down = s.rng.uniform(0, 1000), s.rng.uniform(1060, 1240)
        s.cut(ellipse(across, down, 26, 11, s.rng.uniform(-50, 50)), s.rng.choice(("#c0502b", "#d98b3a", "#7c3a2a")), 2, 2)


@register_picture(PICTURES, WIDTH, HEIGHT, "#7d3f2f")
def moon_walk_6(s: Canvas) -> None:
    """The moon looks in through a window, where a cat sits."""
    s.cut(s.whole(), "#a5573c")
    for k in range(9):
        for row in range(11):
            s.cut(ellipse(70 + k * 112 + (row % 2) * 54, 60 + row * 116, 13), "#bd6d4c", 0, 1)
    s.cut(rect(180, 120, 640, 760), "#e3cfa4", 6, 8)
    s.cut(rect(220, 160, 560, 680), "#22386b", 4, 3)
    moon(s, 470, 470, 210)
    s.cut(rect(484, 150, 32, 700), "#e3cfa4", 3, 4)
    s.cut(rect(210, 470, 580, 30), "#e3cfa4", 3, 4)
    s.cut(rect(130, 870, 740, 54), "#6b3a28", 5, 6)
    cat(s, 690, 872, 0.9)
    s.cut(smooth([(230, 870), (216, 780), (270, 760), (330, 780), (318, 870)]), "#3f7a86", 4, 5)
    for x, y in ((238, 700), (280, 660), (322, 706)):
        s.cut(ribbon([(276, 770), (x, y)], 9), "#44693a", 2, 2)
        s.cut(ellipse(x, y, 30), "#d8434a", 4, 3)
    s.cut(rect(-20, 1120, 1040, 200), "#5a2f25", 8, 6)


@register_picture(PICTURES, WIDTH, HEIGHT, "#56436b")
def moon_walk_7(s: Canvas) -> None:
    """The moon lies in a child's bed, under a blanket of patches."""
    s.cut(s.whole(), "#6a5584")
    s.cut(rect(90, 330, 70, 800), "#8a5a35", 6, 6)
    s.cut(rect(840, 330, 70, 800), "#8a5a35", 6, 6)
    s.cut(rect(100, 400, 800, 220), "#a56e42", 6, 5)
    s.cut(smooth([(200, 640), (220, 470), (500, 430), (780, 470), (800, 640)]), "#f0ece2", 8, 6)
    moon(s, 500, 590, 150, is_asleep=True)
    colours = ("#c9504a", "#e0a23c", "#4d8a7a", "#3f5f9a", "#d9879a", "#e9d9a6")
    for row in range(5):
        for k in range(6):
            s.cut(rect(150 + k * 118, 690 + row * 92, 116, 90, s.rng.uniform(-1.5, 1.5)), colours[(k * 5 + row * 2) % 6], 4, 3)
            s.cut(ellipse(208 + k * 118, 735 + row * 92, 15), colours[(k + row * 3 + 1) % 6], 0, 1)
    s.cut(rect(-20, 1170, 1040, 150), "#3d2d4f", 8, 5)
    for k in range(7):
        s.crayon_line([(640 + k * 30, 330 - k * 34), (668 + k * 30, 330 - k * 34), (640 + k * 30, 362 - k * 34),
            (668 + k * 30, 362 - k * 34)], 6, "#f1e7c4")


@register_picture(PICTURES, WIDTH, HEIGHT, "#f1c9a0")
def moon_walk_8(s: Canvas) -> None:
    """Morning: the sun is up, and the moon is a pale round in the sky."""
    s.cut(s.whole(), "#f3b98c")
    for y, colour in ((330, "#f7cf9c"), (520, "#fae0ae"), (690, "#fdeec6")):
        s.cut(rect(-20, y, 1040, 900), colour, 14, 3)
    s.glow(250, 800, 420, "#fff2b8", 0.7)
    s.cut(ellipse(250, 800, 170), "#ee7b3a", 8, 6)
    s.cut(ellipse(790, 170, 74), "#f8e6d2", 6, 2)
    hill(s, 880, "#a9bd7a", (30, -40, 50, -60, 40, 0))
    hill(s, 1010, "#6f9a5c", (0, 50, -40, 30, -50))
    house(s, 560, 900, 220, 180, "#c4553a", "#5d2f36")
    for k in range(4):
        x, y = 380 + k * 120, 380 + (k * 67) % 150
        for side in (-1, 1):
            s.crayon_line(arc(x + side * 30, y, 32, 22, 190, 350), 8, "#4a3a3a")
    s.cut(ribbon(smooth([(640, 1080), (560, 1150), (640, 1210), (560, 1290)], False), 70), "#e9d9b0", 5, 3)
    cat(s, 350, 1180, 0.7)
