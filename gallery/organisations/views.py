"""Desk pages: projects (for members) and organisations (for members, curators and keepers)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.functions import Count

from gallery.accounts import invitations, members
from gallery.accounts.access import load_curator, load_person
from gallery.accounts.confirmation import require_confirmation
from gallery.accounts.forms import InvitationForm
from gallery.accounts.invitations import InvitationRefused
from gallery.accounts.members import ConflictOfInterest, LastOwner, conflict_of_interest, has_had_owner
from gallery.accounts.models import Invitation, MemberRole, Membership, Person, Role
from gallery.accounts.sessions import token_hash
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.organisations.access import (
    can_edit_organisation,
    load_editable_organisation,
    load_member,
    load_organisation,
    load_project,
    organisations_owned_by,
)
from gallery.organisations.forms import OrganisationForm, ProfileForm, ProjectForm, TrustForm
from gallery.organisations.links import dead_links_of, projects_with_dead_links
from gallery.organisations.models import (
    LINK_FIELDS,
    Application,
    ApplicationState,
    Organisation,
    Project,
    Trust,
    TrustChange,
)
from gallery.organisations.owner_requests import can_be_stopped, latest_request, role_of_address
from gallery.organisations.projects import add_project, projects_with_title
from gallery.web.forms import one_line, read_desk_form, read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import (
    SIGNER_OPTIONS,
    cookie_in,
    flash,
    pages_of,
    redirect,
    render,
    set_cookie,
    settings_of,
)

LINK_COOKIE = "invitation-link"
LINK_SHOWN_SECONDS = 600

PROJECT_FIELDS = (
    "title",
    "summary",
    "effect",
    "cause",
    *LINK_FIELDS,
    "goal",
    "raised",
    "raised_on",
    "raised_source",
    "starts_on",
    "ends_on",
)
PAGE_SIZE = 60
MAX_NAME_LENGTH = 80  # characters; the length of the column Person.name
PROFILE_FIELDS = ("about", "region", "website")
ORGANISATION_FIELDS = ("name", "slug", "about", "region", "registration_number", "website")


async def index_projects(request: Request) -> Response:
    """A partner sees the projects of their organisations, with the number of works of each."""
    _person, organisations = await load_member(request)
    projects = (
        await Project.filter(organisation_id__in=[each.id for each in organisations])
        .annotate(work_count=Count("artworks"))
        .prefetch_related("organisation")
        .order_by("-id")
    )
    context = {
        "projects": projects,
        "has_several": len(organisations) > 1,
        "dead": await dead_links_of(projects),
    }
    return render(request, "projects/index.html", context)


async def new_project(request: Request) -> Response:
    """A partner opens the form of a new project."""
    _person, organisations = await load_member(request)
    return await _project_page(request, ProjectForm(organisations=organisations), organisations)


async def create_project(request: Request) -> Response:
    """A partner adds a project."""
    _person, organisations = await load_member(request)
    form = ProjectForm(await read_desk_form(request), organisations=organisations)
    if not form.is_valid():
        return await _project_page(request, form, organisations, status=422)
    chosen = next(
        (each for each in organisations if str(each.id) == form.organisation.data), organisations[0]
    )
    if same := await projects_with_title(chosen, form.text_of("title").values()):
        sentence = _(
            "You have a project with this title: %(link)s. Please change that one, or write another title."
        )
        form.refuse("title", sentence % {"link": same[0].link})
        return await _project_page(request, form, organisations, status=422)
    await add_project(chosen, dict(form.values(*PROJECT_FIELDS)))
    response = redirect(request, "projects:index")
    flash(request, response, _("The project is saved. You can now choose it when you enter a work."))
    return response


async def edit_project(request: Request) -> Response:
    """A partner opens a project to change it."""
    project, organisations = await load_project(request)
    data = {name: getattr(project, name) for name in PROJECT_FIELDS}
    form = ProjectForm(organisations=organisations, data={**data, "organisation": project.organisation_id})
    return await _project_page(request, form, organisations, project)


async def update_project(request: Request) -> Response:
    """A partner changes a project; visitors see the change at once."""
    project, organisations = await load_project(request)
    form = ProjectForm(
        await read_desk_form(request),
        organisations=organisations,
        data={name: getattr(project, name) for name in ProjectForm.texts},
    )
    if not form.is_valid():
        return await _project_page(request, form, organisations, project, status=422)
    async with in_transaction():
        await Project.filter(id=project.id).update(**form.values(*PROJECT_FIELDS))
        await record(Verb.PROJECT_CHANGED, project.id, organisation_id=project.organisation_id)
        await content_version.bump(rows=[f"{content_version.PROJECT}{project.id}"])
    response = redirect(request, "projects:index")
    flash(request, response, _("Saved."))
    return response


async def _project_page(
    request: Request,
    form: ProjectForm,
    organisations: list[Organisation],
    project: Project | None = None,
    status: int = 200,
) -> Response:
    context = {
        "form": form,
        "project": project,
        "has_several": len(organisations) > 1,
        "dead": await dead_links_of([project] if project else []),
    }
    return render(request, "projects/edit.html" if project else "projects/new.html", context, status=status)


async def index(request: Request) -> Response:
    """A curator sees all organisations, and a keeper can also invite curators; a member sees their own."""
    person = await load_person(request)
    if person.is_curator:
        return await _organisations_page(request, person)
    _person, organisations = await load_member(request)
    if len(organisations) == 1:
        return redirect(request, "organisations:edit", id=organisations[0].id)
    return render(request, "organisations/own.html", {"organisations": organisations})


async def _organisations_page(
    request: Request, person: Person, invitation: InvitationForm | None = None, status: int = 200
) -> Response:
    page = await fetch_page(Organisation.all().order_by("id"), request.query_params, PAGE_SIZE)
    ids = [each.id for each in page.rows]
    invitation = invitation or InvitationForm(organisations=[], data={"role": "curator"})
    invitation["role"].choices = [each for each in invitation["role"].choices if each.value != Role.MEMBER]
    context = {
        "organisations": page.rows,
        "page": page,
        "work_counts": await _count_by_organisation(Artwork.filter(organisation_id__in=ids)),
        "member_counts": await _count_by_organisation(Membership.filter(organisation_id__in=ids)),
        "invitation": invitation,
        "waiting": await Application.filter(state=ApplicationState.WAITING).count(),
        "dead": await projects_with_dead_links(),
    }
    return render(request, "organisations/index.html", context, status=status)


async def _count_by_organisation(rows: QuerySet[Any]) -> dict[int, int]:
    counted = rows.annotate(number=Count("id")).group_by("organisation_id")
    return dict(await counted.values_list("organisation_id", "number"))


async def new(request: Request) -> Response:
    """A curator opens the form of a new organisation."""
    person = await load_curator(request)
    return await _organisation_page(request, person, OrganisationForm())


async def create(request: Request) -> Response:
    """A curator enters an organisation, and can then invite its members."""
    person = await load_curator(request)
    form = OrganisationForm(await read_desk_form(request))
    if form.validate():
        try:
            async with in_transaction():
                organisation = await Organisation.create(**form.values(*ORGANISATION_FIELDS))
                await record(Verb.ORGANISATION_MADE, organisation.id, organisation_id=organisation.id)
                await content_version.bump(rows=())
        except IntegrityError:
            _refuse_slug(form)
        else:
            response = redirect(request, "organisations:edit", id=organisation.id)
            flash(request, response, _("The organisation is saved. Now invite its first member."))
            return response
    return await _organisation_page(request, person, form, status=422)


async def edit(request: Request) -> Response:
    """A curator or member opens an organisation: its profile and its members."""
    person, organisation, _membership = await load_organisation(request)
    return await _organisation_page(request, person, _form_for(person, organisation), organisation)


async def update(request: Request) -> Response:
    """An owner changes the profile. Curators may also change the names and the registration number.

    Keepers may also change whether works are shown.
    """
    person, organisation = await load_editable_organisation(request)
    form = _form_for(person, organisation, await read_desk_form(request))
    if form.validate():
        fields = ORGANISATION_FIELDS if person.is_curator else PROFILE_FIELDS
        values: dict[str, Any] = dict(form.values(*fields))
        if person.is_keeper:
            values["is_active"] = form["is_active"].data
        try:
            async with in_transaction():
                await Organisation.filter(id=organisation.id).update(**values)
                await record(Verb.ORGANISATION_CHANGED, organisation.id, organisation_id=organisation.id)
                if values.get("is_active", organisation.is_active) != organisation.is_active:
                    verb = Verb.ORGANISATION_SHOWN if values["is_active"] else Verb.ORGANISATION_HIDDEN
                    await record(verb, organisation.id, organisation_id=organisation.id)
                if values.get("is_active") is False:
                    await members.revoke_tokens(organisation.id)
                await content_version.bump(rows=[f"{content_version.ORGANISATION}{organisation.id}"])
        except IntegrityError:
            _refuse_slug(form)
        else:
            return _back(request, organisation, _("Saved."))
    return await _organisation_page(request, person, form, organisation, status=422)


async def update_trust(request: Request) -> Response:
    """A keeper changes how the works of an organisation are reviewed, with a reason."""
    person, organisation, _membership = await load_organisation(request)
    if not person.is_keeper:
        raise HTTPException(404)
    if await _has_conflict_of_interest(person, organisation):
        sentence = _("You are a member of this organisation: another keeper says how its works are reviewed.")
        return _back(request, organisation, sentence, "error", "trust")
    form = TrustForm(await read_desk_form(request))
    if not form.validate():
        page = _form_for(person, organisation)
        return await _organisation_page(request, person, page, organisation, trust=form, status=422)
    async with in_transaction():
        organisation = await locked(Organisation.filter(id=organisation.id)).get()
        after = Trust(form.trust.data)
        if after != organisation.trust:
            await TrustChange.create(
                organisation=organisation,
                by=person,
                at=now(),
                before=organisation.trust,
                after=after,
                reason=form.reason.data,
            )
            await Organisation.filter(id=organisation.id).update(trust=after)
            await record(
                Verb.ORGANISATION_TRUST_CHANGED, organisation.id, organisation_id=organisation.id, by=person
            )
    return _back(request, organisation, _("Saved."), fragment="trust")


async def _has_conflict_of_interest(keeper: Person, organisation: Organisation) -> bool:
    return (
        await conflict_of_interest(keeper.id, organisation.id, roles=[Role.KEEPER])
        == ConflictOfInterest.OTHERS
    )


def _form_for(person: Person, organisation: Organisation, posted: Any = None) -> ProfileForm:
    return (OrganisationForm if person.is_curator else ProfileForm)(posted, obj=organisation)


def _back(
    request: Request, organisation: Organisation, message: str, level: str = "done", fragment: str = ""
) -> Response:
    response = redirect(request, "organisations:edit", id=organisation.id, fragment=fragment)
    flash(request, response, message, level)
    return response


def _refuse_slug(form: ProfileForm) -> None:
    form.refuse("slug", _("Another organisation has this name in web addresses. Please choose another."))


async def _organisation_page(
    request: Request,
    person: Person,
    form: ProfileForm,
    organisation: Organisation | None = None,
    invitation: InvitationForm | None = None,
    trust: TrustForm | None = None,
    status: int = 200,
) -> Response:
    if "is_active" in form and not person.is_keeper:
        del form["is_active"]
    if organisation is None:
        return render(request, "organisations/new.html", {"form": form}, status=status)
    everybody = (
        await Membership.filter(organisation=organisation)
        .order_by("id")
        .prefetch_related("person", "invited_by")
    )
    owner_request = await latest_request(organisation.id)
    own = next((each for each in everybody if each.person_id == person.id), None)
    invited = Invitation.filter(organisation=organisation, accepted_at__isnull=True, expires_at__gt=now())
    context = {
        "form": form,
        "organisation": organisation,
        "members": everybody,
        "own": own,
        "can_edit": can_edit_organisation(person, own),
        "is_owner": own is not None and own.is_owner,
        "had_owner": await has_had_owner(organisation.id),
        "request": owner_request,
        "can_be_stopped": owner_request is not None and can_be_stopped(owner_request),
        "request_role": await role_of_address(owner_request.email) if owner_request else "",
        "invited": await invited.order_by("id"),
        "projects": await dead_links_of(await Project.filter(organisation=organisation).order_by("id")),
        "invitation": invitation or InvitationForm(organisations=[]),
        "trust": trust or TrustForm(data={"trust": organisation.trust}),
        "trust_is_left": person.is_keeper and await _has_conflict_of_interest(person, organisation),
        "trust_changes": await TrustChange.filter(organisation=organisation)
        .order_by("-id")
        .prefetch_related("by")
        if person.is_curator
        else [],
    }
    return render(request, "organisations/edit.html", context, status=status)


async def update_member(request: Request) -> Response:
    """An owner makes a member an owner, or an editor."""
    _person, organisation, membership = await _load_membership(request)
    role = str((await read_desk_form(request)).get("role", ""))
    if role not in set(MemberRole):
        return _back(
            request, organisation, _("Please choose something that is in the list."), "error", "members"
        )
    if role == MemberRole.OWNER:
        await require_confirmation(request)
    try:
        await members.set_role(membership, MemberRole(role))
    except LastOwner as refusal:
        return _back(request, organisation, str(refusal.sentence), "error", "members")
    return _back(request, organisation, _("Saved."), fragment="members")


async def rename_member(request: Request) -> Response:
    """An owner corrects the name of a member."""
    _person, organisation, membership = await _load_membership(request)
    name = one_line(str((await read_small_form(request)).get("name", "")))
    if not name or len(name) > MAX_NAME_LENGTH:
        return _back(
            request,
            organisation,
            _("Please write a name of at most %(most)s characters.") % {"most": MAX_NAME_LENGTH},
            "error",
            "members",
        )
    await members.rename(membership, name)
    return _back(request, organisation, _("Saved."), fragment="members")


async def confirm_member(request: Request) -> Response:
    """An owner confirms a member who is a curator or keeper, if no owner is known to have invited them."""
    person, organisation, membership = await _load_membership(request)
    await members.confirm(membership, person)
    return _back(request, organisation, _("Saved."), fragment="members")


async def delete_member(request: Request) -> Response:
    """An owner removes a member, or a member leaves. Records of what they did stay."""
    person, organisation, membership = await _load_membership(request, or_own=True)
    try:
        await members.remove(membership)
    except LastOwner as refusal:
        return _back(request, organisation, str(refusal.sentence), "error", "members")
    if membership.person_id == person.id and not person.is_curator:
        response = redirect(request, "accounts:account")
        flash(request, response, _("You have left the organisation."))
        return response
    return _back(request, organisation, _("They no longer belong to the organisation."), fragment="members")


async def _load_membership(
    request: Request, *, or_own: bool = False
) -> tuple[Person, Organisation, Membership]:
    """The membership in the URL, for the organisation's owners; with `or_own` also for the member.

    404 for others, even curators.
    """
    person, organisation, own = await load_organisation(request)
    membership = await Membership.get_or_none(
        id=request.path_params["membership"], organisation_id=organisation.id
    )
    is_own = or_own and own is not None and membership is not None and own.id == membership.id
    if membership is None or not (is_own or (own is not None and own.is_owner)):
        raise HTTPException(404)
    return person, organisation, membership


async def delete_invitation(request: Request) -> Response:
    """An owner cancels an unaccepted invitation; a curator cancels the first owner's invitation."""
    person, organisation, own = await load_organisation(request)
    is_first = person.is_curator and not await has_had_owner(organisation.id)
    if not is_first and (own is None or not own.is_owner):
        raise HTTPException(404)
    invitation_id = request.path_params["invitation"]
    async with in_transaction():
        if await Invitation.filter(
            id=invitation_id, organisation=organisation, accepted_at__isnull=True
        ).delete():
            await record(Verb.INVITATION_TAKEN_BACK, invitation_id, organisation_id=organisation.id)
    return _back(request, organisation, _("The invitation can no longer be used."), fragment="members")


