"""Counting page views: whose views count, and that none is lost or counted twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import today
from gallery.db.connection import in_transaction, locked
from gallery.stats import visit_counter as tally_module
from gallery.stats.count_writer import write_counts
from gallery.stats.models import (
    Appreciation,
    CountKind,
    ExhibitionCount,
    OrganisationCount,
    ProjectCount,
    ThemeCount,
    WorkCount,
)
from gallery.stats.visit_counter import VisitCounter
from gallery.stats.visitors import is_visitor
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.live import LiveSite, eventually
from tests.stats.visitors import BROWSER, PHONE, raw_headers

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def seen(work: Artwork) -> int:
    return sum(
        await WorkCount.filter(artwork_id=work.id, kind=CountKind.SEEN).values_list("number", flat=True)
    )


async def on_view(site: Site | LiveSite, **values: Any) -> tuple[Artwork, str]:
    """A work on view, and the slug of its exhibition."""
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED, **values)
    return work, (await factories.exhibition([work])).slug


async def test_pages_that_visitors_open_are_counted_in_either_language(site: Site) -> None:
    theme = await factories.theme()
    work, slug = await on_view(site, themes=[theme])
    project = await work.project
    assert project is not None
    visitor = await site.client(**BROWSER)
    for path in (
        f"/zh/works/{work.public_id}",
        f"/en/works/{work.public_id}",
        f"/en/works/{work.public_id}?from=chat",
        f"/zh/themes/{theme.slug}",
        f"/zh/projects/{project.slug}",
        f"/zh/exhibitions/{slug}",
        "/zh/",
        f"/zh/works/{work.public_id}/report",
    ):
        assert (await visitor.get(path)).status_code == 200
    assert (await visitor.get("/zh/works/nosuchwork")).status_code == 404
    assert await WorkCount.all().count() == 0  # nothing is written while a page is made
    assert await write_counts(site.app.state.visit_counter)
    counted = await WorkCount.get()
    assert (counted.artwork_id, counted.day, counted.kind, counted.number) == (work.id, today(), "seen", 3)
    assert await ThemeCount.filter(theme=theme).values_list("kind", "number") == [("seen", 1)]
    assert await ProjectCount.filter(project=project).values_list("kind", "number") == [("seen", 1)]
    assert await ExhibitionCount.all().values_list("kind", "number") == [("seen", 1)]


async def test_a_page_from_the_cache_and_one_that_the_browser_kept_are_counted_too(site: Site) -> None:
    work, _ = await on_view(site)
    visitor = await site.client(**PHONE)
    first = await visitor.get(f"/zh/works/{work.public_id}")
    assert (await visitor.get(f"/zh/works/{work.public_id}")).content == first.content
    again = await visitor.get(f"/zh/works/{work.public_id}", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    await write_counts(site.app.state.visit_counter)
    assert await seen(work) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**BROWSER, "user-agent": "curl/8.5"},
        {
            **BROWSER,
            "user-agent": "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        },
        {
            **BROWSER,
            "user-agent": "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0) Chrome/120 Safari/537.36",
        },
        {**BROWSER, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36"},
        {**BROWSER, "accept": "*/*"},
        {**BROWSER, "accept": "image/avif,image/webp,*/*;q=0.8"},
        {**BROWSER, "sec-purpose": "prefetch;prerender"},
        {**BROWSER, "purpose": "prefetch"},
        {**BROWSER, "x-moz": "prefetch"},
    ],
    ids=lambda headers: " ".join(f"{name}={value[:60]}" for name, value in list(headers.items())[-2:]),
)
async def test_programs_and_what_is_fetched_ahead_are_not_counted(
    site: Site, headers: dict[str, str]
) -> None:
    work, _ = await on_view(site)
    client = await site.client(**headers)
    assert (await client.get(f"/zh/works/{work.public_id}")).status_code == 200
    assert (await (await site.client(**BROWSER)).head(f"/zh/works/{work.public_id}")).status_code == 200
    assert await write_counts(site.app.state.visit_counter)
    assert await seen(work) == 0


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
        " MicroMessenger/8.0.44(0x18002c2d) NetType/WIFI Language/zh_CN",
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
        "Opera/9.80 (Android; Opera Mini/36.2/191.256; U; zh) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (Linux; U; Android 13; zh-CN; M2012K11AC) AppleWebKit/537.36 UCBrowser/15.5 Mobile Safari/537.36",
    ],
)
def test_telephones_are_visitors(agent: str) -> None:
    assert is_visitor(raw_headers(**{**BROWSER, "user-agent": agent}))


async def test_a_day_ends_when_it_does_at_the_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work, _ = await on_view(site)
    path, tally = f"/zh/works/{work.public_id}", VisitCounter()
    tally.count_view(path, raw_headers(**BROWSER))
    first = today()
    monkeypatch.setattr(tally_module.clock, "today", lambda: first + timedelta(days=1))
    monkeypatch.setattr(tally, "_day_ends", 0.0)  # midnight has passed
    tally.count_view(path, raw_headers(**BROWSER))
    await write_counts(tally)
    assert await WorkCount.all().order_by("day").values_list("day", "number") == [
        (first, 1),
        (first + timedelta(days=1), 1),
    ]


async def test_two_processes_that_write_the_same_row_at_once_lose_nothing(live: LiveSite) -> None:
    work, _ = await on_view(live)
    first, second = await live.serve(worker=False), await live.serve(worker=False)

    async def visit(address: str, times: int) -> None:
        async with httpx.AsyncClient(base_url=address, headers=BROWSER) as client:
            for _ in range(times):
                assert (await client.get(f"/zh/works/{work.public_id}")).status_code == 200

    await asyncio.gather(*(visit(address, 120) for address in (first, second) for _ in range(3)))
    live.stop()  # counts that are not written yet are written now
    assert await seen(work) == 720


async def test_a_process_that_is_killed_loses_at_most_a_second(live: LiveSite) -> None:
    work, _ = await on_view(live)
    address = await live.serve(worker=False)
    async with httpx.AsyncClient(base_url=address, headers=BROWSER) as client:
        await client.get(f"/zh/works/{work.public_id}")
        await eventually(lambda: seen(work))
        await client.get(f"/zh/works/{work.public_id}")
        live.processes[0].kill()
        live.processes[0].wait()
    assert 1 <= await seen(work) <= 2


async def summed_counts() -> dict[tuple[int, date, CountKind], int]:
    """What OrganisationCount must hold: the sums of the views of works, and of the followed links of projects."""
    sums: Counter[tuple[int, date, CountKind]] = Counter()
    for seen_work in await WorkCount.filter(kind=CountKind.SEEN).select_related("artwork"):
        sums[seen_work.artwork.organisation_id, seen_work.day, CountKind.SEEN] += seen_work.number
    for followed in await ProjectCount.filter(kind=CountKind.FOLLOWED).select_related("project"):
        sums[followed.project.organisation_id, followed.day, CountKind.FOLLOWED] += followed.number
    return dict(sums)


async def test_a_withdrawal_takes_its_counts_along_even_those_not_written_yet(site: Site) -> None:
    work, _ = await on_view(site)
    staying, _ = await on_view(site)
    tally = site.app.state.visit_counter
    visitor = await site.client(**BROWSER)
    for each in (work, staying):
        await visitor.get(f"/zh/works/{each.public_id}")
        tally.set_appreciation(f"token-{each.id}", each.id, is_there=True)
    await write_counts(tally)
    for each in (work, staying):
        await visitor.get(f"/zh/works/{each.public_id}")
        tally.set_appreciation(f"other-{each.id}", each.id, is_there=True)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert await write_counts(tally)
    assert await WorkCount.all().values_list("artwork_id", "number") == [(staying.id, 2)]
    assert {each.artwork_id for each in await Appreciation.all()} == {staying.id}
    sums = {(row.organisation_id, row.day, row.kind): row.number for row in await OrganisationCount.all()}
    assert sums == await summed_counts()


@pytest.mark.engines("postgresql")
async def test_a_work_that_is_just_being_changed_waits_and_keeps_nobody_waiting(site: Site) -> None:
    changing, _ = await on_view(site)
    other, _ = await on_view(site)
    tally = site.app.state.visit_counter
    visitor = await site.client(**BROWSER)
    for each in (changing, other):
        await visitor.get(f"/zh/works/{each.public_id}")
    tally.set_appreciation("token", changing.id, is_there=True)
    project_id = changing.project_id
    assert project_id is not None
    tally.follow(project_id, changing.id)
    async with in_transaction():
        await locked(Artwork.filter(id=changing.id))
        assert not await write_counts(tally)
        assert (await seen(changing), await seen(other)) == (0, 1)
        assert await Appreciation.all().count() == 0
    assert await write_counts(tally)
    assert (await seen(changing), await seen(other)) == (1, 1)
    assert await Appreciation.all().count() == 1
    assert await ProjectCount.filter(kind=CountKind.FOLLOWED).values_list("number", flat=True) == [1]
    assert await WorkCount.filter(kind=CountKind.FOLLOWED).values_list("number", flat=True) == [1]


async def test_counts_that_cannot_be_written_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work, _ = await on_view(site)
    tally = VisitCounter()
    tally.count_view(f"/zh/works/{work.public_id}", raw_headers(**BROWSER))
    tally.set_appreciation("token", work.id, is_there=True)
    with monkeypatch.context() as patched:
        patched.setattr("gallery.stats.count_writer.BACKGROUND_CONNECTION", "no such connection")
        with pytest.raises(Exception, match="no such connection"):
            await write_counts(tally)
    tally.count_view(f"/en/works/{work.public_id}", raw_headers(**BROWSER))
    tally.set_appreciation("token", work.id, is_there=False)  # the later change wins
    assert await write_counts(tally)
    assert await seen(work) == 2
    assert [each.is_there for each in await Appreciation.all()] == [False]


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("follow"), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("press"), st.integers(0, 2), st.integers(0, 1), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("write"), st.integers(0, 2)),
        st.tuples(st.just("fail"), st.integers(0, 2)),
    ),
    max_size=40,
)


@given(events=EVENTS)
@hypothesis_settings(
    max_examples=40,
)
async def test_whatever_is_counted_by_several_processes_is_there_once_at_the_end(
    site: Site, events: list[tuple[Any, ...]]
) -> None:
    """Three counters, as in three processes: the sums agree, and the latest change of each visitor wins."""
    works = await Artwork.all().order_by("id")
    if not works:
        works = [(await on_view(site))[0] for _ in range(2)]
    for counts in (WorkCount, OrganisationCount):
        await counts.all().delete()
    await ProjectCount.all().delete()
    await Appreciation.all().delete()
    tallies = [VisitCounter() for _ in range(3)]
    expected_seen: Counter[int] = Counter()
    expected_followed: Counter[int] = Counter()
    said: dict[str, bool] = {}
    for event in events:
        tally = tallies[event[1]]
        match event:
            case ("see", _, work):
                tally.count_view(f"/zh/works/{works[work].public_id}", raw_headers(**BROWSER))
                expected_seen[works[work].id] += 1
            case ("follow", _, work):
                tally.follow(works[work].project_id, works[work].id)
                expected_followed[works[work].id] += 1
            case ("press", _, work, visitor, is_there):
                token = f"{works[work].id}-{visitor}"
                tally.set_appreciation(token, works[work].id, is_there=is_there)
                said[token] = is_there
            case ("write", _):
                assert await write_counts(tally)
            case ("fail", _):
                tally.restore(tally.take())
    for tally in tallies:
        assert await write_counts(tally)
        assert await write_counts(tally)  # nothing is left to be written twice
    counted: dict[CountKind, Counter[int]] = {kind: Counter() for kind in CountKind}
    for row in await WorkCount.all():
        counted[row.kind][row.artwork_id] += row.number
    assert counted[CountKind.SEEN] == expected_seen
    assert counted[CountKind.FOLLOWED] == expected_followed
    by_project = {row.project_id: row.number for row in await ProjectCount.filter(kind=CountKind.FOLLOWED)}
    sums = {(row.organisation_id, row.day, row.kind): row.number for row in await OrganisationCount.all()}
    assert sums == await summed_counts()
    assert sum(by_project.values()) == sum(expected_followed.values())
    assert {row.token: row.is_there for row in await Appreciation.all()} == said
