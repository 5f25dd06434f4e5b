"""Desk pages for themes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.themes.access import load_curator, load_theme
from gallery.themes.date_rules import next_days, parse_rule, years_without
from gallery.themes.forms import ThemeForm
from gallery.themes.models import Theme
from gallery.themes.series import SeriesRefused, open_call, other_years, proposed_call, repeat_theme
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render

LISTED_DAYS = 5  # how many of the next days of a rule the page shows
LISTED_YEARS = 10

FIELDS = (
    "slug",
    "title",
    "text",
    "accent",
    "accent_night",
    "call_opens_on",
    "call_closes_on",
)


async def index(request: Request) -> Response:
    """List the themes with their days and calls."""
    await load_curator(request)
    themes = await Theme.all().order_by("-occurs_on", "-id")
    # Read the join table only: the ORM would join the works as well.
    _, rows = await get_connection("default").execute_query(
        "SELECT theme_id, COUNT(*) AS works FROM artwork_theme GROUP BY theme_id"
    )
    work_counts = {row["theme_id"]: row["works"] for row in rows}
    return render(request, "themes/index.html", {"themes": themes, "work_counts": work_counts})


async def new(request: Request) -> Response:
    await load_curator(request)
    return render(request, "themes/new.html", {"form": ThemeForm()})


async def create(request: Request) -> Response:
    await load_curator(request)
    form = ThemeForm(await read_desk_form(request))
    if not await _save(form, Theme()):
        return render(request, "themes/new.html", {"form": form}, status=422)
    response = redirect(request, "themes:index")
    flash(
        request,
        response,
        _("The theme has been created. Works can be tagged with it while its call is open."),
    )
    return response


async def edit(request: Request) -> Response:
    _person, theme = await load_theme(request)
    return await _edit(request, theme, ThemeForm.of(theme))


async def update(request: Request) -> Response:
    """Save a theme; visitors see the change at once."""
    _person, theme = await load_theme(request)
    form = ThemeForm(await read_desk_form(request), obj=theme)
    if not await _save(form, theme):
        return await _edit(request, theme, form, status=422)
    response = redirect(request, "themes:index")
    flash(request, response, _("Saved."))
    return response


async def create_repeat(request: Request) -> Response:
    """Create next year's theme of the series, and redirect to its form so that the curator can check it."""
    _person, theme = await load_theme(request)
    try:
        made = await repeat_theme(theme)
    except SeriesRefused as refusal:
        response = redirect(request, "themes:edit", id=theme.id)
        flash(request, response, str(refusal), "error")
        return response
    response = redirect(request, "themes:edit", id=made.id)
    flash(
        request,
        response,
        _("The theme for the next time has been created. Please check its dates and texts."),
    )
    return response


async def create_call(request: Request) -> Response:
    """Open the call of a theme, on the days that the site proposes."""
    _person, theme = await load_theme(request)
    done = await open_call(theme)
    response = redirect(request, "themes:edit", id=theme.id)
    flash(
        request,
        response,
        _("The days of the call are set.") if done else _("The call has its days already."),
        "done" if done else "hint",
    )
    return response


async def _edit(request: Request, theme: Theme, form: ThemeForm, status: int = 200) -> Response:
    """The page with the theme's form, the next days of its rule, and the other themes of its series."""
    rule = parse_rule(theme.date_rule) if theme.date_rule else None
    years = await Theme.filter(other_years(theme)).order_by("-occurs_on", "-id")
    context = {
        "form": form,
        "theme": theme,
        "coming": next_days(rule, today(), LISTED_DAYS) if rule else [],
        "years_without": years_without(rule, today().year, LISTED_YEARS) if rule else [],
        "years": years,
        "is_last": not any(
            year.occurs_on and theme.occurs_on and year.occurs_on > theme.occurs_on for year in years
        ),
        "proposal": proposed_call(theme.occurs_on)
        if theme.occurs_on and not theme.call_opens_on and not theme.is_over()
        else None,
    }
    return render(request, "themes/edit.html", context, status=status)


async def _save(form: ThemeForm, theme: Theme) -> bool:
    """Save the theme if the form is valid; returns whether it was saved. Errors are added to the form."""
    if not form.validate():
        return False
    if await Theme.filter(slug=form["slug"].data).exclude(id=theme.id or 0).exists():
        form.refuse("slug", slug_in_use())
        return False
    theme.update_from_dict({**form.values(*FIELDS), **form.days()})
    verb = Verb.THEME_CHANGED if theme.id else Verb.THEME_MADE
    try:
        async with in_transaction():
            await theme.save()
            await record(verb, theme.id)
            await content_version.bump(rows=[f"{content_version.THEME}{theme.id}"])
    except IntegrityError:  # somebody else has just taken the slug
        form.refuse("slug", slug_in_use())
        return False
    return True


def slug_in_use() -> str:
    return _("This name is already in use. Please choose another, such as one with the year.")


routes = [
    Route("/desk/themes", index, name="themes:index", methods=["GET"]),
    Route("/desk/themes/new", new, name="themes:new", methods=["GET"]),
    Route("/desk/themes", create, name="themes:create", methods=["POST"]),
    Route("/desk/themes/{id:int}/edit", edit, name="themes:edit", methods=["GET"]),
    Route("/desk/themes/{id:int}/edit", update, name="themes:update", methods=["POST"]),
    Route("/desk/themes/{id:int}/again", create_repeat, name="themes:repeat", methods=["POST"]),
    Route("/desk/themes/{id:int}/call", create_call, name="themes:call", methods=["POST"]),
]
