"""Requests for a new owner: a keeper asks, and if nobody objects for 72 hours, the new owner is invited.

Without this rule a keeper could remove the owners and become the first owner. Every current and former owner
gets a mail with a link to object, which also works without signing in.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from gallery.accounts.invitations import invite
from gallery.accounts.members import has_had_owner
from gallery.accounts.models import Invitation, MemberRole, Person, Role
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, in_all_languages, notify, queue_mail
from gallery.organisations.models import (
    Application,
    ApplicationState,
    Organisation,
    OwnerRequest,
    RequestState,
)
from gallery.settings import Settings
from gallery.web.languages import lazy_gettext as _l
from gallery.worker import ChoreContext

OBJECTION_PERIOD = timedelta(hours=72)
PAUSE_AFTER_OBJECTION = timedelta(days=30)
COMMAND_REASON = "gallery invite"  # stored as the reason of a request by command


class OwnerRequestRefused(Exception):
    """A new owner cannot be requested; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def latest_request(organisation_id: int) -> OwnerRequest | None:
    """The latest request for an organisation, with its people and its invitation."""
    requests = OwnerRequest.filter(organisation_id=organisation_id).order_by("-id")
    return await requests.first().prefetch_related("asked_by", "objected_by", "invitation")


def can_be_stopped(request: OwnerRequest) -> bool:
    """Whether `request` is waiting, or its invitation is still open. Prefetch the invitation first."""
    invitation = request.invitation
    if request.state == RequestState.EFFECTIVE:
        return invitation is not None and invitation.accepted_at is None and invitation.expires_at > now()
    return request.state == RequestState.WAITING


async def request_owner(
    organisation: Organisation, email: str, reason: str, language: str, by: Person, settings: Settings
) -> OwnerRequest:
    """Request that `email` is invited as an owner in 72 hours; notify all who may object.

    Raises OwnerRequestRefused.
    """
    if settings.mail_server is None:
        raise OwnerRequestRefused(
            _l(
                "This site sends no mail, so the owners could not be told. Use `gallery invite` on the server."
            )
        )
    async with in_transaction():
        await locked(Organisation.filter(id=organisation.id)).get()
        if not await has_had_owner(organisation.id):
            raise OwnerRequestRefused(
                _l("This organisation has had no owner yet: please invite its first one.")
            )
        latest = await latest_request(organisation.id)
        if latest is not None and can_be_stopped(latest):
            raise OwnerRequestRefused(_l("There is already a request for this organisation."))
        objected = OwnerRequest.filter(organisation_id=organisation.id, state=RequestState.OBJECTED)
        if await objected.filter(ended_at__gt=now() - PAUSE_AFTER_OBJECTION).exists():
            raise OwnerRequestRefused(_l("An owner objected less than 30 days ago. Please talk to them."))
        return await _create_request(organisation, email, reason, language, by, now() + OBJECTION_PERIOD)


async def invite_at_once(organisation: Organisation, email: str, language: str, days: int) -> str:
    """Invite an owner without waiting, by command on the server; all owners are notified.

    Returns the link's token.
    """
    async with in_transaction():
        request = await _create_request(organisation, email, COMMAND_REASON, language, None, now())
        return await _invite(request, days)


async def _create_request(
    organisation: Organisation,
    email: str,
    reason: str,
    language: str,
    by: Person | None,
    effective_at: datetime,
) -> OwnerRequest:
    token = secrets.token_urlsafe(24)
    request = await OwnerRequest.create(
        organisation=organisation,
        asked_by=by,
        email=email.strip().lower(),
        language=language,
        reason=reason,
        asked_at=now(),
        effective_at=effective_at,
        token_hash=token_hash(token),
    )
    await record(Verb.OWNER_REQUEST_MADE, request.id, organisation_id=organisation.id, by=by)
    facts = {
        "organisation": in_all_languages(organisation, "name"),
        "keeper": by.name if by else "",
        "email": request.email,
        "role": await role_of_address(request.email),
        "reason": reason,
        "effective_at": effective_at.isoformat(),
    }
    for address, language in (await _languages_of_objectors(organisation.id)).items():
        await queue_mail(
            address, language, "owner_requested", _objection_path(request.id), facts=facts, secret=token
        )
    return request


