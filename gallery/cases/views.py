"""Desk pages: members write cases and enter figures; curators accept or return them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_person
from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person
from gallery.artists.consents import record_consent
from gallery.artists.models import Artist
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases import cases
from gallery.cases.access import (
    consents_to_choose,
    latest_version,
    load_case,
    load_sent_case,
    projects_to_choose,
    version_for_review,
)
from gallery.cases.amounts import amount_words
from gallery.cases.cases import CaseRefused, fixed_currency, seen_of
from gallery.cases.figures import counting, doubts, reached_on, state_of
from gallery.cases.forms import (
    CONTENT_WORDS,
    DOUBT_WORDS,
    STILL_OPEN,
    CaseConsentForm,
    CaseForm,
    ConcernForm,
    EndingForm,
    FigureForm,
    ReturnForm,
    version_data,
)
from gallery.cases.hints import hints_on
from gallery.cases.models import (
    Case,
    CaseFigure,
    CaseVersion,
    CaseVeto,
    Ending,
    VersionState,
    versions_on_view,
)
from gallery.clock import to_local
from gallery.db.connection import in_transaction
from gallery.numbers import row_id
from gallery.organisations.access import load_member, organisations_of
from gallery.organisations.links import find_dead_links
from gallery.organisations.models import Organisation, Project
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render

DECIDED_LISTED = 50
FIRST_DAY = timedelta(days=3650)  # figures may be older than the case, because it may have begun elsewhere


async def index(request: Request) -> Response:
    """A member sees the cases of their organisations; a curator those that wait for a review, and decided ones."""
    person = await load_person(request)
    organisations = await organisations_of(person)
    if not organisations and not person.is_curator:
        raise HTTPException(404)
    newest = CaseVersion.all().order_by("-number").select_related("case__project")
    own = newest.filter(case__project__organisation_id__in=[each.id for each in organisations])
    sent = newest.filter(sent_at__isnull=False, case__withdrawn_at__isnull=True)
    sent = sent.exclude(case__project__organisation_id__in=await organisations_with_conflict(person.id))
    waiting = sent.filter(state=VersionState.WAITING).order_by("sent_at", "id")
    decided = sent.filter(decided_at__isnull=False).order_by("-decided_at")
    context = {
        "organisations": organisations,
        "own": {version.case_id: version for version in reversed(await own)}.values()
        if organisations
        else (),
        "waiting": await waiting if person.is_curator else [],
        "decided": await decided.limit(DECIDED_LISTED) if person.is_curator else [],
    }
    return render(request, "cases/index.html", context)


async def new(request: Request) -> Response:
    """A member opens the form of a new case."""
    _person, organisations = await load_member(request)
    query = request.query_params
    data = {"project": query.get("project", ""), "consent": query.get("consent", "")}
    return await _form_page(request, await _form(organisations, data=data), organisations)


async def create(request: Request) -> Response:
    """A member saves a new case, as a draft or for review."""
    person, organisations = await load_member(request)
    posted = await read_desk_form(request)
    form = await _form(organisations, posted)
    return await _save(request, person, organisations, form, None, sends="send" in posted)


async def edit(request: Request) -> Response:
    """A member opens the words of a case."""
    _person, case = await load_case(request)
    organisations = [case.project.organisation]
    version = await latest_version(case)
    data = {**version_data(version), "project": str(case.project_id), "consent": str(case.consent_id or "")}
    form = await _form(organisations, case=case, data=data)
    form["seen"].data = seen_of(version)
    return await _form_page(request, form, organisations, case)


async def update(request: Request) -> Response:
    """A member saves the words of a case, as a draft or for review. Visitors go on reading the accepted words."""
    person, case = await load_case(request)
    posted = await read_desk_form(request)
    organisations = [case.project.organisation]
    version = await latest_version(case)
    form = await _form(
        organisations, posted, case, data={name: getattr(version, name) for name in CaseForm.texts}
    )
    return await _save(request, person, organisations, form, case, sends="send" in posted)


async def _form(
    organisations: list[Organisation], posted: Any = None, case: Case | None = None, **begin_with: Any
) -> CaseForm:
    projects, consents = (
        await projects_to_choose(organisations),
        await consents_to_choose(organisations, case),
    )
    return CaseForm(posted, projects=projects, consents=consents, **begin_with)


async def _save(
    request: Request,
    person: Person,
    organisations: list[Organisation],
    form: CaseForm,
    case: Case | None,
    *,
    sends: bool,
) -> Response:
    if not form.is_valid(sends=sends, fixed_currency=await fixed_currency(case)):
        return await _form_page(request, form, organisations, case, 422)
    project = await Project.get(id=row_id(form.project.data))
    try:
        saved = await cases.save_case(
            case,
            project,
            form.chosen_consent,
            form.version_values(),
            person,
            sends=sends,
            seen=form.seen.data or "",
        )
    except CaseRefused as refusal:
        form.refuse(refusal.field or "title", refusal.sentence)
        if case is not None and not refusal.field:
            form["seen"].data = seen_of(await latest_version(case))
        return await _form_page(request, form, organisations, case, 422)
    response = redirect(request, "cases:show", id=saved.id)
    done = _("The case is sent. A curator looks at it.") if sends else _("Saved.")
    flash(request, response, done)
    return response


async def _form_page(
    request: Request,
    form: CaseForm,
    organisations: list[Organisation],
    case: Case | None = None,
    status: int = 200,
) -> Response:
    texts = {name: form.text_of(name) for name in CaseForm.texts}
    context = {
        "form": form,
        "case": case,
        "has_consents": bool(form.consents),
        "hints": hints_on(texts),
    }
    return render(request, "cases/edit.html", context, status=status)


async def show(request: Request) -> Response:
    """A member sees where a case stands, its figures, and what the curator wrote."""
    _person, case = await load_case(request)
    return await _case_page(request, case)


async def _case_page(
    request: Request,
    case: Case,
    figure_form: FigureForm | None = None,
    ending_form: EndingForm | None = None,
    asked: list[str] | None = None,
) -> Response:
    version = await latest_version(case)
    figures = await CaseFigure.filter(case_id=case.id).order_by("-day", "-id").select_related("by")
    standing = [each for each in figures if each.taken_back_at is None]
    is_on_view = await versions_on_view().filter(case_id=case.id).exists()
    dead = await find_dead_links([version.link] if version.link else [])
    context = {
        "case": case,
        "version": version,
        "versions": await CaseVersion.filter(case_id=case.id, decided_at__isnull=False)
        .order_by("-number")
        .select_related("decided_by"),
        "figures": figures,
        "counting": {each.id for each in counting(standing)},
        "state": state_of(case.ending, version.goal, standing),
        "reached_on": reached_on(version.goal, standing),
        "is_on_view": is_on_view,
        "dead": dead.get(version.link),
        "amount": lambda number: amount_words(number, version),
        "figure_form": figure_form or FigureForm(),
        "ending_form": ending_form or EndingForm(data={"ending": case.ending or STILL_OPEN}),
        "asked": asked or [],
    }
    has_errors = any(form is not None and form.errors for form in (figure_form, ending_form))
    return render(request, "cases/show.html", context, status=422 if has_errors or asked else 200)


async def create_figure(request: Request) -> Response:
    """A member enters a figure. What looks wrong is asked about once, and then taken as it is."""
    person, case = await load_case(request)
    form = FigureForm(await read_desk_form(request))
    if not form.is_valid(_first_day(case)):
        return await _case_page(request, case, form)
    values = form.values("day", "raised", "helpers", "source")
    standing = await CaseFigure.filter(case_id=case.id, taken_back_at__isnull=True)
    version = await latest_version(case)
    found = doubts(version.goal, standing, values["day"], values["raised"], values["helpers"])
    if found and not form.confirmed.data:
        return await _case_page(request, case, form, asked=[str(DOUBT_WORDS[each]) for each in found])
    try:
        await cases.add_figure(case, values, person, is_correction=bool({"replaces", "decreases"} & {*found}))
    except CaseRefused as refusal:
        form.refuse("day", refusal.sentence)
        return await _case_page(request, case, form)
    response = redirect(request, "cases:show", id=case.id, fragment="figures")
    flash(request, response, _("The figure is saved."))
    return response


def _first_day(case: Case) -> date:
    return to_local(case.created_at).date() - FIRST_DAY


async def take_back_figure(request: Request) -> Response:
    """A member takes a figure back."""
    person, case = await load_case(request)
    return await _act(
        request,
        case,
        cases.take_back_figure(case, request.path_params["figure"], person),
        _("The figure is taken back."),
    )


async def end(request: Request) -> Response:
    """A member closes or stops a case, or opens it again."""
    person, case = await load_case(request)
    form = EndingForm(await read_desk_form(request))
    if not form.validate():
        return await _case_page(request, case, ending_form=form)
    ending = None if form.ending.data == STILL_OPEN else Ending(form.ending.data)
    return await _act(request, case, cases.end_case(case, ending, person), _("Saved."))


async def _act(request: Request, case: Case, verb: Any, done: str, page: str = "cases:show") -> Response:
    """Run a verb, go back to the case's page, and say what was done or why not."""
    message, level = done, "done"
    try:
        await verb
    except CaseRefused as refusal:
        message, level = refusal.sentence, "error"
    response = redirect(request, page, id=case.id)
    flash(request, response, message, level)
    return response


