"""Who made an exhibition possible: its curators and supporters, as stored in `Edition.credits`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from tortoise.expressions import Q

from gallery.artworks.models import edition_is_not_replaced
from gallery.exhibitions.entries import in_one_line, read_entry
from gallery.exhibitions.models import Edition
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

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A credit from an entry of `Edition.credits`."""
        return cls(**{**read_entry(entry), "kind": CreditKind(entry["kind"])})

    @property
    def heading(self) -> str:
        return str(HEADINGS[self.kind])

    def line(self) -> str:
        """The credit as one line of text, for comparing editions."""
        return f"{self.heading}: {in_one_line(self.name)}" + (f" <{self.link}>" if self.link else "")


CREDIT_FIELDS = tuple(field.name for field in fields(Credit) if field.name != "key")


def credits_of(entries: Iterable[dict[str, Any]] | None) -> list[Credit]:
    return [Credit.of(entry) for entry in entries or ()]


def by_kind(credits: Sequence[Credit]) -> list[tuple[str, list[Credit]]]:
    """Pairs of a heading and its credits; the credits are in the order that curators gave them."""
    groups = (
        (heading, [credit for credit in credits if credit.kind == kind]) for kind, heading in HEADINGS.items()
    )
    return [(str(heading), group) for heading, group in groups if group]


async def links_of_credits() -> set[str]:
    """The links in the credits of drafts and current editions; one query."""
    editions = Edition.filter(Q(number__isnull=True) | edition_is_not_replaced(), credits__not_isnull=True)
    lists: Any = await editions.values_list("credits", flat=True)
    return {credit.link for credits in lists for credit in credits_of(credits) if credit.link}
