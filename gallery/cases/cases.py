"""The verbs of cases: save, send, decide, enter and take back figures, end, veto."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.members import members_of
from gallery.accounts.models import Person, Role
from gallery.artists.models import Consent, ConsentState
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.forms import CONTENT_WORDS, uncovered
from gallery.cases.models import (
    Case,
    CaseFigure,
    CaseVersion,
    CaseVeto,
    Currency,
    Ending,
    VersionState,
)
from gallery.clock import now, today
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, in_all_languages, notify
from gallery.organisations.links import has_link
from gallery.organisations.models import Project
from gallery.organisations.projects import new_slug
from gallery.web.languages import gettext as _
from gallery.web.page_keys import case_key
from gallery.web.texts import Texts


class CaseRefused(Exception):
    """Nothing was changed; `sentence` says why, about `field` of the form if it is given."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.field = sentence, field


def seen_of(version: CaseVersion | None) -> str:
    """What the form carries, so that a save does not undo what somebody else saved since."""
    return f"{version.id}:{version.saved_at.isoformat()}" if version else ""


async def save_case(
    case: Case | None,
    project: Project,
    consent: Consent | None,
    values: Mapping[str, Any],
    by: Person,
    *,
    sends: bool,
    seen: str = "",
) -> Case:
    """Save the words of a case, or of a new one, and with `sends` send them for review. Raises CaseRefused.

    `values`: columns of CaseVersion. What was decided already is not changed: the words become its next version. Words
    that wait for a review are a draft again, unless they are sent again.
    """
    async with in_transaction():
        # The consent first, then the case, as a withdrawal does.
        if consent is not None:
            consent = await _usable_consent(consent, values, project)
        if case is None:
            await _refuse_second(project, values["title"])
            case = await Case.create(slug=new_slug("c"), project=project, consent=consent)
            await record(Verb.CASE_MADE, case.id, organisation_id=project.organisation_id, by=by)
            latest = None
        else:
            case = await _locked_case(case)
            latest = await _newest_version(case)
            if seen != seen_of(latest):
                raise CaseRefused(
                    _(
                        "Somebody else has saved this case meanwhile. Your words below are not saved: compare, then save again."
                    )
                )
            await _move(case, project, consent)
            await record(Verb.CASE_CHANGED, case.id, organisation_id=project.organisation_id, by=by)
        await refuse_link_of_others(values["link"], project.organisation_id)
        state: dict[str, Any] = {
            "state": VersionState.WAITING if sends else VersionState.DRAFT,
            "sent_at": now() if sends else None,
            "saved_by_id": by.id,
            "saved_at": now(),
        }
        if latest is None or latest.decided_at is not None:
            number = latest.number + 1 if latest else 1
            await CaseVersion.create(case=case, number=number, **values, **state)
        else:
            await CaseVersion.filter(id=latest.id).update(**values, **state)
        if sends:
            await record(Verb.CASE_SENT, case.id, organisation_id=project.organisation_id, by=by)
            curators = await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
            facts = {"project": in_all_languages(project, "title")}
            await notify(curators, Notification("case_waiting", f"/desk/cases/{case.id}/review", facts))
    return case


async def _refuse_second(project: Project, title: Texts) -> None:
    """Raise CaseRefused if the project has a case with this title: a form that is sent twice makes one case."""
    titles: list[Any] = await CaseVersion.filter(case__project_id=project.id).values_list("title", flat=True)
    if any({*title.items()} & {*each.items()} for each in titles):
        raise CaseRefused(
            _("This project has a case with this title. Please change that one, or write another title."),
            "title",
        )


async def _usable_consent(consent: Consent, values: Mapping[str, Any], project: Project) -> Consent:
    current: Consent | None = await locked(Consent.filter(id=consent.id)).first()
    if current is None or not is_usable(current) or await Consent.exists(follows_id=consent.id):
        raise CaseRefused(_("This consent is not in force any more. Please choose another one."), "consent")
    await current.fetch_related("artist")
    if current.artist.organisation_id != project.organisation_id:
        raise CaseRefused(
            _("This person is another organisation's. Please choose a project of theirs."), "consent"
        )
    contents = [name for name in CONTENT_WORDS if values[f"has_{name}"]]
    if uncovered(current, contents):
        raise CaseRefused(_("The consent has changed, and does not name all of this any more."), "contents")
    return current


