"""Previews: a draft as visitors would see it if it were published now.

Curators see a preview at the desk. People without an account can open a signed link that a curator gave them.
A link is for one exhibition, expires, and can be revoked earlier. The pages and pictures of a preview are
below the link's own URL. Browsers and proxies do not store them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, has_image, may_be_exhibited
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.credit_logos import logos_of, logos_of_supporters
from gallery.exhibitions.credits import credits_of, named, supporters_of
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.forms import PreviewLinkForm
from gallery.exhibitions.models import Edition, Exhibition, PreviewLink
from gallery.exhibitions.room_rules import fill_rooms, work_ids_of
from gallery.images.models import Image
from gallery.images.profile_image_models import CreditLogo
from gallery.images.storage_keys import logo_key, rendition_key
from gallery.organisations.links import find_dead_links
from gallery.public import queries, view_models
from gallery.public.blocks import with_blocks
from gallery.public.media import MEDIA_TYPES
from gallery.public.pages import set_page_language
from gallery.public.rooms import detailed_work, leading_sentence, rooms_of_draft, rows_of_draft
from gallery.settings import Settings
from gallery.web.forms import read_desk_form
from gallery.web.languages import current_language, site_languages
from gallery.web.languages import gettext as _
from gallery.web.rendering import (
    SIGNER_OPTIONS,
    content_security_policy,
    flash,
    pages_of,
    redirect,
    render,
    settings_of,
    storage_of,
)

LINK_LIFETIME = timedelta(days=7)
MAX_LINKS = 20  # valid links of one exhibition at the same time
FRAME_LIFETIME = timedelta(hours=12)  # lifetime of the unlisted link in the desk's preview frame
PRIVATE_HEADERS = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow, noimageindex",
    "referrer-policy": "no-referrer",
}
MAX_TOKEN_LENGTH = 200  # characters


def link_signer(settings: Settings) -> URLSafeSerializer:
    """The signer for the ids of preview links, which curators give to other people."""
    return URLSafeSerializer(settings.secret_key, salt="preview-link", signer_kwargs=SIGNER_OPTIONS)


def frame_signer(settings: Settings) -> URLSafeTimedSerializer:
    """The signer for exhibition ids, used in the link of the frame in which the desk shows a draft."""
    return URLSafeTimedSerializer(settings.secret_key, salt="preview-frame", signer_kwargs=SIGNER_OPTIONS)


async def index(request: Request) -> Response:
    """A curator sees the draft at the width of a phone or a computer, and a list of the links given out."""
    _person, exhibition = await load_exhibition(request)
    return await _page(request, exhibition, PreviewLinkForm())


async def create(request: Request) -> Response:
    """A curator makes a link for somebody without an account."""
    person, exhibition = await load_exhibition(request)
    form = PreviewLinkForm(await read_desk_form(request))
    if form.validate():
        if len(await valid_links(exhibition)) < MAX_LINKS:
            await make_link(exhibition, form["whom"].data, person)
            response = redirect(request, "editions:preview", id=exhibition.id, fragment="links")
            flash(request, response, _("The link is made. Copy it from the list and pass it on."))
            return response
        form.refuse(
            "whom",
            _("There are already %(most)s active links. Please end one of them first.") % {"most": MAX_LINKS},
        )
    return await _page(request, exhibition, form, status=422)


async def delete(request: Request) -> Response:
    """A curator ends a link before it expires."""
    person, exhibition = await load_exhibition(request)
    link = await PreviewLink.get_or_none(id=request.path_params["link"], exhibition_id=exhibition.id)
    if link is None:
        raise HTTPException(404)
    await end_link(link, person)
    response = redirect(request, "editions:preview", id=exhibition.id, fragment="links")
    flash(request, response, _("The link has been ended and no longer works."))
    return response


async def make_link(exhibition: Exhibition, whom: str, by: Person) -> PreviewLink:
    """Make a link to the draft, valid for LINK_LIFETIME."""
    async with in_transaction():
        link = await PreviewLink.create(
            exhibition=exhibition, whom=whom, made_by=by, expires_at=now() + LINK_LIFETIME
        )
        await record(Verb.EXHIBITION_LINK_MADE, exhibition.id, with_id=link.id, by=by)
    return link


async def end_link(link: PreviewLink, by: Person) -> None:
    """End a link. A link that has already ended is left unchanged."""
    async with in_transaction():
        if await PreviewLink.filter(id=link.id, ended_at__isnull=True).update(ended_at=now()):
            await record(Verb.EXHIBITION_LINK_ENDED, link.exhibition_id, with_id=link.id, by=by)


async def valid_links(exhibition: Exhibition) -> list[PreviewLink]:
    """The links to the exhibition's draft that are valid now, the newest first; two queries."""
    valid = PreviewLink.filter(exhibition_id=exhibition.id, ended_at__isnull=True, expires_at__gt=now())
    return await valid.order_by("-id").prefetch_related("made_by")


