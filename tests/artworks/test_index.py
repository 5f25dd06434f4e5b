"""The list of an organisation's works: where each stands, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from gallery.artworks.models import Status
from gallery.images.models import ImageState
from tests import factories
from tests.conftest import Site


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The queries that are made meanwhile."""
    connection: BaseDBAsyncClient = get_connection("default")
    kind, queries = type(connection), list[str]()
    original = kind.execute_query

    async def listening(self: BaseDBAsyncClient, query: str, *rest: object) -> object:
        queries.append(query)
        return await original(self, query, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "execute_query", listening)
    yield queries
    monkeypatch.setattr(kind, "execute_query", original)


async def test_it_invites_who_has_none(site: Site) -> None:
    page = (await (await site.client(site.cast.partner)).get("/desk/works")).text
    assert "Enter the first work" in page


async def test_states_and_reasons(site: Site) -> None:
    ours = site.cast.organisation
    refused = await factories.image(site.storage, ours, state=ImageState.REFUSED, refusal="too_slow")
    waiting = await factories.image(site.storage, ours, state=ImageState.RECEIVED)
    await factories.artwork(site.storage, ours, title="坏的", image=refused)
    await factories.artwork(site.storage, ours, title="等着", image=waiting)
    await factories.artwork(site.storage, ours, title="好的", status=Status.ACCEPTED)
    await factories.artwork(site.storage, site.cast.elsewhere, title="别家的")
    client = await site.client(site.cast.colleague)
    page = (await client.get("/desk/works")).text
    assert "takes too long to open" in page
    assert "is being prepared" in page
    assert "别家的" not in page
    accepted = (await client.get("/desk/works?status=accepted")).text
    assert "好的" in accepted
    assert "坏的" not in accepted
    assert (await client.get("/desk/works?status=nonsense&page=x")).status_code == 200


async def test_as_many_queries_for_one_work_as_for_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client(site.cast.partner)
    numbers = []
    for more in (1, 5):
        for _ in range(more):
            await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
        with counted(monkeypatch) as queries:
            await client.get("/desk/works")
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] > 0


async def test_guests_sign_in_and_curators_have_their_queue(site: Site) -> None:
    guest = await (await site.client()).get("/desk/works")
    assert guest.headers["location"] == "/desk/sign-in?next=/desk/works"
    curator = await (await site.client(site.cast.curator)).get("/desk/works")
    assert curator.headers["location"] == "/desk/queue"
