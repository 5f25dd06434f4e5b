"""IIIF Presentation 3: a manifest for each work on view, and collections of an exhibition and of a theme.

One document holds all languages. A text without a translation is marked with its own language.
https://iiif.io/api/presentation/3.0/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.access import MAX_PUBLIC_ID_LENGTH
from gallery.artworks.dates import shown_work_date
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, NumberedPicture, Status, edition_is_open, hangs_in, has_theme
from gallery.artworks.sizes import size_as_shown
from gallery.clock import start_of_day
from gallery.exhibitions.models import Hanging
from gallery.images.iiif_requests import max_size
from gallery.images.renditions import width_at_least
from gallery.images.sound_files import SOUND_FILES
from gallery.interop.iiif.image_api import CORS, METHODS, PREFLIGHT
from gallery.interop.responses import CACHE_HEADERS, json_response
from gallery.organisations.models import Organisation
from gallery.public import queries, view_models
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import MAX_WORKS_LISTED, PRESENTATION_MEDIA_TYPE
from gallery.public.view_models import WORK_COLUMNS
from gallery.public.voices import captions_of, may_be_heard, voice_address
from gallery.sounds.player import captions_name
from gallery.sounds.transcripts import words_of
from gallery.themes.models import Theme
from gallery.web.languages import (
    LocalizedText,
    bcp47,
    current_language,
    default_language,
    localized,
    site_languages,
    use_language,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.markdown import markdown_to_text
from gallery.web.rendering import Pages, pages_of
from gallery.web.texts import Texts

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
RIGHTS = "http://rightsstatements.org/vocab/InC/1.0/"  # in copyright: all rights stay with the artist
THUMBNAIL_WIDTH = 320  # px
BOOK_FROM = 3  # from this number of pictures on, viewers show them as pages

Data = dict[str, Any]
LanguageMap = dict[str, list[str]]  # language tag → texts


async def show_artwork(request: Request) -> Response:
    """The manifest of a work."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    public_id = request.path_params["public_id"]
    if len(public_id) > MAX_PUBLIC_ID_LENGTH:
        raise HTTPException(404, headers=CORS)
    artwork = (
        await Artwork.all()
        .on_view()
        .filter(public_id=public_id)
        .select_related("image", "sound", "artist", "organisation", "project", "consent")
        .first()
    )
    if artwork is None:
        withdrawn = await Artwork.filter(public_id=public_id, status=Status.WITHDRAWN).exists()
        raise HTTPException(410 if withdrawn else 404, headers=CORS)
    shown_in = (
        await queries.published_editions(edition_is_open(), rooms__hangings__artwork_id=artwork.id)
        .order_by("-opens_at", "-id")
        .limit(1)
        .values("exhibition__slug", "title")
    )
    assert artwork.consent is not None
    await load_further_pictures([artwork])
    return manifest_response(manifest(pages_of(request), artwork, shown_in), artwork.consent.for_machine_use)


