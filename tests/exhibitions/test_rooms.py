"""Rooms: filled by a rule, in three layouts, with captions; and changed by two curators at once."""

from __future__ import annotations

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Status
from gallery.exhibitions import drafts
from gallery.exhibitions.arrangements import ROOM_FIELDS
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Layout, Room
from gallery.exhibitions.room_rules import MAX_WORKS_BY_RULE, fill_rooms
from gallery.web.edit_conflicts import seen_field
from gallery.web.texts import Texts, by_language, split_field_name
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.exhibitions.rooms import begun, caption, fields, seen_at
from tests.factories import accepted, in_en
from tests.markup import attribute, attributes, texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def hung_in(edition: Edition) -> list[int]:
    hangings = await Hanging.filter(room__edition_id=edition.id).order_by("room__position", "position")
    return [hanging.artwork_id for hanging in hangings]


async def test_a_rule_fills_a_room_with_the_newest_first_and_hand_hung_works_on_top(site: Site) -> None:
    theme = await factories.theme()
    old, left_out, new = [await accepted(site, themes=[theme]) for _ in range(3)]
    by_hand, elsewhere = await accepted(site), await accepted(site)
    exhibition, room = await begun([by_hand])
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    posted = fields(room, filled="rule", rule_theme=str(theme.id))
    assert (await client.post(f"{here}/rooms/{room.id}", data=posted)).status_code == 303
    page = (await client.get(here)).text
    assert attributes(page, "[id^=ruled-]", "id") == [f"ruled-{work.id}" for work in (new, left_out, old)]
    assert "fixed in the edition" in page

    await client.post(f"{here}/rooms/{room.id}/exclusions", data={"artwork": str(left_out.id)})
    page = (await client.get(here)).text
    assert attributes(page, "[id^=ruled-]", "id") == [f"ruled-{work.id}" for work in (new, old)]
    assert "1 work left out" in page
    edition = await drafts.publish(exhibition, site.cast.curator)
    assert await hung_in(edition) == [by_hand.id, new.id, old.id]
    assert elsewhere.id not in await hung_in(edition)

    # Later works are listed, and hang with the next publication; excluded works can be added again.
    await accepted(site, themes=[theme])
    await client.post(f"{here}/rooms/{room.id}/exclusions/deletion", data={"artwork": str(left_out.id)})
    assert "2 works match rooms' rules" in (await client.get(here)).text
    assert len(await hung_in(await drafts.publish(exhibition, site.cast.curator))) == 5
    assert "match rooms' rules but are not in" not in (await client.get(here)).text


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        ({"rule_organisation": "elsewhere"}, [1]),
        ({"rule_medium": "INK"}, [0]),
        ({"rule_medium": "水墨"}, [0]),
        ({"rule_year": "2019"}, [1]),
        ({"rule_language": "en"}, [2]),
        ({"rule_language": "zh", "rule_year": "2019"}, [1]),
    ],
)
async def test_what_a_rule_can_ask(site: Site, asked: dict[str, str], matches: list[int]) -> None:
    works = [
        await accepted(site, medium="水墨", medium_translation="Ink on paper"),
        await accepted(site, organisation=site.cast.elsewhere, date_made="2019"),
        await accepted(site, language="en"),
    ]
    await factories.artwork(
        site.storage, site.cast.elsewhere, status=Status.SUBMITTED, date_made="2019", language="en"
    )
    if "rule_organisation" in asked:
        asked = {"rule_organisation": str(site.cast.elsewhere.id)}
    exhibition, room = await begun([])
    client = await site.client(site.cast.curator)
    await client.post(
        f"/desk/exhibitions/{exhibition.id}/rooms/{room.id}", data=fields(room, filled="rule", **asked)
    )
    (shown,) = await fill_rooms(await drafts.draft_of(exhibition))
    assert [hung.artwork_id for hung in shown.works] == [works[index].id for index in matches]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"filled": "rule"}, "at least one thing"),
        ({"filled": "rule", "rule_theme": "99"}, "This option is no longer available"),
        ({"filled": "magic"}, "This option is no longer available"),
        ({"layout": "spiral"}, "This option is no longer available"),
        ({"filled": "rule", "rule_year": "1"}, "a year from 1900"),
        ({"filled": "rule", "rule_year": "soon"}, "Not a valid integer"),
    ],
)
async def test_a_wrong_rule_comes_back_with_a_sentence(
    site: Site, changed: dict[str, str], sentence: str
) -> None:
    exhibition, room = await begun([])
    client = await site.client(site.cast.curator)
    answer = await client.post(
        f"/desk/exhibitions/{exhibition.id}/rooms/{room.id}", data=fields(room, text_en="Kept", **changed)
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Kept" in answer.text
    assert (await Room.get(id=room.id)).rule is None


async def test_a_rule_that_finds_nothing_and_one_that_finds_too_much(site: Site) -> None:
    theme = await factories.theme()
    exhibition, room = await begun([], rule={"theme": theme.id})
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    assert "The rule finds no accepted work." in (await client.get(here)).text
    refused = await client.post(f"{here}/editions")
    assert refused.status_code == 422

    await factories.bare_works(
        await factories.consent(site.cast.organisation),
        range(MAX_WORKS_BY_RULE + 5),
        **factories.dated("1999"),
    )
    await Room.filter(id=room.id).update(rule={"year": 1999})
    page = (await client.get(here)).text
    assert page.count('id="ruled-') == 24
    assert "and 276 more" in page
    assert "5 more match; a room takes the newest 300." in page
    edition = await drafts.publish(exhibition, site.cast.curator)
    assert len(await hung_in(edition)) == MAX_WORKS_BY_RULE


async def test_two_rules_do_not_hang_a_work_twice(site: Site) -> None:
    work = await accepted(site, date_made="2001")
    other = await accepted(site, date_made="2001")
    exhibition, _room = await begun([work])
    draft = await drafts.draft_of(exhibition)
    for _ in range(2):
        await drafts.add_room(draft, title=in_en("More"), rule={"year": 2001})
    hung = [[one.artwork_id for one in room.works] for room in await fill_rooms(draft)]
    assert hung == [[work.id], [other.id], []]


async def test_an_empty_room_is_not_published(site: Site) -> None:
    exhibition, _room = await begun([await accepted(site)])
    await drafts.add_room(await drafts.draft_of(exhibition), title=in_en("Bare"))
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/exhibitions/{exhibition.id}/editions")
    assert answer.status_code == 422
    assert "Nothing would hang in room 2" in answer.text
    assert not await Edition.filter(number__not_isnull=True).exists()


@pytest.mark.parametrize("layout", list(Layout))
async def test_visitors_meet_the_layout_and_the_captions(site: Site, layout: Layout) -> None:
    late, early = await accepted(site, date_made="2022"), await accepted(site, date_made="2015")
    cover = await accepted(site, date_made="2020")
    exhibition, room = await begun([cover, late, early])
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    await client.post(f"{here}/rooms/{room.id}", data=fields(room, layout=layout))
    hanging = await Hanging.get(artwork_id=late.id)
    saved = await client.post(
        f"{here}/hangings/{hanging.id}/caption", data=caption(hanging, en="Seen from <the door>")
    )
    assert saved.status_code == 303
    await client.post(f"{here}/editions")
    page = (await (await site.client()).get(f"/en/exhibitions/{exhibition.slug}")).text
    assert "Seen from &lt;the door&gt;" in page
    assert (late.story["en"] in texts_in(page, ".telling .prose")) == (layout == Layout.STORIES)
    order = [page.index(f'">{work.title["en"]}<') for work in (early, late)]
    assert (order == sorted(order)) == (layout == Layout.TIMELINE)
    assert ("2015" in texts_in(page, ".year")) == (layout == Layout.TIMELINE)


async def test_no_caption_comes_back_to_a_withdrawn_work(site: Site) -> None:
    """A page that was opened before saves itself; the work's text on it was erased in the meantime."""
    work = await accepted(site)
    exhibition, _room = await begun([work])
    hanging = await Hanging.get(artwork_id=work.id)
    client = await site.client(site.cast.curator)
    path = f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/caption"
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    typed = caption(hanging, en="What the child drew")
    page = await client.post(path, data=typed)
    assert (page.status_code, "so it cannot be changed" in page.text) == (422, True)
    answer = await client.post(path, data=typed, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert not (await Hanging.get(id=hanging.id)).caption


async def test_a_caption_that_is_too_long(site: Site) -> None:
    exhibition, _room = await begun([await accepted(site)])
    hanging = await Hanging.get(room__edition__exhibition_id=exhibition.id)
    client = await site.client(site.cast.curator)
    path = f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/caption"
    answer = await client.post(
        path, data=caption(hanging, en="x" * 301), headers={"accept": "application/json"}
    )
    assert answer.status_code == 422
    assert "301 characters" in answer.json()["errors"][f"hanging-{hanging.id}-caption-en"][0]
    page = await client.post(path, data=caption(hanging, en="x" * 301))
    assert page.status_code == 422
    assert f'value="{"x" * 301}"' in page.text  # nothing that was typed is lost
    assert "301 characters" in page.text
    assert (await (await site.client(site.cast.partner)).post(path, data={})).status_code == 404


async def test_a_work_moves_to_another_room(site: Site) -> None:
    one, two, three = [await accepted(site) for _ in range(3)]
    exhibition, room = await begun([one, two])
    other = await drafts.add_room(await drafts.draft_of(exhibition), title=in_en("Other"))
    await drafts.hang(other, three, site.cast.curator)
    hanging = await Hanging.get(artwork_id=one.id)
    client = await site.client(site.cast.curator)
    path = f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/position"
    answer = await client.post(
        path, data={"position": "1", "room": str(other.id)}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 200
    order = (
        await Hanging.all().order_by("room_id", "position").values_list("room_id", "artwork_id", "position")
    )
    assert order == [(room.id, two.id, 1), (other.id, one.id, 1), (other.id, three.id, 2)]


# Two curators at once


async def test_two_curators_change_different_fields_and_both_stay(site: Site) -> None:
    exhibition, room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}/rooms/{room.id}"
    one, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    seen = seen_field(by_language({name: getattr(room, name) for name in ROOM_FIELDS}))
    first = await one.post(here, data={**fields(room, title_en="Hers"), "seen": seen})
    second = await other.post(here, data={**fields(room, text_en="His"), "seen": seen})
    assert {first.status_code, second.status_code} == {303}
    room = await Room.get(id=room.id)
    assert (room.title.get("en"), room.text.get("en"), room.title.get("zh")) == ("Hers", "His", "一号厅")


async def test_the_later_of_two_is_told_what_the_other_wrote(site: Site) -> None:
    exhibition, room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}/rooms/{room.id}"
    one, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    seen = seen_field(by_language({name: getattr(room, name) for name in ROOM_FIELDS}))
    await one.post(here, data={**fields(room, title_en="Hers"), "seen": seen})
    refused = await other.post(here, data={**fields(room, title_en="His"), "seen": seen})
    assert refused.status_code == 422
    assert "curator has changed this since you opened the page. It now reads: Hers" in refused.text
    assert 'value="His"' in refused.text
    assert (await Room.get(id=room.id)).title.get("en") == "Hers"
    # The page with the notice has the new digests, so saving again overwrites deliberately.
    fresh = seen_at(refused.text, here)
    again = await other.post(here, data={**fields(room, title_en="His"), "seen": fresh})
    assert again.status_code == 303
    assert (await Room.get(id=room.id)).title.get("en") == "His"


async def test_two_curators_write_captions_and_both_stay(site: Site) -> None:
    exhibition, _room = await begun([await accepted(site)])
    hanging = await Hanging.get(room__edition__exhibition_id=exhibition.id)
    here = f"/desk/exhibitions/{exhibition.id}"
    path = f"{here}/hangings/{hanging.id}/caption"
    hers, his = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    seen = seen_field({"caption[zh]": "", "caption[en]": ""})
    assert seen in (await hers.get(here)).text
    saved = await hers.post(
        path,
        data={**caption(hanging, zh="门边", en=""), "seen": seen},
        headers={"accept": "application/json"},
    )
    assert saved.json()["seen"] == seen_field({"caption[zh]": "门边", "caption[en]": ""})
    assert (
        await his.post(path, data={**caption(hanging, zh="", en="By the door"), "seen": seen})
    ).status_code == 303
    await hanging.refresh_from_db()
    assert (hanging.caption.get("zh"), hanging.caption.get("en")) == ("门边", "By the door")
    refused = await his.post(path, data={**caption(hanging, zh="窗边", en="By the door"), "seen": seen})
    assert refused.status_code == 422
    assert "It now reads: 门边." in refused.text
    assert 'value="窗边"' in refused.text
    await hanging.refresh_from_db()
    assert hanging.caption.get("zh") == "门边"


async def test_a_script_that_saves_gets_the_version_and_is_told_of_others(site: Site) -> None:
    exhibition, room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}"
    one, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    json = {"accept": "application/json"}
    seen = seen_field(by_language({name: getattr(room, name) for name in ROOM_FIELDS}))
    saved = (
        await one.post(
            f"{here}/rooms/{room.id}", data={**fields(room, title_en="A"), "seen": seen}, headers=json
        )
    ).json()
    assert saved["version"] == 1
    assert (await other.get(f"{here}/version")).json() == {"version": 1, "by": "curator"}
    assert (await one.get(f"{here}/version")).json() == {"version": 1, "by": ""}
    refused = await other.post(
        f"{here}/rooms/{room.id}", data={**fields(room, title_en="B"), "seen": seen}, headers=json
    )
    assert refused.status_code == 422
    assert "It now reads: A" in refused.json()["errors"][f"room-{room.id}-title-en"][0]
    again = await one.post(
        f"{here}/rooms/{room.id}",
        data={**fields(room, title_en="C"), "seen": saved["seen"]},
        headers=json,
    )
    assert again.json()["version"] == 2
    assert (await (await site.client(site.cast.partner)).get(f"{here}/version")).status_code == 404


