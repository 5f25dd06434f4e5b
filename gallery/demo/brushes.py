"""The demo's drawing techniques: crayon, gouache, wash, cut paper, dabs and block prints, drawn with Pillow.

Lengths are in units: the canvas's shorter side is 1000 units at any size in pixels, x to the right, y down.
All random numbers come from the canvas's seed and do not depend on its size in pixels.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

Point = tuple[float, float]
Outline = list[Point]
Box = tuple[int, int, int, int]
Flow = float | Callable[[float, float], float]
Paint = Callable[["Canvas"], None]

# px; the largest longer side of a canvas. The paper's grain is added at the picture's full size.
WORKING_SIDE = 1600


@dataclass(frozen=True)
class PictureSpec:
    """A picture's full size in px, the colour of its paper, and the function that paints it."""

    width: int
    height: int
    paper: str
    paint: Paint


def register_picture(
    pictures: dict[str, PictureSpec], width: int, height: int, paper: str
) -> Callable[[Paint], Paint]:
    """Decorator: add the painting function to `pictures` under its own name, with hyphens."""

    def keep(paint: Paint) -> Paint:
        pictures[paint.__name__.replace("_", "-")] = PictureSpec(width, height, paper, paint)
        return paint

    return keep


# Outlines -------------------------------------------------------------------------------------------


def ellipse(cx: float, cy: float, rx: float, ry: float | None = None, turn: float = 0) -> Outline:
    """The closed outline of an ellipse, turned by `turn` degrees."""
    return arc(cx, cy, rx, rx if ry is None else ry, 0, 360, turn)[:-1]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, turn: float = 0) -> Outline:
    """An open path along an ellipse from start to end (degrees, clockwise from the right)."""
    steps = max(8, int(abs(end - start) / 7))
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    path = []
    for i in range(steps + 1):
        a = math.radians(start + (end - start) * i / steps)
        x, y = rx * math.cos(a), ry * math.sin(a)
        path.append((cx + x * cos - y * sin, cy + x * sin + y * cos))
    return path


def rect(x: float, y: float, w: float, h: float, turn: float = 0) -> Outline:
    """A rectangle from its top left corner, turned about its middle by `turn` degrees."""
    cx, cy = x + w / 2, y + h / 2
    return moved(straight([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]), 0, 0, turn, 1, (cx, cy))


def straight(points: Sequence[Point], closed: bool = True, step: float = 24) -> Outline:
    """The same polygon with points between the corners, so that `waver` can bend its edges."""
    path: Outline = []
    ends = [*points[1:], points[0]] if closed else points[1:]
    for (ax, ay), (bx, by) in zip(points, ends, strict=False):
        n = max(1, int(math.hypot(bx - ax, by - ay) / step))
        path += [(ax + (bx - ax) * i / n, ay + (by - ay) * i / n) for i in range(n)]
    return path if closed else [*path, points[-1]]


def smooth(points: Sequence[Point], closed: bool = True, steps: int = 8) -> Outline:
    """A soft curve through the points (Catmull-Rom)."""
    n = len(points)
    path: Outline = []
    for i in range(n if closed else n - 1):
        around_i = range(i - 1, i + 3)
        p = [points[k % n if closed else min(max(k, 0), n - 1)] for k in around_i]
        for j in range(steps):
            t = j / steps
            path.append((_spline(t, *(q[0] for q in p)), _spline(t, *(q[1] for q in p))))
    return path if closed else [*path, points[-1]]


def _spline(t: float, a: float, b: float, c: float, d: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t
    )


def ribbon(
    path: Sequence[Point], width: float, start: float = 1, end: float = 1, swell: float = 0
) -> Outline:
    """The outline of a round-ended stroke. `start` and `end` scale its width; `swell` widens the middle."""
    n = len(path)
    left: Outline = []
    right: Outline = []
    for i, (x, y) in enumerate(path):
        (ax, ay), (bx, by) = path[max(i - 1, 0)], path[min(i + 1, n - 1)]
        d = math.hypot(bx - ax, by - ay) or 1
        nx, ny = -(by - ay) / d, (bx - ax) / d
        t = i / max(n - 1, 1)
        w = width / 2 * (start + (end - start) * t + swell * math.sin(math.pi * t))
        left.append((x + nx * w, y + ny * w))
        right.append((x - nx * w, y - ny * w))
    return left + _cap(left[-1], right[-1]) + right[::-1] + _cap(right[0], left[0])


def _cap(a: Point, b: Point) -> Outline:
    cx, cy, r = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, math.hypot(a[0] - b[0], a[1] - b[1]) / 2
    first = math.atan2(a[1] - cy, a[0] - cx)
    return [(cx + r * math.cos(first - k * 0.45), cy + r * math.sin(first - k * 0.45)) for k in range(1, 7)]


