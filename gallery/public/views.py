"""What visitors open: home, exhibitions, works, themes, organisations and projects, in either language.

Every page but the front door is a function of its address and the content version alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artists.consents import birth_decade
from gallery.artists.models import Artist
from gallery.artworks.access import load_on_view
from gallery.clock import today
from gallery.exhibitions.credit_logos import logos_of
from gallery.images.profile_images import visible_profile_image
from gallery.organisations.links import find_dead_links
from gallery.organisations.models import Organisation, Project
from gallery.public import queries, share_images
from gallery.public.access import load_opened
from gallery.public.json_ld import LinkedData
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pagination import NoSuchRoom, exhibition_page, first_works
from gallery.public.queries import ShownTheme, ShownWork, VisibleProfileImage
from gallery.public.share_images import ShareImages
from gallery.themes.models import Theme, themes_open_for_works
from gallery.themes.series import other_years
from gallery.web.languages import accepted_language, current_language, localized, set_language
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of, redirect, render_public, settings_of

OPEN_ON_HOME = 4
TO_OPEN_ON_HOME = 4
PAST_ON_HOME = 4
NEWEST_ON_HOME = 8
HUNG_ON_HOME = 8  # of each open exhibition
ORGANISATIONS_ON_HOME = 24
CALLS_ON_HOME = 4
PROJECTS_OF_EXHIBITION = 60  # named at its end
PRESENTATION_MEDIA_TYPE = 'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'
MAX_LISTED = 300  # exhibitions, themes or organisations on one page
MAX_WORKS_LISTED = 120  # works on the page of a theme, organisation or project, the newest first


async def redirect_to_language(request: Request) -> Response:
    """Somebody comes to the door and is led in, in the language their browser prefers."""
    language = accepted_language(request.headers.get("accept-language", ""))
    response = redirect(request, "visits:home", language=language)
    response.headers["vary"] = "Accept-Language"
    response.headers["cache-control"] = "no-cache"
    return response


async def home(request: Request) -> Response:
    """A visitor sees what is open now, what comes next, for what works are taken, what is new, and who sends the works."""
    set_page_language(request)
    open_now = await queries.exhibitions(queries.is_open(), limit=OPEN_ON_HOME)
    past = await queries.exhibitions(queries.has_closed(), order="-closes_at", limit=PAST_ON_HOME)
    hung = await queries.works_by_edition([*open_now, *past], HUNG_ON_HOME)
    above = {work.id for edition in open_now for work in hung[edition.edition_id]}
    newest = [
        work
        for work in await queries.works_on_view(limit=NEWEST_ON_HOME + len(above))
        if work.id not in above
    ]
    newest = newest[:NEWEST_ON_HOME]
    shown_now = [exhibition for exhibition in open_now if hung[exhibition.edition_id]]
    return render_page(
        request,
        "public/home.html",
        works=[*newest, *(work for works in hung.values() for work in works)],
        # One accent would not do for several exhibitions; the newest opening lends its own.
        theme=open_now[0].theme if open_now else None,
        open_now=shown_now,
        to_open=await queries.exhibitions(queries.opens_later(), order="opens_at", limit=TO_OPEN_ON_HOME),
        calls=await Theme.filter(themes_open_for_works())
        .order_by("call_closes_on", "occurs_on", "id")
        .limit(CALLS_ON_HOME),
        day=today(),
        past=past,
        hung=hung,
        newest=newest,
        organisations=await queries.organisations_on_view(limit=ORGANISATIONS_ON_HOME),
        linked_data=linked_data_of(request).home(shown_now),
    )


async def exhibitions(request: Request) -> Response:
    """A visitor looks for an exhibition: open ones, those to come, past ones."""
    set_page_language(request)
    data = linked_data_of(request)
    open_now = await queries.exhibitions(queries.is_open(), limit=MAX_LISTED)
    past = await queries.exhibitions(queries.has_closed(), order="-closes_at", limit=MAX_LISTED)
    hung = await queries.works_by_edition([*open_now, *past], 1)
    return render_page(
        request,
        "public/exhibitions.html",
        works=[work for works in hung.values() for work in works],
        open_now=open_now,
        to_open=await queries.exhibitions(queries.opens_later(), order="opens_at", limit=MAX_LISTED),
        past=past,
        hung=hung,
        linked_data=data.index(
            data.exhibitions(), _("Exhibitions that are open, that open next, and that were shown before.")
        ),
    )


async def exhibition(request: Request) -> Response:
    """A visitor walks through an exhibition, room by room."""
    set_page_language(request)
    shown = await load_opened(slug_of(request))
    asked = request.query_params
    try:
        stretch = await exhibition_page(shown.edition_id, asked.get("room", ""), asked.get("after", ""))
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    is_beginning = "room" not in asked
    works = stretch.works
    first = works if is_beginning else await first_works(shown.edition_id)
    slug, title = shown.slug, shown.title.text
    is_end = not stretch.following
    return render_page(
        request,
        "public/exhibition.html",
        works=works,
        theme=shown.theme,
        exhibition=shown,
        stretch=stretch,
        rooms=stretch.rooms,
        is_beginning=is_beginning,
        is_end=is_end,
        projects=await queries.projects_in_edition(shown.edition_id, PROJECTS_OF_EXHIBITION)
        if is_end
        else [],
        cover=works[0] if works else None,
        logos=await logos_of(
            slug,
            [credit.key for credit in shown.credits],
            lambda logo: pages_of(request).url("logos:show", token=logo.token),
        ),
        dead=await find_dead_links({credit.link for credit in shown.credits if credit.link}),
        counts=stretch.counts,
        onward=urlencode(stretch.following or {}),
        twin_query=urlencode({name: asked[name] for name in ("room", "after") if name in asked}),
        linked_data=linked_data_of(request).of_exhibition(shown),
        alternates=[
            feed_link(request, "feeds:exhibition", title, slug=slug),
            manifest_link(request, "manifests:exhibition", title, slug=slug),
            *oembed_links(request, "visits:exhibition", title, slug=slug),
        ],
        placards=share_images.of_exhibition(shown, first, stretch.counts, settings_of(request)),
    )


async def walk(request: Request) -> Response:
    """A visitor, or a screen in a hall, goes through an exhibition or one room of it, work by work.

    As many works as one page of an exhibition shows; the rest of a larger one by its rooms.
    """
    set_page_language(request)
    shown = await load_opened(slug_of(request))
    asked = request.query_params.get("room", "")
    try:
        stretch = await exhibition_page(shown.edition_id, asked)
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    first = await first_works(shown.edition_id) if asked else stretch.works
    return render_page(
        request,
        "public/walk.html",
        works=stretch.works,
        theme=shown.theme,
        exhibition=shown,
        rooms=stretch.rooms[:1] if asked else stretch.rooms,
        placards=share_images.of_exhibition(shown, first, stretch.counts, settings_of(request)),
    )


async def artwork(request: Request) -> Response:
    """A visitor stands before one work, with its label, its story and the project behind it."""
    set_page_language(request)
    public_id = request.path_params["public_id"]
    found = await load_on_view(public_id, "image", "artist", "organisation", "project")
    place = await queries.placement_of(found.id)
    if place is None:  # withdrawn or taken down in this very moment
        raise HTTPException(404)
    work = place.work
    dead = await find_dead_links(found.project.links.values() if found.project else ())
    return render_page(
        request,
        "public/artwork.html",
        works=[work, *place.beside],
        theme=place.exhibition.theme,
        work=work,
        artwork=found,
        born=birth_decade(found.artist),
        place=place,
        dead=dead,
        themes=await Theme.filter(artworks__id=found.id).order_by("occurs_on", "id"),
        linked_data=linked_data_of(request).of_artwork(place, found, dead),
        alternates=[
            manifest_link(request, "manifests:artwork", work.title.text, public_id=public_id),
            *oembed_links(request, "visits:artwork", work.title.text, public_id=public_id),
        ],
        placards=share_images.of_work(work, place.exhibition.theme, settings_of(request)),
    )


async def themes(request: Request) -> Response:
    """A visitor looks through the occasions for which works were made."""
    set_page_language(request)
    data = linked_data_of(request)
    found = await Theme.all().order_by("-occurs_on", "-id").limit(MAX_LISTED)
    counted = await queries.work_counts_by_theme()
    samples = await queries.sample_works(found, counted)
    return render_page(
        request,
        "public/themes.html",
        works=samples.values(),
        linked_data=data.index(data.themes(), _("The occasions for which works are made and shown.")),
        themes=found,
        counts=counted,
        samples=samples,
    )


async def theme(request: Request) -> Response:
    """A visitor sees an occasion: its text, its exhibitions, its works on view."""
    set_page_language(request)
    found = await Theme.get_or_none(slug=slug_of(request))
    if found is None:
        raise HTTPException(404)
    title = localized(found, "title")
    works = await queries.works_on_view(Q(themes__id=found.id), limit=MAX_WORKS_LISTED)
    opened = await queries.exhibitions(
        queries.has_opened(), Q(exhibition__theme_id=found.id), limit=MAX_LISTED
    )
    hung = await queries.works_by_edition(opened, 1)
    covers = await queries.works_by_id([found.cover_id] if found.cover_id else [])
    cover = covers.get(found.cover_id or 0)
    return render_page(
        request,
        "public/theme.html",
        works=[*works, *covers.values(), *(work for some in hung.values() for work in some)],
        theme=ShownTheme(found.slug, title, found.accent, found.accent_night),
        occasion=found,
        day=today(),
        cover=cover,
        years=await Theme.filter(other_years(found)).order_by("-occurs_on", "-id").limit(MAX_LISTED),
        counts=await queries.count_works(Q(themes__id=found.id)),
        wall=works,
        exhibitions=opened,
        hung=hung,
        linked_data=linked_data_of(request).of_theme(found),
        alternates=[
            feed_link(request, "feeds:theme", title.text, slug=found.slug),
            manifest_link(request, "manifests:theme", title.text, slug=found.slug),
        ],
        placards=share_images.of_theme(found, [*covers.values(), *works], settings_of(request)),
    )


async def organisations(request: Request) -> Response:
    """A visitor sees who sends the works."""
    set_page_language(request)
    data = linked_data_of(request)
    return render_page(
        request,
        "public/organisations.html",
        linked_data=data.index(data.organisations(), _("The charities and foundations that send works.")),
        organisations=await queries.organisations_on_view(limit=MAX_LISTED),
    )


async def organisation(request: Request) -> Response:
    """A visitor gets to know an organisation: what it says of itself, its projects, its works on view."""
    set_page_language(request)
    found = await Organisation.get_or_none(slug=slug_of(request), is_active=True)
    if found is None:
        raise HTTPException(404)
    works = await queries.works_on_view(Q(organisation_id=found.id), limit=MAX_WORKS_LISTED)
    return render_page(
        request,
        "public/organisation.html",
        works=works,
        profile_image=VisibleProfileImage.of(await visible_profile_image(found)),
        organisation=found,
        projects=await queries.projects_of_organisation(found.id, MAX_LISTED),
        linked_data=linked_data_of(request).of_organisation(found),
        alternates=[feed_link(request, "feeds:organisation", localized(found, "name").text, slug=found.slug)],
        wall=works,
        placards=share_images.of_organisation(found, works, settings_of(request)),
    )


async def project(request: Request) -> Response:
    """A visitor learns what a project does, where to support it, and sees the works it stands behind.

    One without a work on view is not shown: partners make projects while their works are still drafts.
    """
    set_page_language(request)
    found = await Project.get_or_none(slug=slug_of(request), organisation__is_active=True).select_related(
        "organisation"
    )
    works = await queries.works_on_view(Q(project_id=found.id), limit=MAX_WORKS_LISTED) if found else []
    if found is None or not works:
        raise HTTPException(404)
    dead = await find_dead_links(found.links.values())
    return render_page(
        request,
        "public/project.html",
        works=works,
        profile_image=VisibleProfileImage.of(await visible_profile_image(found)),
        project=found,
        dead=dead,
        linked_data=linked_data_of(request).of_project(found, dead),
        wall=works,
        placards=share_images.of_project(found, works, settings_of(request)),
    )


class AlternateLink(NamedTuple):
    """The same as the page says, in another form."""

    media_type: str
    title: str
    path: str


def feed_link(request: Request, name: str, title: str, **parameters: object) -> AlternateLink:
    path = pages_of(request).url(name, language=current_language(), **parameters)
    return AlternateLink("application/atom+xml", title, path)


async def artist(request: Request) -> Response:
    """A visitor sees all that one artist shows, by the name of their credits, where the artist wishes such a page."""
    set_page_language(request)
    works = await queries.works_on_view(
        Q(artist__page_id=request.path_params["page_id"]), limit=MAX_WORKS_LISTED
    )
    if not works:
        raise HTTPException(404)
    found = await Artist.get(page_id=request.path_params["page_id"])
    return render_page(
        request,
        "public/artist.html",
        about=localized(found, "about"),
        born=birth_decade(found),
        works=works,
        credit=works[0].credit,
        organisation=works[0].organisation,
        wall=works,
        card=next((work for work in works if work.is_for_sharing), None),
    )


async def about(request: Request) -> Response:
    """A visitor reads what this gallery is, how works come here, and where support goes."""
    set_page_language(request)
    return render_public(request, "public/about.html")


async def accessibility(request: Request) -> Response:
    """A visitor reads for whom the pages work well, and where not yet."""
    set_page_language(request)
    return render_public(request, "public/accessibility.html")


def oembed_links(request: Request, name: str, title: str, **parameters: object) -> list[AlternateLink]:
    """How a page that can stand on other people's pages says so (https://oembed.com, 4)."""
    pages = pages_of(request)
    url = pages.absolute(pages.url(name, language=current_language(), **parameters))
    return [
        AlternateLink(
            f"{media_type}+oembed",
            title,
            f"{pages.url('embedding:oembed')}?{urlencode({'url': url, 'format': format})}",
        )
        for format, media_type in (("json", "application/json"), ("xml", "text/xml"))
    ]


