"""Sessions and limits on guessing. Sessions are in the database, so that each can be ended."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from tortoise.expressions import Q

from gallery.accounts.limits import TooManyAttempts, count_attempts
from gallery.accounts.models import Person, Session, SignInAttempt
from gallery.accounts.passwords import password_matches
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.settings import Settings
from gallery.web.rendering import cookie_in, delete_cookie, set_cookie, settings_of

COOKIE = "gallery_session"
COOKIE_SECONDS = 400 * 86_400  # the most that browsers allow; the database decides when a session ends
MAX_SESSION_LIFETIME = timedelta(days=90)  # counted from the sign-in, even if the session is in use
SEEN_AT_INTERVAL = timedelta(minutes=10)  # shortest time between two writes of a session's `seen_at`

ATTEMPTS_PER_PERSON = 8
ATTEMPTS_PER_NETWORK = 40


def token_hash(token: str) -> str:
    """The hash under which a token is stored, so that a copy of the database gives no access."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate_by_password(
    email: str, password: str, network: str, settings: Settings
) -> Person | None:
    """The person, if the password is right and the account is active, else None. Raises TooManyAttempts.

    `network` is the client's network (security.client_network).
    """
    keys = {
        f"email {email.strip().lower()}": ATTEMPTS_PER_PERSON,
        f"network {network}": ATTEMPTS_PER_NETWORK,
    }
    # Counted before the password is checked, so that concurrent guesses are limited, too.
    attempts = await count_attempts(keys, settings)
    if not attempts:
        raise TooManyAttempts
    person = await Person.get_or_none(email=email.strip().lower())
    if (
        await password_matches(password, person.password_hash if person else None)
        and person
        and person.is_active
    ):
        await SignInAttempt.filter(Q(key=attempts[0].key) | Q(id=attempts[1].id)).delete()
        return person
    if person:
        async with in_transaction():
            await record(Verb.ACCOUNT_REFUSED, person.id)
    return None


async def open_session(
    request: Request, response: Response, person: Person, *, is_confirmed: bool = True
) -> None:
    """Sign `person` in on this device with a new session, whose token is only in the cookie.

    `is_confirmed`: the person gave a password or a passkey, not just a link in a mail.
    """
    settings = settings_of(request)
    token = secrets.token_urlsafe(32)
    lasts = timedelta(days=settings.session_days)
    async with in_transaction():
        await Session.create(
            token_hash=token_hash(token),
            person=person,
            device=device_name(request.headers.get("user-agent", "")),
            seen_at=now(),
            confirmed_at=now() if is_confirmed else None,
            expires_at=now() + min(lasts, MAX_SESSION_LIFETIME),
        )
        await record(Verb.ACCOUNT_SIGNED_IN, person.id, by=person)
    set_cookie(request, response, COOKIE, token, seconds=COOKIE_SECONDS)


async def current_session(request: Request) -> Session | None:
    """The valid session of the request's cookie, with its person.

    None without a valid session, or if the person is not active.
    """
    token = cookie_in(request, COOKIE)
    if not token:
        return None
    session = (
        await Session.filter(
            token_hash=token_hash(token), expires_at__gt=now(), created_at__gt=now() - MAX_SESSION_LIFETIME
        )
        .first()
        .prefetch_related("person")
    )
    if session is None or not session.person.is_active:
        return None
    if session.seen_at < now() - SEEN_AT_INTERVAL:
        lasts = timedelta(days=settings_of(request).session_days)
        expires_at = min(now() + lasts, session.created_at + MAX_SESSION_LIFETIME)
        await Session.filter(id=session.id).update(seen_at=now(), expires_at=expires_at)
    return session


def close_session(request: Request, response: Response) -> None:
    delete_cookie(request, response, COOKIE)


def device_name(user_agent: str) -> str:
    """The browser and system of a User-Agent, such as "Chrome, Android", for the person's list of devices."""
    browsers = (
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("HarmonyOS", "HarmonyOS"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)
