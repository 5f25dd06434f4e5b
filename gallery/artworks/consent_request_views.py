"""Desk pages about requests for consent: asking, the list of who has answered, one request with its link, letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.queryset import QuerySet

from gallery.accounts.models import Person
from gallery.artists.consent_views import slips_page
from gallery.artists.models import ConsentRequest, ConsentRequestState
from gallery.artists.slips import SLIPS_PRINTED, load_request_slips
from gallery.artworks.consent_requests import (
    REQUEST_LIFETIME,
    answerable,
    ask,
    in_state,
    load_shown,
    renew_link,
    take_back,
    unseen_by_family,
)
from gallery.artworks.models import Artwork
from gallery.artworks.works import desk_title
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.numbers import row_id, whole_numbers
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation
from gallery.web.forms import one_line, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of

PAGE_SIZE = 100  # a class, and more
MOST_ASKED = 100  # works in one form
MAX_LISTS = 30
MOST_NAMED, MAX_NAME = 10, 40  # works in a message and characters of each: it travels in a cookie
MAX_LIST_NAME = 80  # characters


async def index(request: Request) -> Response:
    """List the requests for consent with their answers: all, or those of one list such as a class."""
    _person, organisations = await load_member(request)
    ours = ConsentRequest.filter(artist__organisation_id__in=[each.id for each in organisations])
    named = ours.exclude(list_name="").order_by("-id").limit(PAGE_SIZE * 10)
    lists = list(dict.fromkeys(await named.values_list("list_name", flat=True)))[:MAX_LISTS]
    list_name = request.query_params.get("list", "")
    in_list = ours.filter(list_name=list_name) if list_name else ours
    counts = {each: await in_list.filter(in_state(each)).count() for each in ConsentRequestState}
    text = request.query_params.get("state", "")
    state = ConsentRequestState(text) if text in set(ConsentRequestState) else None
    shown = in_list.filter(in_state(state)) if state else in_list
    rows = _with_works(shown.order_by("artist__credit_name", "id") if list_name else shown.order_by("-id"))
    page = await fetch_page(rows, request.query_params, PAGE_SIZE)
    list_pair = [("list", list_name)] if list_name else []
    context = {
        "requests": page.rows,
        "answerable": await answerable(page.rows),
        "page": page,
        "lists": lists,
        "list_name": list_name,
        "counts": {each: number for each, number in counts.items() if number},
        "total": sum(counts.values()),
        "answered": counts[ConsentRequestState.AGREED] + counts[ConsentRequestState.REFUSED],
        "state": state,
        "list_query": urlencode(list_pair),
        "query": urlencode([*([("state", str(state))] if state else []), *list_pair]),
    }
    return render(request, "consents/requests.html", context)


async def create(request: Request) -> Response:
    """A partner asks the families of the chosen works, one link for each artist."""
    person, organisations = await load_member(request)
    posted = await read_desk_form(request)
    ids = whole_numbers(posted.getlist("work"))[:MOST_ASKED]
    list_name = one_line(posted.get("list_name"))[:MAX_LIST_NAME]
    return await ask_and_answer(request, person, organisations, ids, list_name)


async def ask_and_answer(
    request: Request,
    person: Person,
    organisations: Sequence[Organisation],
    ids: Sequence[int],
    list_name: str = "",
) -> Response:
    """Ask the families of works and redirect to the request, to the list, or to the one work that was left out."""
    asked = await ask(ids, organisations, person, settings_of(request), list_name)
    if len(ids) == 1 and asked.left_out:
        response = redirect(request, "artworks:show", id=asked.left_out[0][0].id)
    elif len(asked.requests) == 1:
        response = redirect(request, "consent_requests:show", id=asked.requests[0].id)
    else:
        query = f"?{urlencode([('list', list_name)])}" if list_name and asked.requests else ""
        response = RedirectResponse(
            f"{pages_of(request).url('consent_requests:index')}{query}", status_code=303
        )
    sentence, level = _what_was_asked(len(asked.requests), asked.left_out)
    flash(request, response, sentence, level)
    return response


def _what_was_asked(number: int, left_out: list[tuple[Artwork, str]]) -> tuple[str, str]:
    """The message after asking, and its level."""
    if not number and not left_out:
        return _("Please choose at least one work."), "error"
    done = ngettext(
        "The question is ready. Send its link to the family.",
        "%(number)s questions are ready. Open each and send its link to the family, or print them all.",
        number,
    )
    sentences = [done % {"number": number}] if number else []
    works: dict[str, list[str]] = {}
    for work, reason in left_out[:MOST_NAMED]:
        works.setdefault(reason, []).append(desk_title(work)[:MAX_NAME])
    sentences += [f"{_(', ').join(names)}: {reason}" for reason, names in works.items()]
    if (more := len(left_out) - MOST_NAMED) > 0:
        sentences.append(
            ngettext("%(number)s more work was left out.", "%(number)s more works were left out.", more)
            % {"number": more}
        )
    return " ".join(sentences), "hint" if left_out else "done"


async def show(request: Request) -> Response:
    """A partner sees one request: its works, its answer, and the link while it waits."""
    _person, asked = await _load(request)
    slip = None
    can_answer = bool(await answerable([asked]))
    if can_answer:
        await record(Verb.CONSENT_REQUEST_LINK_READ, asked.id, organisation_id=asked.artist.organisation_id)
        (slip,) = await load_request_slips([asked], settings_of(request))
    waiting = ConsentRequest.filter(
        in_state(ConsentRequestState.WAITING), artist__organisation_id=asked.artist.organisation_id
    ).exclude(id=asked.id)
    same_list = waiting.filter(list_name=asked.list_name).order_by("artist__credit_name", "id")
    found = await same_list.prefetch_related("artist__organisation")
    can_follow = await answerable(found)
    others = [each for each in found if each.id in can_follow]
    here = (asked.artist.credit_name, asked.id)
    following = next((each for each in others if (each.artist.credit_name, each.id) > here), None)
    context = {
        "asked": asked,
        "is_void": asked.state == ConsentRequestState.WAITING and not can_answer,
        "is_withdrawn": asked.consent is not None and asked.consent.withdrawn_at is not None,
        "can_submit": await _can_submit(asked),
        "slip": slip,
        "following": following or (others[0] if others else None),
        "days": REQUEST_LIFETIME.days,
    }
    return render(request, "consents/request.html", context)


async def _can_submit(asked: ConsentRequest) -> bool:
    """Whether a work that can be changed is under the consent that the family gave, with the pictures that it saw."""
    works = [each.artwork for each in asked.works if each.artwork.is_editable]
    ours = [each for each in works if each.consent_id is not None and each.consent_id == asked.consent_id]
    await load_shown(ours)
    return len(await unseen_by_family(ours)) < len(ours)


async def renew(request: Request) -> Response:
    """A partner makes a new link for a request; the one before ends."""
    person, asked = await _load(request)
    is_done = await renew_link(asked, person, settings_of(request))
    return _answer(request, asked, is_done, _("There is a new link. The one before has ended."))


async def end(request: Request) -> Response:
    """A partner takes a request back: its link ends."""
    person, asked = await _load(request)
    is_done = await take_back(asked, person)
    return _answer(request, asked, is_done, _("Taken back. The link has ended."))


def _answer(request: Request, asked: ConsentRequest, is_done: bool, done: str) -> Response:
    response = redirect(request, "consent_requests:show", id=asked.id)
    late = _("The family has just answered, so nothing was changed.")
    flash(request, response, done if is_done else late, "done" if is_done else "hint")
    return response


async def letters(request: Request) -> Response:
    """Letters of the chosen requests that wait, or of all of a list, to print and hand out."""
    _person, organisations = await load_member(request)
    query = request.query_params
    ours = ConsentRequest.filter(
        in_state(ConsentRequestState.WAITING), artist__organisation_id__in=[each.id for each in organisations]
    )
    if list_name := query.get("list", ""):
        ours = ours.filter(list_name=list_name)
    if chosen := [row_id(each) for each in query.getlist("request")][:SLIPS_PRINTED]:
        ours = ours.filter(id__in=chosen)
    in_order = ours.order_by("artist__credit_name", "id").limit(SLIPS_PRINTED)
    waiting = await in_order.prefetch_related("artist__organisation")
    can_answer = await answerable(waiting)
    found = [each for each in waiting if each.id in can_answer]
    if not found:
        response = redirect(request, "consent_requests:index")
        flash(request, response, _("None of these questions waits for an answer."), "hint")
        return response
    for asked in found:
        organisation_id = asked.artist.organisation_id
        await record(Verb.CONSENT_REQUEST_LINK_READ, asked.id, organisation_id=organisation_id)
    slips = await load_request_slips(found, settings_of(request), is_short=True)
    context = {
        "query": urlencode([("request", each.id) for each in found]),
        "left_out": "",
        "back": pages_of(request).url("consent_requests:index"),
        "back_to": _("All requests for consent"),
    }
    return slips_page(request, slips, **context)


def _with_works(requests: QuerySet[ConsentRequest]) -> QuerySet[Any]:
    return requests.prefetch_related("artist__organisation", "asked_by", "consent", "works__artwork__image")


async def _load(request: Request) -> tuple[Person, ConsentRequest]:
    """The request in the URL; 404 for anybody outside the artist's organisation."""
    person, organisations = await load_member(request)
    ours = ConsentRequest.filter(
        id=request.path_params["id"], artist__organisation_id__in=[each.id for each in organisations]
    )
    asked = await _with_works(ours).first()
    if asked is None:
        raise HTTPException(404)
    return person, asked


routes = [
    Route("/desk/consents/requests", index, name="consent_requests:index", methods=["GET"]),
    Route("/desk/consents/requests", create, name="consent_requests:create", methods=["POST"]),
    Route("/desk/consents/requests/letters", letters, name="consent_requests:letters", methods=["GET"]),
    Route("/desk/consents/requests/{id:int}", show, name="consent_requests:show", methods=["GET"]),
    Route("/desk/consents/requests/{id:int}/link", renew, name="consent_requests:renew", methods=["POST"]),
    Route("/desk/consents/requests/{id:int}/end", end, name="consent_requests:end", methods=["POST"]),
]
