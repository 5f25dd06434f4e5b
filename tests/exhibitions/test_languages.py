"""Texts of exhibitions in any language: on the builder, to visitors, in copies and comparisons."""

from __future__ import annotations

import pytest

from gallery.exhibitions import drafts
from gallery.exhibitions.draft_lists import add_entry
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.web.edit_conflicts import digest, read_digests
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.exhibitions.rooms import begun, caption, fields, seen_at
from tests.factories import accepted, in_en
from tests.markup import attribute, attributes, first

TIBETAN, UYGHUR = "དགུན་ཉི་ལྡོག", "تاڭيۈەن"
EDITION = {
    "title[zh]": "冬至",
    "title[en]": "Solstice",
    "introduction[zh]": "",
    "introduction[en]": "",
    "opens_at": "2026-11-01T09:30",
    "theme": "",
}
JSON = {"accept": "application/json"}


async def draft_texts(exhibition: Exhibition) -> Texts:
    return (await Edition.get(exhibition_id=exhibition.id, number__isnull=True)).title


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_language_is_added_to_the_draft_and_reaches_visitors(site: Site) -> None:
    exhibition, room = await begun([await accepted(site)])
    hanging = await Hanging.get(room_id=room.id)
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    seen = seen_at((await client.get(here)).text, here)
    adding = {**EDITION, "seen": seen, "add_language": "bo", "adds_language": "1"}
    page = (await client.post(here, data={**adding, "title[en]": "Not yet saved"})).text
    assert attribute(page, "#title-en", "value") == "Not yet saved"
    assert attribute(page, "#title-bo", "lang") == "bo"
    assert "There are fields for Tibetan now." in page
    assert "bo" not in await draft_texts(exhibition)
    assert {"title[bo]", "introduction[bo]"} <= set(read_digests(seen_at(page, here)))

    typed = {**EDITION, "seen": seen_at(page, here), "title[bo]": TIBETAN, "introduction[bo]": ""}
    assert (await client.post(here, data=typed)).status_code == 303
    assert await draft_texts(exhibition) == Texts({"zh": "冬至", "en": "Solstice", "bo": TIBETAN})

    # The page asks for the draft's languages in rooms and captions, too.
    page = (await client.get(here)).text
    names = attributes(page, "input, textarea", "name")
    assert {f"room-{room.id}-text[bo]", "new-title[bo]", f"hanging-{hanging.id}-caption[bo]"} <= set(names)
    words = {**fields(room), f"room-{room.id}-title[bo]": "ཁང་པ།", f"room-{room.id}-text[bo]": "*ཁ་བ།*"}
    path = f"{here}/rooms/{room.id}"
    assert (await client.post(path, data={**words, "seen": seen_at(page, path)})).status_code == 303
    path = f"{here}/hangings/{hanging.id}/caption"
    answer = await client.post(path, data=caption(hanging, bo="སྒོ།", zh="", en=""), headers=JSON)
    assert answer.status_code == 200
    await Room.filter(id=room.id).update(title=Texts({"bo": "ཁང་པ།"}))
    await drafts.publish(exhibition, site.cast.curator)

    page = (await (await site.client()).get(f"/en/exhibitions/{exhibition.slug}")).text
    assert "Solstice" in page
    assert "<em>ཁ་བ།</em>" in page
    assert 'lang="bo">ཁང་པ།' in page
    assert first(page, ".room-caption[lang=bo]").get_text(strip=True) == "སྒོ།"
    label = (await (await site.client()).get(f"/iiif/exhibitions/{exhibition.slug}/collection.json")).json()[
        "label"
    ]
    assert label == {"zh-Hans": ["冬至"], "en": ["Solstice"], "bo": [TIBETAN]}


