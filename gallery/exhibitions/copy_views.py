"""Pages on which a curator copies an exhibition."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.exhibitions import arrangement_copies as copying
from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.forms import ExhibitionForm
from gallery.exhibitions.models import Exhibition
from gallery.exhibitions.views import chosen_theme, slug_taken_message, theme_choices
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render


async def new(request: Request) -> Response:
    """A curator opens the form for the copy's title, slug and theme."""
    _person, exhibition = await load_exhibition(request)
    draft = await draft_of(exhibition)
    form = ExhibitionForm(
        themes=await theme_choices(),
        data={
            "title": draft.title,
            "theme": str(exhibition.theme_id or ""),
        },
    )
    return await _page(request, exhibition, form)


async def create(request: Request) -> Response:
    """A curator creates the copy, and is redirected to its builder."""
    person, exhibition = await load_exhibition(request)
    form = ExhibitionForm(await read_desk_form(request), themes=await theme_choices())
    if not form.validate():
        return await _page(request, exhibition, form, status=422)
    slug = form["slug"].data
    if not await Exhibition.exists(slug=slug):
        try:
            theme = await chosen_theme(form)
            copy = await copying.copy_exhibition(
                exhibition, slug, person, theme=theme, title=form.text_of("title")
            )
        except IntegrityError:  # somebody else used the slug at the same time
            pass
        else:
            response = redirect(request, "exhibitions:show", id=copy.id)
            flash(
                request,
                response,
                _("This is the copy. Its dates are empty; visitors see it when you publish it."),
            )
            return response
    form.refuse("slug", slug_taken_message())
    return await _page(request, exhibition, form, status=422)


async def _page(
    request: Request, exhibition: Exhibition, form: ExhibitionForm, *, status: int = 200
) -> Response:
    context = {"exhibition": exhibition, "draft": await draft_of(exhibition), "form": form}
    return render(request, "exhibitions/copy.html", context, status=status)


routes = [
    Route("/desk/exhibitions/{id:int}/copies/new", new, name="copies:new", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}/copies", create, name="copies:create", methods=["POST"]),
]