def star(cx: float, cy: float, r: float, inner: float = 0.45, rays: int = 5, turn: float = -90) -> Outline:
    """A star; `inner` is the inner radius divided by the outer radius `r`."""
    points = []
    for i in range(rays * 2):
        a = math.radians(turn + i * 180 / rays)
        d = r if i % 2 == 0 else r * inner
        points.append((cx + d * math.cos(a), cy + d * math.sin(a)))
    return straight(points, step=max(r / 3, 4))


def moved(
    points: Iterable[Point],
    dx: float = 0,
    dy: float = 0,
    turn: float = 0,
    scale: float = 1,
    about: Point = (0, 0),
    flip: bool = False,
) -> Outline:
    """The outline mirrored, scaled and turned (degrees) about a point, then shifted."""
    cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
    path = []
    for px, py in points:
        x, y = px - about[0], py - about[1]
        x = -x if flip else x
        path.append((about[0] + x * cos - y * sin + dx, about[1] + x * sin + y * cos + dy))
    return path


def around(cx: float, cy: float, squash: float = 1) -> Flow:
    """A flow in circles around a point, or in ellipses whose width is √squash times their height."""
    return lambda x, y: math.degrees(math.atan2((y - cy) * squash, x - cx)) + 90


# Colours --------------------------------------------------------------------------------------------


