"""A page with every interface element, for designers; in development only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from gallery.public import queries, view_models
from gallery.public.view_models import Counts
from gallery.web.forms import Form, LineField, Required, TextBlockField
from gallery.web.languages import accepted_language, set_language
from gallery.web.languages import gettext as _
from gallery.web.rendering import render

SAMPLES = 5  # works


async def show(request: Request) -> Response:
    """Every interface element once; `?language=en` shows it in English."""
    set_language(
        request.query_params.get("language") or accepted_language(request.headers.get("accept-language", ""))
    )
    works = await queries.works_on_view(limit=SAMPLES)
    shown = await queries.exhibitions(queries.is_open(), limit=1)
    context = {
        "works": works,
        "exhibitions": shown,
        "hung": await queries.works_by_edition(shown, 1),
        "counts": Counts(works=48, organisations=17, projects=16),
        "style": view_models.style_sheet(works, shown[0].theme if shown else None),
        "form": sample_form(),
    }
    return render(request, "patterns.html", context)


def sample_form() -> Form:
    """A form with a valid field, a field with an error, and a choice."""

    class Sample(Form):
        title = LineField(_("Title"), 80, description=_("As on the wall label."))
        story = TextBlockField(
            _("Story"), 200, [Required(_("Please write a sentence or two."))], render_kw={"rows": 3}
        )
        assistance = RadioField(
            _("Assistance"),
            choices=[SelectChoice("alone", _("Painted alone")), SelectChoice("helped", _("With help"))],
        )

    form = Sample(data={"title": "饺子皮", "assistance": "alone"})
    form.refuse("story", _("Please write a sentence or two."))
    return form


routes = [Route("/patterns", show, name="patterns:show", methods=["GET"])]
