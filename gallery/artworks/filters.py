"""The filters of an organisation's list of works: theme, project, and words in the title or credit name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from gallery.artworks.models import Artwork
from gallery.db.subqueries import looked_up
from gallery.organisations.models import Project
from gallery.themes.models import Theme
from gallery.web.forms import one_line
from gallery.web.texts import contains_words

MAX_QUERY_LENGTH = 80  # characters


@dataclass(frozen=True)
class WorkFilter:
    """The chosen filters, and the themes and projects of the works, as choices."""

    themes: Sequence[Theme]
    projects: Sequence[Project]
    theme: Theme | None
    project: Project | None
    words: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The filters as query parameters."""
        pairs = (
            ("theme", self.theme.slug if self.theme else ""),
            ("project", self.project.slug if self.project else ""),
            ("q", self.words),
        )
        return [(name, value) for name, value in pairs if value]

    def of(self, works: QuerySet[Artwork]) -> QuerySet[Artwork]:
        if self.theme is not None:
            works = works.filter(themes__id=self.theme.id)
        if self.project is not None:
            works = works.filter(project_id=self.project.id)
        if self.words:
            works = works.filter(
                contains_words("title", self.words)
                | Q(artist__credit_name__icontains=self.words)
                | contains_words("artist__credit_translations", self.words)
            )
        return works


async def load_work_filter(query: Mapping[str, str], organisations: Collection[int]) -> WorkFilter:
    """The filters in the query parameters. A theme or project without works of `organisations` (ids) is ignored."""
    works = Artwork.filter(organisation_id__in=list(organisations))
    themes = await Theme.filter(id__in=Subquery(works.values("themes__id"))).order_by("-id")
    # Look each project up by itself: collecting the projects of all works would read every work's row.
    of_project = Artwork.filter(looked_up("project_id", '"project"."id"')).values("project_id")
    projects = await Project.filter(
        organisation_id__in=list(organisations), id__in=Subquery(of_project)
    ).order_by("-id")
    return WorkFilter(
        themes,
        projects,
        next((each for each in themes if each.slug == query.get("theme")), None),
        next((each for each in projects if each.slug == query.get("project")), None),
        one_line(query.get("q", ""))[:MAX_QUERY_LENGTH],
    )
