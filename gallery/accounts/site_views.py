"""The keepers' page of site settings: reviewing, the site's name, and its texts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_keeper
from gallery.accounts.forms import ReviewingForm, SiteTextsForm
from gallery.accounts.models import Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.web import site_settings
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import site_languages
from gallery.web.models import Site
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.texts import field_name


async def edit(request: Request) -> Response:
    """A keeper opens the site's settings."""
    await load_keeper(request)
    return await _page(request)


async def update_reviewing(request: Request) -> Response:
    """A keeper changes how works are reviewed."""
    person = await load_keeper(request)
    form = ReviewingForm(await read_desk_form(request))
    if not form.validate():
        return await _page(request, form, status=422)
    await save_site_settings(
        person,
        Verb.SITE_REVIEWING_CHANGED,
        reviews_needed=int(form.reviews_needed.data),
        sample_percent=form.sample_percent.data,
    )
    return _saved(request)


async def update_texts(request: Request) -> Response:
    """A keeper changes the site's name and texts, or previews them."""
    person = await load_keeper(request)
    posted = await read_desk_form(request)
    form = SiteTextsForm(posted, obj=await site_settings.load_site())
    if not form.validate():
        return await _page(request, texts=form, status=422)
    if posted.get("preview"):
        return await _page(request, texts=form, is_preview=True)
    await save_site_settings(person, Verb.SITE_TEXTS_CHANGED, **form.values(*SiteTextsForm.texts))
    return _saved(request)


async def save_site_settings(by: Person, verb: Verb, **values: object) -> None:
    """Save the site's settings; every process uses them within a second."""
    async with in_transaction():
        await Site.get_or_create(id=1)
        await Site.filter(id=1).update(**values, changed_at=now(), changed_by_id=by.id)
        await record(verb, 1, by=by)
        await content_version.bump(rows=())


def _saved(request: Request) -> Response:
    response = redirect(request, "site:edit")
    flash(request, response, _("Saved."))
    return response


async def _page(
    request: Request,
    form: ReviewingForm | None = None,
    *,
    texts: SiteTextsForm | None = None,
    is_preview: bool = False,
    status: int = 200,
) -> Response:
    site = await site_settings.load_site()
    data = {"reviews_needed": str(site.reviews_needed), "sample_percent": site.sample_percent}
    settings = settings_of(request)
    texts = texts or SiteTextsForm(obj=site)
    for language in site_languages():
        texts[field_name("name", language)].render_kw["placeholder"] = settings.site_name(language)
    context = {
        "form": form or ReviewingForm(data=data),
        "texts_form": texts,
        "machine": settings,
        "is_preview": is_preview,
        "stored": await Site.get_or_none(id=1).prefetch_related("changed_by"),
        "curators": await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True).count(),
    }
    return render(request, "site/edit.html", context, status=status)


routes = [
    Route("/desk/site", edit, name="site:edit", methods=["GET"]),
    Route("/desk/site/reviewing", update_reviewing, name="site:update_reviewing", methods=["POST"]),
    Route("/desk/site/texts", update_texts, name="site:update_texts", methods=["POST"]),
]
