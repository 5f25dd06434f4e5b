"""Idempotency-Key: sent twice, done once, also concurrently and after a crash."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.api import idempotency as once
from gallery.api.models import KeptAnswer, Token
from gallery.artists.models import Artist
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from tests import factories
from tests.api.programs import V1, program
from tests.conftest import Site
from tests.factories import in_zh

pytestmark = pytest.mark.engines("sqlite", "postgresql")

KEY = {"idempotency-key": "drawing-17"}


async def test_the_same_request_gets_the_same_answer_and_is_done_once(site: Site) -> None:
    client = await program(site)
    values = {"title": "A", "credit_name": "派派"}
    first = await client.post(f"{V1}/works", json=values, headers=KEY)
    again = await client.post(f"{V1}/works", json=values, headers={"idempotency-key": '"drawing-17"'})
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for name in ("location", "etag", "content-type", "content-language"):
        assert first.headers[name] == again.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await Artwork.all().count() == await Artist.all().count() == 1


async def test_another_request_must_not_have_the_key(site: Site) -> None:
    client = await program(site)
    await client.post(f"{V1}/works", json={"title": "A"}, headers=KEY)
    refused = await client.post(f"{V1}/works", json={"title": "B"}, headers=KEY)
    assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, "Idempotency-Key")
    work = await Artwork.get()
    elsewhere = await client.patch(f"{V1}/works/{work.id}", json={"title": "A"}, headers=KEY)
    assert elsewhere.status_code == 422
    # Each token has its own keys.
    other = await program(site)
    assert (await other.post(f"{V1}/works", json={"title": "B"}, headers=KEY)).status_code == 201
    assert await Artwork.all().count() == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ä"])
async def test_a_key_has_a_form(site: Site, key: str) -> None:
    client = await program(site)
    answer = await client.post(
        f"{V1}/works", json={"title": "A"}, headers={"idempotency-key": key.encode("latin-1")}
    )
    assert answer.status_code == 400
    assert await Artwork.all().count() == 0


async def test_a_refusal_is_kept_too(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation, title="")
    address = f"{V1}/works/{work.id}/submissions"
    refused = await client.post(address, headers=KEY)
    await Artwork.filter(id=work.id).update(title=in_zh("A"))
    again = await client.post(address, headers=KEY)
    assert (refused.status_code, again.status_code) == (422, 422)
    assert refused.content == again.content
    gone = await client.post(f"{V1}/works/99999/submissions", headers={"idempotency-key": "b"})
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
    assert (await client.post(address, headers={"idempotency-key": "c"})).status_code == 201


async def test_many_at_once_make_one_work(site: Site) -> None:
    client = await program(site)
    answers = await asyncio.gather(
        *(client.post(f"{V1}/works", json={"title": "A"}, headers=KEY) for _ in range(8))
    )
    assert {each.status_code for each in answers} <= {201, 409}
    assert [each.status_code for each in answers].count(201) >= 1
    assert len({each.content for each in answers if each.status_code == 201}) == 1
    assert all("retry-after" in each.headers for each in answers if each.status_code == 409)
    assert (await client.post(f"{V1}/works", json={"title": "A"}, headers=KEY)).status_code == 201
    assert await Artwork.all().count() == 1


async def test_after_a_crash_the_work_is_done_once(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    address = f"{V1}/works/{work.id}/submissions"
    asked = client.build_request("POST", address, headers=KEY)

    # A killed process leaves its claim, and none of its changes.
    from starlette.requests import Request

    request = Request(
        {"type": "http", "method": "POST", "path": asked.url.path, "query_string": b"", "headers": []}
    )
    await KeptAnswer.create(
        token=await Token.get(),
        key="drawing-17",
        fingerprint=once.request_fingerprint(request, b""),
        lease_until=now() + timedelta(seconds=30),
        created_at=now(),
    )
    early = await client.post(address, headers=KEY)
    assert (early.status_code, early.json()["type"].rpartition("#")[2]) == (409, "conflict")
    assert 0 < int(early.headers["retry-after"]) <= 31
    assert (await Artwork.get(id=work.id)).status == Status.DRAFT
    await KeptAnswer.all().update(lease_until=now() - timedelta(seconds=1))
    answers = [await client.post(address, headers=KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert await Submission.all().count() == 1


async def test_a_fault_leaves_neither_work_nor_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await program(site)
    from gallery.api import works

    def broken(*_: object) -> object:
        raise RuntimeError("the disk is full")  # after the work was made, before its answer is kept

    with monkeypatch.context() as patch:
        patch.setattr(works, "state_response", broken)
        with pytest.raises(RuntimeError):
            await client.post(f"{V1}/works", json={"title": "A"}, headers=KEY)
    assert await Artwork.all().count() == await KeptAnswer.all().count() == 0
    assert (await client.post(f"{V1}/works", json={"title": "A"}, headers=KEY)).status_code == 201


async def test_answers_are_forgotten_after_a_day_and_hold_no_words_of_works(site: Site) -> None:
    client = await program(site)
    values = {"title": "First title", "story": "A story that can be withdrawn."}
    await client.post(f"{V1}/works", json=values, headers=KEY)
    kept = await KeptAnswer.get()
    assert "story" not in kept.body
    assert "title" not in kept.body
    await KeptAnswer.all().update(created_at=now() - once.ANSWER_RETENTION)
    assert (await client.post(f"{V1}/works", json={"title": "B"}, headers=KEY)).status_code == 201
    await KeptAnswer.all().update(created_at=now() - once.ANSWER_RETENTION)
    await site.work()
    assert await KeptAnswer.all().count() == 0
    assert await Artwork.all().count() == 2