def is_usable(consent: Consent) -> bool:
    """Whether a case may be written under the consent today."""
    return consent.for_case and consent.state() in {ConsentState.IN_FORCE, ConsentState.EXPIRING}


async def _move(case: Case, project: Project, consent: Consent | None) -> None:
    """Set project and consent of a case. What visitors may have read stays about the same person, in the same organisation."""
    if await CaseVersion.exists(case_id=case.id, state=VersionState.ACCEPTED):
        before = await Consent.get(id=case.consent_id) if case.consent_id else None
        if (before and before.artist_id) != (consent and consent.artist_id):
            raise CaseRefused(
                _("Visitors know this case as one of another person. Please begin a new case."), "consent"
            )
    await Case.filter(id=case.id).update(project_id=project.id, consent_id=consent.id if consent else None)
    await content_version.bump(rows=())


async def refuse_link_of_others(link: str, organisation_id: int) -> None:
    """Raise CaseRefused if a project or case of another organisation has this link, with or without a slash at its end."""
    if not link:
        return
    same = [link.rstrip("/"), link.rstrip("/") + "/"]
    projects = Project.filter(has_link(same)).exclude(organisation_id=organisation_id)
    cases = CaseVersion.filter(link__in=same).exclude(case__project__organisation_id=organisation_id)
    if await projects.exists() or await cases.exists():
        raise CaseRefused(
            _(
                "Another organisation has this link. Please give the page of this fundraising, not the platform's own."
            ),
            "link",
        )


async def fixed_currency(case: Case | None) -> Currency | None:
    """The currency of a case that has figures; None if it can still be chosen."""
    if case is None or not await CaseFigure.exists(case_id=case.id, taken_back_at__isnull=True):
        return None
    version = await _newest_version(case)
    return version.currency if version else None


async def decide(case: Case, version: CaseVersion, by: Person, *, accepts: bool, words: str = "") -> None:
    """Accept a version, which visitors read from then on, or return it with words. Raises CaseRefused."""
    async with in_transaction():
        consent: Consent | None = None
        if case.consent_id is not None:
            consent = await locked(Consent.filter(id=case.consent_id)).first()
        case = await _locked_case(case)
        current = await CaseVersion.get(id=version.id)
        if current.state != VersionState.WAITING or seen_of(current) != seen_of(version):
            raise CaseRefused(_("It was changed or decided meanwhile. Please look at it again."))
        is_covered = consent is not None and is_usable(consent) and not uncovered(consent, current.contents)
        if accepts and case.consent_id is not None and not is_covered:
            raise CaseRefused(
                _(
                    "Its consent is not in force, or does not name all that it contains. It can only be returned."
                )
            )
        if accepts and current.is_registration_over:
            raise CaseRefused(_("The registration of its fundraising has expired. It can only be returned."))
        if accepts:
            await CaseVersion.filter(case_id=case.id).update(is_shown=False)
        state = VersionState.ACCEPTED if accepts else VersionState.RETURNED
        await CaseVersion.filter(id=version.id).update(
            state=state, is_shown=accepts, decided_by_id=by.id, decided_at=now(), words=words
        )
        verb = Verb.CASE_ACCEPTED if accepts else Verb.CASE_RETURNED
        organisation_id = await _organisation_id(case)
        await record(verb, case.id, organisation_id=organisation_id, by=by)
        project = await Project.with_merged().get(id=case.project_id)
        facts = {"project": in_all_languages(project, "title"), "accepted": accepts}
        await notify(
            await members_of(organisation_id), Notification("case_decided", f"/desk/cases/{case.id}", facts)
        )
        await content_version.bump(rows=())