EDITION = {
    "title[zh]": "一号展",
    "title[en]": "One",
    "introduction[en]": "Old",
    "opens_at": "2026-12-20T09:30",
    "theme": "",
}


@pytest.mark.parametrize("form", ["edition", "room", "caption"])
async def test_the_second_save_of_a_window_undoes_nothing_either(site: Site, form: str) -> None:
    exhibition, room = await begun([await accepted(site)])
    hanging = await Hanging.get(room_id=room.id)
    here = f"/desk/exhibitions/{exhibition.id}"
    record, path, typed, mine, theirs = {
        "edition": (await drafts.draft_of(exhibition), here, EDITION, "title[en]", "introduction[en]"),
        "room": (
            room,
            f"{here}/rooms/{room.id}",
            fields(room, text_en="Old"),
            f"room-{room.id}-title[en]",
            f"room-{room.id}-text[en]",
        ),
        "caption": (
            hanging,
            f"{here}/hangings/{hanging.id}/caption",
            caption(hanging, zh="一", en="Old"),
            f"hanging-{hanging.id}-caption[zh]",
            f"hanging-{hanging.id}-caption[en]",
        ),
    }[form]
    one, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    await one.post(path, data=typed)
    seen = seen_at((await one.get(here)).text, path)
    assert (await other.post(path, data={**typed, theirs: "His", "seen": seen})).status_code == 303

    # Her window still shows the old text in the field that he changed, and saves twice.
    json = {"accept": "application/json"}
    for text in ("First", "Second"):
        answer = await one.post(path, data={**typed, mine: text, "seen": seen}, headers=json)
        assert answer.status_code == 200
        seen = answer.json()["seen"]
    await record.refresh_from_db()
    names = [split_field_name(each.rpartition("-")[2]) for each in (mine, theirs)]
    assert [getattr(record, name)[language] for name, language in names] == ["Second", "His"]
    # When she writes there herself, she gets a notice.
    response = await one.post(
        path, data={**typed, mine: "Second", theirs: "Hers", "seen": seen}, headers=json
    )
    assert response.status_code == 422
    assert "It now reads: His." in str(response.json()["errors"])


