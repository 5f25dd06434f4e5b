"""Limits hold for all processes of a site together."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle

import httpx
import pytest

from gallery.accounts.limits import FORM_WINDOW, count_attempts
from gallery.accounts.models import SignInAttempt
from gallery.accounts.sessions import ATTEMPTS_PER_PERSON
from gallery.artworks.models import Status
from gallery.clock import now
from gallery.contact.views import MESSAGES_PER_NETWORK
from gallery.organisations.application_views import APPLICATIONS_PER_NETWORK
from gallery.reviews.report_views import REPORTS_PER_NETWORK
from tests import factories
from tests.conftest import Site
from tests.contact.test_contact import FIELDS as MESSAGE
from tests.live import LiveSite
from tests.organisations.test_applications import FIELDS as APPLICATION
from tests.reviews.test_reports import FIELDS as REPORT


@pytest.mark.engines("sqlite", "postgresql")
async def test_processes_share_their_limits(live: LiveSite) -> None:
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    forms = {
        f"/en/works/{work.public_id}/report": (REPORT, REPORTS_PER_NETWORK, 303),
        "/zh/contact": (MESSAGE, MESSAGES_PER_NETWORK, 303),
        "/zh/join": (APPLICATION, APPLICATIONS_PER_NETWORK, 303),
        "/desk/sign-in": (
            {"email": "partner@example.org", "password": "not the password"},
            ATTEMPTS_PER_PERSON,
            422,
        ),
    }
    servers = cycle([await live.serve(worker=False) for _ in range(2)])
    async with httpx.AsyncClient(timeout=60, headers={"sec-fetch-site": "same-origin"}) as client:
        for path, (fields, most, status) in forms.items():
            for _ in range(most):
                answer = await client.post(f"{next(servers)}{path}", data=fields)
                assert answer.status_code == status, path
            for _ in range(2):
                assert (await client.post(f"{next(servers)}{path}", data=fields)).status_code == 429, path


async def test_keys_have_their_own_limits_and_are_not_stored(site: Site) -> None:
    for key in ("report 192.0.2.1", "report 192.0.2.2", "application 192.0.2.1"):
        for is_allowed in (True, True, False):
            assert bool(await count_attempts({key: 2}, site.settings, FORM_WINDOW)) == is_allowed
    assert not any("192.0.2" in str(row) for row in await SignInAttempt.all().values())


async def test_attempts_are_deleted_when_their_window_is_over(site: Site) -> None:
    await count_attempts({"a": 1}, site.settings)
    await count_attempts({"b": 1}, site.settings, FORM_WINDOW)
    assert not await count_attempts({"b": 1}, site.settings, FORM_WINDOW)
    by_end = SignInAttempt.all().order_by("expires_at")
    ends = [expires_at - at for at, expires_at in await by_end.values_list("at", "expires_at")]
    assert [round(each / timedelta(minutes=1)) for each in ends] == [15, 60]
    await SignInAttempt.filter(expires_at__lt=now() + timedelta(minutes=30)).update(expires_at=now())
    await site.work()
    assert await SignInAttempt.all().count() == 1
