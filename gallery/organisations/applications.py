"""Applications: an organisation applies, a curator decides, and both are notified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.invitations import invite
from gallery.accounts.models import MemberRole, Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, in_all_languages, notify, queue_mail
from gallery.organisations.models import Application, ApplicationState, Organisation
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import Texts


class ApplicationAlreadyDecided(Exception):
    """Another curator has decided in the meantime."""

    sentence: Any = _l("This application has already been decided.")


async def apply(values: Mapping[str, Any], language: str) -> Application:
    """Save an application, and mail its contact and all curators.

    An application that is sent twice is saved once.
    """
    async with in_transaction():
        same = {name: values[name] for name in ("name", "contact_email")}
        waiting = await Application.filter(**same, state=ApplicationState.WAITING).first()
        if waiting is not None:
            return waiting
        application = await Application.create(**values, language=language)
        await record(Verb.APPLICATION_MADE, application.id)
        facts = {"organisation": in_all_languages(application, "name")}
        await queue_mail(application.contact_email, language, "application_received", facts=facts)
        curators = await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
        await notify(
            curators, Notification("application_waiting", f"/desk/applications/{application.id}", facts)
        )
        return application


async def admit(application: Application, slug: str, by: Person, days: int) -> str:
    """Create the organisation, and invite the contact as its owner.

    `days`: how long the invitation is valid. Returns the token of the invitation's link.
    Raises ApplicationAlreadyDecided, and IntegrityError if the slug is taken.
    """
    async with in_transaction():
        application = await _locked_application(application)
        organisation = await Organisation.create(
            slug=slug,
            name=application.name,
            about=Texts({application.language: application.about}),
            registration_number=application.registration_number,
            website=application.website,
        )
        token = await invite(
            application.contact_email,
            Role.MEMBER,
            days=days,
            organisation_id=organisation.id,
            member_role=MemberRole.OWNER,
            language=application.language,
            by=by,
            mail="application_admitted",
        )
        await _decide(application, by, ApplicationState.ADMITTED, organisation=organisation)
        await content_version.bump(rows=())
    return token


async def decline(application: Application, reason: str, by: Person) -> None:
    """Decline an application; the reason is mailed to the contact. Raises ApplicationAlreadyDecided."""
    async with in_transaction():
        application = await _locked_application(application)
        await _decide(application, by, ApplicationState.DECLINED, reason=reason)
        facts = {"organisation": in_all_languages(application, "name"), "reason": reason}
        await queue_mail(application.contact_email, application.language, "application_declined", facts=facts)


async def _locked_application(application: Application) -> Application:
    current: Application = await locked(Application.filter(id=application.id)).get()
    if current.state != ApplicationState.WAITING:
        raise ApplicationAlreadyDecided
    return current


async def _decide(application: Application, by: Person, state: ApplicationState, **values: Any) -> None:
    application.update_from_dict({"state": state, "decided_by": by, "decided_at": now(), **values})
    await application.save()
    verb = Verb.APPLICATION_ADMITTED if state == ApplicationState.ADMITTED else Verb.APPLICATION_DECLINED
    await record(verb, application.id, by=by)
