"""Pairs: two works with nearly the same picture, which a curator compares and settles.

A pair shows what was sent for review, never a draft. It is deleted when one of the works is withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import Q

from gallery.accounts.members import members_of
from gallery.accounts.models import Person
from gallery.artworks.dates import shown_work_date
from gallery.artworks.models import Artwork, Status, Submission, further_pictures_in, images_in
from gallery.artworks.sizes import size_as_shown
from gallery.artworks.snapshots import value_in
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.mail.outbox import Notification, notify
from gallery.reviews import decisions, vetoes
from gallery.reviews.checks.duplicates import NearDuplicate, duplicate_finding
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.models import SETTLED_OUTCOMES, Hint, NearPair, Opinion, PairOutcome, Review, WavedOff
from gallery.storage import Storage
from gallery.web.languages import LocalizedText, offered_language, use_language
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.worker import ChoreContext


class PairRefused(Exception):
    """The pair cannot be changed; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


WITHDRAWN_SENTENCE = _l("One of the two works was withdrawn. Nothing was done.")


@dataclass(frozen=True)
class PairSide:
    """One of the two works, as it was when sent with this picture."""

    artwork: Artwork
    image: Image
    submission: Submission

    @property
    def sent(self) -> dict[str, str]:
        """The snapshot: form field → what was sent in it."""
        return self.submission.sent

    @property
    def facts(self) -> list[str]:
        """Artist, date, medium and size, as they were when sent."""
        size = size_as_shown(self.sent.get("size", ""), self.image)
        facts = (
            self.sent.get("artist") or _("No artist"),
            shown_work_date(value_in(self.sent, "date_made")),
            self.sent.get("medium", ""),
            size.words if size else "",
        )
        return [fact for fact in facts if fact]

    def localized(self, field: str) -> LocalizedText:
        return LocalizedText(self.sent.get(field, ""), self.sent.get("language", self.artwork.language))

    @property
    def is_waiting(self) -> bool:
        return self.submission.is_waiting


@dataclass(frozen=True)
class ShownPair:
    pair: NearPair
    earlier: PairSide
    later: PairSide

    @property
    def sides(self) -> tuple[PairSide, PairSide]:
        return self.earlier, self.later

    def other(self, side: PairSide) -> PairSide:
        return self.later if side is self.earlier else self.earlier

    @property
    def is_of_one_organisation(self) -> bool:
        return self.earlier.artwork.organisation_id == self.later.artwork.organisation_id


def is_duplicate_finding(found: CheckFinding) -> bool:
    return found.check == "duplicates"


async def store_pair(artwork_id: int, image_id: int, found: CheckFinding) -> NearPair:
    """Create the pair for a finding and a hint on the other work, unless they exist; returns the pair.

    The caller's transaction must have locked both works.
    """
    other_id, other_image_id = int(found.facts["artwork"]), int(found.facts["image"])
    both = {image_id, other_image_id}
    pair = await NearPair.get_or_none(earlier_image_id__in=both, later_image_id__in=both)
    if pair is None:
        # The picture that was sent first is the earlier one.
        ours, theirs = (
            await _first_sent_at(artwork_id, image_id),
            await _first_sent_at(other_id, other_image_id),
        )
        first, second = (artwork_id, image_id), (other_id, other_image_id)
        if theirs < ours:
            first, second = second, first
        pair = await NearPair.create(
            earlier_id=first[0],
            earlier_image_id=first[1],
            later_id=second[0],
            later_image_id=second[1],
            distance=int(found.facts["distance"]),
            is_mirrored=found.facts["rule"].endswith("_mirrored"),
        )
    await _add_hint_to_other(pair, artwork_id, image_id, other_id, other_image_id, found)
    return pair


async def _add_hint_to_other(
    pair: NearPair, artwork_id: int, image_id: int, other_id: int, other_image_id: int, found: CheckFinding
) -> None:
    latest = await Submission.filter(artwork_id=other_id).order_by("-number").first()
    if latest is None or not _shows(latest, other_image_id):
        return
    if await Hint.exists(submission_id=latest.id, pair_id=pair.id):
        return
    is_other = found.facts["rule"].startswith("other_artist")
    near = NearDuplicate(artwork_id, image_id, pair.distance, pair.is_mirrored, is_other)
    further = {image: picture for picture, image in further_pictures_in(latest.sent).items()}
    each = duplicate_finding(near, other_image_id, further.get(other_image_id))
    is_dismissed = await WavedOff.exists(artwork_id=other_id, key=each.key)
    await Hint.create(
        submission=latest,
        artwork_id=other_id,
        check=each.check,
        field=each.field,
        excerpt=each.excerpt,
        facts={"rule": each.rule, **each.facts},
        key=each.key,
        is_open=not is_dismissed and not pair.is_settled,
        pair=pair,
    )


