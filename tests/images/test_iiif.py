"""Parsing IIIF requests: the specification's examples, and arbitrary text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.images.iiif_requests import (
    MAX_AREA,
    MAX_SIDE,
    TILE_SIZE,
    ImageRequest,
    ImageRequestError,
    all_tiles,
    info_json,
    is_tile,
    level_size,
    max_size,
    parse_image_request,
    parse_image_size,
    parse_region,
    parse_rotation,
    scale_factors,
    tile_at,
)

WHOLE = (300, 200)  # the specification's picture

sides = st.integers(1, 20_000)
wholes = st.tuples(sides, sides)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("full", (0, 0, 300, 200)),
        ("square", (50, 0, 200, 200)),
        ("125,15,120,140", (125, 15, 120, 140)),
        ("pct:41.6,7.5,40,70", (125, 15, 120, 140)),
        ("125,15,200,200", (125, 15, 175, 185)),
        ("pct:41.6,7.5,66.6,100", (125, 15, 175, 185)),
        ("pct:0,0,100,.5", (0, 0, 300, 1)),
    ],
)
def test_regions(text: str, region: tuple[int, int, int, int]) -> None:
    assert parse_region(text, WHOLE) == region


@pytest.mark.parametrize(
    "text",
    [
        "",
        "max",
        "0,0,0,10",
        "300,0,10,10",
        "0,200,10,10",
        "0,0,10",
        "0,0,10,10,10",
        "-1,0,10,10",
        "0.5,0,10,10",
        "+1,0,10,10",
        "1e1,0,10,10",
        "pct:",
        "pct:0,0,0,10",
        "pct:100,0,10,10",
        "pct:a,0,10,10",
        "pct:0,0,1.,10",
        " 0,0,10,10",
        "０,0,10,10",
        "0,0,9999999999,10",
    ],
)
def test_regions_that_are_none(text: str) -> None:
    with pytest.raises(ImageRequestError) as refused:
        parse_region(text, WHOLE)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("max", (300, 200)),
        ("150,", (150, 100)),
        ("^150,", (150, 100)),
        (",150", (225, 150)),
        ("pct:50", (150, 100)),
        ("^pct:100", (300, 200)),
        ("225,100", (225, 100)),
        ("!225,100", (150, 100)),
        ("^!225,100", (150, 100)),
        ("!400,100", (150, 100)),
        ("300,200", (300, 200)),
    ],
)
def test_sizes(text: str, size: tuple[int, int]) -> None:
    assert parse_image_size(text, WHOLE) == size


@pytest.mark.parametrize("text", ["^max", "^360,", "^,240", "^pct:120", "^360,360", "^!360,360"])
def test_larger_than_life_is_not_done(text: str) -> None:
    with pytest.raises(ImageRequestError) as refused:
        parse_image_size(text, WHOLE)
    assert refused.value.status == 501


@pytest.mark.parametrize(
    "text",
    [
        "",
        "full",
        ",",
        "0,",
        ",0",
        "0,0",
        "301,",
        ",201",
        "301,100",
        "pct:101",
        "pct:0",
        "pct:0.01",
        "!0,0",
        "!400,400",
        "max,",
        "^",
        "^^max",
        "!^150,100",
        "150",
        "150,-100",
        "15x,",
    ],
)
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ImageRequestError) as refused:
        parse_image_size(text, WHOLE)
    assert refused.value.status == 400


def test_limits() -> None:
    whole = (8000, 6000)
    width, height = parse_image_size("max", whole)
    assert width * height <= MAX_AREA < (width + 2) * (height + 2)
    assert (
        parse_image_size("^max", whole)
        == parse_image_size("max", whole)
        == parse_image_size("!8000,6000", whole)
    )
    assert parse_image_size("max", (20_000, 100)) == (MAX_SIDE, 40)
    for text in ("8000,", "8000,6000", "pct:100", "^pct:100"):
        with pytest.raises(ImageRequestError) as refused:
            parse_image_size(text, whole)
        assert refused.value.status == 400
    with pytest.raises(ImageRequestError):
        parse_image_size(f"{MAX_SIDE + 1},10", (20_000, 100))


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("0", (False, 0)),
        ("90", (False, 90)),
        ("180.0", (False, 180)),
        ("!270", (True, 270)),
        ("360", (False, 0)),
        ("!0", (True, 0)),
    ],
)
def test_rotations(text: str, turn: tuple[bool, int]) -> None:
    assert parse_rotation(text) == turn


@pytest.mark.parametrize("text", ["", "!", "45", "22.5", "450", "-90", "90!", "!!90", "nan", "inf", "٩٠"])
def test_rotations_that_are_none(text: str) -> None:
    with pytest.raises(ImageRequestError) as refused:
        parse_rotation(text)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "last",
    ["default", ".jpg", "default.", "default.gif", "default.jpeg", "grey.jpg", "native.jpg", "Default.jpg"],
)
def test_qualities_and_formats_that_are_none(last: str) -> None:
    with pytest.raises(ImageRequestError) as refused:
        parse_image_request("full", "max", "0", last, WHOLE)
    assert refused.value.status == 400


def test_all_ways_of_asking_for_the_same_are_one() -> None:
    whole = (1000, 800)
    expected = ImageRequest((0, 0, 1000, 800), (500, 400), False, 90, "default", "png")
    for region, size, rotation, last in [
        ("full", "500,400", "90", "default.png"),
        ("0,0,1000,800", "500,", "90.0", "color.png"),
        ("pct:0,0,100,100", "pct:50", "90", "default.png"),
        ("0,0,9999,9999", "!500,500", "90", "default.png"),
    ]:
        assert parse_image_request(region, size, rotation, last, whole) == expected
    assert expected.canonical(whole) == "full/500,400/90/default.png"
    assert (
        ImageRequest((0, 0, 512, 512), (512, 512), True).canonical(whole) == "0,0,512,512/max/!0/default.jpg"
    )


# Arbitrary requests

forms = st.one_of(
    st.text(max_size=12),
    st.builds(
        lambda prefix, parts: prefix + ",".join(map(str, parts)),
        st.sampled_from(["", "^", "!", "^!", "pct:", "^pct:"]),
        st.lists(
            st.one_of(st.just(""), st.integers(0, 25_000), st.floats(0, 200).map(lambda n: round(n, 2))),
            max_size=5,
        ),
    ),
    st.sampled_from(["full", "square", "max", "^max"]),
)


@given(
    forms,
    forms,
    st.one_of(forms, st.sampled_from(["0", "90", "!180"])),
    st.one_of(st.text(max_size=8), st.just("default.jpg"), st.just("bitonal.png")),
    wholes,
)
def test_an_answer_is_within_the_picture_and_the_limits_or_there_is_none(
    region: str, size: str, rotation: str, last: str, whole: tuple[int, int]
) -> None:
    try:
        cut = parse_image_request(region, size, rotation, last, whole)
    except ImageRequestError as refused:
        status = refused.status
    else:
        status = 200
    assert status in (200, 400) or (status == 501 and size.startswith("^"))
    if status != 200:
        return
    x, y, width, height = cut.region
    assert min(x, y) >= 0
    assert min(width, height, *cut.size) >= 1
    assert x + width <= whole[0]
    assert y + height <= whole[1]
    assert cut.size[0] <= min(width, MAX_SIDE)
    assert cut.size[1] <= min(height, MAX_SIDE)
    assert cut.size[0] * cut.size[1] <= MAX_AREA
    # Its canonical address is parsed to the same request, and is its own canonical address.
    again = parse_image_request(*cut.canonical(whole).split("/"), whole)  # type: ignore[arg-type]
    assert again == cut
    assert again.canonical(whole) == cut.canonical(whole)


@given(wholes)
def test_tiles_cover_each_level_once(whole: tuple[int, int]) -> None:
    found = all_tiles(whole)
    factors = scale_factors(whole)
    assert max(level_size(whole, factors[-1])) <= TILE_SIZE
    assert len({tile.name for tile in found}) == len(found)
    used = set()
    for factor in factors:
        side = TILE_SIZE * factor
        level = [
            tile_at(x, y, factor, whole) for y in range(0, whole[1], side) for x in range(0, whole[0], side)
        ]
        assert sum(tile.region[2] * tile.region[3] for tile in level) == whole[0] * whole[1]
        width, height = level_size(whole, factor)
        assert sum(tile.size[0] * tile.size[1] for tile in level) == width * height
        used.update(level)
    assert used == set(found)


@given(wholes, st.data())
def test_tiles_are_known_by_their_address(whole: tuple[int, int], data: st.DataObject) -> None:
    tile = data.draw(st.sampled_from(all_tiles(whole)))
    assert is_tile(tile, whole)
    # As OpenSeadragon writes it, and by its canonical address.
    written = ",".join(map(str, tile.region)), ",".join(map(str, tile.size))
    assert parse_image_request(*written, "0", "default.jpg", whole) == tile
    assert parse_image_request(*tile.canonical(whole).split("/"), whole) == tile  # type: ignore[arg-type]
    for other in ("90", "!0"):
        assert not is_tile(parse_image_request(*written, other, "default.jpg", whole), whole)
    assert not is_tile(parse_image_request(*written, "0", "default.png", whole), whole)


@given(wholes)
def test_the_description_keeps_its_own_limits(whole: tuple[int, int]) -> None:
    info = info_json("https://example.org/iiif/x", whole)
    for size in info["sizes"]:
        cut = parse_image_request("full", f"{size['width']},{size['height']}", "0", "default.jpg", whole)
        assert cut.size == (size["width"], size["height"])
    assert (info["width"], info["height"]) == whole
    assert info["maxArea"] == MAX_AREA
    assert info["maxWidth"] == info["maxHeight"] == MAX_SIDE
    assert max_size(whole) == parse_image_request("full", "max", "0", "default.jpg", whole).size
