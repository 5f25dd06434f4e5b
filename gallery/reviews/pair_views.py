"""Two works with nearly the same picture, side by side: a curator decides whether they are the same work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.reviews import pairs
from gallery.reviews.access import load_pair
from gallery.reviews.decisions import DecisionRefused, being_scored_sentence, open_scoring_round
from gallery.reviews.forms import REOPEN, PairForm
from gallery.reviews.models import Opinion, PairOutcome
from gallery.reviews.pairs import PairRefused, ShownPair
from gallery.reviews.vetoes import VetoRefused
from gallery.storage import StoreUnavailable
from gallery.web.edit_conflicts import EditConflict
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render, storage_of


async def show(request: Request) -> Response:
    """A curator sees both pictures, names and stories as they were when sent."""
    _person, shown = await load_pair(request)
    return await _redirect_to_scoring(request, shown) or _page(
        request, shown, PairForm(data={"which": "later"})
    )


async def _redirect_to_scoring(request: Request, shown: ShownPair) -> Response | None:
    """A redirect to the open scoring round of one of the works; None if there is no such round.

    The pair's page names artists, which curators must not learn during a round.
    """
    for side in shown.sides:
        round = await open_scoring_round(side.artwork) if side.is_waiting else None
        if round is not None:
            response = redirect(request, "rounds:show", id=round.id)
            flash(request, response, str(being_scored_sentence(round)), "hint")
            return response
    return None


async def update(request: Request) -> Response:
    """A curator settles the pair as two works or one, asks an organisation, or reopens the pair."""
    person, shown = await load_pair(request)
    if (response := await _redirect_to_scoring(request, shown)) is not None:
        return response
    form = PairForm(await read_small_form(request))
    if not form.validate():
        return _page(request, shown, form, 422)
    chosen = shown.earlier if form.which.data == "earlier" else shown.later
    made = None
    try:
        if form.outcome.data == REOPEN:
            await pairs.reopen_pair(shown.pair, person)
        elif form.outcome.data == PairOutcome.TWO_WORKS:
            await pairs.mark_as_two_works(shown.pair, person)
        elif form.outcome.data == PairOutcome.SAME_WORK:
            made = await pairs.mark_as_same_work(shown, shown.other(chosen), person, storage_of(request))
        else:
            made = await pairs.ask_organisation(shown, chosen, form.words.data or "", person)
    except (DecisionRefused, EditConflict, PairRefused, VetoRefused) as refusal:
        form.refuse("outcome", str(refusal.sentence))
        return _page(request, shown, form, 422)
    except StoreUnavailable:  # the work is off every page already, and the worker deletes its files later
        form.refuse(
            "outcome",
            _("It is off view. Its public files could not be deleted yet; the site will try again."),
        )
        return _page(request, shown, form, 503)
    response = redirect(request, "pairs:show", id=shown.pair.id)
    if isinstance(made, Opinion):
        flash(request, response, _("Another curator decides next; these two stay open until then."), "hint")
    else:
        flash(request, response, PAIR_MESSAGES[form.outcome.data or ""]())
    return response


PAIR_MESSAGES = {
    PairOutcome.TWO_WORKS: lambda: _("Both hints are gone: these are two works."),
    PairOutcome.SAME_WORK: lambda: _("These are the same work; one of them stays."),
    PairOutcome.ASKED: lambda: _("The organisation is asked."),
    REOPEN: lambda: _("The question is open again. Decisions on the works stand."),
}


def _page(request: Request, shown: ShownPair, form: PairForm, status: int = 200) -> Response:
    context = {
        "shown": shown,
        "form": form,
        "questions": {
            name: pairs.suggested_question(shown, getattr(shown, name)) for name in ("earlier", "later")
        },
    }
    return render(request, "reviews/pair.html", context, status=status)


routes = [
    Route("/desk/pairs/{id:int}", show, name="pairs:show", methods=["GET"]),
    Route("/desk/pairs/{id:int}", update, name="pairs:resolve", methods=["POST"]),
]
