"""The history of a work, step by step, and who has to act next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gallery.artworks.models import Artwork, Status
from gallery.clock import now, start_of_day, to_local
from gallery.images.models import ImageState
from gallery.images.sandbox.parent import REFUSALS
from gallery.images.uploads import waiting_message
from gallery.web.forms import Form
from gallery.web.languages import gettext as _
from gallery.web.languages import localized, ngettext
from gallery.web.rendering import shown_date, shown_number

OPENED, HUNG, SEEN = "opened", "hung", "seen"


@dataclass(frozen=True)
class Note:
    """A curator's note on a field of the work's form."""

    label: str
    text: str
    anchor: str  # the note's id on the page of the form


@dataclass(frozen=True)
class Step:
    word: Any  # text of the step, such as the label of `status`
    status: str
    at: datetime
    by: str
    reason: str = ""
    notes: Sequence[Note] = ()
    is_day: bool = False  # whether the time of day in `at` is unknown


def review_steps(artwork: Artwork, labels: Form) -> list[Step]:
    """The steps of submissions and reviews, oldest first; both must be fetched, with their `by`."""
    steps = [
        Step(Status.SUBMITTED.label, Status.SUBMITTED, each.at, each.by.name if each.by else "")
        for each in artwork.submissions
    ]
    for submission in artwork.submissions:
        taken = submission.taken_back
        if taken is not None:
            steps.append(Step(_("taken back"), Status.DRAFT, taken.at, taken.by.name if taken.by else ""))
    for review in artwork.reviews:
        notes = field_notes(review.notes, labels)
        by = review.by.name if review.by else ""
        steps.append(Step(review.decision.label, review.decision, review.at, by, review.reason, notes))
    return sorted(steps, key=lambda step: step.at)


def field_notes(notes: Mapping[str, str], labels: Form) -> list[Note]:
    """The notes of a review (form field → note) with the labels of the form."""
    found = []
    for name, text in notes.items():
        label = str(labels[name].label.text) if name in labels else _("Further pictures")
        found.append(Note(label, text, f"{labels[name].id if name in labels else name}-note"))
    return found


async def hanging_steps(artwork: Artwork) -> list[Step]:
    """The steps of each exhibition with the work: when it was hung and when visitors first saw it.

    Oldest first. If a published exhibition has not opened yet, its step is in the future.
    """
    hangings = (
        await artwork.hangings.all()
        .filter(room__edition__published_at__isnull=False)
        .order_by("room__edition__published_at")
        .prefetch_related("room__edition")
    )
    first: dict[int, Any] = {}
    for hanging in hangings:
        edition: Any = hanging.room.edition
        if edition.first_shown_at is not None:
            first.setdefault(edition.exhibition_id, edition)
    steps = []
    for edition in first.values():
        title = localized(edition, "title").text
        steps.append(Step(_("hung"), HUNG, edition.published_at, "", title))
        opened = edition.first_shown_at
        word = _("opened to visitors") if opened <= now() else _("opens to visitors")
        steps.append(Step(word, OPENED, opened, "", title))
    return sorted(steps, key=lambda step: step.at)


async def view_steps(artwork: Artwork, hung: Sequence[Step]) -> list[Step]:
    """A step on the first day with visits, with the number of all visits; empty if there were none."""
    days = await artwork.counts.filter(kind=SEEN).order_by("day").values_list("day", "number")
    if not days:
        return []
    times = sum(number for _day, number in days)
    sentence = ngettext("Seen %(number)s time so far.", "Seen %(number)s times so far.", times)
    reason = sentence % {"number": shown_number(times)}
    if appreciated := await artwork.appreciations.filter(is_there=True).count():
        sentence = ngettext(
            "%(number)s visitor has thanked the artist.",
            "%(number)s visitors have thanked the artist.",
            appreciated,
        )
        reason += " " + sentence % {"number": shown_number(appreciated)}
    first = start_of_day(days[0][0])
    opened = [step.at for step in hung if step.status == OPENED and to_local(step.at).date() == days[0][0]]
    return [Step(_("first seen by a visitor"), SEEN, max([first, *opened]), "", reason, is_day=True)]


def next_actor_sentence(artwork: Artwork, hung: Sequence[Step]) -> str:
    """A sentence that says who has to act, and since when; submissions and reviews must be fetched."""
    if artwork.is_editable:
        return _("It is with you.")
    if artwork.status == Status.SUBMITTED:
        sent = max((each.at for each in artwork.submissions), default=artwork.updated_at)
        return _("It has been with the curators since %(day)s.") % {"day": shown_date(sent)}
    if artwork.status != Status.ACCEPTED:
        return ""
    if artwork.is_vetoed:
        return _("It is not shown at present. Please ask the curators if you wish to know more.")
    opened = [step for step in hung if step.status == OPENED]
    if any(step.at <= now() for step in opened):
        return ""
    if opened:
        return _("It is hung; its exhibition opens on %(day)s.") % {"day": shown_date(opened[0].at)}
    return _("It is accepted; the curators hang it when an exhibition is built.")


def next_step(
    artwork: Artwork,
    hung: Sequence[Step],
    *,
    is_complete: bool,
    is_unchanged: bool,
    awaits_family: bool = False,
) -> str:
    """What the organisation can do next, in one or two sentences; "" if it can only ask.

    `is_complete`: whether nothing is missing for a submission. `is_unchanged`: whether a returned work was
    not changed since. `awaits_family`: whether only a consent is missing, and its family was asked for it.
    """
    if artwork.status == Status.RETURNED and is_unchanged:
        return _("Please change what the curator asks for, then submit it again.")
    if artwork.is_editable and awaits_family:
        return _("The family has been asked for its consent. When it has agreed, submit the work.")
    if artwork.is_editable and not is_complete:
        return _("Please fill in what is missing, then submit it.")
    if artwork.status == Status.ACCEPTED and artwork.is_vetoed:
        return ""
    if any(step.status == OPENED and step.at <= now() for step in hung):
        return _("Visitors see it. Show it to those who made it, and to their families.")
    return {
        Status.DRAFT: _("Everything is there: submit it, and a curator will look at it."),
        Status.RETURNED: _("You have changed it since. If that is all, submit it again."),
        Status.SUBMITTED: _(
            "You need not do anything: you will see here what they decide. To change something, take it back first."
        ),
        Status.ACCEPTED: _("You need not do anything. If something should be different, propose a change."),
        Status.DECLINED: _(
            "It cannot be changed. You can offer it again: a copy becomes a draft, which you can change and submit to "
            "another theme."
        ),
        Status.WITHDRAWN: _("Its consent was withdrawn. There is nothing left to do."),
    }[artwork.status]


def status_reason(artwork: Artwork) -> str:
    """Why a work has its status, or ""; image and reviews must be fetched."""
    if artwork.status in {Status.RETURNED, Status.DECLINED}:
        review = max(artwork.reviews, key=lambda each: each.at, default=None)
        if review is not None:
            notes = len(review.notes)
            count = ngettext("%(num)s note", "%(num)s notes", notes) % {"num": notes} if notes else ""
            return " · ".join(part for part in (count, review.reason) if part)
    if artwork.unfinished:
        return _("Something you typed is not finished yet. It is kept in the form.")
    if artwork.image is None:
        return _("There is no picture yet.") if artwork.is_editable else ""
    if artwork.image.state == ImageState.REFUSED:
        return str(REFUSALS.get(artwork.image.refusal, REFUSALS["damaged"]))
    if artwork.image.state == ImageState.RECEIVED:
        return waiting_message(artwork.image)
    if artwork.status == Status.SUBMITTED:
        return _("A curator will look at it.")
    return ""
