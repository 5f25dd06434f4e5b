"""Projects for their organisations, and organisations for curators and keepers, at the desk."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.functions import Count

from gallery import content_version
from gallery.accounts import invitations
from gallery.accounts.access import load_curator
from gallery.accounts.forms import InvitationForm
from gallery.accounts.models import Membership, Person, Role
from gallery.database import in_transaction
from gallery.languages import gettext as _
from gallery.languages import set_language, spoken
from gallery.organisations.access import load_member, load_organisation, load_project
from gallery.organisations.forms import OrganisationForm, ProjectForm
from gallery.organisations.models import Organisation, Project
from gallery.organisations.projects import add_project
from gallery.pages import flash, pages_of, redirect, render, settings_of

PROJECT_FIELDS = ("title_zh", "title_en", "summary_zh", "summary_en", "link")
ORGANISATION_FIELDS = (
    "name_zh",
    "name_en",
    "slug",
    "about_zh",
    "about_en",
    "registration_number",
    "website",
)


async def index_projects(request: Request) -> Response:
    """A partner sees the projects of their organisation, and how many works stand before each."""
    _person, organisations = await load_member(request)
    projects = (
        await Project.filter(organisation_id__in=[each.id for each in organisations])
        .annotate(work_count=Count("artworks"))
        .prefetch_related("organisation")
        .order_by("-id")
    )
    return render(
        request, "projects/index.html", {"projects": projects, "has_several": len(organisations) > 1}
    )


async def new_project(request: Request) -> Response:
    """A partner is asked what the project does and where to support it."""
    _person, organisations = await load_member(request)
    return _project_page(request, ProjectForm(organisations=organisations), organisations)


async def create_project(request: Request) -> Response:
    """A partner adds a project."""
    _person, organisations = await load_member(request)
    form = ProjectForm(await request.form(), organisations=organisations)
    if not form.is_right():
        return _project_page(request, form, organisations, status=422)
    chosen = next(
        (each for each in organisations if str(each.id) == form.organisation.data), organisations[0]
    )
    await add_project(chosen, dict(form.values(*PROJECT_FIELDS)))
    response = redirect(request, "projects:index")
    flash(request, response, _("The project is saved. Works can now be put before it."))
    return response


async def edit_project(request: Request) -> Response:
    """A partner opens a project to change it."""
    project, organisations = await load_project(request)
    data = {name: getattr(project, name) for name in PROJECT_FIELDS}
    form = ProjectForm(organisations=organisations, data={**data, "organisation": project.organisation_id})
    return _project_page(request, form, organisations, project)


async def update_project(request: Request) -> Response:
    """A partner changes a project; visitors see the change at once."""
    project, organisations = await load_project(request)
    form = ProjectForm(await request.form(), organisations=organisations)
    if not form.is_right():
        return _project_page(request, form, organisations, project, status=422)
    async with in_transaction():
        await Project.filter(id=project.id).update(**form.values(*PROJECT_FIELDS))
        await content_version.bump()
    response = redirect(request, "projects:index")
    flash(request, response, _("Saved."))
    return response


def _project_page(
    request: Request,
    form: ProjectForm,
    organisations: list[Organisation],
    project: Project | None = None,
    status: int = 200,
) -> Response:
    context = {"form": form, "project": project, "has_several": len(organisations) > 1}
    return render(request, "projects/edit.html" if project else "projects/new.html", context, status=status)


async def index(request: Request) -> Response:
    """A curator sees all organisations; a keeper can also invite curators."""
    person = await load_curator(request)
    return await _organisations_page(request, person)


async def _organisations_page(
    request: Request, person: Person, invitation: InvitationForm | None = None, status: int = 200
) -> Response:
    organisations = await Organisation.annotate(
        work_count=Count("artworks", distinct=True), member_count=Count("memberships", distinct=True)
    ).order_by("id")
    invitation = invitation or InvitationForm(organisations=[], data={"role": "curator"})
    invitation["role"].choices = [each for each in invitation["role"].choices if each[0] != Role.MEMBER]
    context = {"organisations": organisations, "invitation": invitation}
    return render(request, "organisations/index.html", context, status=status)


async def new(request: Request) -> Response:
    """A curator is asked for an organisation's names."""
    person = await load_curator(request)
    return await _organisation_page(request, person, OrganisationForm())


async def create(request: Request) -> Response:
    """A curator enters an organisation, and can then invite its members."""
    person = await load_curator(request)
    form = OrganisationForm(await request.form())
    if form.is_right():
        try:
            async with in_transaction():
                organisation = await Organisation.create(**form.values(*ORGANISATION_FIELDS))
                await content_version.bump()
        except IntegrityError:
            _refuse_slug(form)
        else:
            response = redirect(request, "organisations:edit", id=organisation.id)
            flash(request, response, _("The organisation is saved. Now invite its first member."))
            return response
    return await _organisation_page(request, person, form, status=422)


