"""What a withdrawal erases from reviews: the words of curators and visitors about the works, and the hints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gallery.artists.models import Consent
from gallery.clock import now
from gallery.images.forgetting import images_of_consent
from gallery.reviews.models import HashBand, Hint, Opinion, Report, Review, Risk, Score, Undo, Veto, WavedOff

DECISION: dict[str, Any] = {"reason": "", "notes": {}}


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    of_work: dict[str, Any] = {"artwork__consent_id": consent.id}
    of_submission: dict[str, Any] = {"submission__artwork__consent_id": consent.id}
    image_ids = await images_of_consent(consent.id).values_list("id", flat=True)
    await HashBand.filter(image_id__in=image_ids).delete()
    await Report.filter(**of_work, closed_at=None).update(closed_at=now())
    await Report.filter(**of_work).update(told="", email="", note="")
    await Review.filter(**of_work).update(**DECISION)
    await Risk.filter(review__artwork__consent_id=consent.id).update(concern="")
    await Veto.filter(**of_work).update(concern="", because="")
    await Opinion.filter(**of_submission).update(**DECISION)
    await Undo.filter(**of_submission).update(**DECISION)
    await Score.filter(**of_submission).update(note="")
    await Hint.filter(**of_work).delete()
    await Hint.filter(submission_id__in=sent).delete()
    await WavedOff.filter(**of_work).delete()
