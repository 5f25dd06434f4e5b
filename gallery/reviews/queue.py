"""The queue: which submissions wait, in which order, narrowed as a curator wishes, and what each narrowing would hold.

Who waits longest comes first. What a curator put off comes at the end of their own queue, in the order of putting off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from gallery.accounts.models import Person
from gallery.artworks.models import Stage, Submission
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.organisations.models import Organisation
from gallery.reviews.checks import CHECK_WORDS
from gallery.reviews.holds import works_held_by_others
from gallery.reviews.models import Deferral, Hint, LastQueue, Opinion, ScoringRound
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGE_NAMES, LANGUAGES
from gallery.web.languages import lazy_gettext as _l

FRESH_AGE = timedelta(days=3)
OLD_AGE = timedelta(days=14)
AGE_WORDS = {
    "fresh": _l("less than three days"),
    "days": _l("three days to two weeks"),
    "old": _l("more than two weeks"),
}
NO_HINTS = "none"
HINT_WORDS = {NO_HINTS: _l("without hints"), **CHECK_WORDS}
NO_FILTER_QUERY = "filter=none"  # the query that narrows nothing, and is remembered


@dataclass(frozen=True)
class QueueFilter:
    """What a curator wants to see of the queue."""

    theme: Theme | None = None
    organisation: Organisation | None = None
    age: str = ""
    hint: str = ""
    language: str = ""

    @property
    def query(self) -> str:
        """As it stands in an address."""
        told = {
            "theme": self.theme.slug if self.theme else "",
            "organisation": self.organisation.slug if self.organisation else "",
            "age": self.age,
            "hint": self.hint,
            "language": self.language,
        }
        return urlencode({name: value for name, value in told.items() if value})

    def but(self, **changed: Any) -> QueueFilter:
        return replace(self, **changed)

    def of(self, submissions: QuerySet[Submission]) -> QuerySet[Submission]:
        """Those of `submissions` that it lets through."""
        if self.theme is not None:
            submissions = submissions.filter(artwork__themes__id=self.theme.id)
        if self.organisation is not None:
            submissions = submissions.filter(artwork__organisation_id=self.organisation.id)
        if self.language:
            submissions = submissions.filter(artwork__language=self.language)
        if self.age:
            submissions = submissions.filter(_age_condition(self.age))
        if self.hint == NO_HINTS:
            hinted = Subquery(Hint.filter(is_open=True).values("submission_id"))
            submissions = submissions.filter(checked_with__gt=0).exclude(id__in=hinted)
        elif self.hint:
            hinted = Subquery(Hint.filter(check=self.hint, is_open=True).values("submission_id"))
            submissions = submissions.filter(id__in=hinted)
        return submissions


def _age_condition(age: str) -> Q:
    moment = now()
    if age == "fresh":
        return Q(at__gt=moment - FRESH_AGE)
    if age == "old":
        return Q(at__lte=moment - OLD_AGE)
    return Q(at__lte=moment - FRESH_AGE, at__gt=moment - OLD_AGE)


async def narrowing(parameters: Mapping[str, str]) -> QueueFilter:
    """The narrowing that an address asks for; 404 for one that does not exist."""
    chosen = {
        name: parameters.get(name, "")
        for name, known in (("age", AGE_WORDS), ("hint", HINT_WORDS), ("language", LANGUAGES))
        if parameters.get(name, "") in known
    }
    if any(parameters.get(name) and name not in chosen for name in ("age", "hint", "language")):
        raise HTTPException(404)
    return QueueFilter(
        theme=await load_by_slug(Theme, parameters.get("theme", "")),
        organisation=await load_by_slug(Organisation, parameters.get("organisation", "")),
        **chosen,
    )


async def load_by_slug(model: Any, slug: str) -> Any:
    """The theme or organisation of that slug, None without one; 404 for one that does not exist."""
    if not slug:
        return None
    record = await model.get_or_none(slug=slug[:60])
    if record is None:
        raise HTTPException(404)
    return record


@dataclass(frozen=True)
class QueuePosition:
    """A submission's place in a queue: its neighbours, the later one with its picture, and how manieth it is, from 1."""

    deferral: Deferral | None
    preceding: Submission | None
    following: Submission | None
    position: int | None  # None: it waits no more
    count: int


