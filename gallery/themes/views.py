"""Themes at the curator's desk: the list, a new one, and changes to one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.functions import Count

from gallery import content_version
from gallery.database import in_transaction
from gallery.languages import gettext as _
from gallery.pages import flash, redirect, render
from gallery.themes.access import load_curator, load_theme
from gallery.themes.forms import ThemeForm
from gallery.themes.models import Theme

FIELDS = (
    "slug",
    "title_zh",
    "title_en",
    "text_zh",
    "text_en",
    "accent",
    "accent_night",
    "occurs_on",
    "call_opens_on",
    "call_closes_on",
)


async def index(request: Request) -> Response:
    """A curator sees every theme, when it is, and whether works are taken for it."""
    await load_curator(request)
    themes = (
        await Theme.all().annotate(work_count=Count("artworks", distinct=True)).order_by("-occurs_on", "-id")
    )
    return render(request, "themes/index.html", {"themes": themes})


async def new(request: Request) -> Response:
    """A curator is asked for a new theme's title, days and colours."""
    await load_curator(request)
    return render(request, "themes/new.html", {"form": ThemeForm()})


async def create(request: Request) -> Response:
    """A curator makes a theme."""
    await load_curator(request)
    form = ThemeForm(await request.form())
    if not await _save(form, Theme()):
        return render(request, "themes/new.html", {"form": form}, status=422)
    response = redirect(request, "themes:index")
    flash(request, response, _("The theme is there. Works can be tagged with it while its call is open."))
    return response


async def edit(request: Request) -> Response:
    """A curator sees a theme's title, days and colours, to change them."""
    _person, theme = await load_theme(request)
    return render(request, "themes/edit.html", {"form": ThemeForm(obj=theme), "theme": theme})


async def update(request: Request) -> Response:
    """A curator changes a theme; visitors see it at once."""
    _person, theme = await load_theme(request)
    form = ThemeForm(await request.form())
    if not await _save(form, theme):
        return render(request, "themes/edit.html", {"form": form, "theme": theme}, status=422)
    response = redirect(request, "themes:index")
    flash(request, response, _("Saved."))
    return response


async def _save(form: ThemeForm, theme: Theme) -> bool:
    """Whether what was typed is right and kept; what is wrong stands at the fields."""
    if not form.validate():
        return False
    if await Theme.filter(slug=form["slug"].data).exclude(id=theme.id or 0).exists():
        form.refuse("slug", slug_in_use())
        return False
    theme.update_from_dict(dict(form.values(*FIELDS)))
    try:
        async with in_transaction():
            await theme.save()
            await content_version.bump()
    except IntegrityError:  # somebody took the name in this very moment
        form.refuse("slug", slug_in_use())
        return False
    return True


def slug_in_use() -> str:
    return _("This name is in use already. Please choose another, such as one with the year.")


routes = [
    Route("/desk/themes", index, name="themes:index", methods=["GET"]),
    Route("/desk/themes/new", new, name="themes:new", methods=["GET"]),
    Route("/desk/themes", create, name="themes:create", methods=["POST"]),
    Route("/desk/themes/{id:int}/edit", edit, name="themes:edit", methods=["GET"]),
    Route("/desk/themes/{id:int}/edit", update, name="themes:update", methods=["POST"]),
]
