"""Who may do what with organisations and projects: one page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator, load_person
from gallery.accounts.models import MemberRole, Membership, Person
from gallery.db.connection import QuerySet
from gallery.organisations.models import Application, Organisation, Project


async def organisations_of(person: Person) -> list[Organisation]:
    """The organisations that a person is a member of, the longest known first."""
    # One filter: it is the same membership that is this person's and awaits nothing.
    counting = Organisation.filter(memberships__person=person, memberships__awaits_confirmation=False)
    return await counting.order_by("id")


async def load_member(request: Request) -> tuple[Person, list[Organisation]]:
    """The person at this desk with their organisations, at least one; 404 to people who belong to none.

    Of a program that was let in by a token (gallery/api), whoever made the token, with its organisation alone.
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
    """The project of the address, for members of its organisation; 404 to everybody else."""
    _, organisations = await load_member(request)
    project = await Project.filter(
        id=request.path_params["id"], organisation_id__in=[organisation.id for organisation in organisations]
    ).first()
    if project is None:
        raise HTTPException(404)
    return project, organisations


async def load_organisation(request: Request) -> tuple[Person, Organisation, Membership | None]:
    """The organisation of the address, for curators and its members; 404 to everybody else."""
    person = await load_person(request)
    organisation = await Organisation.get_or_none(id=request.path_params["id"])
    if organisation is None:
        raise HTTPException(404)
    membership = await Membership.get_or_none(organisation_id=organisation.id, person_id=person.id)
    is_member = membership is not None and not membership.awaits_confirmation
    if not is_member and not person.is_curator:
        raise HTTPException(404)
    return person, organisation, membership


def can_edit_organisation(person: Person, membership: Membership | None) -> bool:
    """Whether somebody may change an organisation's profile: its owners and curators. Its members are its owners' alone."""
    return person.is_curator or (membership is not None and membership.is_owner)


def organisations_owned_by(person: Person) -> QuerySet[Organisation]:
    """The organisations of which somebody is an owner."""
    # One filter: it is the same membership that is this person's and that of an owner.
    return Organisation.filter(
        memberships__person_id=person.id,
        memberships__role=MemberRole.OWNER,
        memberships__awaits_confirmation=False,
    )


async def load_editable_organisation(request: Request) -> tuple[Person, Organisation]:
    """The organisation of the address, for its owners and curators; 404 to everybody else."""
    person, organisation, membership = await load_organisation(request)
    if not can_edit_organisation(person, membership):
        raise HTTPException(404)
    return person, organisation


async def load_application(request: Request) -> tuple[Person, Application]:
    """The application of the address, for curators."""
    person = await load_curator(request)
    application = await Application.get_or_none(id=request.path_params["id"]).prefetch_related(
        "organisation", "decided_by"
    )
    if application is None:
        raise HTTPException(404)
    return person, application
