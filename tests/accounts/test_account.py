"""The account page: name, language, and signed-in devices."""

from __future__ import annotations

import pytest

from gallery.accounts.models import Person, Session
from tests.conftest import Site


@pytest.mark.engines("sqlite", "postgresql")
async def test_sessions_are_listed_and_one_can_be_ended(site: Site) -> None:
    here, there, other = [await site.client(site.cast.partner) for _ in range(3)]
    stranger = await site.client(site.cast.stranger)
    page = await here.get("/desk/account")
    assert page.text.count('name="session"') == 2
    assert "argon2" not in page.text
    sessions = await Session.filter(person=site.cast.partner).order_by("id")
    answer = await here.post("/desk/account/sessions", data={"session": str(sessions[1].id)})
    assert answer.status_code == 303
    assert (await there.get("/desk/account")).status_code == 303
    assert [(await client.get("/desk/account")).status_code for client in (here, other, stranger)] == [
        200
    ] * 3


async def test_somebody_signs_out_everywhere_else(site: Site) -> None:
    here, there, other = [await site.client(site.cast.partner) for _ in range(3)]
    stranger = await site.client(site.cast.stranger)
    await here.post("/desk/account/sessions")
    assert [(await client.get("/desk/account")).status_code for client in (here, there, other)] == [
        200,
        303,
        303,
    ]
    assert (await stranger.get("/desk/account")).status_code == 200


@pytest.mark.parametrize("chosen", ["0", "x", "²", "９", "-1", "9" * 30, "1 OR 1=1"])
async def test_a_session_that_is_not_there_ends_none(site: Site, chosen: str) -> None:
    here = await site.client(site.cast.partner)
    await site.client(site.cast.partner)
    await here.post("/desk/account/sessions", data={"session": chosen})
    assert await Session.all().count() == 2


@pytest.mark.engines("sqlite", "postgresql")
async def test_nobody_ends_a_strangers_session(site: Site) -> None:
    here = await site.client(site.cast.partner)
    await site.client(site.cast.stranger)
    strangers = await Session.get(person=site.cast.stranger)
    await here.post("/desk/account/sessions", data={"session": str(strangers.id)})
    assert await Session.all().count() == 2


async def test_name_and_language_are_changed(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/account", data={"name": " 王 老师 ", "language": "zh"})
    assert answer.status_code == 303
    person = await Person.get(id=site.cast.partner.id)
    assert (person.name, person.language) == ("王 老师", "zh")
    assert 'lang="zh-Hans"' in (await client.get("/desk/account")).text


@pytest.mark.parametrize("values", [{"name": "", "language": "en"}, {"name": "A", "language": "fr"}, {}])
async def test_an_account_without_name_or_language_is_refused(site: Site, values: dict[str, str]) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/account", data=values)).status_code == 422
    assert (await Person.get(id=site.cast.partner.id)).name == "partner"


async def test_a_guest_is_asked_to_sign_in(site: Site) -> None:
    client = await site.client()
    for answer in (
        await client.get("/desk/account"),
        await client.post("/desk/account"),
        await client.post("/desk/account/sessions"),
        await client.post("/desk/sign-out"),
    ):
        assert answer.headers["location"].startswith("/desk/sign-in")