def _shows(submission: Submission, image_id: int) -> bool:
    return image_id in images_in(submission.sent)


async def _first_sent_at(artwork_id: int, image_id: int) -> tuple[datetime, int]:
    """The time and id of the work's first submission with this picture, the sort key for the two sides."""
    submissions = await Submission.filter(artwork_id=artwork_id).order_by("number")
    with_it = [each for each in submissions if _shows(each, image_id)] or submissions
    return (with_it[0].at, with_it[0].id) if with_it else (now(), 0)


async def pairs_with_proposed_image(image_id: int) -> list[NearPair]:
    """The pairs of an image whose other image is proposed for a work in a waiting submission."""
    pairs = await NearPair.filter(Q(earlier_image_id=image_id) | Q(later_image_id=image_id)).select_related(
        "earlier", "later"
    )
    other_images = {
        each.id: each.later_image_id if each.earlier_image_id == image_id else each.earlier_image_id
        for each in pairs
    }
    waiting = await Submission.filter(
        is_waiting=True,
        replaces__isnull=False,
        artwork_id__in=[id for each in pairs for id in (each.earlier_id, each.later_id)] or [0],
    )
    proposed = {each.proposed_image_id for each in waiting}
    return [each for each in pairs if other_images[each.id] in proposed]


async def load_pairs(ids: Collection[int]) -> dict[int, ShownPair]:
    """Id → pair, for pairs whose two pictures can still be shown; two queries."""
    if not ids:
        return {}
    pairs = await NearPair.filter(id__in=list(ids)).select_related(
        "earlier__organisation", "later__organisation", "earlier_image", "later_image", "settled_by"
    )
    sent: dict[int, list[Submission]] = {}
    works = {id for pair in pairs for id in (pair.earlier_id, pair.later_id)}
    for each in await Submission.filter(artwork_id__in=list(works) or [0]).order_by("number"):
        sent.setdefault(each.artwork_id, []).append(each)
    shown = {}
    for pair in pairs:
        earlier = _side(pair.earlier, pair.earlier_image, sent.get(pair.earlier_id, []))
        later = _side(pair.later, pair.later_image, sent.get(pair.later_id, []))
        if earlier and later:
            shown[pair.id] = ShownPair(pair, earlier, later)
    return shown


def _side(artwork: Artwork, image: Image, sent: Sequence[Submission]) -> PairSide | None:
    """One side of a pair; None if the picture can no longer be shown. `sent`: submissions, oldest first."""
    with_it = [each for each in sent if _shows(each, image.id)]
    if artwork.status == Status.WITHDRAWN or image.state != ImageState.READY or not with_it:
        return None
    if image.id != artwork.image_id and with_it[-1] is not sent[-1]:
        return None  # the picture was replaced
    return PairSide(artwork, image, with_it[-1])


async def mark_as_two_works(pair: NearPair, by: Person) -> None:
    """Settle the pair as two different works, and close its hints."""
    async with in_transaction():
        await _save_outcome(pair, PairOutcome.TWO_WORKS, by)
        await record(Verb.WORK_TOLD_APART, pair.later_id, with_id=pair.earlier_id, by=by)


async def reopen_pair(pair: NearPair, by: Person) -> None:
    """Open the pair and its hints again; decisions on the works are not undone."""
    async with in_transaction():
        await _save_outcome(pair, None, by)
        await record(Verb.WORK_COMPARED_AGAIN, pair.later_id, with_id=pair.earlier_id, by=by)


