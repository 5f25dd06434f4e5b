"""The preview: a draft as visitors will see it, for curators, and by a signed link that expires for people without an account.

A link names one exhibition and nothing else. Its pages and pictures lie below the link's own address, are never kept by
browsers or proxies, and show only what the draft would show if it were published in this moment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.models import Artwork, allowed
from gallery.clock import now
from gallery.exhibitions import walls
from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.building import draft_of
from gallery.exhibitions.media import MEDIA_TYPES
from gallery.exhibitions.models import Edition, Exhibition
from gallery.exhibitions.room_rules import filled, ids_of
from gallery.exhibitions.shown_rooms import rooms_of_draft
from gallery.exhibitions.visits import enter
from gallery.images.models import Image
from gallery.images.shelves import rendition_key
from gallery.languages import LANGUAGES, other_language
from gallery.pages import content_security_policy, pages_of, render, settings_of
from gallery.settings import Settings
from gallery.storage import Storage

LINK_LASTS = timedelta(days=7)
UNSEEN = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow, noimageindex",
    "referrer-policy": "no-referrer",
}
TOKEN_MOST = 200  # characters


def signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key, salt="preview")


async def index(request: Request) -> Response:
    """A curator looks at the draft at the width of a phone or a desk, and gets a link to pass on."""
    _person, exhibition = await load_exhibition(request)
    draft = await draft_of(exhibition)
    token = signer(settings_of(request)).dumps(exhibition.id)
    width = "phone" if request.query_params.get("width") == "phone" else "desk"
    pages = pages_of(request)
    addresses = {
        language: pages.url("previews:show", language=language, token=token) for language in LANGUAGES
    }
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "addresses": addresses,
        "width": width,
        "until": now() + LINK_LASTS,
    }
    response = render(request, "exhibitions/preview.html", context)
    response.headers["content-security-policy"] = content_security_policy(is_framed=True)
    return response


async def show(request: Request) -> Response:
    """Somebody with a link walks through the draft as it would hang if it were published now."""
    enter(request)
    exhibition = await exhibition_of(request)
    draft = await draft_of(exhibition)
    pictures = f"/preview/{request.path_params['token']}/pictures"
    rooms = await rooms_of_draft(await filled(draft), lambda token: f"{pictures}/{token}")
    works = [work for room in rooms for work in room.works]
    shown = await shown_draft(draft)
    style = walls.style_sheet(works, shown.theme)
    twin = pages_of(request).url(
        "previews:show",
        language=other_language(request.path_params["language"]),
        token=request.path_params["token"],
    )
    context: dict[str, Any] = {
        "exhibition": shown,
        "rooms": rooms,
        "cover": works[0] if works else None,
        "counts": walls.Counts(
            works=len(works),  # a work hangs once in an edition
            organisations=len({work.organisation_id for work in works}),
            projects=len({work.project_id for work in works if work.project_id is not None}),
        ),
        "style": style,
        "theme": shown.theme,
        "twin": twin,
    }
    response = render(request, "exhibitions/preview_page.html", context, headers=UNSEEN)
    response.headers["content-security-policy"] = content_security_policy(
        (style,), settings_of(request).pictures_origin, is_framed=True
    )
    return response


async def show_picture(request: Request) -> Response:
    """Somebody with a link fetches a picture of the draft: no other, and none that may not be shown."""
    exhibition = await exhibition_of(request)
    name = request.path_params["name"]
    image = await Image.get_or_none(token=request.path_params["picture"])
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
    if image is None or media_type is None or name not in image.file_names():
        raise HTTPException(404, headers=UNSEEN)
    ids = ids_of(await filled(await draft_of(exhibition)))
    if not await Artwork.filter(allowed(), image_id=image.id, id__in=ids or [0]).exists():
        raise HTTPException(404, headers=UNSEEN)
    storage: Storage = request.app.state.storage
    try:
        return await storage.private.answer(
            request, rendition_key(image.token, name), media_type=media_type, headers=UNSEEN
        )
    except FileNotFoundError:
        raise HTTPException(404, headers=UNSEEN) from None


async def exhibition_of(request: Request) -> Exhibition:
    """The exhibition that the link was signed for; 404 where it expired, was changed or is of none."""
    token = request.path_params["token"]
    try:
        id = signer(settings_of(request)).loads(token[:TOKEN_MOST], max_age=int(LINK_LASTS.total_seconds()))
    except BadSignature:
        raise HTTPException(404, headers=UNSEEN) from None
    exhibition = await Exhibition.get_or_none(id=id) if isinstance(id, int) else None
    if exhibition is None:
        raise HTTPException(404, headers=UNSEEN)
    return exhibition


async def shown_draft(draft: Edition) -> walls.ShownExhibition:
    """The draft as an edition that has opened would be shown."""
    (row,) = await Edition.filter(id=draft.id).values(*walls.EDITION_COLUMNS)
    row["opens_at"] = row["opens_at"] or now()
    return walls.ShownExhibition.of(row)


routes = [
    Route("/desk/exhibitions/{id:int}/preview", index, name="editions:preview", methods=["GET"]),
    Route(
        "/preview/{token:str}/pictures/{picture:str}/{name:str}",
        show_picture,
        name="previews:picture",
        methods=["GET"],
    ),
    Route("/preview/{language:language}/{token:str}", show, name="previews:show", methods=["GET"]),
]
