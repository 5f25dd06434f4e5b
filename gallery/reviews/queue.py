"""The queue: the waiting submissions, their order, the filters, and the number of matches of each filter.

The submission that has waited longest comes first. Submissions that a curator deferred come at the end of
that curator's queue, in the order of deferring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import LIKELY_LANGUAGES, contains_words, find_language, own_language_name

FRESH_AGE = timedelta(days=3)
OLD_AGE = timedelta(days=14)
AGE_WORDS = {
    "fresh": _l("less than three days"),
    "days": _l("three days to two weeks"),
    "old": _l("more than two weeks"),
}
NO_HINTS = "none"
HINT_WORDS = {NO_HINTS: _l("without hints"), **CHECK_WORDS}
NO_FILTER_QUERY = "filter=none"  # the query string of the unfiltered queue
MOST_COUNTED = 1_000  # waiting submissions; in a longer queue, options have no counts
MOST_OPTIONS = 30  # themes or organisations; other organisations are found by name


@dataclass(frozen=True)
class QueueFilter:
    """The filters that a curator has chosen for the queue. A field that is None or empty does not filter."""

    theme: Theme | None = None
    organisation: Organisation | None = None
    age: str = ""
    hint: str = ""
    language: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The filters as query parameters: name → value, "" for a filter that is not set."""
        return {
            "theme": self.theme.slug if self.theme else "",
            "organisation": self.organisation.slug if self.organisation else "",
            "age": self.age,
            "hint": self.hint,
            "language": self.language,
        }

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in self.values.items() if value})

    def but(self, **changed: Any) -> QueueFilter:
        return replace(self, **changed)

    def apply(self, submissions: QuerySet[Submission]) -> QuerySet[Submission]:
        if self.theme is not None:
            submissions = submissions.filter(artwork_id__in=works_of_theme(self.theme))
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


def works_of_theme(theme: Theme) -> Subquery:
    """The ids of the theme's works. With a join instead, SQLite would read each waiting work."""
    return Subquery(Theme.filter(id=theme.id).values("artworks__id"))


def _age_of(at: datetime, moment: datetime) -> str:
    """The key of AGE_WORDS for a submission sent at `at`; in SQL: `_age_condition`."""
    if at > moment - FRESH_AGE:
        return "fresh"
    return "days" if at > moment - OLD_AGE else "old"


def _age_condition(age: str) -> Q:
    moment = now()
    if age == "fresh":
        return Q(at__gt=moment - FRESH_AGE)
    if age == "old":
        return Q(at__lte=moment - OLD_AGE)
    return Q(at__lte=moment - FRESH_AGE, at__gt=moment - OLD_AGE)


async def load_queue_filter(parameters: Mapping[str, str]) -> QueueFilter:
    """The filter from the query parameters; 404 for an unknown value."""
    chosen = {
        name: parameters.get(name, "")
        for name, known in (("age", AGE_WORDS), ("hint", HINT_WORDS))
        if parameters.get(name, "") in known
    }
    if (language := parameters.get("language", "")) and find_language(language) == language:
        chosen["language"] = language
    if any(parameters.get(name) and name not in chosen for name in ("age", "hint", "language")):
        raise HTTPException(404)
    return QueueFilter(
        theme=await load_by_slug(Theme, parameters.get("theme", "")),
        organisation=await load_by_slug(Organisation, parameters.get("organisation", "")),
        **chosen,
    )


async def load_by_slug(model: Any, slug: str) -> Any:
    """The theme or organisation with that slug, None for an empty slug; 404 if there is none."""
    if not slug:
        return None
    record = await model.get_or_none(slug=slug[:60])
    if record is None:
        raise HTTPException(404)
    return record


@dataclass(frozen=True)
class QueuePosition:
    """A submission's place in a queue, with its neighbours. The image of `following` is prefetched."""

    deferral: Deferral | None
    preceding: Submission | None
    following: Submission | None
    position: int | None  # from 1; None if the submission no longer waits
    count: int