async def _languages_of_objectors(organisation_id: int) -> dict[str, str]:
    """E-mail address → language, of all current and former owners and the application's contact."""
    owners = Person.filter(
        Q(memberships__organisation_id=organisation_id, memberships__role=MemberRole.OWNER)
        | Q(formerly_owned__organisation_id=organisation_id)
    ).exclude(password_hash="")  # a closed account has no password and no address
    languages = {person.email: person.language for person in await owners.order_by("id")}
    admitted = Application.filter(organisation_id=organisation_id, state=ApplicationState.ADMITTED)
    for application in await admitted:
        languages.setdefault(application.contact_email.lower(), application.language)
    return languages


def _objection_path(request_id: int) -> str:
    return f"/desk/objections/{request_id}/"


async def role_of_address(email: str) -> str:
    """The role of the account with this address, for the mail to the owners; "" without an account."""
    person = await Person.get_or_none(email=email)
    return person.role if person else ""


async def find_by_link(request_id: int, token: str) -> OwnerRequest | None:
    """The request that belongs to a mail's link for objecting."""
    return await OwnerRequest.get_or_none(id=request_id, token_hash=token_hash(token)).prefetch_related(
        "organisation", "asked_by", "invitation"
    )


async def object_to(request: OwnerRequest, by: Person | None) -> bool:
    """Stop a request because an owner objects. `by` is None if the owner used the link in the mail.

    False if it is too late.
    """
    return await _end_request(request, RequestState.OBJECTED, by)


async def cancel(request: OwnerRequest, by: Person | None) -> bool:
    """Stop a request. `by` is the keeper, or None when a backup is restored. False if it is too late."""
    return await _end_request(request, RequestState.CANCELLED, by)


async def _end_request(request: OwnerRequest, state: RequestState, by: Person | None) -> bool:
    async with in_transaction():
        request = await locked(OwnerRequest.filter(id=request.id)).get()
        if request.invitation_id:
            await locked(Invitation.filter(id=request.invitation_id)).first()
            await request.fetch_related("invitation")
        else:
            request.invitation = None
        if not can_be_stopped(request):
            return False
        invitation_id = request.invitation_id
        is_objection = state == RequestState.OBJECTED
        await OwnerRequest.filter(id=request.id).update(
            state=state,
            ended_at=now(),
            objected_by_id=by.id if by and is_objection else None,
        )
        await Invitation.filter(id=invitation_id or 0).delete()
        verb = Verb.OWNER_REQUEST_OBJECTED if is_objection else Verb.OWNER_REQUEST_CANCELLED
        await record(verb, request.id, organisation_id=request.organisation_id, by=by)
        if is_objection and request.asked_by_id:
            organisation = await Organisation.get(id=request.organisation_id)
            facts = {"organisation": in_all_languages(organisation, "name")}
            notification = Notification(
                "owner_request_objected", "/desk/owner-requests", facts, is_for_digest=False
            )
            await notify(await Person.filter(id=request.asked_by_id, role=Role.KEEPER), notification)
    return True


async def invite_due_owner(context: ChoreContext) -> bool:
    """Send the invitation of a request that is due and has no objection; False if there is none.

    A request waits while one of its mails is unsent, because owners cannot object before they get the mail.
    """
    unsent = Mail.filter(kind="owner_requested", state=MailState.UNSENT)
    delayed = [int(str(path).split("/")[3]) for path in await unsent.values_list("path", flat=True)]
    due = OwnerRequest.filter(state=RequestState.WAITING, effective_at__lte=now()).exclude(
        id__in=[0, *delayed]
    )
    async with in_transaction():
        request = await locked(due.order_by("id").limit(1), skip_locked=True).first()
        if request is None:
            return False
        keeper = await Person.get_or_none(id=request.asked_by_id or 0, role=Role.KEEPER, is_active=True)
        if keeper is None:
            await OwnerRequest.filter(id=request.id).update(state=RequestState.CANCELLED, ended_at=now())
            await record(Verb.OWNER_REQUEST_CANCELLED, request.id, organisation_id=request.organisation_id)
        else:
            await _invite(request, context.settings.invitation_days, keeper)
    return True


async def _invite(request: OwnerRequest, days: int, by: Person | None = None) -> str:
    token = await invite(
        request.email,
        Role.MEMBER,
        days=days,
        organisation_id=request.organisation_id,
        member_role=MemberRole.OWNER,
        language=request.language,
        by=by,
        by_request=True,
    )
    invitation = await Invitation.get(token_hash=token_hash(token))
    await OwnerRequest.filter(id=request.id).update(
        state=RequestState.EFFECTIVE, ended_at=now(), invitation_id=invitation.id
    )
    await record(Verb.OWNER_REQUEST_TOOK_EFFECT, request.id, organisation_id=request.organisation_id, by=by)
    return token