async def _page(
    request: Request, exhibition: Exhibition, form: PreviewLinkForm, *, status: int = 200
) -> Response:
    pages, settings = pages_of(request), settings_of(request)
    frame = frame_signer(settings).dumps(exhibition.id)
    links = [
        {
            "link": link,
            "addresses": {
                language: pages.url(
                    "previews:show", language=language, token=link_signer(settings).dumps(link.id)
                )
                for language in site_languages()
            },
        }
        for link in await valid_links(exhibition)
    ]
    context = {
        "exhibition": exhibition,
        "draft": await draft_of(exhibition),
        "frame": pages.url("previews:show", language=current_language(), token=frame),
        "width": "phone" if request.query_params.get("width") == "phone" else "desk",
        "links": links,
        "days": LINK_LIFETIME.days,
        "form": form,
    }
    response = render(request, "exhibitions/preview.html", context, status=status)
    response.headers["content-security-policy"] = content_security_policy(is_framed=True)
    return response


async def show(request: Request) -> Response:
    """A person with a link sees the draft as if it were published now."""
    set_page_language(request)
    exhibition = await load_previewed_exhibition(request)
    draft = await draft_of(exhibition)
    pictures = f"/preview/{request.path_params['token']}/pictures"
    filled = await fill_rooms(draft)
    shown_exhibition = await draft_as_shown(draft)

    def picture_address(token: str) -> str:
        return f"{pictures}/{token}"

    rows = await rows_of_draft(filled)
    rooms = rooms_of_draft(filled, rows, picture_address)
    rooms = with_blocks(rooms, shown_exhibition.blocks, rows, picture_address)
    works = [work for room in rooms for work in room.works]
    supporters = await supporters_of(shown_exhibition.credits)
    shown_exhibition = replace(shown_exhibition, credits=named(shown_exhibition.credits, supporters))
    following = await queries.exhibition_after(shown_exhibition)
    next_work = [following[1]] if following and following[1] else []
    style = view_models.style_sheet([*works, *next_work], shown_exhibition.theme)
    twins = {
        language: pages_of(request).url(
            "previews:show", language=language, token=request.path_params["token"]
        )
        for language in site_languages()
    }
    context: dict[str, Any] = {
        "exhibition": shown_exhibition,
        "rooms": rooms,
        "leading": leading_sentence(rooms),
        "cover": works[0] if works else None,
        "detailed": detailed_work(works),
        "cards": await queries.project_cards(works),
        "following": following,
        "counts": view_models.Counts.of(works),  # an edition hangs each work only once
        "logos": {
            **await logos_of(
                exhibition,
                [credit.key for credit in shown_exhibition.credits],
                lambda logo: pages_of(request).url(
                    "previews:logo", token=request.path_params["token"], key=logo.key
                ),
            ),
            **logos_of_supporters(
                shown_exhibition.credits,
                supporters,
                lambda each: pages_of(request).url("logos:show", token=each.picture_token),
            ),
        },
        "dead": await find_dead_links({credit.link for credit in shown_exhibition.credits if credit.link}),
        "style": style,
        "theme": shown_exhibition.theme,
        "twins": twins,
    }
    response = render(request, "exhibitions/preview_page.html", context, headers=PRIVATE_HEADERS)
    response.headers["content-security-policy"] = content_security_policy(
        (style,), settings_of(request).pictures_origin, is_framed=True
    )
    return response


