"""An exhibition as the start of a new one."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.exhibitions import drafts
from gallery.exhibitions.draft_lists import add_entry
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Layout, Room
from gallery.web.texts import NO_TEXTS, Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en

FORM = {"title[zh]": "", "title[en]": "Reunion again", "slug": "reunion-2027", "theme": ""}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_copy_begins_as_the_draft_is(site: Site) -> None:
    theme = await factories.theme(title=Texts({"en": "Solstice"}))
    one, two, gone = [await accepted(site) for _ in range(3)]
    by_rule = await accepted(site, themes=[theme])
    exhibition = await factories.exhibition([one, two, gone], theme=theme)
    draft = await drafts.draft_of(exhibition)
    room = await Room.get(edition_id=draft.id)
    await drafts.change_caption(
        await Hanging.get(room_id=room.id, artwork_id=two.id), caption=in_en("By the door")
    )
    second = await drafts.add_room(
        draft, title=in_en("Snow"), layout=Layout.TIMELINE, rule={"theme": theme.id}
    )
    await drafts.add_exclusion(second, one)
    credit = {"kind": "curator", "name": {"en": "Mei"}, "link": ""}
    await add_entry(exhibition, "credits", credit, site.cast.curator)
    await Artwork.filter(id=gone.id).update(status=Status.WITHDRAWN)

    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}/copies"
    offered = (await client.get(f"{here}/new")).text
    assert f'value="{draft.title.get("en")}"' in offered
    assert f'<option selected value="{theme.id}">' in offered
    answer = await client.post(here, data={**FORM, "theme": str(theme.id)})
    copy = await Exhibition.get(slug="reunion-2027")
    assert answer.headers["location"] == f"/desk/exhibitions/{copy.id}"
    assert "This is the copy." in (await client.get(answer.headers["location"])).text
    assert (copy.theme_id, copy.created_by_id) == (theme.id, site.cast.curator.id)

    (made,) = await Edition.filter(exhibition_id=copy.id)
    assert (made.number, made.title) == (None, in_en("Reunion again"))
    assert (made.introduction.get("zh"), made.opens_at, made.closes_at) == ("团圆。", None, None)
    assert [entry["name"]["en"] for entry in made.credits] == ["Mei"]
    rooms = await Room.filter(edition_id=made.id)
    assert [room.title.get("en") for room in rooms] == ["Room one", "Snow"]
    assert (rooms[1].layout, rooms[1].rule, rooms[1].without) == (
        Layout.TIMELINE,
        {"theme": theme.id},
        [one.id],
    )
    hung = await Hanging.filter(room__edition_id=made.id).order_by("room__position", "position")
    assert [(hanging.artwork_id, hanging.caption) for hanging in hung] == [
        (one.id, NO_TEXTS),
        (two.id, in_en("By the door")),
    ]
    assert by_rule.id not in {hanging.artwork_id for hanging in hung}  # publishing applies its rule

    # The two exhibitions share no rows.
    await drafts.close_room(rooms[0])
    assert await Room.filter(edition_id=draft.id).count() == 2
    assert await Edition.filter(exhibition_id=exhibition.id).count() == 2
    page = (await client.post(f"/desk/exhibitions/{copy.id}/editions")).text
    assert "when the exhibition opens" in page


async def test_a_copy_needs_a_name_of_its_own(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], slug="reunion")
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}/copies"
    for wrong, sentence in (
        ({"slug": "reunion"}, "This name is already in use."),
        ({"slug": "Not a slug"}, "small Latin letters"),
        ({"slug": ""}, "give a short name"),
        ({"title[en]": ""}, "at least one language"),
        ({"theme": "999"}, "This theme no longer exists"),
    ):
        answer = await client.post(here, data={**FORM, **wrong})
        assert answer.status_code == 422
        assert sentence in answer.text
    assert await Exhibition.all().count() == 1


async def test_only_curators_copy(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)])
    here = f"/desk/exhibitions/{exhibition.id}/copies"
    client = await site.client(site.cast.partner)
    assert (await client.get(f"{here}/new")).status_code == 404
    assert (await client.post(here, data=FORM)).status_code == 404
    assert (await (await site.client()).get(f"{here}/new")).status_code == 303
    curator = await site.client(site.cast.curator)
    assert (await curator.post("/desk/exhibitions/999/copies", data=FORM)).status_code == 404
    assert await Exhibition.all().count() == 1
