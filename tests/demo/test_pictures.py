"""The demo's pictures: each has its aspect ratio, is the same every time, has many colours, and no two are
alike.
"""

from functools import cache
from itertools import combinations

import pytest
from PIL import Image

from gallery.demo.scenes import SCENES, draw_scene

WIDTH = 480


@cache
def drawn(slug: str) -> Image.Image:
    return draw_scene(slug, WIDTH)


def fingerprint(image: Image.Image) -> int:
    """256 bits: where the picture gets lighter to the right."""
    small = image.convert("L").resize((17, 16), Image.Resampling.BOX).tobytes()
    bits = 0
    for y in range(16):
        for x in range(16):
            bits = bits * 2 + (small[y * 17 + x] < small[y * 17 + x + 1])
    return bits


def test_there_are_enough_scenes_in_many_shapes() -> None:
    ratios = [scene.width / scene.height for scene in SCENES.values()]
    assert len(SCENES) >= 30
    assert {"dumpling-wrappers", "tangyuan"} <= SCENES.keys()
    assert min(ratios) <= 0.5
    assert max(ratios) >= 3
    assert any(0.6 < ratio < 0.8 for ratio in ratios)
    assert any(ratio == 1 for ratio in ratios)


@pytest.mark.parametrize("slug", SCENES)
def test_full_size_is_large_enough_to_zoom(slug: str) -> None:
    scene = SCENES[slug]
    assert scene.slug == slug
    assert scene.width >= 2400
    assert max(scene.width, scene.height) >= 3000


@pytest.mark.parametrize("slug", SCENES)
def test_scene_keeps_its_shape_and_is_rich(slug: str) -> None:
    image, scene = drawn(slug), SCENES[slug]
    assert image.mode == "RGB"
    assert image.size == (WIDTH, round(WIDTH * scene.height / scene.width))
    poster = image.quantize(24).convert("RGB").getcolors(24)
    distinct = image.getcolors(image.width * image.height)
    assert poster is not None
    assert distinct is not None
    assert len(distinct) > 5000
    assert max(count for count, _ in poster) < 0.4 * image.width * image.height
    darkest, lightest = image.convert("L").resize((64, 64)).getextrema()
    assert isinstance(darkest, int)
    assert isinstance(lightest, int)
    assert lightest - darkest > 90


@pytest.mark.parametrize("slug", ["tangyuan", "goalkeeper", "steam-over-a-pot", "tiger-hat"])
def test_drawing_again_gives_the_same_bytes(slug: str) -> None:
    assert draw_scene(slug, WIDTH).tobytes() == drawn(slug).tobytes()


def test_another_width_gives_the_same_composition() -> None:
    for slug in ("dumpling-wrappers", "fish-of-plenty"):
        differing = fingerprint(drawn(slug)) ^ fingerprint(draw_scene(slug, 700))
        assert differing.bit_count() < 40, slug


def test_full_size_is_what_the_scene_declares() -> None:
    scene = SCENES["sun-returns"]
    assert draw_scene(scene.slug).size == (scene.width, scene.height)


def test_no_two_scenes_look_alike() -> None:
    prints = {slug: fingerprint(drawn(slug)) for slug in SCENES}
    for one, other in combinations(prints, 2):
        assert (prints[one] ^ prints[other]).bit_count() > 50, (one, other)


def test_an_unknown_scene_or_a_tiny_width_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_scene("no-such-scene")
    with pytest.raises(ValueError, match="3 px"):
        draw_scene("tangyuan", 3)
