"""Recording consents, the code printed on each slip, and the labels of its scopes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tortoise.expressions import Q

from gallery.accounts.models import Person
from gallery.artists.models import SCOPES, AgreedBy, Artist, Consent, ConsentRequest, RequestedWork
from gallery.artworks.models import Artwork, new_public_id
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import keys_of_works

CODE_ALPHABET = (
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: https://www.crockford.com/base32.html
)
CODE_LENGTH = 20  # characters of 5 bits each; 100 bits cannot be guessed
_MISREAD_LETTERS = str.maketrans("OIL", "011")

SCOPE_WORDS: Mapping[str, Any] = {
    "web": _l("showing on this website"),
    "voice": _l("letting visitors hear the voice: the artist's own, or of somebody who tells for them"),
    "sharing": _l("sharing on social networks"),
    "print": _l("printing, such as posters and catalogues"),
    "archive": _l("keeping in the archive after the exhibition"),
    "machine_use": _l("use by machines, such as training of programs"),
    "case": _l("telling of the person on a page that asks for support (a case)"),
    "case_diagnosis": _l("naming the diagnosis or illness in a case"),
    "case_hospital": _l("naming the hospital or home in a case"),
    "case_face": _l("showing the face with a case"),
}


@dataclass(frozen=True)
class NewConsent:
    """The values of a new consent. `scope`: names from SCOPES. If `ends_on` is None, there is no last day."""

    agreed_by: AgreedBy
    scope: Sequence[str]
    starts_on: date
    ends_on: date | None = None
    assent: str = ""


async def record_consent(
    artist: Artist, values: NewConsent, by: Person | None, *, follows: Consent | None = None, code: str = ""
) -> Consent:
    """Save a new consent. `follows`: the consent that it renews. `code`: that of the request by whose link it was given;
    otherwise it gets a new one."""
    scope: dict[str, Any] = {f"for_{name}": name in values.scope for name in SCOPES}
    consent = await Consent.create(
        artist=artist,
        code=code or new_code(),
        agreed_by=values.agreed_by,
        starts_on=values.starts_on,
        ends_on=values.ends_on,
        assent=values.assent,
        recorded_by=by,
        follows=follows,
        **scope,
    )
    await record(Verb.CONSENT_RECORDED, consent.id, organisation_id=artist.organisation_id, by=by)
    return consent


async def consent_with_terms(artist: Artist, values: NewConsent) -> Consent | None:
    """The artist's consent with the same terms, locked, so that the same agreement is not recorded for each work.

    It must not be withdrawn or renewed, and must not begin later. If there are words of assent, they must be
    the same. A consent by a link, or one that renews it, is never used here: it covers only the works that were shown.
    """
    scope: dict[str, Any] = {f"for_{name}": name in values.scope for name in SCOPES}
    same = Consent.filter(
        artist_id=artist.id,
        agreed_by=values.agreed_by,
        starts_on__lte=values.starts_on,
        withdrawn_at__isnull=True,
        followed_by__id__isnull=True,
        **({"ends_on": values.ends_on} if values.ends_on else {"ends_on__isnull": True}),
        **({"assent": values.assent} if values.assent else {}),
        **scope,
    )
    ids = [each.id for each in await same.order_by("id").only("id")]
    by_link = await files_seen(ids)
    first = next((id for id in ids if id not in by_link), 0)
    consent: Consent | None = await locked(Consent.filter(id=first, withdrawn_at__isnull=True)).first()
    return consent


def new_code() -> str:
    """20 characters of Crockford's base32, upper case: 100 random bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _letter in range(CODE_LENGTH))


def request_code(seed: str, secret_key: str, purpose: str = "consent request") -> str:
    """The code of a request for consent, or of another `purpose`, like `new_code`."""
    made = hmac.new(secret_key.encode(), f"{purpose} {seed}".encode(), hashlib.sha256).digest()
    return "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in made[:CODE_LENGTH])


def code_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


CODE_MAX_LENGTH = 32  # characters, the length of the column


def normalised_code(code: str) -> str:
    """A typed code in the form that is stored: upper case, no dashes or spaces, 0 for O, 1 for I and L."""
    return "".join(code.upper().split()).replace("-", "").translate(_MISREAD_LETTERS)[:CODE_MAX_LENGTH]