async def show_exhibition(request: Request) -> Response:
    """The collection of an exhibition: its works in the order of its rooms."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    slug, pages = request.path_params["slug"], pages_of(request)
    rows = (
        await queries.published_editions(edition_is_open(), exhibition__slug=slug)
        .limit(1)
        .values(*view_models.EDITION_COLUMNS)
    )
    if not rows:
        raise HTTPException(404, headers=CORS)
    (row,) = rows
    order = (
        await Hanging.filter(room__edition_id=row["id"])
        .order_by("room__position", "room_id", "position", "id")
        .values_list("artwork_id", flat=True)
    )
    works = {
        work["id"]: work
        for work in await Artwork.all()
        .on_view()
        .filter(hangs_in(room__edition_id=row["id"]))
        .values(*WORK_COLUMNS)
    }
    data = collection(
        pages,
        pages.url("manifests:exhibition", slug=slug),
        texts_map(row["title"]),
        texts_map(row["introduction"], markdown_to_text),
        homepages(pages, "public:exhibition", texts_map(row["title"]), slug=slug),
        [works[id] for id in dict.fromkeys(order) if id in works],
        nav_date=row["opens_at"],
    )
    return manifest_response(data, all(work["consent__for_machine_use"] for work in works.values()))


async def show_theme(request: Request) -> Response:
    """The collection of a theme: its works on view, the newest first."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    pages = pages_of(request)
    theme = await Theme.get_or_none(slug=request.path_params["slug"])
    if theme is None:
        raise HTTPException(404, headers=CORS)
    works = (
        await Artwork.all()
        .on_view()
        .filter(has_theme(theme.id))
        .order_by("-id")
        .limit(MAX_WORKS_LISTED)
        .values(*WORK_COLUMNS)
    )
    data = collection(
        pages,
        pages.url("manifests:theme", slug=theme.slug),
        language_map(lambda: localized(theme, "title")),
        language_map(lambda: without_markdown(localized(theme, "text"))),
        homepages(pages, "public:theme", language_map(lambda: localized(theme, "title")), slug=theme.slug),
        works,
        nav_date=start_of_day(theme.occurs_on) if theme.occurs_on else None,
    )
    return manifest_response(data, all(work["consent__for_machine_use"] for work in works))


def manifest_response(data: Data, is_for_machines: bool) -> Response:
    robots = {} if is_for_machines else NOT_FOR_MACHINES
    return json_response(
        {"@context": CONTEXT, **data}, PRESENTATION_MEDIA_TYPE, {**CACHE_HEADERS, **CORS, **robots}
    )


def manifest(pages: Pages, artwork: Artwork, shown_in: list[Data]) -> Data:
    """The manifest of a work with its image, further pictures, artist, organisation, project and consent."""
    image, organisation, artist = artwork.image, artwork.organisation, artwork.artist
    assert image is not None
    assert artist is not None

    def credit() -> LocalizedText:
        return view_models.credit_in_page_language(
            artist.credit_name, artist.credit_translations, artwork.language
        )

    label = texts_map(artwork.title)
    alt = texts_map(artwork.alt_text, markdown_to_text)
    size, token = (image.width, image.height), image.token
    measured = size_as_shown(artwork.size, image)
    address = pages.absolute(pages.url("manifests:artwork", public_id=artwork.public_id))
    base = address.removesuffix("/manifest.json")
    project = artwork.project
    facts: list[tuple[Any, LanguageMap]] = [
        (_l("Artist"), language_map(credit)),
        (_l("Date made"), interface_map(lambda: shown_work_date(artwork.date_made))),
        (_l("Size"), interface_map(lambda: measured.words) if measured else {}),
        (_l("Medium"), texts_map(artwork.medium)),
        (_l("Assistance"), texts_map(artwork.assistance)),
        (_l("Submitted by"), language_map(lambda: localized(organisation, "name"))),
        (
            _l("Charity registration number"),
            {"none": [organisation.registration_number]} if organisation.registration_number else {},
        ),
        (
            _l("The project behind this work"),
            language_map(lambda: localized(project, "title")) if project else {},
        ),
        (_l("Description of the picture"), alt),
    ]
    return without_empty(
        {
            "id": address,
            "type": "Manifest",
            "label": label,
            "summary": texts_map(artwork.story, markdown_to_text),
            "metadata": [
                {"label": interface_language_map(name), "value": value} for name, value in facts if value
            ],
            "requiredStatement": {
                "label": interface_language_map(_l("Credit")),
                "value": join_maps(
                    language_map(credit), language_map(lambda: localized(organisation, "name"))
                ),
            },
            "rights": RIGHTS,
            "provider": [provider(pages, organisation)],
            "thumbnail": [thumbnail(pages, token, size)],
            "behavior": ["paged"] if artwork.picture_count >= BOOK_FROM else None,
            "homepage": homepages(pages, "public:artwork", label, public_id=artwork.public_id),
            "partOf": [
                {
                    "id": pages.absolute(pages.url("manifests:exhibition", slug=row["exhibition__slug"])),
                    "type": "Collection",
                    "label": texts_map(row["title"]),
                }
                for row in shown_in
            ],
            "items": [
                *(picture_canvas(pages, artwork, picture, base) for picture in artwork.all_pictures()),
                *([voice_canvas(pages, artwork, base)] if may_be_heard(artwork) else []),
            ],
        }
    )


