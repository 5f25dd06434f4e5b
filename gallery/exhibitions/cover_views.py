"""The cover of a theme: a work on view, chosen by a curator."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.numbers import row_id
from gallery.themes.access import load_theme
from gallery.themes.models import Theme
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render

MAX_COVER_CHOICES = 120  # number of works to choose from, newest first


async def edit(request: Request) -> Response:
    """A curator looks through a theme's works on view to choose its cover."""
    _person, theme = await load_theme(request)
    works = (
        await Artwork.all()
        .on_view()
        .filter(themes__id=theme.id)
        .order_by("-id")
        .limit(MAX_COVER_CHOICES)
        .prefetch_related("image", "artist", "organisation")
    )
    return render(request, "exhibitions/cover.html", {"theme": theme, "works": works})


async def update(request: Request) -> Response:
    """A curator sets or removes a theme's cover. Visitors see it at once, while the work is on view."""
    _person, theme = await load_theme(request)
    chosen_id = row_id((await read_desk_form(request)).get("artwork", ""))
    work = (
        await Artwork.all().on_view().filter(id=chosen_id, themes__id=theme.id).first() if chosen_id else None
    )
    if chosen_id and work is None:
        response = redirect(request, "covers:edit", id=theme.id)
        flash(request, response, _("This work is not on view any more. Please choose another."), "error")
        return response
    async with in_transaction():
        await Theme.filter(id=theme.id).update(cover_id=work.id if work else None)
        await record(Verb.THEME_COVER_SET, theme.id, with_id=work.id if work else None)
        await content_version.bump(rows=())
    response = redirect(request, "themes:edit", id=theme.id)
    flash(request, response, _("The cover is set.") if work else _("The theme has no cover now."))
    return response


routes = [
    Route("/desk/themes/{id:int}/cover", edit, name="covers:edit", methods=["GET"]),
    Route("/desk/themes/{id:int}/cover", update, name="covers:update", methods=["POST"]),
]