def grouped_code(code: str) -> str:
    """A code in groups of five characters, for people to read."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


async def set_artist_page(artist: Artist, is_wished: bool) -> None:
    """Give an artist a public page with all their works at a random address, or remove the page.

    A page that was removed never gets its old address back.
    """
    async with in_transaction():
        current: Artist = await locked(Artist.filter(id=artist.id)).get()
        if is_wished == (current.page_id is not None):
            return
        current.page_id = new_public_id() if is_wished else None
        await current.save()
        if not is_wished:  # the addresses of artists that were merged into this one stop working, too
            await Artist.with_merged().filter(merged_into_id=current.id).update(page_id=None)
        verb = Verb.ARTIST_PAGE_GIVEN if is_wished else Verb.ARTIST_PAGE_TAKEN
        await record(verb, current.id, organisation_id=current.organisation_id)
        await content_version.bump(await keys_of_works(artist_id=artist.id))


def birth_decade(artist: Artist | None) -> str:
    """The decade in which an artist was born; empty unless the artist wants it published."""
    if artist is None or not artist.born or not artist.shows_born:
        return ""
    return _("born in the %(decade)ss") % {"decade": artist.born[:4]}


async def latest_renewal(consent: Consent) -> Consent:
    """The latest renewal of a consent, which covers the works now; the consent itself if it was not renewed.

    An old slip leads to the latest renewal as well.
    """
    while (newer := await Consent.get_or_none(follows_id=consent.id)) is not None:
        consent = newer
    return consent


async def predecessors(consent: Consent) -> list[Consent]:
    """The consents that `consent` renewed, directly or through a chain of renewals, newest first."""
    older = []
    while consent.follows_id is not None:
        consent = await Consent.get(id=consent.follows_id)
        older.append(consent)
    return older


async def files_seen(consent_ids: Iterable[int]) -> dict[int, set[str]]:
    """Id of a consent that was given by a link, or renews one → SHA-256 of the files that the family saw."""
    found = dict[int, set[str]]()
    unknown = {id: id for id in consent_ids}  # a consent, or one that it renewed → the consent
    while unknown:
        requests = ConsentRequest.filter(consent_id__in=list(unknown)).values_list("consent_id", "seen_files")
        for id, digests in await requests:
            found[unknown.pop(id)] = set(digests)
        renewals = Consent.filter(id__in=list(unknown), follows_id__isnull=False)
        older = await renewals.values_list("id", "follows_id")
        unknown = {follows: unknown[id] for id, follows in older if follows is not None}
    return found


async def withdrawn_together(consent: Consent) -> list[Consent]:
    """What ends with a consent: its latest renewal, then those that took works over from it, unless withdrawn already.

    A family that was asked again about a work got another link; the link or slip that it had withdraws the work, too.
    """
    found, new = dict[int, Consent](), [await latest_renewal(consent)]
    while new:
        found |= {each.id: each for each in new}
        ids = [*found]
        for each in new:
            ids += [older.id for older in await predecessors(each)]
        given = Q(request__consent_id__in=ids) | Q(consent_before_id__in=ids)
        covering = await RequestedWork.filter(given).values_list("artwork__consent_id", flat=True)
        others = Consent.filter(artist_id=consent.artist_id, id__in=list({*covering} - {None} - {*found}))
        new = await others.order_by("id")
    return [each for each in found.values() if each.withdrawn_at is None]


async def has_consent(artist_id: int) -> bool:
    """Whether an artist has a consent that is neither withdrawn nor renewed."""
    return await Consent.exists(artist_id=artist_id, withdrawn_at__isnull=True, followed_by__id__isnull=True)


async def lock_with_works(ids: Sequence[int]) -> Consent | None:
    """Lock the rows of the works of the consents `ids`, then the row of the first consent, and return it.

    Works are locked first, as when a work is saved, to avoid deadlocks. Returns None if a work was added to
    one of the consents in the meantime, because that work is not locked. The caller must then start a new
    transaction. Raises DoesNotExist if the first consent was deleted.
    """
    covered = Artwork.filter(consent_id__in=ids)
    works = {work.id for work in await locked(covered.order_by("id")).only("id")}
    consent: Consent = await locked(Consent.filter(id=ids[0])).get()
    return consent if works.issuperset(await covered.values_list("id", flat=True)) else None
