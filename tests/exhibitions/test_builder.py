"""The builder's page: the draft's texts, its rooms, the works in them, publishing."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.clock import from_local, now, to_local, today
from gallery.exhibitions import drafts
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en
from tests.markup import attribute, attributes

TEXTS = {
    "title[zh]": "冬至",
    "title[en]": "Solstice",
    "introduction[zh]": "**团圆**",
    "introduction[en]": "",
    "opens_at": "2026-12-20T09:30",
    "closes_at": "2027-01-20T18:00",
    "theme": "",
}


async def begun(site: Site, works: int = 1) -> tuple[Exhibition, Room, list[Artwork]]:
    """An exhibition's draft with one room in which `works` works hang."""
    hung = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(works)
    ]
    exhibition = await factories.exhibition(hung, published=False)
    return exhibition, await Room.get(edition__exhibition_id=exhibition.id), hung


async def draft(exhibition: Exhibition) -> Edition:
    return await Edition.get(exhibition_id=exhibition.id, number__isnull=True)


@pytest.mark.engines("sqlite", "postgresql")
async def test_from_nothing_to_a_published_exhibition(site: Site) -> None:
    theme = await factories.theme()
    work = await accepted(site)
    client = await site.client(site.cast.curator)
    made = await client.post(
        "/desk/exhibitions",
        data={"title[zh]": "冬至", "title[en]": "Solstice", "slug": "solstice-2026", "theme": str(theme.id)},
    )
    assert made.status_code == 303
    exhibition = await Exhibition.get(slug="solstice-2026")
    here = f"/desk/exhibitions/{exhibition.id}"
    assert made.headers["location"] == here
    assert (exhibition.theme_id, exhibition.created_by_id) == (theme.id, site.cast.curator.id)

    saved = await client.post(here, data={**TEXTS, "theme": str(theme.id), "opens_at": "2022-12-20T09:30"})
    assert saved.headers["location"] == f"{here}#edition"
    opened = (await draft(exhibition)).opens_at
    assert opened is not None
    assert to_local(opened).strftime("%Y-%m-%d %H:%M") == "2022-12-20 09:30"

    added = await client.post(
        f"{here}/rooms", data={"new-title[en]": "At the table", "new-text[en]": "*Warm*"}
    )
    room = await Room.get(edition__exhibition_id=exhibition.id)
    assert added.headers["location"] == f"{here}#room-{room.id}"
    hung = await client.post(f"{here}/hangings?q=Tang", data={"room": str(room.id), "artwork": str(work.id)})
    assert hung.headers["location"] == f"{here}?q=Tang#picker"

    published = await client.post(f"{here}/editions")
    assert published.headers["location"] == f"{here}#editions"
    page = (await client.get(here)).text
    assert "Edition 1 is published." in page
    assert "Visitors have seen edition 1 since" in page
    seen = await (await site.client()).get("/en/exhibitions/solstice-2026")
    assert "At the table" in seen.text
    assert work.title["en"] in seen.text


async def test_only_curators_build(site: Site) -> None:
    exhibition, room, works = await begun(site)
    hanging = await Hanging.get(room_id=room.id)
    here = f"/desk/exhibitions/{exhibition.id}"
    guest, partner = await site.client(), await site.client(site.cast.partner)
    for path in ("/desk/exhibitions", "/desk/exhibitions/new", here, f"{here}/preview"):
        assert (await guest.get(path)).headers["location"].startswith("/desk/sign-in?next=")
        assert (await partner.get(path)).status_code == 404
    for path in (
        "/desk/exhibitions",
        here,
        f"{here}/rooms",
        f"{here}/rooms/{room.id}",
        f"{here}/rooms/{room.id}/deletion",
        f"{here}/rooms/{room.id}/position",
        f"{here}/hangings",
        f"{here}/hangings/{hanging.id}/deletion",
        f"{here}/hangings/{hanging.id}/position",
        f"{here}/editions",
        f"{here}/unpublishing",
    ):
        data = {**TEXTS, "slug": "theirs", "room": str(room.id), "artwork": str(works[0].id), "position": "1"}
        assert (await partner.post(path, data=data)).status_code == 404, path
        assert (await guest.post(path, data=data)).headers["location"] == "/desk/sign-in", path
    assert await Edition.filter(exhibition_id=exhibition.id).count() == 1
    assert await Hanging.all().count() == 1


