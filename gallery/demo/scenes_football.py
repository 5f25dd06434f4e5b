"""The demo's pictures for the World Cup."""

# No formatting: the formatter would put each point of an outline on its own line.
# fmt: off

import math

from gallery.demo.brushes import (
    Canvas,
    Outline,
    PictureSpec,
    Point,
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
from gallery.demo.people import INK, ball, ball_patches, face, hand, limb

PICTURES: dict[str, PictureSpec] = {}


@register_picture(PICTURES, 2400, 3200, "#f1e3c2")
def dumpling_wrappers(s: Canvas) -> None:
    """A player in blue and white stripes runs at the ball, as in a newspaper photograph."""
    skin, blue, white, line = "#d8935f", "#2a62b8", "#f8f3e6", "#1d2a52"
    s.brushed(rect(-20, -20, 1040, 520), ["#f0dcae", "#ecd39c", "#f3e4bd", "#e9cfa0"], 8, 40, 170)
    s.dabs(rect(-20, 300, 1040, 190), ["#c98f6b", "#e8b98a", "#b5594a", "#5f7fae", "#f4e6c6", "#83705f"],
        26, 0.75)
    s.brushed(
        rect(-20, 480, 1040, 880), ["#5c9a48", "#679f4b", "#4f8c43",
            "#74aa52"], lambda x, y: -6 + x / 90, 38, 190
    )
    for k, y in enumerate((640, 860, 1100)):
        s.crayon(rect(-20, y, 1040, 100 + k * 14), "#3f7a3a", -5 + k, 15, 13, 0.55)
    s.stroke([(-30, 512), (300, 498), (700, 503), (1030, 488)], 20, white, 0.2, 1, 1, 0)
    s.stroke(arc(1040, 1330, 480, 300, 180, 275), 18, white, 0.5, 1, 0.9, 0)
    s.wash(ellipse(540, 1262, 330, 34, -2), "#2d5a35", 0.6, 5, 1, soft=5)

    s.gouache(limb([(585, 760), (720, 870), (735, 1020), (835, 1130)], 100, 1.2, 0.68), skin, 60)
    s.gouache(limb([(735, 1000), (770, 1066), (838, 1132)], 88, 1, 0.8), white, 60)
    s.gouache(smooth([(800, 1110), (858, 1078), (915, 1150), (930, 1215), (880, 1212), (838, 1165)]),
        "#c5372b", 50)
    s.gouache(limb([(470, 770), (395, 880), (420, 1010), (330, 1110)], 108, 1.2, 0.68), skin, 110)
    s.gouache(limb([(424, 985), (395, 1050), (332, 1112)], 92, 1, 0.8), white, 120)
    for path in ([(388, 1000), (458, 1028)], [(716, 1010), (784, 978)]):
        s.stroke(path, 22, blue, 0.1, 1, 1, 0)
    s.gouache(smooth([(300, 1070), (370, 1118), (352, 1168), (285, 1178), (205, 1160), (222, 1122)]),
        "#c5372b", 10)

    s.gouache(limb([(655, 395), (790, 450), (862, 340)], 74, 1, 0.75), skin, 30)
    s.gouache(s.mask(*hand(876, 300, 36, -72)), skin, 0)
    s.gouache(limb([(405, 405), (255, 490), (170, 400)], 74, 1, 0.75), skin, 30)
    s.gouache(s.mask(*hand(152, 362, 36, -125)), skin, 0)
    shorts = smooth([(415, 690), (520, 668), (632, 684), (690, 850), (575, 892), (522, 800), (490, 898),
        (372, 862)])
    s.gouache(shorts, "#22305e", 80, 16)
    s.crayon(shorts, "#3c4f8c", 70, 17, 8, 0.45, under=0)
    shirt = s.mask(
        smooth([(468, 338), (398, 352), (384, 430), (404, 560), (404, 706), (520, 728), (642, 706),
            (630, 560), (662, 430), (648, 350), (570, 338), (520, 356)]),
        limb([(410, 388), (330, 440), (284, 468)], 118, 1, 0.95),
        limb([(640, 384), (715, 424), (762, 444)], 118, 1, 0.95),
    )
    s.gouache(shirt, white, 85, 12)
    stripes: list[Outline] = []
    for k in range(5):
        x = 414 + k * 54
        stripes.append(ribbon(smooth([(x + 4, 330), (x - 4, 480), (x + 2, 600), (x - 2, 740)], False), 31))
    for dx in (0, 52, 104):
        stripes.append(ribbon([(386 - dx, 340 + dx * 0.5), (420 - dx, 500 + dx * 0.4)], 27))
        stripes.append(ribbon([(664 + dx, 340 + dx * 0.4), (628 + dx, 500 + dx * 0.3)], 27))
    s.gouache(s.within(s.mask(*stripes), shirt), blue, 90, 20, 3)
    s.crayon(s.within(s.mask(*stripes), shirt), "#184690", 82, 15, 7, 0.45, under=0)
    s.stroke(arc(520, 335, 52, 34, 0, 180), 16, "#184690", 0.1, 1, 1, 0)

    s.gouache(rect(482, 285, 74, 62), mix(skin, "#8a4a2a", 0.2), 0)
    for side in (-1, 1):
        s.gouache(ellipse(520 + side * 112, 222, 20, 30), skin, 0)
    face(s, 520, 212, 114, skin, "glad", -0.6)
    s.gouache(
        smooth([(404, 216), (398, 128), (455, 74), (530, 66), (610, 88), (646, 140), (636, 218),
            (606, 166), (560, 146), (516, 164), (470, 146), (432, 170)]),
        "#2b1d1c", 20, 20,
    )
    for side in (-1, 1):
        s.crayon_line(arc(512 + side * 40, 190, 22, 14, 205, 335), 9, "#2b1d1c", 0.95, 0.5)
    s.crayon_line(smooth([(404, 716), (398, 560), (378, 440), (396, 352)], False), 7, line)
    s.crayon_line(smooth([(644, 712), (632, 560), (656, 470)], False), 7, line)
    s.crayon_line(smooth([(404, 710), (520, 732), (642, 708)], False), 7, line)
    s.crayon_line([(522, 800), (520, 736)], 7, "#111c40")
    s.wash(ellipse(170, 1244, 116, 22), "#2d5a35", 0.6, 4, 1, soft=5)
    ball(s, 166, 1150, 98, 12)
    s.crayon_line(arc(166, 1150, 98, 98, 20, 350), 6, line, 0.7)
    s.relief(0.3)


@register_picture(PICTURES, 3400, 1700, "#26314f")
def pitch_at_dusk(s: Canvas) -> None:
    """Floodlights come on over a village pitch while the sky is still orange."""
    h: float
    bands = [
        (0, 190, ["#27335c", "#2d3b68", "#222c52"]),
        (150, 200, ["#4a4a7d", "#5b5286", "#3f4476"]),
        (300, 140, ["#b0607a", "#c0687a", "#8f5a82"]),
        (400, 130, ["#ee8a5c", "#f29c62", "#e0755a"]),
        (490, 110, ["#f9c06b", "#f7b261", "#fbd084"]),
    ]
    for y, h, colours in bands:
        s.brushed(rect(-30, y - 20, 2060, h + 40), colours, lambda x, y: 5 * math.sin(x / 260), 32, 240,
            2.4, 0.2, 12)
    hills = smooth([(-40, 600), (160, 520), (420, 560), (700, 490), (980, 556), (1300, 500), (1600, 560),
        (2040, 500), (2040, 700), (-40, 700)])
    s.brushed(hills, ["#31345c", "#383a66", "#2a2d52"], -8, 26, 120)
    s.brushed(
        straight([(-40, 600), (2040, 596), (2040, 1040), (-40, 1040)]),
        ["#3c7a55", "#468a58", "#2f6a4e", "#57975a"], lambda x, y: (x - 1000) / 28, 34, 200,
    )
    for k in range(7):
        x = -300 + k * 420
        stripe = straight([(820 + k * 60, 600), (850 + k * 60, 600), (x + 190, 1040), (x, 1040)])
        s.crayon(stripe, "#8cc06a", 84 - k * 3, 14, 11, 0.5, under=0)
    for path in (
        [(-40, 668), (1000, 655), (2040, 668)],
        [(330, 605), (-40, 780)],
        [(1670, 605), (2040, 780)],
        [(1000, 604), (1004, 1040)],
    ):
        s.stroke(smooth(path, False, 12), 11, "#f4efdc", 0.25, 1, 1, 0)
    s.stroke(arc(1002, 800, 250, 82, 0, 360), 11, "#f4efdc", 0.2, 1, 1, 0)
    for x, top, lean in ((235, 130, 1), (1790, 110, -1), (620, 330, 1), (1400, 320, -1)):
        size = 1 if top < 200 else 0.6
        foot = 615 if size < 1 else 700
        s.glow(x, top, 330 * size, "#fff0b8", 0.75)
        s.stroke([(x, top), (x - 3, (top + foot) / 2), (x + 3, foot)], 20 * size, "#1c2142", 0.05, 0.8, 1,
            0)
        panel = moved(rect(x - 78 * size, top - 62 * size, 156 * size, 96 * size), 0, 0, lean * 7, 1,
            (x, top))
        s.gouache(panel, "#1c2142")
        lamps = [ellipse(x + (i - 1) * 46 * size, top + (j - 0.6) * 42 * size,
            18 * size) for i in range(3) for j in range(2)]
        s.gouache(s.mask(*[moved(o, 0, 0, lean * 7, 1, (x, top)) for o in lamps], waver=1), "#fff6d0", 0, 6)
        for k in (-1, 0, 1):
            beam = straight([(x - 20, top + 30), (x + 20, top + 30), (x + lean * (420 + 190 * k), 960),
                (x + lean * (260 + 190 * k), 970)])
            if size == 1:
                s.gouache(beam, "#fff3bf", 70, 10, 14, 0.07)
    for side in (-1, 1):
        x = 1000 + side * 830
        for path in ([(x, 700), (x, 600)], [(x, 600), (x - side * 130, 590)], [(x - side * 130, 590),
            (x - side * 130, 680)]):
            s.stroke(path, 11, "#fbf7ea", 0.05, 1, 1, 0)
    team = ["#e0402f", "#f8f3e6", "#f2b632"]
    for k, (x, y, size, kick) in enumerate(
        ((420, 760, 1, 1), (640, 870, 1.35, -1), (930, 730, 0.9, 1), (1180, 905, 1.5, -1),
            (1360, 740, 0.95, -1), (1610, 850, 1.3, -1), (780, 690, 0.75, 1))
    ):
        h = 62 * size
        s.gouache(ellipse(x + 40 * size, y + 5, 62 * size, 8 * size), "#1d4a3c", 0, 6, 3, 0.7)
        for leg in ([(x, y - h * 0.9), (x - kick * h * 0.2, y - h * 0.4), (x - kick * h * 0.34, y)],
            [(x, y - h * 0.9), (x + kick * h * 0.34, y - h * 0.55), (x + kick * h * 0.5, y - h * 0.1)]):
            s.gouache(limb(leg, 13 * size), "#2a2440", 90)
        for arm in ([(x, y - h * 1.7), (x - h * 0.5, y - h * 1.4)], [(x, y - h * 1.7),
            (x + h * 0.5, y - h * 1.85)]):
            s.gouache(limb(arm, 11 * size), "#c98a62", 0)
        s.gouache(limb([(x + kick * 4, y - h * 1.7), (x, y - h * 0.85)], 30 * size), team[k % 3], 90)
        s.gouache(ellipse(x + kick * 7, y - h * 2.15, 15 * size, 17 * size), "#c98a62", 0)
        s.gouache(arc(x + kick * 7, y - h * 2.18, 16 * size, 18 * size, 170, 370), "#2a1c22", 0)
    ball(s, 1030, 893, 26, 20)
    s.relief(0.4)


@register_picture(PICTURES, 3300, 2200, "#f2e8d2")
def goalkeeper(s: Canvas) -> None:
    """A goalkeeper flies across the whole sheet: a two-colour block print."""
    x: float
    y: float
    frame = rect(50, 50, 1400, 900)
    sun = s.block().ink(frame, waver=4)
    sun.carve(ellipse(1210, 290, 128), waver=4)
    body = smooth([(880, 500), (800, 560), (700, 650), (560, 690), (450, 640), (440, 540), (520, 450),
        (680, 390), (800, 370)])
    keeper_light = [*hand(1120, 228, 46, -38, 0.9), *hand(1035, 190, 44, -62, 0.9)]
    sun.carve(*keeper_light, body, ellipse(905, 415, 98))
    s.printed(sun, "#e9a13b", (0, 0), 0.93)
    key = s.block()
    for k in range(17):
        x = 70 + k * 84
        key.ridge(smooth([(x, 60), (x - 26, 330), (x + 12, 620), (x - 10, 800)], False, 10), 8)
    for k in range(9):
        y = 92 + k * 84
        key.ridge(smooth([(52, y), (420, y + 34), (900, y + 22), (1448, y - 12)], False, 12), 8)
    key.carve(ellipse(1210, 290, 145))
    key.ink(straight([(50, 50), (1450, 50), (1450, 88), (96, 88), (96, 830), (50, 830)]), waver=3)
    key.ink(straight([(50, 800), (500, 786), (1000, 806), (1450, 790), (1450, 950), (50, 950)]), waver=5)
    for k in range(44):
        x = 70 + k * 31 + s.rng.uniform(-8, 8)
        y = 840 + s.rng.uniform(-16, 70)
        key.gouge([(x, y + 24), (x + s.rng.uniform(-6, 14), y - 34)], 10)
    arms = [
        limb([(800, 430), (940, 330), (1110, 240)], 112, 1, 0.75),
        limb([(760, 410), (890, 290), (1030, 205)], 104, 1, 0.75),
    ]
    legs = [
        limb([(520, 570), (340, 560), (250, 690), (130, 720)], 122, 1.1, 0.6),
        limb([(500, 600), (400, 700), (310, 790), (190, 805)], 112, 1.1, 0.6),
    ]
    key.carve(*[ribbon([*o, o[0]], 34) for o in (*arms, *legs, body)], ribbon([*ellipse(905, 415, 112),
        (1017, 415)], 30))
    key.ink(*legs[1:], *arms[1:], body, *legs[:1], *arms[:1])
    for k in range(6):
        t = k / 5
        x, y = 500 + t * 290, 650 - t * 130
        key.gouge(smooth([(x - 8, y + 30 - t * 20), (x - 30, y - 90), (x + 18, y - 190 + t * 30)], False),
            26)
    for path in arms:
        mid = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(path[:8], path[-15:-23:-1],
            strict=False)]
        key.gouge(mid, 14)
    for dx, dy in ((0, 0), (30, 90)):
        for k in range(5):
            key.gouge([(300 + dx + k * 34, 595 + dy + k * 2), (330 + dx + k * 36, 540 + dy - k * 3)], 13)
    key.carve(limb([(238, 700), (165, 722)], 34), limb([(300, 796), (220, 804)], 30))
    gloves = [*hand(1128, 222, 50, -38, 0.9), *hand(1040, 186, 48, -62, 0.9)]
    key.carve(*[ribbon([*o, o[0]], 22) for o in gloves])
    key.carve(*gloves)
    for o in gloves:
        key.ridge([*o, o[0]], 8, 0.9, 0.9)
    key.carve(ellipse(905, 415, 100, 104, 20))
    key.ink(smooth([(820, 470), (800, 390), (838, 318), (920, 300), (988, 342), (950, 372), (880, 362),
        (856, 400), (850, 450)]))
    key.ridge([*ellipse(905, 415, 98, 102, 20), (997, 448)], 9, 0.9, 0.9)
    key.ink(ellipse(920, 404, 9, 13), ellipse(968, 384, 9, 13))
    key.ridge(arc(950, 430, 44, 36, 10, 120), 11)
    key.ink(ellipse(1210, 290, 130), waver=3).carve(ellipse(1210, 290, 118), waver=3)
    for part in ball_patches(1210, 290, 118, 10):
        key.ink(part, waver=1)
    for k in range(5):
        key.ridge(smooth([(1290 + k * 22, 330 + k * 34), (1360 + k * 14, 350 + k * 30),
            (1420, 352 + k * 34)], False), 11)
    s.printed(key, "#1f3b5b", (3, -2), 0.9)
    red = s.block()
    for side in (0, 1):
        red.ink(*(gloves[:6] if side else gloves[6:]))
    red.carve(*[ribbon([*o, o[0]], 8) for o in gloves[:1]])
    s.printed(red, "#d1432f", (-3, 4), 0.78)


