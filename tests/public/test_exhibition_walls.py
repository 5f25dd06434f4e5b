"""An exhibition's page as a wall: its opening, an artist's sentence, a detail, and an ending."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.clock import now
from gallery.db import content_version
from gallery.db.content_version import bump
from gallery.exhibitions import drafts
from gallery.exhibitions.arrangement_copies import restore
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.images.models import Image
from gallery.public.pagination import WORKS_PER_PAGE
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.exhibitions.rooms import begun, seen_at
from tests.factories import accepted, in_zh
from tests.markup import attribute, attributes, select, text_in, texts_in
from tests.public.pages import long_exhibition, page_text
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")

STORY = "戴上帽子，打针就不哭。“老虎不哭，老虎只是眼睛湿了。”她这样说过。"
QUOTED, PLAIN = "“老虎不哭，老虎只是眼睛湿了。”", "戴上帽子，打针就不哭。"


@pytest.fixture(autouse=True)
def _without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # the cache asks before each answer


async def test_cover_hangs_once_and_counts_stay_true(site: Site) -> None:
    works = [await accepted(site) for _ in range(3)]
    exhibition = await factories.exhibition(works)
    address = f"/zh/exhibitions/{exhibition.slug}"
    for layout, shown in (("wall", works[1:]), ("timeline", works[1:]), ("stories", works)):
        await Room.filter(edition__exhibition=exhibition).update(layout=layout)
        await bump()
        page = await page_text(site, address)
        assert texts_in(page, ".cover-title") == [works[0].own("title")]
        pictures = attributes(page, "header img, .on-wall img", "alt")
        assert pictures == [work.own("alt_text") for work in works]
        assert texts_in(page, ".on-wall h3") == [work.own("title") for work in shown]
        assert "3" in texts_in(page, ".counts dd")
    walk = await page_text(site, f"{address}/walk")
    assert len(select(walk, ".slide")) == 3

    alone = await factories.exhibition([works[0]])
    page = await page_text(site, f"/en/exhibitions/{alone.slug}")
    assert page.partition('id="ending"')[0].count("<picture") == 1
    assert "hangs at the entrance" in page


@pytest.mark.parametrize(
    ("width", "height", "chosen", "opening"),
    [
        (1300, 1000, "", "beside"),
        (1000, 1300, "", "upright"),
        (2000, 1000, "", "full"),
        (2000, 6000, "", "detail"),
        (2000, 1000, "beside", "beside"),
        (2000, 1000, "detail", "detail"),
        (1300, 1000, "full", "full"),
    ],
)
async def test_opening_follows_the_cover_unless_a_curator_chose(
    site: Site, width: int, height: int, chosen: str, opening: str
) -> None:
    works = [await accepted(site) for _ in range(2)]
    await Image.filter(id=works[0].image_id).update(width=width, height=height)
    exhibition = await factories.exhibition(works, opening=chosen)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    classes = select(page, "header.on-accent")[0]["class"]
    assert ("full" in classes) == (opening == "full")
    assert ("upright" in classes) == (height > width)
    details = select(page, ".detail img")
    assert bool(details) == (opening == "detail")
    if details:
        token = (await Image.get(id=works[0].image_id)).token
        assert str(details[0]["src"]).startswith(f"/iiif/{token}/400,")
        assert works[0].own("title") in text_in(page, ".detail figcaption")


async def test_detail_of_another_work_goes_with_it(site: Site) -> None:
    works = [await accepted(site) for _ in range(3)]
    await Image.filter(id=works[1].image_id).update(width=4000, height=3000)
    exhibition = await factories.exhibition(works)
    address = f"/en/exhibitions/{exhibition.slug}"
    page = await page_text(site, address)
    assert "A detail of" in text_in(page, ".detail figcaption")
    assert "800w" in attribute(page, ".detail img", "srcset")
    await withdraw(await Consent.get(id=works[1].consent_id), site.storage)
    assert select(await page_text(site, address), ".detail") == []


async def test_curator_chooses_the_sentence_of_a_hung_work(site: Site) -> None:
    work, other = await accepted(site, story=STORY), await accepted(site, story="好。")
    exhibition, room = await begun([work, other])
    hanging = await Hanging.get(room_id=room.id, artwork_id=work.id)
    here = f"/desk/exhibitions/{exhibition.id}"
    path = f"{here}/hangings/{hanging.id}/sentence"
    field = f"hanging-{hanging.id}-sentence[zh]"
    client = await site.client(site.cast.curator)

    async def choose(sentence: str, seen: str = "", accept: str = "*/*") -> int:
        data = {field: sentence, "seen": seen}
        return (await client.post(path, data=data, headers={"accept": accept})).status_code

    page = (await client.get(here)).text
    offered = texts_in(page, f"select[name='{field}'] option")
    assert offered[2:] == [PLAIN, QUOTED, "“老虎不哭，老虎只是眼睛湿了。”她这样说过。"]
    stale = seen_at(page, path)
    assert await choose(PLAIN, stale) == 303
    assert (await Hanging.get(id=hanging.id)).sentence == in_zh(PLAIN)
    # Somebody who still sees the old page, and a sentence that the story does not have.
    assert await choose(QUOTED, stale, "application/json") == 422
    assert await choose("老虎不哭", accept="application/json") == 422
    assert (await Hanging.get(id=hanging.id)).sentence == in_zh(PLAIN)
    partner = await site.client(site.cast.partner)
    assert (await partner.post(path, data={field: QUOTED})).status_code in (403, 404)

    first = await drafts.publish(exhibition, site.cast.curator)
    address = f"/zh/exhibitions/{exhibition.slug}"
    assert text_in(await page_text(site, address), ".said blockquote") == PLAIN
    assert "出自" in text_in(await page_text(site, address), ".said figcaption")

    # Only a quotation that a curator chose stands beside the artist's name alone.
    assert await choose(QUOTED, seen_at((await client.get(here)).text, path)) == 303
    comparison = (await client.get(f"{here}/comparison?before=1&after=draft")).text
    assert PLAIN in comparison
    assert QUOTED in comparison
    await drafts.publish(exhibition, site.cast.curator)
    page = await page_text(site, address)
    assert text_in(page, ".said blockquote") == QUOTED
    assert "出自" not in text_in(page, ".said figcaption")

    # It travels with its edition, and goes when the story changes, and with the work.
    await restore(first, site.cast.curator)
    draft = await Hanging.get(room__edition__number=None, artwork_id=work.id)
    assert draft.sentence == in_zh(PLAIN)
    await type(work).filter(id=work.id).update(story=in_zh("换了一个故事，里面没有那句话。"))
    await bump()
    assert text_in(await page_text(site, address), ".said blockquote") == "换了一个故事，里面没有那句话。"
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert not any(hanging.sentence for hanging in await Hanging.all())


async def test_no_room_is_full_of_sentences(site: Site) -> None:
    works = [await accepted(site, story=STORY) for _ in range(9)]
    exhibition = await factories.exhibition(works)
    await Hanging.filter(artwork_id=works[8].id).update(sentence=in_zh("-"))
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    assert len(select(page, ".on-wall .sentence")) == 3
    assert len(select(page, ".said blockquote")) == 1
    english = await page_text(site, f"/en/exhibitions/{exhibition.slug}")
    assert "From the story of" in text_in(english, ".said figcaption")


async def test_exhibition_ends_with_words_projects_thanks_and_the_next_one(site: Site) -> None:
    works = [await accepted(site) for _ in range(3)]
    closing = Texts({"zh": "往一起靠一靠。", "en": "Move **closer**."})
    exhibition = await factories.exhibition(works, closing=closing)
    address = f"/en/exhibitions/{exhibition.slug}"
    ending = (await page_text(site, address)).partition('id="ending"')[2]
    assert "Move <strong>closer</strong>." in ending
    assert "Support this project" in ending
    assert "with which you can thank its artist" in ending
    assert 'href="#room-1"' in ending
    assert "See next" not in ending
    later = await factories.exhibition([works[2]], opens_at=now() + timedelta(days=9))
    await bump()
    page = await page_text(site, address)
    assert "Opening next" in page
    assert later.slug not in page  # it has no page yet, so there is no link
    other = await factories.exhibition([works[1]])
    await bump()
    ending = (await page_text(site, address)).partition('id="ending"')[2]
    assert f'href="/en/exhibitions/{other.slug}"' in ending
    await drafts.unpublish(other, site.cast.curator)
    assert other.slug not in await page_text(site, address)


async def test_next_leads_through_the_rooms_to_the_ending(site: Site) -> None:
    works = [await accepted(site) for _ in range(3)]
    exhibition = await factories.exhibition(works[:2])
    edition = await Edition.get(exhibition=exhibition, number=1)
    room = await Room.create(edition=edition, position=2, title=in_zh("二号厅"))
    await Hanging.create(room=room, artwork=works[2], position=1)
    await bump()
    links = [
        attribute(await page_text(site, f"/zh/works/{work.public_id}"), ".turn .next", "href")
        for work in works
    ]
    assert links == [
        f"/zh/works/{works[1].public_id}",
        f"/zh/works/{works[2].public_id}",
        f"/zh/exhibitions/{exhibition.slug}#ending",
    ]
    assert 'id="ending"' in await page_text(site, f"/zh/exhibitions/{exhibition.slug}")


@pytest.mark.parametrize("rooms", [(2, WORKS_PER_PAGE), (2, WORKS_PER_PAGE + 3), (2 * WORKS_PER_PAGE + 1,)])
async def test_the_last_work_leads_to_the_page_with_the_ending(site: Site, rooms: tuple[int, ...]) -> None:
    exhibition, works = await long_exhibition(site, *rooms)
    link = attribute(await page_text(site, f"/zh/works/{works[-1].public_id}"), ".turn .next", "href")
    assert link.startswith(f"/zh/exhibitions/{exhibition.slug}?room={len(rooms)}")
    page = await page_text(site, link.removesuffix("#ending"))
    assert select(page, "#ending")
    assert works[-1].public_id in page
    walk = f"/zh/exhibitions/{exhibition.slug}/walk"
    for path, ends in ((walk, False), (f"{walk}?room={len(rooms)}", rooms[-1] <= WORKS_PER_PAGE)):
        onward = attribute(await page_text(site, path), ".walk-end a", "href")
        assert onward.endswith("#ending") == ends
        assert bool(select(await page_text(site, onward.partition("#")[0]), "#ending")) == ends or not ends


async def test_printed_work_has_its_code(site: Site) -> None:
    work = await accepted(site)
    await factories.exhibition([work])
    page = await page_text(site, f"/zh/works/{work.public_id}")
    assert select(page, ".printed-code svg path")
    assert text_in(page, ".printed-code p").endswith(f"/zh/works/{work.public_id}")


async def test_nearly_black_picture_has_an_edge(site: Site) -> None:
    works = [await accepted(site) for _ in range(2)]
    await Image.filter(id=works[0].image_id).update(mean_colour="#0d0c0b")
    await Image.filter(id=works[1].image_id).update(mean_colour="#806040")
    exhibition = await factories.exhibition(works)
    (style,) = [
        tag.get_text() for tag in select(await page_text(site, f"/zh/exhibitions/{exhibition.slug}"), "style")
    ]
    rules = {rule.partition("{")[0]: rule for rule in style.split("}")}
    assert "--e:1px" in rules[f".p{works[0].image_id}"]
    assert "--e:1px" not in rules[f".p{works[1].image_id}"]


async def test_queries_do_not_grow_with_the_works(site: Site) -> None:
    works = [await accepted(site, story=STORY) for _ in range(7)]
    counted = []
    for number in (2, 7):
        exhibition = await factories.exhibition(works[:number])
        await bump()
        await page_text(site, "/zh/about")
        with counted_queries() as queries:
            await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
        counted.append(len(queries))
        await drafts.unpublish(exhibition, site.cast.curator)
    assert counted[0] == counted[1]
