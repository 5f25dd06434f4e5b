"""Access to statistics: members see their organisations' statistics, curators all statistics."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_person
from gallery.accounts.models import Person
from gallery.organisations.access import load_member, organisations_of
from gallery.organisations.models import Organisation


@dataclass(frozen=True)
class StatsScope:
    """The organisations whose statistics a person may see, and the organisation that they chose."""

    person: Person
    offered: list[Organisation]
    chosen: Organisation | None  # None: all organisations of `offered`
    is_member: bool  # of each organisation in scope; only members see unsubmitted changes

    @property
    def is_sitewide(self) -> bool:
        """Whether the scope covers the whole gallery."""
        return self.person.is_curator and self.chosen is None

    @property
    def ids(self) -> list[int]:
        return [each.id for each in ([self.chosen] if self.chosen else self.offered)]


async def load_stats_scope(request: Request) -> StatsScope:
    """The statistics that the person may see; 404 for strangers, and for organisations not theirs."""
    person = await load_person(request)
    own = await organisations_of(person)
    if person.is_curator:
        offered = await Organisation.all().order_by("id")
    else:
        _, offered = await load_member(request)
    chosen_id = request.query_params.get("organisation", "")
    if not chosen_id:
        return StatsScope(person, offered, None, is_member=not person.is_curator)
    chosen = next((each for each in offered if str(each.id) == chosen_id), None)
    if chosen is None:
        raise HTTPException(404)
    return StatsScope(person, offered, chosen, is_member=chosen in own)
