"""The keepers' pages about the outbox: the mails that were sent, are waiting, or could not be sent."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_keeper
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.mail.messages import MailCompositionError, MailContent, compose
from gallery.mail.models import Mail, MailState
from gallery.settings import Settings
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render, settings_of

MAILS_LISTED = 100  # the page lists this many of the newest mails


async def index(request: Request) -> Response:
    """A keeper sees the newest mails. A refused mail shows the mail server's answer."""
    await load_keeper(request)
    state = request.query_params.get("state", "")
    mails = Mail.filter(state=state) if state in set(MailState) else Mail.all()
    settings = settings_of(request)
    rows = [(mail, _subject(mail, settings)) for mail in await mails.order_by("-id").limit(MAILS_LISTED)]
    counts = {each: await Mail.filter(state=each).count() for each in MailState}
    context = {
        "rows": rows,
        "counts": counts,
        "chosen": state,
        "has_server": settings.mail_server is not None,
    }
    return render(request, "outbox/index.html", context)


def _subject(mail: Mail, settings: Settings) -> str:
    try:
        return compose(mail, settings, hide_secret=True).subject
    except MailCompositionError:
        return mail.kind


async def show(request: Request) -> Response:
    """A keeper reads a mail; the secret of its link is shown only in development."""
    mail = await _load(request)
    settings = settings_of(request)
    gathered = await Mail.filter(digest_id=mail.id).order_by("id")
    await record(Verb.MAIL_READ, mail.id)
    try:
        content = compose(mail, settings, gathered, hide_secret=not (settings.development and mail.secret))
    except MailCompositionError:
        content = MailContent(mail.kind, "", "")
    return render(request, "outbox/show.html", {"mail": mail, "content": content})


async def retry(request: Request) -> Response:
    """A keeper retries a failed mail."""
    mail = await _load(request)
    given_up = Mail.filter(id=mail.id, state=MailState.GIVEN_UP, useless_after__isnull=True)
    async with in_transaction():
        is_retried = await given_up.update(
            state=MailState.UNSENT, attempts=0, created_at=now(), due_at=now(), settled_at=None
        )
        if is_retried:
            await record(Verb.MAIL_RETRIED, mail.id)
    response = redirect(request, "outbox:show", id=mail.id)
    if is_retried:  # otherwise the page shows the mail's state, which says why
        flash(request, response, _("It will be tried again."))
    return response


async def _load(request: Request) -> Mail:
    await load_keeper(request)
    mail = await Mail.get_or_none(id=request.path_params["id"])
    if mail is None:
        raise HTTPException(404)
    return mail


routes = [
    Route("/desk/outbox", index, name="outbox:index", methods=["GET"]),
    Route("/desk/outbox/{id:int}", show, name="outbox:show", methods=["GET"]),
    Route("/desk/outbox/{id:int}/retry", retry, name="outbox:retry", methods=["POST"]),
]
