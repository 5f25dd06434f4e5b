"""Supporters at the curators' desk: the list, entering one, its page, its picture, and its place in credits."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_curator
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.exhibitions.access import load_exhibition
from gallery.exhibitions.credit_logo_views import logo_response, save_picture
from gallery.exhibitions.credits import Credit, CreditKind, credits_of
from gallery.exhibitions.draft_lists import NoSuchEntry
from gallery.exhibitions.drafts import DraftChangeRefused, draft_of
from gallery.exhibitions.models import Exhibition
from gallery.images.uploads import FormReader
from gallery.numbers import row_id
from gallery.supporters import supporters
from gallery.supporters.access import load_supporter
from gallery.supporters.forms import SupporterForm
from gallery.supporters.models import Supporter, SupporterKind, SupporterState
from gallery.supporters.reach import RECENT_DAYS, Figures, reach_of
from gallery.supporters.supporters import (
    LINK_LIFETIME,
    NotAnswerable,
    credit_supporter,
    set_picture,
    turn_credit,
)
from gallery.web.forms import read_desk_form
from gallery.web.languages import default_language
from gallery.web.languages import gettext as _
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of, storage_of

PAGE_SIZE = 50
KIND_OF_CREDIT = {
    CreditKind.AMBASSADOR: SupporterKind.AMBASSADOR,
    CreditKind.MEDIA: SupporterKind.MEDIA,
    CreditKind.DONOR: SupporterKind.COMPANY,
}


async def index(request: Request) -> Response:
    """A curator sees all supporters, those who wait first."""
    await load_curator(request)
    page = await fetch_page(Supporter.all().order_by("-state", "-id"), request.query_params, PAGE_SIZE)
    return render(request, "supporters/index.html", {"page": page})


async def new(request: Request) -> Response:
    """A curator opens the form, perhaps for an entry of an exhibition's credits."""
    await load_curator(request)
    exhibition, credit = await _credit_in(request)
    data: dict[str, Any] = {"language": default_language()}
    if credit is not None:
        data |= {"name": credit.name, "addresses": credit.link, "kind": KIND_OF_CREDIT.get(credit.kind, "")}
    return _new_page(request, SupporterForm(data=data), exhibition, credit)


async def create(request: Request) -> Response:
    """A curator enters a supporter, who gets the mail with the link."""
    person = await load_curator(request)
    exhibition, credit = await _credit_in(request)
    form = SupporterForm(await read_desk_form(request))
    if not form.validate():
        return _new_page(request, form, exhibition, credit, 422)
    supporter = await supporters.ask(form.record_values(), person, settings_of(request))
    if exhibition is not None and credit is not None:
        with suppress(NoSuchEntry):  # somebody else removed it in the meantime
            await turn_credit(exhibition, credit.key, supporter, person)
    if settings_of(request).mail_server is None:
        return _back(request, supporter, _("Saved. No mail was sent, because this site sends none."), "hint")
    return _back(
        request, supporter, _("Saved. The link goes out by mail; nothing is public until they agree.")
    )


async def _credit_in(request: Request) -> tuple[Exhibition | None, Credit | None]:
    """The entry of a draft's credits that the address names, as `exhibition` and `entry`; 404 if it is gone."""
    query = request.query_params
    if "entry" not in query:
        return None, None
    exhibition = await Exhibition.get_or_none(id=row_id(query.get("exhibition", "")))
    if exhibition is None:
        raise HTTPException(404)
    for credit in credits_of((await draft_of(exhibition)).credits):
        if credit.key == query["entry"] and not credit.supporter:
            return exhibition, credit
    raise HTTPException(404)


def _new_page(
    request: Request,
    form: SupporterForm,
    exhibition: Exhibition | None,
    credit: Credit | None,
    status: int = 200,
) -> Response:
    context = {
        "form": form,
        "exhibition": exhibition,
        "credit": credit,
        "days": LINK_LIFETIME.days,
        "sends_mail": settings_of(request).mail_server is not None,
    }
    return render(request, "supporters/new.html", context, status=status)


async def show(request: Request) -> Response:
    """A curator sees a supporter, and corrects what was entered while nobody has answered."""
    _person, supporter = await load_supporter(request)
    return await _page(request, supporter)


async def update(request: Request) -> Response:
    """A curator corrects what was entered."""
    person, supporter = await load_supporter(request)
    form = SupporterForm(await read_desk_form(request), obj=supporter)
    if not form.validate():
        return await _page(request, supporter, form, status=422)
    is_done = await supporters.change_asked(supporter, form.record_values(), person, settings_of(request))
    return _answer(request, supporter, is_done, _("Saved."))


