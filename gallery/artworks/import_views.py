"""Imports at the desk: templates, sending a sheet, the result of the check, confirming, and undoing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import FileField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from gallery.artists.forms import NO_SUCH_CHOICE
from gallery.artworks.forms import consent_label
from gallery.artworks.import_columns import ColumnsForm, choose_columns, columns_form
from gallery.artworks.import_common import CommonForm, common_form, set_common
from gallery.artworks.import_mending import mending_xlsx
from gallery.artworks.import_models import (
    RUNNING_STATES,
    Import,
    ImportedChange,
    ImportedWork,
    ImportState,
    bundle_key,
)
from gallery.artworks.import_rows import ImportReport
from gallery.artworks.imports import (
    ImportRefused,
    confirm_import,
    create_import,
    recheck_import,
    take_back_import,
)
from gallery.artworks.models import Artwork, Status
from gallery.artworks.sheet_columns import COLUMN_LABELS, column_label, template_csv, template_xlsx
from gallery.artworks.sheet_faults import FAULT_SENTENCES, fault_sentence
from gallery.artworks.sheets import MAX_ROWS, MAX_SHEET_BYTES
from gallery.artworks.works import WorkOptions, desk_title, load_work_options
from gallery.images.models import new_token
from gallery.images.uploads import FormReader
from gallery.organisations.access import load_member
from gallery.organisations.forms import organisation_choices
from gallery.organisations.models import Organisation
from gallery.storage import StoreUnavailable
from gallery.web.forms import Form, read_desk_form
from gallery.web.languages import file_size, ngettext, site_languages, use_language
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render, settings_of, storage_of
from gallery.web.texts_form import language_choices

MAX_LISTED = 30  # imports in the list
NOT_SAVED = _l("The file could not be saved right now. Please choose it again in a minute.")

logger = logging.getLogger("gallery")


MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ImportForm(Form):
    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    language = SelectField(
        _l("Language of the texts, where a row does not say"),
        invalid_choice_message=_l("Please choose a language."),
    )
    consent = SelectField(
        _l("One consent for all rows that name none"),
        [Optional()],
        invalid_choice_message=NO_SUCH_CHOICE,
        description=_l("For a sheet with the works of one artist. A draft may also lack it for now."),
    )
    sheet = FileField(
        _l("ZIP, XLSX or CSV"),
        description=_l(
            "A ZIP holds the sheet and the pictures. A sheet alone makes drafts without pictures, or fills the drafts "
            "whose pictures are here, by the names of their files."
        ),
        render_kw={"accept": ".zip,.xlsx,.csv,.tsv,.txt"},
    )

    def __init__(self, posted: Any = None, *, offered: WorkOptions, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self.offered = offered
        self["language"].choices = language_choices()
        self["organisation"].choices = organisation_choices(offered.organisations)
        self["consent"].choices = [
            SelectChoice("", _("None: it is in the sheet, or will be added later")),
            *(SelectChoice(str(each.id), f"{each.id} · {consent_label(each)}") for each in offered.consents),
        ]


async def index(request: Request) -> Response:
    """A partner finds the templates and the form to send a sheet, and sees earlier imports."""
    person, organisations = await load_member(request)
    form = ImportForm(offered=await load_work_options(organisations), data={"language": person.language})
    return await _render_index(request, form)


async def _render_index(request: Request, form: ImportForm, status: int = 200) -> Response:
    ids = [each.id for each in form.offered.organisations]
    imports = Import.filter(organisation_id__in=ids).order_by("-id").limit(MAX_LISTED).prefetch_related("by")
    context = {
        "form": form,
        "imports": await imports,
        "has_several": len(form.offered.organisations) > 1,
        "columns": COLUMN_LABELS,
        "at_work": RUNNING_STATES,
        "max_rows": MAX_ROWS,
    }
    return render(request, "imports/index.html", context, status=status)


async def template(request: Request) -> Response:
    """A partner downloads a template in a language of the site, as XLSX or CSV."""
    await load_member(request)
    language, _dot, kind = request.path_params["name"].partition(".")
    if language not in site_languages() or kind not in MEDIA_TYPES:
        raise HTTPException(404)
    with use_language(language):
        content = template_csv() if kind == "csv" else template_xlsx()
    headers = {
        "content-disposition": f'attachment; filename="works-{language}.{kind}"',
        "cache-control": "no-store",
    }
    return Response(content, media_type=MEDIA_TYPES[kind], headers=headers)


async def create(request: Request) -> Response:
    """A partner sends a sheet with its pictures; the worker checks it, and creates no work yet."""
    person, organisations = await load_member(request)
    storage = storage_of(request)
    most = settings_of(request).import_max_bytes
    async with storage.scratch_folder() as folder:
        reader = FormReader(request, folder, most, "sheet")
        received = await reader.read()
        form = ImportForm(received.fields, offered=await load_work_options(organisations))
        status = 422
        form.validate()
        if received.is_too_large:
            status = 413
            form.refuse("sheet", fault_sentence("file_too_large", {"size": file_size(most)}))
        elif received.is_empty:
            form.refuse("sheet", str(FAULT_SENTENCES["no_file"]))
        elif received.file is None:
            form.refuse("sheet", _("Please choose a file."))
        offered = form.offered
        organisation = next(
            (each for each in offered.organisations if str(each.id) == form["organisation"].data),
            offered.organisations[0],
        )
        consent = next((each for each in offered.consents if str(each.id) == form["consent"].data), None)
        if consent is not None and consent.artist.organisation_id != organisation.id:
            form.refuse("consent", _("This consent belongs to another organisation."))
        if form.errors or received.file is None:
            return await _render_index(request, form, status)
        token = new_token()
        try:
            await storage.private.put_file(bundle_key(token), received.file.path)
        except StoreUnavailable as error:
            logger.warning("%s", error)
            form.refuse("sheet", str(NOT_SAVED))
            return await _render_index(request, form, 503)
    job = await create_import(organisation, person, token, reader.file_name, consent, form["language"].data)
    return redirect(request, "imports:show", id=job.id)


async def load_import(request: Request) -> Import:
    """The import in the URL; 404 to all but members of its organisation."""
    _person, organisations = await load_member(request)
    job = await Import.filter(
        id=request.path_params["id"], organisation_id__in=[each.id for each in organisations]
    ).first()
    if job is None:
        raise HTTPException(404)
    return job


async def show(request: Request) -> Response:
    """A partner sees the progress of an import, the works it would create, and the faults in the sheet."""
    return await _render_import(request, await load_import(request))


async def _render_import(
    request: Request,
    job: Import,
    columns: ColumnsForm | None = None,
    common: CommonForm | None = None,
    sheet_error: str = "",
) -> Response:
    """The page of an import; `columns`, `common`, `sheet_error`: forms that were sent with errors, and the
    error of a sheet.
    """
    await job.fetch_related("by")
    made = ImportedWork.filter(of_id=job.id)
    works = Artwork.filter(imported_as__of_id=job.id)
    is_done = job.state == ImportState.DONE
    report = {**ImportReport().as_json(), **job.report}
    named = {id for _row, id in report["known_works"]} | set(report["not_restored"])
    known = Artwork.filter(organisation_id=job.organisation_id, id__in=sorted(named))
    known_works = {work.id: desk_title(work) for work in await known}
    context = {
        "job": job,
        "report": report,
        "sheet_error": sheet_error,
        "columns": None,
        "common": None,
        "known_works": [(id, known_works[id]) for _row, id in report["known_works"] if id in known_works],
        "not_restored": [(id, known_works[id]) for id in report["not_restored"] if id in known_works],
        "updated": await ImportedChange.filter(of_id=job.id).count() if is_done else 0,
        "faults": _shown_faults(report["faults"]),
        "notes": _shown_faults(report["notes"]),
        "refusal": fault_sentence(job.refusal["code"], job.refusal) if job.refusal else "",
        "word": _("nothing can be imported yet")
        if job.state == ImportState.CHECKED and not (report["good"] or report["updatable"])
        else job.label,
        "is_waiting": job.state in RUNNING_STATES,
        "made": await made.count() if is_done else 0,
        "changed": await works.filter(updated_at__gt=job.finished_at).count() if is_done else 0,
        "is_settled": is_done and await works.filter(status__not=Status.DRAFT).exists(),
    }
    if job.state == ImportState.CHECKED and report["headers"]:
        context["columns"] = columns or columns_form(report["headers"])
        context["lacks_title"] = ImportReport(**report).lacks_title
        context["missing_title"] = fault_sentence("missing_column", {"column": "title"})
    if job.state == ImportState.CHECKED:
        context["common"] = common or common_form(job, await _offered(job))
        context["lacking"] = [
            (column_label("credit_name" if name == "artist" else name), number)
            for name, number in report["lacking"].items()
        ]
    is_wrong = columns or common or sheet_error
    return render(request, "imports/show.html", context, status=422 if is_wrong else 200)


async def _offered(job: Import) -> WorkOptions:
    return await load_work_options([await Organisation.get(id=job.organisation_id)])


async def update_common(request: Request) -> Response:
    """A partner sets the common values for rows that lack them; the sheet is checked again."""
    job = await load_import(request)
    offered = await _offered(job)
    form = CommonForm(await read_desk_form(request), offered=offered)
    if not form.validate():
        return await _render_import(request, job, common=form)
    try:
        await set_common(job, form.common, offered)
    except ImportRefused as refusal:
        return _redirect_with_message(request, job, refusal.sentence, "hint")
    return redirect(request, "imports:show", id=job.id)


async def show_rows(request: Request) -> Response:
    """A partner downloads the rows that cannot become works, to correct and send again."""
    job = await load_import(request)
    if not job.rows_token:
        raise HTTPException(404)
    async with storage_of(request).private.local_copy(bundle_key(job.rows_token)) as path:
        rows = json.loads(await asyncio.to_thread(path.read_text))
    content = await asyncio.to_thread(mending_xlsx, rows, job.report.get("faults", []))
    headers = {"content-disposition": 'attachment; filename="rows-to-mend.xlsx"', "cache-control": "no-store"}
    return Response(content, media_type=MEDIA_TYPES["xlsx"], headers=headers)


async def update_sheet(request: Request) -> Response:
    """A partner sends corrected rows, or another sheet; it is checked with the pictures sent before."""
    job = await load_import(request)
    storage = storage_of(request)
    async with storage.scratch_folder() as folder:
        received = await FormReader(request, folder, MAX_SHEET_BYTES, "sheet").read()
        if received.is_too_large or received.is_empty or received.file is None:
            code = "file_too_large" if received.is_too_large else "no_file"
            sentence = fault_sentence(code, {"size": file_size(MAX_SHEET_BYTES)})
            return await _render_import(request, job, sheet_error=sentence)
        token = new_token()
        try:
            await storage.private.put_file(bundle_key(token), received.file.path)
        except StoreUnavailable as error:
            logger.warning("%s", error)
            return await _render_import(request, job, sheet_error=str(NOT_SAVED))
    try:
        await recheck_import(job, sheets=[*job.sheets, token])
    except ImportRefused as refusal:
        await storage.private.delete(bundle_key(token))
        return _redirect_with_message(request, job, refusal.sentence, "hint")
    return redirect(request, "imports:show", id=job.id)


async def update_columns(request: Request) -> Response:
    """A partner chooses the columns of headers; the sheet is checked again, and the choice is saved."""
    job = await load_import(request)
    form = columns_form(job.report.get("headers", []), await read_desk_form(request))
    if not form.validate():
        return await _render_import(request, job, columns=form)
    try:
        await choose_columns(job, form.chosen())
    except ImportRefused as refusal:
        return _redirect_with_message(request, job, refusal.sentence, "hint")
    return redirect(request, "imports:show", id=job.id)


def _shown_faults(faults: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The faults of a report, each with the label of its column and its sentence."""
    return [
        {
            **each,
            "label": column_label(each["column"]),
            "sentence": fault_sentence(each["code"], each["facts"]),
        }
        for each in faults
    ]