async def new_consent(request: Request) -> Response:
    """A member opens the form of a consent to a case, for a person without a work."""
    _person, organisations = await load_member(request)
    form = CaseConsentForm(organisations=organisations, data={"scopes": ["case"]})
    return _consent_page(request, form, organisations)


async def create_consent(request: Request) -> Response:
    """A member records a consent to a case; its slip withdraws it, like any other."""
    person, organisations = await load_member(request)
    form = CaseConsentForm(await read_desk_form(request), organisations=organisations)
    form.validate()
    consent = form.entered_consent()
    if consent is not None and "case" not in consent.scope:
        form.refuse(
            "scopes", _("Please tick that the case may tell of the person: without it there is none.")
        )
    if form.errors or consent is None:
        return _consent_page(request, form, organisations, 422)
    chosen = (each for each in organisations if str(each.id) == form.organisation.data)
    organisation = next(chosen, organisations[0])
    async with in_transaction():
        name = form.credit_name.data or ""
        artist = await Artist.filter(organisation_id=organisation.id, credit_name=name).order_by("id").first()
        if artist is None:
            artist = await Artist.create(organisation=organisation, credit_name=name)
            await record(Verb.ARTIST_MADE, artist.id, organisation_id=organisation.id, by=person)
        made = await record_consent(artist, consent, person)
    response = redirect(request, "consents:show", id=made.id)
    flash(
        request,
        response,
        _("The consent is recorded. Please print its slip; then you can choose it in a case."),
    )
    return response


