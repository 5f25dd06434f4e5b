"""A case as visitors read it: its accepted words, where it stands by its figures, and its charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tortoise.expressions import Q

from gallery.cases.amounts import amount_words, unit_of
from gallery.cases.chart import LineChart, line_chart
from gallery.cases.figures import counting, is_out_of_date, latest, reached_on, state_of
from gallery.cases.models import Case, CaseFigure, CaseState, CaseVersion, Currency, versions_on_view
from gallery.clock import to_local, today
from gallery.web.languages import LocalizedText, localized
from gallery.web.rendering import shown_number

ORDER = {CaseState.RAISING: 0, CaseState.REACHED: 1, CaseState.CLOSED: 2, CaseState.STOPPED: 3}


@dataclass(frozen=True)
class NewestNumber:
    """What was reached, in words, with its day and source."""

    number: int
    words: str
    day: date
    source: LocalizedText


@dataclass(frozen=True)
class ShownCase:
    """`version` has its case, project and organisation loaded; `figures` are those that count, by day."""

    version: CaseVersion
    figures: Sequence[CaseFigure]

    @property
    def case(self) -> Case:
        return self.version.case

    @property
    def title(self) -> LocalizedText:
        return localized(self.version, "title")

    @property
    def story(self) -> LocalizedText:
        return localized(self.version, "story")

    @property
    def unit(self) -> LocalizedText:
        return unit_of(self.version)

    @property
    def counts_things(self) -> bool:
        return self.version.currency == Currency.THINGS

    @cached_property
    def state(self) -> CaseState:
        return state_of(self.case.ending, self.version.goal, self.figures)

    @cached_property
    def reached_on(self) -> date | None:
        return reached_on(self.version.goal, self.figures)

    @cached_property
    def raised(self) -> NewestNumber | None:
        return self._newest("raised")

    @cached_property
    def helpers(self) -> NewestNumber | None:
        return self._newest("helpers")

    def _newest(self, name: str) -> NewestNumber | None:
        found = latest(self.figures, name)
        if found is None:
            return None
        number, figure = found
        words = self.amount(number) if name == "raised" else shown_number(number)
        return NewestNumber(number, words, figure.day, localized(figure, "source"))

    def amount(self, number: int) -> str:
        return amount_words(number, self.version)

    @property
    def is_out_of_date(self) -> bool:
        """Whether it asks for support, and its newest figure is more than 30 days old."""
        decided = self.version.decided_at or self.version.saved_at
        return self.case.ending is None and is_out_of_date(to_local(decided).date(), self.figures, today())

    @property
    def asks_for_support(self) -> bool:
        """Whether its link is shown: not after its end, nor after the registration of its fundraising expired."""
        return self.case.ending is None and not self.version.is_registration_over and bool(self.version.link)

    @property
    def raised_chart(self) -> LineChart | None:
        numbers = [(each.day, each.raised) for each in self.figures if each.raised is not None]
        return line_chart(numbers, self.amount, self.version.goal)

    @property
    def helpers_chart(self) -> LineChart | None:
        numbers = [(each.day, each.helpers) for each in self.figures if each.helpers is not None]
        return line_chart(numbers, shown_number)


async def cases_on_view(condition: Q, limit: int) -> list[ShownCase]:
    """At most `limit` cases that visitors may read: those that ask for support first, the newest first; two queries."""
    versions = versions_on_view(condition).order_by("-case__ended_on", "-case_id").limit(limit)
    found = await versions.select_related("case__project__organisation", "case__consent__artist")
    figures = await figures_of([version.case_id for version in found])
    shown = [ShownCase(version, figures[version.case_id]) for version in found]
    return sorted(shown, key=lambda each: (ORDER[each.state], -each.case.id))


async def figures_of(case_ids: Collection[int]) -> dict[int, list[CaseFigure]]:
    """Case id → its figures that count, by day; one query, or none without a case."""
    by_case = defaultdict[int, list[CaseFigure]](list)
    if case_ids:
        for figure in await CaseFigure.filter(case_id__in=list(case_ids), taken_back_at__isnull=True):
            by_case[figure.case_id].append(figure)
    return defaultdict(list, {id: counting(figures) for id, figures in by_case.items()})
