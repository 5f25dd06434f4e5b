"""Cards and posters: a picture on a wall with its label, drawn as one image for other sites and for printing.

Runs in the child process. Typst sets each column of text, Pillow draws the rest. The caller gives all texts
in a ShareImage.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFilter

from gallery.images.sandbox.bounds import ImageBounds, errors_as
from gallery.images.sandbox.typesetting import drawable, typeset
from gallery.images.script_fonts import JOINED, TALL, is_right_to_left
from gallery.images.share_image import CARD, POSTER, Fonts, ShareImage, language_data

PAPER, WALL, INK, SOFT, LINE = "#faf8f4", "#f3efe8", "#1d1a17", "#6a625a", "#ddd6cb"
SHADE = (43, 30, 14)
EDGE = 32  # px around each column that Typst sets: the margin in share_image.typ
CARD_QUALITY: dict[str, Any] = {"quality": 88, "subsampling": "4:4:4", "optimize": True}
SAYING_LEADING = 1.6  # em
TALL_LEADING = 1.7  # em: the least line spacing of scripts whose letters are tall

LANCZOS = Image.Resampling.LANCZOS

Size = tuple[int, int]
Face = Literal["serif", "sans"]


@dataclass(frozen=True)
class TextItem:
    """One text of a column. The template uses the first of `sizes` in which the text fits; if there is none,
    it cuts the text off."""

    text: str
    face: Face
    sizes: Sequence[int]  # px, largest first
    colour: str
    max_lines: int
    leading: float  # line spacing, in em
    before: float = 0  # px above the text; not used for the first text of a column
    room: float | None = None  # maximum height of the text in px
    align: Literal["left", "center", "right"] = "left"
    has_rules: bool = False  # on one line between two horizontal hairlines
    language: str = ""  # a BCP 47 tag; empty: the page's language
    is_own: bool = False  # one person's words: their first letter sets the direction

    def data(self, page_language: str) -> dict[str, Any]:
        """The text for the template, with the language data for Typst."""
        language = self.language or page_language
        is_tall = bool(TALL.search(self.text))
        return {
            **asdict(self),
            **language_data(language),
            "leading": max(self.leading, TALL_LEADING) if is_tall and self.max_lines > 1 else self.leading,
            "is_right_to_left": self.is_own and is_right_to_left(self.text),
            "is_spaced": is_chinese(page_language) and not JOINED.search(self.text),
        }


@dataclass
class TextColumn:
    width: int
    items: list[TextItem] = field(default_factory=list)
    image: Image.Image | None = None  # transparent, with EDGE px around it

    @property
    def height(self) -> int:
        assert self.image is not None
        return self.image.height - 2 * EDGE

    def add(self, item: TextItem) -> None:
        if item.text:
            self.items.append(item)


@dataclass(frozen=True)
class Typography:
    """Typesets columns of text with Typst."""

    template: Path
    fonts: Fonts
    language: str

    def set_columns(self, *columns: TextColumn) -> None:
        """Typeset all columns in one run of Typst, and store each result as the column's `image`."""
        data = {
            **language_data(self.language),
            "is_chinese": is_chinese(self.language),
            "columns": [
                {"width": each.width, "items": [item.data(self.language) for item in each.items]}
                for each in columns
            ],
        }
        for column, page in zip(columns, typeset(self.template, data, self.fonts, "png"), strict=True):
            column.image = Image.open(io.BytesIO(page))


class ShareCanvas:
    def __init__(self, size: Size, ground: str) -> None:
        self.image = Image.new("RGB", size, ground)
        self.draw = ImageDraw.Draw(self.image)

    def place(self, column: TextColumn, x: float, top: float) -> None:
        assert column.image is not None
        self.image.paste(column.image, (round(x) - EDGE, round(top) - EDGE), column.image)

    def hang(self, picture: Image.Image, left: int, top: int) -> None:
        """Put a picture on the wall, with a soft shadow below it."""
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


def write_share_image(
    sources: Sequence[tuple[Path, str]],
    image: ShareImage,
    code: Sequence[str],
    typography: Typography,
    out: Path,
    bounds: ImageBounds,
) -> None:
    """Draw `image` with its pictures, given by path and format, into the file `out`. `code`: see qr_code.

    Raises UnusableImage.
    """
    pictures = [decoded_picture(source, kind, bounds) for source, kind in sources]
    picture = pictures[0] if pictures else None
    image = with_drawable_texts(image, typography.fonts)
    if len(pictures) > 1:
        row_card(pictures, image, typography).save(out, "JPEG", **CARD_QUALITY)
    elif image.form == POSTER.name:
        poster(picture, image, code, typography).save(out, "PNG", compress_level=6)
    else:
        card(picture, image, typography).save(out, "JPEG", **CARD_QUALITY)


def decoded_picture(source: Path, kind: str, bounds: ImageBounds) -> Image.Image:
    """The picture in sRGB. Raises UnusableImage."""
    # Imported only when needed: these imports take a sixth of the time for a card without a picture.
    from gallery.images.sandbox.conversion import srgb_image
    from gallery.images.sandbox.decoding import decode

    with errors_as("damaged"):
        decoded = decode(source, kind, bounds, lambda size: size)
        return srgb_image(decoded, decoded.framed_size)


