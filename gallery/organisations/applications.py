"""Applications: an organisation asks to be admitted, a curator decides, and both are told."""

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


class ApplicationAlreadyDecided(Exception):
    """Another curator decided it meanwhile."""

    sentence: Any = _l("This application was decided already.")


async def apply(values: Mapping[str, Any], language: str) -> Application:
    """Keep an application, tell the contact that it came in, and curators that it waits. Sent twice, it is kept once."""
    async with in_transaction():
        same = {name: values[name] for name in ("name_zh", "name_en", "contact_email")}
        known = await Application.filter(**same, state=ApplicationState.WAITING).first()
        if known is not None:
            return known
        application = await Application.create(**values, language=language)
        await record(Verb.APPLICATION_MADE, application.id)
        facts = {"organisation": in_all_languages(application, "name")}
        await queue_mail(application.contact_email, language, "application_received", facts=facts)
        curators = await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
        await notify(
            curators, Notification("application_waiting", f"/desk/applications/{application.id}", facts)
        )
        return application


async def admit(application: Application, slug: str, by: Person, days: int) -> tuple[Organisation, str]:
    """Make the organisation and invite the contact as its owner, for `days`; returns it and the link's token.

    Raises ApplicationDecided, and IntegrityError for a slug in use.
    """
    async with in_transaction():
        held = await _locked_application(application)
        about: dict[str, Any] = {f"about_{held.language}": held.about}
        organisation = await Organisation.create(
            slug=slug,
            name_zh=held.name_zh,
            name_en=held.name_en,
            registration_number=held.registration_number,
            website=held.website,
            **about,
        )
        token = await invite(
            held.contact_email,
            Role.MEMBER,
            days=days,
            organisation_id=organisation.id,
            member_role=MemberRole.OWNER,
            language=held.language,
            by=by,
            mail="application_admitted",
        )
        await _decide(held, by, ApplicationState.ADMITTED, organisation=organisation)
        await content_version.bump()
    return organisation, token


async def decline(application: Application, reason: str, by: Person) -> None:
    """Decline an application, with a reason that is mailed to the contact. Raises ApplicationDecided."""
    async with in_transaction():
        held = await _locked_application(application)
        await _decide(held, by, ApplicationState.DECLINED, reason=reason)
        facts = {"organisation": in_all_languages(held, "name"), "reason": reason}
        await queue_mail(held.contact_email, held.language, "application_declined", facts=facts)


async def _locked_application(application: Application) -> Application:
    held: Application = await locked(Application.filter(id=application.id)).get()
    if held.state != ApplicationState.WAITING:
        raise ApplicationAlreadyDecided
    return held


async def _decide(held: Application, by: Person, state: ApplicationState, **values: Any) -> None:
    held.update_from_dict({"state": state, "decided_by": by, "decided_at": now(), **values})
    await held.save()
    verb = Verb.APPLICATION_ADMITTED if state == ApplicationState.ADMITTED else Verb.APPLICATION_DECLINED
    await record(verb, held.id, by=by)
