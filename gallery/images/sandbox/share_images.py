"""Cards and posters: a picture on the wall with its label, drawn as one image that leaves the site on its own.

Everything here runs in the child process. What is said on them is told by whoever asks; see Placard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFilter

from gallery.images.sandbox.fonts import Face
from gallery.images.sandbox.pixels import ImageBounds, decode, srgb_image
from gallery.images.sandbox.tiles import errors_as_damaged
from gallery.images.sandbox.typesetting import OPENING, FittedText, fit_text
from gallery.images.share_image import CARD, POSTER, Fonts, ShareImage

PAPER, WALL, INK, SOFT, LINE = "#faf8f4", "#f3efe8", "#1d1a17", "#6a625a", "#ddd6cb"
SHADE = (43, 30, 14)
QUIET_ZONE = 4  # modules of light around a QR code (ISO/IEC 18004, 9.1)

Size = tuple[int, int]
Box = tuple[int, int, int, int]


class ShareCanvas:
    """A sheet that is being drawn on."""

    def __init__(self, size: Size, ground: str, placard: ShareImage, fonts: Fonts) -> None:
        self.image = Image.new("RGB", size, ground)
        self.draw = ImageDraw.Draw(self.image)
        self.placard, self.fonts = placard, fonts

    def serif(self, size: int) -> Face:
        tracking = size * 0.04 if self.placard.language == "zh" else 0.0
        return Face((self.fonts.serif, self.fonts.sans), size, self.placard.language, tracking)

    def sans(self, size: int) -> Face:
        return Face((self.fonts.sans, self.fonts.serif), size, self.placard.language)

    def line(self, face: Face, text: str, x: float, baseline: float, colour: str) -> None:
        """Draw one line; a mark whose left half is empty hangs half out, so that the letters' edge stays straight."""
        if text[:1] in OPENING:
            x -= face.size * 0.5
        for run in face.runs(text):
            self.draw.text(
                (x + run.x, baseline),
                run.text,
                fill=colour,
                font=run.font,
                anchor="ls",
                features=list(run.features) or None,
            )

    def hang(self, picture: Image.Image, left: int, top: int) -> None:
        """Put a picture on the wall, its shadow soft and below it."""
        width, height = picture.size
        depth = max(10, min(width, height) // 28)
        room = depth * 3
        shade = Image.new("L", (width + 2 * room, height + 2 * room))
        inner = ImageDraw.Draw(shade)
        inner.rectangle(
            (room + depth // 2, room + depth, room + width - depth // 2, room + height + depth // 2), fill=92
        )
        shade = shade.filter(ImageFilter.GaussianBlur(depth * 0.8))
        self.image.paste(SHADE, (left - room, top - room), shade)
        near = Image.new("L", (width + 12, height + 12))
        ImageDraw.Draw(near).rectangle((6, 7, 5 + width, 7 + height), fill=70)
        self.image.paste(SHADE, (left - 6, top - 6), near.filter(ImageFilter.GaussianBlur(2)))
        self.image.paste(picture, (left, top))

    def caption(self, size: int, width: int, x: float, baseline: float, *, is_centred: bool = False) -> None:
        """Say in one line below a picture whose it is."""
        face = self.sans(size)
        found = fit_text(face.drawable(self.placard.caption), width, 1, (size,), lambda _: face.length)
        for text in found.texts:
            self.line(face, text, x + (width - face.length(text)) / 2 * is_centred, baseline, SOFT)


class TextColumn:
    """Lines of a label, set first, so that their height is known, and drawn then."""

    def __init__(self, wall: ShareCanvas, width: int) -> None:
        self.wall, self.width = wall, width
        self.height = 0.0
        self._drawn: list[tuple[float, Callable[[float, float], None]]] = []

    def space(self, height: float) -> None:
        if self.height:
            self.height += height

    def add(
        self,
        text: str,
        face: Callable[[int], Face],
        sizes: Sequence[int],
        colour: str,
        *,
        most: int,
        leading: float,
        before: float = 0,
        room: float | None = None,
    ) -> None:
        """Set `text` below what stands already, in the first of `sizes` (px) in which it takes no more than `most` lines
        and `room` px; nothing, not even the space before it, where no character of it can be drawn."""
        text = face(sizes[-1]).drawable(text)
        if not text:
            return
        self.space(before)
        found = fit_text(text, self.width, most, sizes, lambda size: face(size).length, room, leading)
        chosen = face(found.size)
        self._drawn.append((self.height, self._lines(found, chosen, leading, colour)))
        self.height += len(found.texts) * found.size * leading

    def _lines(
        self, found: FittedText, face: Face, leading: float, colour: str
    ) -> Callable[[float, float], None]:
        def draw(x: float, top: float) -> None:
            for number, text in enumerate(found.texts):
                # The letters stand in the middle of their line: Chinese ones reach from -0.12 to 0.88 em.
                baseline = top + found.size * (number * leading + (leading - 1) / 2 + 0.88)
                self.wall.line(face, text, x, baseline, colour)

        return draw

    def add_date_line(self, text: str, size: int) -> None:
        """The line between two hairlines, in the accent of the theme, that opens an exhibition."""
        face = self.wall.sans(size)
        text = face.drawable(text)
        if not text:
            return
        found = fit_text(text, self.width, 1, (size, size - 2), lambda each: self.wall.sans(each).length)
        chosen = self.wall.sans(found.size)
        (line,) = found.texts
        accent = self.wall.placard.accent
        height = size * 2.1

        def draw(x: float, top: float) -> None:
            right = x + chosen.length(line)
            for y in (top, top + height):
                self.wall.draw.line((x, y, right, y), fill=accent, width=2)
            self.wall.line(chosen, line, x, top + height / 2 + found.size * 0.37, accent)

        self._drawn.append((self.height, draw))
        self.height += height + 2

    def draw(self, x: float, top: float) -> None:
        for offset, drawn in self._drawn:
            drawn(x, top + offset)


def write_share_image(
    source: Path | None, kind: str, placard: ShareImage, fonts: Fonts, out: Path, bounds: ImageBounds
) -> None:
    """Draw `placard` with the picture `source`, or without one, into the file `out`. Raises Unfit."""
    picture = None
    if source is not None:
        with errors_as_damaged():
            sheet = decode(source, kind, bounds, lambda size: size)
            picture = srgb_image(sheet, sheet.shown_size)
    if placard.form == POSTER.name:
        poster(picture, placard, fonts).save(out, "PNG", compress_level=6)
    else:
        card(picture, placard, fonts).save(out, "JPEG", quality=88, subsampling="4:4:4", optimize=True)


def card(picture: Image.Image | None, placard: ShareImage, fonts: Fonts) -> Image.Image:
    """What networks show beside a link: the picture at the left, its label at the right."""
    wall = ShareCanvas(CARD.size, WALL, placard, fonts)
    width, height = CARD.size
    margin, gap = 64, 60
    left = margin + 12
    if picture is not None:
        caption = 40 if placard.caption else 0
        hung = fit_picture(picture, (612, height - 2 * margin - caption))
        if hung.height < hung.width * 0.5:  # a very wide one takes the whole breadth, its label below
            return wide_card(wall, picture)
        top = (height - caption - hung.height) // 2
        wall.hang(hung, margin, top)
        wall.caption(19, hung.width, margin, top + hung.height + 44)
        left = margin + hung.width + gap
    column = TextColumn(wall, width - margin - left)
    label(column, placard, 64 if column.width < 520 else 84, 30, room=height - 2 * margin - 60)
    foot = wall.serif(26)
    site = foot.drawable(placard.site)
    bottom = height - margin
    column.draw(left, max(margin, margin + (bottom - 58 - margin - column.height) * 0.42))
    wall.line(foot, site, left, bottom - 4, SOFT)
    return wall.image


def wide_card(wall: ShareCanvas, picture: Image.Image) -> Image.Image:
    """The same for a scroll: across the whole breadth, its label below."""
    width, height = CARD.size
    margin = 64
    hung = fit_picture(picture, (width - 2 * margin, 312))
    wall.hang(hung, margin, 56)
    column = TextColumn(wall, width - 2 * margin)
    label(column, wall.placard, 46, 26, room=height - 56 - hung.height - 40 - margin, is_low=True)
    column.draw(margin, 56 + hung.height + 40)
    foot = wall.serif(24)
    site = foot.drawable(wall.placard.site)
    wall.line(foot, site, width - margin - foot.length(site), height - margin + 12, SOFT)
    return wall.image


def label(
    column: TextColumn, placard: ShareImage, largest: int, text: int, *, room: float, is_low: bool = False
) -> None:
    """The words of a wall label: date line, title, who made it, the facts."""
    wall = column.wall
    if placard.over and not is_low:
        column.add_date_line(placard.over, max(20, text - 8))
        column.space(text)
    below = text * 1.5 * (bool(placard.credit) + 0.9 * len(placard.facts) + bool(placard.under)) + text
    least = max(28, largest // 2)
    column.add(
        placard.title,
        wall.serif,
        range(largest, least - 1, -4),
        INK,
        most=2 if is_low else 5,
        leading=1.26,
        room=max(least * 2.6, room - column.height - below),
    )
    column.add(placard.under, wall.sans, (text - 2, text - 6), SOFT, most=2, leading=1.4, before=text * 0.4)
    column.add(
        placard.credit,
        wall.sans,
        (text, text - 4),
        INK,
        most=1,
        leading=1.5,
        before=text * (0.3 if is_low else 0.7),
    )
    for fact in placard.facts[:1] if is_low else placard.facts:
        column.add(
            fact, wall.sans, (text - 8, text - 10), SOFT, most=1 if is_low else 2, leading=1.5, before=2
        )


def poster(picture: Image.Image | None, placard: ShareImage, fonts: Fonts) -> Image.Image:
    """What somebody sends on or saves: the picture on the wall above, the label below it, and a code that leads here."""
    wall = ShareCanvas(POSTER.size, PAPER, placard, fonts)
    width, height = POSTER.size
    margin = 96
    code = qr_code(placard.address, 232)
    foot_top = height - margin - code.height
    column = TextColumn(wall, width - 2 * margin)
    if picture is not None:
        label(column, placard, 84, 36, room=440)
    else:
        label(column, placard, 132, 42, room=900)
    under = 64  # px between the label and the foot's line
    if picture is None:
        column.draw(margin, 300)
    else:
        edge = int(foot_top - 48 - under - column.height - 60)  # where the wall ends and the paper begins
        wall.draw.rectangle((0, 0, width, edge), fill=WALL)
        wall.draw.line((0, edge, width, edge), fill=LINE, width=2)
        caption = 44 if placard.caption else 0
        hung = fit_picture(picture, (width - 2 * margin, edge - 2 * 84 - caption))
        left, top = (width - hung.width) // 2, (edge - caption - hung.height) // 2
        wall.hang(hung, left, top)
        wall.caption(24, width - 2 * margin, margin, top + hung.height + 62, is_centred=True)
        column.draw(margin, edge + 60)
    wall.draw.line((margin, foot_top - 48, width - margin, foot_top - 48), fill=LINE, width=2)
    foot = TextColumn(wall, width - 2 * margin - code.width - 48)
    foot.add(placard.site, wall.serif, (44, 36), INK, most=2, leading=1.3)
    foot.add(placard.invitation, wall.sans, (28, 26), SOFT, most=3, leading=1.6, before=14)
    foot.draw(margin, foot_top + (code.height - foot.height) / 2)
    wall.image.paste(code, (width - margin - code.width, foot_top))
    return wall.image


def fit_picture(picture: Image.Image, most: Size) -> Image.Image:
    """The whole picture, as large as `most` allows; one that is smaller is enlarged up to twice."""
    scale = min(most[0] / picture.width, most[1] / picture.height, 2.0)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)


def qr_code(address: str, most: int) -> Image.Image:
    """A code of `address`, with its quiet zone, in whole px for each module and no larger than `most` px."""
    code = segno.make(address, error="m", micro=False)
    modules = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]
    module = max(3, most // len(modules))
    image = Image.new("RGB", (len(modules), len(modules)), PAPER)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x, y), (0, 0, 0))
    side = len(modules) * module
    return image.resize((side, side), Image.Resampling.NEAREST)
