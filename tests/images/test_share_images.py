"""Cards and posters, drawn in the confined child: sizes, content, and text of any kind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageChops

from gallery.images.sandbox.parent import ImageRefused, make_share_image
from gallery.images.share_image import Fonts, ShareImage
from gallery.public.share_images import SANS, SERIF

FONTS = Fonts(str(SERIF), str(SANS))
WALL = (243, 239, 232)
BLUE = (20, 60, 200)
ADDRESS = "https://gallery.example.org/zh/works/abcdefghjk"

CARD = ShareImage(
    form="card",
    language="zh",
    accent="#a8322a",
    title="冬至吃汤圆啦",
    site="见光",
    tokens=("t",),
    over="冬至",
    credit="瞿俊杰",
    facts=("水彩 · 2022", "芭莎公益慈善基金"),
)
POSTER = replace(CARD, form="poster", address=ADDRESS, invitation="扫一扫，看这幅作品。")


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    path = tmp_path / "blue.jpg"
    Image.new("RGB", (960, 720), BLUE).save(path, quality=95)
    return path


async def drawn(placard: ShareImage, picture: Path | None, folder: Path, **values: Any) -> Image.Image:
    path = await make_share_image([picture] if picture else [], replace(placard, **values), FONTS, folder)
    with Image.open(path) as image:
        image.load()
        assert not image.getexif()
        return image


def is_like(colour: tuple[int, ...], other: tuple[int, ...], most: int = 12) -> bool:
    return all(abs(one - two) <= most for one, two in zip(colour, other, strict=True))


def share(image: Image.Image, colour: tuple[int, int, int]) -> float:
    """The share of an image that has about this colour."""
    small = image.convert("RGB").resize((image.width // 4, image.height // 4), 0)
    counts = small.getcolors(small.width * small.height) or []
    found = sum(count for count, pixel in counts if is_like(pixel, colour))  # type: ignore[arg-type]
    return found / (small.width * small.height)


def differs(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The box within which two images differ by more than what JPEG does."""
    return ImageChops.difference(one, other).convert("L").point(lambda value: 255 * (value > 48)).getbbox()


async def test_a_card_has_its_picture_its_words_and_the_wall(blue: Path, tmp_path: Path) -> None:
    card = await drawn(CARD, blue, tmp_path)
    assert (card.size, card.format, card.mode) == ((1200, 630), "JPEG", "RGB")
    assert is_like(card.getpixel((5, 5)), WALL)  # type: ignore[arg-type]
    assert 0.25 < share(card, BLUE) < 0.5
    assert share(card, (168, 50, 42)) > 0.0003  # the accent's two lines
    for name in ("title", "credit", "over", "site"):
        without = await drawn(CARD, blue, tmp_path, **{name: ""})
        box = differs(card, without)
        assert box, name
        assert box[0] > 600, name  # next to the picture, not on it
    alone = await drawn(CARD, None, tmp_path, tokens=())
    assert share(alone, BLUE) == 0
    assert differs(alone, await drawn(CARD, None, tmp_path, tokens=(), title=""))


async def test_several_pictures_hang_in_a_row(blue: Path, tmp_path: Path) -> None:
    red = tmp_path / "red.png"
    Image.new("RGB", (700, 900), (200, 30, 20)).save(red)
    row = replace(CARD, tokens=("t", "u"), credit="", over="", facts=("派派 · 瞿俊杰",))
    path = await make_share_image([blue, red], row, FONTS, tmp_path)
    with Image.open(path) as card:
        assert card.size == (1200, 630)
        left, right = (card.crop((x, 0, x + 600, 630)) for x in (0, 600))
    assert min(share(left, BLUE), share(right, (200, 30, 20))) > 0.2


async def test_a_sentence_is_drawn_whole_or_not_at_all(blue: Path, tmp_path: Path) -> None:
    saying = {"saying": "“我画了一个月亮，它陪我回家。”", "saying_language": "zh"}
    for placard in (CARD, POSTER):
        box = differs(await drawn(placard, blue, tmp_path), await drawn(placard, blue, tmp_path, **saying))
        assert box, placard.form
    long = {"saying": "很久以前" * 60 + "。", "saying_language": "zh"}
    assert differs(await drawn(CARD, blue, tmp_path), await drawn(CARD, blue, tmp_path, **long)) is None