def manifest_link(request: Request, name: str, title: str, **parameters: object) -> AlternateLink:
    return AlternateLink(PRESENTATION_MEDIA_TYPE, title, pages_of(request).url(name, **parameters))


def set_page_language(request: Request) -> None:
    """Let the page speak the language of its address."""
    set_language(request.path_params["language"])


def linked_data_of(request: Request) -> LinkedData:
    return LinkedData(pages_of(request))


def slug_of(request: Request) -> str:
    return str(request.path_params["slug"])


def render_page(
    request: Request,
    template: str,
    *,
    works: Iterable[ShownWork] = (),
    theme: ShownTheme | None = None,
    alternates: Sequence[AlternateLink] = (),
    placards: ShareImages | None = None,
    profile_image: VisibleProfileImage | None = None,
    **context: Any,
) -> Response:
    """The page with the style sheet of the works on it; `placards` stand for it elsewhere."""
    works = list(works)
    style = queries.style_sheet(works, theme, [profile_image.picture] if profile_image else [])
    site_feed = feed_link(request, "feeds:site", pages_of(request).settings.site_name(current_language()))
    robots = {} if all(work.is_for_machines for work in works) else NOT_FOR_MACHINES
    page = {
        "style": style,
        "profile_image": profile_image,
        "theme": theme,
        "placards": placards,
        "robots": robots.get("x-robots-tag", ""),
    }
    alternates = [site_feed, *alternates]
    response = render_public(request, template, {**page, "alternates": alternates, **context})
    response.headers.update(robots)
    return response