def is_chinese(language: str) -> bool:
    return language.partition("-")[0] in {"zh", "yue"}


def with_drawable_texts(image: ShareImage, fonts: Fonts) -> ShareImage:
    """The share image without characters that neither font has. A text of only such characters becomes
    empty and takes no room."""

    def drawn(text: str) -> str:
        return drawable(text, (fonts.serif, fonts.sans))

    names = ("title", "site", "over", "under", "credit", "caption", "invitation", "saying")
    texts: dict[str, Any] = {name: drawn(getattr(image, name)) for name in names}
    return replace(image, facts=tuple(filter(None, map(drawn, image.facts))), **texts)


def card(picture: Image.Image | None, image: ShareImage, typography: Typography) -> Image.Image:
    """The image that social networks show next to a link: the picture on the left, its label on the right."""
    canvas = ShareCanvas(CARD.size, WALL)
    width, height = CARD.size
    margin, gap = 64, 60
    left, caption = margin + 12, TextColumn(width)
    if picture is not None:
        caption_height = 40 if image.caption else 0
        hung = fit_picture(picture, (612, height - 2 * margin - caption_height))
        if hung.height < hung.width * 0.5:  # a very wide picture takes the whole width, with its label below
            return wide_card(canvas, picture, image, typography)
        top = (height - caption_height - hung.height) // 2
        canvas.hang(hung, margin, top)
        caption = one_line(image.caption, "sans", 19, hung.width)
        left = margin + hung.width + gap
    column_width = width - margin - left
    label = label_column(
        image, column_width, 64 if column_width < 520 else 84, 30, room=height - 2 * margin - 60
    )
    site = one_line(image.site, "serif", 26, column_width)
    typography.set_columns(label, site, caption)
    bottom = height - margin
    canvas.place(label, left, max(margin, margin + (bottom - 58 - margin - label.height) * 0.42))
    canvas.place(site, left, bottom - 4 - above_baseline(26))
    if picture is not None:
        canvas.place(caption, margin, top + hung.height + 44 - above_baseline(19))
    return canvas.image


def wide_card(
    canvas: ShareCanvas, picture: Image.Image, image: ShareImage, typography: Typography
) -> Image.Image:
    """The card of a very wide picture: the picture over the whole width, its label below."""
    width, height = CARD.size
    margin = 64
    hung = fit_picture(picture, (width - 2 * margin, 312))
    canvas.hang(hung, margin, 56)
    below = 56 + hung.height + 40
    label = label_column(image, width - 2 * margin, 46, 26, room=height - below - margin, is_low=True)
    site = one_line(image.site, "serif", 24, width - 2 * margin, "right")
    typography.set_columns(label, site)
    canvas.place(label, margin, below)
    canvas.place(site, margin, height - margin + 12 - above_baseline(24))
    return canvas.image


def row_card(pictures: Sequence[Image.Image], image: ShareImage, typography: Typography) -> Image.Image:
    """The card of a page that shows many works: pictures of one height in a row, the page's title below."""
    canvas = ShareCanvas(CARD.size, WALL)
    width, height = CARD.size
    margin, gap, top = 56, 28, 56
    free = width - 2 * margin - gap * (len(pictures) - 1)
    row = min(round(free / sum(each.width / each.height for each in pictures)), 372)
    hung = [each.resize((round(row * each.width / each.height), row), LANCZOS) for each in pictures]
    left = (width - sum(each.width for each in hung) - gap * (len(hung) - 1)) // 2
    for each in hung:
        canvas.hang(each, left, top)
        left += each.width + gap
    below = top + row + 44
    site = one_line("" if image.site == image.title else image.site, "serif", 26, 400, "right")
    label = TextColumn(width - 2 * margin - (440 if site.items else 0))
    label.add(
        TextItem(image.title, "serif", (60, 52, 46, 40, 34), INK, 1, 1.2, language=image.title_language)
    )
    label.add(TextItem(" · ".join(image.facts), "sans", (25, 22), SOFT, 1, 1.4, before=10))
    typography.set_columns(label, site)
    canvas.place(label, margin, below + max(0, (height - 48 - below - label.height) / 2))
    if site.items:
        canvas.place(site, width - margin - 400, height - 60 - above_baseline(26))
    return canvas.image