async def test_what_does_not_exist(site: Site) -> None:
    exhibition, room, works = await begun(site)
    other, other_room, _works = await begun(site)
    foreign = await Hanging.get(room_id=other_room.id)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    for path in ("/desk/exhibitions/9999", "/desk/exhibitions/9999/preview"):
        assert (await client.get(path)).status_code == 404
    for path, data in [
        ("/desk/exhibitions/9999/editions", {}),
        (f"{here}/rooms/{other_room.id}", {"title[en]": "x"}),
        (f"{here}/rooms/{other_room.id}/deletion", {}),
        (f"{here}/hangings/{foreign.id}/deletion", {}),
        (f"{here}/hangings/{foreign.id}/position", {"position": "1"}),
        (f"{here}/hangings", {"room": str(other_room.id), "artwork": str(works[0].id)}),
        (f"{here}/hangings", {"room": str(room.id), "artwork": "99999"}),
        (f"{here}/hangings", {"room": "x", "artwork": ""}),
        (f"{here}/hangings", {}),
    ]:
        assert (await client.post(path, data=data)).status_code == 404, path
    assert await Room.filter(edition__exhibition_id=other.id).count() == 1


async def test_rooms_of_a_published_edition_are_not_reached(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)])
    frozen = await Room.get(edition__exhibition_id=exhibition.id, edition__number=1)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    assert (await client.post(f"{here}/rooms/{frozen.id}/deletion")).status_code == 404
    assert await Room.exists(id=frozen.id)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title[zh]": "", "title[en]": ""}, "at least one language"),
        ({"closes_at": "2026-12-20T09:30"}, "closes before it opens"),
        ({"opens_at": "2026-02-31T09:30"}, "in the calendar"),
        ({"opens_at": "0001-01-01T00:00"}, "in the calendar"),
        ({"opens_at": "soon"}, "in the calendar"),
        ({"introduction[en]": "x" * 8001}, "8001 characters"),
        ({"theme": "777"}, "This theme no longer exists"),
    ],
)
async def test_wrong_texts_and_dates_come_back(site: Site, changed: dict[str, str], sentence: str) -> None:
    exhibition, _room, _works = await begun(site)
    before = await draft(exhibition)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/exhibitions/{exhibition.id}", data={**TEXTS, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "**团圆**" in answer.text
    after = await draft(exhibition)
    assert (after.title.get("en"), after.opens_at) == (before.title.get("en"), before.opens_at)


async def test_a_name_in_use_is_refused(site: Site) -> None:
    await factories.exhibition([], published=False, slug="solstice")
    client = await site.client(site.cast.curator)
    answer = await client.post(
        "/desk/exhibitions", data={"title[zh]": "冬至", "slug": "solstice", "theme": ""}
    )
    assert answer.status_code == 422
    assert "already in use" in answer.text
    assert "冬至" in answer.text
    assert await Exhibition.all().count() == 1


async def test_a_room_without_title_comes_back(site: Site) -> None:
    exhibition, room, _works = await begun(site)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    added = await client.post(f"{here}/rooms", data={"new-text[en]": "A wall text kept"})
    changed = await client.post(
        f"{here}/rooms/{room.id}", data={f"room-{room.id}-text[en]": "A wall text kept"}
    )
    for answer in (added, changed):
        assert answer.status_code == 422
        assert "A wall text kept" in answer.text
        assert "at least one language" in answer.text
    assert [room.title.get("en") for room in await Room.all()] == ["Room one"]


