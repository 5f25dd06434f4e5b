"""What a withdrawal erases from consents and artists."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.consents import has_consent
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails, RequestedWork
from gallery.web.texts import NO_TEXTS


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """Erase the artist's assent, who agreed by a link, and the artist's open requests.

    If the artist has no other consent, erase all details of the artist too. A number then replaces the credit name.
    The signed forms are deleted together with the files of the works.
    See gallery/withdrawals/forgetting.py.
    """
    # First: a family that answers another request at this moment is waited for, and its consent then counts below.
    await ConsentRequest.filter(artist_id=consent.artist_id, consent_id=None).delete()
    await ConsentRequest.filter(consent_id__in=list(ids)).update(signer_name="", list_name="", seen_files=[])
    await RequestedWork.filter(artwork__consent_id=consent.id).delete()
    await Consent.filter(id__in=list(ids)).update(assent="")
    if await has_consent(consent.artist_id):
        return
    await PrivateDetails.filter(artist_id=consent.artist_id).delete()
    await Artist.filter(id=consent.artist_id).update(
        credit_name=f"#{consent.artist_id}",
        credit_translations=NO_TEXTS,
        page_id=None,
        about=NO_TEXTS,
        born="",
        shows_born=False,
    )