async def invite(request: Request) -> Response:
    """An owner invites a member; a curator invites the first owner; a keeper invites curators and keepers.

    The link is shown once, but not to a curator who could use it to become the owner.
    """
    person = await load_person(request)
    posted = await read_desk_form(request)
    organisations = await (
        Organisation.all() if person.is_curator else organisations_owned_by(person)
    ).order_by("id")
    if not organisations and not person.is_curator:
        raise HTTPException(404)
    form = InvitationForm(
        posted, organisations=[(str(each.id), localized(each, "name").text) for each in organisations]
    )
    role = str(form.role.data)
    if role in {Role.CURATOR, Role.KEEPER} and not person.is_keeper:
        raise HTTPException(404)
    if role != Role.MEMBER:
        form["organisation"].data = ""  # curators and keepers are invited without an organisation
    form.validate()
    organisation = next((each for each in organisations if str(each.id) == form.organisation.data), None)
    if role == Role.MEMBER and organisation is None:
        form.refuse("organisation", _("Please choose the organisation that the person belongs to."))
    if form.errors:
        if organisation is not None and role == Role.MEMBER:
            return await _organisation_page(
                request, person, _form_for(person, organisation), organisation, form, status=422
            )
        if not person.is_curator:
            raise HTTPException(404)
        return await _organisations_page(request, person, form, status=422)
    if role != Role.MEMBER or form.member_role.data == MemberRole.OWNER:
        await require_confirmation(request)
    days = settings_of(request).invitation_days
    try:
        token = await invitations.invite(
            str(form.email.data),
            Role(role),
            days=days,
            organisation_id=organisation.id if organisation and role == Role.MEMBER else None,
            member_role=MemberRole(form.member_role.data),
            language=form.language.data,
            by=person,
        )
    except InvitationRefused as refusal:
        assert organisation is not None
        return _back(request, organisation, str(refusal.sentence), "error", "members")
    return await redirect_to_invitation(request, token)


