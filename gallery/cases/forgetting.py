"""What a withdrawal erases from cases: a case that tells of the person goes as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Subquery

from gallery.artists.models import Consent
from gallery.cases.models import Case, CaseFigure, CaseVersion, CaseVeto
from gallery.clock import now
from gallery.web.texts import NO_TEXTS


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """Erase the words of the cases under the consents `ids`; their rows stay, so that each address answers 410.

    See gallery/withdrawals/forgetting.py.
    """
    cases = Case.filter(consent_id__in=list(ids))
    await cases.filter(withdrawn_at__isnull=True).update(withdrawn_at=now())
    within = Subquery(cases.values("id"))
    await CaseVersion.filter(case_id__in=within).update(
        title=NO_TEXTS,
        story=NO_TEXTS,
        unit=NO_TEXTS,
        goal=None,
        link="",
        platform=NO_TEXTS,
        registration_number="",
        registered_until=None,
        has_diagnosis=False,
        has_hospital=False,
        has_face=False,
        words="",
    )
    await CaseFigure.filter(case_id__in=within).delete()
    await CaseVeto.filter(case_id__in=within).update(concern="")
