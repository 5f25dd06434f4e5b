"""Who may do what with organisations and projects: one page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator, load_person
from gallery.accounts.models import Person
from gallery.organisations.models import Organisation, Project


async def organisations_of(person: Person) -> list[Organisation]:
    """The organisations that a person is a member of, the longest known first."""
    return await Organisation.filter(memberships__person=person).order_by("id")


async def load_member(request: Request) -> tuple[Person, list[Organisation]]:
    """The person at this desk with their organisations, at least one; 404 to people who belong to none."""
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


async def load_organisation(request: Request) -> tuple[Person, Organisation]:
    """The organisation of the address, for curators and keepers; 404 to everybody else."""
    person = await load_curator(request)
    organisation = await Organisation.get_or_none(id=request.path_params["id"])
    if organisation is None:
        raise HTTPException(404)
    return person, organisation