async def redirect_to_invitation(request: Request, token: str) -> Response:
    """Redirect to the page of an invitation that was just made, which shows its link."""
    invitation = await Invitation.get(token_hash=token_hash(token))
    response = redirect(request, "invitations:show", id=invitation.id)
    if not await _is_link_secret(request, invitation):
        path = pages_of(request).url("invitations:show", id=invitation.id)
        signed = str(_link_signer(request).dumps(token))
        set_cookie(request, response, LINK_COOKIE, signed, seconds=LINK_SHOWN_SECONDS, path=path)
    return response


async def show_invitation(request: Request) -> Response:
    """Show an invitation to those who may invite. The inviter sees its link, too, for some minutes."""
    _person, invitation, _is_first = await _load_invitation(request)
    pages = pages_of(request)
    token = None
    with suppress(BadSignature):
        token = _link_signer(request).loads(cookie_in(request, LINK_COOKIE))
    is_current = token is not None and token_hash(token) == invitation.token_hash
    context = {
        "invitation": invitation,
        "organisation": invitation.organisation,
        "link": pages.absolute(pages.url("accounts:invitation", token=token)) if is_current else "",
        "is_secret": await _is_link_secret(request, invitation),
        "minutes": LINK_SHOWN_SECONDS // 60,
    }
    return render(request, "organisations/invited.html", context)


