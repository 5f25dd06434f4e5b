"""Blind scoring rounds: several curators score the waiting works of a theme without knowing whose they are.

Until the round closes, nobody can decide on its works or read another curator's scores. Then the works are
ranked, with the spread of their scores, and curators decide on them as on any others.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from gallery.accounts.models import Membership, Person
from gallery.artworks.models import Artwork, Submission
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.reviews.models import Score, ScoringRound
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import Texts

LOWEST_SCORE, HIGHEST_SCORE = 1, 5
NAME_COVER = "▇▇"  # replaces a name in a text


class ScoringRefused(Exception):
    """The round or score cannot be saved; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def open_round(theme: Theme, closes_at: datetime, by: Person) -> ScoringRound:
    """Open a round for the theme's waiting works and those sent until `closes_at`. Raises ScoringRefused."""
    async with in_transaction():
        await locked(Theme.filter(id=theme.id)).get()
        if closes_at <= now():
            raise ScoringRefused(_l("Please give a time that is to come."))
        if await ScoringRound.exists(theme_id=theme.id, closes_at__gt=now()):
            raise ScoringRefused(_l("The works of this theme are being scored already."))
        made = await ScoringRound.create(theme=theme, opened_at=now(), opened_by=by, closes_at=closes_at)
        await record(Verb.ROUND_OPENED, made.id, with_id=theme.id, by=by)
        return made


async def close_round(round: ScoringRound, by: Person) -> None:
    """Close the round now, so that curators can decide on its works; no effect on a closed round."""
    async with in_transaction():
        if await ScoringRound.filter(id=round.id, closes_at__gt=now()).update(closes_at=now()):
            await record(Verb.ROUND_CLOSED, round.id, by=by)


def is_open(round: ScoringRound) -> bool:
    return round.closes_at > now()


def round_submissions(round: ScoringRound) -> QuerySet[Submission]:
    """The waiting submissions of the round's theme, sent before the round closed, and all scored ones."""
    scored = Subquery(Score.filter(round_id=round.id).values("submission_id"))
    return Submission.filter(
        Q(is_waiting=True, replaces__isnull=True, artwork__themes__id=round.theme_id, at__lt=round.closes_at)
        | Q(id__in=scored)
    ).distinct()


async def submissions_to_score(round: ScoringRound, by: Person) -> QuerySet[Submission]:
    """The waiting submissions that the curator `by` may score: none of the curator's own organisations."""
    own = await Membership.filter(person_id=by.id).values_list("organisation_id", flat=True)
    waiting = round_submissions(round).filter(is_waiting=True)
    return waiting.exclude(artwork__organisation_id__in=list(own)) if own else waiting


async def scoring_order(round: ScoringRound, by: Person, key: str) -> list[int]:
    """The ids of the submissions that `by` may score, in a different order for each curator.

    Curators tire, so no work should come last for all of them. `key`: the site's secret.
    """
    ids = [int(str(id)) for id in await (await submissions_to_score(round, by)).values_list("id", flat=True)]

    def place(id: int) -> bytes:
        message = f"round {round.id} {by.id} {id}".encode()
        return hmac.digest(key.encode(), message, hashlib.sha256)

    return sorted(set(ids), key=place)


async def scores_by(round: ScoringRound, by: Person) -> dict[int, Score]:
    """Submission id → the score that `by` gave."""
    return {score.submission_id: score for score in await Score.filter(round_id=round.id, by_id=by.id)}


async def score(round: ScoringRound, submission: Submission, by: Person, value: int, note: str) -> Score:
    """Save a score, or change it, while the round is open. Raises ScoringRefused."""
    async with in_transaction():
        current = await locked(ScoringRound.filter(id=round.id)).get()
        if not is_open(current):
            raise ScoringRefused(_l("The round has closed: scores are final."))
        if not await (await submissions_to_score(current, by)).filter(id=submission.id).exists():
            raise ScoringRefused(_l("This work is no longer in the round."))
        await Score.filter(round_id=current.id, submission_id=submission.id, by_id=by.id).delete()
        # The work's id is left out, because the audit log must not reveal which work was scored.
        await record(Verb.ROUND_SCORED, current.id, by=by)
        return await Score.create(
            round=current, submission=submission, by=by, value=value, note=note, at=now()
        )


@dataclass(frozen=True)
class BlindWork:
    """A work as the scoring page shows it, without any names."""

    submission_id: int
    artwork: Artwork  # for picture and language only; the texts are in the next field
    texts: dict[str, Texts] = field(repr=False)

    def original(self, name: str) -> LocalizedText:
        """A text of the work in its own language."""
        return self.texts[name].localized(self.artwork.language, self.artwork.language)

    def translations(self, name: str) -> list[LocalizedText]:
        shown = self.original(name).language
        return self.texts[name].others(shown, self.artwork.language)


async def blind_work(submission: Submission) -> BlindWork:
    """The work of a submission, with the names in its texts covered."""
    artwork = (
        await Artwork.filter(id=submission.artwork_id)
        .select_related("image", "artist", "organisation", "project")
        .get()
    )
    artist, project = artwork.artist, artwork.project
    names = [
        *([artist.credit_name, *artist.credit_translations.values()] if artist else []),
        *artwork.organisation.name.values(),
        *(project.title.values() if project else []),
    ]
    shown = ("title", "story", "alt_text", "medium")
    texts = {
        name: Texts(
            {language: cover_names(words, names) for language, words in getattr(artwork, name).items()}
        )
        for name in shown
    }
    return BlindWork(submission.id, artwork, texts)


def cover_names(text: str, names: Sequence[str]) -> str:
    """`text` with every one of `names` replaced by NAME_COVER, ignoring case; longer names first."""
    known = sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True)
    if not known:
        return text
    return re.sub("|".join(re.escape(name) for name in known), NAME_COVER, text, flags=re.IGNORECASE)


@dataclass(frozen=True)
class RankedWork:
    """A work of a closed round. Works with the same mean and spread have the same place."""

    place: int | None  # None: nobody scored it
    submission_id: int
    values: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float:
        """The standard deviation of the scores: 0 if all are equal, 2 at most."""
        return statistics.pstdev(self.values)


def rank_works(scores: Sequence[tuple[int, int]], submissions: Sequence[int]) -> list[RankedWork]:
    """The submissions from the highest mean score to the lowest; for equal means, the smaller spread first.

    `scores`: pairs of a submission's id and a value. Submissions without scores come last, without a place.
    """
    values: dict[int, list[int]] = {id: [] for id in submissions}
    for id, value in scores:
        values.setdefault(id, []).append(value)
    unscored = [RankedWork(None, id) for id, given in values.items() if not given]
    found = [RankedWork(0, id, tuple(sorted(given))) for id, given in values.items() if given]
    found.sort(key=lambda each: (-each.mean, each.spread, each.submission_id))
    placed: list[RankedWork] = []
    for number, each in enumerate(found, 1):
        before = placed[-1] if placed else None
        shares = before is not None and (before.mean, before.spread) == (each.mean, each.spread)
        place = before.place if before is not None and shares else number
        placed.append(RankedWork(place, each.submission_id, each.values))
    return [*placed, *unscored]
