"""Appreciating a work: one per visitor and work, without an account, can be taken back, and limited for
programs.
"""

from __future__ import annotations

import httpx
import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.stats import appreciation_views, appreciations
from gallery.stats.chores import DELETED_AFTER, delete_taken_back
from gallery.stats.count_writer import write_counts
from gallery.stats.models import Appreciation
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site
from tests.markup import attribute
from tests.stats.visitors import BROWSER

pytestmark = pytest.mark.engines("sqlite", "postgresql")

JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    appreciation_views.NEW_VISITOR_LIMIT._events.clear()
    appreciation_views.PRESS_LIMIT._events.clear()


async def on_view(site: Site) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    return work


async def answer(client: httpx.AsyncClient, work: Artwork) -> tuple[bool, int]:
    found = await client.get(f"/appreciations/zh/{work.public_id}", headers=JSON)
    assert found.headers["cache-control"] == "no-store"
    assert "set-cookie" not in found.headers
    return found.json()["appreciated"], found.json()["number"]


async def test_without_script_one_press_appreciates_and_another_takes_it_back(site: Site) -> None:
    work = await on_view(site)
    visitor = await site.client(**BROWSER)
    page = await visitor.get(f"/en/works/{work.public_id}")
    assert "set-cookie" not in page.headers
    assert attribute(page.text, "form.appreciation[method=post]", "action") == (
        f"/appreciations/en/{work.public_id}"
    )
    pressed = await visitor.post(f"/appreciations/en/{work.public_id}")
    assert pressed.status_code == 303
    cookie = pressed.headers["set-cookie"].lower()
    assert "path=/appreciations;" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    thanks = await visitor.get(pressed.headers["location"])
    assert thanks.status_code == 200
    assert "Thank you" in thanks.text
    assert "Tangyuan" in thanks.text
    assert thanks.headers["cache-control"] == "no-store"
    assert await answer(visitor, work) == (True, 1)
    back = await visitor.post(f"/appreciations/en/{work.public_id}/taking-back", follow_redirects=True)
    assert "taken back" in back.text
    assert await answer(visitor, work) == (False, 0)
    await write_counts(site.app.state.visit_counter)
    assert await answer(visitor, work) == (False, 0)


async def test_with_script_the_answer_says_what_is_and_what_to_read_out(site: Site) -> None:
    work = await on_view(site)
    first, second = await site.client(**BROWSER), await site.client(**BROWSER)
    pressed = (await first.post(f"/appreciations/en/{work.public_id}", headers=JSON)).json()
    assert pressed == {
        "appreciated": True,
        "number": 1,
        "sentence": "You have thanked the artist.",
        "message": "Thank you.",
    }
    pressed = (await second.post(f"/appreciations/en/{work.public_id}", headers=JSON)).json()
    assert pressed["message"] == "Thank you. 2 visitors have thanked the artist of this work."
    back = (await first.post(f"/appreciations/en/{work.public_id}/taking-back", headers=JSON)).json()
    assert (back["appreciated"], back["number"]) == (False, 1)
    assert back["sentence"] == "1 visitor has thanked the artist of this work."
    assert back["message"] == "Your thanks have been taken back."


async def test_one_visitor_counts_once_for_each_work_before_and_after_it_is_written(site: Site) -> None:
    work, other = await on_view(site), await on_view(site)
    visitor, stranger = await site.client(**BROWSER), await site.client(**BROWSER)
    for _ in range(3):
        await visitor.post(f"/appreciations/zh/{work.public_id}")
        await write_counts(site.app.state.visit_counter)
        await visitor.post(f"/appreciations/en/{work.public_id}")
    await visitor.post(f"/appreciations/zh/{other.public_id}")
    assert await answer(visitor, work) == (True, 1)
    assert await answer(stranger, work) == (False, 1)
    await write_counts(site.app.state.visit_counter)
    assert await answer(visitor, work) == (True, 1)
    tokens = [each.token for each in await Appreciation.all()]
    assert len(tokens) == len(set(tokens)) == 2  # two works, and no trace that it was the same visitor
    key = visitor.cookies[appreciation_views.COOKIE]
    assert not any(key in token for token in tokens)


async def test_the_page_is_the_same_for_all_and_its_version_stands(site: Site) -> None:
    work = await on_view(site)
    visitor, other = await site.client(**BROWSER), await site.client(**BROWSER)
    before = await visitor.get(f"/zh/works/{work.public_id}")
    version = await site.app.state.content.generation()
    await visitor.post(f"/appreciations/zh/{work.public_id}")
    await write_counts(site.app.state.visit_counter)
    after = [await client.get(f"/zh/works/{work.public_id}") for client in (visitor, other)]
    assert {before.content, *(page.content for page in after)} == {before.content}
    assert await site.app.state.content.generation() == version
    assert before.headers["vary"].lower() == "accept-encoding"


