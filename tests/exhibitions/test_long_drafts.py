"""The builder of a long draft: rooms in stretches, rooms that are not open, and places that count from the beginning."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.clock import now, today
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from tests import factories
from tests.conftest import Site
from tests.exhibitions.rooms import caption
from tests.factories import in_en
from tests.markup import attribute, attributes
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def long_draft(site: Site, *sizes: int) -> tuple[Exhibition, list[Room], dict[int, list[Hanging]]]:
    """A draft whose rooms have so many works, and its hangings by the id of their room."""
    exhibition = await factories.exhibition([], published=False)
    edition = await Edition.get(exhibition_id=exhibition.id)
    await Room.filter(edition_id=edition.id).delete()
    consent = await factories.consent(site.cast.organisation, ends_on=today() + timedelta(days=9))
    works = iter(await factories.bare_works(consent, range(sum(sizes))))
    rooms = [
        await Room.create(edition_id=edition.id, position=number, title=in_en(f"Hall {number}"))
        for number in range(1, len(sizes) + 1)
    ]
    await Hanging.bulk_create(
        Hanging(room_id=room.id, artwork_id=next(works).id, position=place)
        for room, size in zip(rooms, sizes, strict=True)
        for place in range(1, size + 1)
    )
    return exhibition, rooms, {room.id: await Hanging.filter(room_id=room.id) for room in rooms}


def hangings_on(page: str, room: Room) -> list[int]:
    """The ids of the hangings that the page shows in a room."""
    return [
        int(id.removeprefix("hanging-"))
        for id in attributes(page, f'[data-room="{room.id}"] > [id^=hanging-]', "id")
    ]


def ids(hangings: list[Hanging]) -> list[int]:
    return [hanging.id for hanging in hangings]


async def order(room: Room) -> list[int]:
    return ids(await Hanging.filter(room_id=room.id))


async def test_a_long_room_is_shown_in_stretches(site: Site) -> None:
    exhibition, (room, other), hung = await long_draft(site, 130, 2)
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    first = (await client.get(here)).text
    assert hangings_on(first, room) == ids(hung[room.id][:60])
    assert "Works 1 to 60 of 130" in first
    assert f'rel="next" href="{here}?at={room.id}.61#room-{room.id}"' in first
    assert f'href="{here}?at={room.id}.121#room-{room.id}">Last works' in first
    assert 'rel="prev"' not in first

    page = (await client.get(f"{here}?q=No&at={room.id}.61")).text
    assert hangings_on(page, room) == ids(hung[room.id][60:120])
    assert hangings_on(page, other) == ids(hung[other.id])
    assert f'href="{here}?q=No&amp;at={room.id}.1#room-{room.id}">First works' in page
    assert f'rel="next" href="{here}?q=No&amp;at={room.id}.121#room-{room.id}"' in page
    row = f"#hanging-{hung[room.id][60].id}"
    assert attribute(page, f"{row} input[name=position]", "value") == "61"
    assert attributes(page, f"{row} [data-step]", "value") == ["60", "62"]
    assert attributes(page, f"{row} [data-step][hidden]", "value") == []
    assert attribute(page, f'[data-room="{room.id}"]', "start") == "61"
    last = (await client.get(f"{here}?at={room.id}.121")).text
    assert hangings_on(last, room) == ids(hung[room.id][120:])
    assert 'rel="next"' not in last
    last_row = f"#hanging-{hung[room.id][-1].id}"
    assert attributes(last, f"{last_row} [data-step][hidden]", "value") == ["131"]


async def test_moves_count_from_the_beginning_and_return_to_the_stretch(site: Site) -> None:
    exhibition, (room, other), hung = await long_draft(site, 130, 2)
    places = ids(hung[room.id])
    here, at = f"/desk/exhibitions/{exhibition.id}", f"?at={room.id}.61"
    client = await site.client(site.cast.curator)

    async def move(place: int, **data: str) -> str:
        answer = await client.post(f"{here}/hangings/{places[place - 1]}/position{at}", data=data)
        assert answer.status_code == 303
        return answer.headers["location"]

    assert await move(62, position="63") == f"{here}{at}#hanging-{places[61]}"
    assert (await order(room))[60:63] == [places[60], places[62], places[61]]
    # Over the edge: the page is the same one, and says where the work is.
    assert await move(61, position="60") == f"{here}{at}#room-{room.id}"
    assert (await order(room))[58:61] == [places[58], places[60], places[59]]
    page = (await client.get(f"{here}{at}")).text
    assert "No 60 is at place 60 in Hall 1 now." in page
    assert hangings_on(page, room)[0] == places[59]
    assert await move(100, position="3", room=str(other.id)) == f"{here}{at}#hanging-{places[99]}"
    assert (await order(other))[-1] == places[99]
    for path, data in [
        (f"hangings/{places[69]}/deletion", {}),
        (f"hangings/{places[70]}/caption", {f"hanging-{places[70]}-caption[en]": "Here"}),
        (f"rooms/{other.id}/position", {"position": "1"}),
        (f"rooms/{room.id}/deletion", {}),
    ]:
        answer = await client.post(f"{here}/{path}{at}", data=data)
        assert answer.headers["location"].startswith(f"{here}{at}#"), path
    assert (await client.get(f"{here}{at}")).status_code == 200, "the room is closed"


async def test_an_emptied_last_stretch_gives_way_to_the_one_before(site: Site) -> None:
    exhibition, (room,), hung = await long_draft(site, 61)
    here, at = f"/desk/exhibitions/{exhibition.id}", f"?at={room.id}.61"
    client = await site.client(site.cast.curator)
    await client.post(f"{here}/hangings/{hung[room.id][60].id}/deletion{at}")
    assert hangings_on((await client.get(f"{here}{at}")).text, room) == ids(hung[room.id][:60])


async def test_a_wrong_place_in_the_address_shows_the_beginning(site: Site) -> None:
    exhibition, (room,), hung = await long_draft(site, 70)
    _other, (foreign,), _hung = await long_draft(site, 70)
    client = await site.client(site.cast.curator)
    wrong = ("", "x", "61", ".61", "0.61", f"{room.id}", f"{room.id}.0", f"{room.id}.x", f"{room.id}.٦٣")
    for at in (*wrong, f"{room.id}.-61", f"{'9' * 40}.61", f"{foreign.id}.61"):
        answer = await client.get(f"/desk/exhibitions/{exhibition.id}", params={"at": at})
        assert answer.status_code == 200, at
        assert hangings_on(answer.text, room) == ids(hung[room.id][:60]), at


async def test_a_refused_caption_comes_back_with_its_stretch(site: Site) -> None:
    exhibition, (room,), hung = await long_draft(site, 130)
    hanging = hung[room.id][99]
    client = await site.client(site.cast.curator)
    answer = await client.post(
        f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/caption",
        data=caption(hanging, en="y" * 301, zh="门边"),
    )
    assert answer.status_code == 422
    assert attribute(answer.text, f"#hanging-{hanging.id}-caption-zh", "value") == "门边"
    assert attribute(answer.text, f"#hanging-{hanging.id}-caption-en", "aria-invalid") == "true"
    assert attribute(answer.text, f"#hanging-{hanging.id} form", "action").endswith(f"?at={room.id}.61")


async def test_rooms_without_space_on_the_page_are_opened_by_a_link(site: Site) -> None:
    exhibition, rooms, hung = await long_draft(site, 60, 60, 60, 60, 61, 0)
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    page = (await client.get(here)).text
    assert [len(hangings_on(page, room)) for room in rooms] == [60, 60, 60, 60, 0, 0]
    for room in rooms:
        assert f'id="room-{room.id}-heading"' in page
        assert f'action="{here}/rooms/{room.id}/position"' in page
    link = f'href="{here}?at={rooms[4].id}.1#room-{rooms[4].id}">Show its works and texts'
    assert link in page
    chosen = (await client.get(f"{here}?at={rooms[4].id}.61")).text
    assert hangings_on(chosen, rooms[4]) == ids(hung[rooms[4].id][60:])
    assert len(hangings_on(chosen, rooms[0])) == 60
    assert link not in chosen

    refused = await client.post(
        f"{here}/rooms/{rooms[5].id}", data={f"room-{rooms[5].id}-text[en]": "A wall text kept"}
    )
    assert refused.status_code == 422
    assert "A wall text kept" in refused.text


async def test_among_many_rooms_a_number_says_into_which_a_work_moves(site: Site) -> None:
    exhibition, rooms, hung = await long_draft(site, 3, *[1] * 12)
    first, ninth = rooms[0], rooms[8]
    one, two, _three = hung[first.id]
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    page = (await client.get(here)).text
    assert "9. Hall 9" in " ".join(page.split()).replace("<span>", "").replace("</span>", "")
    assert attributes(page, "select[name=room]", "name") == []
    assert attributes(page, "#room-numbers option", "value") == [str(number) for number in range(1, 14)]
    move = f"{here}/hangings/{one.id}/position"
    await client.post(move, data={"position": "1", "room_number": " 9 "})
    assert await order(ninth) == [one.id, hung[ninth.id][0].id]
    assert "No 0 is at place 1 in Hall 9 now." in (await client.get(here)).text
    await client.post(move, data={"position": "2", "room_number": ""})
    assert await order(ninth) == [hung[ninth.id][0].id, one.id]
    for wrong in ("0", "14", "x", "-1", "9" * 40):
        await client.post(f"{here}/hangings/{two.id}/position", data={"position": "1", "room_number": wrong})
        assert "There is no room with this number." in (await client.get(here)).text, wrong
    assert (await order(first))[0] == two.id
    partner = await site.client(site.cast.partner)
    assert (await partner.get(f"{here}?at={first.id}.1")).status_code == 404
    assert (await partner.post(move, data={"position": "1", "room_number": "1"})).status_code == 404


async def test_few_rooms_are_chosen_by_name(site: Site) -> None:
    exhibition, rooms, hung = await long_draft(site, 1, *[0] * 11)
    page = (await (await site.client(site.cast.curator)).get(f"/desk/exhibitions/{exhibition.id}")).text
    row = f"#hanging-{hung[rooms[0].id][0].id}"
    assert attributes(page, f"{row} select[name=room] option", "value") == [str(room.id) for room in rooms]
    assert "room_number" not in page


async def test_a_long_draft_asks_no_more_queries_and_loads_only_what_it_shows(
    site: Site,
) -> None:
    client = await site.client(site.cast.curator)
    await factories.accepted(site)  # the works to choose from are never empty

    async def queries(*sizes: int) -> list[str]:
        exhibition, rooms, _hung = await long_draft(site, *sizes)
        await Edition.filter(exhibition_id=exhibition.id).update(closes_at=now() + timedelta(days=99))
        with counted_queries() as asked:
            page = (await client.get(f"/desk/exhibitions/{exhibition.id}")).text
        assert sum(len(hangings_on(page, room)) for room in rooms) == min(sum(sizes), 240)
        assert ("and 326 more" in page) == (sum(sizes) == 350), "24 works are named whose consent ends"
        return asked

    few, many = await queries(3), await queries(70, 70, 70, 70, 70)
    assert len(few) == len(many)
    whole_rows = [sql for sql in many if '"story"' in sql or '"caption"' in sql]
    assert whole_rows
    assert max(sql.count("?") + sql.count("$") for sql in whole_rows) == 240
