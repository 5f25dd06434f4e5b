"""Autosave: no typed text is lost, and nobody overwrites another's text unseen."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import MultiDict

from gallery.artists.models import Artist, Consent
from gallery.artworks.autosave import AUTOSAVED_FIELDS, merge_values
from gallery.artworks.forms import form_values
from gallery.artworks.models import Artwork, Status
from gallery.artworks.works import load_work_options
from gallery.web.edit_conflicts import digest, seen_field
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.artworks.forms import save, shown_fields
from tests.conftest import Site
from tests.markup import attribute


async def opened(client: httpx.AsyncClient, work: Artwork) -> dict[str, Any]:
    """A window with the form of a work."""
    return shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)


async def typed(client: httpx.AsyncClient, work: Artwork, window: dict[str, Any], **fields: Any) -> Any:
    """Type into a window, which saves itself and continues with the server's answer."""
    window.update(fields)
    answer = await client.post(f"/desk/works/{work.id}/typing", data=window)
    assert answer.status_code == 200, answer.text
    payload = answer.json()
    window["seen"] = payload["seen"]
    for name, values in payload["elsewhere"].items():
        window[name] = values[0] if name not in {"themes", "scopes"} else values
    return payload


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_is_typed_is_saved_and_survives_a_reload(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    window = await opened(client, work)
    payload = await typed(
        client, work, window, title="新的题目", date_made="20x2", credit_name="小明", assistance="自己画的"
    )
    assert re.match(r"Saved \d\d:\d\d", payload["sentence"])
    await work.refresh_from_db()
    assert (work.own("title"), work.year, work.own("assistance")) == ("新的题目", 2022, "自己画的")
    assert set(work.unfinished) >= {"date_made", "credit_name"}
    assert await Artist.filter(credit_name="小明").count() == 0
    again = await opened(await site.client(site.cast.colleague), work)
    assert (again["title"], again["date_made"], again["credit_name"]) == ("新的题目", "20x2", "小明")
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "not finished yet" in page
    # An unfinished work cannot be submitted, and the form shows what is missing.
    answer = await client.post(f"/desk/works/{work.id}/submissions")
    assert answer.status_code == 422
    assert 'href="#date_made"' in answer.text
    assert 'value="20x2"' in answer.text
    # Put right and saved by hand, nothing is left over.
    fields = {**again, "date_made": "2021", "credit_name": "", "person": str(site.cast.partner.id)}
    assert (await save(client, work, fields)).status_code == 303
    await work.refresh_from_db()
    assert (work.year, work.unfinished) == (2021, {})


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_new_work_begins_as_one_types(site: Site) -> None:
    client = await site.client(site.cast.partner)
    window = shown_fields((await client.get("/desk/works/new")).text)
    window["title"] = "饺"
    payload = (await client.post("/desk/works/typing", data=window)).json()
    work = await Artwork.get()
    assert (work.own("title"), work.status, payload["address"]) == (
        "饺",
        Status.DRAFT,
        f"/desk/works/{work.id}/edit",
    )
    # A page that missed the answer continues as a new one, and makes no second work, however often it is sent.
    window["title"] = "饺子皮"
    window["credit_name"] = "派派"
    payload = (await client.post("/desk/works/typing", data=window)).json()
    assert [each["theirs"] for each in payload["conflicts"]] == [["饺"]]  # the page knows that it sent this
    window["choice_title"] = f"mine-{payload['conflicts'][0]['digest']}"
    assert (await client.post("/desk/works/typing", data=window)).json()["conflicts"] == []
    for _ in range(2):
        answer = await client.post("/desk/works", data=window, files={"other": b""})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/works/{work.id}")
    await work.refresh_from_db()
    assert (work.own("title"), work.unfinished, await Artwork.all().count()) == ("饺子皮", {}, 1)
    assert await Artist.all().count() == 1


async def test_a_new_form_without_words_empties_no_draft(site: Site) -> None:
    """The list of works asks for the draft of the pictures that wait for it, when the words have arrived."""
    client = await site.client(site.cast.partner)
    window = shown_fields((await client.get("/desk/works/new")).text)
    asked = {"form_key": window["form_key"], "person": window["person"], "seen": ""}
    key = (await client.post("/desk/works/typing", data=asked)).json()["key"]  # only pictures were chosen
    await client.post("/desk/works/typing", data={**window, "title": "饺子皮", "credit_name": "派派"})
    payload = (await client.post("/desk/works/typing", data=asked)).json()
    assert (payload["key"], payload["conflicts"]) == (key, [])
    work = await Artwork.get()
    assert (work.own("title"), work.unfinished["credit_name"]) == ("饺子皮", ["派派"])


async def test_words_that_were_kept_for_days_overwrite_nothing_unseen(site: Site) -> None:
    client = await site.client(site.cast.partner)
    window = shown_fields((await client.get("/desk/works/new")).text) | {"title": "饺子皮"}
    await client.post(
        "/desk/works/typing", data=window
    )  # the answer is lost, and the words stay in the browser
    work = await Artwork.get()
    other = await site.client(site.cast.colleague)
    await typed(other, work, await opened(other, work), title="她的题目", medium="油画")
    payload = (await client.post("/desk/works/typing", data={**window, "story": "我的故事"})).json()
    assert [(each["field"], each["theirs"]) for each in payload["conflicts"]] == [("title", ["她的题目"])]
    assert payload["elsewhere"] == {"medium": ["油画"]}
    await work.refresh_from_db()
    assert (work.own("title"), work.own("story"), work.own("medium")) == ("她的题目", "我的故事", "油画")


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_autosave_that_arrives_while_the_form_is_being_sent(site: Site) -> None:
    """A browser sends the autosave of a page that it leaves next to the form of the page that follows."""
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    window = await opened(client, work)
    left = dict(window)
    window["title"] = "Mine"

    async def sending(**typed_elsewhere: str) -> AsyncIterator[bytes]:
        """The work has been read by the time that the first part of the form is asked for."""
        await typed(client, work, left, **typed_elsewhere)
        yield urlencode(window, doseq=True).encode()

    async def sent(**typed_elsewhere: str) -> httpx.Response:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        content = sending(**typed_elsewhere)
        return await client.post(f"/desk/works/{work.id}/edit", content=content, headers=headers)

    assert (await sent(title="Mine", story="A story.")).status_code == 303
    await work.refresh_from_db()
    assert (work.own("title"), work.own("story")) == ("Mine", "A story.")
    # Another text in the same field is a conflict: it is shown next to the field, and not overwritten.
    window = await opened(client, work)
    window["title"] = "Mine again"
    answer = await sent(title="Theirs")
    assert answer.status_code == 422
    assert "Theirs" in answer.text
    assert shown_fields(answer.text)["title"] == "Mine again"
    await work.refresh_from_db()
    assert work.own("title") == "Theirs"


async def test_two_windows_overwrite_nothing_unseen(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    one, two = await site.client(site.cast.partner), await site.client(site.cast.colleague)
    first, second = await opened(one, work), await opened(two, work)
    await typed(one, work, first, title="她的题目", medium="油画")
    payload = await typed(two, work, second, title="我的题目", story="我的故事")
    assert [each["field"] for each in payload["conflicts"]] == ["title"]
    assert payload["conflicts"][0]["shown"] == "她的题目"
    assert payload["elsewhere"] == {"medium": ["油画"]}
    await work.refresh_from_db()
    assert (work.own("title"), work.own("story"), work.own("medium")) == ("她的题目", "我的故事", "油画")
    # A choice is valid for the displayed versions: if one changes again, the form asks again.
    await typed(one, work, first, title="她的新题目")
    choice = f"mine-{payload['conflicts'][0]['digest']}"
    payload = await typed(two, work, second, choice_title=choice)
    assert payload["conflicts"][0]["shown"] == "她的新题目"
    payload = await typed(two, work, second, choice_title=f"mine-{payload['conflicts'][0]['digest']}")
    assert payload["conflicts"] == []
    await work.refresh_from_db()
    assert work.own("title") == "我的题目"


async def test_without_a_script_the_later_save_is_asked_too(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    one, two = await site.client(site.cast.partner), await site.client(site.cast.colleague)
    first, second = await opened(one, work), await opened(two, work)
    assert (await save(one, work, {**first, "title": "她的题目", "date_made": "2019"})).status_code == 303
    answer = await save(two, work, {**second, "title": "我的题目", "medium": "油画"})
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert "她的题目" in page
    assert 'name="choice_title"' in page
    assert 'name="choice_date_made"' not in page
    shown = shown_fields(answer.text)
    assert (shown["title"], shown["date_made"], shown["medium"]) == ("我的题目", "2019", "油画")
    assert (await save(two, work, {**shown, "choice_title": ""})).status_code == 422
    mine = attribute(page, "[value^=mine-]", "value")
    assert (await save(two, work, {**shown, "choice_title": mine})).status_code == 303
    await work.refresh_from_db()
    assert (work.own("title"), work.year, work.own("medium")) == ("我的题目", 2019, "油画")
    assert (await save(one, work, {**first, "title": "nochmal", "choice_title": "theirs"})).status_code == 303
    await work.refresh_from_db()
    assert work.own("title") == "我的题目"


async def test_an_artist_that_is_changed_leaves_the_other_ones_consent(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    other = await factories.consent(site.cast.organisation)
    client = await site.client(site.cast.partner)
    window = await opened(client, work)
    await typed(client, work, window, artist=str(other.artist_id), consent=str(other.id))
    await work.refresh_from_db()
    assert (work.artist_id, work.consent_id) == (other.artist_id, other.id)
    await typed(client, work, window, consent="99999")
    await work.refresh_from_db()
    assert (work.consent_id, work.unfinished["consent"]) == (other.id, ["99999"])


async def test_strangers_and_the_signed_out_save_nothing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    for person in (site.cast.stranger, site.cast.curator):
        answer = await (await site.client(person)).post(f"/desk/works/{work.id}/typing", data={"title": "x"})
        assert answer.status_code == 404
    guest = await site.client()
    assert (await guest.post(f"/desk/works/{work.id}/typing", data={"title": "x"})).status_code == 401
    assert (await guest.post("/desk/works/typing", data={"title": "x"})).status_code == 401
    member = await site.client(site.cast.partner)
    assert (await member.post("/desk/works/typing", data={"title": "x"})).status_code == 400
    await Artwork.filter(id=work.id).update(status=Status.SUBMITTED)
    answer = await member.post(f"/desk/works/{work.id}/typing", data={"title": "x"})
    assert answer.status_code == 409
    assert "with the curators" in answer.json()["sentence"]
    assert (await Artwork.get(id=work.id)).own("title") == work.own("title")


async def test_what_is_typed_is_erased_with_the_work(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    await typed(client, work, await opened(client, work), date_made="twenty", assent="她说\0愿意")
    assert (await Artwork.get(id=work.id)).unfinished["assent"] == ["她说愿意"]
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert (await Artwork.get(id=work.id)).unfinished == {}


@pytest.mark.parametrize("seen", ["title:zzzzzzzz", "nonsense:12345678", "", "title:12345678 " * 500])
async def test_a_fingerprint_that_is_none_does_no_harm(site: Site, seen: str) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        f"/desk/works/{work.id}/typing", data={**(await opened(client, work)), "seen": seen}
    )
    assert answer.status_code == 200


WORDS = st.sampled_from(["", "a", "b", "c\r\nd", secrets.token_hex(2)])
WINDOW = st.dictionaries(st.sampled_from(AUTOSAVED_FIELDS), WORDS)


@settings(max_examples=300)
@given(WINDOW, WINDOW, WINDOW)
def test_of_two_windows_nothing_typed_gets_lost_unsaid(
    start: dict[str, str], hers: dict[str, str], mine: dict[str, str]
) -> None:
    base = {name: [start.get(name, "")] for name in AUTOSAVED_FIELDS}
    current = {**base, **{name: [value] for name, value in hers.items()}}
    posted = MultiDict([("seen", seen_field(base))])
    for name in AUTOSAVED_FIELDS:
        posted.append(name, mine.get(name, base[name][0]))
    result = merge_values(current, posted)
    for name in AUTOSAVED_FIELDS:
        was, there, here = digest(base[name]), digest(current[name]), digest(posted.getlist(name))
        now = digest(result.values[name])
        if here == was:
            assert now == there
        elif there in (was, here):
            assert now == here
        else:
            assert name in result.conflicts
            assert now == there


async def test_only_what_the_form_names_is_offered(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    await work.fetch_related("themes")
    other = await factories.consent(site.cast.organisation)
    elsewhere = await factories.consent(site.cast.elsewhere)
    await factories.consent(site.cast.organisation)
    project = await factories.project(site.cast.organisation)
    typed_values = {
        "artist": [str(other.artist_id), str(elsewhere.artist_id), "x"],
        "consent": [str(other.id), str(elsewhere.id), ""],
        "project": [str(project.id)],
    }
    offered = await load_work_options([site.cast.organisation], work, [form_values(work), typed_values])
    assert {each.id for each in offered.artists} == {work.artist_id, other.artist_id}
    assert [each.id for each in offered.consents] == [other.id, work.consent_id]
    assert [each.id for each in offered.projects] == [project.id, work.project_id]
    whole = await load_work_options([site.cast.organisation], work)
    assert len(whole.artists) == len(whole.consents) == 3
    assert offered.themes == whole.themes


async def test_what_somebody_else_typed_in_the_same_browser_is_not_saved_in_ones_own_name(site: Site) -> None:
    client = await site.client(site.cast.partner)
    window = shown_fields((await client.get("/desk/works/new")).text) | {"title": "An owl"}
    work = await factories.artwork(site.storage, site.cast.organisation)
    colleague = await site.client(site.cast.colleague)
    for path in ("/desk/works/typing", f"/desk/works/{work.id}/typing"):
        assert (await colleague.post(path, data=window)).status_code == 401
    assert await Artwork.all().count() == 1
    # By hand it is asked, and what was typed stays.
    answer = await colleague.post("/desk/works", data=window, files={"other": b""})
    assert answer.status_code == 422
    assert "Somebody else has signed in here" in answer.text
    answer = await colleague.post("/desk/works", data=shown_fields(answer.text), files={"other": b""})
    assert answer.status_code == 303
    assert await Artwork.filter(title__contains="An owl").count() == 1


async def test_the_form_for_the_time_without_a_line(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    await work.fetch_related("artist")
    client = await site.client(site.cast.partner)
    page = await client.get("/desk/works/offline")
    assert page.headers["cache-control"] == "no-store"
    assert work.artist is not None
    assert work.artist.credit_name not in page.text
    # Opened by somebody it would say that there is no connection.
    opened = await client.get("/desk/works/offline", headers={"sec-fetch-mode": "navigate"})
    assert opened.headers["location"] == "/desk/works/new"
    assert (await (await site.client()).get("/desk/works/offline")).status_code == 303
    assert (await (await site.client(site.cast.curator)).get("/desk/works/offline")).status_code == 404


async def test_the_worker_is_at_one_address_and_is_asked_for_each_time(site: Site) -> None:
    answer = await (await site.client()).get("/desk/offline-worker.js")
    assert answer.headers["service-worker-allowed"] == "/desk"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")