@register_picture(PICTURES, 3200, 1800, "#efe2c6")
def fans_in_the_stand(s: Canvas) -> None:
    """Rows of singing people hold their scarves up."""
    s.brushed(rect(-20, -20, 1820, 1040), ["#23355f", "#2a3f6e", "#1e2c52"], 4, 46, 200)
    s.dabs(rect(0, 0, 1780, 210), ["#3f5488", "#e9b44c", "#d9573f", "#f4ead2", "#6f86b8"], 20, 0.32)
    coats = ["#d9442f", "#2f6fb5", "#e9a93a", "#3f8a60", "#efe6d0", "#8a4b7d", "#e27d4e"]
    skins = ["#e5ad80", "#d8935f", "#f0c39a", "#b8764a"]
    for row in range(4):
        y, r = 250 + row * 205, 62 + row * 10
        step = 200 + row * 26
        n = int(1780 / step) + 2
        for k in range(n):
            x = k * step - (row % 2) * step / 2 + s.rng.uniform(-14, 14)
            coat, skin = s.rng.choice(coats), s.rng.choice(skins)
            top = y + s.rng.uniform(-18, 18)
            s.gouache(smooth([(x - r * 1.35, top + r * 3.4), (x - r * 1.25, top + r * 1.3),
                (x, top + r * 0.8), (x + r * 1.25, top + r * 1.3), (x + r * 1.35, top + r * 3.4)]), coat,
                90, 18)
            s.crayon(rect(x - r * 1.1, top + r * 1.4, r * 2.2, r * 1.6), mix(coat, "#1a1626", 0.35), 80,
                19, 8, 0.42, under=0)
            waving = s.rng.random() < 0.62
            lift = s.rng.uniform(1.25, 1.6)
            if waving:
                for side in (-1, 1):
                    s.gouache(limb([(x + side * r * 1.1, top + r * 1.6),
                        (x + side * r * 1.55, top + r * 0.3), (x + side * r * 1.3, top - r * lift)],
                        r * 0.46), coat, 90)
            face(s, x, top, r, skin, s.rng.choice(["singing", "glad", "happy"]), s.rng.uniform(-0.7, 0.7))
            hat = s.rng.choice(coats)
            if s.rng.random() < 0.5:
                s.gouache([*arc(x, top - r * 0.16, r * 1.02, r * 0.98, 182, 358)], hat, 0, 14)
                s.gouache(rect(x - r * 1.02, top - r * 0.46, r * 2.04, r * 0.28), mix(hat, "#ffffff", 0.5),
                    0)
                s.gouache(ellipse(x, top - r * 1.2, r * 0.22), "#f6eedb", 0)
            else:
                s.gouache(smooth([(x - r, top - r * 0.05), (x - r * 0.96, top - r * 0.75),
                    (x, top - r * 1.16), (x + r * 0.96, top - r * 0.75), (x + r, top - r * 0.05),
                    (x + r * 0.6, top - r * 0.56), (x - r * 0.5, top - r * 0.6)]), "#2b1d22", 0, 16)
            if waving:
                a, b = s.rng.choice(coats), s.rng.choice(coats)
                sag = s.rng.uniform(-0.1, 0.25)
                path = smooth([(x - r * 1.75, top - r * (lift - 0.25)), (x - r, top - r * lift),
                    (x, top - r * (lift - sag)), (x + r, top - r * lift),
                    (x + r * 1.75, top - r * (lift - 0.25))], False)
                scarf = s.gouache(ribbon(path, r * 0.46), a if a != coat else "#f4ead2", 0)
                bars = [rect(x + (i - 2.5) * r * 0.62, top - r * 2.2,
                    r * 0.24, r * 1.5, 6) for i in range(6)]
                s.gouache(s.within(s.mask(*bars), scarf), b, 90, 10, 1)
                for side in (-1, 1):
                    s.gouache(ellipse(x + side * r * 1.26, top - r * (lift - 0.04), r * 0.26), skin, 0)
    s.relief(0.3)