routes = [
    Route("/", redirect_to_language, name="visits:front", methods=["GET"]),
    Route("/{language:language}/", home, name="visits:home", methods=["GET"]),
    Route("/{language:language}/exhibitions", exhibitions, name="visits:exhibitions", methods=["GET"]),
    Route(
        "/{language:language}/exhibitions/{slug:name}", exhibition, name="visits:exhibition", methods=["GET"]
    ),
    Route("/{language:language}/exhibitions/{slug:name}/walk", walk, name="visits:walk", methods=["GET"]),
    Route("/{language:language}/works/{public_id:name}", artwork, name="visits:artwork", methods=["GET"]),
    Route("/{language:language}/themes", themes, name="visits:themes", methods=["GET"]),
    Route("/{language:language}/themes/{slug:name}", theme, name="visits:theme", methods=["GET"]),
    Route("/{language:language}/organisations", organisations, name="visits:organisations", methods=["GET"]),
    Route(
        "/{language:language}/organisations/{slug:name}",
        organisation,
        name="visits:organisation",
        methods=["GET"],
    ),
    Route("/{language:language}/projects/{slug:name}", project, name="visits:project", methods=["GET"]),
    Route("/{language:language}/artists/{page_id:name}", artist, name="visits:artist", methods=["GET"]),
    Route("/{language:language}/about", about, name="visits:about", methods=["GET"]),
    Route("/{language:language}/accessibility", accessibility, name="visits:accessibility", methods=["GET"]),
]
