"""What time alone changes: exhibitions open, close, leave or stay, and consents end, each at the right
second.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery import clock
from gallery.artworks.models import Artwork, Status, edition_is_open
from gallery.clock import start_of_day
from gallery.db.connection import Database
from gallery.exhibitions.models import Edition, Exhibition
from gallery.exhibitions.schedule import next_change
from gallery.public import queries
from tests import factories
from tests.conftest import Site, settings_for
from tests.factories import in_en

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 12, 22, 4, tzinfo=UTC)  # in Shanghai

# A published edition: its opening and duration (hours), and whether it leaves the site when it closes.
PLANS = st.lists(
    st.tuples(st.integers(-30, 30), st.none() | st.integers(1, 40), st.booleans()), min_size=1, max_size=5
)
Plan = tuple[int, int | None, bool]


def opens(plan: Plan) -> datetime:
    return NOON + timedelta(hours=plan[0])


def closes(plan: Plan) -> datetime | None:
    return None if plan[1] is None else opens(plan) + timedelta(hours=plan[1])


def expected_view(plans: list[Plan], moment: datetime) -> dict[str, set[int]]:
    """A simple model: which plans open later, are open, are past, and are on the site."""
    found: dict[str, set[int]] = {"to open": set(), "open": set(), "past": set(), "on the site": set()}
    for number, plan in enumerate(plans):
        end = closes(plan)
        if moment < opens(plan):
            found["to open"].add(number)
        elif end is None or moment < end:
            found["open"].add(number)
            found["on the site"].add(number)
        elif not plan[2]:
            found["past"].add(number)
            found["on the site"].add(number)
    return found


@settings(max_examples=15)
@example(plans=[(0, 1, True), (0, 1, False), (1, None, True), (12, 12, True)])  # one ends as another begins
@given(plans=PLANS)
def test_whatever_is_planned_opens_and_closes_to_the_second(sqlite_template: Path, plans: list[Plan]) -> None:
    asyncio.run(walk_through_time(sqlite_template, plans))


async def walk_through_time(template: Path, plans: list[Plan]) -> None:
    """Check a second before, at, and a second after each planned moment."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copyfile(template, home / "gallery.sqlite3")
        async with Database(settings_for(home, f"sqlite:///{home / 'gallery.sqlite3'}")):
            for number, plan in enumerate(plans):
                await Edition.create(
                    exhibition=await Exhibition.create(slug=f"plan-{number}"),
                    number=1,
                    is_current=True,
                    title=in_en(f"Plan {number}"),
                    opens_at=opens(plan),
                    closes_at=closes(plan),
                    leaves_when_closed=plan[2],
                )
            ends = [end for plan in plans if (end := closes(plan)) is not None]
            turns = sorted({*map(opens, plans), *ends})
            for moment in sorted({turn + step for turn in turns for step in (-SECOND, 0 * SECOND, SECOND)}):
                with clock.frozen_at(moment):
                    assert await seen() == expected_view(plans, moment), moment
                    change = await next_change()
                # Pages are cached until then: nothing may change before, and no change may be missed.
                later = [turn for turn in turns if turn > moment]
                midnight = start_of_day(clock.to_local(moment).date() + timedelta(days=1))
                assert change == min([*later, midnight])


async def seen() -> dict[str, set[int]]:
    """The same as `expected_view`, by the site's own rules."""
    rules = {
        "to open": queries.is_upcoming(),
        "open": queries.is_open(),
        "past": queries.has_closed(),
        "on the site": edition_is_open(),
    }
    return {
        word: {int(shown.slug.removeprefix("plan-")) for shown in await queries.exhibitions(rule, limit=9)}
        for word, rule in rules.items()
    }


async def test_a_work_leaves_the_wall_when_the_day_of_its_consent_is_over(site: Site) -> None:
    """The exhibition stays open without the work, and the cached page is replaced."""
    day = clock.today() + timedelta(days=3)
    leaving = await factories.artwork(
        site.storage,
        site.cast.organisation,
        status=Status.ACCEPTED,
        consent=await factories.consent(site.cast.organisation, ends_on=day),
    )
    staying = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    hung = await factories.exhibition([leaving, staying], closes_at=start_of_day(day + timedelta(days=9)))
    visitor = await site.client()
    midnight = start_of_day(day + timedelta(days=1))

    async def hanging_at(moment: datetime) -> tuple[list[Artwork], int]:
        with clock.frozen_at(moment):
            page = (await visitor.get(f"/en/exhibitions/{hung.slug}")).text
            status = (await visitor.get(f"/en/works/{leaving.public_id}")).status_code
        return [work for work in (leaving, staying) if work.public_id in page], status

    assert await hanging_at(midnight - SECOND) == ([leaving, staying], 200)
    assert await hanging_at(midnight + SECOND) == ([staying], 404)


async def test_an_exhibition_opens_and_leaves_by_the_clock(site: Site) -> None:
    """A page opens, or is gone, one second after the moment and not one second before. The addresses are the
    same each time, so that cached pages must be replaced.
    """
    begins, ends = clock.now() + timedelta(days=1), clock.now() + timedelta(days=2)
    leaving, staying = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED) for _ in "ab"
    ]
    gone = await factories.exhibition([leaving], opens_at=begins, closes_at=ends, leaves_when_closed=True)
    past = await factories.exhibition([staying], opens_at=begins, closes_at=ends)
    visitor = await site.client()
    paths = [
        *(f"/en/exhibitions/{one.slug}" for one in (gone, past)),
        *(f"/en/works/{one.public_id}" for one in (leaving, staying)),
    ]

    async def seen_at(moment: datetime) -> list[int]:
        with clock.frozen_at(moment):
            home, closed = (await visitor.get("/en/")).text, (await visitor.get(paths[1])).text
            assert (past.slug in home) == (moment >= begins)
            assert ("This exhibition has closed." in closed) == (moment >= ends)
            return [(await visitor.get(path)).status_code for path in paths]

    assert await seen_at(begins - SECOND) == [404, 404, 404, 404]
    assert await seen_at(begins + SECOND) == [200, 200, 200, 200]
    assert await seen_at(ends - SECOND) == [200, 200, 200, 200]
    assert await seen_at(ends + SECOND) == [404, 200, 404, 200]
