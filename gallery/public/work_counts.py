"""The numbers of works on view by organisation, theme and edition. Each process stores them until a change
affects them.
"""

from __future__ import annotations

from starlette.requests import Request

from gallery.db.content_version import EDITION, ORGANISATION, THEME, GenerationTracker
from gallery.public import queries
from gallery.public.view_models import Counts, EditionWorkCount, WorkCount
from gallery.web.kept_counts import CountsById


class WorkCounts:
    def __init__(self, content: GenerationTracker) -> None:
        self.organisations = CountsById[WorkCount](content, ORGANISATION, queries.count_by_organisation)
        self.hung_before_today = CountsById[int](content, ORGANISATION, queries.count_hung_before_today)
        # by organisation, then by project
        self.projects = CountsById[dict[int, WorkCount]](content, ORGANISATION, queries.count_by_project)
        self.themes = CountsById[WorkCount](content, THEME, queries.count_by_theme)
        self.editions = CountsById[EditionWorkCount](content, EDITION, queries.count_by_edition)
        self.theme_totals = CountsById[Counts](content, THEME, queries.count_totals_by_theme)


def work_counts_of(request: Request) -> WorkCounts:
    counts: WorkCounts = request.app.state.work_counts
    return counts
