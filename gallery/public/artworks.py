"""A work's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artists.consents import birth_decade
from gallery.artworks.access import load_on_view
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.sentences import own_sentence
from gallery.organisations.links import find_dead_links
from gallery.public import queries, share_images
from gallery.public.pages import linked_data_of, manifest_link, oembed_links, render_page, set_page_language
from gallery.public.view_models import leaves_of
from gallery.public.voices import captions_of, may_be_heard, voice_address
from gallery.web.page_keys import edition_key
from gallery.web.qr_codes import qr_code
from gallery.web.rendering import settings_of


async def show(request: Request) -> Response:
    """A visitor sees a work with its label, its story and the project behind it."""
    set_page_language(request)
    public_id = request.path_params["public_id"]
    artwork = await load_on_view(public_id, "image", "sound", "consent", "artist", "organisation", "project")
    placement = await queries.placement_of(artwork.id)
    if placement is None:  # withdrawn or taken down since the previous query
        raise HTTPException(404)
    work = placement.work
    await load_further_pictures([artwork])
    leaves = leaves_of(artwork)
    dead = await find_dead_links(artwork.project.links.values() if artwork.project else ())
    return render_page(
        request,
        "public/artwork.html",
        works=[work, *placement.neighbours],
        pictures=[leaf.picture for leaf in leaves],
        theme=placement.exhibition.theme,
        keys={edition_key(placement.exhibition.edition_id)},
        work=work,
        artwork=artwork,
        leaves=leaves,
        born=birth_decade(artwork.artist),
        voice=voice_address(artwork.sound.token) if artwork.sound and may_be_heard(artwork) else "",
        captions=captions_of(artwork),
        placement=placement,
        dead=dead,
        themes=await artwork.themes.all().order_by("occurs_on", "id"),
        linked_data=linked_data_of(request).of_artwork(placement, artwork, dead),
        alternates=[
            manifest_link(request, "manifests:artwork", work.title.text, public_id=public_id),
            *oembed_links(request, "public:artwork", work.title.text, public_id=public_id),
        ],
        qr=qr_code(f"{settings_of(request).site_url}{request.url.path}"),
        share_images=share_images.of_work(
            work,
            placement.exhibition.theme,
            settings_of(request),
            own_sentence(artwork.story, artwork.language, placement.chosen_sentence),
        ),
    )


routes = [
    Route("/{language:language}/works/{public_id:name}", show, name="public:artwork", methods=["GET"]),
]
