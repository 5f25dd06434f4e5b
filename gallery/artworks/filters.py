"""Which of their works a partner looks for: by theme, project, and words of the title or the credit name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from gallery.artworks.models import Artwork
from gallery.organisations.models import Project
from gallery.themes.models import Theme
from gallery.web.forms import one_line

MAX_QUERY_LENGTH = 80  # characters


@dataclass(frozen=True)
class WorkFilter:
    """What is asked for, beside what could be: the themes and projects that works of these organisations have."""

    themes: Sequence[Theme]
    projects: Sequence[Project]
    theme: Theme | None
    project: Project | None
    words: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """As an address tells it."""
        told = (
            ("theme", self.theme.slug if self.theme else ""),
            ("project", self.project.slug if self.project else ""),
            ("q", self.words),
        )
        return [(name, value) for name, value in told if value]

    def of(self, works: QuerySet[Artwork]) -> QuerySet[Artwork]:
        """Those of `works` that are asked for."""
        if self.theme is not None:
            works = works.filter(themes__id=self.theme.id)
        if self.project is not None:
            works = works.filter(project_id=self.project.id)
        if self.words:
            works = works.filter(
                Q(title__icontains=self.words)
                | Q(title_translation__icontains=self.words)
                | Q(artist__credit_name__icontains=self.words)
                | Q(artist__credit_name_translation__icontains=self.words)
            )
        return works


async def load_work_filter(asked: Mapping[str, str], works: QuerySet[Artwork]) -> WorkFilter:
    """What the parameters of an address ask for among `works`; a name that none of them has is passed over."""
    themes = await Theme.filter(id__in=Subquery(works.values("themes__id"))).order_by("-id")
    projects = await Project.filter(id__in=Subquery(works.values("project_id"))).order_by("-id")
    return WorkFilter(
        themes,
        projects,
        next((each for each in themes if each.slug == asked.get("theme")), None),
        next((each for each in projects if each.slug == asked.get("project")), None),
        one_line(asked.get("q", ""))[:MAX_QUERY_LENGTH],
    )
