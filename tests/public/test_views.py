"""Public pages: what they show, what they do not show, and their number of queries."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gallery.artworks.models import Status
from gallery.clock import now
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.organisations.models import Organisation
from gallery.public import exhibitions as public_exhibitions
from gallery.themes.models import Theme
from gallery.web.rendering import content_security_policy
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_zh
from tests.markup import attribute, attributes, first, select, text_in, texts_in
from tests.public.pages import page_text
from tests.queries import counted_queries


@pytest.fixture
async def winter() -> Theme:
    return await factories.theme(
        slug="winter",
        title=Texts({"zh": "冬至", "en": "Winter solstice"}),
        accent="#123456",
        accent_night="#abcdef",
    )


@pytest.mark.parametrize(
    ("accepted_languages", "path"),
    [("en-GB,en;q=0.9,zh;q=0.5", "/en/"), ("zh-TW,en;q=0.5", "/zh/"), ("fr", "/zh/"), ("", "/zh/")],
)
async def test_front_door_leads_in_by_language(site: Site, accepted_languages: str, path: str) -> None:
    client = await site.client(**{"accept-language": accepted_languages})
    answer = await client.get("/")
    assert answer.status_code == 303
    assert answer.headers["location"] == path
    assert answer.headers["vary"].lower() == "accept-language"


@pytest.mark.engines("sqlite", "postgresql")
async def test_every_page_shows_its_work_in_both_languages(site: Site, winter: Theme) -> None:
    work = await accepted(site, themes=[winter])
    project = await work.project
    exhibition = await factories.exhibition([work], theme=winter)
    for language, title, credit_of_page in [
        ("zh", work.own("title"), "zh-Hans"),
        ("en", work.title["en"], "en"),
    ]:
        for path in [
            "",
            f"exhibitions/{exhibition.slug}",
            f"works/{work.public_id}",
            f"themes/{winter.slug}",
            f"organisations/{site.cast.organisation.slug}",
            f"projects/{project.slug}",
        ]:
            page = await page_text(site, f"/{language}/{path}")
            assert title in page
            assert f'<html lang="{credit_of_page}" dir="ltr">' in page
            assert f'href="/{"en" if language == "zh" else "zh"}/{path}"' in page
        assert exhibition.slug in await page_text(site, f"/{language}/exhibitions")
        assert winter.slug in await page_text(site, f"/{language}/themes")
        assert site.cast.organisation.slug in await page_text(site, f"/{language}/organisations")


async def test_work_has_its_story_translation_project_and_place(site: Site, winter: Theme) -> None:
    works = [await accepted(site, themes=[winter]) for _ in range(3)]
    await factories.exhibition(works, theme=winter)
    page = await page_text(site, f"/en/works/{works[1].public_id}")
    assert text_in(page, "section.story > .prose:not([lang]) > p").startswith(works[1].story["en"])
    assert text_in(page, ".own-words > summary") == "In the artist's own words: Chinese"
    assert text_in(page, ".own-words > .prose[lang=zh-Hans] > p").startswith(works[1].own("story"))
    body = page[page.index("<main") :]
    assert body.index(works[1].story["en"]) < body.index(works[1].own("story"))
    link = first(page, f"a[href='/en/works/{works[1].public_id}/support/more']")
    assert link["rel"] == ["noopener", "nofollow"]
    assert "(2&nbsp;/&nbsp;3)" in page
    assert attribute(page, "[rel=prev]", "href") == f"/en/works/{works[0].public_id}"
    assert attribute(page, "[rel=next]", "href") == f"/en/works/{works[2].public_id}"
    assert f'alt="{works[1].alt_text["en"]}"' in page


@pytest.mark.engines("sqlite", "postgresql")
async def test_large_work_can_be_looked_at_closer(site: Site) -> None:
    work = await accepted(site, image=await factories.image(site.storage, site.cast.organisation))
    await factories.exhibition([work])
    page = await page_text(site, f"/en/works/{work.public_id}")
    image = await work.image
    assert texts_in(page, "a.look-closer") == ["Look closer"]
    link = attribute(page, "a.look-closer", "href")
    assert link == f"/media/{image.token}/{image.width}.jpg"
    assert (await (await site.client()).get(link)).headers["content-type"] == "image/jpeg"
    assert f'data-info="/iiif/{image.token}/info.json"' in page
    # The picture comes first, and its alternative text is repeated in the zoom view.
    assert page.index(f'alt="{work.alt_text["en"]}"') < page.index(link) < page.index("<dialog")
    assert f'role="application" aria-label="{work.alt_text["en"]}"' in page
    scripts = attributes(page, "script[type=module]", "src")
    assert "openseadragon" not in "".join(scripts)
    small = [await (await site.client(**{"accept-encoding": "gzip"})).get(each) for each in scripts]
    assert sum(int(each.headers["content-length"]) for each in small) <= 10_000
    assert {each.headers["content-type"] for each in small} == {"text/javascript; charset=utf-8"}


async def test_small_work_is_not_offered_to_be_looked_at_closer(site: Site) -> None:
    image = await factories.image(site.storage, site.cast.organisation, width=1199, height=900)
    work = await accepted(site, image=image)
    await factories.exhibition([work])
    page = await page_text(site, f"/zh/works/{work.public_id}")
    assert "look-closer" not in page
    assert "<dialog" not in page
    assert "zoom.js" not in page


async def test_names_stand_in_their_language(site: Site, winter: Theme) -> None:
    work = await accepted(site, title_translation="", alt_text_translation="", themes=[winter])
    artist = await work.artist
    await factories.exhibition([work], theme=winter)
    page = await page_text(site, f"/en/works/{work.public_id}")
    assert f'<h1 id="work-title" lang="zh-Hans">{work.own("title")}</h1>' in page
    assert f'alt="{work.own("alt_text")}" lang="zh-Hans"' in page
    artist.credit_translations = Texts({"en": "Paipai"})
    await artist.save()
    await bump()
    site.app.state.content._checked_at = float("-inf")
    page = await page_text(site, f"/en/works/{work.public_id}")
    assert "Paipai" in texts_in(page, "p.credit")


async def test_accent_and_shapes_are_the_style_sheet_that_the_policy_names(site: Site, winter: Theme) -> None:
    work = await accepted(site, themes=[winter])
    exhibition = await factories.exhibition([work], theme=winter)
    answer = await (await site.client()).get(f"/zh/exhibitions/{exhibition.slug}")
    (style,) = [tag.get_text() for tag in select(answer.text, "style")]
    assert ":root{--surface:#123456}" in style
    assert f".p{work.image_id}{{--r:1.3" in style
    assert answer.headers["content-security-policy"] == content_security_policy((style,))
    assert " style=" not in answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"].startswith("public")


async def test_page_holds_no_colour_that_is_none(site: Site) -> None:
    theme = await factories.theme(accent="</styl", accent_night="#abcdef")
    work = await accepted(site, themes=[theme])
    exhibition = await factories.exhibition([work], theme=theme)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    assert "</styl}" not in page


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.DECLINED])
async def test_work_that_is_not_accepted_is_nowhere(site: Site, winter: Theme, status: Status) -> None:
    shown = await accepted(site, themes=[winter])
    hidden = await accepted(site, themes=[winter], status=status)
    exhibition = await factories.exhibition([shown, hidden], theme=winter)
    await page_text(site, f"/zh/works/{hidden.public_id}", 404)
    for path in ["", f"exhibitions/{exhibition.slug}", "themes/winter", "organisations/xiaogeng"]:
        page = await page_text(site, f"/zh/{path}")
        assert shown.own("title") in page
        assert hidden.own("title") not in page
    project = await hidden.project
    await page_text(site, f"/zh/projects/{project.slug}", 404)


async def test_withdrawn_work_is_gone_and_nameless(site: Site) -> None:
    work = await accepted(site, status=Status.WITHDRAWN)
    await factories.exhibition([work])
    for path in (f"/zh/works/{work.public_id}", f"/en/works/{work.public_id}"):
        page = await page_text(site, path, 410)
        assert work.own("title") not in page
        assert work.title["en"] not in page


async def test_room_without_visible_works_is_left_out(site: Site) -> None:
    shown, hidden = await accepted(site), await accepted(site, status=Status.DECLINED)
    exhibition = await factories.exhibition([shown])
    edition = await Edition.get(exhibition=exhibition, is_current=True)
    room = await Room.create(edition=edition, position=2, title=Texts({"zh": "空厅", "en": "Empty room"}))
    await Hanging.create(room=room, artwork=hidden, position=1)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    assert "一号厅" in page
    assert "空厅" not in page


async def test_exhibition_is_entered_from_its_opening_on(site: Site) -> None:
    work = await accepted(site)
    soon = await factories.exhibition([work], opens_at=now() + timedelta(days=2), title=in_zh("还没开"))
    past = await factories.exhibition(
        [work], opens_at=now() - timedelta(days=9), closes_at=now() - timedelta(days=1), title=in_zh("闭幕了")
    )
    draft = await factories.exhibition([work], published=False, title=in_zh("草稿展"))
    await page_text(site, f"/zh/exhibitions/{soon.slug}", 404)
    await page_text(site, f"/zh/exhibitions/{draft.slug}", 404)
    await page_text(site, f"/zh/exhibitions/{past.slug}")
    home = await page_text(site, "/zh/")
    assert "还没开" in home
    assert "闭幕了" in home
    assert "草稿展" not in home
    assert f"/zh/exhibitions/{soon.slug}" not in home


async def test_organisation_that_was_closed_is_not_shown(site: Site) -> None:
    work = await accepted(site)
    await factories.exhibition([work])
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    await page_text(site, "/zh/organisations/xiaogeng", 404)
    await page_text(site, f"/zh/works/{work.public_id}", 404)
    assert "xiaogeng" not in await page_text(site, "/zh/organisations")


@pytest.mark.parametrize(
    "path",
    [
        "/fr/",
        "/zh/exhibitions/nowhere",
        "/zh/works/nothing",
        "/zh/themes/none",
        "/zh/organisations/none",
        "/en/projects/none",
        "/zh/exhibitions/..%2f..%2fetc",
        "/zh/exhibitions/" + "长" * 300,
        "/zh/exhibitions/" + "a" * 61,
        "/zh/works/" + "a" * 17,
    ],
)
async def test_address_that_is_not_there(site: Site, path: str) -> None:
    await page_text(site, path, 404)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("/zh/works/nothing", "找不到这个页面"), ("/en/exhibitions/x?room=9999", "There is no such page")],
)
async def test_what_is_not_there_is_said_in_the_language_of_the_address(
    site: Site, path: str, sentence: str
) -> None:
    page = await page_text(site, path, 404)
    assert sentence in page
    assert 'name="q"' in page  # and a way on


async def test_a_title_of_tags_and_marks_is_shown_as_letters(site: Site) -> None:
    work = await accepted(site, title="<b>冬至</b>\u200f<!-- ' \"", title_translation="")
    exhibition = await factories.exhibition([work])
    for path in ("", f"exhibitions/{exhibition.slug}", f"works/{work.public_id}"):
        page = await page_text(site, f"/en/{path}")
        assert "&lt;b&gt;冬至&lt;/b&gt;" in page
        assert "<b>冬至" not in page
        assert "<!--" not in page


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("团圆" * 10, "<h1>"),
        ("团圆" * 10 + "！", '<h1 class="long">'),
        (
            "A title of very many words, as if written by hand, on and on and on and on, until the very end",
            '<h1 class="longer">',
        ),
    ],
)
async def test_a_long_title_is_set_smaller(site: Site, title: str, heading: str) -> None:
    exhibition = await factories.exhibition([await accepted(site)], title=in_zh(title))
    assert heading + title in await page_text(site, f"/zh/exhibitions/{exhibition.slug}")


@pytest.mark.engines("sqlite", "postgresql")
async def test_home_tells_for_what_works_are_gathered(site: Site) -> None:
    async def call(title: str, **days: int) -> None:
        await factories.theme(
            title=Texts({"zh": title}),
            **{name: factories.days_from_now(number) for name, number in days.items()},
        )

    await call("现在征集", call_opens_on=-1, call_closes_on=0)
    await call("没有截止", occurs_on=3)
    await call("已经截止", call_closes_on=-1)
    await call("尚未开始", call_opens_on=1, call_closes_on=9)
    await call("已经过去", occurs_on=-3)
    page = await page_text(site, "/zh/")
    gathered = page.partition("下一季")[2]
    assert [title for title in ("现在征集", "没有截止") if title not in gathered] == []
    assert [title for title in ("已经截止", "尚未开始", "已经过去") if title in page] == []
    assert "/zh/join" in gathered
    await Theme.all().delete()
    site.app.state.content._checked_at = float("-inf")
    await bump()
    assert "下一季" not in await page_text(site, "/zh/")


async def test_an_exhibition_ends_with_the_projects_behind_its_works(site: Site) -> None:
    projects = [await factories.project(site.cast.organisation) for _ in range(2)]
    works = [await accepted(site, project=project) for project in (projects[0], *projects)]
    exhibition = await factories.exhibition(works)
    await factories.exhibition(
        [await accepted(site, project=await factories.project(site.cast.organisation))]
    )
    behind = (await page_text(site, f"/en/exhibitions/{exhibition.slug}")).partition("The projects behind")[2]
    assert attributes(behind, ".cards h3 a", "href") == [f"/en/projects/{each.slug}" for each in projects]
    assert texts_in(behind, ".cards .button") == ["Support this project"] * 2
    assert len(select(behind, ".cards picture")) == 2


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("layout", ["wall", "stories", "timeline"])
async def test_the_only_work_of_an_exhibition_is_shown_once(site: Site, layout: str) -> None:
    works = [await accepted(site) for _ in range(2)]
    one, two = [await factories.exhibition(works[:number]) for number in (1, 2)]
    await Room.all().update(layout=layout)
    await bump()
    page = await page_text(site, f"/zh/exhibitions/{one.slug}")
    assert page.partition('id="ending"')[0].count("<picture") == 1
    assert 'fetchpriority="high"' in page
    page = await page_text(site, f"/zh/exhibitions/{two.slug}")
    assert page.partition('id="ending"')[0].count("<picture") == 2
    assert page.count('fetchpriority="high"') == 1


async def test_pictures_and_style_come_before_scripts(site: Site) -> None:
    work = await accepted(site)
    exhibition = await factories.exhibition([work])
    for path in ("", f"exhibitions/{exhibition.slug}", f"works/{work.public_id}", "search"):
        scripts = select(await page_text(site, f"/zh/{path}"), "script[src]")
        assert scripts
        assert {script.get("fetchpriority") for script in scripts} == {"low"}, path


async def test_a_theme_is_listed_with_a_work(site: Site, winter: Theme) -> None:
    works = [await accepted(site, themes=[winter]) for _ in range(3)]
    await factories.exhibition(works[:2])  # the newest hangs nowhere
    assert works[1].own("alt_text") in await page_text(site, "/zh/themes")
    for cover, shown in ((works[0], works[0]), (works[2], works[1])):
        await Theme.filter(id=winter.id).update(cover_id=cover.id)
        await bump()
        site.app.state.content._checked_at = float("-inf")
        page = await page_text(site, "/zh/themes")
        assert [work.own("title") for work in works if work.own("alt_text") in page] == [shown.own("title")]
    await factories.exhibition(works[:1], theme=winter)
    await bump()
    site.app.state.content._checked_at = float("-inf")
    assert works[0].own("alt_text") in await page_text(
        site, "/zh/themes"
    )  # what its own exhibition begins with


@pytest.mark.engines("sqlite", "postgresql")
async def test_empty_site_has_pages(site: Site) -> None:
    for path in ["", "exhibitions", "themes", "organisations", "organisations/xiaogeng"]:
        for language in ("zh", "en"):
            await page_text(site, f"/{language}/{path}")


async def test_story_and_project_link_cannot_carry_a_script(site: Site) -> None:
    project = await factories.project(site.cast.organisation, link="javascript:alert(1)")
    work = await accepted(site, story="<script>alert(1)</script>[x](javascript:alert(2))", project=project)
    await factories.exhibition([work])
    for path in (f"works/{work.public_id}", f"projects/{project.slug}"):
        page = await page_text(site, f"/zh/{path}")
        assert "<script>" not in page
        assert 'href="javascript:' not in page


async def test_exhibitions_are_listed_in_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_exhibitions, "LISTED_ON_PAGE", 2)
    for days in range(1, 6):
        closed = now() - timedelta(days=days)
        opened = closed - timedelta(days=9)
        await factories.exhibition([], slug=f"past-{days}", opens_at=opened, closes_at=closed)
    for number in range(1, 4):
        await factories.exhibition([], slug=f"open-{number}", opens_at=now() - timedelta(hours=number))
    await factories.exhibition([], slug="soon", opens_at=now() + timedelta(days=1))

    async def listed(query: str) -> list[str]:
        page = await page_text(site, f"/en/exhibitions{query}")
        return re.findall(r'href="/en/exhibitions/([a-z0-9-]+)"', page)

    async def lists_soon(query: str) -> bool:
        return "Opening next" in await page_text(site, f"/en/exhibitions{query}")

    assert await listed("") == ["open-1", "open-2"]
    assert await listed("?page=2") == ["open-3", "past-1"]
    assert await listed("?page=3") == ["past-2", "past-3"]
    assert await listed("?page=4") == ["past-4", "past-5"]
    assert await listed("?page=x") == await listed("?page=0") == await listed("")
    await page_text(site, "/en/exhibitions?page=5", 404)
    assert [await lists_soon(query) for query in ("", "?page=2")] == [True, False]
    first, last = [await page_text(site, f"/en/exhibitions{query}") for query in ("", "?page=4")]
    assert "/en/exhibitions?page=2" in first
    assert "/en/exhibitions?page=3" in last
    assert "/en/exhibitions?page=5" not in last
    assert "/zh/exhibitions?page=4" in last  # the other language shows the same page


async def test_number_of_queries_does_not_grow(site: Site, winter: Theme) -> None:
    project = await factories.project(site.cast.organisation)
    first, second = [await accepted(site, themes=[winter], project=project) for _ in range(2)]
    exhibition = await factories.exhibition([first, second], theme=winter)
    await factories.exhibition([await accepted(site, project=project) for _ in range(2)])
    paths = [
        "",
        "exhibitions",
        f"exhibitions/{exhibition.slug}",
        f"works/{first.public_id}",
        "themes",
        "themes/winter",
        "calendar",
        "organisations",
        "support",
        "organisations/xiaogeng",
        f"projects/{project.slug}",
    ]
    with_one = await queries_of(site, paths)
    room = await Room.get(edition__exhibition=exhibition, edition__number=1)
    for position in range(3, 9):
        work = await accepted(site, themes=[winter, await factories.theme()], project=project)
        await Hanging.create(room=room, artwork=work, position=position)
        other = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED)
        await factories.exhibition([work, other], theme=winter)
    with_many = await queries_of(site, paths)
    assert with_many == with_one
    assert max(with_many.values()) <= 12


async def queries_of(site: Site, paths: list[str]) -> dict[str, int]:
    client, found = await site.client(), {}
    for path in paths:
        await bump()
        site.app.state.content._checked_at = float("-inf")
        with counted_queries() as ran:
            assert (await client.get(f"/zh/{path}")).status_code == 200
        found[path] = len([query for query in ran if "content_" not in query])
    return found