async def test_what_a_refused_page_does_not_show_is_not_taken_for_seen(site: Site) -> None:
    exhibition, room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}"
    path = f"{here}/rooms/{room.id}"
    one, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    typed = fields(room, text_en="Old")
    await one.post(path, data=typed)
    seen = seen_at((await one.get(here)).text, path)
    texts = {f"room-{room.id}-title[en]": "His", f"room-{room.id}-text[en]": "His text"}
    await other.post(path, data={**typed, **texts, "seen": seen})

    # She is refused twice, for her own error and for his change, and sees only his title.
    for title in ("x" * 121, "Hers"):
        typed = fields(room, text_en="Old", title_en=title)
        refused = await one.post(path, data={**typed, "seen": seen})
        assert refused.status_code == 422
        seen = seen_at(refused.text, path)
    assert "It now reads: His." in refused.text
    assert "His text" not in refused.text
    assert (await one.post(path, data={**typed, "seen": seen})).status_code == 303
    await room.refresh_from_db()
    assert (room.title.get("en"), room.text.get("en")) == ("Hers", "His text")


async def test_a_stale_form_does_not_undo_a_theme(site: Site) -> None:
    theme = await factories.theme()
    exhibition, _room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    seen = attribute((await client.get(here)).text, "[name=seen]", "value")
    await Exhibition.filter(id=exhibition.id).update(theme_id=theme.id)
    data = {"title[en]": "New", "opens_at": "2026-12-20T09:30", "theme": "", "seen": seen}
    assert (await client.post(here, data=data)).status_code == 303
    assert (await Exhibition.get(id=exhibition.id)).theme_id == theme.id


async def test_of_two_themes_the_later_one_is_asked(site: Site) -> None:
    hers, his = (
        await factories.theme(title=Texts({"en": "Hers"})),
        await factories.theme(title=Texts({"en": "His"})),
    )
    exhibition, _room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    seen = seen_at((await client.get(here)).text, here)
    await Exhibition.filter(id=exhibition.id).update(theme_id=hers.id)
    data = {"title[en]": "New", "opens_at": "2026-12-20T09:30", "theme": str(his.id), "seen": seen}
    refused = await client.post(here, data=data)
    assert refused.status_code == 422
    assert "It now reads: Hers." in refused.text
    assert (await Exhibition.get(id=exhibition.id)).theme_id == hers.id
    fresh = seen_at(refused.text, here)
    assert (await client.post(here, data={**data, "seen": fresh})).status_code == 303
    assert (await Exhibition.get(id=exhibition.id)).theme_id == his.id
