"""Editions: their list, the differences of two, restoring one as the draft, and leaving the site."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.exhibitions import arrangement_copies, drafts
from gallery.exhibitions.arrangements import FROZEN_FIELDS, Arrangement, arrangement_of
from gallery.exhibitions.comparison import _longest_rising, compare
from gallery.exhibitions.drafts import NotPublishable
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Layout, Room
from gallery.exhibitions.room_rules import FilledRoom, HungWork
from gallery.web.languages import set_language
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en
from tests.live import LiveSite
from tests.markup import texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def draft_of(exhibition: Exhibition) -> Edition:
    return await Edition.get(exhibition_id=exhibition.id, number__isnull=True)


async def two_editions(site: Site) -> tuple[Exhibition, list[Artwork]]:
    """Edition 1 hangs a, b, c in one room; edition 2 other texts, c before a, b gone, d in a second room."""
    set_language("en")
    a, b, c, d = [
        await accepted(site, title_translation=f"Title {letter}") for letter in ("a", "b", "c", "d")
    ]
    exhibition = await factories.exhibition(
        [a, b, c], published=False, slug="reunion", introduction=in_en("We eat together at home.")
    )
    await drafts.publish(exhibition, site.cast.curator)
    draft = await draft_of(exhibition)
    room = await Room.get(edition_id=draft.id)
    await drafts.change_draft(
        exhibition, None, title=in_en("Homecoming"), introduction=in_en("We eat together again.")
    )
    await drafts.take_down(await Hanging.get(room_id=room.id, artwork_id=b.id))
    await drafts.move_hanging(await Hanging.get(room_id=room.id, artwork_id=c.id), 1)
    await drafts.change_caption(
        await Hanging.get(room_id=room.id, artwork_id=a.id), caption=in_en("By the door")
    )
    second = await drafts.add_room(draft, title=in_en("Upstairs"))
    await drafts.hang(second, d, site.cast.curator)
    await drafts.publish(exhibition, site.cast.keeper)
    return exhibition, [a, b, c, d]


async def test_the_list_names_each_edition_and_who_published_it(site: Site) -> None:
    exhibition, _works = await two_editions(site)
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}/editions")).text
    first, second = page.index("Edition 1</b>"), page.index("Edition 2</b>")
    assert second < first  # the latest on top
    assert "visitors see this one" in page[second:first]
    assert "visitors see this one" not in page[first:]
    for words, part in (
        (("curator", "1 room", "3 works"), page[first:]),
        (("keeper", "2 rooms", "3 works"), page[second:first]),
    ):
        for word in words:
            assert word in part, word
    assert (
        f"/desk/exhibitions/{exhibition.id}/editions"
        in (await client.get(f"/desk/exhibitions/{exhibition.id}")).text
    )
    bare = await factories.exhibition([], published=False)
    assert "Nothing was published yet." in (await client.get(f"/desk/exhibitions/{bare.id}/editions")).text


async def test_two_editions_are_compared_by_heading_and_list(site: Site) -> None:
    exhibition, _works = await two_editions(site)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}/comparison"
    page = (await client.get(f"{here}?before=1&after=2")).text
    for words in (
        "Before: Exhibition ",
        "Now: Homecoming",
        "home<span",
        "[new: </span>again<span",
        "<h3>Taken down</h3>\n<ul><li><a href",
        "Title b</a></li></ul>",
        "from place 3 to place 1",
        "Now: By the door",
        "This room is new.",
        "<h3>Newly hung</h3>",
    ):
        assert words in page, words
    assert any(text.startswith("Room 2: Upstairs") for text in texts_in(page, "h2, h3, p, li, summary"))
    back = (await client.get(f"{here}?before=2&after=1")).text
    assert "This room no longer exists." in back
    assert "Now: Exhibition " in back
    assert "Nothing differs." in (await client.get(f"{here}?before=2&after=draft")).text
    assert (await client.get(f"{here}?before=1")).status_code == 200  # with the draft, by default
    for wrong in (
        "before=3&after=1",
        "before=x",
        "after=1",
        "before=-1&after=1",
        "before=1&after=" + "9" * 99,
    ):
        assert (await client.get(f"{here}?{wrong}")).status_code == 404, wrong


async def test_a_changed_rule_is_told_by_names(site: Site) -> None:
    theme = await factories.theme(title=Texts({"en": "Solstice"}))
    work = await accepted(site, themes=[theme])
    exhibition = await factories.exhibition([work])
    draft = await draft_of(exhibition)
    room = await Room.get(edition_id=draft.id)
    await drafts.change_room(
        room,
        layout=Layout.STORIES,
        rule={"theme": theme.id, "organisation": site.cast.organisation.id, "year": 2022},
    )
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}/comparison?before=1&after=draft")).text
    assert "Before: By hand" in page
    assert "Now: Solstice · Xiaogeng Foundation · 2022" in page
    assert "Now: Stories: one work after the other" in page


async def test_restoring_brings_an_edition_back_as_the_draft(site: Site) -> None:
    exhibition, (a, b, c, _d) = await two_editions(site)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    version = (await draft_of(exhibition)).version
    asked = (await client.get(f"{here}/editions/1/restoration")).text
    assert "Title b" in asked  # it would hang again
    assert "stay" not in asked.partition("<form")[0].partition("<h1>")[2].replace("Restore", "")
    answer = await client.post(f"{here}/editions/1/restoration")
    assert answer.headers["location"] == here
    assert "The draft now matches edition 1." in (await client.get(here)).text
    draft = await draft_of(exhibition)
    assert draft.version > version
    assert draft.changed_by_id == site.cast.curator.id
    assert draft.title.get("en").startswith("Exhibition ")
    hung = await Hanging.filter(room__edition_id=draft.id).order_by("position")
    assert [hanging.artwork_id for hanging in hung] == [a.id, b.id, c.id]
    # Visitors see it once it is published as a new edition; earlier editions stay.
    assert "Homecoming" in (await (await site.client()).get("/en/exhibitions/reunion")).text
    edition = await drafts.publish(exhibition, site.cast.curator)
    assert edition.number == 3
    first = await Edition.get(exhibition_id=exhibition.id, number=1)
    assert compare(await arrangement_of(first), await arrangement_of(edition)).is_none
    second = await Edition.get(exhibition_id=exhibition.id, number=2)
    assert not compare(await arrangement_of(second), await arrangement_of(edition)).is_none
    asked = (await client.get(f"{here}/editions/3/restoration")).text
    assert "already matches this edition" in asked
    assert '<button class="primary"' not in asked


async def test_what_is_no_longer_accepted_stays_away_and_is_named(site: Site) -> None:
    exhibition, (a, b, c, _d) = await two_editions(site)
    await Artwork.filter(id=a.id).update(status=Status.WITHDRAWN)
    await Artwork.filter(id=c.id).update(is_vetoed=True)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    sentence = (
        "2 works can no longer be shown and were not restored: "
        f"“Withdrawn work {a.public_id}” (Withdrawn), “Title c” (Taken off view)."
    )
    assert sentence in (await client.get(f"{here}/editions/1/restoration")).text
    await client.post(f"{here}/editions/1/restoration")
    assert sentence in (await client.get(here)).text
    draft = await draft_of(exhibition)
    assert await Hanging.filter(room__edition_id=draft.id).values_list("artwork_id", flat=True) == [b.id]


async def test_many_that_stay_away_are_counted(site: Site) -> None:
    set_language("en")
    works = [await accepted(site) for _ in range(8)]
    exhibition = await factories.exhibition(works)
    await Artwork.all().update(status=Status.WITHDRAWN)
    edition = await Edition.get(exhibition_id=exhibition.id, number=1)
    away = await arrangement_copies.restore(edition, site.cast.curator)
    assert [work.id for work in away] == [work.id for work in works]
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}/editions/1/restoration")).text
    assert "8 works can no longer be shown" in page
    assert "3 more." in page
    with pytest.raises(NotPublishable, match="Nothing hangs yet"):
        await drafts.publish(exhibition, site.cast.curator)


async def test_a_room_with_a_rule_keeps_it(site: Site) -> None:
    theme = await factories.theme()
    old = await accepted(site, themes=[theme])
    exhibition = await factories.exhibition([], published=False)
    draft = await draft_of(exhibition)
    room = await Room.get(edition_id=draft.id)
    await drafts.change_room(room, rule={"theme": theme.id})
    await drafts.publish(exhibition, site.cast.curator)
    newer = await accepted(site, themes=[theme])
    edition = await Edition.get(exhibition_id=exhibition.id, number=1)
    assert await arrangement_copies.restore(edition, site.cast.curator) == []
    again = await drafts.publish(exhibition, site.cast.curator)
    hung = (
        await Hanging.filter(room__edition_id=again.id)
        .order_by("position")
        .values_list("artwork_id", flat=True)
    )
    assert hung == [old.id, newer.id]


async def test_only_curators_see_and_restore_editions(site: Site) -> None:
    exhibition, _works = await two_editions(site)
    here = f"/desk/exhibitions/{exhibition.id}"
    for person in (site.cast.partner, site.cast.stranger):
        client = await site.client(person)
        for path in ("editions", "comparison?before=1", "editions/1/restoration"):
            assert (await client.get(f"{here}/{path}")).status_code == 404, path
        assert (await client.post(f"{here}/editions/1/restoration")).status_code == 404
    guest = await site.client()
    assert (await guest.get(f"{here}/editions")).status_code == 303
    curator = await site.client(site.cast.curator)
    assert (await curator.get(f"{here}/editions/3/restoration")).status_code == 404
    assert (await curator.post(f"{here}/editions/0/restoration")).status_code == 404
    assert (await curator.get("/desk/exhibitions/999/editions")).status_code == 404
    assert (await draft_of(exhibition)).title.get("en") == "Homecoming"


# Publishing


async def test_the_second_of_two_publishes_at_once_is_told_that_it_is_done(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], published=False)
    clients = [await site.client(person) for person in (site.cast.curator, site.cast.keeper)]
    answers = await asyncio.gather(
        *(client.post(f"/desk/exhibitions/{exhibition.id}/editions") for client in clients)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    values = next(answer.text for answer in answers if answer.status_code == 422)
    assert "Visitors already see exactly this: it is edition 1, which" in values
    assert await Edition.filter(exhibition_id=exhibition.id, number__not_isnull=True).count() == 1


async def test_what_was_published_before_can_be_published_again_once_something_differs(site: Site) -> None:
    work = await accepted(site)
    exhibition = await factories.exhibition([work, await accepted(site)], published=False)
    await drafts.publish(exhibition, site.cast.curator)
    set_language("en")
    with pytest.raises(NotPublishable, match="Visitors already see exactly this"):
        await drafts.publish(exhibition, site.cast.keeper)
    await Artwork.filter(id=work.id).update(status=Status.WITHDRAWN)  # so that one fewer work hangs
    assert (await drafts.publish(exhibition, site.cast.curator)).number == 2
    await drafts.unpublish(exhibition, site.cast.curator)
    assert (await drafts.publish(exhibition, site.cast.curator)).number == 3


async def test_an_empty_exhibition_is_answered_with_a_sentence(site: Site) -> None:
    exhibition = await factories.exhibition([], published=False)
    client = await site.client(site.cast.curator)
    refused = await client.post(f"/desk/exhibitions/{exhibition.id}/editions")
    assert refused.status_code == 422
    assert "Nothing hangs yet. Please make a room and hang at least one accepted work in it." in refused.text
    await Edition.filter(exhibition_id=exhibition.id).update(closes_at=now() - timedelta(days=2))
    refused = await client.post(f"/desk/exhibitions/{exhibition.id}/editions")
    assert "The exhibition closes before it opens." in refused.text


# Leaving the site


async def test_an_exhibition_off_the_site_is_at_none_of_its_addresses(site: Site) -> None:
    work = await accepted(site, consent=await factories.consent(site.cast.organisation, for_sharing=True))
    exhibition = await factories.exhibition([work], slug="solstice", title=in_en("Solstice of all"))
    image = await work.image
    gone = [
        f"/{language}/exhibitions/solstice{more}"
        for language in ("zh", "en")
        for more in ("", "?room=1", "/walk", "/feed.atom", "/frame")
    ]
    gone += [
        f"/en/works/{work.public_id}",
        f"/media/{image.token}/320.jpg",
        "/iiif/exhibitions/solstice/collection.json",
        f"/iiif/works/{work.public_id}/manifest.json",
        f"/iiif/{image.token}/info.json",
        "/oembed?url=http://localhost:8000/en/exhibitions/solstice",
    ]
    lists = ["/en/", "/en/exhibitions", "/en/calendar", "/en/feed.atom"]
    visitor, curator = await site.client(), await site.client(site.cast.curator)
    for path in gone[:10]:
        assert (await visitor.get(path)).status_code == 200, path
    for path in lists[:2]:
        assert "Solstice of all" in (await visitor.get(path)).text, path
    assert (await curator.post(f"/desk/exhibitions/{exhibition.id}/unpublishing")).status_code == 303
    site.app.state.content._checked_at = float("-inf")
    for path in gone:
        assert (await visitor.get(path)).status_code == 404, path
    for path in lists:
        assert "Solstice of all" not in (await visitor.get(path)).text, path
    # And back again.
    assert (await curator.post(f"/desk/exhibitions/{exhibition.id}/editions")).status_code == 303
    site.app.state.content._checked_at = float("-inf")
    for path in gone[:10]:
        assert (await visitor.get(path)).status_code == 200, path


async def test_every_process_takes_it_off_the_site_at_once(live: LiveSite) -> None:
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work], slug="solstice")
    addresses = [await live.serve(worker=False) for _ in range(2)]
    image = await work.image
    paths = ["/en/exhibitions/solstice", f"/zh/works/{work.public_id}", f"/media/{image.token}/320.jpg"]
    async with httpx.AsyncClient() as visitor:

        async def seen() -> list[int]:
            return [
                (await visitor.get(address + path)).status_code for address in addresses for path in paths
            ]

        assert await seen() == [200] * 6
        assert await drafts.unpublish(exhibition, live.cast.curator)
        await asyncio.sleep(0.6)  # within half a second every process has read the content version
        assert await seen() == [404] * 6
        await drafts.publish(exhibition, live.cast.curator)
        await asyncio.sleep(0.6)
        assert await seen() == [200] * 6


# Comparing


ROOMS = 3


def rooms_of(hung: dict[int, int]) -> list[list[int]]:
    """The works of each room, from the room of each work."""
    return [[id for id, room in hung.items() if room == number] for number in range(ROOMS)]


walls = st.dictionaries(st.integers(1, 9), st.integers(0, ROOMS - 1)).map(rooms_of)


def arrangement(rooms: list[list[int]], titles: list[str]) -> Arrangement:
    return Arrangement(
        dict.fromkeys(FROZEN_FIELDS, ""),
        [
            FilledRoom(
                Room(id=number, edition_id=1, position=number, title=in_en(title)),
                [HungWork(id) for id in works],
            )
            for number, (works, title) in enumerate(zip(rooms, titles, strict=False), 1)
        ],
    )


titles = st.lists(st.sampled_from(["", "Snow", "Home"]), min_size=ROOMS, max_size=ROOMS)


@given(walls, titles)
def test_nothing_differs_from_itself(rooms: list[list[int]], names: list[str]) -> None:
    same = [room for room, name in zip(rooms, names, strict=False) if room or name]
    kept = [name for room, name in zip(rooms, names, strict=False) if room or name]
    assert compare(arrangement(same, kept), arrangement(same, kept)).is_none


@given(walls, titles, walls, titles)
def test_each_work_is_told_of_once_and_truly(
    before: list[list[int]], names: list[str], after: list[list[int]], new_names: list[str]
) -> None:
    found = compare(arrangement(before, names), arrangement(after, new_names))
    was = {id for room in before for id in room}
    now_hung = {id for room in after for id in room}
    added = [id for room in found.rooms for id in room.added]
    removed = [id for room in found.rooms for id in room.removed]
    moved = [move.artwork_id for room in found.rooms for move in room.moved]
    assert sorted(added) == sorted(now_hung - was)
    assert sorted(removed) == sorted(was - now_hung)
    assert len(set(moved)) == len(moved)
    assert set(moved) <= was & now_hung
    for room in found.rooms:
        for move in room.moved:
            assert room.number is not None
            assert after[room.number - 1][move.place - 1] == move.artwork_id
            came_from = move.room or room.number_before
            assert came_from is not None
            assert before[came_from - 1][move.place_before - 1] == move.artwork_id


@given(st.permutations(range(7)))
def test_the_fewest_count_as_moved(order: list[int]) -> None:
    staying = _longest_rising(order)
    kept = [number for number in order if number in staying]
    assert kept == sorted(kept)
    longest = max(
        bin(mask).count("1")
        for mask in range(1, 2**7)
        if (row := [order[i] for i in range(7) if mask >> i & 1]) == sorted(row)
    )
    assert len(staying) == longest


async def test_the_pages_ask_a_constant_number_of_queries(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    exhibition = await factories.exhibition([await accepted(site), await accepted(site)], published=False)
    await drafts.publish(exhibition, site.cast.curator)
    client = await site.client(site.cast.curator)
    draft = await draft_of(exhibition)
    await drafts.take_down(await Hanging.filter(room__edition_id=draft.id).order_by("-id").first())

    async def queries(path: str) -> int:
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert (await client.get(f"/desk/exhibitions/{exhibition.id}/{path}")).status_code == 200
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    paths = ["editions", "comparison?before=1&after=draft", "editions/1/restoration"]
    few = [await queries(path) for path in paths]
    for number in range(3):
        room = await drafts.add_room(draft, title=in_en(f"Room {number}"))
        for _ in range(3):
            await drafts.hang(room, await accepted(site), site.cast.curator)
        await drafts.publish(exhibition, site.cast.curator)
    await drafts.close_room(room)
    assert [await queries(path) for path in paths] == few