async def mark_as_same_work(
    shown: ShownPair, goes: PairSide, by: Person, storage: Storage
) -> Review | Opinion | None:
    """Settle the pair as one work, and stop showing `goes`; nothing is deleted.

    A waiting work is declined, with a reason that says nothing about another organisation; an accepted
    work gets a veto. Returns an Opinion if a second curator has to decide as well; then the pair stays open.
    Raises DecisionRefused, VetoRefused, or StoreUnavailable if files cannot be deleted now.
    """
    if goes.is_waiting:
        async with in_transaction():
            await _lock_both(shown.pair)
            made = await decisions.decline(goes.artwork, goes.submission, by, decline_reason(shown, goes))
            if isinstance(made, Review):
                await _save_outcome(shown.pair, PairOutcome.SAME_WORK, by, made)
                await record(
                    Verb.WORK_FOUND_TWICE, goes.artwork.id, with_id=shown.other(goes).artwork.id, by=by
                )
        return made
    if goes.artwork.may_hang:
        stays = shown.other(goes).artwork
        concern = _("The same picture was submitted as work %(number)s.") % {"number": stays.id}
        await vetoes.veto(goes.artwork, storage, by, concern)
    async with in_transaction():
        await _save_outcome(shown.pair, PairOutcome.SAME_WORK, by)
        await record(Verb.WORK_FOUND_TWICE, goes.artwork.id, with_id=shown.other(goes).artwork.id, by=by)
    return None


async def ask_organisation(
    shown: ShownPair, asked: PairSide, words: str, by: Person
) -> Review | Opinion | None:
    """Ask the organisation of the work `asked` about the pair.

    A waiting work is returned with `words` as a note. For any other work, the members get `words` by mail.
    Raises DecisionRefused.
    """
    async with in_transaction():
        await _lock_both(shown.pair)
        made: Review | Opinion | None = None
        if asked.is_waiting:
            made = await decisions.return_to_partner(asked.artwork, asked.submission, by, {"picture": words})
        else:
            news = Notification(
                "work_question",
                f"/desk/works/{asked.artwork.id}",
                {"work": asked.sent.get("title", ""), "words": words},
            )
            await notify(await members_of(asked.artwork.organisation_id), news)
        if not isinstance(made, Opinion):
            await _save_outcome(shown.pair, PairOutcome.ASKED, by, made)
            await record(
                Verb.WORK_ASKED_ABOUT, asked.artwork.id, with_id=shown.other(asked).artwork.id, by=by
            )
    return made


def decline_reason(shown: ShownPair, goes: PairSide) -> str:
    """The reason to decline `goes`, in the language of its work."""
    with use_language(offered_language(goes.artwork.language)):
        if shown.is_of_one_organisation:
            # The number, not the title: if that work is withdrawn, its title must not remain in this reason.
            stays = shown.other(goes).artwork.id
            return _("This picture was also submitted as work %(number)s, which we keep.") % {"number": stays}
        return _(
            "We already have this picture, so we do not show it a second time. Please write to us if you "
            "think that is a mistake."
        )


def suggested_question(shown: ShownPair, asked: PairSide) -> str:
    """A question to the organisation in its work's language; it says nothing about another organisation."""
    with use_language(offered_language(asked.artwork.language)):
        if shown.is_of_one_organisation:
            other = shown.other(asked).artwork.id
            return _("Nearly the same picture was submitted as work %(number)s. Is it the same work?") % {
                "number": other
            }
        return _("We have nearly the same picture twice. Please tell us who made yours, and when.")


async def delete_withdrawn_pairs(context: ChoreContext) -> bool:
    """Delete the pairs of withdrawn works, with their hints."""
    gone = Q(earlier__status=Status.WITHDRAWN) | Q(later__status=Status.WITHDRAWN)
    ids = await NearPair.filter(gone).values_list("id", flat=True)
    await NearPair.filter(id__in=list(ids)).delete()
    return False


async def _lock_both(pair: NearPair) -> None:
    """Lock both works. Raises PairRefused if one of them was withdrawn a moment ago."""
    works = await locked(Artwork.filter(id__in=[pair.earlier_id, pair.later_id]).order_by("id"))
    if any(each.status == Status.WITHDRAWN for each in works):
        raise PairRefused(WITHDRAWN_SENTENCE)


async def _save_outcome(
    pair: NearPair, outcome: PairOutcome | None, by: Person, review: Review | None = None
) -> None:
    """Save the outcome, or open the pair again if it is None. The caller must be in a transaction.

    Raises PairRefused if the pair was deleted.
    """
    changed = await NearPair.filter(id=pair.id).update(
        outcome=outcome,
        settled_by_id=by.id if outcome else None,
        settled_at=now() if outcome else None,
        review_id=review.id if review else None,
    )
    if not changed:
        raise PairRefused(WITHDRAWN_SENTENCE)
    await Hint.filter(pair_id=pair.id).update(is_open=outcome not in SETTLED_OUTCOMES)
