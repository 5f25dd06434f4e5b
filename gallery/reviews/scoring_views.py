"""The pages of scoring rounds: opening a round, scoring blind, and the ranked list to decide from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Submission
from gallery.clock import now
from gallery.numbers import row_id
from gallery.reviews import scoring
from gallery.reviews.access import load_curator, load_round
from gallery.reviews.forms import BulkReviewForm, RoundForm, ScoreForm
from gallery.reviews.models import Score, ScoringRound
from gallery.reviews.scoring import BlindWork, RankedWork, ScoringRefused
from gallery.themes.models import Theme
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.list_pages import page_within
from gallery.web.rendering import flash, redirect, render, settings_of

PER_PAGE = 50


async def index(request: Request) -> Response:
    """A curator sees the rounds that are open and those that have closed, and can open one."""
    await load_curator(request)
    return await _index(request, RoundForm(themes=await _themes()))


async def create(request: Request) -> Response:
    """A curator opens a scoring round for one theme."""
    person = await load_curator(request)
    form = RoundForm(await read_desk_form(request), themes=await _themes())
    is_valid, closes_at = form.validate(), form.closes_at.data
    if closes_at is None and not form.closes_at.errors:
        form.refuse("closes_at", _("Please say when the round closes."))
    elif is_valid and closes_at is not None:
        theme = await Theme.get(id=row_id(form.theme.data))
        try:
            made = await scoring.open_round(theme, closes_at, person)
            return redirect(request, "rounds:show", id=made.id)
        except ScoringRefused as refusal:
            form.refuse("closes_at", str(refusal.sentence))
    return await _index(request, form, 422)


async def show(request: Request) -> Response:
    """A curator sees their progress in an open round, or the ranked list of a closed one."""
    person, round = await load_round(request)
    if scoring.is_open(round):
        turn = await scoring.scoring_order(round, person, settings_of(request).secret_key)
        mine = await scoring.scores_by(round, person)
        context = {
            "round": round,
            "total": len(turn),
            "done": sum(id in mine for id in turn),
            "scorers": await Score.filter(round_id=round.id).distinct().values_list("by_id", flat=True),
            "following": next((id for id in turn if id not in mine), turn[0] if turn else None),
            "may_close": _may_close(round, person),
        }
        return render(request, "rounds/open.html", context)
    return await _ranked_page(request, round)


async def close(request: Request) -> Response:
    """The curator who opened a round, or a keeper, closes it early."""
    person, round = await load_round(request)
    if not _may_close(round, person):
        raise HTTPException(404)
    await scoring.close_round(round, person)
    return redirect(request, "rounds:show", id=round.id)


async def score_new(request: Request) -> Response:
    """A curator sees one work of an open round, without the names."""
    person, round, submission = await _load_scored(request)
    mine = await Score.get_or_none(round_id=round.id, submission_id=submission.id, by_id=person.id)
    begin_with = {"value": str(mine.value), "note": mine.note} if mine else {}
    return await _score_page(request, person, round, submission, ScoreForm(data=begin_with))


async def score_create(request: Request) -> Response:
    """A curator scores a work, and is redirected to the next one."""
    person, round, submission = await _load_scored(request)
    form = ScoreForm(await read_desk_form(request))
    if not form.validate():
        return await _score_page(request, person, round, submission, form, 422)
    try:
        await scoring.score(round, submission, person, int(form.value.data), form.note.data or "")
    except ScoringRefused as refusal:
        response: Response = redirect(request, "rounds:show", id=round.id)
        flash(request, response, str(refusal.sentence), "hint")
        return response
    turn = await scoring.scoring_order(round, person, settings_of(request).secret_key)
    mine = await scoring.scores_by(round, person)
    after = turn[turn.index(submission.id) + 1 :] if submission.id in turn else []
    following = next((id for id in [*after, *turn] if id not in mine), None)
    if following is None:
        response = redirect(request, "rounds:show", id=round.id)
        flash(
            request,
            response,
            _("You have scored every work of this round. You can change a score until it closes."),
        )
        return response
    return redirect(request, "rounds:score", id=round.id, submission=following)


async def _load_scored(request: Request) -> tuple[Person, ScoringRound, Submission]:
    """The curator, the round and the submission in the URL; 404 unless the curator may score it now."""
    person, round = await load_round(request)
    wanted = (await scoring.submissions_to_score(round, person)).filter(id=request.path_params["submission"])
    submission = await wanted.first() if scoring.is_open(round) else None
    if submission is None:
        raise HTTPException(404)
    return person, round, submission


async def _score_page(
    request: Request,
    person: Person,
    round: ScoringRound,
    submission: Submission,
    form: ScoreForm,
    status: int = 200,
) -> Response:
    turn = await scoring.scoring_order(round, person, settings_of(request).secret_key)
    mine = await scoring.scores_by(round, person)
    place = turn.index(submission.id)
    shown: BlindWork = await scoring.blind_work(submission)
    context = {
        "round": round,
        "shown": shown,
        "form": form,
        "position": place + 1,
        "count": len(turn),
        "done": sum(id in mine for id in turn),
        "preceding": turn[place - 1] if place else None,
        "following": turn[place + 1] if place + 1 < len(turn) else None,
    }
    return render(request, "rounds/score.html", context, status=status)


@dataclass(frozen=True)
class RankedRow:
    """A line of the ranked list."""

    ranked: RankedWork
    submission: Submission
    artwork: Artwork
    scores: list[Score]


async def _ranked_page(request: Request, round: ScoringRound) -> Response:
    pairs = await Score.filter(round_id=round.id).values_list("submission_id", "value")
    ids = await scoring.round_submissions(round).values_list("id", flat=True)
    ranking = scoring.rank_works(
        [(int(str(id)), int(str(value))) for id, value in pairs], [int(str(id)) for id in ids]
    )
    page, pages = page_within(request.query_params, len(ranking), PER_PAGE)
    shown = ranking[(page - 1) * PER_PAGE : page * PER_PAGE]
    submissions = {
        each.id: each
        for each in await Submission.filter(id__in=[each.submission_id for each in shown]).select_related(
            "artwork__image", "artwork__artist", "artwork__organisation"
        )
    }
    await load_as_sent([each.artwork for each in submissions.values()])
    scores: dict[int, list[Score]] = {}
    given = Score.filter(round_id=round.id, submission_id__in=list(submissions))
    for score in await given.order_by("-value", "id").select_related("by"):
        scores.setdefault(score.submission_id, []).append(score)
    context = {
        "round": round,
        "rows": [
            RankedRow(each, found, found.artwork, scores.get(found.id, []))
            for each in shown
            if (found := submissions.get(each.submission_id))
        ],
        "total": len(ranking),
        "scorers": len(set(await Score.filter(round_id=round.id).distinct().values_list("by_id", flat=True))),
        "page": page,
        "pages": pages,
        "form": BulkReviewForm(),
    }
    return render(request, "rounds/ranked.html", context)


def _may_close(round: ScoringRound, person: Person) -> bool:
    return person.is_keeper or round.opened_by_id == person.id


async def _themes() -> list[tuple[str, str]]:
    """Themes with waiting works."""
    waiting = Submission.filter(is_waiting=True, artwork__themes__id__isnull=False).distinct()
    ids: list[Any] = await waiting.values_list("artwork__themes__id", flat=True)
    themes = Theme.filter(id__in=ids).order_by("-occurs_on", "id")
    return [(str(theme.id), localized(theme, "title").text) for theme in await themes]


async def _index(request: Request, form: RoundForm, status: int = 200) -> Response:
    rounds: list[Any] = await (
        ScoringRound.all()
        .annotate(given=Count("scores"))
        .order_by("-closes_at")
        .limit(PER_PAGE)
        .prefetch_related("theme")
    )
    context = {
        "form": form,
        "open": [each for each in rounds if each.closes_at > now()],
        "closed": [each for each in rounds if each.closes_at <= now()],
    }
    return render(request, "rounds/index.html", context, status=status)


routes = [
    Route("/desk/rounds", index, name="rounds:index", methods=["GET"]),
    Route("/desk/rounds", create, name="rounds:create", methods=["POST"]),
    Route("/desk/rounds/{id:int}", show, name="rounds:show", methods=["GET"]),
    Route("/desk/rounds/{id:int}/closing", close, name="rounds:close", methods=["POST"]),
    Route("/desk/rounds/{id:int}/works/{submission:int}", score_new, name="rounds:score", methods=["GET"]),
    Route(
        "/desk/rounds/{id:int}/works/{submission:int}",
        score_create,
        name="rounds:create_score",
        methods=["POST"],
    ),
]