async def add_figure(case: Case, values: Mapping[str, Any], by: Person, *, is_correction: bool) -> CaseFigure:
    """Enter a figure; visitors see it at once if the case is on view. `values`: day, raised, helpers and source."""
    async with in_transaction():
        case = await _locked_case(case)
        figure = await CaseFigure.create(case=case, by=by, at=now(), is_correction=is_correction, **values)
        await record(Verb.CASE_FIGURE_ADDED, case.id, organisation_id=await _organisation_id(case), by=by)
        await content_version.bump([case_key(case.id)])
    return figure


async def take_back_figure(case: Case, figure_id: int, by: Person) -> None:
    """Take a figure back; an earlier one of the same day counts again."""
    async with in_transaction():
        case = await _locked_case(case)
        standing = CaseFigure.filter(id=figure_id, case_id=case.id, taken_back_at__isnull=True)
        if await standing.update(taken_back_at=now()):
            await record(
                Verb.CASE_FIGURE_TAKEN_BACK, case.id, organisation_id=await _organisation_id(case), by=by
            )
            await content_version.bump([case_key(case.id)])


async def end_case(case: Case, ending: Ending | None, by: Person) -> None:
    """Close or stop a case; with None it asks for support again."""
    async with in_transaction():
        case = await _locked_case(case)
        day = today() if ending is not None else None
        await Case.filter(id=case.id).update(ending=ending, ended_on=day)
        verb = Verb.CASE_ENDED if ending is not None else Verb.CASE_REOPENED
        await record(verb, case.id, organisation_id=await _organisation_id(case), by=by)
        await content_version.bump([case_key(case.id)])


async def veto_case(case: Case, by: Person | None, concern: str) -> None:
    """Take a case off view at once, whatever its consent says. Raises CaseRefused."""
    async with in_transaction():
        case = await _locked_case(case)
        if case.is_vetoed:
            raise CaseRefused(_("Another curator has already taken it off view."))
        await CaseVeto.create(case=case, by=by, at=now(), concern=concern)
        await Case.filter(id=case.id).update(is_vetoed=True)
        organisation_id = await _organisation_id(case)
        await record(Verb.CASE_VETOED, case.id, organisation_id=organisation_id, by=by)
        project = await Project.with_merged().get(id=case.project_id)
        facts = {"project": in_all_languages(project, "title")}
        await notify(
            await members_of(organisation_id), Notification("case_off_view", f"/desk/cases/{case.id}", facts)
        )
        await content_version.bump(rows=())


async def lift_case_veto(case: Case, by: Person) -> None:
    """Lift the veto: the accepted version waits for review again, and nothing is shown before. Raises CaseRefused."""
    async with in_transaction():
        case = await _locked_case(case)
        if not case.is_vetoed:
            raise CaseRefused(_("There is no veto on this case any more."))
        await CaseVeto.filter(case_id=case.id, lifted_at__isnull=True).update(
            lifted_at=now(), lifted_by_id=by.id
        )
        await Case.filter(id=case.id).update(is_vetoed=False)
        newest = await _newest_version(case)
        shown = CaseVersion.filter(case_id=case.id, is_shown=True)
        if newest is not None and newest.is_shown:
            await shown.update(state=VersionState.WAITING, is_shown=False, decided_at=None, saved_at=now())
        else:
            await shown.update(is_shown=False)
        await record(Verb.CASE_VETO_LIFTED, case.id, organisation_id=await _organisation_id(case), by=by)
        await content_version.bump(rows=())


async def _newest_version(case: Case) -> CaseVersion | None:
    return await CaseVersion.filter(case_id=case.id).order_by("-number").first()


async def _organisation_id(case: Case) -> int:
    return (await Project.with_merged().get(id=case.project_id)).organisation_id


async def _locked_case(case: Case) -> Case:
    """The row of the case, locked. Raises CaseRefused if its consent was withdrawn."""
    current: Case = await locked(Case.filter(id=case.id)).get()
    if current.withdrawn_at is not None:
        raise CaseRefused(_("The consent to this case was withdrawn, and its words are deleted."))
    return current


async def links_of_cases() -> set[str]:
    """The links that the worker checks: of all versions that may still be read."""
    links: list[Any] = await CaseVersion.exclude(link="").distinct().values_list("link", flat=True)
    return set(links)