async def create_confirmation(request: Request) -> Response:
    """A partner confirms: every valid row becomes a draft."""
    job = await load_import(request)
    try:
        await confirm_import(job, updates_known="update" in await read_desk_form(request))
    except ImportRefused as refusal:
        return _redirect_with_message(request, job, refusal.sentence, "hint")
    return redirect(request, "imports:show", id=job.id)


async def delete(request: Request) -> Response:
    """A partner undoes a whole import, or discards one that was not confirmed."""
    job = await load_import(request)
    try:
        number, restored = await take_back_import(job, request.state.person)
    except ImportRefused as refusal:
        return _redirect_with_message(request, job, refusal.sentence, "hint")
    sentences = []
    if number:
        sentence = ngettext(
            "Taken back: %(num)s draft is gone.", "Taken back: %(num)s drafts are gone.", number
        )
        sentences.append(sentence % {"num": number})
    if restored:
        sentence = ngettext(
            "%(num)s work has its former words again.",
            "%(num)s works have their former words again.",
            restored,
        )
        sentences.append(sentence % {"num": restored})
    if sentences or job.state == ImportState.DONE:
        return _redirect_with_message(request, job, " ".join(sentences) or _("Taken back."))
    return _redirect_with_message(request, job, _("Discarded. Nothing of it was kept."))


def _redirect_with_message(request: Request, job: Import, sentence: str, level: str = "done") -> Response:
    response = redirect(request, "imports:show", id=job.id)
    flash(request, response, sentence, level)
    return response


routes = [
    Route("/desk/sheets", index, name="imports:index", methods=["GET"]),
    Route("/desk/sheets", create, name="imports:create", methods=["POST"]),
    Route("/desk/sheets/templates/{name}", template, name="imports:template", methods=["GET"]),
    Route("/desk/sheets/{id:int}", show, name="imports:show", methods=["GET"]),
    Route(
        "/desk/sheets/{id:int}/confirmation", create_confirmation, name="imports:confirm", methods=["POST"]
    ),
    Route("/desk/sheets/{id:int}/common", update_common, name="imports:update_common", methods=["POST"]),
    Route("/desk/sheets/{id:int}/rows", show_rows, name="imports:show_rows", methods=["GET"]),
    Route("/desk/sheets/{id:int}/sheet", update_sheet, name="imports:update_sheet", methods=["POST"]),
    Route("/desk/sheets/{id:int}/columns", update_columns, name="imports:update_columns", methods=["POST"]),
    Route("/desk/sheets/{id:int}/deletion", delete, name="imports:delete", methods=["POST"]),
]