async def show_picture(request: Request) -> Response:
    """A person with a link fetches a picture of the draft, if it may be shown."""
    exhibition = await load_previewed_exhibition(request)
    name = request.path_params["name"]
    image = await Image.get_or_none(token=request.path_params["picture"])
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
    if image is None or media_type is None or name not in image.file_names():
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    ids = work_ids_of(await fill_rooms(await draft_of(exhibition)))
    if not await Artwork.filter(may_be_exhibited(), has_image([image.id]), id__in=ids or [0]).exists():
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    storage = storage_of(request)
    try:
        return await storage.private.answer(
            request, rendition_key(image.token, name), media_type=media_type, headers=PRIVATE_HEADERS
        )
    except FileNotFoundError:
        raise HTTPException(404, headers=PRIVATE_HEADERS) from None


async def show_logo(request: Request) -> Response:
    """A person with a link fetches a logo of the draft's credits."""
    exhibition = await load_previewed_exhibition(request)
    key = request.path_params["key"]
    logo = await CreditLogo.get_or_none(exhibition=exhibition, key=key)
    credits = credits_of((await draft_of(exhibition)).credits)
    if logo is None or key not in {credit.key for credit in credits}:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    storage = storage_of(request)
    try:
        return await storage.private.answer(
            request, logo_key(logo.token), media_type="image/jpeg", headers=PRIVATE_HEADERS
        )
    except FileNotFoundError:
        raise HTTPException(404, headers=PRIVATE_HEADERS) from None


async def load_previewed_exhibition(request: Request) -> Exhibition:
    """The exhibition of the link in the address; 404 if the link has expired or ended, or was never valid."""
    settings, token = settings_of(request), request.path_params["token"][:MAX_TOKEN_LENGTH]
    try:
        age = int(FRAME_LIFETIME.total_seconds())
        exhibition = await Exhibition.get_or_none(id=frame_signer(settings).loads(token, max_age=age))
    except BadSignature:
        exhibition = await _exhibition_of_link(settings, token)
    if exhibition is None:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    return exhibition


async def _exhibition_of_link(settings: Settings, token: str) -> Exhibition | None:
    try:
        id = link_signer(settings).loads(token)
    except BadSignature:
        return None
    valid = PreviewLink.filter(id=id, ended_at__isnull=True, expires_at__gt=now())
    link = await valid.prefetch_related("exhibition").first()
    return link.exhibition if link else None


async def draft_as_shown(draft: Edition) -> view_models.ShownExhibition:
    """The draft in the form of an edition that has opened."""
    (row,) = await Edition.filter(id=draft.id).values(*view_models.EDITION_COLUMNS)
    row["opens_at"] = row["opens_at"] or now()
    return view_models.ShownExhibition.of(row)


routes = [
    Route("/desk/exhibitions/{id:int}/preview", index, name="editions:preview", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}/preview/links", create, name="previews:create", methods=["POST"]),
    Route(
        "/desk/exhibitions/{id:int}/preview/links/{link:int}/deletion",
        delete,
        name="previews:delete",
        methods=["POST"],
    ),
    Route(
        "/preview/{token:secret}/pictures/{picture:str}/{name:str}",
        show_picture,
        name="previews:picture",
        methods=["GET"],
    ),
    Route("/preview/{token:secret}/logos/{key:name}", show_logo, name="previews:logo", methods=["GET"]),
    Route("/preview/{language:language}/{token:secret}", show, name="previews:show", methods=["GET"]),
]
