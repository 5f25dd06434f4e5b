"""Hints: the checks' findings on a submission, stored as rows so that the queue can filter by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tortoise.expressions import Subquery

from gallery.accounts.models import Person
from gallery.artists.consents import files_seen
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Picture, Status, Submission, further_pictures_in, images_in
from gallery.artworks.works import is_text_field
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.db.connection import in_transaction, locked
from gallery.images import image_similarity
from gallery.images.models import Image, ImageState
from gallery.reviews.checks import (
    CHECK_WORDS,
    CHECKS_VERSION,
    alt_text,
    consent,
    duplicates,
    personal_data,
    picture,
    wording,
)
from gallery.reviews.checks.duplicates import NearDuplicate
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.models import HashBand, Hint, NearPair, ScoringRound, WavedOff
from gallery.reviews.pairs import (
    ShownPair,
    is_duplicate_finding,
    load_pairs,
    pairs_with_proposed_image,
    store_pair,
)
from gallery.reviews.proposals import reviewed_fields
from gallery.web.languages import LocalizedText
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import shown_date
from gallery.worker import ChoreContext

MAX_NEAR_DUPLICATES = 12  # hints for one picture; a scan of empty paper may have hundreds of near duplicates


async def check_submission(submission: Submission) -> None:
    """Run every check on a submission and replace its hints with the new findings."""
    artwork = await Artwork.get(id=submission.artwork_id).prefetch_related(
        "image", "artist", "consent", "project", "themes"
    )
    await load_as_sent([artwork])
    found = list(await run_checks(artwork, submission))
    images = [image for _id, image in await submitted_images(artwork, submission)]
    async with in_transaction():
        found = await _without_withdrawn(artwork, found)
        current = await locked(Submission.filter(id=submission.id)).first()
        if current is None:
            return
        await _replace_hints(current, artwork, found)
        is_prepared = all(image.state != ImageState.RECEIVED for image in images)
        current.checked_with = CHECKS_VERSION if is_prepared else 0  # 0: check again after the renditions
        current.checked_on = today()
        await current.save(update_fields=["checked_with", "checked_on"])


async def _without_withdrawn(artwork: Artwork, found: Sequence[CheckFinding]) -> list[CheckFinding]:
    """Lock the work and the works in its findings. Returns the findings that concern no withdrawn work."""
    others = {each.key: int(each.facts["artwork"]) for each in found if is_duplicate_finding(each)}
    not_withdrawn = await _lock_not_withdrawn({artwork.id, *others.values()})
    if artwork.id not in not_withdrawn:
        return []  # withdrawn while the checks ran: the findings quote words that are erased
    return [each for each in found if each.key not in others or others[each.key] in not_withdrawn]


async def _replace_hints(submission: Submission, artwork: Artwork, found: Sequence[CheckFinding]) -> None:
    dismissed = await WavedOff.filter(artwork_id=artwork.id).values_list("key", flat=True)
    closed = {str(key) for key in dismissed}
    await Hint.filter(submission_id=submission.id).delete()
    pairs: dict[str, NearPair] = {}
    for each in found:
        if is_duplicate_finding(each):
            pairs[each.key] = await store_pair(artwork.id, int(each.facts["own_image"]), each)
    closed |= {key for key, pair in pairs.items() if pair.is_settled}
    await Hint.bulk_create(
        Hint(
            submission_id=submission.id,
            artwork_id=artwork.id,
            check=each.check,
            field=each.field,
            excerpt=each.excerpt,
            is_quoted=each.is_quoted,
            facts={"rule": each.rule, **each.facts},
            key=each.key,
            is_open=each.key not in closed,
            pair=pairs.get(each.key),
        )
        for each in found
    )


async def run_checks(artwork: Artwork, submission: Submission) -> Iterable[CheckFinding]:
    """The findings of all checks; none for a withdrawn work.

    Artist, consent, project, themes and further pictures must be fetched.
    """
    if artwork.status == Status.WITHDRAWN:
        return []
    values = reviewed_fields(artwork, submission)
    texts = {name: value for name, value in values.items() if is_text_field(name)}
    found = [
        *wording.check(texts),
        *personal_data.check(texts),
        *alt_text.check(texts, artwork.language),
        *consent.check(artwork.consent, today()),
    ]
    images = await submitted_images(artwork, submission)
    seen = await files_seen([artwork.consent.id] if artwork.consent else [])
    if any(image.source_sha256 not in digests for digests in seen.values() for _id, image in images):
        found.append(CheckFinding("consent", "consent", "not_seen"))
    for picture_id, image in images:
        if image.state == ImageState.READY:
            await store_hash_bands(artwork, image)
            field = "picture" if picture_id is None else f"picture_{picture_id}"
            found.extend(picture.check(image.width, image.height, image.softness, field))
            found.extend(duplicates.check(await near_duplicates(artwork, image), image.id, picture_id))
    return found


async def submitted_images(artwork: Artwork, submission: Submission) -> list[tuple[int | None, Image]]:
    """The images of the submission, each with the id of its further picture; None for the first picture.

    These are the images of a proposal, or of the work. Image and further pictures must be fetched.
    """
    if submission.proposed_image_id is None:
        first = artwork.image
        further = [(each.id, each.image) for each in artwork.later_pictures]
    else:
        images = await Image.in_bulk(images_in(submission.sent), "id")
        first = images.get(int(submission.sent.get("picture") or 0))
        pairs = further_pictures_in(submission.sent).items()
        further = [(id, images[image_id]) for id, image_id in pairs if image_id in images]
    return [*([] if first is None else [(None, first)]), *further]


async def store_hash_bands(artwork: Artwork, image: Image) -> None:
    """Store the hash bands by which later pictures find this one. Only pictures sent for review have hash bands."""
    if not image.perceptual_hash or await HashBand.exists(image_id=image.id):
        return
    async with in_transaction():
        if await _lock_not_withdrawn([artwork.id]) and not await HashBand.exists(image_id=image.id):
            await HashBand.bulk_create(
                HashBand(image_id=image.id, code=code)
                for code in duplicates.hash_bands(image.perceptual_hash)
            )


async def _lock_not_withdrawn(ids: Collection[int]) -> set[int]:
    """Lock the works with these `ids` until the transaction ends. Returns the ids of works not withdrawn."""
    works = await locked(Artwork.filter(id__in=list(ids)).order_by("id"))
    return {each.id for each in works if each.status != Status.WITHDRAWN}


async def near_duplicates(artwork: Artwork, image: Image) -> list[NearDuplicate]:
    """Works of all organisations with nearly the same picture, most similar first."""
    if not image.perceptual_hash:
        return []
    found: dict[int, NearDuplicate] = {}
    for is_mirrored, hash in (
        (False, image.perceptual_hash),
        (True, image_similarity.mirrored_hash(image.perceptual_hash)),
    ):
        codes = list(duplicates.neighbouring_codes(hash))
        # The index of bands finds only a few images. Other conditions are checked here: in SQL, they could
        # make the database begin with all images.
        candidates: list[Any] = (
            await HashBand.filter(code__in=codes)
            .distinct()
            .values_list(
                "image__perceptual_hash",
                "image_id",
                "image__state",
                "image__artwork__id",
                "image__artwork__artist_id",
                "image__further_picture__artwork_id",
                "image__further_picture__artwork__artist_id",
            )
        )
        for other, image_id, state, *works in candidates:
            id, artist_id = works[:2] if works[0] is not None else works[2:]
            if id is None or state != ImageState.READY:
                continue
            bits = image_similarity.hash_distance(hash, other)
            if (
                bits > image_similarity.MAX_HASH_DISTANCE
                or id == artwork.id
                or (id in found and found[id].distance <= bits)
            ):
                continue
            found[id] = NearDuplicate(id, image_id, bits, is_mirrored, artist_id != artwork.artist_id)
    for pair in await pairs_with_proposed_image(
        image.id
    ):  # a proposed picture belongs to no work yet; only its pair leads to it
        other = pair.earlier if pair.later_image_id == image.id else pair.later
        other_image = pair.earlier_image_id if pair.later_image_id == image.id else pair.later_image_id
        is_other = other.artist_id != artwork.artist_id
        found.setdefault(
            other.id, NearDuplicate(other.id, other_image, pair.distance, pair.is_mirrored, is_other)
        )
    return sorted(found.values(), key=lambda each: each.distance)[:MAX_NEAR_DUPLICATES]


async def check_next_submission(context: ChoreContext) -> bool:
    """Check the oldest submission that the current version of the checks has not checked; False if there is none."""
    waiting = Image.filter(state=ImageState.RECEIVED, candidate_for_id__isnull=False).values(
        "candidate_for_id"
    )
    further = Picture.filter(image__state=ImageState.RECEIVED).values("artwork_id")
    unseen = (
        Submission.filter(checked_with__lt=CHECKS_VERSION)
        .exclude(artwork_id__in=Subquery(waiting))
        .exclude(artwork_id__in=Subquery(further))
    )
    submission = (
        await unseen.exclude(artwork__image__state=ImageState.RECEIVED).order_by("checked_with", "id").first()
    )
    if submission is None:
        return False
    await check_submission(submission)
    return True


async def current_hints(submission: Submission) -> list[Hint]:
    """The hints on a submission, open ones first, in the order of the checks.

    Runs the checks first if they have not run today or have changed since.
    """
    if submission.checked_with < CHECKS_VERSION or submission.checked_on != today():
        await check_submission(submission)
    hints = await Hint.filter(submission_id=submission.id).order_by("id")
    order = list(CHECK_WORDS)
    return sorted(hints, key=lambda hint: (not hint.is_open, order.index(hint.check), hint.id))


async def dismiss(hint: Hint, by: Person, reason: str) -> None:
    """Close a hint, with the reason why it does not matter, also for later submissions of the same text."""
    async with in_transaction():
        await WavedOff.filter(artwork_id=hint.artwork_id, key=hint.key).delete()
        await WavedOff.create(artwork_id=hint.artwork_id, key=hint.key, by=by, at=now(), reason=reason)
        await Hint.filter(artwork_id=hint.artwork_id, key=hint.key).update(is_open=False)
        await record(Verb.WORK_HINT_WAVED_OFF, hint.artwork_id, by=by)


async def reopen(hint: Hint) -> None:
    async with in_transaction():
        await WavedOff.filter(artwork_id=hint.artwork_id, key=hint.key).delete()
        await Hint.filter(artwork_id=hint.artwork_id, key=hint.key).update(is_open=True)
        await record(Verb.WORK_HINT_TAKEN_UP, hint.artwork_id)


HINT_SENTENCES: Mapping[str, Any] = {
    "alt_text.file_name": _l(
        "This looks like the name of a file. Somebody who cannot see the picture learns nothing from it."
    ),
    "alt_text.picture_of": _l(
        "A screen reader already says that it is a picture. You can begin with what it shows."
    ),
    "alt_text.title_again": _l("It only repeats the title, which is read out before it."),
    "alt_text.short": _l("It is very short. Does it say what happens in the picture?"),
    "alt_text.diagnosis": _l(
        "It names a diagnosis or a disability. Alt text describes the work, not the person."
    ),
    "personal_data.identity": _l("This is an identity-card number: its check digit is right."),
    "personal_data.mobile": _l("This looks like a mobile telephone number."),
    "personal_data.landline": _l("This looks like a telephone number."),
    "personal_data.e_mail": _l("This is an e-mail address."),
    "personal_data.chat": _l("This looks like a WeChat or QQ account."),
    "personal_data.address": _l("This looks like an exact address."),
    "personal_data.school": _l("This names a school or a home: with it, a child can be found."),
    "personal_data.village": _l("This names a village or small town: with it, somebody can be found."),
    "consent.ends_soon": _l("The consent ends on %(day)s. The work will leave public view then."),
    "consent.not_in_force": _l("The consent is not in force today."),
    "consent.not_web": _l("The consent does not cover the web."),
    "consent.not_sharing": _l(
        "The consent covers the web but not sharing: no card or poster can be made of it."
    ),
    "consent.not_seen": _l(
        "The family agreed by a link to the pictures that it saw, and it has not seen this picture. The organisation "
        "should ask it first."
    ),
    "consent.no_assent": _l("The artist's own assent is not recorded."),
    "picture.small": _l("The picture has %(width)s × %(height)s px: small for a wide screen."),
    "picture.tiny": _l(
        "The picture has only %(width)s × %(height)s px: it will look coarse even on a phone."
    ),
    "picture.blurred": _l(
        "The picture looks blurred: perhaps the phone moved. A soft technique, such as a wash, can look the same."
    ),
    "duplicates.same_artist": _l("Nearly the same picture was also submitted for the same artist."),
    "duplicates.same_artist_mirrored": _l(
        "The mirror image of this picture was also submitted for the same artist."
    ),
    "duplicates.other_artist": _l(
        "Nearly the same picture was submitted under another artist's name. One of the two may be wrong."
    ),
    "duplicates.other_artist_mirrored": _l(
        "The mirror image of this picture was submitted under another artist's name. One of the two may "
        "be wrong."
    ),
}


@dataclass(frozen=True)
class HintDescription:
    """A hint as the curator's page shows it."""

    hint: Hint
    check: Any
    sentence: str
    instead: str = ""
    source: LocalizedText | None = None
    pair: ShownPair | None = None
    dismissal: WavedOff | None = None