def picture_canvas(pages: Pages, artwork: Artwork, picture: NumberedPicture, base: str) -> Data:
    """A canvas with one picture of a work. Its label is the caption; without one, its number or the work's title."""
    token, size = picture.image.token, picture.image.size
    canvas = f"{base}/canvas" if picture.number == 1 else f"{base}/canvas/{picture.image.id}"
    label = texts_map(picture.caption)
    if not label:
        numbered = interface_map(lambda: _("Picture %(number)s") % {"number": picture.number})
        label = numbered if artwork.more_pictures else texts_map(artwork.title)
    width, height = max_size(size)
    return without_empty(
        {
            "id": canvas,
            "type": "Canvas",
            "label": label,
            "summary": texts_map(picture.alt_text, markdown_to_text),
            "width": size[0],
            "height": size[1],
            "items": [
                {
                    "id": f"{canvas}/page",
                    "type": "AnnotationPage",
                    "items": [
                        {
                            "id": f"{canvas}/page/picture",
                            "type": "Annotation",
                            "motivation": "painting",
                            "target": canvas,
                            "body": {
                                "id": f"{pages.absolute(f'/iiif/{token}')}/full/max/0/default.jpg",
                                "type": "Image",
                                "format": "image/jpeg",
                                "width": width,
                                "height": height,
                                "service": [service(pages, token)],
                            },
                        }
                    ],
                }
            ],
        }
    )


def voice_canvas(pages: Pages, artwork: Artwork, base: str) -> Data:
    """A canvas without size, only duration: the voice of a work and its transcript. The sound must be fetched."""
    sound = artwork.sound
    assert sound is not None
    canvas, seconds = f"{base}/voice", sound.milliseconds / 1000
    address = pages.absolute(voice_address(sound.token))
    return {
        "id": canvas,
        "type": "Canvas",
        "label": interface_language_map(_l("The voice")),
        "summary": texts_map(artwork.transcript, words_of),
        "duration": seconds,
        "items": [
            {
                "id": f"{canvas}/page",
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{canvas}/page/sound",
                        "type": "Annotation",
                        "motivation": "painting",
                        "target": canvas,
                        "body": {
                            "type": "Choice",
                            "items": [
                                {
                                    "id": f"{address}/{file.name}",
                                    "type": "Sound",
                                    "format": file.media_type.partition(";")[0],
                                    "duration": seconds,
                                }
                                for file in SOUND_FILES
                            ],
                        },
                    }
                ],
            }
        ],
        "annotations": [
            {
                "id": f"{canvas}/words",
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{canvas}/words/{language}",
                        "type": "Annotation",
                        "motivation": "supplementing",
                        "target": canvas,
                        "body": {
                            "id": f"{address}/{captions_name(language)}",
                            "type": "Text",
                            "format": "text/vtt",
                            "language": bcp47(language),
                        },
                    }
                    for language in captions_of(artwork)
                ],
            }
        ],
    }


def collection(
    pages: Pages,
    path: str,
    label: LanguageMap,
    summary: LanguageMap,
    homepage: list[Data],
    works: list[Data],
    *,
    nav_date: datetime | None,
) -> Data:
    """A collection of the manifests of `works`, which are rows with WORK_COLUMNS."""
    return without_empty(
        {
            "id": pages.absolute(path),
            "type": "Collection",
            "label": label,
            "summary": summary,
            "rights": RIGHTS,
            "homepage": homepage,
            "navDate": nav_date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if nav_date else None,
            "thumbnail": [thumbnail_of(pages, row) for row in works[:1]],
        }
    ) | {
        "items": [
            {
                "id": pages.absolute(pages.url("manifests:artwork", public_id=row["public_id"])),
                "type": "Manifest",
                "label": texts_map(row["title"]),
                "thumbnail": [thumbnail_of(pages, row)],
            }
            for row in works
        ]
    }


