"""Coverage: how many works on view lack alt text, a translation, a live project link or a lasting consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q, Subquery

from gallery.artists.models import EXPIRING_DAYS
from gallery.artworks.models import Artwork
from gallery.clock import today
from gallery.organisations.models import CheckedLink, LinkState
from gallery.reviews.access import load_curator
from gallery.web.languages import LANGUAGES
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import render
from gallery.web.texts import NO_TEXTS, holds_language

PER_PAGE = 60


@dataclass(frozen=True)
class CoverageGap:
    """One thing that works on view may lack."""

    name: str
    label: Any  # a predicate about complete works: “have alt text”
    lacking: Any  # the heading of the list of incomplete works

    def of(self) -> Q:
        dead = CheckedLink.filter(state=LinkState.DEAD).values("url")
        return {
            "alt_text": Q(alt_text=NO_TEXTS),
            "alt_text_translation": _lacks_a_language("alt_text"),
            "translation": _lacks_a_language("title") | _lacks_a_language("story"),
            "project": Q(project__id__isnull=True)
            | Q(project__link="")
            | Q(project__link__in=Subquery(dead)),
            "consent": Q(consent__ends_on__lt=today() + timedelta(days=EXPIRING_DAYS)),
        }[self.name]


def _lacks_a_language(field: str) -> Q:
    """The filter for works whose text is missing in one of the site's languages."""
    languages = ({f"{field}__contains": holds_language(each)} for each in LANGUAGES)
    return Q(*(~Q(**each) for each in languages), join_type="OR")


COVERAGE_GAPS = [
    CoverageGap("alt_text", _l("have alt text"), _l("Without alt text")),
    CoverageGap(
        "alt_text_translation",
        _l("have alt text in both languages"),
        _l("Without alt text in the other language"),
    ),
    CoverageGap("translation", _l("have title and story in both languages"), _l("Not translated")),
    CoverageGap(
        "project", _l("lead to a project whose link works"), _l("Without a project whose link works")
    ),
    CoverageGap(
        "consent",
        _l("have a consent for more than %(days)s days", days=EXPIRING_DAYS),
        _l("With a consent that ends within %(days)s days", days=EXPIRING_DAYS),
    ),
]


async def show(request: Request) -> Response:
    """A curator sees how complete the works on view are, and which of them lack something."""
    await load_curator(request)
    name = request.query_params.get("lacking", "")
    gap = next((each for each in COVERAGE_GAPS if each.name == name), None)
    if name and gap is None:
        raise HTTPException(404)
    total = await Artwork.all().on_view(as_set=True).count()
    lacking = {
        each.name: await Artwork.all().on_view(as_set=True).filter(each.of()).count()
        for each in COVERAGE_GAPS
    }
    works: list[Artwork] = []
    if gap is not None:
        works = await (
            Artwork.all()
            .on_view(as_set=True)
            .filter(gap.of())
            .order_by("consent__ends_on" if gap.name == "consent" else "-id", "id")
            .limit(PER_PAGE)
            .prefetch_related("image", "artist", "organisation", "consent")
        )
    context = {"gaps": COVERAGE_GAPS, "total": total, "lacking": lacking, "gap": gap, "works": works}
    return render(request, "reviews/coverage.html", context)


routes = [Route("/desk/coverage", show, name="coverage:show", methods=["GET"])]
