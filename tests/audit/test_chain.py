"""The chain of the audit log: intact while nobody changes it; a change is found and located."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.audit.chain import chain_entries, chain_head, digest_of, find_breaks
from gallery.audit.models import ChainHead, Entry
from gallery.audit.recording import AUTOSAVE_WINDOW, record
from gallery.audit.verbs import Verb
from gallery.cli.inspection import inspect
from gallery.clock import now
from gallery.db.connection import Database, in_transaction
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def found() -> list[tuple[str, int]]:
    return [(each.sentence, each.position) async for each in find_breaks()]


async def chained(site: Site, number: int) -> list[Entry]:
    for step in range(number):
        await record(Verb.WORK_SUBMITTED, step + 1, organisation_id=1, by=site.cast.partner)
    while await chain_entries():
        pass
    return await Entry.all().order_by("position")


async def test_each_entry_carries_the_digest_of_the_one_before(site: Site) -> None:
    first, second, third = await chained(site, 3)
    assert [first.position, second.position, third.position] == [1, 2, 3]
    assert first.previous == ""
    assert second.previous == digest_of(first)
    assert third.previous == digest_of(second)
    end = await chain_head()
    assert (end.position, end.digest) == (3, digest_of(third))
    assert await found() == []


async def test_nothing_yet_is_a_whole_chain(site: Site) -> None:
    assert not await chain_entries()
    assert await found() == []


@pytest.mark.parametrize(
    "change",
    [
        {"person_id": 4711},
        {"verb": "work.accepted"},
        {"thing_id": 99},
        {"with_id": 5},
        {"organisation_id": None},
        {"kind": "theme"},
        {"at": now() - timedelta(days=300)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_an_entry_that_was_changed_is_found(site: Site, change: dict[str, object]) -> None:
    entries = await chained(site, 5)
    await Entry.filter(id=entries[2].id).update(**change)
    assert await found() == [("The audit log was changed at", 3)]


async def test_the_last_entry_that_was_changed_is_found(site: Site) -> None:
    entries = await chained(site, 3)
    await Entry.filter(id=entries[2].id).update(thing_id=99)
    assert await found() == [("The audit log was changed at", 3)]


async def test_entries_that_were_deleted_are_missed(site: Site) -> None:
    entries = await chained(site, 6)
    await Entry.filter(id=entries[2].id).delete()
    assert await found() == [("Entries of the audit log are missing before", 4)]
    await Entry.filter(id__in=[each.id for each in entries[4:]]).delete()
    assert ("Entries of the audit log are missing after", 4) in await found()


async def test_entries_that_were_put_in_are_found(site: Site) -> None:
    entries = await chained(site, 2)
    await Entry.create(
        at=now(),
        verb="work.accepted",
        kind="work",
        thing_id=1,
        position=3,
        previous=digest_of(entries[1]),
    )
    assert await found() == [("Entries of the audit log were put in after", 2)]


async def test_where_no_worker_runs_it_is_said(site: Site) -> None:
    await record(Verb.WORK_SUBMITTED, 1)
    assert await found() == []
    await Entry.all().update(at=now() - timedelta(minutes=11))
    assert await found() == [("Entries of the audit log wait to be chained after", 0)]
    await site.work()
    assert await found() == []


async def test_what_is_rolled_back_leaves_no_entry(site: Site) -> None:
    with pytest.raises(RuntimeError):
        async with in_transaction():
            await record(Verb.WORK_SUBMITTED, 1)
            raise RuntimeError
    assert await Entry.all().count() == 0


async def test_many_writers_and_chainers_at_once_make_one_chain(site: Site) -> None:
    async def write(number: int) -> None:
        async with in_transaction():
            await record(Verb.WORK_CHANGED, number)
            await asyncio.sleep(0.001 * (number % 5))
            await record(Verb.WORK_SUBMITTED, number)

    async def chain() -> None:
        for _ in range(10):
            await chain_entries()
            await asyncio.sleep(0.002)

    await asyncio.gather(*(write(number) for number in range(40)), chain(), chain(), chain())
    while await chain_entries():
        pass
    assert sorted(await Entry.all().values_list("position", flat=True)) == list(range(1, 81))
    assert await found() == []
    assert await ChainHead.all().count() == 1


async def test_typing_for_long_is_one_entry(site: Site) -> None:
    for person in (site.cast.partner, site.cast.colleague, site.cast.partner):
        await record(Verb.WORK_CHANGED, 1, by=person, once_in=AUTOSAVE_WINDOW)
    assert await Entry.all().count() == 2
    await Entry.all().update(at=now() - AUTOSAVE_WINDOW)
    await record(Verb.WORK_CHANGED, 1, by=site.cast.partner, once_in=AUTOSAVE_WINDOW)
    await record(Verb.WORK_CHANGED, 2, by=site.cast.partner, once_in=AUTOSAVE_WINDOW)
    assert await Entry.all().count() == 4


async def test_inspection_says_where_the_chain_breaks(site: Site) -> None:
    entries = await chained(site, 3)
    assert await inspect(Database(site.settings), site.storage) == []
    await Entry.filter(id=entries[0].id).update(thing_id=99)
    findings = await inspect(Database(site.settings), site.storage)
    assert [(each.sentence, each.where) for each in findings] == [("The audit log was changed at", "entry 1")]