async def describe_hints(hints: list[Hint]) -> list[HintDescription]:
    """The hints with their sentences, the pairs of works that they concern, and who dismissed them."""
    dismissed: dict[str, WavedOff] = {}
    pairs = await load_pairs([hint.pair_id for hint in hints if hint.pair_id])
    blind = await _pairs_being_scored(list(pairs.values()))
    pairs = {id: pair for id, pair in pairs.items() if id not in blind}
    if hints:
        rows = await WavedOff.filter(artwork_id=hints[0].artwork_id).prefetch_related("by")
        dismissed = {row.key: row for row in rows}
    entries = {entry.id: entry for entry in wording.wording_list().entries}
    result = []
    for hint in hints:
        pair = pairs.get(hint.pair_id or 0)
        if hint.check == "duplicates" and pair is None:
            continue  # one of the works was withdrawn, is being scored, or has another picture now
        instead, source = "", None
        if hint.check == "wording":
            entry = entries.get(hint.facts["entry"])
            if entry is None:
                continue  # the entry is no longer in the wording list
            sentence = entry.why.localized().text
            instead, source = entry.instead, wording.wording_list().sources[entry.source].localized()
        else:
            sentence = _hint_sentence(hint)
        result.append(
            HintDescription(
                hint, CHECK_WORDS[hint.check], sentence, instead, source, pair, dismissed.get(hint.key)
            )
        )
    return result


async def _pairs_being_scored(pairs: Collection[ShownPair]) -> set[int]:
    """The ids of pairs with a work in an open scoring round: curators must not learn whose work it is."""
    waiting = [side.artwork.id for pair in pairs for side in pair.sides if side.is_waiting]
    rounds = ScoringRound.filter(closes_at__gt=now(), theme__artworks__id__in=waiting)
    scored = {id for (id,) in await rounds.values_list("theme__artworks__id")} if waiting else set()
    return {pair.pair.id for pair in pairs if any(side.artwork.id in scored for side in pair.sides)}


def _hint_sentence(hint: Hint) -> str:
    facts = dict(hint.facts)
    if "day" in facts:
        facts["day"] = shown_date(date.fromisoformat(facts["day"]))
    return str(HINT_SENTENCES[f"{hint.check}.{facts['rule']}"]) % facts