@register_picture(PICTURES, 3000, 2400, "#efe0bd")
def boots_and_ball(s: Canvas) -> None:
    """A worn pair of boots rests next to a ball, painted thick."""
    def turning(x: float, y: float) -> float:
        return math.degrees(math.atan2(y - 420, x - 800)) + 90

    s.brushed(rect(-20, -20, 1300, 700), ["#e5b64e", "#edc562", "#d9a53f", "#f0d07c"], turning, 28, 110,
        2.8)
    s.brushed(straight([(-20, 640), (600, 610), (1270, 650), (1270, 1020), (-20, 1020)]),
        ["#5b7f9c", "#4d708f", "#6b90aa", "#47668a"], -4, 30, 130, 2.6)
    s.brushed(ellipse(560, 890, 520, 70), ["#35506f", "#3d5a7b"], 0, 24, 110)
    for dx, dy, tone in ((190, -60, 0.16), (0, 0, 0)):
        leather = [mix(c, "#1a1020", tone) for c in ("#6b3a26", "#7d4630", "#5a2f22", "#8f563a")]
        boot = moved(smooth([(150, 470), (215, 440), (330, 455), (350, 560), (400, 640), (520, 690),
            (640, 730), (682, 800), (660, 850), (420, 862), (170, 858), (138, 780), (165, 640)]), dx, dy)
        s.brushed(boot, leather, lambda x, y: 60 - (x - 150) / 12 + (y - 500) / 14, 20, 80, 3)
        s.brushed(moved(smooth([(130, 838), (400, 846), (680, 826), (690, 876), (400, 890), (134, 884)]),
            dx, dy), ["#2a1d22", "#3a2a2a"], 0, 14, 80)
        for k in range(6):
            s.gouache(moved(rect(165 + k * 92, 876, 38, 32), dx, dy), "#241a20", 90)
        s.brushed(moved(ellipse(246, 462, 96, 26, 4), dx, dy), ["#2b1a1a", "#38221e"], 0, 12, 50)
        s.brushed(moved(smooth([(300, 470), (360, 450), (372, 540), (440, 640), (400, 668), (336, 590)]),
            dx, dy), ["#a86c44", "#b97c50"], 50, 14, 60)
        for k in range(5):
            t = k / 4
            x, y = 308 + t * 92 + dx, 500 + t * 136 + dy
            s.stroke([(x - 26, y + 22), (x + 20, y + 4), (x + 62, y - 22 + t * 12)], 15, "#f4ead2", 0.1, 1,
                0.9, 0)
        s.stroke(moved(smooth([(388, 470), (450, 420), (500, 470), (450, 500), (396, 486)], False),
            dx, dy), 12, "#f4ead2", 0.1)
        s.stroke(moved(smooth([(388, 480), (430, 540), (500, 560), (520, 610)], False), dx, dy), 11,
            "#f4ead2", 0.3)
        for k in range(2):
            s.stroke(moved(smooth([(180 + k * 60, 690), (300 + k * 70, 730), (440 + k * 60, 800)], False),
                dx, dy), 22, "#f0e3c4", 0.3)
    s.brushed(ellipse(950, 730, 205), ["#f6efdd", "#efe3c8", "#fbf7ea", "#e6d8bd"], around(950, 730),
        22, 80, 3)
    skin = s.mask(ellipse(950, 730, 203))
    s.brushed(s.within(s.mask(*ball_patches(950, 730, 205, 18)), skin), ["#26222e", "#352f3d", "#1d1a26"],
        30, 14, 50)
    s.wash(s.without(skin, s.mask(ellipse(905, 690, 205))), "#7f86a5", 0.6, 6, 1)
    s.relief(0.75)


