"""Who may do what with organisations and projects."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator, load_person
from gallery.accounts.models import MemberRole, Membership, Person
from gallery.db.connection import QuerySet
from gallery.organisations.models import Application, Organisation, Project


async def organisations_of(person: Person) -> list[Organisation]:
    """A person's organisations, oldest first."""
    # One filter() call, so that both conditions apply to the same membership.
    organisations = Organisation.filter(memberships__person=person, memberships__awaits_confirmation=False)
    return await organisations.order_by("id")


async def load_member(request: Request) -> tuple[Person, list[Organisation]]:
    """The signed-in person with their organisations; 404 if they have no organisation.

    A request with an API token (gallery/api) gets the person who made the token, and only the token's
    organisation.
    """
    program: tuple[Person, list[Organisation]] | None = getattr(request.state, "program", None)
    if program is not None:
        return program
    person = await load_person(request)
    organisations = await organisations_of(person)
    if not organisations:
        raise HTTPException(404)
    return person, organisations


async def load_project(request: Request) -> tuple[Project, list[Organisation]]:
    """The project of the URL, for members of its organisation; 404 for everybody else."""
    _, organisations = await load_member(request)
    project = await Project.filter(
        id=request.path_params["id"], organisation_id__in=[organisation.id for organisation in organisations]
    ).first()
    if project is None:
        raise HTTPException(404)
    return project, organisations


async def load_organisation(request: Request) -> tuple[Person, Organisation, Membership | None]:
    """The organisation of the URL, for curators and its members; 404 for everybody else."""
    person = await load_person(request)
    organisation = await Organisation.get_or_none(id=request.path_params["id"])
    if organisation is None:
        raise HTTPException(404)
    membership = await Membership.get_or_none(organisation_id=organisation.id, person_id=person.id)
    is_member = membership is not None and not membership.awaits_confirmation
    if not is_member and not person.is_curator:
        raise HTTPException(404)
    return person, organisation, membership


async def load_as_owner(request: Request) -> tuple[Person, Organisation, Membership]:
    """The signed-in owner, the organisation in the URL, and the membership; 404 for anybody but an owner."""
    person, organisation, membership = await load_organisation(request)
    if membership is None or not membership.is_owner:
        raise HTTPException(404)
    return person, organisation, membership


def can_edit_organisation(person: Person, membership: Membership | None) -> bool:
    """Whether a person may change an organisation's profile: its owners and all curators may.

    Only owners manage members.
    """
    return person.is_curator or (membership is not None and membership.is_owner)


def organisations_owned_by(person: Person) -> QuerySet[Organisation]:
    # One filter() call, so that all conditions apply to the same membership.
    return Organisation.filter(
        memberships__person_id=person.id,
        memberships__role=MemberRole.OWNER,
        memberships__awaits_confirmation=False,
    )


async def load_editable_organisation(request: Request) -> tuple[Person, Organisation]:
    """The organisation of the URL, for its owners and curators; 404 for everybody else."""
    person, organisation, membership = await load_organisation(request)
    if not can_edit_organisation(person, membership):
        raise HTTPException(404)
    return person, organisation


async def load_application(request: Request) -> tuple[Person, Application]:
    """The signed-in curator, and the application in the URL; 404 if there is none."""
    person = await load_curator(request)
    application = await Application.get_or_none(id=request.path_params["id"]).prefetch_related(
        "organisation", "decided_by"
    )
    if application is None:
        raise HTTPException(404)
    return person, application