async def test_a_caption_gets_a_language_of_its_own(site: Site) -> None:
    exhibition, room = await begun([await accepted(site)])
    hanging = await Hanging.get(room_id=room.id)
    path = f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/caption"
    client = await site.client(site.cast.curator)
    name, other = f"hanging-{hanging.id}-add_language", f"hanging-{hanging.id}-add_language_other"
    typed = caption(hanging, zh="门边", en="")
    asked = (await client.post(path, data={**typed, "then": "language"})).text
    assert {name, other} <= set(attributes(asked, "input, select", "name"))
    assert attribute(asked, f"#hanging-{hanging.id}-caption-zh", "value") == "门边"
    adding = {**typed, f"hanging-{hanging.id}-adds_language": "1", "seen": seen_at(asked, path)}
    refused = (await client.post(path, data={**adding, other: "Klingonese"})).text
    assert "No language has this name or tag." in refused
    assert attribute(refused, f"#hanging-{hanging.id}-caption-zh", "value") == "门边"
    added = (await client.post(path, data={**adding, other: "维吾尔文"})).text
    assert attribute(added, f"#hanging-{hanging.id}-caption-ug", "lang") == "ug"
    saved = {**typed, **caption(hanging, ug=UYGHUR), "seen": seen_at(added, path)}
    assert (await client.post(path, data=saved)).status_code == 303
    assert (await Hanging.get(id=hanging.id)).caption == Texts({"zh": "门边", "ug": UYGHUR})
    await drafts.publish(exhibition, site.cast.curator)
    visitor = await site.client()
    assert "门边" in (await visitor.get(f"/zh/exhibitions/{exhibition.slug}")).text
    await Hanging.filter(id=hanging.id).update(caption=Texts({"ug": UYGHUR}))
    await drafts.publish(exhibition, site.cast.curator)
    page = (await visitor.get(f"/en/exhibitions/{exhibition.slug}")).text
    assert first(page, ".room-caption[lang=ug][dir=rtl]").get_text(strip=True) == UYGHUR


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"title[nolanguage]": "Kept words"}, "No language has this name or tag."),
        ({"title[zh-hans]": "Kept words"}, "twice"),
        ({"title[bo]": "x" * 121}, "121 characters"),
        ({"add_language_other": "Klingonese", "adds_language": "1"}, "No language has this name or tag."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    site: Site, typed: dict[str, str], sentence: str
) -> None:
    exhibition, _room = await begun([])
    before = await draft_texts(exhibition)
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    answer = await client.post(here, data={**EDITION, **typed})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    shown = attributes(answer.text, "#edition input", "value")
    assert {"冬至", "Solstice", *(words for name, words in typed.items() if "[" in name)} <= set(shown)
    assert await draft_texts(exhibition) == before


async def test_two_curators_add_the_same_language(site: Site) -> None:
    exhibition, _room = await begun([])
    here = f"/desk/exhibitions/{exhibition.id}"
    hers, his = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    seen = seen_at((await hers.get(here)).text, here) + f" title[bo]:{digest('')}"
    saved = await hers.post(here, data={**EDITION, "title[bo]": TIBETAN, "seen": seen}, headers=JSON)
    assert saved.status_code == 200
    assert read_digests(saved.json()["seen"])["title[bo]"] == digest(TIBETAN)
    # A page without a field for Tibetan leaves the Tibetan title as it is.
    page = seen_at((await his.get(here)).text, here).replace("title[bo]", "no-field")
    assert (await his.post(here, data={**EDITION, "title[en]": "Winter", "seen": page})).status_code == 303
    assert await draft_texts(exhibition) == Texts({"zh": "冬至", "en": "Winter", "bo": TIBETAN})
    # He adds a Tibetan title on a page from before hers: it is refused, with her title.
    page = seen_at((await his.get(here)).text, here).replace(digest(TIBETAN), digest(""))
    typed = {**EDITION, "title[en]": "Winter", "title[bo]": "ཁ་བ།", "seen": page}
    refused = await his.post(here, data=typed)
    assert refused.status_code == 422
    assert f"It now reads: {TIBETAN}." in refused.text
    assert "ཁ་བ།" in attributes(refused.text, "#edition input", "value")
    # She empties it, which removes the language.
    page = seen_at((await hers.get(here)).text, here)
    again = {**EDITION, "title[en]": "Winter", "title[bo]": "", "seen": page}
    assert (await hers.post(here, data=again)).status_code == 303
    assert set(await draft_texts(exhibition)) == {"zh", "en"}


async def test_a_page_of_the_release_before_erases_no_caption(site: Site) -> None:
    exhibition, room = await begun([await accepted(site)])
    await Hanging.filter(room_id=room.id).update(caption=in_en("By the door"))
    hanging = await Hanging.get(room_id=room.id)
    client = await site.client(site.cast.curator)
    path = f"/desk/exhibitions/{exhibition.id}/hangings/{hanging.id}/caption"
    answer = await client.post(path, data={"caption_zh": "门边", "caption_en": ""}, headers=JSON)
    assert answer.status_code == 400
    assert (await Hanging.get(id=hanging.id)).caption == in_en("By the door")


