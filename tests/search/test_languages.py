"""Searches in every language of a work, and among the words of its voice."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Picture, Status
from gallery.db.content_version import bump
from gallery.search.models import IndexPass, SearchEntry
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, select

pytestmark = pytest.mark.engines("sqlite", "postgresql")

# Each word in both forms of writing, with the other traditional forms that texts have.
PAIRS = [
    ("饺子", "餃子"),
    ("汤圆", "湯圓"),
    ("剪纸", "剪紙"),
    ("孤独症", "孤獨症"),
    ("里面", "裡面", "裏面"),
    ("台湾", "臺灣", "台灣"),
    ("灯笼", "燈籠"),
    ("风筝", "風箏"),
    ("面条", "麵條"),
    ("头发", "頭髮"),
    ("看着", "看著"),
    ("了解", "瞭解"),
    ("世界杯", "世界盃"),
    ("后来发现", "後來發現"),
    ("冬至吃汤圆", "冬至吃湯圓"),
    ("奶奶的钟", "奶奶的鐘"),
    ("为了妈妈", "為了媽媽", "爲了媽媽"),
    ("干净的雪", "乾淨的雪"),
]
WORKS = 6


async def hang(site: Site, *works: dict[str, object]) -> list[Artwork]:
    hung = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED, **texts)
        for texts in works
    ]
    await factories.exhibition(hung)
    await site.work()
    return hung


async def found(client: httpx.AsyncClient, q: str) -> set[str]:
    answer = await client.get(f"/zh/search?{urlencode({'q': q, 'kind': 'work'})}")
    assert answer.status_code == 200
    return {path.rpartition("/")[2] for path in attributes(answer.text, "ul.index h3 > a", "href")}


async def test_simplified_and_traditional_chinese_find_the_same_works(site: Site) -> None:
    """18 words in two forms: each of the 36 searches finds as many works as have the word in either form."""
    stories = []
    for number in range(WORKS):
        words = [forms[number % len(forms)] for place, forms in enumerate(PAIRS) if place % 3 != number % 3]
        tag = "zh-Hant" if number % 2 else "zh"
        title = PAIRS[number][number % 2]
        stories.append(
            {"language": tag, "title": Texts({tag: title}), "story": Texts({tag: "，".join(words)})}
        )
    works = await hang(site, *stories)
    client = await site.client()
    true, sizes = 0, list[int]()
    for forms in PAIRS:
        expected = {
            work.public_id
            for work in works
            if any(
                form in words
                for form in forms
                for text in (work.title, work.story)
                for words in text.values()
            )
        }
        assert expected
        sizes.append(len(expected))
        for question in forms[:2]:
            assert await found(client, question) == expected, question
            true += 1
    assert true == 36
    assert sum(size < WORKS for size in sizes) > 15


async def test_a_work_is_found_in_each_of_its_languages_and_shown_as_it_was_written(site: Site) -> None:
    title = Texts({"bo": "ཉི་མ", "zh-Hant": "太陽", "ug": "قۇياش", "es": "El Sol Español", "mn-Mong": "ᠨᠠᠷᠠ"})
    sun, other = await hang(
        site,
        {"language": "bo", "title": title, "story": Texts({"th": "พระอาทิตย์ขึ้น", "ii": "ꆈꌠꉙ"})},
        {"language": "ug", "title": Texts({"ug": "ئاي"}), "story": Texts({"ug": "ئاي چىقتى"})},
    )
    client = await site.client()
    for question in ("ཉི་མ", "ཉི་མ་", "太阳", "قۇياش", "espanol", "ᠨᠠᠷᠠ", "อาทิตย์", "ꌠꉙ"):
        assert await found(client, question) == {sun.public_id}, question
    assert await found(client, "ئاي") == {other.public_id}
    page = (await client.get("/zh/search", params={"q": "ئاي"})).text
    (heading,) = select(page, "ul.index h3")
    assert (heading["lang"], heading["dir"]) == ("ug", "rtl")
    assert heading.select_one("mark")
    page = (await client.get("/zh/search", params={"q": "พระอาทิตย์"})).text
    (excerpt,) = select(page, "p.excerpt")
    assert excerpt["lang"] == "th"
    assert "<mark>พระอาทิตย์</mark>ขึ้น" in str(excerpt)


async def test_the_words_of_a_voice_are_found_while_it_may_be_heard(site: Site) -> None:
    (work,) = await hang(site, {"transcript": Texts({"zh": "0:00 外婆唱搖籃曲\n0:02 天黑了"})})
    client = await site.client()
    assert await found(client, "摇篮曲") == set(), "there is no voice"
    await factories.voice(site.storage, work)
    await bump()
    await site.work()
    assert await found(client, "摇篮曲") == {work.public_id}
    page = (await client.get("/zh/search", params={"q": "摇篮曲"})).text
    assert "外婆唱<mark>搖籃曲</mark>" in page
    assert "0:00" not in page
    await Consent.filter(artworks__id=work.id).update(for_voice=False)
    await bump()
    await site.work()
    assert await found(client, "摇篮曲") == set()


async def test_the_words_at_further_pictures_are_found(site: Site) -> None:
    book, single = await hang(
        site,
        {"caption": Texts({"zh": "封面上的猫头鹰"})},
        {"caption": Texts({"zh": "没有人看见的猫头鹰"})},
    )
    client = await site.client()
    assert await found(client, "猫头鹰") == set(), "a single picture is shown without its caption"
    await factories.further_pictures(site.storage, book, 2)
    last = await Picture.filter(artwork_id=book.id).order_by("-position").first()
    assert last is not None
    last.alt_text, last.caption = Texts({"zh": "一只萤火虫"}), Texts({"en": "The last page"})
    await last.save()
    await bump()
    await site.work()
    assert await found(client, "猫头鹰") == {book.public_id}
    assert await found(client, "last page") == {book.public_id}
    page = (await client.get("/zh/search", params={"q": "萤火虫"})).text
    assert "一只<mark>萤火虫</mark>" in page
    assert single.public_id not in page


async def test_an_index_of_the_release_before_is_written_again_by_the_worker(site: Site) -> None:
    (work,) = await hang(site, {"title": Texts({"zh-Hant": "餃子"}), "language": "zh-Hant"})
    await SearchEntry.filter(artwork_id=work.id).update(stamp="of another tokenizer")
    await IndexPass.all().update(words_version=2)
    await site.work()
    assert (await SearchEntry.get(artwork_id=work.id)).stamp != "of another tokenizer"
    assert await found(await site.client(), "饺子") == {work.public_id}


async def test_a_suggestion_is_written_as_the_question_was(site: Site) -> None:
    await hang(site, {"title": Texts({"zh": "饺子"})})
    page = (await (await site.client()).get("/zh/search", params={"q": "餃子麥田"})).text
    assert "餃子" in [link.get_text() for link in select(page, "p.nearby > a")]