def _consent_page(
    request: Request, form: CaseConsentForm, organisations: list[Organisation], status: int = 200
) -> Response:
    context = {"form": form, "has_several": len(organisations) > 1}
    return render(request, "cases/consent.html", context, status=status)


# Curators


async def review(request: Request) -> Response:
    """A curator reads the newest version that was sent, what it names of the person, and hints on its words."""
    _person, case = await load_sent_case(request)
    return await _review_page(request, case)


async def _review_page(
    request: Request,
    case: Case,
    return_form: ReturnForm | None = None,
    concern_form: ConcernForm | None = None,
) -> Response:
    version = await version_for_review(case)
    texts = {name: getattr(version, name) for name in CaseForm.texts}
    context = {
        "case": case,
        "version": version,
        "seen": seen_of(version),
        "content_words": [str(CONTENT_WORDS[name]) for name in version.contents],
        "hints": hints_on(texts),
        "amount": lambda number: amount_words(number, version),
        "vetoes": await CaseVeto.filter(case_id=case.id).order_by("id").select_related("by", "lifted_by"),
        "return_form": return_form or ReturnForm(),
        "concern_form": concern_form or ConcernForm(),
        "is_on_view": await versions_on_view().filter(case_id=case.id).exists(),
    }
    return render(request, "cases/review.html", context, status=422 if return_form or concern_form else 200)


