"""Access to statistics: members see their organisations' statistics, curators all statistics."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_person
from gallery.accounts.models import Person
from gallery.numbers import row_id
from gallery.organisations.access import load_member, organisations_of
from gallery.organisations.models import Organisation


@dataclass(frozen=True)
class StatsScope:
    """The organisations whose statistics a person may see, and the organisation that the person chose."""

    person: Person
    own: list[Organisation]  # curators may see all others, too
    chosen: Organisation | None  # None: all that the person may see
    is_member: (
        bool  # the person belongs to every organisation in scope; others do not see unsubmitted changes
    )

    @property
    def is_sitewide(self) -> bool:
        """Whether the scope covers the whole gallery."""
        return self.person.is_curator and self.chosen is None

    @property
    def is_part(self) -> bool:
        """Whether the person chose one of several organisations and could see the statistics of all together."""
        return self.chosen is not None and (self.person.is_curator or len(self.own) > 1)

    @property
    def ids(self) -> list[int] | None:
        """The ids of the organisations; None: all of the gallery."""
        if self.is_sitewide:
            return None
        return [each.id for each in ([self.chosen] if self.chosen else self.own)]


async def load_stats_scope(request: Request) -> StatsScope:
    """The statistics that the person may see; 404 for strangers, and for organisations not theirs."""
    person = await load_person(request)
    own = await organisations_of(person) if person.is_curator else (await load_member(request))[1]
    chosen_id = request.query_params.get("organisation", "")
    if not chosen_id:
        return StatsScope(person, own, None, is_member=not person.is_curator)
    chosen = await Organisation.get_or_none(id=row_id(chosen_id))
    if chosen is None or not (person.is_curator or chosen in own):
        raise HTTPException(404)
    return StatsScope(person, own, chosen, is_member=chosen in own)