@dataclass(frozen=True)
class Queue:
    """The waiting submissions as one curator sees them."""

    curator: Person
    narrowing: QueueFilter

    def waiting(self) -> QuerySet[Submission]:
        """What waits for this curator, whatever the narrowing.

        Not what they have decided on and somebody else has not, nor what is being scored without knowing whose it is.
        """
        spoken_on = Subquery(Opinion.filter(by_id=self.curator.id).values("submission_id"))
        scored = ScoringRound.filter(closes_at__gt=now(), theme__artworks__id__isnull=False)
        return (
            Submission.filter(is_waiting=True)
            .exclude(Q(stage=Stage.SECOND) & Q(id__in=spoken_on))
            .exclude(
                Q(replaces__isnull=True) & Q(artwork_id__in=Subquery(scored.values("theme__artworks__id")))
            )
        )

    def in_turn(self) -> QuerySet[Submission]:
        """What waits and was not put off, unordered."""
        return self.narrowing.of(self.waiting()).exclude(id__in=self._put_off())

    def put_off(self) -> QuerySet[Deferral]:
        """What waits and was put off, unordered."""
        waiting = Subquery(self.narrowing.of(self.waiting()).values("id"))
        return Deferral.filter(person_id=self.curator.id, submission_id__in=waiting)

    def _put_off(self) -> Subquery:
        return Subquery(Deferral.filter(person_id=self.curator.id).values("submission_id"))

    async def count(self) -> int:
        return await self.narrowing.of(self.waiting()).count()

    async def ids(self, first: int, number: int) -> tuple[list[int], dict[int, Any]]:
        """The ids of `number` submissions from the `first` (0) on, and when each of them was put off, if it was."""
        found = (
            await self.in_turn().order_by("at", "id").offset(first).limit(number).values_list("id", flat=True)
        )
        ids = [int(str(id)) for id in found]
        if len(ids) == number:
            return ids, {}
        before = 0 if ids else await self.in_turn().count()
        skipped = max(0, first - before) if not ids else 0
        late = await (
            self.put_off()
            .order_by("at", "id")
            .offset(skipped)
            .limit(number - len(ids))
            .values_list("submission_id", "at")
        )
        moments = {int(str(id)): at for id, at in late}
        return [*ids, *moments], moments

    async def deferral_of(self, submission: Submission) -> Deferral | None:
        """When the curator put it off, if they did."""
        return await Deferral.get_or_none(person_id=self.curator.id, submission_id=submission.id)

    async def around(self, submission: Submission) -> QueuePosition:
        """Where `submission` stands in the queue, and what stands before and after it."""
        deferral = await self.deferral_of(submission)
        return QueuePosition(
            deferral=deferral,
            preceding=await self._preceding(submission, deferral),
            following=await self._following(submission, deferral, self.in_turn(), self.put_off()),
            position=await self._position(submission, deferral) if submission.is_waiting else None,
            count=await self.count(),
        )

    async def _following(
        self,
        submission: Submission,
        deferral: Deferral | None,
        turn: QuerySet[Submission],
        late: QuerySet[Deferral],
    ) -> Submission | None:
        """What comes after `submission`, which need not wait any more, in `turn` or `late`; None at the end."""
        turn, late = (
            turn.select_related("artwork__image"),
            late.select_related("submission__artwork__image"),
        )
        if deferral is None:
            after = Q(at__gt=submission.at) | Q(at=submission.at, id__gt=submission.id)
            found = await turn.filter(after).order_by("at", "id").first()
            if found is not None:
                return found
            first = await late.exclude(submission_id=submission.id).order_by("at", "id").first()
        else:
            after = Q(at__gt=deferral.at) | Q(at=deferral.at, id__gt=deferral.id)
            first = await late.filter(after).order_by("at", "id").first()
        return first.submission if first else None

    async def _preceding(self, submission: Submission, deferral: Deferral | None) -> Submission | None:
        """What comes before `submission`; None at the beginning."""
        if deferral is not None:
            before = Q(at__lt=deferral.at) | Q(at=deferral.at, id__lt=deferral.id)
            earlier = self.put_off().filter(before).select_related("submission")
            last = await earlier.order_by("-at", "-id").first()
            if last is not None:
                return last.submission
            return await self.in_turn().order_by("-at", "-id").first()
        before = Q(at__lt=submission.at) | Q(at=submission.at, id__lt=submission.id)
        return await self.in_turn().filter(before).order_by("-at", "-id").first()

    async def next_free(self, submission: Submission) -> Submission | None:
        """What to look at after `submission` was dealt with: the next in turn, or else the first."""
        turn = self.in_turn().exclude(artwork_id__in=works_held_by_others(self.curator))
        late = self.put_off().exclude(submission__artwork_id__in=works_held_by_others(self.curator))
        found = await self._following(submission, await self.deferral_of(submission), turn, late)
        if found is not None:
            return found
        first = await turn.exclude(id=submission.id).order_by("at", "id").first()
        if first is not None:
            return first
        others = late.exclude(submission_id=submission.id).select_related("submission")
        deferral = await others.order_by("at", "id").first()
        return deferral.submission if deferral else None

    async def _position(self, submission: Submission, deferral: Deferral | None) -> int:
        """How manieth it is, from 1."""
        if deferral is not None:
            earlier = await self.put_off().filter(at__lt=deferral.at).count()
            return await self.in_turn().count() + earlier + 1
        before = Q(at__lt=submission.at) | Q(at=submission.at, id__lt=submission.id)
        return await self.in_turn().filter(before).count() + 1


