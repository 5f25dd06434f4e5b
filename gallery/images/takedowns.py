"""Taking down logos and covers that show a work which may not be shown.

Works have consents; logos and covers have none, but an organisation may use a child's drawing as its logo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise.expressions import Subquery

from gallery.accounts.members import members_of
from gallery.accounts.models import Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import QuerySet
from gallery.images.fingerprints import is_similar
from gallery.images.forgetting import ERASED_FIELDS
from gallery.images.framing import MIN_SHORT_SIDE
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.profile_image_models import CreditLogo, ProfileImage
from gallery.images.renditions import PREVIEW_NAME, file_name
from gallery.images.sandbox.parent import ImageRefused, fingerprint
from gallery.images.storage_keys import delete_image_files, logo_key, purge_proxy_cache, rendition_key
from gallery.mail.outbox import Notification, in_all_languages, notify
from gallery.storage import Storage
from gallery.supporters.models import Supporter


@dataclass
class Takedown:
    """Images, and tokens of credits' logos, that were taken down and whose files must be deleted."""

    images: list[Image] = field(default_factory=list)
    logo_tokens: list[str] = field(default_factory=list)

    async def delete_files(self, storage: Storage) -> None:
        """Delete the files and empty the cache in front of the site. If the store is unavailable, the worker
        deletes them within minutes."""
        for image in self.images:
            await delete_image_files(storage, image.token)
        await storage.private.delete(*map(logo_key, self.logo_tokens))
        if self.images or self.logo_tokens:
            await purge_proxy_cache(storage)


async def stored_fingerprint(image: Image, storage: Storage) -> bytes:
    """The fingerprint of an image, computed and stored if it is missing; empty if the image cannot be opened.

    Raises StoreUnavailable.
    """
    known = await Fingerprint.get_or_none(image_id=image.id)
    if known is not None:
        return known.code
    fitting = [width for width in image.widths() if min(width, width / image.ratio) >= MIN_SHORT_SIDE]
    rendition = file_name((fitting or image.widths()[-1:])[0], "jpg")
    code = b""
    for name in (rendition, PREVIEW_NAME):
        code = code or await _compute_fingerprint(storage, rendition_key(image.token, name))
    await Fingerprint.bulk_create([Fingerprint(image_id=image.id, code=code)], ignore_conflicts=True)
    return code


async def add_logo_fingerprint(logo: CreditLogo, storage: Storage) -> bytes:
    """Compute and store the fingerprint of a credit's logo."""
    logo.fingerprint = await _compute_fingerprint(storage, logo_key(logo.token))
    await logo.save(update_fields=["fingerprint"])
    return logo.fingerprint


async def _compute_fingerprint(storage: Storage, key: str) -> bytes:
    try:
        async with storage.private.local_copy(key) as path:
            return await fingerprint(path)
    except (FileNotFoundError, ImageRefused):
        return b""


async def similar_keys(codes: Sequence[bytes], rows: Iterable[tuple[Any, Any]]) -> list[Any]:
    """The keys of the `rows` (key, fingerprint) whose fingerprint is similar to one of the fingerprints
    `codes`."""
    listed = list(rows)
    # In a thread: thousands of pairs take a second, and the site must go on answering.
    return await asyncio.to_thread(
        lambda: [key for key, code in listed if any(is_similar(code or b"", each) for each in codes)]
    )


def fingerprints_of_profile_images() -> QuerySet[Fingerprint]:
    return Fingerprint.filter(image_id__in=Subquery(ProfileImage.all().values("image_id")))


async def similar_profile_images(codes: Sequence[bytes]) -> list[ProfileImage]:
    """Logos and covers, of any organisation, that are similar to one of the fingerprints."""
    rows = await fingerprints_of_profile_images().values_list("image_id", "code")
    alike = await similar_keys(codes, rows) if codes else []
    return (
        await ProfileImage.filter(image_id__in=alike).select_related("image", "organisation", "project")
        if alike
        else []
    )


async def take_down_similar(
    codes: Sequence[bytes], why: str, by: Person | None, work_id: int | None = None
) -> Takedown:
    """Take down the logos, covers and credits' logos, of any organisation, that are similar to one of the
    fingerprints.

    Call it in a transaction that bumps the content version, and then call `delete_files` on the result.
    `work_id`: the withdrawn work; its deletion then deletes these images, too.
    """
    taken = Takedown()
    for profile_image in await similar_profile_images(codes):
        await take_down(profile_image, why, by, work_id=work_id)
        taken.images.append(profile_image.image)
    taken.logo_tokens = await take_down_similar_logos(codes, why, by)
    return taken


