"""Access to reviews: every curator may review every work that was ever sent for review; nobody else may."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from tortoise.query_utils import Prefetch

from gallery.accounts.access import load_curator
from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Submission
from gallery.reviews.models import Hint, Report, Review, ScoringRound, Veto
from gallery.reviews.pairs import ShownPair, load_pairs

__all__ = ["load_curator", "load_hint", "load_pair", "load_report", "load_round", "load_submitted"]


async def load_submitted(request: Request) -> tuple[Person, Artwork]:
    """The curator, and the work in the URL as it was sent, with everything that its page shows.

    404 for works that were never sent for review: only their organisation sees drafts.
    """
    person = await load_curator(request)
    artwork = await (
        Artwork.filter(id=request.path_params["id"])
        .select_related("image", "sound", "artist", "consent", "project", "organisation")
        .prefetch_related(
            "themes",
            Prefetch(
                "submissions", Submission.all().order_by("number").select_related("by", "private_share")
            ),
            Prefetch(
                "reviews",
                Review.all().order_by("id").select_related("by").prefetch_related("risk", "later_check"),
            ),
            Prefetch("vetoes", Veto.all().order_by("id").select_related("by", "lifted_by")),
        )
        .first()
    )
    if artwork is None or not artwork.submissions:
        raise HTTPException(404)
    await load_as_sent([artwork])
    return person, artwork


async def load_hint(request: Request) -> tuple[Person, Hint]:
    """The curator, and the hint in the URL with its work."""
    person = await load_curator(request)
    hint = await Hint.get_or_none(id=request.path_params["id"]).prefetch_related("artwork")
    if hint is None:
        raise HTTPException(404)
    return person, hint


async def load_pair(request: Request) -> tuple[Person, ShownPair]:
    """The curator, and the pair in the URL; 404 if one work was withdrawn or has another picture now."""
    person = await load_curator(request)
    id = request.path_params["id"]
    pair = (await load_pairs([id])).get(id)
    if pair is None:
        raise HTTPException(404)
    return person, pair


async def load_round(request: Request) -> tuple[Person, ScoringRound]:
    """The curator, and the scoring round in the URL with its theme."""
    person = await load_curator(request)
    round = await ScoringRound.get_or_none(id=request.path_params["id"]).prefetch_related(
        "theme", "opened_by"
    )
    if round is None:
        raise HTTPException(404)
    return person, round


async def load_report(request: Request) -> tuple[Person, Report]:
    """The curator, and the report in the URL with its work.

    404 for a report about the curator's own organisation if another curator can read it, because it says
    who reported.
    """
    person = await load_curator(request)
    report = await Report.get_or_none(id=request.path_params["id"]).prefetch_related(
        "artwork__organisation", "artwork__artist", "artwork__image", "closed_by"
    )
    if report is None or report.artwork.organisation_id in await organisations_with_conflict(person.id):
        raise HTTPException(404)
    await load_as_sent([report.artwork])
    return person, report
