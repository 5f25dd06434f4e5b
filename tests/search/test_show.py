"""The search page: results, their order, who may see them, and unusual queries."""

from __future__ import annotations

import asyncio
import contextvars
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from tortoise.connection import get_connection

from gallery.artists.models import Artist, Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import frozen_at, start_of_tomorrow, today
from gallery.db.connection import in_transaction, locked
from gallery.db.content_version import bump, current_number
from gallery.db.models import ContentChange
from gallery.exhibitions.models import Edition, Room
from gallery.organisations.models import Organisation, Project
from gallery.search import engine, indexing, results
from gallery.search.engine import find_hits
from gallery.search.indexing import continue_pass, rebuild
from gallery.search.models import SearchEntry, SearchWord
from gallery.search.tokenizer import spans, terms_of
from gallery.themes.models import Theme
from gallery.web.page_keys import work_key
from gallery.web.texts import Texts, contains_words
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attributes, select, text_in, texts_in
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")

WORKS: list[dict[str, Any]] = [
    {
        "title": "饺子皮", "title_translation": "Dumpling Wrappers", "story": "派派喜欢画画，看了世界杯。", "medium": "水彩",
        "story_translation": "He loves to paint, and saw the World Cup.", "alt_text": "一个球员", "date_made": "2022",
    },
    {
        "title": "冬至吃汤圆啦", "title_translation": "Tangyuan for the Solstice", "story": "在南方，冬至这一天吃汤圆。",
        "story_translation": "In the south people eat tangyuan.", "alt_text": "蓝碗", "date_made": "2021",
    },
    {
        "title": "数灯笼", "title_translation": "Counting Lanterns", "story": "冬天里，至少有八盏灯笼。",
        "story_translation": "She painted a lantern for her grandmother.", "alt_text": "红灯笼", "date_made": "2021",
    },
    {
        "language": "en", "title": "Snow on the pitch", "title_translation": "球场上的雪",
        "story": "Dumplings were waiting at home.",
        "story_translation": "家里有饺子在等。", "alt_text": "A snowy pitch", "medium": "Crayon", "medium_translation": "蜡笔",
    },
]  # fmt: skip


@pytest.fixture
async def wall(site: Site) -> list[Artwork]:
    """Four works on view and one that is not."""
    theme = await factories.theme(slug="solstice", title=Texts({"zh": "冬至", "en": "Winter Solstice"}))
    plain = await factories.theme(slug="plain", title=Texts({"zh": "平常", "en": "Plain"}))
    project = await factories.project(
        site.cast.organisation, title=Texts({"zh": "团圆计划", "en": "Reunion"})
    )
    works = []
    for number, texts in enumerate(WORKS):
        works.append(
            await factories.artwork(
                site.storage,
                site.cast.organisation,
                status=Status.ACCEPTED,
                project=project,
                themes=[theme if number == 1 else plain],
                **{"medium": "剪纸", "medium_translation": "Paper cut", "alt_text_translation": "", **texts},
            )
        )
    await factories.exhibition(
        works,
        slug="round",
        title=Texts({"zh": "团圆", "en": "Round"}),
        introduction=in_zh("圆的。"),
        theme=theme,
    )
    await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, title="没有挂出来的饺子", project=project, themes=[plain]
    )  # fmt: skip
    await site.work()
    return works


async def found(client: httpx.AsyncClient, q: str = "", language: str = "zh", **filters: str) -> list[str]:
    """The addresses of the results, in order."""
    answer = await client.get(f"/{language}/search?{urlencode({'q': q, **filters})}")
    assert answer.status_code == 200
    return [path.removeprefix(f"/{language}/") for path in attributes(answer.text, "ul.index h3 > a", "href")]


# Works


