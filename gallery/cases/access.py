"""Who may do what with cases.

Members of the project's organisation write them, enter figures and end them. Curators see what was sent for review,
decide on it, and may take a case off view; never on a case of their own organisation while another curator can.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from tortoise.expressions import Q

from gallery.accounts.access import load_curator
from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person
from gallery.artists.models import Consent
from gallery.cases.models import Case, CaseVersion, VersionState
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation, Project
from gallery.web.languages import localized

RELATED = ("project__organisation", "consent__artist")


async def load_case(request: Request) -> tuple[Person, Case]:
    """The case in the URL with its project and consent, for members of its organisation; 404 for everybody else."""
    person, organisations = await load_member(request)
    case = await Case.get_or_none(
        id=request.path_params["id"], project__organisation_id__in=[each.id for each in organisations]
    ).select_related(*RELATED)
    if case is None:
        raise HTTPException(404)
    return person, case


async def load_sent_case(request: Request) -> tuple[Person, Case]:
    """The curator, and the case in the URL if a version of it was sent for review; 404 for everybody else."""
    person = await load_curator(request)
    case = await Case.get_or_none(id=request.path_params["id"]).select_related(*RELATED)
    own = await organisations_with_conflict(person.id)
    if (
        case is None
        or case.project.organisation_id in own
        or not await CaseVersion.exists(case_id=case.id, sent_at__isnull=False)
    ):
        raise HTTPException(404)
    return person, case


async def latest_version(case: Case) -> CaseVersion:
    """The version that members change: the newest one."""
    return (
        await CaseVersion.filter(case_id=case.id)
        .order_by("-number")
        .limit(1)
        .select_related("decided_by")
        .get()
    )


async def version_for_review(case: Case) -> CaseVersion:
    """The newest version that was sent for review, and was not taken back to be changed."""
    sent = CaseVersion.filter(case_id=case.id).exclude(state=VersionState.DRAFT)
    version = await sent.order_by("-number").select_related("decided_by").first()
    if version is None:
        raise HTTPException(404)
    return version


async def projects_to_choose(organisations: list[Organisation]) -> list[Project]:
    """The projects for which members of these organisations may write cases, by title."""
    projects = await Project.filter(organisation_id__in=[each.id for each in organisations])
    return sorted(projects, key=lambda each: localized(each, "title").text)


async def consents_to_choose(organisations: list[Organisation], case: Case | None = None) -> list[Consent]:
    """The consents that a case may name: with the scope `case`, neither withdrawn nor renewed, by credit name.

    Also that of the `case` itself, so that a form never shows a case of a person as one of nobody.
    """
    usable = Q(for_case=True, withdrawn_at__isnull=True, followed_by__id__isnull=True)
    own = Q(id=case.consent_id if case and case.consent_id else 0)
    of_organisations = Consent.filter(artist__organisation_id__in=[each.id for each in organisations])
    consents = of_organisations.filter(usable | own).distinct()
    return await consents.order_by("artist__credit_name", "id").select_related("artist")