def label_column(
    image: ShareImage, width: int, largest: int, text: int, *, room: float, is_low: bool = False
) -> TextColumn:
    """The texts of a wall label: date line, title, artist, facts. `largest` and `text` are sizes in px."""
    column = TextColumn(width)
    date_line = 0.0
    if image.over and not is_low:
        size = max(20, text - 8)
        column.add(TextItem(image.over, "sans", (size, size - 2), image.accent, 1, 1, has_rules=True))
        date_line = size * 2.1 + text
    below = text * 1.5 * (bool(image.credit) + 0.9 * len(image.facts) + bool(image.under)) + text
    least = max(28, largest // 2)
    saying_size = text + 4 if image.form == POSTER.name else text - 4
    saying_room = text * 0.8 + lines_of(image.saying, saying_size, width) * saying_size * SAYING_LEADING
    least_title = least * 1.26 * lines_of(image.title, least, width)
    free = room - date_line - below
    has_saying = bool(image.saying) and not is_low and free - saying_room >= least_title
    title_room = max(least_title, free - saying_room) if has_saying else max(least * 2.6, free)
    sizes = range(largest, least - 1, -4)
    column.add(
        TextItem(
            image.title,
            "serif",
            list(sizes),
            INK,
            2 if is_low else 5,
            1.26,
            before=text,
            room=title_room,
            language=image.title_language,
            is_own=True,
        )
    )
    column.add(
        TextItem(
            image.under,
            "sans",
            (text - 2, text - 6),
            SOFT,
            2,
            1.4,
            before=text * 0.4,
            language=image.under_language,
            is_own=True,
        )
    )
    column.add(
        TextItem(
            image.credit,
            "sans",
            (text, text - 4),
            INK,
            1,
            1.5,
            before=text * (0.3 if is_low else 0.7),
            is_own=True,
        )
    )
    for fact in image.facts[:1] if is_low else image.facts:
        column.add(TextItem(fact, "sans", (text - 8, text - 10), SOFT, 1 if is_low else 2, 1.5, before=2))
    if has_saying:
        column.add(
            TextItem(
                image.saying,
                "serif",
                (saying_size, saying_size - 2),
                INK,
                lines_of(image.saying, saying_size, width) + 1,
                SAYING_LEADING,
                before=text * 0.8,
                language=image.saying_language,
                is_own=True,
            )
        )
    return column


def lines_of(text: str, size: int, width: int) -> int:
    """About how many lines of `width` px a text takes in `size` px."""
    ems = sum(1.06 if unicodedata.east_asian_width(each) in "WF" else 0.56 for each in text)
    return math.ceil(ems * size / width)


def poster(
    picture: Image.Image | None, image: ShareImage, modules: Sequence[str], typography: Typography
) -> Image.Image:
    """An image to share or save: the picture on the wall, its label below, and a QR code that leads to its
    page.
    """
    canvas = ShareCanvas(POSTER.size, PAPER)
    width, height = POSTER.size
    margin = 96
    full = width - 2 * margin
    code = qr_code(modules, 232)
    foot_top = height - margin - code.height
    largest, text, room = (132, 42, 900) if picture is None else (84, 36, 640 if image.saying else 440)
    label = label_column(image, full, largest, text, room=room)
    foot = TextColumn(full - code.width - 48)
    foot.add(TextItem(image.site, "serif", (44, 36), INK, 2, 1.3))
    foot.add(TextItem(image.invitation, "sans", (28, 26), SOFT, 3, 1.6, before=14))
    caption = one_line(image.caption, "sans", 24, full, "center")
    typography.set_columns(label, foot, caption)
    if picture is None:
        canvas.place(label, margin, 300)
    else:
        edge = foot_top - 48 - 64 - label.height - 60  # px from the top: the wall is above, the paper below
        canvas.draw.rectangle((0, 0, width, edge), fill=WALL)
        canvas.draw.line((0, edge, width, edge), fill=LINE, width=2)
        caption_height = 44 if image.caption else 0
        hung = fit_picture(picture, (full, edge - 2 * 84 - caption_height))
        left, top = (width - hung.width) // 2, (edge - caption_height - hung.height) // 2
        canvas.hang(hung, left, top)
        canvas.place(caption, margin, top + hung.height + 62 - above_baseline(24))
        canvas.place(label, margin, edge + 60)
    canvas.draw.line((margin, foot_top - 48, width - margin, foot_top - 48), fill=LINE, width=2)
    canvas.place(foot, margin, foot_top + (code.height - foot.height) / 2)
    canvas.image.paste(code, (width - margin - code.width, foot_top))
    return canvas.image


def one_line(
    text: str, face: Face, size: int, width: int, align: Literal["left", "center", "right"] = "left"
) -> TextColumn:
    column = TextColumn(width)
    column.add(TextItem(text, face, (size,), SOFT, 1, 1, align=align))
    return column


def above_baseline(size: int) -> float:
    """The height (px) of the part of a line above the baseline."""
    return 0.88 * size


def fit_picture(picture: Image.Image, most: Size) -> Image.Image:
    """The whole picture, scaled to fit into `most` (px). A small picture is enlarged at most to twice its
    size."""
    scale = min(most[0] / picture.width, most[1] / picture.height, 2.0)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, LANCZOS)


def qr_code(modules: Sequence[str], most: int) -> Image.Image:
    """A QR code from rows of "1" (dark) and "0", in whole px for each module and no larger than `most` px."""
    module = max(3, most // len(modules))
    image = Image.new("RGB", (len(modules), len(modules)), PAPER)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark == "1":
                image.putpixel((x, y), (0, 0, 0))
    side = len(modules) * module
    return image.resize((side, side), Image.Resampling.NEAREST)