async def edit(request: Request) -> Response:
    """A curator opens an organisation: what visitors read of it, and who its members are."""
    person, organisation = await load_organisation(request)
    data = {name: getattr(organisation, name) for name in (*ORGANISATION_FIELDS, "is_active")}
    return await _organisation_page(request, person, OrganisationForm(data=data), organisation)


async def update(request: Request) -> Response:
    """A curator changes an organisation; only a keeper can stop or resume the showing of its works."""
    person, organisation = await load_organisation(request)
    form = OrganisationForm(await request.form())
    if form.is_right():
        values: dict[str, Any] = dict(form.values(*ORGANISATION_FIELDS))
        if person.is_keeper:
            values["is_active"] = form.is_active.data
        try:
            async with in_transaction():
                await Organisation.filter(id=organisation.id).update(**values)
                await content_version.bump()
        except IntegrityError:
            _refuse_slug(form)
        else:
            response = redirect(request, "organisations:edit", id=organisation.id)
            flash(request, response, _("Saved."))
            return response
    return await _organisation_page(request, person, form, organisation, status=422)


def _refuse_slug(form: OrganisationForm) -> None:
    form.refuse("slug", _("Another organisation has this name in web addresses. Please choose another."))


async def _organisation_page(
    request: Request,
    person: Person,
    form: OrganisationForm,
    organisation: Organisation | None = None,
    invitation: InvitationForm | None = None,
    status: int = 200,
) -> Response:
    if not person.is_keeper:
        del form.is_active
    if organisation is None:
        return render(request, "organisations/new.html", {"form": form}, status=status)
    members = await Membership.filter(organisation=organisation).order_by("id").prefetch_related("person")
    context = {
        "form": form,
        "organisation": organisation,
        "members": members,
        "invitation": invitation or InvitationForm(organisations=[]),
    }
    return render(request, "organisations/edit.html", context, status=status)


async def invite(request: Request) -> Response:
    """A curator invites a member, a keeper also curators and keepers; the link is shown this once."""
    person = await load_curator(request)
    posted = await request.form()
    every = await Organisation.all().order_by("id")
    form = InvitationForm(posted, organisations=[(str(each.id), spoken(each, "name").text) for each in every])
    role = str(form.role.data)
    if role in {Role.CURATOR, Role.KEEPER} and not person.is_keeper:
        raise HTTPException(404)
    if role != Role.MEMBER:
        form["organisation"].data = ""  # curators and keepers belong to none
    form.validate()
    organisation = next((each for each in every if str(each.id) == form.organisation.data), None)
    if role == Role.MEMBER and organisation is None:
        form.refuse("organisation", _("Please choose the organisation that the person belongs to."))
    if form.errors:
        if organisation is not None and role == Role.MEMBER:
            data = {name: getattr(organisation, name) for name in (*ORGANISATION_FIELDS, "is_active")}
            return await _organisation_page(
                request, person, OrganisationForm(data=data), organisation, form, status=422
            )
        return await _organisations_page(request, person, form, status=422)
    days = settings_of(request).invitation_days
    token = await invitations.invite(
        str(form.email.data),
        Role(role),
        days=days,
        organisation_id=organisation.id if organisation and role == Role.MEMBER else None,
        language=form.language.data,
        by=person,
    )
    set_language(person.language)
    pages = pages_of(request)
    context = {
        "email": form.email.data,
        "organisation": organisation if role == Role.MEMBER else None,
        "link": pages.absolute(pages.url("accounts:invitation", token=token)),
        "days": days,
    }
    return render(request, "organisations/invited.html", context)


routes = [
    Route("/desk/projects", index_projects, name="projects:index", methods=["GET"]),
    Route("/desk/projects/new", new_project, name="projects:new", methods=["GET"]),
    Route("/desk/projects", create_project, name="projects:create", methods=["POST"]),
    Route("/desk/projects/{id:int}/edit", edit_project, name="projects:edit", methods=["GET"]),
    Route("/desk/projects/{id:int}/edit", update_project, name="projects:update", methods=["POST"]),
    Route("/desk/organisations", index, name="organisations:index", methods=["GET"]),
    Route("/desk/organisations/new", new, name="organisations:new", methods=["GET"]),
    Route("/desk/organisations", create, name="organisations:create", methods=["POST"]),
    Route("/desk/organisations/{id:int}/edit", edit, name="organisations:edit", methods=["GET"]),
    Route("/desk/organisations/{id:int}/edit", update, name="organisations:update", methods=["POST"]),
    Route("/desk/invitations-sent", invite, name="organisations:invite", methods=["POST"]),
]
