"""Wall labels: their text, their layout, and who gets them."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp

from gallery.artworks.models import Artwork
from gallery.exhibitions.models import Exhibition, Hanging
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_zh
from tests.markup import texts_in

MM = 72 / 25.4  # points


async def exhibited(site: Site, *works: Artwork) -> Exhibition:
    return await factories.exhibition(list(works), published=False)


def texts(pdf: bytes) -> list[str]:
    """The text of each page, without line ends."""
    document = pypdfium2.PdfDocument(pdf)
    return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_card_says_what_hangs_and_leads_to_it(site: Site) -> None:
    work = await accepted(
        site,
        title="饺子皮",
        title_translation="Dumpling wrappers",
        medium="水彩",
        date_made="2022",
        size="8开",
        story="**冬至**这一天，我们包饺子。",
        assistance="老师帮忙调色",
    )
    exhibition = await exhibited(site, work)
    await Hanging.filter(artwork_id=work.id).update(caption=in_zh("挂在门边"))
    curator = await site.client(site.cast.curator)
    assert (
        f"/desk/exhibitions/{exhibition.id}/labels"
        in (await curator.get(f"/desk/exhibitions/{exhibition.id}")).text
    )
    answer = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=zh")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    (said,) = texts(answer.content)
    for words in (
        "饺子皮",
        "Dumplingwrappers",
        "水彩·2022·27×39厘米",
        "老师帮忙调色",
        "挂在门边",
        "冬至这一天",
    ):
        assert words in said
    assert "**" not in said
    document = pypdfium2.PdfDocument(answer.content)
    width, height = document[0].get_size()
    assert (round(width / MM), round(height / MM)) == (148, 105)
    (code,) = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil().convert("L"))
    assert code.text == f"{site.settings.site_url}/zh/works/{work.public_id}"


async def test_a_title_is_set_in_its_own_script(site: Site) -> None:
    title = Texts({"bo": "ཉི་མ", "ug": "قۇياش", "zh": "太阳"})
    exhibition = await exhibited(
        site, await accepted(site, language="bo", title=title, story=Texts({"bo": "ཉི་མ་ཤར།"}))
    )
    curator = await site.client(site.cast.curator)
    answer = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=zh")
    (said,) = texts(answer.content)
    assert "太阳" in said
    assert "ཉི་མ" in said
    assert "ཤར" in said


async def test_the_desk_says_which_characters_no_font_has(site: Site) -> None:
    exhibition = await exhibited(
        site,
        await accepted(site, title="太阳 ᏣᎳᎩ", title_translation="Sun"),
        await accepted(site, title="ཉི་མ", language="bo"),
    )
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/exhibitions/{exhibition.id}/labels")).text
    assert texts_in(page, "ul.missing li") == ["Sun: ᏣᎳᎩ"]
    answer = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=zh")
    assert "太阳" in texts(answer.content)[0]


async def test_four_cards_share_a_sheet_of_a4(site: Site) -> None:
    exhibition = await exhibited(site, *[await accepted(site, title=f"作品{n}") for n in range(5)])
    curator = await site.client(site.cast.curator)
    answer = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=zh&paper=a4")
    first, second = texts(answer.content)
    assert [f"作品{n}" in first for n in range(5)] == [True, True, True, True, False]
    assert "作品4" in second
    width, height = pypdfium2.PdfDocument(answer.content)[0].get_size()
    assert (round(width / MM), round(height / MM)) == (297, 210)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_words_are_never_read_as_instructions(site: Site, language: str) -> None:
    titles = ["#panic() $x$ *bold* @here", "<b>\u202eevil</b>", "🥟 emoji", "\\" * 20, "「" * 100, "w" * 120]
    works = [await accepted(site, title=title, title_translation="", story=title * 9) for title in titles]
    exhibition = await exhibited(site, *works)
    curator = await site.client(site.cast.curator)
    answer = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language={language}")
    assert answer.status_code == 200
    pages = texts(answer.content)
    assert len(pages) == len(titles)
    assert "#panic()$x$*bold*@here" in pages[0]
    assert "<b>evil</b>" in pages[1]
    assert "emoji" in pages[2]
    assert "🥟" not in pages[2]


async def test_one_room_alone(site: Site) -> None:
    exhibition = await exhibited(site, await accepted(site))
    curator = await site.client(site.cast.curator)
    address = f"/desk/exhibitions/{exhibition.id}/labels.pdf"
    assert (await curator.get(f"{address}?room=1")).status_code == 200
    for query in ("room=2", "room=x", "language=fr", "paper=a0"):
        assert (await curator.get(f"{address}?{query}")).status_code == 404, query


async def test_nothing_hangs_yet(site: Site) -> None:
    exhibition = await exhibited(site)
    curator = await site.client(site.cast.curator)
    page = await curator.get(f"/desk/exhibitions/{exhibition.id}/labels")
    assert page.status_code == 200
    assert "labels.pdf" not in page.text
    assert (await curator.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf")).status_code == 404


async def test_only_curators_get_them(site: Site) -> None:
    exhibition = await exhibited(site, await accepted(site))
    for path in (
        f"/desk/exhibitions/{exhibition.id}/labels",
        f"/desk/exhibitions/{exhibition.id}/labels.pdf",
    ):
        assert (await (await site.client()).get(path)).status_code == 303
        assert (await (await site.client(site.cast.partner)).get(path)).status_code == 404