def mix(a: str, b: str, share: float) -> str:
    """The colour `a` mixed with a share (0 to 1) of the colour `b`."""
    bands = (round(p + (q - p) * share) for p, q in zip(_rgb(a), _rgb(b), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*bands)


@lru_cache(maxsize=4096)
def _rgb(colour: str) -> tuple[int, int, int]:
    r, g, b = ImageColor.getrgb(colour)[:3]
    return r, g, b


@lru_cache(maxsize=4096)
def _ramp(gain: float, lift: float) -> tuple[int, ...]:
    """The lookup table that turns each grey v into gain * v + lift."""
    return tuple(0 if v < 0 else 255 if v > 255 else int(v) for v in (gain * i + lift for i in range(256)))


def _shaded(colour: str, light: float) -> tuple[int, int, int]:
    """The colour mixed with white by `light`, or with near-black if `light` is negative."""
    to = (255, 255, 255) if light > 0 else (24, 20, 38)
    share = abs(light)
    r, g, b = _rgb(colour)
    return int(r + (to[0] - r) * share), int(g + (to[1] - g) * share), int(b + (to[2] - b) * share)


def _shifted(image: Image.Image, dx: int, dy: int) -> Image.Image:
    return image.crop((-dx, -dy, image.width - dx, image.height - dy))


@dataclass(frozen=True)
class Mask:
    """A shape on a canvas: its bounding box in px, and its coverage (mode L)."""

    box: Box
    image: Image.Image


Shape = Outline | Mask


class Canvas:
    """The paper to paint on; w and h are its sides in units."""

    def __init__(self, seed: str, width: int, height: int, paper: str, shape: tuple[int, int]) -> None:
        """width and height in px; shape is the exact width : height; the seed decides all random details."""
        self.px = (width, height)
        self.w, self.h = (side * 1000 / min(shape) for side in shape)
        self.s = width / self.w
        self.rng = random.Random(seed)  # noqa: S311
        self.paper = paper
        self._seed = seed
        self._textures: dict[str, Image.Image] = {}
        everywhere = (0, 0, width, height)
        self.image = self._tint(self.cloud(120), everywhere, paper, 9)

    def _own_chance(self) -> random.Random:
        # Some techniques draw more random numbers the larger their area is in px. Such a technique has its
        # own generator, so that all later strokes get the same numbers at any size.
        return random.Random(self.rng.random())  # noqa: S311

    # Textures: grey images around 128, the size of the canvas ------------------------------------------

    def _noise(self, name: str, across: float, down: float, contrast: float) -> Image.Image:
        if name not in self._textures:
            n, m = max(2, round(self.w / across)), max(2, round(self.h / down))
            source = random.Random(f"{self._seed}/{name}")  # noqa: S311
            grid = Image.frombytes("L", (n, m), source.randbytes(n * m))
            field = grid.resize(self.px, Image.Resampling.BICUBIC)
            self._textures[name] = field.point(_ramp(contrast, 128 - 128 * contrast))
        return self._textures[name]

    def cloud(self, size: float) -> Image.Image:
        """A texture of soft patches, `size` units wide."""
        return self._noise(f"cloud{size}", size, size, 1.5)

    @property
    def tooth(self) -> Image.Image:
        """A texture of the paper's grain."""
        if "tooth" not in self._textures:
            fine, coarse = self._noise("fine", 2.6, 2.6, 1.5), self._noise("coarse", 6, 6, 1.4)
            self._textures["tooth"] = Image.blend(fine, coarse, 0.45)
        return self._textures["tooth"]

    def streaks(self, angle: float) -> Image.Image:
        """A texture of the marks of a wide brush at an angle (degrees)."""
        angle = round(angle / 15) * 15 % 180
        name = f"streaks{angle}"
        if name not in self._textures:
            side = math.hypot(self.w, self.h)
            n, m = round(side / 160), round(side / 5)
            source = random.Random(f"{self._seed}/{name}")  # noqa: S311
            grid = Image.frombytes("L", (n, m), source.randbytes(n * m))
            big = round(side * self.s)
            field = grid.resize((big, big), Image.Resampling.BICUBIC).rotate(
                -angle, Image.Resampling.BILINEAR
            )
            x, y = (big - self.px[0]) // 2, (big - self.px[1]) // 2
            self._textures[name] = field.crop((x, y, x + self.px[0], y + self.px[1]))
        return self._textures[name]

    def _tint(self, texture: Image.Image, box: Box, colour: str, spread: float) -> Image.Image:
        """The colour, lightened and darkened by the texture; `spread` is the largest change (of 255)."""
        grey = texture.crop(box) if texture.size != (box[2] - box[0], box[3] - box[1]) else texture
        bands = [grey.point(_ramp(spread / 128, c - spread)) for c in _rgb(colour)]
        return Image.merge("RGB", bands)

    # Shapes -------------------------------------------------------------------------------------------

    def waver(self, points: Outline, amount: float, wave: float = 90) -> Outline:
        """The outline as an unsteady hand draws it; points move by about `amount` units."""
        if amount <= 0 or len(points) < 3:
            return points
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(points)) or 1
        terms = []
        for k in (1.0, 2.3, 4.9):
            turns = max(1, round(length / wave * k))
            terms.append(
                (turns * math.tau / length, self.rng.random() * 6.28, self.rng.random() * 6.28, k**-0.6)
            )
        moved_points, d = [], 0.0
        for i, (x, y) in enumerate(points):
            if i:
                d += math.dist(points[i - 1], points[i])
            x += amount * 0.6 * sum(a * math.sin(f * d + p) for f, p, _, a in terms)
            y += amount * 0.6 * sum(a * math.sin(f * d + q) for f, _, q, a in terms)
            moved_points.append((x, y))
        return moved_points

    def mask(self, *outlines: Outline, waver: float = 2.5) -> Mask:
        """One shape from several outlines."""
        shaken = [self.waver(o, waver) for o in outlines]
        box = self._box((p for o in shaken for p in o), 30)
        big, draw = self._double(box, "L", 0)
        for outline in shaken:
            draw.polygon(self._pixels(outline, box), fill=255)
        return Mask(box, big.reduce(2))

    def whole(self) -> Mask:
        """The whole canvas as a shape."""
        return Mask((0, 0, *self.px), Image.new("L", self.px, 255))

    def within(self, shape: Shape, clip: Mask) -> Mask:
        """The part of the shape inside `clip`."""
        shape = self._shape(shape)
        return Mask(shape.box, ImageChops.multiply(shape.image, self._aligned(clip, shape.box)))

    def without(self, shape: Shape, hole: Mask) -> Mask:
        """The shape with the part inside `hole` cut out."""
        shape = self._shape(shape)
        return Mask(shape.box, ImageChops.subtract(shape.image, self._aligned(hole, shape.box)))

    def _shape(self, shape: Shape) -> Mask:
        return shape if isinstance(shape, Mask) else self.mask(shape)

    def _aligned(self, mask: Mask, box: Box) -> Image.Image:
        x, y = mask.box[:2]
        return mask.image.crop((box[0] - x, box[1] - y, box[2] - x, box[3] - y))

    def _box(self, points: Iterable[Point], pad: float) -> Box:
        xs, ys = zip(*points, strict=True)
        x0 = min(max(0, int((min(xs) - pad) * self.s)), self.px[0] - 2)
        y0 = min(max(0, int((min(ys) - pad) * self.s)), self.px[1] - 2)
        x1 = max(min(self.px[0], int((max(xs) + pad) * self.s) + 1), x0 + 2)
        y1 = max(min(self.px[1], int((max(ys) + pad) * self.s) + 1), y0 + 2)
        return x0, y0, x1, y1

    def _double(self, box: Box, mode: str, fill: int | str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        big = Image.new(mode, ((box[2] - box[0]) * 2, (box[3] - box[1]) * 2), fill)
        return big, ImageDraw.Draw(big)

    def _pixels(self, points: Iterable[Point], box: Box) -> list[tuple[float, float]]:
        k, x0, y0 = self.s * 2, box[0] * 2, box[1] * 2
        return [(x * k - x0, y * k - y0) for x, y in points]

    def _rough(self, mask: Mask, amount: float, texture: Image.Image, bite: float = 0.7) -> Mask:
        """The shape with its edge roughened by the texture, about `amount` units deep.

        A `bite` over 1 also makes holes.
        """
        radius = max(amount * self.s, 0.4)
        soft = mask.image.filter(ImageFilter.GaussianBlur(radius))
        grain = texture.crop(mask.box).point(_ramp(bite, 128 - 128 * bite))
        slope = max(4.0, radius * 1.6)
        ramp = _ramp(slope, 128 - 128 * slope)
        return Mask(mask.box, ImageChops.add(soft, grain, 1, -128).point(ramp))

    def _lay(self, mask: Mask, paint: Image.Image, strength: float = 1) -> None:
        alpha = mask.image if strength >= 1 else mask.image.point(_ramp(strength, 0))
        self.image.paste(paint, mask.box[:2], alpha)

    # Techniques ---------------------------------------------------------------------------------------

    def gouache(
        self,
        shape: Shape,
        colour: str,
        angle: float = 0,
        spread: float = 14,
        fray: float = 2.2,
        body: float = 1,
    ) -> Mask:
        """Flat opaque paint with brush marks at an angle."""
        mask = self._rough(self._shape(shape), fray, self.streaks(angle), 0.75)
        texture = Image.blend(self.streaks(angle), self.cloud(70), 0.35)
        self._lay(mask, self._tint(texture, mask.box, colour, spread * 1.6), body)
        return mask

    def brushed(
        self,
        shape: Shape,
        colours: Sequence[str],
        flow: Flow = 0,
        width: float = 22,
        length: float = 90,
        cover: float = 2.2,
        jitter: float = 0.25,
        fray: float = 2.5,
    ) -> Mask:
        """Many visible brush strokes along the flow: degrees, or a function of x and y that returns them."""
        mask = self._rough(self._shape(shape), fray, self.tooth, 0.7)
        box = mask.box
        big, draw = self._double(box, "RGB", colours[0])
        x0, y0, x1, y1 = (v / self.s for v in box)
        reach = length / 2
        count = int((x1 - x0 + reach) * (y1 - y0 + reach) / (width * length) * cover) + 3
        bristles = max(3, int(width / 4.5))
        rng = self._own_chance()
        for _ in range(count):
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
            heading = (flow(x, y) if callable(flow) else flow) + rng.gauss(0, jitter * 20)
            colour = rng.choice(colours)
            bend = rng.gauss(0, 8)
            size = rng.uniform(0.6, 1.15) * reach
            shades = [_shaded(colour, rng.uniform(-0.11, 0.11)) for _ in range(bristles)]
            self._bristles(draw, box, (x, y), heading, bend, size, width, shades, rng)
        self._lay(mask, big.reduce(2))
        return mask

    def _bristles(
        self,
        draw: ImageDraw.ImageDraw,
        box: Box,
        middle: Point,
        heading: float,
        bend: float,
        reach: float,
        width: float,
        shades: Sequence[tuple[int, int, int]],
        rng: random.Random,
    ) -> None:
        a = math.radians(heading)
        cos, sin = math.cos(a), math.sin(a)
        n = len(shades)
        thick = max(1, round(width / n * 1.5 * self.s * 2))
        for i, shade in enumerate(shades):
            off = (i / (n - 1) - 0.5) * width
            back, front = rng.uniform(0.72, 1.0) * reach, rng.uniform(0.72, 1.0) * reach
            points = []
            for t in (-back, -back * 0.4, 0, front * 0.5, front):
                lift = off + bend * (t / reach) ** 2
                points.append((middle[0] + t * cos - lift * sin, middle[1] + t * sin + lift * cos))
            draw.line(self._pixels(points, box), fill=shade, width=thick)

    def stroke(
        self,
        path: Sequence[Point],
        width: float,
        colour: str,
        dry: float = 0.35,
        start: float = 0.7,
        end: float = 0.5,
        swell: float = 0.5,
        strength: float = 1,
        clip: Mask | None = None,
    ) -> None:
        """One stroke of a round brush that runs dry towards its end; `dry` is 0 (wet) to 1 (nearly bare)."""
        path = self.waver(list(path), width * 0.04, 160)
        box = self._box(path, width * 0.7 + 8)
        big, draw = self._double(box, "L", 0)
        hairs = max(5, int(width / 2.2))
        n = len(path)
        thick = max(1, round(width / hairs * 1.5 * self.s * 2))
        for i in range(hairs):
            off = i / (hairs - 1) * 2 - 1
            first = int(n * 0.08 * self.rng.random() * abs(off))
            last = n - int(n * dry * 0.7 * self.rng.random() ** 1.6)
            line: Outline = []
            for k in range(first, last):
                (ax, ay), (bx, by) = path[max(k - 1, 0)], path[min(k + 1, n - 1)]
                d = math.hypot(bx - ax, by - ay) or 1
                t = k / max(n - 1, 1)
                w = off * width / 2 * (start + (end - start) * t + swell * math.sin(math.pi * t))
                line.append((path[k][0] - (by - ay) / d * w, path[k][1] + (bx - ax) / d * w))
            if len(line) > 1:
                draw.line(
                    self._pixels(line, box), fill=self.rng.randint(215, 255), width=thick, joint="curve"
                )
        mask = Mask(box, big.reduce(2))
        if clip:
            mask = self.within(mask, clip)
        mask = self._rough(mask, 0.9, self.tooth, 0.55 + dry)
        self._lay(mask, self._tint(self.cloud(40), box, colour, 12), strength)

    def crayon(
        self,
        shape: Shape,
        colour: str,
        angle: float = 35,
        gap: float = 9,
        width: float = 9.5,
        press: float = 0.62,
        around: Point | None = None,
        bend: float = 0,
        strength: float = 0.94,
        under: float = 0.3,
    ) -> Mask:
        """Wax hatching at an angle, or in circles about the point `around`.

        `press` is the share of the paper's grain that the wax covers; `under` is the opacity of the flat
        colour below the hatching.
        """
        mask = self._shape(shape)
        box = mask.box
        big, draw = self._double(box, "L", 0)
        thick = max(1, round(width * self.s * 2))
        lines = self._rounds(box, around, gap) if around else self._hatch(box, angle, gap, bend)
        for line in lines:
            draw.line(self._pixels(line, box), fill=self.rng.randint(170, 255), width=thick, joint="curve")
        edge = self._rough(mask, 4, self.cloud(14), 0.8)
        self._lay(edge, Image.new("RGB", edge.image.size, colour), under)
        self._wax(Mask(box, ImageChops.multiply(big.reduce(2), edge.image)), colour, press, strength)
        return mask

    def _hatch(self, box: Box, angle: float, gap: float, bend: float) -> list[Outline]:
        x0, y0, x1, y1 = (v / self.s for v in box)
        cx, cy, reach = (x0 + x1) / 2, (y0 + y1) / 2, math.hypot(x1 - x0, y1 - y0) / 2
        a = math.radians(angle)
        cos, sin = math.cos(a), math.sin(a)
        lines, off, way, rng = [], -reach, 1, self._own_chance()
        while off < reach:
            off += gap * rng.uniform(0.65, 1.35)
            tilt, lean = rng.gauss(0, gap * 0.5), rng.gauss(0, gap * 0.5)
            line = []
            for k in range(-3, 4):
                t = way * k / 3 * reach
                u = off + tilt * k / 3 + lean * (1 - k * k / 9) + bend * (1 - (k / 3) ** 2)
                line.append((cx + t * cos - u * sin, cy + t * sin + u * cos))
            lines.append(line)
            way = -way
        return lines

    def _rounds(self, box: Box, around: Point, gap: float) -> list[Outline]:
        corners = [(box[0], box[1]), (box[2], box[1]), (box[0], box[3]), (box[2], box[3])]
        reach = max(math.dist(around, (x / self.s, y / self.s)) for x, y in corners)
        lines, r, rng = [], gap * 0.5, self._own_chance()
        while r < reach:
            first = rng.uniform(0, 360)
            squash = rng.uniform(0.95, 1.05)
            lines.append(arc(*around, r * squash, r / squash, first, first + rng.uniform(300, 380)))
            r += gap * rng.uniform(0.75, 1.25)
        return lines

    def _wax(self, mask: Mask, colour: str, press: float, strength: float) -> None:
        # Wax sticks where the sum of the pressure and the height of the paper's grain is over a threshold.
        level = 128 + (press - 0.5) * 200
        pressed = mask.image.point(_ramp(level / 255, 0))
        grain = self.tooth.crop(mask.box)
        taken = ImageChops.add(pressed, grain, 1, -128).point(_ramp(4, -336))
        taken = ImageChops.multiply(taken, mask.image.point(_ramp(2, 0)))
        self._lay(Mask(mask.box, taken), self._tint(self.tooth, mask.box, colour, 16), strength)

    def crayon_line(
        self, path: Sequence[Point], width: float, colour: str, press: float = 0.8, shake: float = 1.6
    ) -> None:
        outline = ribbon(self.waver(list(path), shake, 70), width, 0.85, 0.75, 0.25)
        self._wax(self.mask(outline, waver=0.7), colour, press, 0.96)

    def wash(
        self,
        shape: Shape,
        colour: str,
        strength: float = 0.7,
        bleed: float = 7,
        layers: int = 2,
        rim: float = 0.45,
        soft: float = 0,
    ) -> None:
        """Thin translucent colour that pools at its edge; `bleed` and `soft` are in units."""
        for layer in range(layers):
            mask = self._rough(
                self._shape(shape), bleed * (1 + layer * 0.6), self.cloud(26 + 30 * layer), 0.85
            )
            if soft:
                mask = Mask(mask.box, mask.image.filter(ImageFilter.GaussianBlur(soft * self.s)))
            body = self._tint(self.cloud(60), mask.box, mix(colour, "#ffffff", 0.08), 30)
            under = self.image.crop(mask.box)
            part = strength / layers * 1.2
            pool = mask.image.filter(ImageFilter.GaussianBlur(max(5 * self.s, 1)))
            edge = ImageChops.subtract(mask.image, pool, 1 / (1 + rim * 2))
            grain = self.tooth.crop(mask.box).point(_ramp(0.5, 141))
            alpha = ImageChops.add(
                mask.image.point(_ramp(part, 0)),
                edge.point(_ramp(rim, 0)),
            )
            alpha = ImageChops.multiply(alpha, grain)
            self.image.paste(ImageChops.multiply(under, body), mask.box[:2], alpha)

    def glow(self, x: float, y: float, r: float, colour: str, strength: float = 0.6) -> None:
        """A round light of radius r that fades outwards."""
        box = self._box([(x - r, y - r), (x + r, y + r)], 0)
        size = (box[2] - box[0], box[3] - box[1])
        ball = Image.radial_gradient("L").point(_ramp(-strength * 255 / 181, 255 * strength))
        side = max(2, int(2 * r * self.s))
        x0, y0 = int((x - r) * self.s), int((y - r) * self.s)
        ball = ball.resize((side, side), Image.Resampling.BICUBIC).crop(
            (box[0] - x0, box[1] - y0, box[0] - x0 + size[0], box[1] - y0 + size[1])
        )
        grain = self.tooth.crop(box).point(_ramp(0.7, 110))
        self.image.paste(Image.new("RGB", size, colour), box[:2], ImageChops.multiply(ball, grain))

    def cut(self, shape: Shape, colour: str, torn: float = 0, lift: float = 5, spread: float = 7) -> Mask:
        """A piece of coloured paper on top, with a short shadow and, if torn, a white edge."""
        mask = self._shape(shape)
        down = max(1, round(lift * self.s))
        shade = Mask(
            mask.box,
            _shifted(mask.image, down // 2, down).filter(ImageFilter.GaussianBlur(lift * 0.9 * self.s)),
        )
        self._lay(shade, Image.new("RGB", mask.image.size, "#1c1420"), 0.34)
        face = mask
        if torn:
            rim = self._rough(mask, torn * 0.8, self.cloud(18), 0.7)
            self._lay(rim, self._tint(self.tooth, mask.box, "#f7f2e6", 14))
            inner = mask.image.filter(ImageFilter.GaussianBlur(torn * 0.9 * self.s))
            inner = inner.point(_ramp(1.6, -152))
            inner = _shifted(inner, -round(torn * 0.12 * self.s), -round(torn * 0.2 * self.s))
            face = self._rough(Mask(mask.box, inner), torn * 0.6, self.cloud(22), 0.7)
            face = Mask(mask.box, ImageChops.darker(face.image, rim.image))
        self._lay(
            face, self._tint(Image.blend(self.tooth, self.cloud(120), 0.5), mask.box, colour, spread * 2)
        )
        return face

    def stamped(self, shape: Shape, colour: str, inked: float = 0.62) -> Mask:
        """A potato print: patchy in the middle, denser at the rim."""
        mask = self._rough(self._shape(shape), 2, self.cloud(12), 0.6)
        core = mask.image.filter(ImageFilter.GaussianBlur(9 * self.s)).point(_ramp(2, -300))
        patchy = Image.blend(self.tooth, self.cloud(30), 0.5).crop(mask.box)
        bare = patchy.point(_ramp(6, -6 * (128 + (inked - 0.5) * 170)))
        alpha = ImageChops.subtract(mask.image, ImageChops.multiply(bare, core))
        self._lay(Mask(mask.box, alpha), self._tint(self.cloud(40), mask.box, colour, 14), 0.95)
        return mask

    def dabs(
        self,
        shape: Shape,
        colours: Sequence[str],
        size: float = 12,
        cover: float = 1.3,
        flow: Flow | None = None,
        long: float = 1.5,
    ) -> None:
        """Separate dabs of a brush inside the shape, along the flow."""
        mask = self._shape(shape)
        box = mask.box
        inside, across = mask.image.tobytes(), mask.image.width
        paint, draw = self._double(box, "RGB", colours[0])
        where, spots = self._double(box, "L", 0)
        x0, y0, x1, y1 = (v / self.s for v in box)
        rng = self._own_chance()
        for _ in range(int((x1 - x0) * (y1 - y0) / (size * size * long * 0.8) * cover)):
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
            grow, tilt, colour = rng.uniform(0.6, 1.15), rng.gauss(0, 14), rng.choice(colours)
            shade = _shaded(colour, rng.uniform(-0.14, 0.14))
            px, py = (
                min(int(x * self.s) - box[0], across - 1),
                min(int(y * self.s) - box[1], mask.image.height - 1),
            )
            if inside[max(py, 0) * across + max(px, 0)] < 128:
                continue
            heading = tilt * 4 if flow is None else (flow(x, y) if callable(flow) else flow) + tilt
            cos, sin = math.cos(math.radians(heading)), math.sin(math.radians(heading))
            a, b = size * grow * long / 2, size * grow / 2
            points = [
                (x + u * a * cos - v * b * sin, y + u * a * sin + v * b * cos)
                for u, v in (
                    (1, 0.1),
                    (0.7, 0.75),
                    (0, 1),
                    (-0.8, 0.7),
                    (-1.05, -0.1),
                    (-0.6, -0.85),
                    (0.1, -1),
                    (0.75, -0.6),
                )
            ]
            corners = self._pixels(points, box)
            draw.polygon(corners, fill=shade)
            spots.polygon(corners, fill=255)
        self._lay(Mask(box, where.reduce(2)), paint.reduce(2))

    def spatter(self, shape: Shape, colour: str, count: int, small: float, large: float) -> None:
        """Separate round drops, such as snow or stars."""
        mask = self._shape(shape)
        box = mask.box
        big, draw = self._double(box, "L", 0)
        x0, y0, x1, y1 = (v / self.s for v in box)
        for _ in range(count):
            x, y = self.rng.uniform(x0, x1), self.rng.uniform(y0, y1)
            r = small + (large - small) * self.rng.random() ** 2.5
            spot = self.waver(ellipse(x, y, r, r * self.rng.uniform(0.8, 1.1)), r * 0.12, r * 2)
            draw.polygon(self._pixels(spot, box), fill=255)
        drops = Mask(box, ImageChops.multiply(big.reduce(2), mask.image))
        self._lay(drops, self._tint(self.tooth, box, colour, 12), 0.95)

    def block(self) -> "PrintingBlock":
        """A new block of the canvas's size, without ink."""
        return PrintingBlock(self)

    def printed(self, block: "PrintingBlock", colour: str, shift: Point = (0, 0), inked: float = 0.9) -> None:
        """Print a carved block, offset by `shift` (units)."""
        image = block.plate.reduce(2)
        image = _shifted(image, round(shift[0] * self.s), round(shift[1] * self.s))
        mask = self._rough(Mask((0, 0, *self.px), image), 1.1, self.tooth, 0.7)
        speck = Image.blend(self.tooth, self.cloud(16), 0.35)
        level = 128 + (inked - 0.5) * 165
        bare = speck.point(_ramp(7, -7 * level))
        alpha = ImageChops.subtract(mask.image, bare)
        self._lay(Mask(mask.box, alpha), self._tint(self.cloud(50), mask.box, colour, 12), 0.97)

    def relief(self, strength: float = 0.35) -> None:
        """Light the ridges of thick paint from the upper left."""
        grey = self.image.convert("L").filter(ImageFilter.GaussianBlur(max(0.5, self.s * 0.7)))
        kernel = [k * strength for k in (-2, -1, 0, -1, 0, 1, 0, 1, 2)]
        ridge = grey.filter(ImageFilter.Kernel((3, 3), kernel, scale=1, offset=128))
        self.image = ImageChops.overlay(self.image, Image.merge("RGB", (ridge, ridge, ridge)))

    def pencil(self, path: Sequence[Point], width: float = 3, colour: str = "#77736f") -> None:
        """A soft line, as of a sketch under the drawing."""
        self.crayon_line(path, width, colour, 0.56, 1.2)

    def biro(
        self, path: Sequence[Point], colour: str = "#23378f", width: float = 3.4, shake: float = 1
    ) -> None:
        """A line of a ball pen: thin, even, with a blot where it ends."""
        line = ribbon(self.waver(list(path), shake, 40), width, 0.8, 0.9)
        blot = ellipse(*path[-1], width * 0.75)
        mask = self._rough(self.mask(line, blot, waver=0.2), 0.5, self.tooth, 0.5)
        self._lay(mask, self._tint(self.tooth, mask.box, colour, 22), 0.93)

    def ruled(self, gap: float, colour: str, top: float = 0, margin: float = 0) -> None:
        """The printed lines of an exercise book; with a `margin`, a red line at that distance from the left."""
        y = top or gap
        while y < self.h:
            self.printed_line([(0, y), (self.w, y)], colour)
            y += gap
        if margin:
            self.printed_line([(margin, 0), (margin, self.h)], "#d98a86")

    def squared(self, side: float, gap: float, colour: str) -> None:
        """The printed squares in which one learns to write: each with a cross in it, in rows `gap` apart."""
        y, left, pale = gap, (self.w % side) / 2, mix(colour, self.paper, 0.4)
        while y + side < self.h:
            for k in range(int(self.w // side)):
                x = left + k * side
                self.printed_line([*rect(x, y, side, side), (x, y)], colour)
                for step in range(0, round(side), 16):
                    self.printed_line([(x + step, y + side / 2), (x + step + 8, y + side / 2)], pale)
                    self.printed_line([(x + side / 2, y + step), (x + side / 2, y + step + 8)], pale)
            y += side + gap

    def printed_line(self, path: Sequence[Point], colour: str) -> None:
        draw = ImageDraw.Draw(self.image)
        draw.line([(x * self.s, y * self.s) for x, y in path], fill=colour, width=max(1, round(1.6 * self.s)))

    def photographed(
        self, table: str, corners: Sequence[Point], light: Sequence[int], seen: float = 0.9
    ) -> None:
        """Turn the sheet into a phone's photograph of it, on a table and a little askew.

        `seen` is the size of the sheet in the photograph. `corners` say how far its corners (upper left, lower
        left, lower right, upper right) are moved from there, in units. `light` (0 to 255) is how bright the
        four corners of the photograph are, row by row.
        """
        width, height = self.px
        ground = self._tint(self.streaks(15), (0, 0, width, height), table, 26)
        sheet = self.image.convert("RGBA")
        room = round(max(self.px) * (1 / seen - 1) / 2) + 2
        layer = Image.new("RGBA", (width + 2 * room, height + 2 * room))
        layer.paste(sheet, (room, room))
        edge_x, edge_y = width * (1 / seen - 1) / 2, height * (1 / seen - 1) / 2
        frame = [
            (room - edge_x, room - edge_y),
            (room - edge_x, room + height + edge_y),
            (room + width + edge_x, room + height + edge_y),
            (room + width + edge_x, room - edge_y),
        ]
        quad = tuple(
            value
            for (x, y), (dx, dy) in zip(frame, corners, strict=True)
            for value in (x - dx * self.s, y - dy * self.s)
        )
        askew = layer.transform(self.px, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
        below = _shifted(askew.getchannel("A"), round(7 * self.s), round(10 * self.s))
        shadow = below.filter(ImageFilter.GaussianBlur(9 * self.s)).point(_ramp(0.55, 0))
        ground.paste("#17110d", (0, 0), shadow)
        ground.paste(askew, (0, 0), askew)
        lamp = Image.frombytes("L", (2, 2), bytes(light)).resize(self.px, Image.Resampling.BICUBIC)
        warm = Image.merge("RGB", (lamp.point(_ramp(0.9, 26)), lamp, lamp.point(_ramp(1.08, -24))))
        self.image = ImageChops.multiply(ground, warm)

    def finished(self, width: int, height: int, grain: float = 13) -> Image.Image:
        """The picture at its size in px, with the grain of the paper."""
        image = self.image
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BICUBIC)
        unit = min(width, height) / 1000
        source = random.Random(f"{self._seed}/grain")  # noqa: S311
        n, m = round(self.w / 1.1), round(self.h / 1.1)
        fine = Image.frombytes("L", (n, m), source.randbytes(n * m))
        fine = fine.filter(ImageFilter.BoxBlur(0.6)) if unit >= 1 else fine
        field = fine.resize((width, height), Image.Resampling.BICUBIC)
        flat = field.point(_ramp(grain / 80, 128 - grain * 1.6))
        return ImageChops.overlay(image, Image.merge("RGB", (flat, flat, flat)))


class PrintingBlock:
    """A block for printing: ink shapes, then carve light parts away."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._everywhere: Box = (0, 0, *canvas.px)
        self.plate, self._draw = canvas._double(self._everywhere, "L", 0)

    def ink(self, *outlines: Outline, waver: float = 2) -> "PrintingBlock":
        """Add shapes that print."""
        return self._put(outlines, 255, waver)

    def carve(self, *outlines: Outline, waver: float = 2) -> "PrintingBlock":
        """Remove shapes: they do not print."""
        return self._put(outlines, 0, waver)

    def gouge(
        self, path: Sequence[Point], width: float, start: float = 0.25, end: float = 0.1
    ) -> "PrintingBlock":
        """Carve one cut of a gouge: blunt at its start, wide in the middle, thin at its end."""
        return self._put([ribbon(path, width, start, end, 0.7)], 0, width * 0.12)

    def ridge(
        self, path: Sequence[Point], width: float, start: float = 0.5, end: float = 0.4
    ) -> "PrintingBlock":
        """Add a line that prints."""
        return self._put([ribbon(path, width, start, end, 0.6)], 255, width * 0.12)

    def _put(self, outlines: Iterable[Outline], value: int, waver: float) -> "PrintingBlock":
        for outline in outlines:
            shaken = self._canvas.waver(outline, waver)
            self._draw.polygon(self._canvas._pixels(shaken, self._everywhere), fill=value)
        return self