@dataclass(frozen=True)
class Queue:
    """The waiting submissions, as seen by one curator."""

    curator: Person
    filter: QueueFilter

    def waiting(self) -> QuerySet[Submission]:
        """All submissions that wait for this curator, unfiltered.

        Submissions on which this curator gave the first of two opinions are left out, and so are those in an
        open scoring round.
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

    def not_deferred(self) -> QuerySet[Submission]:
        """The waiting submissions that match the filter and that this curator did not defer, unordered."""
        return self.filter.apply(self.waiting()).exclude(id__in=self._deferred_ids())

    def deferred(self) -> QuerySet[Deferral]:
        """This curator's deferrals of waiting submissions that match the filter, unordered."""
        waiting = Subquery(self.filter.apply(self.waiting()).values("id"))
        return Deferral.filter(person_id=self.curator.id, submission_id__in=waiting)

    def _deferred_ids(self) -> Subquery:
        return Subquery(Deferral.filter(person_id=self.curator.id).values("submission_id"))

    async def count(self) -> int:
        return await self.filter.apply(self.waiting()).count()

    async def ids(self, first: int, number: int) -> tuple[list[int], dict[int, Any]]:
        """The ids of `number` submissions from the index `first` on, counted from 0.

        Also returns a dict for the deferred ones among them: id → time of deferral.
        """
        rows = (
            await self.not_deferred()
            .order_by("at", "id")
            .offset(first)
            .limit(number)
            .values_list("id", flat=True)
        )
        ids = [int(str(id)) for id in rows]
        if len(ids) == number:
            return ids, {}
        before = 0 if ids else await self.not_deferred().count()
        skipped = max(0, first - before) if not ids else 0
        late = await (
            self.deferred()
            .order_by("at", "id")
            .offset(skipped)
            .limit(number - len(ids))
            .values_list("submission_id", "at")
        )
        moments = {int(str(id)): at for id, at in late}
        return [*ids, *moments], moments

    async def deferral_of(self, submission: Submission) -> Deferral | None:
        return await Deferral.get_or_none(person_id=self.curator.id, submission_id=submission.id)

    async def position_of(self, submission: Submission) -> QueuePosition:
        deferral = await self.deferral_of(submission)
        return QueuePosition(
            deferral=deferral,
            preceding=await self._preceding(submission, deferral),
            following=await self._following(submission, deferral, self.not_deferred(), self.deferred()),
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
        """The submission after `submission` in the queue; None at the end.

        `turn`: submissions that were not deferred. `late`: deferrals, which come after `turn`. `submission`
        itself need not wait any more.
        """
        turn, late = (
            turn.select_related("artwork__image"),
            late.select_related("submission__artwork__image"),
        )
        if deferral is None:
            after = Q(at__gt=submission.at) | Q(at=submission.at, id__gt=submission.id)
            following = await turn.filter(after).order_by("at", "id").first()
            if following is not None:
                return following
            first = await late.exclude(submission_id=submission.id).order_by("at", "id").first()
        else:
            after = Q(at__gt=deferral.at) | Q(at=deferral.at, id__gt=deferral.id)
            first = await late.filter(after).order_by("at", "id").first()
        return first.submission if first else None

    async def _preceding(self, submission: Submission, deferral: Deferral | None) -> Submission | None:
        if deferral is not None:
            before = Q(at__lt=deferral.at) | Q(at=deferral.at, id__lt=deferral.id)
            earlier = self.deferred().filter(before).select_related("submission")
            last = await earlier.order_by("-at", "-id").first()
            if last is not None:
                return last.submission
            return await self.not_deferred().order_by("-at", "-id").first()
        before = Q(at__lt=submission.at) | Q(at=submission.at, id__lt=submission.id)
        return await self.not_deferred().filter(before).order_by("-at", "-id").first()

    async def next_free(self, submission: Submission) -> Submission | None:
        """The next submission that no other curator holds: after `submission`, else from the start."""
        turn = self.not_deferred().exclude(artwork_id__in=works_held_by_others(self.curator))
        late = self.deferred().exclude(submission__artwork_id__in=works_held_by_others(self.curator))
        following = await self._following(submission, await self.deferral_of(submission), turn, late)
        if following is not None:
            return following
        first = await turn.exclude(id=submission.id).order_by("at", "id").first()
        if first is not None:
            return first
        others = late.exclude(submission_id=submission.id).select_related("submission")
        deferral = await others.order_by("at", "id").first()
        return deferral.submission if deferral else None

    async def _position(self, submission: Submission, deferral: Deferral | None) -> int:
        """The submission's position in the queue, counted from 1."""
        if deferral is not None:
            earlier = await self.deferred().filter(at__lt=deferral.at).count()
            return await self.not_deferred().count() + earlier + 1
        before = Q(at__lt=submission.at) | Q(at=submission.at, id__lt=submission.id)
        return await self.not_deferred().filter(before).count() + 1


async def defer(submission: Submission, by: Person) -> None:
    """Put the submission at the end of this curator's queue."""
    async with in_transaction():
        await Deferral.filter(person_id=by.id, submission_id=submission.id).delete()
        await Deferral.create(person=by, submission_id=submission.id, at=now())
        await record(Verb.WORK_PUT_OFF, submission.artwork_id, by=by)


async def save_last_filter(person: Person, chosen: QueueFilter) -> None:
    last = await LastQueue.get_or_none(person_id=person.id)
    if last is None and chosen.query:
        await LastQueue.get_or_create(person_id=person.id, defaults={"query": chosen.query[:500]})
    elif last is not None and last.query != chosen.query:
        await LastQueue.filter(id=last.id).update(query=chosen.query[:500])


async def last_filter_query(person: Person) -> str:
    """The query string of the filter that the curator used last; empty if a value in it no longer exists."""
    last = await LastQueue.get_or_none(person_id=person.id)
    if last is None or not last.query:
        return ""
    try:
        await load_queue_filter(dict(parse_qsl(last.query)))
    except HTTPException:  # the filter's theme or organisation was deleted
        return ""
    return last.query


@dataclass(frozen=True)
class QueueFilterOption:
    """One value of a filter, with the number of waiting submissions that match it; None: not counted."""

    value: str
    label: Any  # a lazy string, or a record with a title or name
    count: int | None


@dataclass(frozen=True)
class QueueFilterOptions:
    """Filter → its options. `has_more_organisations`: whether other organisations can be found by name."""

    of: dict[str, list[QueueFilterOption]]
    has_more_organisations: bool


async def filter_options(queue: Queue, waiting: int, name: str = "") -> QueueFilterOptions:
    """The options for a queue of `waiting` submissions; a constant number of queries.

    `name`: a part of the names of the organisations that are offered.
    """
    if waiting > MOST_COUNTED:
        themes = await Theme.all().order_by("-occurs_on", "id").limit(MOST_OPTIONS)
        organisations = await _organisations_named(name) if name else []
        return QueueFilterOptions(_options(queue.filter, themes, organisations, None), True)
    counts = await _count_options(queue)
    themes = await Theme.filter(id__in=list(counts["theme"])).order_by("-occurs_on", "id")
    if name:
        organisations = await _organisations_named(name)
    else:
        most = [id for id, _count in counts["organisation"].most_common(MOST_OPTIONS)]
        organisations = await Organisation.filter(id__in=most).order_by("slug")
    has_more = bool(name) or len(counts["organisation"]) > MOST_OPTIONS
    return QueueFilterOptions(_options(queue.filter, themes, organisations, counts), has_more)


async def _organisations_named(name: str) -> list[Organisation]:
    named = contains_words("name", name) | Q(slug__icontains=name)
    return await Organisation.filter(named).order_by("slug").limit(MOST_OPTIONS)


async def _count_options(queue: Queue) -> dict[str, Counter[Any]]:
    """Filter → value → the number of waiting submissions; themes and organisations by their ids."""
    rows: list[Any] = await queue.waiting().values_list(
        "id", "at", "checked_with", "artwork__language", "artwork__organisation_id"
    )
    moment = now()
    open_hints: list[Any] = await (
        Hint.filter(is_open=True, submission_id__in=[id for id, *_others in rows])
        .distinct()
        .values_list("check", "submission_id")
    )
    hinted = {id for _check, id in open_hints}
    hints = Counter(check for check, _id in open_hints)
    hints[NO_HINTS] = sum(checked > 0 and id not in hinted for id, _at, checked, *_others in rows)
    with_theme = queue.waiting().filter(artwork__themes__id__isnull=False)
    return {
        "theme": Counter(await _count_by(with_theme, "artwork__themes__id")),
        "organisation": Counter(organisation for *_others, organisation in rows),
        "age": Counter(_age_of(at, moment) for _id, at, *_others in rows),
        "hint": hints,
        "language": Counter(language for *_others, language, _organisation in rows),
    }


def _options(
    chosen: QueueFilter,
    themes: list[Theme],
    organisations: list[Organisation],
    counts: Mapping[str, Counter[Any]] | None,
) -> dict[str, list[QueueFilterOption]]:
    """Filter → its options. Without `counts`, every value is offered; otherwise only values that match something."""
    records: dict[str, tuple[Theme | Organisation | None, Sequence[Theme | Organisation]]] = {
        "theme": (chosen.theme, themes),
        "organisation": (chosen.organisation, organisations),
    }
    words: dict[str, Mapping[str, Any]] = {
        "age": AGE_WORDS,
        "hint": HINT_WORDS,
        "language": {
            each: own_language_name(each) for each in (counts["language"] if counts else LIKELY_LANGUAGES)
        },
    }
    return {
        name: [
            QueueFilterOption(each.slug, each, counts[name][each.id] if counts else None)
            for each in ([one] if one and one not in offered else []) + list(offered)
        ]
        for name, (one, offered) in records.items()
    } | {
        name: [
            QueueFilterOption(value, label, counts[name][value] if counts else None)
            for value, label in labels.items()
            if counts is None or counts[name][value]
        ]
        for name, labels in words.items()
    }


async def _count_by(submissions: QuerySet[Submission], field: str) -> dict[Any, int]:
    rows = await submissions.annotate(number=Count("id")).group_by(field).values_list(field, "number")
    return {value: int(str(number)) for value, number in rows}
