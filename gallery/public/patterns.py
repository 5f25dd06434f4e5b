"""A page with every interface element, for designers; in development only."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from gallery.clock import today
from gallery.exhibitions.models import Opening
from gallery.public import queries, view_models
from gallery.public.calendar import YearEntry
from gallery.public.view_models import Counts
from gallery.public.work_counts import work_counts_of
from gallery.themes.models import Theme
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
    sentences = await queries.sentences_of(works)
    organisations = await queries.listed_organisations(
        await work_counts_of(request).organisations.all(), limit=2
    )
    themes = await Theme.all().order_by("-occurs_on", "-id").limit(2)
    cards = await queries.project_cards(works)
    context = {
        "works": works,
        "exhibitions": shown,
        "openings": [replace(shown[0], opening=opening) for opening in Opening] if shown and works else [],
        "said": next(((work, sentences[work.id]) for work in works if work.id in sentences), None),
        "detailed": next((work for work in works if work.picture.detail), None),
        "cards": cards,
        "project": cards[0][0] if cards else None,
        "dead": (),
        "organisations": organisations,
        "month": today().replace(day=1),
        "entries": [
            *(YearEntry(today(), "theme", theme) for theme in themes),
            *(YearEntry(today(), "exhibition", each) for each in shown),
        ],
        "samples": {theme.id: work for theme, work in zip(themes, works, strict=False)},
        "covers": {each.edition_id: works[-1] for each in shown if works},
        "day": today(),
        "hung": await queries.works_by_edition(shown, 1),
        "counts": Counts(works=48, organisations=17, projects=16),
        "style": view_models.style_sheet(
            [*works, *(each.work for each in organisations if each.work)],
            shown[0].theme if shown else None,
            [each.logo.picture for each in organisations if each.logo],
        ),
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
