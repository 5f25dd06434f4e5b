"""Coverage: how many works on view lack alt text, a translation, a live project link or a lasting consent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from babel.support import LazyProxy
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
from gallery.web.texts import NO_TEXTS, holds_language, language_name

PER_PAGE = 60


@dataclass(frozen=True)
class CoverageGap:
    """Something that works on view may lack."""

    name: str
    label: Any  # a predicate about complete works: “have alt text”
    lacking: Any  # the heading of the list of incomplete works
    of: Q  # the filter for incomplete works


def coverage_gaps() -> list[CoverageGap]:
    """All gaps; gaps in texts are counted separately for each of the site's languages."""
    dead = CheckedLink.filter(state=LinkState.DEAD).values("url")
    without_link = Project.filter(Q(link="") | Q(link__in=Subquery(dead))).values("id")
    in_languages: list[CoverageGap] = []
    for language in site_languages():
        name = {"language": LazyProxy(language_name, language, enable_cache=False)}
        in_languages += [
            CoverageGap(
                f"alt_text-{language}",
                _l("have alt text in %(language)s", **name),
                _l("Without alt text in %(language)s", **name),
                _lacks(language, "alt_text"),
            ),
            CoverageGap(
                f"story-{language}",
                _l("have title and story in %(language)s", **name),
                _l("Without title or story in %(language)s", **name),
                _lacks(language, "title") | _lacks(language, "story"),
            ),
        ]
    return [
        CoverageGap("alt_text", _l("have alt text"), _l("Without alt text"), Q(alt_text=NO_TEXTS)),
        *in_languages,
        CoverageGap(
            "project",
            _l("lead to a project whose link works"),
            _l("Without a project whose link works"),
            Q(project_id__isnull=True) | Q(project_id__in=Subquery(without_link)),
        ),
        CoverageGap(
            "consent",
            _l("have a consent for more than %(days)s days", days=EXPIRING_DAYS),
            _l("With a consent that ends within %(days)s days", days=EXPIRING_DAYS),
            Q(consent__ends_on__lt=today() + timedelta(days=EXPIRING_DAYS)),
        ),
    ]


def _lacks(language: str, field: str) -> Q:
    """The filter for works without text in this language."""
    return ~Q(**{f"{field}__contains": holds_language(language)})


@dataclass(frozen=True)
class Coverage:
    """The number of works on view, and the number of incomplete works by gap."""

    works: int
    lacking: dict[str, int]


def coverage_counts(content: GenerationTracker) -> CountsById[Coverage]:
    """The coverage of each organisation's works, by its id; `app.state.coverage` of a process."""
    return CountsById(content, ORGANISATION, count_coverage)


async def count_coverage(ids: Collection[int] | None) -> dict[int, Coverage]:
    """Organisation id → the coverage of its works on view, without zeros; `ids` None: all organisations; one query."""
    among = Q() if ids is None else Q(organisation_id__in=list(ids))
    works = Artwork.all().on_view(as_set=ids is None).filter(among)
    gaps = coverage_gaps()
    lacking = {f"lacking_{number}": Count("id", _filter=each.of) for number, each in enumerate(gaps)}
    rows = (
        await works.annotate(works=Count("id"), **lacking)
        .group_by("organisation_id")
        .values("organisation_id", "works", *lacking)
    )
    return {
        row["organisation_id"]: Coverage(
            row["works"], {each.name: row[f"lacking_{number}"] for number, each in enumerate(gaps)}
        )
        for row in rows
    }


async def show(request: Request) -> Response:
    """A curator sees how complete the works on view are, and which of them lack something."""
    await load_curator(request)
    name = request.query_params.get("lacking", "")
    gaps = coverage_gaps()
    gap = next((each for each in gaps if each.name == name), None)
    if name and gap is None:
        raise HTTPException(404)
    counts: CountsById[Coverage] = request.app.state.coverage
    by_organisation = (await counts.all()).values()
    total = sum(each.works for each in by_organisation)
    lacking = {one.name: sum(each.lacking[one.name] for each in by_organisation) for one in gaps}
    works: list[Artwork] = []
    if gap is not None:
        works = await (
            Artwork.all()
            .on_view(as_set=True)
            .filter(gap.of)
            .order_by("consent__ends_on" if gap.name == "consent" else "-id", "id")
            .limit(PER_PAGE)
            .prefetch_related("image", "artist", "organisation", "consent")
        )
    context = {"gaps": gaps, "total": total, "lacking": lacking, "gap": gap, "works": works}
    return render(request, "reviews/coverage.html", context)


routes = [Route("/desk/coverage", show, name="coverage:show", methods=["GET"])]