def provider(pages: Pages, organisation: Organisation) -> Data:
    name = language_map(lambda: localized(organisation, "name"))
    return {
        "id": pages.absolute(
            pages.url("public:organisation", language=default_language(), slug=organisation.slug)
        ),
        "type": "Agent",
        "label": name,
        "homepage": homepages(pages, "public:organisation", name, slug=organisation.slug),
    }


def homepages(pages: Pages, name: str, label: LanguageMap, **parameters: object) -> list[Data]:
    """The links to the page in each language, as IIIF's `homepage`."""
    return [
        {
            "id": pages.absolute(pages.url(name, language=language, **parameters)),
            "type": "Text",
            "label": label,
            "format": "text/html",
            "language": [bcp47(language)],
        }
        for language in site_languages()
    ]


def thumbnail_of(pages: Pages, row: Data) -> Data:
    return thumbnail(pages, row["image__token"], (row["image__width"], row["image__height"]))


def thumbnail(pages: Pages, token: str, size: tuple[int, int]) -> Data:
    """A small stored rendition, with a link to the image service, which makes any other size."""
    width = width_at_least(THUMBNAIL_WIDTH, size[0])
    return {
        "id": pages.absolute(f"/media/{token}/{width}.jpg"),
        "type": "Image",
        "format": "image/jpeg",
        "width": width,
        "height": max(1, round(width * size[1] / size[0])),
        "service": [service(pages, token)],
    }


def service(pages: Pages, token: str) -> Data:
    return {"id": pages.absolute(f"/iiif/{token}"), "type": "ImageService3", "profile": "level2"}


def language_map(text_of: Callable[[], LocalizedText]) -> LanguageMap:
    """Language tag → what `text_of` returns in it. A text without a translation occurs only once."""
    texts: LanguageMap = {}
    for language in site_languages():
        with use_language(language):
            text, own = text_of()
        if text:
            texts[bcp47(own)] = [text]
    return texts


def texts_map(texts: Texts, plain: Callable[[str], str] = str) -> LanguageMap:
    """Language tag → the text, converted by `plain`."""
    return {bcp47(language): [plain(words)] for language, words in texts.items()}


def interface_language_map(message: Any) -> LanguageMap:
    """Language tag → the lazy text `message` of the interface."""
    return interface_map(lambda: str(message))


def interface_map(words: Callable[[], str]) -> LanguageMap:
    """Language tag → the result of `words` in this language of the interface."""
    return language_map(lambda: LocalizedText(words(), current_language()))


def without_markdown(text: LocalizedText) -> LocalizedText:
    return LocalizedText(markdown_to_text(text.text), text.language)


def join_maps(first: LanguageMap, second: LanguageMap) -> LanguageMap:
    """Join two texts in each language. A text without a translation is used for every language."""
    return {
        tag: [" · ".join(line for texts in (first, second) for line in lines_in(texts, tag))]
        for tag in dict.fromkeys([*first, *second])
    }


def lines_in(texts: LanguageMap, tag: str) -> list[str]:
    return texts.get(tag) or next(iter(texts.values()), [])


def without_empty(data: Data) -> Data:
    return {key: value for key, value in data.items() if value not in (None, {}, [])}


routes = [
    Route(
        "/iiif/works/{public_id:name}/manifest.json", show_artwork, name="manifests:artwork", methods=METHODS
    ),
    Route(
        "/iiif/exhibitions/{slug:name}/collection.json",
        show_exhibition,
        name="manifests:exhibition",
        methods=METHODS,
    ),
    Route("/iiif/themes/{slug:name}/collection.json", show_theme, name="manifests:theme", methods=METHODS),
]
