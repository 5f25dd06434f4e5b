"""The form with which a visitor writes to the keepers, and the pages on which keepers read and close messages."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_keeper
from gallery.accounts.limits import FORM_WINDOW, count_attempts
from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.contact import messages
from gallery.contact.forms import CloseMessageForm, MessageForm
from gallery.contact.letters import LetterClosed, close_letter
from gallery.contact.models import Message
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, redirect, render, render_public, settings_of
from gallery.web.security import client_network

MESSAGES_PER_NETWORK = 5  # messages allowed within limits.FORM_WINDOW
CLOSED_LISTED = 50


async def new(request: Request) -> Response:
    """A visitor opens the form."""
    set_language(request.path_params["language"])
    return _form(request, MessageForm())


async def create(request: Request) -> Response:
    """A visitor sends a message."""
    language = str(request.path_params["language"])
    set_language(language)
    form = MessageForm(await read_small_form(request))
    if not form.validate():
        return _form(request, form, 422)
    if not form.nickname.data:  # a person, not a bot
        limits = {f"message from {client_network(request)}": MESSAGES_PER_NETWORK}
        if not await count_attempts(limits, settings_of(request), FORM_WINDOW):
            form.refuse("told", _("Several messages came from your network. Please try again in an hour."))
            return _form(request, form, 429)
        await messages.create_message(form.values("subject", "told", "page", "email"), language)
    return redirect(request, "contact:received", language=language)


async def received(request: Request) -> Response:
    """A visitor who sent a message reads what happens next."""
    set_language(request.path_params["language"])
    return render(request, "contact/received.html")


def _form(request: Request, form: MessageForm, status: int = 200) -> Response:
    show = render_public if request.method != "POST" else render
    return show(request, "contact/new.html", {"form": form}, status=status)


async def index(request: Request) -> Response:
    """A keeper sees the open messages, the oldest first, and the recently closed ones."""
    await load_keeper(request)
    closed = Message.filter(closed_at__isnull=False).order_by("-closed_at").limit(CLOSED_LISTED)
    waiting = Message.filter(closed_at__isnull=True).order_by("id")
    return render(request, "contact/index.html", {"waiting": await waiting, "closed": await closed})


async def _load(request: Request) -> tuple[Person, Message]:
    person = await load_keeper(request)
    message = await Message.get_or_none(id=request.path_params["id"]).select_related("closed_by")
    if message is None:
        raise HTTPException(404)
    return person, message


async def show(request: Request) -> Response:
    """A keeper reads a message."""
    person, message = await _load(request)
    await record(Verb.MESSAGE_READ, message.id, by=person)
    return _page(request, message, CloseMessageForm())


async def close(request: Request) -> Response:
    """A keeper closes a message and notes what was done."""
    person, message = await _load(request)
    form = CloseMessageForm(await read_small_form(request))
    if not form.validate():
        return _page(request, message, form, 422)
    try:
        await close_letter(message, form.note.data or "", person, Verb.MESSAGE_CLOSED)
    except LetterClosed:
        response = redirect(request, "contact:show", id=message.id)
        flash(request, response, _("This message has already been closed."), "error")
        return response
    response = redirect(request, "contact:index")
    flash(request, response, _("The message is closed."))
    return response


def _page(request: Request, message: Message, form: CloseMessageForm, status: int = 200) -> Response:
    return render(request, "contact/show.html", {"message": message, "form": form}, status=status)


routes = [
    Route("/{language:language}/contact", new, name="contact:new", methods=["GET"]),
    Route("/{language:language}/contact", create, name="contact:create", methods=["POST"]),
    Route("/{language:language}/contact/received", received, name="contact:received", methods=["GET"]),
    Route("/desk/messages", index, name="contact:index", methods=["GET"]),
    Route("/desk/messages/{id:int}", show, name="contact:show", methods=["GET"]),
    Route("/desk/messages/{id:int}/closing", close, name="contact:close", methods=["POST"]),
]
