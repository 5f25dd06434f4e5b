"""The demo's pictures, in many techniques: drawn by code, with the same result in every run."""

from dataclasses import dataclass

from PIL import Image

from gallery.demo import (
    scenes_book,
    scenes_country,
    scenes_football,
    scenes_paper,
    scenes_table,
    scenes_winter,
)
from gallery.demo.brushes import WORKING_SIDE, Canvas, PictureSpec

_PICTURES: dict[str, PictureSpec] = {
    **scenes_football.PICTURES,
    **scenes_table.PICTURES,
    **scenes_winter.PICTURES,
    **scenes_country.PICTURES,
    **scenes_book.PICTURES,
    **scenes_paper.PICTURES,
}


@dataclass(frozen=True)
class Scene:
    """A picture that can be drawn: its slug and its full size in px."""

    slug: str
    width: int
    height: int


SCENES: dict[str, Scene] = {
    slug: Scene(slug, picture.width, picture.height) for slug, picture in _PICTURES.items()
}


def draw_scene(slug: str, width: int | None = None) -> Image.Image:
    """The scene in RGB, `width` px wide (default: its full size), with its own aspect ratio.

    The same slug and width give the same pixels; another width gives the same composition.
    Raises KeyError for an unknown slug, ValueError for a width under 16 px.
    """
    picture = _PICTURES[slug]
    width = picture.width if width is None else width
    if width < 16:
        raise ValueError(f"a picture cannot be {width} px wide")
    height = max(16, round(width * picture.height / picture.width))
    shape = (picture.width, picture.height)
    shrink = min(1.0, WORKING_SIDE / max(width, height))
    canvas = Canvas(slug, round(width * shrink), round(height * shrink), picture.paper, shape)
    picture.paint(canvas)
    return canvas.finished(width, height)