async def test_rooms_are_changed_moved_and_closed(site: Site) -> None:
    exhibition, first, works = await begun(site)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    await client.post(f"{here}/rooms", data={"new-title[en]": "Second"})
    second = await Room.get(title=in_en("Second"))
    name = f"room-{second.id}"
    await client.post(
        f"{here}/rooms/{second.id}", data={f"{name}-title[en]": "Snow", f"{name}-text[zh]": "雪"}
    )
    moved = await client.post(f"{here}/rooms/{second.id}/position", data={"position": "1"})
    assert moved.headers["location"] == f"{here}#room-{second.id}"
    rooms = await Room.all()
    assert [(room.title.get("en"), room.position) for room in rooms] == [("Snow", 1), ("Room one", 2)]
    await client.post(f"{here}/rooms/{first.id}/deletion")
    assert [(room.title, room.position) for room in await Room.all()] == [(in_en("Snow"), 1)]
    assert works[0].title["en"] in (await client.get(here)).text  # it can be hung again


async def test_works_are_moved_and_taken_down(site: Site) -> None:
    exhibition, room, (a, b, c) = await begun(site, works=3)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    hanging = await Hanging.get(artwork_id=c.id)
    moved = await client.post(f"{here}/hangings/{hanging.id}/position", data={"position": "1"})
    assert moved.headers["location"] == f"{here}#hanging-{hanging.id}"
    order = Hanging.filter(room_id=room.id)
    assert await order.values_list("artwork_id", flat=True) == [c.id, a.id, b.id]
    for wrong in ("", "first", "-1", "٣", "9" * 40):
        await client.post(f"{here}/hangings/{hanging.id}/position", data={"position": wrong})
    assert await order.values_list("artwork_id", flat=True) == [c.id, a.id, b.id]
    assert "as a number" in (await client.get(here)).text
    await client.post(f"{here}/hangings/{hanging.id}/deletion")
    assert await order.values_list("artwork_id", flat=True) == [a.id, b.id]
    assert (await client.post(f"{here}/hangings/{hanging.id}/deletion")).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_hanging_a_work_twice_is_told(site: Site) -> None:
    exhibition, room, (work,) = await begun(site)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    answer = await client.post(f"{here}/hangings", data={"room": str(room.id), "artwork": str(work.id)})
    assert answer.status_code == 303
    assert "already hangs in the exhibition" in (await client.get(here)).text
    assert await Hanging.all().count() == 1


async def test_the_picker_is_narrowed_by_theme_organisation_and_words(site: Site) -> None:
    exhibition, _room, (hung,) = await begun(site)
    theme = await factories.theme()
    one = await accepted(site, themes=[theme], title_translation="Lantern 100%")
    two = await accepted(site, organisation=site.cast.elsewhere, title_translation="Football")
    draft_work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.curator)

    async def picked(query: str) -> set[int]:
        page = (await client.get(f"/desk/exhibitions/{exhibition.id}?{query}")).text
        return {int(id.removeprefix("work-")) for id in attributes(page, "[id^=work-]", "id")}

    assert await picked("") == {one.id, two.id}
    assert not {hung.id, draft_work.id} & await picked("")
    assert await picked(f"theme={theme.id}") == {one.id}
    assert await picked(f"organisation={site.cast.elsewhere.id}") == {two.id}
    assert await picked("q=foot") == {two.id}
    assert await picked("q=100%25") == {one.id}
    assert await picked("q=%25zzz") == set()
    assert await picked("theme=x&page=zero") == set()
    await two.fetch_related("artist")
    assert two.artist is not None
    assert await picked(f"q={two.artist.credit_name}") == {two.id}


async def test_the_picker_has_pages(site: Site) -> None:
    exhibition, room, _works = await begun(site)
    consent = await factories.consent(site.cast.organisation)
    await factories.bare_works(consent, range(25))
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    first = (await client.get(f"{here}?room={room.id}&q=No")).text
    assert first.count('id="work-') == 24
    assert f'href="{here}?room={room.id}&amp;q=No&amp;page=2#picker"' in first
    assert (await client.get(f"{here}?q=No&page=2")).text.count('id="work-') == 1