async def test_numbers_come_from_memory_for_a_few_seconds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = await on_view(site)
    stranger = await site.client(**BROWSER)
    assert await answer(stranger, work) == (False, 0)
    await Appreciation.create(
        token="elsewhere", artwork=work, day="2022-12-22", is_there=True, changed_at=1
    )  # another process wrote it
    assert await answer(stranger, work) == (False, 0)
    monkeypatch.setattr(appreciations, "MAX_AGE", 0.0)
    assert await answer(stranger, work) == (False, 1)


@pytest.mark.parametrize("path", ["", "/taking-back"])
async def test_only_works_on_view_can_be_appreciated(site: Site, path: str) -> None:
    visitor = await site.client(**BROWSER)
    draft = await factories.artwork(site.storage, site.cast.organisation)
    for public_id in (draft.public_id, "nosuchwork", "x" * 40):
        assert (await visitor.post(f"/appreciations/zh/{public_id}{path}")).status_code == 404
        assert (await visitor.get(f"/appreciations/zh/{public_id}")).status_code == 404
        assert (await visitor.get(f"/zh/works/{public_id}/appreciation")).status_code == 404


async def test_a_withdrawn_work_is_gone_with_its_appreciations(site: Site) -> None:
    work = await on_view(site)
    visitor = await site.client(**BROWSER)
    await visitor.post(f"/appreciations/zh/{work.public_id}")
    await write_counts(site.app.state.visit_counter)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    for path in (f"/appreciations/zh/{work.public_id}", f"/zh/works/{work.public_id}/appreciation"):
        assert (await visitor.get(path)).status_code == 410
    assert (await visitor.post(f"/appreciations/zh/{work.public_id}")).status_code == 410
    assert not await Appreciation.all().exists()


async def test_another_site_cannot_press_the_button(site: Site) -> None:
    work = await on_view(site)
    visitor = await site.client(**{**BROWSER, "sec-fetch-site": "cross-site"})
    assert (await visitor.post(f"/appreciations/zh/{work.public_id}")).status_code == 403
    assert not site.app.state.visit_counter.take()


async def test_programs_are_not_counted(site: Site) -> None:
    work = await on_view(site)
    program = await site.client(**{"user-agent": "python-requests/2.31"})
    assert (await program.post(f"/appreciations/zh/{work.public_id}")).status_code == 303
    assert await answer(await site.client(**BROWSER), work) == (False, 0)


async def test_many_fresh_visitors_from_one_network_have_to_wait(site: Site) -> None:
    work = await on_view(site)
    for _ in range(60):
        visitor = await site.client(**BROWSER)
        assert (await visitor.post(f"/appreciations/zh/{work.public_id}")).status_code == 303
    appreciation_views.PRESS_LIMIT._events.clear()
    late = await site.client(**BROWSER)
    refused = await late.post(f"/appreciations/en/{work.public_id}")
    assert refused.status_code == 429
    assert "set-cookie" not in refused.headers
    assert "Please try again a little later." in refused.text
    response = await late.post(f"/appreciations/en/{work.public_id}", headers=JSON)
    assert response.status_code == 429
    assert "try again" in response.json()["message"]
    assert (await visitor.post(f"/appreciations/zh/{work.public_id}/taking-back")).status_code == 303
    assert await answer(late, work) == (False, 59)


@pytest.mark.parametrize("cookie", ["", "short", "x" * 5000, "a" * 21 + "'", "汉" * 22])
async def test_a_cookie_that_is_not_ours_is_as_none(site: Site, cookie: str) -> None:
    work = await on_view(site)
    visitor = await site.client(**BROWSER)
    header = f"{appreciation_views.COOKIE}={cookie}".encode()
    pressed = await visitor.post(f"/appreciations/zh/{work.public_id}", headers=[(b"cookie", header)])
    assert pressed.status_code == 303
    assert "set-cookie" in pressed.headers


async def test_what_was_taken_back_is_forgotten_after_a_day(site: Site) -> None:
    work = await on_view(site)
    visitor = await site.client(**BROWSER)
    await visitor.post(f"/appreciations/zh/{work.public_id}")
    await visitor.post(f"/appreciations/zh/{work.public_id}/taking-back")
    await write_counts(site.app.state.visit_counter)
    context = ChoreContext(site.settings, site.storage)
    await delete_taken_back(context)
    row = await Appreciation.get()
    assert not row.is_there
    row.changed_at -= DELETED_AFTER * 1_000_000_000
    await row.save()
    await delete_taken_back(context)
    assert not await Appreciation.all().exists()
