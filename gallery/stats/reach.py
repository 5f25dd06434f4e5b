"""What comes through the links of supporters: telling visits apart, and the pass that a visit carries.

A redirect of a supporter's link counts a visit and puts a pass behind the `#` of the address. Browsers do not send that
part, so pages stay the same for everybody and cached. The script came-through.js keeps the pass in the tab, and sends it
with a thank-you or a followed support link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request

from gallery.stats.visit_counter import VisitCounter
from gallery.stats.visitors import is_browser
from gallery.web.rendering import settings_of
from gallery.web.security import RateLimit, client_network

VISIT_PAUSE = 30 * 60.0  # seconds; who opens the same link again within this time is on the same visit
PASS_LIFETIME = 6 * 3600  # seconds
MOST_NEW, MOST_NEW_WITHIN = 60, 600.0  # visits of a link from one network, such as a school's, and seconds
PASS_PATTERN = re.compile(r"([A-Za-z0-9_-]{12})\.([1-9][0-9]{0,9})\.([0-9]{1,12})\.([0-9a-f]{16})")
PARAMETER = "via"  # the name of a pass in an address or a form


@dataclass(frozen=True)
class ReachPass:
    visit: str  # 12 random characters
    link_id: int


def sign_pass(visit: str, link_id: int, secret: str) -> str:
    """The pass of a visit through a link: `visit.link.seconds.signature`."""
    content = f"{visit}.{link_id}.{int(time.time())}"
    return f"{content}.{_signature(content, secret)}"


def read_pass(text: str, secret: str) -> ReachPass | None:
    """The visit of a pass that this site made in the last hours."""
    found = PASS_PATTERN.fullmatch(text)
    if found is None:
        return None
    content, visit = text.rpartition(".")[0], ReachPass(found[1], int(found[2]))
    is_ours = hmac.compare_digest(_signature(content, secret), found[4])
    return visit if is_ours and 0 <= time.time() - int(found[3]) <= PASS_LIFETIME else None


def _signature(content: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"reach {content}".encode(), hashlib.sha256).hexdigest()[:16]


class RecentVisits:
    """The visits of the last half hour in this process: the same browser in the same network is the same visit.

    They are found by a digest of network, browser and link, with a key that is nowhere but in this process's memory.
    """

    def __init__(self, most: int = 50_000) -> None:
        self._key = secrets.token_bytes(32)
        self._most = most
        self._new = RateLimit(MOST_NEW, MOST_NEW_WITHIN)
        self._visits: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def visit_of(self, link_id: int, network: str, user_agent: str) -> tuple[str, bool]:
        """The visit that opens a link now, and whether it counts; "" if too many began in this network."""
        seen = hmac.digest(self._key, f"{link_id}\n{network}\n{user_agent}".encode(), "sha256")
        moment = time.monotonic()
        visit, last = self._visits.pop(seen, ("", 0.0))
        is_new = not visit or moment - last > VISIT_PAUSE
        if is_new:
            if not self._new.allows(f"{link_id} {network}"):
                return "", False
            visit = secrets.token_urlsafe(9)
        self._visits[seen] = (visit, moment)
        if len(self._visits) > self._most:
            self._visits.popitem(last=False)
        return visit, is_new


def begin_visit(request: Request, link_id: int) -> str:
    """Count the visit that opens a supporter's link, and return its pass; "" if it does not count."""
    recent: RecentVisits = request.app.state.recent_visits
    visit, is_new = recent.visit_of(link_id, client_network(request), request.headers.get("user-agent", ""))
    if not visit:
        return ""
    if is_new:
        _counter(request).come_through(visit, link_id)
    return sign_pass(visit, link_id, settings_of(request).secret_key)


def note_thanks(request: Request, text: str) -> None:
    """Note in the visit of a pass that an artist was thanked."""
    if found := _pass_of(request, text):
        _counter(request).come_through(found.visit, found.link_id, thanked=True)


def note_followed(request: Request) -> None:
    """Note in the visit of the pass in the address that a support link was followed."""
    if found := _pass_of(request, request.query_params.get(PARAMETER, "")):
        _counter(request).come_through(found.visit, found.link_id, followed=True)


def _pass_of(request: Request, text: str) -> ReachPass | None:
    if not is_browser(request.headers.get("user-agent", "").encode()):
        return None
    return read_pass(text, settings_of(request).secret_key)


def _counter(request: Request) -> VisitCounter:
    counter: VisitCounter = request.app.state.visit_counter
    return counter