def _link_signer(request: Request) -> URLSafeSerializer:
    secret = settings_of(request).secret_key
    return URLSafeSerializer(secret, salt="invitation-link", signer_kwargs=SIGNER_OPTIONS)


async def _is_link_secret(request: Request, invitation: Invitation) -> bool:
    """Whether only the addressee may see the link: that of a first owner, if the site sends mails.

    Opening the link from the mail proves that the address is theirs.
    """
    id = invitation.organisation_id
    return settings_of(request).mail_server is not None and id is not None and not await has_had_owner(id)


async def renew_invitation(request: Request) -> Response:
    """Make a new link, for those who may invite; the old link can no longer be used."""
    person, invitation, is_first = await _load_invitation(request)
    if invitation.role != Role.MEMBER or (invitation.member_role == MemberRole.OWNER and not is_first):
        await require_confirmation(request)
    days = settings_of(request).invitation_days
    return await redirect_to_invitation(request, await invitations.renew_invitation(invitation, person, days))


async def _load_invitation(request: Request) -> tuple[Person, Invitation, bool]:
    """The invitation in the URL, and whether it is for a first owner.

    404 if it was accepted, and for everybody who could not make it.
    """
    person = await load_person(request)
    waiting = Invitation.filter(id=request.path_params["id"], accepted_at__isnull=True, by_request=False)
    invitation = await waiting.first().prefetch_related("organisation")
    if invitation is None:
        raise HTTPException(404)
    if invitation.organisation_id is None:
        is_allowed, is_first = person.is_keeper, False
    else:
        is_first = not await has_had_owner(invitation.organisation_id)
        owned = organisations_owned_by(person).filter(id=invitation.organisation_id)
        is_allowed = person.is_curator if is_first else await owned.exists()
    if not is_allowed:
        raise HTTPException(404)
    return person, invitation, is_first


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
    Route(
        "/desk/organisations/{id:int}/trust",
        update_trust,
        name="organisations:update_trust",
        methods=["POST"],
    ),
    Route(
        "/desk/organisations/{id:int}/members/{membership:int}",
        update_member,
        name="members:update",
        methods=["POST"],
    ),
    Route(
        "/desk/organisations/{id:int}/members/{membership:int}/name",
        rename_member,
        name="members:rename",
        methods=["POST"],
    ),
    Route(
        "/desk/organisations/{id:int}/members/{membership:int}/confirmation",
        confirm_member,
        name="members:confirm",
        methods=["POST"],
    ),
    Route(
        "/desk/organisations/{id:int}/members/{membership:int}/deletion",
        delete_member,
        name="members:delete",
        methods=["POST"],
    ),
    Route(
        "/desk/organisations/{id:int}/invitations/{invitation:int}/deletion",
        delete_invitation,
        name="organisations:delete_invitation",
        methods=["POST"],
    ),
    Route("/desk/invitations-sent", invite, name="organisations:invite", methods=["POST"]),
    Route("/desk/invitations-sent/{id:int}", show_invitation, name="invitations:show", methods=["GET"]),
    Route("/desk/invitations-sent/{id:int}", renew_invitation, name="invitations:renew", methods=["POST"]),
]
