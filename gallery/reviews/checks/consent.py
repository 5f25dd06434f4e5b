"""Does the consent last long enough, and does it cover what an exhibition usually needs?

`acceptance.py` has what blocks acceptance; these hints are further information for curators. False alarms: a
consent that is meant to end, such as one for a season.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gallery.artists.models import Consent, ConsentState
from gallery.reviews.checks.findings import CheckFinding


def check(consent: Consent | None, day: date) -> Iterator[CheckFinding]:
    if consent is None:
        return
    state = consent.state(day)
    if state == ConsentState.EXPIRING:
        yield CheckFinding("consent", "consent", "ends_soon", facts={"day": str(consent.ends_on)})
    elif state != ConsentState.IN_FORCE:
        yield CheckFinding("consent", "consent", "not_in_force")
    if not consent.for_web:
        yield CheckFinding("consent", "consent", "not_web")
    elif not consent.for_sharing:
        yield CheckFinding("consent", "consent", "not_sharing")
    if not consent.assent.strip() and consent.agreed_by != "artist":
        yield CheckFinding("consent", "consent", "no_assent")
