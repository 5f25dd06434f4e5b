"""An edition that opens later: what visitors see stays until then, and is replaced at that time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery import clock
from gallery.archives import writer
from gallery.artworks.models import Artwork, Status, edition_is_open
from gallery.cli.revocations import revoke_ended, valid_digests
from gallery.db.connection import Database
from gallery.db.content_version import wait_for_propagation
from gallery.exhibitions import drafts
from gallery.exhibitions.announcements import notify_of_opening
from gallery.exhibitions.models import Edition, Exhibition, Hanging, PublishedEditions, Room
from gallery.exhibitions.schedule import next_change
from gallery.mail.models import Mail
from gallery.public import queries
from gallery.public.calendar import edition_days
from gallery.search.results import _rooms
from tests import factories
from tests.cast import assemble
from tests.conftest import Site, settings_for
from tests.factories import accepted, in_en, in_zh
from tests.markup import texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 12, 22, 4, tzinfo=UTC)  # in Shanghai


@dataclass
class Published:
    """An edition as the oracle knows it."""

    number: int
    opens_at: datetime
    closes_at: datetime | None
    leaves: bool
    counts: bool = True  # not replaced permanently, cancelled or taken off the site


class Oracle:
    """A plain model of what visitors see: of the valid editions, the last that has opened."""

    def __init__(self) -> None:
        self.editions: list[Published] = []

    def publish(self, edition: Published, moment: datetime) -> None:
        for each in self.editions:
            if edition.opens_at <= moment or each.opens_at > moment:
                each.counts = False
        self.editions.append(edition)

    def cancel(self, moment: datetime) -> None:
        for each in self.editions:
            each.counts = each.counts and each.opens_at <= moment

    def take_off(self) -> None:
        for each in self.editions:
            each.counts = False

    def at(self, moment: datetime) -> dict[str, int | None]:
        counting = [each for each in self.editions if each.counts]
        last = next((each for each in reversed(counting) if each.opens_at <= moment), None)
        planned = next((each for each in counting if each.opens_at > moment), None)
        has_closed = last is not None and last.closes_at is not None and last.closes_at <= moment
        shown = last if last is not None and not (has_closed and last.leaves) else None
        is_announced = planned is not None and (last is None or has_closed)
        return {
            "shown": shown.number if shown else None,
            "planned": planned.number if planned else None,
            "announced": planned.number if planned and is_announced else None,
            "past": last.number if last and shown and has_closed else None,
            "archived": last.number if last else None,
        }

    def turns(self) -> list[datetime]:
        counting = [each for each in self.editions if each.counts]
        return sorted({turn for each in counting for turn in (each.opens_at, each.closes_at) if turn})


async def seen(exhibition: Exhibition) -> dict[str, int | None]:
    """The same as `Oracle.at`, by the site's own rules."""
    numbers = dict(await Edition.filter(number__isnull=False).values_list("id", "number"))

    async def only(rule: Any) -> int | None:
        found = await queries.exhibitions(rule, limit=9)
        assert len(found) <= 1
        return numbers[found[0].edition_id] if found else None

    on_site = PublishedEditions.of(await Edition.filter(exhibition_id=exhibition.id))
    shown = await queries.exhibition_at(exhibition.slug)
    current = await writer._edition_of(exhibition.slug)
    hung = await Hanging.filter(edition_is_open("room__edition__")).values_list("room__edition_id", flat=True)
    result = {
        "shown": numbers[shown.edition_id] if shown else None,
        "planned": on_site.planned.number if on_site.planned else None,
        "announced": await only(queries.is_upcoming()),
        "past": await only(queries.has_closed()),
        "archived": numbers[current["id"]] if current else None,
    }
    assert await only(edition_is_open()) == result["shown"]
    assert (on_site.shown.number if on_site.shown else None) == result["shown"]
    assert [numbers[int(str(id))] for id in hung] == ([result["shown"]] if shown else [])
    assert len(await _rooms([exhibition.id])) == (1 if shown else 0)
    return result