async def take_down(
    profile_image: ProfileImage, why: str, by: Person | None, words: str = "", *, work_id: int | None = None
) -> None:
    """Take down one logo or cover and notify its organisation. The caller deletes the files.

    `why` is "withdrawn", "not_shown" or "curator"; with "curator", `words` is the curator's reason.
    """
    await ProfileImage.filter(id=profile_image.id).delete()
    await Fingerprint.filter(image_id=profile_image.image_id).delete()
    # An empty fingerprint, as for the work's own pictures, so that the worker computes no new one.
    if work_id is not None:
        await Fingerprint.create(image_id=profile_image.image_id, code=b"")
    await Image.filter(id=profile_image.image_id).update(
        state=ImageState.ERASED,
        candidate_for_id=work_id,
        lease_until=None,
        **ERASED_FIELDS,
    )
    await record_profile_image(profile_image, REMOVED_VERBS, by)
    if profile_image.project is None:
        assert profile_image.organisation is not None
        organisation_id, name = (
            profile_image.organisation.id,
            in_all_languages(profile_image.organisation, "name"),
        )
        what, path = "logo", f"/desk/organisations/{organisation_id}/logo"
    else:
        organisation_id, name = (
            profile_image.project.organisation_id,
            in_all_languages(profile_image.project, "title"),
        )
        what, path = "cover", f"/desk/projects/{profile_image.project.id}/cover"
    facts = {"what": what, "name": name, "why": why, "words": words}
    news = Notification("picture_taken_down", path, facts, key=f"taken-down:{profile_image.image_id}")
    await notify(await members_of(organisation_id), news)


# In each pair, the first verb is for a logo and the second for a cover.
REMOVED_VERBS = (Verb.ORGANISATION_LOGO_REMOVED, Verb.PROJECT_COVER_REMOVED)
HELD_VERBS = (Verb.ORGANISATION_LOGO_HELD, Verb.PROJECT_COVER_HELD)
SEEN_VERBS = (Verb.ORGANISATION_LOGO_SEEN, Verb.PROJECT_COVER_SEEN)


async def record_profile_image(
    profile_image: ProfileImage, done: tuple[Verb, Verb], by: Person | None = None
) -> None:
    """Record an event of a logo or cover in the audit log. The relation `project` must be loaded."""
    if profile_image.project is not None:
        await record(
            done[1], profile_image.project.id, organisation_id=profile_image.project.organisation_id, by=by
        )
    else:
        await record(
            done[0], profile_image.organisation_id or 0, organisation_id=profile_image.organisation_id, by=by
        )


async def take_down_similar_logos(codes: Sequence[bytes], why: str, by: Person | None) -> list[str]:
    """Take down the logos in exhibitions' credits, and the pictures of supporters, that are similar to one of the
    fingerprints; returns their tokens."""
    return sorted(
        {*await _take_down_logos(codes, why, by), *await _take_down_supporters_pictures(codes, why, by)}
    )


async def _take_down_logos(codes: Sequence[bytes], why: str, by: Person | None) -> set[str]:
    rows = await CreditLogo.filter(fingerprint__isnull=False).values_list("id", "fingerprint")
    ids = await similar_keys(codes, rows) if codes else []
    if not ids:
        return set()
    logos = await CreditLogo.filter(id__in=ids)
    await CreditLogo.filter(id__in=ids).delete()
    curators = await _curators()
    for logo in logos:
        await record(Verb.EXHIBITION_LOGO_REMOVED, logo.exhibition_id, by=by)
        path = f"/desk/exhibitions/{logo.exhibition_id}/credits"
        facts = {"what": "credit", "why": why}
        await notify(
            curators, Notification("picture_taken_down", path, facts, key=f"taken-down-logo:{logo.id}")
        )
    return {logo.token for logo in logos}


async def _take_down_supporters_pictures(codes: Sequence[bytes], why: str, by: Person | None) -> set[str]:
    pictured = Supporter.filter(picture_fingerprint__isnull=False)
    rows = await pictured.values_list("id", "picture_fingerprint")
    ids = await similar_keys(codes, rows) if codes else []
    supporters = await Supporter.filter(id__in=ids) if ids else []
    for supporter in supporters:
        empty = {"picture_token": "", "picture_width": 0, "picture_height": 0, "picture_fingerprint": None}
        await Supporter.filter(id=supporter.id).update(**empty)
        await record(Verb.SUPPORTER_PICTURE_REMOVED, supporter.id, by=by)
        facts = {"what": "supporter", "why": why}
        key = f"taken-down-supporter:{supporter.picture_token}"
        news = Notification("picture_taken_down", f"/desk/supporters/{supporter.id}", facts, key=key)
        await notify(await _curators(), news)
    return {supporter.picture_token for supporter in supporters}


async def _curators() -> list[Person]:
    return await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