async def test_a_talk_and_a_credit_in_tibetan(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)])
    here = f"/desk/exhibitions/{exhibition.id}"
    client = await site.client(site.cast.curator)
    adding = {"new-kind": "donor", "new-name[en]": "Glow", "new-add_language": "bo", "new-adds_language": "1"}
    page = (await client.post(f"{here}/credits", data=adding)).text
    assert attribute(page, "#new-name-bo", "lang") == "bo"
    assert attribute(page, "#new-name-en", "value") == "Glow"
    credit = {"new-kind": "donor", "new-name[bo]": "འོད།", "new-name[zh]": "", "new-link": ""}
    assert (await client.post(f"{here}/credits", data=credit)).status_code == 303
    talk = {
        "new-title[bo]": "གླེང་མོལ།",
        "new-place[bo]": "དཔེ་མཛོད།",
        "new-starts_at": "2036-01-05T18:00",
        "new-ends_at": "2036-01-05T19:00",
        "new-link": "",
    }
    assert (await client.post(f"{here}/talks", data=talk)).status_code == 303
    (entry,) = (await Edition.get(exhibition_id=exhibition.id, number__isnull=True)).talks
    path = f"{here}/talks/{entry['key']}"
    page = (await client.get(f"{here}/talks")).text
    changed = {name.replace("new-", f"{entry['key']}-"): text for name, text in talk.items()}
    changed |= {f"{entry['key']}-title[en]": "A talk", "seen": seen_at(page, path)}
    assert (await client.post(path, data=changed)).status_code == 303
    await drafts.publish(exhibition, site.cast.curator)
    visitor = await site.client()
    page = (await visitor.get(f"/en/exhibitions/{exhibition.slug}")).text
    assert '<dd lang="bo">འོད།' in page
    assert "A talk" in page
    assert '<span lang="bo">དཔེ་མཛོད།' in page
    calendar = (await visitor.get(f"/en/exhibitions/{exhibition.slug}/talks.ics")).text
    assert "SUMMARY:A talk" in calendar
    assert "LOCATION:དཔེ་མཛོད།" in calendar


async def test_a_comparison_and_a_copy_know_every_language(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)])
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}"
    await drafts.change_draft(exhibition, None, **{"title[bo]": TIBETAN})
    await add_entry(
        exhibition, "credits", {"kind": "media", "name": Texts({"bo": "འོད།"}), "link": ""}, site.cast.curator
    )
    page = (await client.get(f"{here}/comparison?before=1&after=draft")).text
    assert "<dt>Title (Tibetan)</dt>" in page
    assert TIBETAN in page
    assert "Title (English)" not in page
    assert "Media: འོད།" in page
    offered = (await client.get(f"{here}/copies/new")).text
    assert attribute(offered, "#title-bo", "value") == TIBETAN
    form = {"title[zh]": "", "title[en]": "Again", "title[bo]": TIBETAN, "slug": "again", "theme": ""}
    assert (await client.post(f"{here}/copies", data=form)).status_code == 303
    copy = await Exhibition.get(slug="again")
    assert await draft_texts(copy) == Texts({"en": "Again", "bo": TIBETAN})
    await client.post(f"{here}/editions/1/restoration")
    assert "bo" not in await draft_texts(exhibition)


async def test_a_new_exhibition_in_tibetan_alone(site: Site) -> None:
    client = await site.client(site.cast.curator)
    adding = {"slug": "winter", "theme": "", "add_language": "bo", "adds_language": "1"}
    page = (await client.post("/desk/exhibitions", data=adding)).text
    assert attribute(page, "#slug", "value") == "winter"
    assert not await Exhibition.exists()
    made = await client.post("/desk/exhibitions", data={"slug": "winter", "theme": "", "title[bo]": TIBETAN})
    assert made.status_code == 303
    assert await draft_texts(await Exhibition.get(slug="winter")) == Texts({"bo": TIBETAN})
    assert TIBETAN in (await client.get("/desk/exhibitions")).text
