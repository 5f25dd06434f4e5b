"""Desk pages on which owners order and download an export of their organisation."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.confirmation import require_confirmation
from gallery.artworks.models import Artwork, Status
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.exports.exports import LIFETIME, ask_for_export
from gallery.exports.models import Export, ExportState, export_key
from gallery.exports.writer import RECORDS
from gallery.organisations.access import load_as_owner
from gallery.organisations.models import Organisation
from gallery.web.rendering import redirect, render, settings_of, storage_of


async def show(request: Request) -> Response:
    """An owner reads what an export contains, and sees the latest export."""
    _person, organisation, _membership = await load_as_owner(request)
    return await _page(request, organisation)


async def create(request: Request) -> Response:
    """An owner orders an export, which the worker makes."""
    person, organisation, _membership = await load_as_owner(request)
    await require_confirmation(request)
    await ask_for_export(organisation, person)
    return redirect(request, "exports:show", id=organisation.id)


async def download(request: Request) -> Response:
    """An owner downloads one file of an export; each download is in the audit log."""
    person, organisation, _membership = await load_as_owner(request)
    export = await Export.get_or_none(id=request.path_params["export"], organisation_id=organisation.id)
    if export is None:
        raise HTTPException(404)
    number = request.path_params["number"]
    if not export.is_ready:
        return await _page(request, organisation, status=410)
    if not 0 < number <= len(export.files):
        raise HTTPException(404)
    name = export.files[number - 1]["name"]
    headers = {
        "content-disposition": f'attachment; filename="{organisation.slug}-{name}"',
        "cache-control": "no-store",
    }
    key = export_key(export.token, export.attempts, name)
    try:
        answer = await storage_of(request).private.answer(
            request, key, media_type="application/zip", headers=headers
        )
    except FileNotFoundError:
        await Export.filter(id=export.id, state=ExportState.READY).update(state=ExportState.EXPIRED)
        return await _page(request, organisation, status=410)
    if request.method == "GET":
        verb = Verb.EXPORT_RECORDS_READ if name.startswith(RECORDS) else Verb.EXPORT_WORKS_READ
        await record(verb, export.id, with_id=number, organisation_id=organisation.id, by=person)
    return answer


async def _page(request: Request, organisation: Organisation, status: int = 200) -> Response:
    latest = await Export.filter(organisation_id=organisation.id).order_by("-id").first()
    works = Artwork.filter(organisation_id=organisation.id)
    context = {
        "organisation": organisation,
        "export": latest,
        "is_waiting": latest is not None and latest.state == ExportState.WAITING,
        "state": _state(latest),
        "records": RECORDS,
        "sends_mail": settings_of(request).mail_server is not None,
        "hours": LIFETIME.total_seconds() // 3600,
        "works": await works.exclude(status=Status.WITHDRAWN).count(),
    }
    return render(request, "exports/show.html", context, status=status)


def _state(export: Export | None) -> ExportState | None:
    """The state of the export; EXPIRED after its end even if the worker has not saved that yet."""
    if export is not None and export.state == ExportState.READY and not export.is_ready:
        return ExportState.EXPIRED
    return export.state if export is not None else None


routes = [
    Route("/desk/organisations/{id:int}/export", show, name="exports:show", methods=["GET"]),
    Route("/desk/organisations/{id:int}/export", create, name="exports:create", methods=["POST"]),
    Route(
        "/desk/organisations/{id:int}/export/{export:int}/{number:int}",
        download,
        name="exports:download",
        methods=["GET"],
    ),
]
