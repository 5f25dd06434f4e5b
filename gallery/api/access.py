"""Who may use /api/: programs with a member's token, for the member's organisation.

Cookies are ignored.
"""

from __future__ import annotations

import math

from starlette.requests import Request

from gallery.api.models import Token
from gallery.api.problems import Problem, use_program_language
from gallery.api.tokens import find_token, is_well_formed
from gallery.audit.current_user import set_current_user_id
from gallery.settings import Settings
from gallery.web.languages import gettext as _
from gallery.web.security import RateLimit, client_network

REALM = 'Bearer realm="gallery"'
MAX_WRONG_TOKENS = 20  # wrong tokens from one network within WRONG_TOKENS_SECONDS
WRONG_TOKENS_SECONDS = 60.0


class ApiLimits:
    """Rate limits for programs; each server process has its own counters."""

    def __init__(self, settings: Settings) -> None:
        self.wrong = RateLimit(MAX_WRONG_TOKENS, WRONG_TOKENS_SECONDS)
        self.requests = RateLimit(settings.api_requests_per_minute, 60.0)


def limits_of(request: Request) -> ApiLimits:
    limits: ApiLimits = request.app.state.api_limits
    return limits


async def authenticate(request: Request, scope: str) -> Token:
    """The token of a request. Afterwards `load_member` returns the token's member and organisation.

    Raises Problem: 401 without a valid token, 403 if the token lacks `scope`, 429 above the rate limits.
    """
    use_program_language(request)
    limits = limits_of(request)
    network = client_network(request)
    _check_limit(limits.wrong, network)
    scheme, _blank, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Problem(401, headers={"www-authenticate": REALM})
    token = await find_token(text.strip())
    if token is None:
        if is_well_formed(text.strip()):  # a malformed token is not counted: no query was needed
            limits.wrong.allows(network)
        detail = _("This token is not valid: it was ended, has expired, or never existed.")
        raise Problem(401, detail, headers={"www-authenticate": f'{REALM}, error="invalid_token"'})
    request.state.program = token.membership.person, [token.membership.organisation]
    set_current_user_id(token.membership.person_id)
    use_program_language(request)
    _check_limit(limits.requests, str(token.id))
    limits.requests.allows(str(token.id))
    if not token.covers(scope):
        detail = _("The token “%(name)s” does not cover %(scope)s.") % {"name": token.name, "scope": scope}
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        raise Problem(403, detail, headers={"www-authenticate": challenge})
    return token


def _check_limit(limit: RateLimit, key: str) -> None:
    seconds = limit.wait(key)
    if seconds:
        raise Problem(429, headers={"retry-after": str(math.ceil(seconds))})