async def test_consents_that_do_not_hold_are_told(site: Site) -> None:
    exhibition, _room, works = await begun(site)
    await Edition.filter(exhibition_id=exhibition.id).update(closes_at=now() + timedelta(days=200))
    assert works[0].consent is not None
    works[0].consent.ends_on = today() + timedelta(days=100)
    await works[0].consent.save()
    expired = await factories.consent(site.cast.organisation, ends_on=today() - timedelta(days=1))
    await accepted(site, consent=expired)
    await accepted(site, consent=await factories.consent(site.cast.organisation, for_web=False))
    by_rule = await accepted(
        site,
        title_translation="Found by a rule",
        consent=await factories.consent(site.cast.organisation, ends_on=today() + timedelta(days=50)),
        date_made="1907",
    )
    edition = await drafts.draft_of(exhibition)
    await drafts.add_room(edition, by=site.cast.curator, title=in_en("By year"), rule={"year": by_rule.year})
    page = (await (await site.client(site.cast.curator)).get(f"/desk/exhibitions/{exhibition.id}")).text
    passage = page.partition("ends before the exhibition closes")[2].partition("</ul>")[0]
    assert passage.index("Found by a rule") < passage.index(works[0].title["en"]), "the earliest first"
    assert "Consent expired" in page
    assert "Consent not for the web" in page


async def test_an_opening_is_offered(site: Site) -> None:
    exhibition, _room, _works = await begun(site)
    await Edition.filter(exhibition_id=exhibition.id).update(opens_at=None)
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}")).text
    offered = attribute(page, "[name=opens_at]", "value")
    moment = from_local(to_local(now()).strptime(offered, "%Y-%m-%dT%H:%M"))
    assert abs(moment - now()) < timedelta(minutes=5)
    refused = await client.post(f"/desk/exhibitions/{exhibition.id}/editions")
    assert refused.status_code == 422
    assert "when the exhibition opens" in refused.text


async def test_taking_an_exhibition_off_the_site(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], slug="solstice")
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    assert (await client.post(f"{here}/unpublishing")).status_code == 303
    page = (await client.get(here)).text
    assert "Visitors no longer see this exhibition." in page
    assert "not on the site" in page
    assert not await Edition.filter(is_current=True).exists()


async def test_the_list_says_what_visitors_see(site: Site) -> None:
    await factories.exhibition([], published=False)
    await factories.exhibition([await accepted(site)])
    await factories.exhibition([await accepted(site)], opens_at=now() + timedelta(days=2))
    await factories.exhibition([await accepted(site)], closes_at=now() - timedelta(hours=1))
    page = (await (await site.client(site.cast.curator)).get("/desk/exhibitions")).text
    for word in (
        "not on the site",
        "Visitors have seen edition 1 since",
        "Edition 1 from ",
        "Edition 1, closed since ",
    ):
        assert word in page


async def test_the_pages_ask_a_constant_number_of_queries(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    exhibition, _room, _works = await begun(site)
    await accepted(site)
    client = await site.client(site.cast.curator)
    paths = [f"/desk/exhibitions/{exhibition.id}", f"/desk/exhibitions/{exhibition.id}/preview"]

    async def queries(path: str) -> int:
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert (await client.get(path)).status_code == 200
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    few = [await queries(path) for path in (*paths, "/desk/exhibitions")]
    edition = await draft(exhibition)
    for position in range(2, 5):
        other = await Room.create(edition=edition, position=position, title=in_en(f"Room {position}"))
        for place in range(1, 3):
            await Hanging.create(room=other, artwork=await accepted(site), position=place)
        await accepted(site)
        await factories.exhibition([await accepted(site)])
    assert min(few) > 0
    assert [await queries(path) for path in (*paths, "/desk/exhibitions")] == few


async def test_the_list_of_exhibitions_has_pages(site: Site) -> None:
    await Exhibition.bulk_create(Exhibition(slug=f"number-{number}") for number in range(61))
    curator = await site.client(site.cast.curator)
    newest = (await curator.get("/desk/exhibitions")).text
    assert ">number-60<" in newest
    assert ">number-0<" not in newest
    assert ">number-0<" in (await curator.get("/desk/exhibitions?page=2")).text
