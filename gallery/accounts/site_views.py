"""The keepers' page about the site as a whole: what they set of it at the desk."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery import content_version, site
from gallery.accounts.access import load_keeper
from gallery.accounts.forms import ReviewingForm
from gallery.accounts.models import Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.database import in_transaction
from gallery.languages import gettext as _
from gallery.pages import flash, redirect, render
from gallery.site import Site


async def edit(request: Request) -> Response:
    """A keeper sees how the site is set, and changes it."""
    await load_keeper(request)
    kept = await site.current()
    data = {"reviews_needed": str(kept.reviews_needed), "sample_percent": kept.sample_percent}
    return await _page(request, ReviewingForm(data=data))


async def update_reviewing(request: Request) -> Response:
    """A keeper says how works are reviewed."""
    person = await load_keeper(request)
    form = ReviewingForm(await request.form())
    if not form.validate():
        return await _page(request, form, 422)
    await keep(
        person,
        Verb.SITE_REVIEWING_CHANGED,
        reviews_needed=int(form.reviews_needed.data),
        sample_percent=form.sample_percent.data,
    )
    response = redirect(request, "site:edit")
    flash(request, response, _("Saved."))
    return response


async def keep(by: Person, verb: Verb, **values: object) -> None:
    """Set some of what is kept of the site; every process knows of it within a second."""
    async with in_transaction():
        await Site.get_or_create(id=1)
        await Site.filter(id=1).update(**values, changed_at=now(), changed_by_id=by.id)
        await record(verb, 1, by=by)
        await content_version.bump()


async def _page(request: Request, form: ReviewingForm, status: int = 200) -> Response:
    context = {
        "form": form,
        "kept": await Site.get_or_none(id=1).prefetch_related("changed_by"),
        "curators": await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True).count(),
    }
    return render(request, "site/edit.html", context, status=status)


routes = [
    Route("/desk/site", edit, name="site:edit", methods=["GET"]),
    Route("/desk/site/reviewing", update_reviewing, name="site:update_reviewing", methods=["POST"]),
]
