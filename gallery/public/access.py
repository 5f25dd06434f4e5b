"""Which exhibitions visitors may see."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from gallery.public.queries import exhibition_at
from gallery.public.view_models import ShownExhibition


async def load_opened(slug: str, headers: dict[str, str] | None = None) -> ShownExhibition:
    """The exhibition with this slug; 404 with `headers` unless it has opened and is still on the site."""
    exhibition = await exhibition_at(slug)
    if exhibition is None:
        raise HTTPException(404, headers=headers)
    return exhibition