@register_picture(PICTURES, 2400, 3600, "#141c3c")
def trophy_under_stars(s: Canvas) -> None:
    """A golden cup held up into a whirl of stars, in dabs of the brush."""
    def whirl(x: float, y: float) -> float:
        return math.degrees(math.atan2(y - 480, x - 500)) + 96

    s.brushed(s.whole(), ["#18224a", "#1e2b58", "#141c3e"], whirl, 30, 120, 2)
    s.dabs(rect(0, 0, 1000, 1500), ["#26376e", "#31488a", "#1c2856", "#3c5aa0", "#223063"], 20, 1.1, whirl,
        2.4)
    for k in range(30):
        a, d = s.rng.uniform(0, 6.28), s.rng.uniform(330, 760)
        x, y, r = 500 + d * math.cos(a) * 0.85, 470 + d * math.sin(a), s.rng.uniform(14, 40)
        if not (20 < x < 980 and 20 < y < 1080):
            continue
        s.glow(x, y, r * 3, "#f7dc8b", 0.5)
        if k % 3:
            s.dabs(ellipse(x, y, r * 0.8), ["#f8e6a8", "#fdf6d8", "#f2cf6b"], 9, 2)
        else:
            s.gouache(star(x, y, r * 1.3, 0.42, 5, s.rng.uniform(0, 72)), "#fbeeb9", 0, 12)
    s.glow(500, 560, 560, "#f3b94a", 0.55)
    gold = ["#e8a92f", "#f4c64e", "#d08b26", "#fbe08a", "#b8741f"]
    for side in (-1, 1):
        s.dabs(ribbon(smooth([(500 + side * 215, 410), (500 + side * 350, 400), (500 + side * 345, 560),
            (500 + side * 170, 660)], False), 46), gold, 15, 3.2, 90)
    cup = smooth([(262, 350), (500, 372), (738, 350), (712, 560), (610, 730), (545, 770), (548, 880),
        (640, 950), (660, 990), (340, 990), (360, 950), (452, 880), (455, 770), (390, 730), (288, 560)])
    shape = s.mask(cup)
    s.gouache(shape, "#c98a26", 90)
    s.dabs(shape, gold, 19, 2.4, lambda x, y: 90 - (x - 500) / 7, 2)
    s.dabs(s.within(s.mask(ribbon(smooth([(335, 400), (350, 560), (430, 700)], False), 60, 0.8, 0.3)),
        shape), ["#fff3c0", "#fde9a0"], 15, 2, 80, 2)
    s.dabs(s.within(s.mask(ribbon(smooth([(690, 400), (660, 580), (570, 730), (560, 900)], False),
        70, 0.9, 0.6)), shape), ["#a8661c", "#8f5518", "#bd7c22"], 16, 1.8, 100, 2)
    s.dabs(ellipse(500, 352, 240, 42), ["#8a541c", "#a56a1e", "#6f4218"], 14, 2.6, 0, 2)
    s.stroke(arc(500, 352, 240, 42, 0, 360), 16, "#fbe08a", 0.05, 1, 1, 0)
    s.gouache(star(500, 540, 96, 0.44), "#c8382c", 20, 16)
    for side in (-1, 1):
        for k in range(3):
            x = 500 + side * (235 - k * 84)
            sleeve = limb([(x + side * (90 - k * 10), 1540), (x + side * 40, 1270),
                (x - side * 34, 1090 - k * 18)], 96, 1.2, 0.75)
            s.dabs(sleeve, [["#c8382c", "#df5540", "#a82c28"], ["#2f78b7", "#4a93cc", "#225c98"],
                ["#3f9160", "#58ab74", "#2e7550"]][k], 17, 2.8, 80 * side, 2)
            s.gouache(s.mask(*hand(x - side * 42, 1052 - k * 18, 38, -90 - side * 24, 0.75)),
                ["#e3a878", "#c98458", "#f0c49c"][k], 90)
    s.gouache(rect(350, 968, 300, 44), "#7d4c1a", 0)
    s.relief(0.5)


