"""Ready-made reasons: sentences that curators often write, in each language."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction
from gallery.reviews.access import load_curator
from gallery.reviews.forms import NOTED_FIELDS, ReadyReasonForm
from gallery.reviews.models import ReadyReason
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render

MAX_READY_REASONS = 40  # a longer list is too long to choose from


async def index(request: Request) -> Response:
    """A curator reads the ready-made reasons, with a form for a new one."""
    await load_curator(request)
    return await _page(request, {0: ReadyReasonForm(prefix="new")})


async def create(request: Request) -> Response:
    """A curator adds a ready-made reason."""
    await load_curator(request)
    form = ReadyReasonForm(await read_desk_form(request), prefix="new")
    form.validate()
    if await ReadyReason.all().count() >= MAX_READY_REASONS:
        form.refuse(
            "text", _("There are %(most)s already. Please remove one first.") % {"most": MAX_READY_REASONS}
        )
    if form.errors:
        return await _page(request, {0: form}, status=422)
    async with in_transaction():
        reason = await ReadyReason.create(**form.values("field", "text"))
        await record(Verb.REASON_MADE, reason.id)
    response = redirect(request, "reasons:index")
    flash(request, response, _("The reason has been added."))
    return response


async def update(request: Request) -> Response:
    """A curator rewrites or removes a ready-made reason. Reviews that used it keep their text."""
    await load_curator(request)
    reason = await ReadyReason.get_or_none(id=request.path_params["id"])
    if reason is None:
        raise HTTPException(404)
    form = ReadyReasonForm(await read_desk_form(request), obj=reason, prefix=_prefix(reason))
    if not form.is_gone.data and not form.validate():
        return await _page(request, {0: ReadyReasonForm(prefix="new"), reason.id: form}, status=422)
    response = redirect(request, "reasons:index")
    if form.is_gone.data:
        async with in_transaction():
            await reason.delete()
            await record(Verb.REASON_DELETED, reason.id)
        flash(request, response, _("The reason is removed."))
        return response
    async with in_transaction():
        await reason.update_from_dict(dict(form.values("field", "text"))).save()
        await record(Verb.REASON_CHANGED, reason.id)
    flash(request, response, _("The reason is saved."))
    return response


def _prefix(reason: ReadyReason) -> str:
    """The prefix of field names, because the page has a form for each reason."""
    return f"reason-{reason.id}"


async def _page(request: Request, forms: dict[int, ReadyReasonForm], status: int = 200) -> Response:
    """The page of ready-made reasons. `forms`: reason's id → its form as typed; key 0: a new reason."""
    rows = [
        (
            reason,
            forms.get(reason.id) or ReadyReasonForm(obj=reason, prefix=_prefix(reason)),
            reason.id in forms,
        )
        for reason in await ReadyReason.all().order_by("field", "id")
    ]
    context = {"rows": rows, "form": forms[0], "noted_fields": NOTED_FIELDS}
    return render(request, "reviews/reasons.html", context, status=status)


routes = [
    Route("/desk/reasons", index, name="reasons:index", methods=["GET"]),
    Route("/desk/reasons", create, name="reasons:create", methods=["POST"]),
    Route("/desk/reasons/{id:int}", update, name="reasons:update", methods=["POST"]),
]