QUESTIONS: list[tuple[str, list[str]]] = [
    ("饺子", ["饺子皮", "Snow on the pitch"]),
    ("饺子皮", ["饺子皮"]),
    ("冬至吃", ["冬至吃汤圆啦"]),
    ("世界杯", ["饺子皮"]),
    ("雪", ["Snow on the pitch"]),
    ("lantern", ["数灯笼"]),
    ("Lanterns PAINTED", ["数灯笼"]),
    ("dumpling", ["饺子皮", "Snow on the pitch"]),
    ("snow 饺子", ["Snow on the pitch"]),
    ("ｌａｎｔｅｒｎ", ["数灯笼"]),
    ("灯笼 麦田", []),
    ("至少有", ["数灯笼"]),
    ("天里至", []),
    ("剪纸 2021", ["数灯笼", "冬至吃汤圆啦"]),
    ("the lantern of a grandmother", ["数灯笼"]),
    ("jiaozi", ["饺子皮"]),
    ("dōngzhì", ["冬至吃汤圆啦"]),
    ("dong zhi", ["冬至吃汤圆啦"]),
    ("dong1zhi4 chi TANGYUAN", ["冬至吃汤圆啦"]),
    ("jiaozi 皮 paint", []),
    ("jiaozi 皮", ["饺子皮"]),
    ("tangyuan", ["冬至吃汤圆啦"]),  # also a word of its English texts
    ("xue", ["Snow on the pitch"]),
    ("shu deng long", ["数灯笼"]),
    ("jiaozi long", []),
    ("jiao", ["饺子皮"]),
    ("zhijiao", []),
]


