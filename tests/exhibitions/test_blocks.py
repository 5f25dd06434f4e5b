"""What stands between the works: at the desk, on the pages that visitors see, in previews and after a withdrawal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import Artwork
from gallery.exhibitions import drafts
from gallery.exhibitions.arrangement_copies import restore
from gallery.exhibitions.blocks import FILM_HOSTS, HungLabel, HungLabels, film_host
from gallery.exhibitions.draft_lists import MAX_LIST_ENTRIES
from gallery.exhibitions.models import Edition, Exhibition, Hanging
from gallery.public.rooms import RoomPart, ShownRoom
from gallery.web.languages import LocalizedText
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_zh
from tests.markup import attribute, attributes, select, texts_in
from tests.public.pages import page_after_change, page_text
from tests.queries import counted_queries

STORY = "妈妈在揉面。他说：“面要醒一会儿。”后来下雪了。"
EMPTY = {
    "second": "",
    "left": "",
    "top": "",
    "width": "",
    "height": "",
    "link": "",
    "text[zh]": "",
    "work": "",
}


async def draft(site: Site, number: int = 4) -> tuple[Exhibition, list[Artwork], str]:
    works = [
        await accepted(site, title=in_zh(f"作品{each}"), story=in_zh(STORY)) for each in range(1, number + 1)
    ]
    exhibition = await factories.exhibition(works, slug="solstice")
    return exhibition, works, f"/desk/exhibitions/{exhibition.id}/blocks"


async def blocks(exhibition: Exhibition) -> list[dict[str, Any]]:
    return (await Edition.get(exhibition_id=exhibition.id, number__isnull=True)).blocks or []


async def add(site: Site, here: str, status: int = 303, **typed: str) -> str:
    client = await site.client(site.cast.curator)
    fields = {**EMPTY, "kind": "text", "place": "1.1", "side": "after", **typed}
    answer = await client.post(here, data={f"new-{name}": value for name, value in fields.items()})
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_each_kind_is_built_published_and_seen(site: Site) -> None:
    exhibition, works, here = await draft(site, 6)
    assert "Between the works" in await page_text_at_desk(site, here.removesuffix("/blocks"))
    await add(site, here, place="1.1 作品1", **{"text[zh]": "# 灶台\n\n**冬天**", "text[en]": "# The stove"})
    await add(site, here, kind="quotation", place="1.2", work="1.2", on_accent="y")
    await add(site, here, kind="work", place="1.3", side="before", work="1.3")
    await add(site, here, kind="pair", place="1.4", work="1.4", second="1.5", **{"text[zh]": "两双手"})
    region = {"left": "20", "top": "10", "width": "50", "height": "40"}
    await add(site, here, kind="detail", place="1.6", work="1.6", **region, **{"text[zh]": "碗边有一个缺口"})
    await add(
        site, here, kind="film", place="1.6", link="https://www.bilibili.com/video/1", **{"text[zh]": "画室"}
    )
    assert select(await page_text(site, "/zh/exhibitions/solstice"), ".between") == []
    preview = attribute(await page_text_at_desk(site, here.replace("/blocks", "/preview")), "iframe", "src")
    assert len(select(await page_text(site, preview), ".between")) == 6

    await drafts.publish(exhibition, site.cast.curator)
    page = await page_after_change(site, "/zh/exhibitions/solstice")
    assert [each["class"] for each in select(page, ".between")] == [
        ["between", f"of-{kind}", *(["on-accent"] if kind == "quotation" else [])]
        for kind in ("text", "quotation", "work", "pair", "detail", "film")
    ]
    assert texts_in(page, ".of-text h3") == ["灶台"]
    assert texts_in(page, ".of-quotation blockquote") == ["“面要醒一会儿。”"]
    assert texts_in(page, ".of-work figcaption a") == ["作品3"]
    assert STORY in texts_in(page, ".of-work .prose")
    assert texts_in(page, ".of-pair figcaption a") == ["作品4", "作品5"]
    (source,) = attributes(page, ".of-detail img", "src")
    image = (await Artwork.get(id=works[5].id).prefetch_related("image")).image
    assert image is not None
    assert f"/{round(image.width * 0.2)},{round(image.height * 0.1)}," in source
    assert texts_in(page, ".of-film a") == ["画室"]
    # A work that hangs large is not in the row as well; the quoted one is, but not its sentence.
    assert texts_in(page, ".wall h3 a") == ["作品2", "作品6"]  # the first one hangs at the entrance
    assert texts_in(await page_text(site, "/en/exhibitions/solstice"), ".of-text h3") == ["The stove"]


async def page_text_at_desk(site: Site, path: str) -> str:
    answer = await (await site.client(site.cast.curator)).get(path, headers={"accept-language": "zh"})
    assert answer.status_code == 200, path
    return answer.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_withdrawn_work_takes_its_blocks_with_it(site: Site) -> None:
    await factories.consent(site.cast.organisation)  # so that ids of works are not those of their consents
    exhibition, works, here = await draft(site)
    region = {"left": "0", "top": "0", "width": "50", "height": "50"}
    await add(site, here, kind="detail", work="1.2", **region, **{"text[zh]": "她的手在抖"})
    await add(site, here, kind="pair", work="1.3", second="1.2", **{"text[zh]": "她们两个"})
    await add(site, here, place="1.2", **{"text[zh]": "灯下"})  # stands next to it, and does not show it
    await drafts.publish(exhibition, site.cast.curator)
    assert len(select(await page_after_change(site, "/zh/exhibitions/solstice"), ".between")) == 3
    await withdraw(await works[1].consent, site.storage)
    page = await page_after_change(site, "/zh/exhibitions/solstice")
    assert select(page, ".between") == []
    for edition in await Edition.filter(exhibition_id=exhibition.id):
        assert [entry["text"] for entry in edition.blocks or ()] in ([], [{"zh": "灯下"}])
    assert "她的手在抖" not in await page_text_at_desk(site, here)


async def test_only_curators_build(site: Site) -> None:
    exhibition, _works, here = await draft(site)
    for client in (await site.client(), await site.client(site.cast.partner)):
        assert (await client.get(here)).status_code in (303, 404)
        assert (await client.post(here, data={"new-kind": "text"})).status_code in (303, 404)
    assert await blocks(exhibition) == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text[zh]": ""}, "Please write a text"),
        ({"text[zh]": "长" * 3001}, "keep it to 3000"),
        ({"text[zh]": "x", "place": ""}, "next to which work"),
        ({"text[zh]": "x", "place": "9.9"}, "No work of the draft"),
        ({"text[zh]": "x", "kind": "poster"}, "no longer available"),
        ({"kind": "quotation"}, "which work it shows"),
        ({"kind": "pair", "work": "1.1"}, "the second one"),
        ({"kind": "pair", "work": "1.1", "second": "1.1"}, "the same work twice"),
        ({"kind": "detail", "work": "1.1", "text[zh]": "x"}, "how wide"),
        (
            {"kind": "detail", "work": "1.1", "text[zh]": "x", "left": "60", "width": "50", "height": "9"},
            "right edge",
        ),
        (
            {"kind": "detail", "work": "1.1", "text[zh]": "x", "top": "60", "width": "9", "height": "50"},
            "lower edge",
        ),
        (
            {"kind": "detail", "work": "1.1", "text[zh]": "x", "width": "101", "height": "9"},
            "number of per cent",
        ),
        ({"kind": "detail", "work": "1.1", "width": "9", "height": "9"}, "describe what can be seen"),
        ({"kind": "film", "text[zh]": "x"}, "address of the film"),
        ({"kind": "film", "text[zh]": "x", "link": "https://films.example.org/1"}, "bilibili.com"),
        ({"kind": "film", "link": "https://youtu.be/1"}, "title of the film"),
    ],
)
async def test_mistakes_are_named_and_nothing_is_lost(
    site: Site, typed: dict[str, str], sentence: str
) -> None:
    exhibition, _works, here = await draft(site, 1)
    if typed.get("text[zh]"):
        typed = {"text[en]": "Kept words", **typed}
    page = await add(site, here, 422, **typed)
    assert sentence in page
    assert ("Kept words" in page) == ("text[en]" in typed)
    assert await blocks(exhibition) == []


async def test_blocks_are_moved_changed_and_removed_and_follow_their_work(site: Site) -> None:
    exhibition, works, here = await draft(site)
    client = await site.client(site.cast.curator)
    for words in ("one", "two"):
        await add(site, here, place="1.2", **{"text[zh]": words})
    first, second = await blocks(exhibition)
    await client.post(f"{here}/{second['key']}/position", data={"position": "1"})
    assert [each["text"]["zh"] for each in await blocks(exhibition)] == ["two", "one"]
    # The work moves to the end of the room, and the blocks with it.
    hanging = await Hanging.get(artwork_id=works[1].id, room__edition__number__isnull=True)
    await drafts.move_hanging(hanging, 4, by=site.cast.curator)
    assert "after 1.4 作品2" in (await client.get(here)).text
    page = (await client.get(here)).text
    key = first["key"]
    fields = {
        "kind": "film",
        "place": "1.4",
        "side": "before",
        "link": "https://vimeo.com/1",
        "text[zh]": "Film",
    }
    seen = attribute(page, f"#entry-{key} input[name=seen]", "value")
    typed = {f"{key}-{name}": value for name, value in {**EMPTY, **fields}.items()}
    assert (await client.post(f"{here}/{key}", data={"seen": seen, **typed})).status_code == 303
    changed = (await blocks(exhibition))[1]
    assert (changed["kind"], changed["link"], changed["text"]) == (
        "film",
        "https://vimeo.com/1",
        {"zh": "Film"},
    )
    # Another window that still shows the text overwrites nothing unseen.
    answer = await client.post(f"{here}/{key}", data={"seen": seen, **typed, f"{key}-text[zh]": "Other"})
    assert answer.status_code == 422
    assert (await client.post(f"{here}/{key}/deletion")).status_code == 303
    assert [each["key"] for each in await blocks(exhibition)] == [second["key"]]
    await drafts.take_down(hanging, by=site.cast.curator)
    assert "no longer hangs" in (await client.get(here)).text


async def test_there_is_a_most_of_them(site: Site) -> None:
    exhibition, works, here = await draft(site, 1)
    entry = {
        "kind": "text",
        "side": "after",
        "place": works[0].id,
        "text": {"zh": "x"},
        "work": 0,
        "second": 0,
    }
    rest = {"left": 0, "top": 0, "width": 0, "height": 0, "link": "", "on_accent": False}
    full = [{"key": f"{number:08x}", **entry, **rest} for number in range(MAX_LIST_ENTRIES)]
    await Edition.filter(exhibition_id=exhibition.id, number__isnull=True).update(blocks=full)
    assert str(MAX_LIST_ENTRIES) in await add(site, here, 422, **{"text[zh]": "one more"})


async def test_blocks_need_one_more_query_however_many_they_are(site: Site) -> None:
    exhibition, _works, here = await draft(site)
    numbers = []
    for number in range(1, 4):
        await add(site, here, kind="quotation", place=f"1.{number}", work=f"1.{number}")
        await drafts.publish(exhibition, site.cast.curator)
        with counted_queries() as queries:
            await page_after_change(site, "/zh/exhibitions/solstice")
        numbers.append(len(queries))
    assert len(set(numbers[1:])) == 1


async def test_two_editions_are_compared_and_restored_with_their_blocks(site: Site) -> None:
    exhibition, _works, here = await draft(site)
    await add(site, here, place="1.2", **{"text[zh]": "留下来的话"})
    await drafts.publish(exhibition, site.cast.curator)
    client = await site.client(site.cast.curator)
    compared = (
        await client.get(here.replace("/blocks", "/comparison"), params={"before": "1", "after": "2"})
    ).text
    assert "留下来的话" in compared
    (entry,) = await blocks(exhibition)
    await client.post(f"{here}/{entry['key']}/deletion")
    second = await Edition.get(exhibition_id=exhibition.id, number=2)
    await restore(second, site.cast.curator)
    assert await blocks(exhibition) == [entry]


@given(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=6), st.integers(0, 9))
def test_each_work_of_a_room_is_in_one_run(size: int, places: list[int], gone: int) -> None:
    class Work:
        def __init__(self, id: int) -> None:
            self.id = id

    class Text:
        hangs_works = is_quotation = False
        works = ()

    here: list[Any] = [Work(id) for id in range(size)]
    between = [(min(place, size), Text()) for place in sorted(places)]
    nothing = LocalizedText("", "")
    room = ShownRoom(1, nothing, nothing, here, blocks=between)
    for each, left in ((room, here), (room.without(gone), [work for work in here if work.id != gone])):
        parts: list[RoomPart] = each.parts
        assert [work for part in parts for work in part.works] == left
        assert [part.block for part in parts] == [*(block for _place, block in between), None]


@given(st.text(max_size=30), st.sampled_from(FILM_HOSTS))
def test_only_known_hosts_have_films(words: str, host: str) -> None:
    assert film_host(f"https://m.{host}/watch?{words}".split("#")[0]) in (host, "") or "[" in words
    assert film_host(f"https://{host}.evil.example/1") == ""
    assert film_host(f"https://evil{host}/1") in ("", "youku.com") or not host
    assert film_host(f"https://{host}/1") == host


def test_works_are_found_by_number_or_whole_title() -> None:
    labels = HungLabels({7: HungLabel("1.1", "碗"), 8: HungLabel("1.2", "雪"), 9: HungLabel("2.1", "雪")})
    assert (labels.find("1.1"), labels.find("1.2 雪"), labels.find("碗")) == (7, 8, 7)
    assert (labels.find("雪"), labels.find("3.1 碗"), labels.find("0"), labels.of(10)) == (
        None,
        None,
        None,
        "",
    )