# Steps, each with the hours until the next: publish an edition (hours until its opening, hours it is open,
# whether it leaves the site then); cancel the planned one; take the exhibition off the site.
STEPS = st.lists(
    st.tuples(
        st.tuples(st.integers(-5, 12), st.none() | st.integers(1, 9), st.booleans())
        | st.sampled_from(["cancel", "take off"]),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=6,
)
Step = tuple[tuple[int, int | None, bool] | str, int]


@settings(max_examples=25)
@example(steps=[((-1, None, False), 1), ((6, None, False), 9)])  # one replaces another at its opening
@example(steps=[((-1, None, False), 1), ((6, None, False), 1), ("cancel", 1)])
@example(steps=[((-1, None, False), 1), ((6, None, False), 1), ((3, 2, True), 2), ((9, None, False), 1)])
@example(steps=[((-3, 1, True), 1), ((6, None, False), 1)])  # what has left is announced again
@example(steps=[((2, None, False), 1), ((4, None, False), 9), ((5, None, False), 1), ("take off", 1)])
@given(steps=STEPS)
def test_visitors_see_the_last_edition_that_has_opened(sqlite_template: Path, steps: list[Step]) -> None:
    asyncio.run(walk(sqlite_template, steps))


async def walk(template: Path, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copyfile(template, home / "gallery.sqlite3")
        async with Database(settings_for(home, f"sqlite:///{home / 'gallery.sqlite3'}")):
            cast = await assemble()
            work = await Artwork.create(
                organisation=cast.organisation, status=Status.ACCEPTED, title=in_zh("Snow")
            )
            exhibition = await drafts.create_exhibition("snow", cast.curator, title=in_en("Snow"))
            draft = await drafts.draft_of(exhibition)
            room = await Room.create(edition=draft, position=1, title=in_en("One"))
            await Hanging.create(room=room, artwork=work, position=1)
            oracle, moment = Oracle(), NOON
            for number, (step, hours) in enumerate(steps):
                with clock.frozen_at(moment):
                    if step == "cancel":
                        had = oracle.at(moment)["planned"] is not None
                        assert await drafts.cancel_planned(exhibition, cast.curator) == had
                        oracle.cancel(moment)
                    elif step == "take off":
                        await drafts.unpublish(exhibition, cast.curator)
                        oracle.take_off()
                    elif isinstance(step, tuple):
                        opens_at = moment + step[0] * HOUR
                        closes_at = opens_at + step[1] * HOUR if step[1] else None
                        await Edition.filter(id=draft.id).update(
                            title=in_en(f"Snow {number}"),
                            opens_at=opens_at,
                            closes_at=closes_at,
                            leaves_when_closed=step[2],
                        )
                        made = await drafts.publish(exhibition, cast.curator)
                        oracle.publish(Published(made.number, opens_at, closes_at, step[2]), moment)
                await watch(exhibition, oracle, moment)
                moment += hours * HOUR


async def watch(exhibition: Exhibition, oracle: Oracle, since: datetime) -> None:
    """From now on pages change only at moments that the schedule names."""
    turns = [turn for turn in oracle.turns() if turn > since]
    moments = sorted({since, *(turn + step for turn in turns for step in (-SECOND, 0 * SECOND, SECOND))})
    before, until = None, since
    for moment in moments:
        with clock.frozen_at(moment):
            values = await seen(exhibition)
            assert values == oracle.at(moment), moment
            if before is not None and moment < until:
                assert values == before, moment
            before, until = values, await next_change()


async def planned(site: Site) -> tuple[Exhibition, Artwork, Artwork, datetime]:
    """Edition 1 is open and hangs `old`; edition 2, published at the desk, hangs `new` an hour later."""
    old, new = await accepted(site), await accepted(site)
    exhibition = await factories.exhibition([old], slug="reunion", title=in_en("Reunion"))
    draft = await drafts.draft_of(exhibition)
    await Hanging.filter(room__edition_id=draft.id).update(artwork_id=new.id)
    opens_at = (clock.now() + HOUR).replace(microsecond=0)
    await Edition.filter(id=draft.id).update(opens_at=opens_at, title=in_en("Reunion again"))
    return exhibition, old, new, opens_at


async def test_what_is_open_stays_open_until_the_planned_edition_opens(site: Site) -> None:
    exhibition, old, new, opens_at = await planned(site)
    visitor, curator = await site.client(), await site.client(site.cast.curator)

    async def seen_at(moment: datetime) -> dict[str, object]:
        with clock.frozen_at(moment):
            texts = {
                name: (await visitor.get(path)).text
                for name, path in (
                    ("page", "/en/exhibitions/reunion"),
                    ("home", "/en/"),
                    ("list", "/en/exhibitions"),
                    ("feed", "/en/exhibitions/reunion/feed.atom"),
                )
            }
            works = [(await visitor.get(f"/en/works/{work.public_id}")).status_code for work in (old, new)]
            return {
                "titles": {name for name, text in texts.items() if "Reunion again" in text},
                "works": works,
                "feed": [work.public_id in texts["feed"] for work in (old, new)],
                "pictures": [
                    await Artwork.all().on_view().filter(id=work.id).exists() for work in (old, new)
                ],
            }

    before = {"titles": set(), "works": [200, 404], "feed": [True, False], "pictures": [True, False]}
    assert await seen_at(opens_at - SECOND) == before
    await curator.post(f"/desk/exhibitions/{exhibition.id}/editions")
    await wait_for_propagation()
    assert (await Edition.get(exhibition_id=exhibition.id, number=2)).opens_at == opens_at
    assert await seen_at(clock.now()) == before
    assert await seen_at(opens_at - SECOND) == before
    assert await seen_at(opens_at + SECOND) == {
        "titles": {"page", "home", "list", "feed"},
        "works": [404, 200],
        "feed": [False, True],
        "pictures": [False, True],
    }


async def test_the_desk_says_what_visitors_really_see(site: Site) -> None:
    exhibition, _old, _new, opens_at = await planned(site)
    curator = await site.client(site.cast.curator)
    address = f"/desk/exhibitions/{exhibition.id}"

    async def states(path: str) -> list[str]:
        return texts_in((await curator.get(path)).text, ".state")

    async def button() -> str:
        return next(iter(texts_in((await curator.get(address)).text, "[data-publishing]")), "")

    says = await button()
    assert says.startswith("Publish: visitors see it from ")
    assert says.endswith("; until then edition 1 stays")
    await curator.post(f"{address}/editions")
    assert "; until then edition 1 stays." in (await curator.get(address)).text
    first, second = (await states(address))[:2]
    assert first.startswith("Visitors have seen edition 1 since ")
    assert second.startswith("Edition 2 from ")
    assert await states("/desk/exhibitions") == [first, second]
    editions = await states(f"{address}/editions")
    assert editions[0].startswith("planned: visitors see it from ")
    assert editions[1] == "visitors see this one"
    again = await curator.post(f"{address}/editions")
    assert again.status_code == 422
    assert "This is already published: it is edition 2" in again.text
    with clock.frozen_at(opens_at + SECOND):
        assert await button() == "Publish now"
        assert await states(f"{address}/editions") == ["visitors see this one"]


async def test_a_planned_edition_is_cancelled(site: Site) -> None:
    exhibition, old, new, opens_at = await planned(site)
    curator = await site.client(site.cast.curator)
    address = f"/desk/exhibitions/{exhibition.id}"
    await curator.post(f"{address}/editions")
    for stranger in (await site.client(), await site.client(site.cast.partner)):
        assert (await stranger.post(f"{address}/cancellation")).status_code in {303, 404}
    assert (await Edition.get(exhibition_id=exhibition.id, number=2)).is_current
    partner = await site.client(site.cast.partner)
    assert "opens to visitors" in (await partner.get(f"/desk/works/{new.id}")).text
    await curator.post(f"{address}/cancellation")
    assert "The planned edition is cancelled." in (await curator.get(f"{address}/editions")).text
    assert "opens to visitors" not in (await partner.get(f"/desk/works/{new.id}")).text
    await curator.post(f"{address}/cancellation")
    assert "No edition is planned" in (await curator.get(f"{address}/editions")).text
    with clock.frozen_at(opens_at + SECOND):
        assert [work.id for work in await Artwork.all().on_view()] == [old.id]
        await curator.post(f"{address}/unpublishing")
        assert not await Artwork.all().on_view()


async def test_nobody_is_told_that_an_exhibition_opened_which_was_open(site: Site) -> None:
    exhibition, _old, _new, opens_at = await planned(site)
    await drafts.publish(exhibition, site.cast.curator)
    with clock.frozen_at(opens_at + SECOND):
        assert not await notify_of_opening()
    assert set(await Mail.all().values_list("kind", flat=True)) == {"works_hung"}


async def test_the_calendar_tells_a_talk_of_two_editions_once(site: Site) -> None:
    exhibition, _old, _new, opens_at = await planned(site)
    talk = {
        "key": "abcdefgh",
        **{name: {"zh": "Talk", "en": "Talk"} for name in ("title", "text", "place")},
        "starts_at": (opens_at - HOUR / 2).isoformat(),
        "ends_at": opens_at.isoformat(),
        "link": "",
    }
    await Edition.filter(exhibition_id=exhibition.id).update(talks=[talk])
    await drafts.publish(exhibition, site.cast.curator)
    day = clock.to_local(opens_at).date()
    entries = await edition_days(day - timedelta(days=1), day)
    assert [entry.kind for entry in entries].count("talk") == 1
    assert len(await queries.talks_from(clock.now(), 9)) == 1
    visitor = await site.client()
    calendar = (await visitor.get("/en/exhibitions/reunion/talks.ics")).text
    assert "SEQUENCE:1" in calendar
    with clock.frozen_at(opens_at + SECOND):
        assert "SEQUENCE:2" in (await visitor.get("/en/exhibitions/reunion/talks.ics")).text


async def test_what_a_planned_edition_took_off_the_wall_stays_away_after_a_restore(site: Site) -> None:
    """The backup is from before the plan; since then the planned edition has opened, without one of the
    works.
    """
    stays, goes = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED) for _ in "ab"
    ]
    exhibition = await factories.exhibition([stays, goes])
    first = await Edition.get(exhibition=exhibition, number=1)
    second = await Edition.create(
        exhibition=exhibition,
        number=2,
        is_current=True,
        published_at=clock.now() - 2 * HOUR,
        opens_at=clock.now() - HOUR,
        title=in_en("Later"),
    )
    room = await Room.create(edition=second, position=1)
    await Hanging.create(room=room, artwork=stays, position=1)
    await Edition.filter(id=first.id).update(shown_until=second.opens_at)
    assert await Artwork.all().on_view().values_list("id", flat=True) == [stays.id]
    valid = {each async for each in valid_digests()}
    await second.delete()
    await Edition.filter(id=first.id).update(shown_until=None)
    ended = [each.kind async for each in revoke_ended(valid, site.storage)]
    assert ended == ["hanging"]
    assert await Artwork.all().on_view().values_list("id", flat=True) == [stays.id]
