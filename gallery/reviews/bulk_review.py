"""One decision on several works, with the same checks for each work. The page lists the refused works."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Submission
from gallery.numbers import whole_numbers
from gallery.reviews import decisions
from gallery.reviews.access import load_curator
from gallery.reviews.decisions import UNDO_PERIOD, DecisionRefused, UnconfirmedPersonalData
from gallery.reviews.forms import BulkReviewForm, describe_personal_data
from gallery.reviews.models import Decision, Opinion, Review
from gallery.reviews.queue import NO_FILTER_QUERY, load_queue_filter
from gallery.reviews.queue_views import PER_PAGE, queue_page
from gallery.web.edit_conflicts import EditConflict
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import render


@dataclass(frozen=True)
class BulkReviewResult:
    """The result for one of the chosen works."""

    artwork: Artwork
    made: Review | Opinion | None = None
    sentence: str = ""  # why it was refused

    @property
    def field(self) -> str:
        """The name of the form field that asks to undo this decision."""
        return "review" if isinstance(self.made, Review) else "opinion"


async def create(request: Request) -> Response:
    """A curator makes the same decision on all chosen works, and reads the result for each."""
    person = await load_curator(request)
    posted = await read_desk_form(request)
    form = BulkReviewForm(posted)
    ids = whole_numbers(posted.getlist("work"))
    form.validate()
    if not ids:
        form.refuse("decision", _("Please choose at least one work."))
    if form.decision.data in {Decision.RETURNED, Decision.DECLINED} and not form.reason.data:
        form.refuse("reason", _("Please give the organisations a reason: they will read it."))
    if form.errors:
        return await queue_page(request, person, form, status=422)
    submissions = await (
        Submission.filter(id__in=ids[:PER_PAGE]).order_by("at", "id").prefetch_related("artwork__image")
    )
    await load_as_sent([each.artwork for each in submissions])
    decision = Decision(form.decision.data or "")
    outcomes = [await _decide(each, person, decision, form.reason.data or "") for each in submissions]
    chosen = await load_queue_filter(request.query_params)
    context = {
        "decision": decision,
        "done": [each for each in outcomes if each.made],
        "opinion_count": sum(isinstance(each.made, Opinion) for each in outcomes),
        "refused": [each for each in outcomes if not each.made],
        "seconds": round(UNDO_PERIOD.total_seconds()),
        "query": chosen.query or NO_FILTER_QUERY,
    }
    return render(request, "reviews/bulk_review.html", context)


async def _decide(submission: Submission, by: Person, decision: Decision, reason: str) -> BulkReviewResult:
    artwork = submission.artwork
    try:
        if decision == Decision.ACCEPTED:
            made = await decisions.accept(artwork, submission, by, reason)
        elif decision == Decision.RETURNED:
            made = await decisions.return_to_partner(artwork, submission, by, {}, reason)
        else:
            made = await decisions.decline(artwork, submission, by, reason)
    except UnconfirmedPersonalData as refusal:
        data = _("; ").join(describe_personal_data(each) for each in refusal.found)
        return BulkReviewResult(
            artwork, sentence=_("Please open it: its texts contain personal data. %(data)s") % {"data": data}
        )
    except (DecisionRefused, EditConflict) as refusal:
        return BulkReviewResult(artwork, sentence=str(refusal))
    return BulkReviewResult(artwork, made)


routes = [
    Route("/desk/queue/decisions", create, name="reviews:bulk", methods=["POST"]),
]