async def test_works_are_found_by_their_words(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    names = {f"works/{work.public_id}": work.own("title") for work in wall}
    for question, titles in QUESTIONS:
        for language in ("zh", "en"):
            answers = await found(client, question, language, kind="work")
            assert [names[path] for path in answers] == titles, question


async def test_things_of_all_kinds_are_found_titles_first(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    work = f"works/{wall[1].public_id}"
    assert await found(client, "冬至") == ["themes/solstice", work, "exhibitions/round"]
    assert (await found(client, "团圆"))[0] == "exhibitions/round"
    assert (await found(client, "团圆"))[1].startswith("projects/")
    assert (await found(client, "xiaogeng"))[0] == "organisations/xiaogeng"
    assert len(await found(client, "xiaogeng")) == 2 + len(wall)  # its project and its works, too


async def test_credit_names_are_found_as_titles(site: Site, wall: list[Artwork]) -> None:
    credit = (await Artist.get(artworks__id=wall[2].id)).credit_name
    assert await found(await site.client(), credit) == [f"works/{wall[2].public_id}"]


async def test_both_databases_answer_as_the_texts_say(site: Site, wall: list[Artwork]) -> None:
    """Every pair, character and word of the texts, and pairs across their ends, compared with a plain scan of
    all texts.
    """
    client = await site.client()
    texts = {
        f"works/{work.public_id}": [
            words
            for name in ("title", "story", "alt_text", "medium")
            for words in getattr(work, name).values()
        ]
        for work in wall
    }
    everything = "".join(text for each in texts.values() for text in each)
    chinese = re.sub(r"[^\u4e00-\u9fff]", "", everything)
    questions = {chinese[place : place + size] for place in range(0, len(chinese), 5) for size in (1, 2, 3)}
    questions |= set(re.findall(r"[a-z]{3,}", everything.lower()))
    for question in sorted(questions):
        terms = terms_of(question)
        expected = {path for path, parts in texts.items() if any(spans(part, terms) for part in parts)}
        answers = set(await found(client, question, kind="work"))
        assert expected <= answers, question
        assert (
            answers - expected <= set(texts)
            if question in "冬至平常团圆计划晓更基金会小画家"
            else answers == expected
        )


async def test_looking_through_the_newest_first_changes_no_answer(
    site: Site, wall: list[Artwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    for question in ("饺子", "冬至", "画", "lantern", "团圆 剪纸", "xiaogeng"):
        everything = await find_hits(terms_of(question), [], None, 50)
        for looked_through in (1, 3, 5, 600):
            monkeypatch.setattr(engine, "SCANNED_FIRST", looked_through)
            for most in (1, 2, 3, 4):
                for place in range(-1, len(everything)):
                    after = everything[place] if place >= 0 else None
                    found = await find_hits(terms_of(question), [], after, most)
                    assert found == everything[place + 1 :][:most], (question, looked_through, most, place)


async def test_what_was_found_is_marked(site: Site, wall: list[Artwork]) -> None:
    page = (await (await site.client()).get("/zh/search", params={"q": "冬至吃 paint"})).text
    assert "没有找到" in page  # nothing has both
    page = (await (await site.client()).get("/zh/search", params={"q": "汤圆"})).text
    assert "冬至吃<mark>汤圆</mark>啦" in page
    assert "冬至这一天吃<mark>汤圆</mark>。" in page
    page = (await (await site.client()).get("/en/search", params={"q": "lanterns"})).text
    assert "Counting <mark>Lanterns</mark>" in page
    assert "painted a <mark>lantern</mark>" in page


async def test_what_was_found_by_its_sound_is_marked(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    page = (await client.get("/zh/search", params={"q": "jiaozi"})).text
    assert "<mark>饺子</mark>皮" in page
    page = (await client.get("/en/search", params={"q": "dongzhi tangyuan"})).text
    assert "<mark>冬至</mark>吃<mark>汤圆</mark>啦" in page


async def test_words_come_before_sounds_and_pages_go_on_through_both(
    site: Site, wall: list[Artwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    """wo men is pinyin, and an English word."""
    await Artwork.filter(id=wall[0].id).update(title=in_zh("我们的球"))
    await Artwork.filter(id=wall[1].id).update(story=Texts({"en": "The women and men cooked."}))
    await bump()
    await site.work()
    client = await site.client()
    expected = [f"works/{wall[1].public_id}", f"works/{wall[0].public_id}"]
    assert await found(client, "women") == expected
    assert await found(client, "Men") == expected[:1]  # a syllable is read as pinyin only if it is no word
    assert await found(client, "wo") == expected[1:]
    monkeypatch.setattr(results, "PAGE_SIZE", 1)
    page = (await client.get("/zh/search", params={"q": "women"})).text
    (following,) = attributes(page, "[rel=next]", "href")
    page = (await client.get(following)).text
    assert attributes(page, "ul.index h3 > a", "href") == [f"/zh/{expected[1]}"]
    assert not attributes(page, "[rel=next]", "href")


def filter_links(page: str) -> list[tuple[str, str]]:
    """The addresses of the filters, each with its number of results."""
    return [
        (str(link["href"]), text_in(link, ".count")) for link in select(page, "a[rel=nofollow]:has(> .count)")
    ]


def narrowed_by(link: str) -> set[str]:
    return {name for name, _ in parse_qsl(urlsplit(link).query)} - {"q"}


async def test_filters_are_links_that_lead_to_as_many_as_they_say(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    page = (await client.get("/zh/search", params={"q": "饺子 xiaogeng"})).text
    assert {name for link, _ in filter_links(page) for name in narrowed_by(link)} == {
        "language",
        "medium",
        "year",
    } - {"year"}
    page = (await client.get("/zh/search", params={"q": "基金会"})).text
    links = filter_links(page)
    assert {name for link, _ in links for name in narrowed_by(link)} >= {
        "kind",
        "theme",
        "medium",
        "year",
        "language",
    }
    for link, count in links:
        narrowed = (await client.get(link)).text
        assert narrowed.count("<h3") == int(count), link
        assert 'aria-current="true"><span' in narrowed


async def test_an_exhibition_to_come_and_a_stopped_organisation_are_not_found(
    site: Site, wall: list[Artwork]
) -> None:
    client = await site.client()
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    assert await found(client, "饺子") == []
    assert not any(path.startswith(("organisations/", "projects/")) for path in await found(client, "晓更"))
    await Edition.filter(number=1).update(opens_at=None, is_current=False)
    assert "exhibitions/round" not in await found(client, "团圆")


async def test_the_index_follows_what_changes(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    await Organisation.filter(id=site.cast.organisation.id).update(name=Texts({"zh": "萤火虫"}))
    room = await Room.filter(edition__number=1).first()
    assert room is not None
    room.text = in_zh("走马灯")
    await room.save()
    await bump()
    assert await found(client, "萤火虫") == []
    await site.work()
    assert len(await found(client, "萤火虫")) == 2 + len(wall)
    assert await found(client, "晓更") == []
    assert await found(client, "走马灯") == ["exhibitions/round"]


async def test_a_quiet_site_has_nothing_to_index(site: Site, wall: list[Artwork]) -> None:
    before = {entry.id: entry.stamp for entry in await SearchEntry.all()}
    assert len(before) == len(wall) + 5  # two themes, an exhibition, a project, an organisation
    assert not await continue_pass()
    assert await rebuild() == len(before)
    assert {entry.id: entry.stamp for entry in await SearchEntry.all()} == before


async def test_a_change_is_indexed_without_reading_other_works(
    site: Site, wall: list[Artwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "READ_AT_ONCE", 1)  # so each work that is read takes a batch

    async def batches() -> int:
        done = 0
        while await continue_pass():
            done += 1
        return done

    client = await site.client()
    await Artwork.filter(id=wall[0].id).update(title=in_zh("走马灯"))
    await bump([work_key(wall[0].id)])
    touched = await batches()
    assert await found(client, "走马灯") == [f"works/{wall[0].public_id}"]
    await Artwork.filter(id=wall[1].id).update(title=in_zh("萤火虫"))
    await bump(rows=[work_key(wall[1].id)])
    assert await batches() == touched
    assert await found(client, "萤火虫") == [f"works/{wall[1].public_id}"]
    await bump(rows=())
    assert await batches() < touched
    await bump()
    assert await batches() > touched + len(wall) - 2


async def test_the_index_reads_everything_if_changes_are_no_longer_kept(
    site: Site, wall: list[Artwork]
) -> None:
    await Artwork.filter(id=wall[0].id).update(title=in_zh("走马灯"))
    for _ in range(3):
        await bump(rows=())
    await ContentChange.filter(number=await current_number() - 1).delete()
    await site.work()
    assert await found(await site.client(), "走马灯") == [f"works/{wall[0].public_id}"]


async def test_what_contains_a_changed_text_is_indexed_with_it(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    organisation, theme, project = (
        await site.cast.organisation.get(id=site.cast.organisation.id),
        await Theme.get(slug="plain"),
        await Project.get(contains_words("title", "团圆计划")),
    )
    works = len(wall)
    for row, field, key, word, count in (
        (organisation, "name", "organisation", "萤火虫", works + 2),  # with its project
        (theme, "title", "theme", "走马灯", works - 1 + 1),
        (project, "title", "project", "麦田", works + 1),
    ):
        await type(row).filter(id=row.id).update(**{field: Texts({"zh": word})})
        await bump(rows=[f"{key}:{row.id}"])
        await site.work()
        assert len(await found(client, word)) == count, key


async def test_time_alone_changes_the_index(site: Site, wall: list[Artwork]) -> None:
    """A consent ends, and an exhibition opens, while nobody changes anything."""
    client = await site.client()
    await Consent.filter(artworks__id=wall[0].id).update(ends_on=today())
    await site.work()
    tomorrow = start_of_tomorrow()
    unhung = await Artwork.get(title__contains="没有挂出来的饺子")
    await factories.exhibition([unhung], slug="later", opens_at=tomorrow + timedelta(hours=1))
    await site.work()
    assert len(await found(client, "饺子", kind="work")) == 2
    with frozen_at(tomorrow + timedelta(minutes=1)):
        await site.work()
        assert await SearchEntry.filter(artwork_id=wall[0].id).count() == 0
        assert await SearchEntry.filter(artwork_id=unhung.id).count() == 0
    with frozen_at(tomorrow + timedelta(hours=2)):
        await site.work()
        assert await SearchEntry.filter(artwork_id=unhung.id).count() == 1


async def test_a_rebuild_that_was_stopped_goes_on(
    site: Site, wall: list[Artwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "READ_AT_ONCE", 1)
    before = {entry.id: entry.stamp for entry in await SearchEntry.all()}
    reports: list[tuple[int, int]] = []

    def stop(what: str, done: int, total: int) -> None:
        reports.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(stop)
    written = await SearchEntry.all().count()
    assert 0 < written < len(before)
    reports.clear()
    assert await rebuild(lambda what, done, total: reports.append((done, total))) == len(before)
    assert reports[0][0] == 4  # it went on
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert reports[-1] == (reports[0][1], reports[0][1])
    assert {entry.id: entry.stamp for entry in await SearchEntry.all()} == before


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("rows", ["works", "entries"])
async def test_what_somebody_held_during_a_pass_is_indexed_in_the_next(
    site: Site, wall: list[Artwork], rows: str
) -> None:
    client = await site.client()
    await Artwork.filter(id=wall[0].id).update(title=in_zh("走马灯"))
    await bump()
    held = Artwork.filter(id=wall[0].id) if rows == "works" else SearchEntry.filter(artwork_id=wall[0].id)
    async with in_transaction():
        await locked(held).get()
        await asyncio.create_task(site.work(), context=contextvars.Context())
    assert await found(client, "走马灯") == []
    await site.work()
    assert await found(client, "走马灯") == [f"works/{wall[0].public_id}"]
    assert not await continue_pass()


# Withdrawal


async def test_a_withdrawn_work_leaves_the_index_with_the_withdrawal(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    consent = await Consent.get(artworks__id=wall[0].id)
    await withdraw(consent, site.storage)  # and no worker
    assert not await SearchEntry.exists(artwork_id=wall[0].id)
    assert await found(client, "饺子") == [f"works/{wall[3].public_id}"]
    if get_connection("default").capabilities.dialect == "sqlite":
        await get_connection("default").execute_query(
            "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"
        )
    await site.work()
    assert await found(client, "饺子") == [f"works/{wall[3].public_id}"]


async def test_an_entry_that_outlived_its_work_is_not_shown(site: Site, wall: list[Artwork]) -> None:
    """Even if the index is wrong, the on-view rule is applied."""
    await Artwork.filter(id=wall[0].id).update(status=Status.DECLINED)
    assert await found(await site.client(), "饺子") == [f"works/{wall[3].public_id}"]


async def test_private_words_are_not_in_the_index(site: Site, wall: list[Artwork]) -> None:
    await Consent.filter(artworks__id=wall[0].id).update(assent="我愿意秘密")
    await bump()
    await rebuild()
    client = await site.client()
    assert await found(client, "愿意") == []
    assert await found(client, "parent") == []


# Bad input


ODD = [
    "x" * 10_000,
    "冬" * 7_000,
    '"',
    "' OR 1=1; --",
    "title_tokens : 饺子",
    "NEAR(饺子 皮)",
    "* ^ ( ) AND OR NOT",
    "😀",
    "，。！",
    "\ud7ff\uffff",
    "$q$",
    "a\\b'c",
    "饺子 -皮 +子",
    "%",
    "_",
]


async def test_odd_questions_are_answered_quietly(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    for question in ODD:
        for language in ("zh", "en"):
            answer = await client.get(f"/{language}/search", params={"q": question})
            assert answer.status_code == 200, question
            assert "<script>" not in answer.text
            assert len(answer.content) < 40_000


async def test_a_nul_is_refused_and_an_unknown_key_is_not_there(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    assert (await client.get("/zh/search?q=%00")).status_code == 400
    for key in ("9", "t", "x-1", "t" + "9" * 40, "冬"):
        assert (await client.get("/zh/search", params={"q": "饺子", "after": key})).status_code == 404
    beyond = await client.get("/zh/search", params={"q": "饺子", "after": "x1"})
    assert beyond.status_code == 200
    assert "没有更多结果" in beyond.text


SUGGESTED = [
    ("lantrens", ["lanterns"]),
    ("dumplngs", ["dumpling"]),  # only titles have words to suggest
    ("olstice", ["solstice"]),
    ("snwo pitch", ["snow pitch", "snow", "pitch"]),
    ("汤园", ["汤圆"]),
    ("湯園", ["汤圆"]),
    ("数灯龙", ["数灯笼"]),
    ("数花笼", ["数灯笼"]),
    ("饺子麦田", ["饺子"]),
    ("天里至", []),
    ("麦", []),
    ("zebra", []),
]


async def test_a_query_with_a_mistake_gets_words_that_have_results(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    for question, words in SUGGESTED:
        page = (await client.get("/en/search", params={"q": question})).text
        assert texts_in(page, "p.nearby > a") == words, question
        for address in attributes(page, "p.nearby > a", "href"):
            assert select((await client.get(address)).text, "ul.index li"), address
    assert "solstice" in page  # the themes are there, and new works
    assert wall[3].public_id in page


COMPLETED = [
    ("l", ["lanterns"]),
    ("Coun", ["counting", "Counting Lanterns"]),
    ("counting l", ["Counting Lanterns"]),
    ("dong", ["冬至", "冬至吃汤圆啦"]),
    ("dongzh", ["冬至", "冬至吃汤圆啦"]),
    ("dōng zhì", ["冬至", "冬至吃汤圆啦"]),
    ("冬", ["冬至", "冬至吃汤圆啦"]),
    ("汤圆", ["冬至吃汤圆啦"]),
    ("tangyuan", ["tangyuan", "Tangyuan for the Solstice", "冬至吃汤圆啦"]),
    ("餃", ["饺子皮"]),
    ("", []),
    ("?!", []),
    ("zebra", []),
    ("没有挂", []),  # not on view
    ("\uffff\U0010ffff", []),
    ("%_'", []),
]


async def completed(client: httpx.AsyncClient, typed: str) -> list[str]:
    answer = await client.get("/zh/search/suggestions", params={"q": typed})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    return [option["text"] for option in answer.json()]


async def test_titles_and_words_are_suggested_while_a_query_is_typed(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    for typed, options in COMPLETED:
        assert await completed(client, typed) == options, typed
    assert (await client.get("/en/search/suggestions", params={"q": "冬至吃"})).json() == [
        {
            "text": "冬至吃汤圆啦",
            "lang": "zh-Hans",
            "address": "/en/search?q=%E5%86%AC%E8%87%B3%E5%90%83%E6%B1%A4%E5%9C%86%E5%95%A6",
        }
    ]
    site.app.page_cache.max_bytes = 0  # type: ignore[attr-defined]  # it asks for the content version now and then
    with counted_queries() as ran:
        await completed(client, "l")
    assert len(ran) <= 6


async def test_words_of_a_withdrawn_work_are_gone_with_it(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()
    assert await SearchWord.filter(entry__artwork_id=wall[1].id).count() > 5
    await withdraw(await Consent.get(artworks__id=wall[1].id), site.storage)  # and no worker
    assert not await SearchWord.exists(text__contains="汤圆")
    assert await completed(client, "tangyuan") == []
    page = (await client.get("/en/search", params={"q": "汤园"})).text
    assert texts_in(page, "p.nearby > a") == []
    await Artwork.filter(id=wall[2].id).update(status=Status.DECLINED)  # the index does not know it yet
    assert await completed(client, "lant") == []
    page = (await client.get("/en/search", params={"q": "lantrens"})).text
    assert texts_in(page, "p.nearby > a") == []


async def test_an_unknown_filter_finds_nothing_and_can_be_taken_off(site: Site, wall: list[Artwork]) -> None:
    page = (await (await site.client()).get("/zh/search", params={"q": "饺子", "theme": "nosuch"})).text
    assert 'href="/zh/search?q=%E9%A5%BA%E5%AD%90"' in page


# Edge


async def test_the_page_is_neither_kept_nor_indexed_and_sets_no_cookie(
    site: Site, wall: list[Artwork]
) -> None:
    client = await site.client()
    answer = await client.get("/zh/search", params={"q": "饺子"}, headers={"accept-encoding": "br"})
    assert answer.headers["cache-control"] == "no-cache"
    assert "set-cookie" not in answer.headers
    assert '<meta name="robots" content="noindex, noai, noimageai">' in answer.text
    assert answer.headers["x-robots-tag"] == "noai, noimageai"
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["vary"] == "accept-encoding"
    assert 'href="/en/search?q=%E9%A5%BA%E5%AD%90" hreflang="en"' in answer.text


async def test_an_empty_question_shows_themes_and_new_works(site: Site, wall: list[Artwork]) -> None:
    page = (await (await site.client()).get("/en/search")).text
    assert "Winter Solstice" in page
    assert "noindex" not in page
    assert wall[3].public_id in page


async def test_pages_follow_one_another_without_gap_or_repetition(
    site: Site, wall: list[Artwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "PAGE_SIZE", 2)
    client = await site.client()
    everything = await found(client, "晓更")
    seen: list[str] = []
    path = f"/zh/search?{urlencode({'q': '晓更'})}"
    while path:
        page = (await client.get(path)).text
        seen += [each.removeprefix("/zh/") for each in attributes(page, "ul.index h3 > a", "href")]
        path = next(iter(attributes(page, "[rel=next]", "href")), "")
    assert len(seen) == len(set(seen)) == 2 + len(wall)
    assert seen[:2] == everything


async def test_many_answers_need_no_more_queries_than_few(site: Site, wall: list[Artwork]) -> None:
    client = await site.client()

    async def queries(q: str) -> int:
        with counted_queries() as ran:
            assert (await client.get("/zh/search", params={"q": q})).status_code == 200
        return len(ran)

    site.app.page_cache.max_bytes = 0  # type: ignore[attr-defined]  # it asks for the content version now and then
    few = await queries("剪纸")
    theme = await factories.theme(title=Texts({"zh": "很多"}))
    more = [
        await factories.artwork(
            site.storage, site.cast.organisation, status=Status.ACCEPTED, medium="剪纸", themes=[theme]
        )
        for _ in range(12)
    ]
    await factories.exhibition(more)
    await bump()
    await site.work()
    assert await queries("剪纸") == few