@register_picture(PICTURES, 3200, 1800, "#f0dfb6")
def school_match(s: Canvas) -> None:
    """A match in the playground, seen from the roof in the late afternoon."""
    x: float
    y: float
    s.crayon(s.whole(), "#d9a25c", 12, 12, 13, 0.55)
    s.crayon(s.whole(), "#c7834a", 18, 17, 12, 0.4)
    pitch = smooth([(190, 190), (900, 150), (1600, 200), (1660, 560), (1610, 860), (900, 900), (170, 850),
        (130, 520)])
    s.crayon(pitch, "#5f9a4c", -8, 8, 11, 0.72)
    s.crayon(pitch, "#3f7d45", 24, 15, 11, 0.5)
    for path in (arc(895, 525, 150, 140, 0, 360), smooth([(895, 165), (888, 520), (897, 890)], False),
        smooth([(150, 330), (330, 340), (334, 690), (146, 700)], False), smooth([(1650, 340), (1450, 350),
        (1446, 690), (1648, 700)], False), [*pitch, pitch[0]]):
        s.crayon_line(path, 15, "#fbf5e2", 0.85, 2)
    for k, x in enumerate((80, 300, 560, 830, 1130, 1400, 1690)):
        y = 70 + (k % 3) * 12
        s.crayon(ellipse(x + 30, y + 34, 105, 52), "#7c4a33", 0, 9, 10, 0.6)
        for _ in range(4):
            s.crayon(ellipse(x + s.rng.uniform(-50, 50), y + s.rng.uniform(-24, 18), 62, 50),
                s.rng.choice(["#3d7a4a", "#5b9a4a", "#87a83f", "#2f6a48"]), s.rng.uniform(0, 180), 7, 9,
                0.68)
    for k in range(15):
        x = 60 + k * 122 + s.rng.uniform(-18, 18)
        s.crayon(ellipse(x + 26, 958, 44, 26), "#8a5236", 0, 8, 9, 0.55)
        s.crayon(ellipse(x, 950, 40, 44), ["#d9442f", "#2f6fb5", "#f2c13e", "#8a4b7d", "#f7f0de"][k % 5],
            80, 6, 9, 0.8)
        s.crayon(ellipse(x, 930, 30), "#2b1d22", 0, 5, 8, 0.85, (x, 930))
    for k in range(16):
        x = 270 + (k % 6) * 245 + s.rng.uniform(-75, 75)
        y = 290 + (k // 6) * 205 + s.rng.uniform(-45, 55)
        kit = "#d63f2e" if k % 2 else "#2d63b0"
        lean = s.rng.uniform(0, 360)
        shadow = [limb([(x, y), (x + 110, y + 56)], 46, 0.9, 0.75), ellipse(x + 130, y + 66, 28)]
        s.crayon(s.mask(*shadow), "#1f4f3d", 27, 6, 9, 0.72)
        body: list[Point] = [(-46, 8), (-26, -20), (0, -26), (26, -20), (46, 8), (0, 26)]
        for dx, dy in ((-62, 34), (60, -40)):
            arm = moved(limb([(dx * 0.5, dy * 0.3), (dx, dy)], 22), x, y, lean)
            s.crayon(arm, "#dfa273", 0, 4, 7, 0.92)
        for dx, dy in ((-16, 58), (26, 44)):
            s.crayon(moved(limb([(dx * 0.5, 12), (dx, dy)], 24), x, y, lean), "#f8f0dc", 0, 4, 7, 0.92)
        s.crayon(moved(smooth(body), x, y, lean), kit, lean, 5, 9, 0.9)
        s.crayon(moved(smooth(body), x, y, lean), mix(kit, "#14122a", 0.3), lean + 60, 12, 7, 0.5)
        s.crayon(ellipse(x, y - 4, 29), "#2b1d22", 0, 4, 8, 0.95, (x, y))
    s.crayon(ellipse(1010, 470, 30, 16, 25), "#1f4f3d", 27, 5, 9, 0.7)
    s.gouache(ellipse(975, 440, 25), "#fdf9ee", 0)
    s.gouache(s.within(s.mask(*ball_patches(975, 440, 25, 8), waver=0.5), s.mask(ellipse(975, 440, 25))),
        INK, 0, 4, 0.5)


@register_picture(PICTURES, 2400, 3200, "#16213f")
def moon_penalty(s: Canvas) -> None:
    """A child kicks the full moon over the roofs."""
    x: float
    y: float
    s.cut(rect(-30, -30, 1060, 1400), "#1d2c56")
    for k, (y, colour) in enumerate(((880, "#24386a"), (1010, "#2c477c"))):
        s.cut(smooth([(-60, y), (180, y - 60 + k * 40), (460, y + 24), (760, y - 50), (1060, y + 10),
            (1060, 1400), (-60, 1400)]), colour, 7)
    for k in range(34):
        x, y = s.rng.uniform(20, 980), s.rng.uniform(20, 820)
        if math.dist((x, y), (655, 360)) > 330:
            s.cut(star(x, y, s.rng.uniform(8, 26), 0.4, 5 if k % 3 else 4, s.rng.uniform(0, 70)),
                "#f6dd8f", 0, 2)
    for r, colour in ((318, "#35508c"), (282, "#5a74a6")):
        s.cut(ellipse(655, 360, r), colour, 8, 3)
    moon = s.cut(ellipse(655, 360, 242), "#f7e3a1", 10, 6)
    craters = [smooth([(p[0] + 655, p[1] + 360) for p in ((-30, -86), (72, -58), (86, 40), (0, 92),
        (-88, 44), (-96, -50))])]
    for k in range(6):
        a = math.radians(k * 60 + 20)
        craters.append(ribbon([(655 + 100 * math.cos(a), 360 + 98 * math.sin(a)), (655 + 178 * math.cos(a),
            360 + 176 * math.sin(a))], 15))
        b = a + 0.02
        craters.append(ellipse(655 + 228 * math.cos(b), 360 + 228 * math.sin(b), 58, 44, k * 60 + 20))
    s.cut(s.within(s.mask(*craters), moon), "#e4b95c", 4, 3)
    for k in range(5):
        r = 285 + k * 34
        s.crayon_line(arc(655, 360, r, r, 118 + k * 3, 146 - k * 2), 11, "#f7e3a1", 0.6)
    for x, w, h, colour in ((-40, 300, 170, "#7b3a3a"), (250, 250, 120, "#93483c"),
        (500, 280, 190, "#6d3440"), (770, 290, 140, "#8a4038")):
        y = 1333 - h
        s.cut(rect(x + 26, y, w - 52, h + 40), mix(colour, "#f1c98b", 0.12), 5)
        s.cut(smooth([(x - 16, y + 14), (x + 20, y - 14), (x + w * 0.3, y - 74), (x + w * 0.7, y - 74),
            (x + w - 20, y - 14), (x + w + 16, y + 14)]), "#252a44", 6)
        s.cut(smooth([(x + 4, y - 12), (x + w * 0.3, y - 84), (x + w * 0.7, y - 84), (x + w - 4, y - 12),
            (x + w * 0.7, y - 40), (x + w * 0.3, y - 36)]), "#f4f1e6", 5)
        for dx in (0.3, 0.62):
            s.cut(rect(x + w * dx, y + 44, 46, 54), "#ffcf5e", 3, 2)
    skin, red = "#e7ab7c", "#d2402f"
    s.cut(limb([(300, 905), (292, 1020), (240, 1120), (258, 1190)], 78, 1, 0.72), "#b9733c", 5)
    s.cut(smooth([(222, 1170), (290, 1164), (330, 1196), (318, 1222), (226, 1222)]), "#f4f1e6", 4)
    s.cut(limb([(350, 880), (462, 842), (560, 742), (596, 660)], 80, 1, 0.7), "#b9733c", 5)
    s.cut(smooth([(562, 690), (560, 630), (598, 576), (640, 590), (640, 650), (616, 700)]), "#f4f1e6", 4)
    s.cut(limb([(255, 700), (150, 760), (80, 690)], 62, 1, 0.8), red, 5)
    s.cut(s.mask(*hand(66, 672, 27, -120)), skin, 3, 3)
    s.cut(smooth([(230, 660), (320, 640), (392, 680), (412, 800), (398, 905), (330, 940), (262, 920),
        (232, 800)]), red, 6)
    s.cut(limb([(372, 700), (462, 640), (470, 540)], 62, 1, 0.8), red, 5)
    s.cut(s.mask(*hand(474, 508, 27, -80)), skin, 3, 3)
    scarf = s.cut(ribbon(smooth([(220, 640), (300, 672), (380, 644)], False), 58), "#f2b632", 4)
    s.cut(ribbon(smooth([(236, 650), (150, 610), (90, 640), (20, 590)], False), 44, 1, 0.8), "#f2b632", 4)
    s.cut(s.within(s.mask(rect(262, 600, 20, 120, 8), rect(320, 600, 20, 120, -8)), scarf), red, 0, 1)
    face(s, 306, 540, 100, skin, "glad", 0.9)
    s.cut(smooth([(204, 540), (200, 448), (262, 404), (340, 404), (404, 448), (406, 520), (330, 470),
        (250, 482)]), "#f4f1e6", 5)
    s.cut(ribbon(smooth([(200, 520), (262, 466), (346, 462), (408, 508)], False), 40), "#2f8f8a", 4)
    s.cut(ellipse(306, 392, 34), "#2f8f8a", 5)


@register_picture(PICTURES, 3000, 2250, "#cfe0e8")
def snow_goalkeeper(s: Canvas) -> None:
    """A snowman keeps goal between two sticks, and the children shoot."""
    s.brushed(rect(-20, -20, 1380, 620), ["#a9cbdc", "#b7d5e2", "#9cc0d6", "#c9e0e8"], 6, 40, 180)
    for k in range(9):
        x = 40 + k * 160 + s.rng.uniform(-40, 40)
        h = s.rng.uniform(150, 260)
        pine = straight([(x, 540 - h), (x + 80, 560), (x - 80, 560)])
        s.brushed(pine, ["#3b6f6a", "#2f5f5e", "#4a8078"], 78, 18, 70)
        for t in (0.25, 0.5, 0.75):
            s.stroke(smooth([(x - 70 * t, 556 - h * (1 - t)), (x, 540 - h * (1 - t)),
                (x + 66 * t, 560 - h * (1 - t))], False), 22, "#f6f6f0", 0.4)
    s.brushed(smooth([(-40, 560), (300, 530), (700, 566), (1100, 530), (1380, 556), (1380, 1040),
        (-40, 1040)]), ["#f6f4ec", "#fbfaf5", "#e8ecee", "#eef0ee"], lambda x, y: 8 * math.sin(x / 200),
        36, 170, 2.4)
    for k in range(7):
        s.stroke(smooth([(60 + k * 190, 860 + (k % 3) * 44), (160 + k * 190, 846 + (k % 2) * 40),
            (260 + k * 190, 862)], False), 18, "#b9cfdd", 0.7)
    for x in (190, 1150):
        s.stroke(smooth([(x, 760), (x + 8, 500), (x - 6, 240)], False), 34, "#6b452e", 0.1, 1, 0.8, 0)
        s.stroke([(x + 4, 420), (x + 60, 350)], 16, "#6b452e", 0.2)
    s.stroke(smooth([(170, 262), (660, 236), (1178, 258)], False), 32, "#7d5236", 0.15, 1, 0.9, 0)
    for k in range(12):
        x = 230 + k * 80
        s.crayon_line(smooth([(x, 262), (x - 18, 480), (x + 8, 690)], False), 6, "#f7f3e6", 0.6)
    for k in range(6):
        y = 330 + k * 70
        s.crayon_line(smooth([(196, y), (660, y + 26), (1150, y)], False), 6, "#f7f3e6", 0.6)
    s.wash(ellipse(700, 842, 330, 48), "#8fb0c8", 0.7, 8, 1)
    snow = ["#fbfaf4", "#f3f1e8", "#ffffff", "#e6ebee"]
    for x, y, r in ((672, 705, 178), (668, 470, 130)):
        s.brushed(ellipse(x, y, r, r * 0.94), snow, around(x, y), 24, 90, 3)
        s.wash(s.without(s.mask(ellipse(x, y, r, r * 0.94)), s.mask(ellipse(x - 30, y - 34, r))),
            "#9db6cc", 0.75, 8, 2, 0.1)
    for side in (-1, 1):
        arm = smooth([(668 + side * 110, 500), (668 + side * 250, 430), (668 + side * 370, 330)], False)
        s.stroke(arm, 24, "#5e3c2a", 0.1, 1, 0.6, 0)
        s.gouache(s.mask(*hand(668 + side * 392, 300, 44, -90 + side * 28)),
            "#e0552f" if side > 0 else "#2e7d5b", 60)
    face(s, 664, 300, 104, "#fbfaf4", "glad", 0.5, cheeks="#f09a86")
    s.gouache(straight([(680, 306), (800, 338), (684, 336)]), "#ea7a2d", 14)
    s.gouache(arc(664, 250, 112, 96, 178, 362), "#c8382c", 0, 18)
    s.gouache(ribbon(smooth([(548, 262), (664, 240), (780, 262)], False), 40), "#f4ead2", 0)
    s.gouache(ellipse(664, 146, 34), "#f4ead2", 0)
    scarf = s.gouache(ribbon(smooth([(560, 388), (664, 424), (772, 386)], False), 54), "#2f63ae", 0)
    s.gouache(ribbon(smooth([(735, 404), (768, 480), (752, 560)], False), 52), "#2f63ae", 90)
    s.gouache(s.within(s.mask(*[rect(580 + k * 52, 370, 18, 90, 6) for k in range(4)]), scarf), "#f7f3e6",
        90, 6, 1)
    for y in (480, 640, 720):
        s.gouache(ellipse(672, y, 16), INK, 0)
    for k, (x, coat, hat) in enumerate(((330, "#e2a32f", "#c8382c"), (1010, "#7b4d88", "#2e7d5b"))):
        y = 800
        s.wash(ellipse(x + 20, y + 178, 130, 20), "#8fb0c8", 0.7, 5, 1)
        for dx in (-34, 36):
            s.gouache(limb([(x + dx, y + 90), (x + dx * 1.5, y + 172)], 46), "#2d3553", 90)
        s.gouache(smooth([(x - 62, y - 20), (x, y - 44), (x + 62, y - 20), (x + 88, y + 116),
            (x - 88, y + 116)]), coat, 80, 18)
        for side in (-1, 1):
            s.gouache(limb([(x + side * 56, y), (x + side * 120, y - 30 - k * 30),
                (x + side * 140, y - 90)], 42), coat, 60)
            s.gouache(ellipse(x + side * 142, y - 104, 28), hat, 0)
        s.gouache(ellipse(x, y - 88, 78), hat, 0, 18)
        s.gouache(ellipse(x, y - 176, 26), "#f7f3e6", 0)
        s.gouache(ribbon(arc(x, y - 88, 74, 62, 20, 160), 26), "#f7f3e6", 0)
    ball(s, 868, 640, 62, 24)
    s.spatter(s.whole(), "#ffffff", 190, 2.5, 10)
    s.relief(0.4)
