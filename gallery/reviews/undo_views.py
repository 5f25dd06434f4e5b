"""The action that undoes decisions of the last ten seconds: one decision, or several of a bulk review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.numbers import whole_numbers
from gallery.reviews.access import load_curator
from gallery.reviews.decisions import UNDO_PERIOD
from gallery.reviews.models import Decision, Opinion, Review
from gallery.reviews.queue import NO_FILTER_QUERY
from gallery.reviews.undo import UndoRefused, undo_opinion, undo_review
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext
from gallery.web.rendering import flash, redirect

MAX_UNDONE = 50  # the most decisions in one form, as many as there are works on a page of the queue


async def create(request: Request) -> Response:
    """A curator undoes decisions of the last seconds and looks at the work again."""
    person = await load_curator(request)
    posted = await read_desk_form(request)
    undone: list[Artwork] = []
    refusals: list[str] = []
    reviews = await Review.filter(id__in=_ids(posted, "review")).order_by("id").prefetch_related("artwork")
    await load_as_sent([review.artwork for review in reviews])
    for review in reviews:
        try:
            await undo_review(review, person)
            undone.append(review.artwork)
        except UndoRefused as refusal:
            refusals.append(f"{review.artwork.own('title')}: {refusal}")
    opinions = Opinion.filter(id__in=_ids(posted, "opinion"), by_id=person.id).order_by("id")
    for opinion in await opinions.prefetch_related("submission__artwork"):
        artwork = opinion.submission.artwork
        try:
            await undo_opinion(opinion, person)
            undone.append(artwork)
        except UndoRefused as refusal:
            refusals.append(f"{artwork.own('title')}: {refusal}")
    if len(undone) == 1 and not refusals:
        response: Response = redirect(request, "reviews:new", id=undone[0].id)
    else:
        response = redirect(request, "reviews:index", query=NO_FILTER_QUERY)
    level = "done" if undone and not refusals else "hint"
    flash(request, response, _summary(len(undone), refusals), level)
    return response


def _summary(number: int, refusals: list[str]) -> str:
    sentences = refusals[:3]
    if number:
        done = ngettext("The decision is taken back.", "%(num)s decisions are taken back.", number)
        sentences.insert(0, done % {"num": number})
    return " ".join(sentences) or _("This decision has already been taken back.")


def _ids(posted: ImmutableMultiDict[str, Any], name: str) -> list[int]:
    return whole_numbers(posted.getlist(name))[:MAX_UNDONE]


@dataclass(frozen=True)
class UndoableDecision:
    """A decision that can still be undone: a review, or the opinion of the first of two curators."""

    artwork: Artwork
    decision: Decision
    seconds: int  # seconds left for undoing the decision
    review: Review | None = None
    opinion: Opinion | None = None


async def load_undoable(person: Person) -> UndoableDecision | None:
    """The curator's latest decision, if it can still be undone."""
    mine: dict[str, Any] = {"by_id": person.id, "at__gt": now() - UNDO_PERIOD}
    review = await Review.filter(**mine).order_by("-at").select_related("artwork").first()
    opinions = Opinion.filter(**mine, submission__is_waiting=True)
    opinion = await opinions.order_by("-at").select_related("submission__artwork").first()
    if opinion is not None and (review is None or opinion.at > review.at):
        left = _seconds_left(opinion.at)
        return UndoableDecision(opinion.submission.artwork, opinion.decision, left, opinion=opinion)
    if review is None:
        return None
    await load_as_sent([review.artwork])
    return UndoableDecision(review.artwork, review.decision, _seconds_left(review.at), review=review)


def _seconds_left(since: datetime) -> int:
    return max(1, round((since + UNDO_PERIOD - now()).total_seconds()))


routes = [Route("/desk/queue/undo", create, name="reviews:undo", methods=["POST"])]
