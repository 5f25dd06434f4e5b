"""Who may ask below /api/: a program with a token, for the one organisation of whoever made it. No cookie opens it."""

from __future__ import annotations

import math

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.models import Membership, Person
from gallery.api.models import Token
from gallery.api.problems import Problem, speak_to_program
from gallery.api.tokens import has_form, token_of
from gallery.audit.current_user import act_as
from gallery.organisations.access import load_organisation
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.web.languages import gettext as _
from gallery.web.security import RateLimit, network_asking

REALM = 'Bearer realm="gallery"'
WRONG_TOKENS = 20  # that one network may send in WITHIN
WITHIN = 60.0  # seconds


class Limits:
    """How often programs may ask, in one process."""

    def __init__(self, settings: Settings) -> None:
        self.wrong = RateLimit(WRONG_TOKENS, WITHIN)
        self.requests = RateLimit(settings.api_requests_per_minute, 60.0)


def limits_of(request: Request) -> Limits:
    limits: Limits = request.app.state.api_limits
    return limits


async def let_in(request: Request, scope: str) -> Token:
    """The token of a request; its person and organisation are from now on whom `load_member` tells.

    Raises Problem: 401 without a token that holds, 403 where it does not cover `scope`, 429 where it came too often.
    """
    speak_to_program(request)
    limits = limits_of(request)
    network = network_asking(request)
    _wait(limits.wrong, network)
    scheme, _blank, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Problem(401, headers={"www-authenticate": REALM})
    token = await token_of(text.strip())
    if token is None:
        if has_form(text.strip()):  # anything else cannot be a guess, and cost no look-up
            limits.wrong.allows(network)
        detail = _("This token opens nothing: it was ended, has run out, or never was one.")
        raise Problem(401, detail, headers={"www-authenticate": f'{REALM}, error="invalid_token"'})
    request.state.program = token.membership.person, [token.membership.organisation]
    act_as(token.membership.person_id)
    speak_to_program(request)
    _wait(limits.requests, str(token.id))
    limits.requests.allows(str(token.id))
    if not token.covers(scope):
        detail = _("The token “%(name)s” does not cover %(scope)s.") % {"name": token.name, "scope": scope}
        raised = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        raise Problem(403, detail, headers={"www-authenticate": raised})
    return token


def _wait(limit: RateLimit, key: str) -> None:
    seconds = limit.wait(key)
    if seconds:
        raise Problem(429, headers={"retry-after": str(math.ceil(seconds))})


async def load_owned(request: Request) -> tuple[Person, Organisation, Membership]:
    """The organisation of the address, for its owners: they alone hand out what a program can read. 404 to others."""
    person, organisation, membership = await load_organisation(request)
    if membership is None or not membership.is_owner:
        raise HTTPException(404)
    return person, organisation, membership
