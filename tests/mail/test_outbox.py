"""The outbox at the desk: for keepers, without the secrets of links."""

from __future__ import annotations

import pytest

from gallery.clock import now
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, notify, queue_mail
from gallery.web.rendering import FLASH_COOKIE, cookie_name
from tests.conftest import Site
from tests.mail.post_office import PostOffice

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_a_keeper_sees_what_was_sent(site: Site, office: PostOffice) -> None:
    await notify(
        [site.cast.partner], Notification("work_off_the_wall", "/desk/works/7", {"work": "Dumplings & <b>"})
    )
    await site.work()
    client = await site.client(site.cast.keeper)
    page = (await client.get("/desk/outbox")).text
    assert "Not shown at present: “Dumplings &amp; &lt;b&gt;”" in page
    assert "partner@example.org" in page
    assert "No mail server is set" not in page
    mail = await Mail.get()
    shown = (await client.get(f"/desk/outbox/{mail.id}")).text
    assert "https://gallery.example/desk/works/7\n" in shown
    assert "No mail yet." in (await client.get("/desk/outbox?state=given_up")).text


async def test_secrets_are_not_shown(unserved: Site) -> None:
    await queue_mail(
        "guest@example.org", "en", "sign_in_link", "/desk/sign-in/", facts={"minutes": 30}, secret="s3cret"
    )
    client = await unserved.client(unserved.cast.keeper)
    mail = await Mail.get()
    for path in ("/desk/outbox", f"/desk/outbox/{mail.id}"):
        assert "s3cret" not in (await client.get(path)).text
    assert "/desk/sign-in/••••••" in (await client.get(f"/desk/outbox/{mail.id}")).text
    await unserved.work()
    page = await client.get("/desk/outbox")
    assert "No mail server is set" in page.text


async def test_what_was_given_up_can_be_tried_again(site: Site, office: PostOffice) -> None:
    office.for_address.append("550 No")
    await notify([site.cast.partner], Notification("work_off_the_wall", "/desk", {"work": "x"}))
    await site.work()
    client = await site.client(site.cast.keeper)
    mail = await Mail.get(state=MailState.GIVEN_UP)
    assert "550" in (await client.get(f"/desk/outbox/{mail.id}")).text
    flash = cookie_name(FLASH_COOKIE, site.settings)
    answer = await client.post(f"/desk/outbox/{mail.id}/retry")
    assert (answer.status_code, flash in answer.cookies) == (303, True)
    await site.work()
    assert "partner@example.org" in office.recipients
    answer = await client.post(f"/desk/outbox/{mail.id}/retry")
    assert (answer.status_code, flash in answer.cookies) == (303, False)  # nothing was tried again
    await site.work()
    assert office.recipients.count("partner@example.org") == 1


@pytest.mark.parametrize("who", ["partner", "curator"])
async def test_nobody_else_finds_it(site: Site, who: str) -> None:
    await queue_mail("guest@example.org", "en", "work_off_the_wall", facts={"work": "x"}, useless_after=now())
    mail = await Mail.get()
    client = await site.client(getattr(site.cast, who))
    assert (await client.get("/desk/outbox")).status_code == 404
    assert (await client.get(f"/desk/outbox/{mail.id}")).status_code == 404
    assert (await client.post(f"/desk/outbox/{mail.id}/retry")).status_code == 404
    assert "outbox" not in (await client.get("/desk/account")).text


async def test_a_number_that_no_mail_has(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    assert (await client.get("/desk/outbox/4711")).status_code == 404