@pytest.mark.parametrize("size", [(3000, 400), (400, 3000), (700, 700), (1600, 1000), (620, 70)])
async def test_pictures_of_any_shape_are_shown_whole(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture = Image.new("RGB", size, BLUE)
    edge = max(4, min(size) // 10)
    for box in (
        (0, 0, size[0], edge),
        (0, size[1] - edge, size[0], size[1]),
        (0, 0, edge, size[1]),
        (size[0] - edge, 0, *size),
    ):
        picture.paste((240, 200, 0), box)
    picture.save(path)
    for placard in (CARD, POSTER):
        image = await drawn(placard, path, tmp_path)
        inner = image.convert("RGB").point(lambda value: value)
        red, _green, blue_band = inner.split()
        shape = ImageChops.subtract(blue_band, red).point(lambda value: 255 * (value > 90)).getbbox()
        assert shape is not None
        assert 0 < shape[0] < shape[2] < image.width
        width, height = shape[2] - shape[0], shape[3] - shape[1]
        shown = (size[0] - 2 * edge) / (size[1] - 2 * edge)
        assert width / height == pytest.approx(shown, rel=0.15)


@pytest.mark.parametrize(
    "address",
    [ADDRESS, "http://127.0.0.1:8000/en/exhibitions/" + "long-name-" * 6, "https://画廊.example/zh/"],
)
async def test_a_poster_leads_to_its_page(address: str, blue: Path, tmp_path: Path) -> None:
    poster = await drawn(POSTER, blue, tmp_path, address=address)
    assert (poster.size, poster.format) == ((1080, 1920), "PNG")
    for scale in (1, 0.5):  # as it is, and as a photograph of a screen
        small = poster.resize((int(1080 * scale), int(1920 * scale)))
        (code,) = zxingcpp.read_barcodes(small.convert("L"))
        assert code.text == address
    without = await drawn(POSTER, None, tmp_path, tokens=(), address=address)
    assert [code.text for code in zxingcpp.read_barcodes(without.convert("L"))] == [address]


@pytest.mark.parametrize(
    "title",
    [
        "",
        "😀🎨👩‍👩‍👧",
        "冬至 Winter Solstice 吃汤圆",
        "<script>alert(1)</script>",
        "\u202eevil\u202c 右到左",
        "مرحبا بالعالم",
        "字" * 120,
        " ".join(["reunion"] * 40),
        "W" * 120,
        "。" * 120,
        "“I’m here,” she said — “always…”",
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_any_title_is_drawn(title: str, language: str, blue: Path, tmp_path: Path) -> None:
    quiet = {"credit": "", "facts": (), "over": "", "site": ""}
    card = await drawn(CARD, blue, tmp_path, title=title, language=language, **quiet)
    nothing = await drawn(CARD, blue, tmp_path, title="", language=language, **quiet)
    box = differs(card, nothing)
    if title in {"", "😀🎨👩‍👩‍👧"}:  # what the fonts have no letters for is left out
        assert box is None
        return
    assert box is not None
    assert box[0] > 600
    assert box[1] > 20
    assert box[2] < 1190
    assert box[3] < 610


async def test_equal_placards_are_equal_and_all_others_are_not(blue: Path, tmp_path: Path) -> None:
    assert CARD.digest == replace(CARD).digest
    names = {CARD.name} | {
        replace(CARD, **{name: value}).name
        for name, value in [
            ("title", "x"),
            ("accent", "#000000"),
            ("facts", ()),
            ("tokens", ("u",)),
            ("language", "en"),
            ("form", "poster"),
        ]
    }
    assert len(names) == 7


async def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.jpg"
    Image.new("RGB", (960, 720), BLUE).save(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ImageRefused):
        await make_share_image([path], CARD, FONTS, tmp_path)
    with pytest.raises(OSError, match="worked on"):
        await asyncio.wait_for(
            make_share_image([], CARD, Fonts("/nowhere.ttf", "/nowhere.ttf"), tmp_path), 60
        )
    assert [each.name for each in tmp_path.iterdir()] == ["damaged.jpg"]
