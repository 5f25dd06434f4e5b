"""How an exhibition is built and published, verb by verb."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.db.content_version import current_number
from gallery.exhibitions import drafts
from gallery.exhibitions.drafts import DraftChangeRefused, NotHangable, NotPublishable
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.web.languages import set_language
from gallery.web.texts import NO_TEXTS
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en, in_zh


async def founded(site: Site, **draft: object) -> tuple[Exhibition, Edition, Room]:
    """An exhibition that opened a minute ago, with one empty room."""
    set_language("en")  # refusals are in the curator's language
    values = {"title": in_en("Reunion"), "opens_at": now() - timedelta(minutes=1), **draft}
    exhibition = await drafts.create_exhibition("reunion", site.cast.curator, **values)
    edition = await drafts.draft_of(exhibition)
    return exhibition, edition, await drafts.add_room(edition, title=in_en("First"))


async def order_in(room: Room) -> list[int]:
    hangings = await Hanging.filter(room_id=room.id)
    assert [hanging.position for hanging in hangings] == list(range(1, len(hangings) + 1))
    return [hanging.artwork_id for hanging in hangings]


async def on_view() -> set[int]:
    return set(await Artwork.all().on_view().values_list("id", flat=True))


async def test_an_exhibition_has_one_draft(site: Site) -> None:
    exhibition = await Exhibition.create(slug="bare")
    editions = await asyncio.gather(*(drafts.draft_of(exhibition) for _ in range(4)))
    assert len({draft.id for draft in editions}) == 1


async def test_publishing_freezes_the_draft(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    first, second = await accepted(site), await accepted(site)
    for work in (first, second):
        await drafts.hang(room, work, site.cast.curator)
    assert await on_view() == set()
    before = await current_number()
    edition = await drafts.publish(exhibition, site.cast.curator)
    assert (edition.number, edition.is_current, edition.title.get("en")) == (1, True, "Reunion")
    assert edition.published_by_id == site.cast.curator.id
    assert await on_view() == {first.id, second.id}
    assert await current_number() == before + 1
    (frozen,) = await Room.filter(edition_id=edition.id)
    assert frozen.id != room.id
    assert await order_in(frozen) == [first.id, second.id]


async def test_changing_the_draft_changes_nothing_that_visitors_see(site: Site) -> None:
    exhibition, draft, room = await founded(site)
    work = await accepted(site)
    hanging = await drafts.hang(room, work, site.cast.curator)
    edition = await drafts.publish(exhibition, site.cast.curator)
    before = await current_number()
    await drafts.take_down(hanging)
    await drafts.change_room(room, title=in_en("Another name"))
    await drafts.add_room(draft, title=in_en("Second"))
    await drafts.change_draft(exhibition, None, title=in_en("Another title"))
    await drafts.close_room(room)
    assert await current_number() == before
    assert await on_view() == {work.id}
    await edition.refresh_from_db()
    assert edition.title.get("en") == "Reunion"
    (frozen,) = await Room.filter(edition_id=edition.id)
    assert frozen.title.get("en") == "First"


@pytest.mark.engines("sqlite", "postgresql")
async def test_rooms_keep_their_order_and_works_their_room(site: Site) -> None:
    exhibition, draft, first = await founded(site)
    second = await drafts.add_room(draft, title=in_en("Second"), text=in_zh("雪"))
    third = await drafts.add_room(draft, title=in_en("Third"))
    works = {room.id: await accepted(site) for room in (first, second, third)}
    for room in (third, first, second):
        await drafts.hang(room, works[room.id], site.cast.curator)
    await drafts.move_room(third, 1)
    edition = await drafts.publish(exhibition, site.cast.curator)
    frozen = await Room.filter(edition_id=edition.id)
    assert [room.title.get("en") for room in frozen] == ["Third", "First", "Second"]
    assert frozen[2].text == in_zh("雪")
    assert [await order_in(room) for room in frozen] == [
        [works[third.id].id],
        [works[first.id].id],
        [works[second.id].id],
    ]


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_next_edition_takes_the_place_of_the_last(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    old, new = await accepted(site), await accepted(site)
    hanging = await drafts.hang(room, old, site.cast.curator)
    await drafts.publish(exhibition, site.cast.curator)
    await drafts.take_down(hanging)
    await drafts.hang(room, new, site.cast.curator)
    edition = await drafts.publish(exhibition, site.cast.keeper)
    assert edition.number == 2
    assert await on_view() == {new.id}
    assert await Edition.filter(exhibition_id=exhibition.id, is_current=True).count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_publishes_at_once_make_one_whole_edition(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    work = await accepted(site)
    await drafts.hang(room, work, site.cast.curator)
    made = await asyncio.gather(
        drafts.publish(exhibition, site.cast.curator),
        drafts.publish(exhibition, site.cast.keeper),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in made) == ["Edition", "NotPublishable"]
    current = await Edition.filter(exhibition_id=exhibition.id, is_current=True)
    assert [edition.number for edition in current] == [1]
    assert await Hanging.filter(artwork_id=work.id).count() == 2


async def test_taking_it_off_the_site_keeps_draft_and_editions(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    await drafts.hang(room, await accepted(site), site.cast.curator)
    await drafts.publish(exhibition, site.cast.curator)
    before = await current_number()
    assert await drafts.unpublish(exhibition, site.cast.curator)
    assert await on_view() == set()
    assert await current_number() == before + 1
    assert not await drafts.unpublish(exhibition, site.cast.curator)
    assert await current_number() == before + 1
    assert (await drafts.publish(exhibition, site.cast.curator)).number == 2


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        ({"title": NO_TEXTS}, "give the exhibition a title"),
        ({"opens_at": None}, "when the exhibition opens"),
        ({"closes_at": now() - timedelta(days=1)}, "closes before it opens"),
    ],
)
async def test_a_draft_that_lacks_something_is_not_published(
    site: Site, draft: dict[str, object], sentence: str
) -> None:
    exhibition, _edition, room = await founded(site, **draft)
    await drafts.hang(room, await accepted(site), site.cast.curator)
    with pytest.raises(NotPublishable, match=sentence):
        await drafts.publish(exhibition, site.cast.curator)
    assert await Edition.filter(exhibition_id=exhibition.id).count() == 1


async def test_bare_walls_are_not_published(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    with pytest.raises(NotPublishable, match="Nothing hangs yet"):
        await drafts.publish(exhibition, site.cast.curator)
    work = await accepted(site)
    await drafts.hang(room, work, site.cast.curator)
    await Artwork.filter(id=work.id).update(status=Status.WITHDRAWN)
    with pytest.raises(NotPublishable, match="Nothing hangs yet"):
        await drafts.publish(exhibition, site.cast.curator)


async def test_withdrawn_works_do_not_enter_an_edition(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    gone, stays = await accepted(site), await accepted(site)
    for work in (gone, stays):
        await drafts.hang(room, work, site.cast.curator)
    await Artwork.filter(id=gone.id).update(status=Status.WITHDRAWN)
    edition = await drafts.publish(exhibition, site.cast.curator)
    assert await Hanging.filter(room__edition_id=edition.id).values_list("artwork_id", flat=True) == [
        stays.id
    ]


async def test_a_work_hangs_once_in_an_edition(site: Site) -> None:
    _exhibition, draft, room = await founded(site)
    other = await drafts.add_room(draft, title=in_en("Second"))
    work = await accepted(site)
    results = await asyncio.gather(
        *(drafts.hang(wall, work, site.cast.curator) for wall in (room, other, room)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Hanging) for result in results) == 1
    assert sum(isinstance(result, NotHangable) for result in results) == 2


@pytest.mark.parametrize("status", [status for status in Status if status != Status.ACCEPTED])
async def test_only_accepted_works_are_hung(site: Site, status: Status) -> None:
    _exhibition, _draft, room = await founded(site)
    with pytest.raises(NotHangable, match="accepted"):
        await drafts.hang(room, await accepted(site, status=status), site.cast.curator)


async def test_members_do_not_hang_works(site: Site) -> None:
    _exhibition, _draft, room = await founded(site)
    with pytest.raises(NotHangable):
        await drafts.hang(room, await accepted(site), site.cast.partner)


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_edition_is_frozen(site: Site) -> None:
    exhibition, _draft, room = await founded(site)
    await drafts.hang(room, await accepted(site), site.cast.curator)
    edition = await drafts.publish(exhibition, site.cast.curator)
    frozen = await Room.get(edition_id=edition.id)
    hanging = await Hanging.get(room_id=frozen.id)
    work = await accepted(site)
    for change in (
        drafts.add_room(edition, title=in_en("More")),
        drafts.change_room(frozen, title=in_en("Changed")),
        drafts.move_room(frozen, 1),
        drafts.close_room(frozen),
        drafts.take_down(hanging),
        drafts.move_hanging(hanging, 1),
        drafts.hang(frozen, work, site.cast.curator),
    ):
        with pytest.raises(DraftChangeRefused):
            await change
    assert await Room.filter(edition_id=edition.id).values_list("title", flat=True) == [in_en("First")]
    assert await Hanging.filter(room_id=frozen.id).count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_moving_a_work(site: Site) -> None:
    _exhibition, _draft, room = await founded(site)
    works = [await accepted(site) for _ in range(4)]
    hangings = [await drafts.hang(room, work, site.cast.curator) for work in works]
    a, b, c, d = (work.id for work in works)
    for index, to, expected in [
        (1, 4, [a, c, d, b]),
        (0, 2, [c, a, d, b]),
        (1, 1, [b, c, a, d]),
        (3, 99, [b, c, a, d]),
        (0, 0, [a, b, c, d]),
    ]:
        await drafts.move_hanging(hangings[index], to)
        assert await order_in(room) == expected
    await drafts.take_down(hangings[1])
    assert await order_in(room) == [a, c, d]
    await drafts.take_down(hangings[1])
    assert await order_in(room) == [a, c, d]


async def test_a_new_theme_is_seen_at_once(site: Site) -> None:
    exhibition, _draft, _room = await founded(site)
    theme = await factories.theme()
    before = await current_number()
    await drafts.change_draft(exhibition, theme, title=in_en("Reunion"))
    assert (await Exhibition.get(id=exhibition.id)).theme_id == theme.id
    assert await current_number() == before + 1


class Row:
    def __init__(self, id: int) -> None:
        self.id = id


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.integers(-3, 99))
def test_moving_keeps_every_row_and_the_order_of_the_others(case: tuple[int, int], to: int) -> None:
    count, id = case
    moved = [row.id for row in drafts._reordered([Row(number) for number in range(1, count + 1)], id, to)]
    assert moved.index(id) == min(max(to, 1), count) - 1
    assert [number for number in moved if number != id] == [n for n in range(1, count + 1) if n != id]
