"""Coverage: how many works on view lack alt text, a translation, a live project link or a lasting consent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count

from gallery.artists.models import EXPIRING_DAYS
from gallery.artworks.models import Artwork
from gallery.clock import today
from gallery.db.content_version import ORGANISATION, GenerationTracker
from gallery.organisations.models import CheckedLink, LinkState, Project
from gallery.reviews.access import load_curator
from gallery.web.kept_counts import CountsById
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import site_languages
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
        without_link = Project.filter(Q(link="") | Q(link__in=Subquery(dead))).values("id")
        return {
            "alt_text": Q(alt_text=NO_TEXTS),
            "alt_text_translation": _lacks_a_language("alt_text"),
            "translation": _lacks_a_language("title") | _lacks_a_language("story"),
            "project": Q(project_id__isnull=True) | Q(project_id__in=Subquery(without_link)),
            "consent": Q(consent__ends_on__lt=today() + timedelta(days=EXPIRING_DAYS)),
        }[self.name]


def _lacks_a_language(field: str) -> Q:
    """The filter for works whose text is missing in one of the site's languages; any Chinese counts as Chinese."""
    related: dict[str, list[Q]] = {}
    for language in site_languages():
        lacks = ~Q(**{f"{field}__contains": holds_language(language)})
        related.setdefault(language.partition("-")[0], []).append(lacks)
    return Q(*(Q(*lacking) for lacking in related.values()), join_type="OR")


COVERAGE_GAPS = [
    CoverageGap("alt_text", _l("have alt text"), _l("Without alt text")),
    CoverageGap(
        "alt_text_translation",
        _l("have alt text in the site's languages"),
        _l("Without alt text in one of the site's languages"),
    ),
    CoverageGap("translation", _l("have title and story in the site's languages"), _l("Not translated")),
    CoverageGap(
        "project", _l("lead to a project whose link works"), _l("Without a project whose link works")
    ),
    CoverageGap(
        "consent",
        _l("have a consent for more than %(days)s days", days=EXPIRING_DAYS),
        _l("With a consent that ends within %(days)s days", days=EXPIRING_DAYS),
    ),
]


@dataclass(frozen=True)
class Coverage:
    """The number of works on view, and by name of a gap the number of those that have it."""

    works: int
    lacking: dict[str, int]


def coverage_counts(content: GenerationTracker) -> CountsById[Coverage]:
    """The coverage of each organisation's works, by its id; `app.state.coverage` of a process."""
    return CountsById(content, ORGANISATION, count_coverage)


async def count_coverage(ids: Collection[int] | None) -> dict[int, Coverage]:
    """Organisation id → the coverage of its works on view, for those with any; `ids` None: all; one query."""
    among = Q() if ids is None else Q(organisation_id__in=list(ids))
    works = Artwork.all().on_view(as_set=ids is None).filter(among)
    lacking = {f"lacking_{each.name}": Count("id", _filter=each.of()) for each in COVERAGE_GAPS}
    rows = (
        await works.annotate(works=Count("id"), **lacking)
        .group_by("organisation_id")
        .values("organisation_id", "works", *lacking)
    )
    return {
        row["organisation_id"]: Coverage(
            row["works"], {each.name: row[f"lacking_{each.name}"] for each in COVERAGE_GAPS}
        )
        for row in rows
    }


async def show(request: Request) -> Response:
    """A curator sees how complete the works on view are, and which of them lack something."""
    await load_curator(request)
    name = request.query_params.get("lacking", "")
    gap = next((each for each in COVERAGE_GAPS if each.name == name), None)
    if name and gap is None:
        raise HTTPException(404)
    counts: CountsById[Coverage] = request.app.state.coverage
    by_organisation = (await counts.all()).values()
    total = sum(each.works for each in by_organisation)
    lacking = {one.name: sum(each.lacking[one.name] for each in by_organisation) for one in COVERAGE_GAPS}
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
