"""Extended deadlines: a call stays open longer for one organisation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import DateField, SelectField

from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.db.connection import in_transaction
from gallery.organisations.forms import organisation_choices
from gallery.organisations.models import Organisation
from gallery.themes.access import load_theme
from gallery.themes.extension_models import Extension
from gallery.themes.forms import INVALID_DATE
from gallery.themes.models import Theme
from gallery.web.forms import Form, Required, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.rendering import flash, redirect, render


async def extended_deadlines(organisation_ids: Collection[int], day: date | None = None) -> dict[int, date]:
    """Theme id → the last day on which one of these organisations may send works to it."""
    extensions = Extension.filter(organisation_id__in=list(organisation_ids), until__gte=day or today())
    return {each.theme_id: each.until for each in await extensions.order_by("until")}


async def extend_call(theme: Theme, organisation: Organisation, until: date, by: Person) -> Extension:
    """Let `organisation` send works to `theme` until the end of the day `until`. Keep earlier extensions."""
    async with in_transaction():
        await record(Verb.THEME_EXTENDED, theme.id, organisation_id=organisation.id, by=by)
        return await Extension.create(theme=theme, organisation=organisation, until=until, by=by, at=now())


class ExtensionForm(Form):
    organisation = SelectField(
        _l("Organisation"), invalid_choice_message=_l("Please choose something that is in the list.")
    )
    until = DateField(
        _l("Until and including"),
        [Required(_l("Please give the last day."))],
        invalid_value_message=INVALID_DATE,
    )

    def __init__(self, posted: Any = None, *, organisations: list[Organisation], **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self.organisations = organisations
        self["organisation"].choices = organisation_choices(organisations)


async def show(request: Request) -> Response:
    """Show the extensions of a theme, and a form for another one."""
    _person, theme = await load_theme(request)
    return await _page(request, theme, ExtensionForm(organisations=await _active_organisations()))


async def create(request: Request) -> Response:
    """Extend the call for an organisation."""
    person, theme = await load_theme(request)
    form = ExtensionForm(await read_desk_form(request), organisations=await _active_organisations())
    if form.validate() and form["until"].data < today():
        form.refuse("until", _("This day has passed. Please give a later one."))
    if form.errors:
        return await _page(request, theme, form, 422)
    chosen = next(each for each in form.organisations if str(each.id) == form["organisation"].data)
    await extend_call(theme, chosen, form["until"].data, person)
    response = redirect(request, "extensions:show", id=theme.id)
    flash(request, response, _("The organisation can send works until then."))
    return response


async def _active_organisations() -> list[Organisation]:
    organisations = await Organisation.filter(is_active=True).order_by("id")
    return sorted(organisations, key=lambda each: localized(each, "name").text)


async def _page(request: Request, theme: Theme, form: ExtensionForm, status: int = 200) -> Response:
    given = await Extension.filter(theme_id=theme.id).order_by("-id").prefetch_related("organisation", "by")
    context = {"theme": theme, "form": form, "given": given}
    return render(request, "themes/extensions.html", context, status=status)


routes = [
    Route("/desk/themes/{id:int}/extensions", show, name="extensions:show", methods=["GET"]),
    Route("/desk/themes/{id:int}/extensions", create, name="extensions:create", methods=["POST"]),
]
