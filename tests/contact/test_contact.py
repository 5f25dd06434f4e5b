"""A visitor without an account writes to the keepers; a keeper reads the message and closes it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from gallery.audit.models import Entry
from gallery.clock import now
from gallery.contact.models import Message
from gallery.contact.views import MESSAGES_PER_NETWORK
from gallery.mail.models import Mail
from tests.conftest import Site

FIELDS = {
    "subject": "barrier",
    "told": "看图时没有声音提示。",
    "page": "/zh/works/x",
    "email": "",
    "nickname": "",
}
PRIVATE = (FIELDS["told"], "mother@example.org")


async def test_a_message_reaches_keepers_and_nobody_else(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = await site.client()
    for page in ("/en/", "/en/accessibility"):
        assert 'href="/en/contact"' in (await client.get(page)).text
    form = await client.get("/zh/contact")
    assert form.status_code == 200
    assert "set-cookie" not in form.headers
    for _ in range(2):  # sent twice, kept once
        answer = await client.post("/zh/contact", data={**FIELDS, "email": "mother@example.org"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/zh/contact/received")
    assert "收到" in (await client.get("/zh/contact/received")).text
    message = await Message.get()
    assert (message.told, message.page, message.language) == (FIELDS["told"], FIELDS["page"], "zh")
    (mail,) = await Mail.all()
    assert (mail.kind, mail.email, mail.path) == (
        "message_waiting",
        "keeper@example.org",
        f"/desk/messages/{message.id}",
    )
    entries = await Entry.all().values()
    for private in PRIVATE:
        assert private not in str(mail.facts) + str(entries) + caplog.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_keeper_closes_it_with_a_note_and_it_is_forgotten(site: Site) -> None:
    await (await site.client()).post("/en/contact", data={**FIELDS, "email": "m@example.org"})
    await (await site.client()).post("/en/contact", data={**FIELDS, "told": "Nobody read this."})
    message = await Message.get(email="m@example.org")
    path = f"/desk/messages/{message.id}"
    client = await site.client(site.cast.keeper)
    assert path in (await client.get("/desk/messages")).text
    assert 'href="/desk/messages"' in (await client.get("/desk/site")).text
    page = (await client.get(path)).text
    assert FIELDS["told"] in page
    assert 'href="mailto:m@example.org"' in page
    assert (await client.post(f"{path}/closing", data={"note": " "})).status_code == 422
    assert (await client.post(f"{path}/closing", data={"note": "Answered."})).status_code == 303
    assert "Answered." in (await client.get(path)).text
    late = await client.post(f"{path}/closing", data={"note": "Again"}, follow_redirects=True)
    assert "already been closed" in late.text
    await site.work()
    assert await Message.all().count() == 2
    await Message.filter(id=message.id).update(closed_at=now() - timedelta(days=181))
    await site.work()
    assert await Message.all().count() == 1
    await Message.all().update(created_at=now() - timedelta(days=366))
    await site.work()
    assert await Message.all().count() == 0


async def test_others_cannot_read_it(site: Site) -> None:
    await (await site.client()).post("/en/contact", data=FIELDS)
    path = f"/desk/messages/{(await Message.get()).id}"
    for address in ("/desk/messages", path):
        assert (await (await site.client()).get(address)).status_code == 303  # to sign in
        for person in (site.cast.partner, site.cast.curator):
            assert (await (await site.client(person)).get(address)).status_code == 404
    assert (await (await site.client(site.cast.keeper)).get(f"{path}9")).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"told": " "},
        {"subject": ""},
        {"subject": "nosuch"},
        {"email": "no address"},
        {"told": "x" * 4001},
        {"page": "x" * 301},
    ],
)
async def test_bad_input_is_kept_in_the_form(site: Site, fields: dict[str, str]) -> None:
    client = await site.client()
    answer = await client.post("/en/contact", data={**FIELDS, **fields})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or 'role="alert"' in answer.text
    assert not await Message.exists()


async def test_bots_and_floods_are_turned_away(site: Site) -> None:
    client = await site.client()
    assert (await client.post("/en/contact", data={**FIELDS, "nickname": "buy"})).status_code == 303
    assert not await Message.exists()
    for number in range(MESSAGES_PER_NETWORK):
        assert (await client.post("/en/contact", data={**FIELDS, "told": f"{number}"})).status_code == 303
    answer = await client.post("/en/contact", data=FIELDS)
    assert answer.status_code == 429
    assert FIELDS["told"] in answer.text  # nothing typed is lost
    assert await Message.all().count() == MESSAGES_PER_NETWORK