async def decide(request: Request) -> Response:
    """A curator accepts a version, or returns it with words."""
    person, case = await load_sent_case(request)
    posted = await read_desk_form(request)
    accepts = posted.get("decision") == "accept"
    form = ReturnForm(posted)
    if not accepts and not form.validate():
        return await _review_page(request, case, return_form=form)
    version = await version_for_review(case)
    words = "" if accepts else form.words.data or ""
    done = _("The case is accepted.") if accepts else _("The case is returned.")
    verb = _decide_seen(case, version, person, posted, accepts=accepts, words=words)
    return await _act(request, case, verb, done, "cases:review")


async def _decide_seen(
    case: Case, version: CaseVersion, person: Person, posted: Mapping[str, Any], *, accepts: bool, words: str
) -> None:
    if posted.get("seen") != seen_of(version):
        raise CaseRefused(_("It was changed or decided meanwhile. Please look at it again."))
    await cases.decide(case, version, person, accepts=accepts, words=words)


async def veto(request: Request) -> Response:
    """A curator takes a case off view at once."""
    person, case = await load_sent_case(request)
    form = ConcernForm(await read_desk_form(request))
    if not form.validate():
        return await _review_page(request, case, concern_form=form)
    verb = cases.veto_case(case, person, form.concern.data or "")
    return await _act(request, case, verb, _("The case is off view."), "cases:review")


async def lift_veto(request: Request) -> Response:
    """A curator lifts the veto; the case then waits for review."""
    person, case = await load_sent_case(request)
    verb = cases.lift_case_veto(case, person)
    return await _act(
        request, case, verb, _("The veto is lifted. The case is shown once it is accepted."), "cases:review"
    )


routes = [
    Route("/desk/cases", index, name="cases:index", methods=["GET"]),
    Route("/desk/cases/new", new, name="cases:new", methods=["GET"]),
    Route("/desk/cases", create, name="cases:create", methods=["POST"]),
    Route("/desk/cases/consent", new_consent, name="cases:new_consent", methods=["GET"]),
    Route("/desk/cases/consent", create_consent, name="cases:create_consent", methods=["POST"]),
    Route("/desk/cases/{id:int}", show, name="cases:show", methods=["GET"]),
    Route("/desk/cases/{id:int}/edit", edit, name="cases:edit", methods=["GET"]),
    Route("/desk/cases/{id:int}/edit", update, name="cases:update", methods=["POST"]),
    Route("/desk/cases/{id:int}/figures", create_figure, name="cases:create_figure", methods=["POST"]),
    Route(
        "/desk/cases/{id:int}/figures/{figure:int}/taking-back",
        take_back_figure,
        name="cases:take_back_figure",
        methods=["POST"],
    ),
    Route("/desk/cases/{id:int}/ending", end, name="cases:end", methods=["POST"]),
    Route("/desk/cases/{id:int}/review", review, name="cases:review", methods=["GET"]),
    Route("/desk/cases/{id:int}/review", decide, name="cases:decide", methods=["POST"]),
    Route("/desk/cases/{id:int}/veto", veto, name="cases:veto", methods=["POST"]),
    Route("/desk/cases/{id:int}/veto/lifting", lift_veto, name="cases:lift_veto", methods=["POST"]),
]