async def put_off(submission: Submission, by: Person) -> None:
    """Let the submission come last in this curator's queue, from today on."""
    async with in_transaction():
        await Deferral.filter(person_id=by.id, submission_id=submission.id).delete()
        await Deferral.create(person=by, submission_id=submission.id, at=now())
        await record(Verb.WORK_PUT_OFF, submission.artwork_id, by=by)


async def save_last_filter(person: Person, chosen: QueueFilter) -> None:
    """Keep how the curator last narrowed the queue."""
    kept = await LastQueue.get_or_none(person_id=person.id)
    if kept is None and chosen.query:
        await LastQueue.get_or_create(person_id=person.id, defaults={"query": chosen.query[:500]})
    elif kept is not None and kept.query != chosen.query:
        await LastQueue.filter(id=kept.id).update(query=chosen.query[:500])


async def last_filter_query(person: Person) -> str:
    """The query with which the curator last narrowed the queue, if it still means something."""
    kept = await LastQueue.get_or_none(person_id=person.id)
    if kept is None or not kept.query:
        return ""
    try:
        await narrowing(dict(parse_qsl(kept.query)))
    except HTTPException:  # its theme or organisation is gone
        return ""
    return kept.query


@dataclass(frozen=True)
class QueueFilterOption:
    """One way to narrow the queue further."""

    value: str
    label: Any  # a lazy word, or a record with a title or name in two languages
    count: int


async def filter_options(queue: Queue, total: int) -> dict[str, list[QueueFilterOption]]:
    """What waits in a queue, `total` submissions, counted by all by which it can be narrowed: a constant number of queries."""
    waiting = queue.waiting()
    fresh = await waiting.filter(_age_condition("fresh")).count()
    old = await waiting.filter(_age_condition("old")).count()
    ages = {"fresh": fresh, "days": total - fresh - old, "old": old}
    languages = await _count_by(waiting, "artwork__language")
    hints = await (
        Hint.filter(is_open=True, submission_id__in=Subquery(waiting.values("id")))
        .annotate(number=Count("submission_id", distinct=True))
        .group_by("check")
        .values_list("check", "number")
    )
    hint_counts = {str(check): int(str(number)) for check, number in hints}
    any_hint = Subquery(Hint.filter(is_open=True).values("submission_id"))
    hint_counts[NO_HINTS] = await waiting.filter(checked_with__gt=0).exclude(id__in=any_hint).count()
    by_theme = await _count_by(waiting.filter(artwork__themes__id__isnull=False), "artwork__themes__id")
    by_organisation = await _count_by(waiting, "artwork__organisation_id")
    themes = await Theme.filter(id__in=list(by_theme)).order_by("-occurs_on", "id")
    organisations = await Organisation.filter(id__in=list(by_organisation)).order_by("slug")
    return {
        "theme": [QueueFilterOption(each.slug, each, by_theme[each.id]) for each in themes],
        "organisation": [
            QueueFilterOption(each.slug, each, by_organisation[each.id]) for each in organisations
        ],
        "age": [QueueFilterOption(age, word, ages[age]) for age, word in AGE_WORDS.items() if ages[age]],
        "hint": [
            QueueFilterOption(hint, word, hint_counts[hint])
            for hint, word in HINT_WORDS.items()
            if hint_counts.get(hint)
        ],
        "language": [
            QueueFilterOption(language, LANGUAGE_NAMES[language], languages[language])
            for language in LANGUAGES
            if language in languages
        ],
    }


async def _count_by(submissions: QuerySet[Submission], field: str) -> dict[Any, int]:
    rows = await submissions.annotate(number=Count("id")).group_by(field).values_list(field, "number")
    return {value: int(str(number)) for value, number in rows}