async def renew(request: Request) -> Response:
    """A curator has a new link sent; the one before ends."""
    person, supporter = await load_supporter(request)
    if settings_of(request).mail_server is None:  # the link before would end, and nobody would get another
        raise HTTPException(404)
    is_done = await supporters.send_new_link(supporter, person, settings_of(request))
    return _answer(request, supporter, is_done, _("A new link is on its way. The one before has ended."))


async def end(request: Request) -> Response:
    """A curator takes a supporter off the site for good."""
    person, supporter = await load_supporter(request)
    try:
        await supporters.take_back(supporter, storage_of(request), person)
    except NotAnswerable:
        return _answer(request, supporter, False, "")
    return _answer(request, supporter, True, _("Taken off the site. Every word of it is erased."))


async def update_picture(request: Request) -> Response:
    """A curator sets the picture while nobody has answered, or removes it at any time."""
    person, supporter = await load_supporter(request)
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, settings_of(request).upload_max_bytes).read()
        if received.fields.get("is_gone"):
            await supporters.remove_picture(supporter, person, storage)
            return _back(request, supporter, _("The picture is removed."))
        if supporter.state != SupporterState.WAITING:
            return _answer(request, supporter, False, "")

        async def save(picture: Path, size: tuple[int, int]) -> None:
            await set_picture(supporter, picture, size, person, storage)

        try:
            sentence, status = await save_picture(request, received, save)
        except NotAnswerable:
            return _answer(request, supporter, False, "")
    if sentence:
        return await _page(request, supporter, sentence=sentence, status=status)
    return _back(request, supporter, _("The picture is saved."))


async def show_picture(request: Request) -> Response:
    """A curator sees the picture, whether or not it is public."""
    _person, supporter = await load_supporter(request)
    if not supporter.picture_token:
        raise HTTPException(404)
    return await logo_response(request, supporter.picture_token, {"cache-control": "private, no-cache"})


async def add_credit(request: Request) -> Response:
    """A curator adds a supporter to the credits of an exhibition's draft."""
    person, exhibition = await load_exhibition(request)
    supporter = await Supporter.get_or_none(
        id=row_id((await read_desk_form(request)).get("supporter", "")),
        state__in=[SupporterState.WAITING, SupporterState.AGREED],
    )
    key, sentence = "", _("Please choose a supporter.")
    if supporter is not None:
        try:
            key = await credit_supporter(exhibition, supporter, person)
            sentence = _("Saved in the draft.")
        except DraftChangeRefused as refusal:
            sentence = str(refusal)
    response = redirect(
        request, "credits:index", id=exhibition.id, fragment=f"entry-{key}" if key else "supporter"
    )
    flash(request, response, sentence, "done" if key else "error")
    return response


async def _page(
    request: Request,
    supporter: Supporter,
    form: SupporterForm | None = None,
    *,
    sentence: str = "",
    status: int = 200,
) -> Response:
    if supporter.mail_address:
        await record(Verb.SUPPORTER_READ, supporter.id)
    reach = await reach_of(supporter)
    picture = ""
    if supporter.picture_token:
        address = pages_of(request).url("supporters:picture", id=supporter.id)
        picture = f"{address}?{supporter.picture_token}"
    context = {
        "supporter": supporter,
        "form": form or SupporterForm(obj=supporter),
        "sentence": sentence,
        "picture": picture,
        "reach": reach,
        "sum": sum((each.figures for each in reach), Figures()),
        "recent_days": RECENT_DAYS,
        "sends_mail": settings_of(request).mail_server is not None,
    }
    return render(request, "supporters/show.html", context, status=status)


def _answer(request: Request, supporter: Supporter, is_done: bool, done: str) -> Response:
    late = _("They have answered in the meantime, or it has ended, so nothing was changed.")
    return _back(request, supporter, done if is_done else late, "done" if is_done else "hint")


def _back(request: Request, supporter: Supporter, message: str, level: str = "done") -> Response:
    response = redirect(request, "supporters:show", id=supporter.id)
    flash(request, response, message, level)
    return response


_get, _post = partial(Route, methods=["GET"]), partial(Route, methods=["POST"])
ONE = "/desk/supporters/{id:int}"

routes = [
    _get("/desk/supporters", index, name="supporters:index"),
    _get("/desk/supporters/new", new, name="supporters:new"),
    _post("/desk/supporters", create, name="supporters:create"),
    _get(ONE, show, name="supporters:show"),
    _post(ONE, update, name="supporters:update"),
    _post(f"{ONE}/link", renew, name="supporters:renew"),
    _post(f"{ONE}/end", end, name="supporters:end"),
    _post(f"{ONE}/picture", update_picture, name="supporters:update_picture"),
    _get(f"{ONE}/picture.jpg", show_picture, name="supporters:picture"),
    _post("/desk/exhibitions/{id:int}/supporters", add_credit, name="supporters:credit"),
]
