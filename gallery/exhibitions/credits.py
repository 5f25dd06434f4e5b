"""Who made an exhibition possible: its curators and supporters, as stored in `Edition.credits`.

An entry names a supporter who has a record, or has a name and a link of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from tortoise.expressions import Q

from gallery.artworks.models import edition_is_not_replaced
from gallery.exhibitions.entries import in_one_line, read_entry
from gallery.exhibitions.models import Edition
from gallery.supporters.models import Supporter, SupporterKind, SupporterState
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import Texts


class CreditKind(StrEnum):
    CURATOR = "curator"
    AMBASSADOR = "ambassador"
    MEDIA = "media"
    DONOR = "donor"
    SUPPORTER = "supporter"


# The headings that visitors read, in order.
HEADINGS = {
    CreditKind.CURATOR: _l("Curated by"),
    CreditKind.AMBASSADOR: _l("Ambassadors"),
    CreditKind.MEDIA: _l("Media"),
    CreditKind.DONOR: _l("Donors"),
    CreditKind.SUPPORTER: _l("With the help of"),
}


@dataclass(frozen=True, slots=True)
class Credit:
    key: str  # 8 hex digits that never change
    kind: CreditKind
    name: Texts
    link: str  # URL (http or https); may be empty
    supporter: str = (
        ""  # the public id of a supporter: then name and logo are those of the record, and link is empty
    )

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A credit from an entry of `Edition.credits`."""
        return cls(**{**read_entry(entry), "kind": CreditKind(entry["kind"])})

    @property
    def heading(self) -> str:
        return str(HEADINGS[self.kind])

    def line(self) -> str:
        """The credit as one line of text, for comparing editions."""
        return f"{self.heading}: {in_one_line(self.name) or self.supporter}" + (
            f" <{self.link}>" if self.link else ""
        )


CREDIT_FIELDS = ("kind", "name", "link")
KIND_OF_SUPPORTER = {
    SupporterKind.AMBASSADOR: CreditKind.AMBASSADOR,
    SupporterKind.MEDIA: CreditKind.MEDIA,
}  # any other: CreditKind.SUPPORTER


def credits_of(entries: Iterable[dict[str, Any]] | None) -> list[Credit]:
    return [Credit.of(entry) for entry in entries or ()]


def names_supporter(entries: Iterable[Mapping[str, Any]], public_id: str) -> bool:
    """Whether one of the stored entries names the supporter with this public id."""
    return any(entry.get("supporter") == public_id for entry in entries)


def by_kind(credits: Sequence[Credit]) -> list[tuple[str, list[Credit]]]:
    """Pairs of a heading and its credits; the credits are in the order that curators gave them."""
    groups = (
        (heading, [credit for credit in credits if credit.kind == kind]) for kind, heading in HEADINGS.items()
    )
    return [(str(heading), group) for heading, group in groups if group]


Supporters = Mapping[str, Supporter]  # by public id


async def supporters_of(credits: Iterable[Credit], *, is_desk: bool = False) -> Supporters:
    """The supporters whom credits name and who agreed, for the desk all of them; at most one query."""
    ids = {credit.supporter for credit in credits if credit.supporter}
    agreed = {} if is_desk else {"state": SupporterState.AGREED}
    rows = await Supporter.filter(public_id__in=sorted(ids), **agreed) if ids else []
    return {row.public_id: row for row in rows}


def named(credits: Iterable[Credit], supporters: Supporters) -> list[Credit]:
    """The credits with the names of their supporters, without those of supporters who are not among `supporters`."""
    return [
        replace(credit, name=supporters[credit.supporter].name) if credit.supporter else credit
        for credit in credits
        if not credit.supporter or credit.supporter in supporters
    ]


async def links_of_credits() -> set[str]:
    """The links in the credits of drafts and current editions, and of supporters who agreed; two queries."""
    editions = Edition.filter(Q(number__isnull=True) | edition_is_not_replaced(), credits__not_isnull=True)
    lists: Any = await editions.values_list("credits", flat=True)
    supporters: Any = await Supporter.filter(state=SupporterState.AGREED).values_list("links", flat=True)
    of_entries = {credit.link for credits in lists for credit in credits_of(credits) if credit.link}
    return of_entries.union(*supporters)
