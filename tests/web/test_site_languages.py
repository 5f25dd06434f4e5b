"""A site in other languages than Chinese and English: addresses, switcher, programs' files, and what is not translated."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from gallery.app import create_app
from gallery.artists.models import Artist
from gallery.artworks.models import Status
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.organisations.models import Application, Organisation
from gallery.public.view_models import credit_in_page_language
from gallery.settings import Settings, SettingsError
from gallery.stats.count_writer import write_counts
from gallery.stats.models import CountKind, WorkCount
from gallery.stats.visit_counter import VisitCounter
from gallery.web.catalogues import convert_catalogue, coverage, shipped_languages
from gallery.web.languages import (
    FALLBACK_BEGINS,
    FALLBACK_ENDS,
    accepted_language,
    babel_locale,
    gettext,
    mark_fallbacks,
    marked_fallbacks,
    ngettext,
    set_site_languages,
    use_language,
)
from gallery.web.rendering import open_graph_locale, shown_date, shown_moment, shown_month
from gallery.web.texts import Texts, site_language_name
from tests import factories
from tests.artworks.forms import shown_fields
from tests.conftest import Site
from tests.markup import attribute, attributes, first, select, text_in, texts_in
from tests.stats.visitors import BROWSER, raw_headers

TRILINGUAL = ("zh", "zh-Hant", "en")


@pytest.fixture
def other_languages() -> Iterator[None]:
    """The languages of the site are as usual afterwards."""
    yield
    set_site_languages(Settings.languages)


def site_in(site: Site, *languages: str) -> Site:
    settings = replace(site.settings, languages=languages)
    return Site(create_app(settings), settings, site.cast, site.storage)


@pytest.fixture
async def trilingual(site: Site, other_languages: None) -> AsyncIterator[Site]:
    found = site_in(site, *TRILINGUAL)
    async with found._clients:
        yield found


def write_catalogue(home: Path, language: str, **words: str) -> None:
    """A catalogue in the site's home, with a translation of these messages alone."""
    catalogue = Catalog(locale=babel_locale(language))
    for message, text in words.items():
        catalogue.add(message, text)
    folder = home / "locale" / language
    folder.mkdir(parents=True)
    with (folder / "messages.po").open("wb") as file:
        write_po(file, catalogue)


# The setting


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("", ("zh", "en")),
        ("en", ("en",)),
        ("en, zh", ("en", "zh")),
        ("zh,zh-hant,EN", ("zh", "zh-Hant", "en")),
        ("zh_Hant", ("zh-Hant",)),
    ],
)
def test_a_keeper_chooses_the_languages(tmp_path: Path, text: str, languages: tuple[str, ...]) -> None:
    settings = Settings.from_env({"GALLERY_HOME": str(tmp_path), "GALLERY_LANGUAGES": text})
    assert settings.languages == languages


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("zh,tlh", "no catalogue for 'tlh'. It takes these, with commas between them: en, zh, zh-Hant."),
        ("zh,", "no catalogue for ''"),
        ("../zh", "no catalogue for '../zh'"),
        ("zh,en,zh", "zh occurs twice"),
        ("zh,zh-Hant,ZH-hant", "zh-Hant occurs twice"),
    ],
)
def test_a_language_that_is_not_there_stops_the_start(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match="GALLERY_LANGUAGES") as refused:
        Settings.from_env({"GALLERY_HOME": str(tmp_path), "GALLERY_LANGUAGES": text})
    assert sentence in str(refused.value)


def test_a_catalogue_in_the_home_makes_a_language(tmp_path: Path, other_languages: None) -> None:
    write_catalogue(tmp_path, "es", Search="Buscar")
    settings = Settings.from_env({"GALLERY_HOME": str(tmp_path), "GALLERY_LANGUAGES": "es,en"})
    set_site_languages(settings.languages, settings.own_catalogues)
    with use_language("es"):
        assert (gettext("Search"), gettext("Themes")) == ("Buscar", "Themes")
    assert 0 < coverage("es") < 0.01


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, ("见光", "見光", "In the Light", "In the Light")),
        ({"zh": "冬日"}, ("冬日", "冬日", "In the Light", "In the Light")),
        (
            {"zh": "冬日", "zh-Hant": "冬日畫展", "es": "A la luz"},
            ("冬日", "冬日畫展", "In the Light", "A la luz"),
        ),
    ],
)
def test_the_site_has_a_name_in_each_language(
    tmp_path: Path, names: dict[str, str], expected: tuple[str, ...], other_languages: None
) -> None:
    write_catalogue(tmp_path, "es")
    environment = {"GALLERY_HOME": str(tmp_path), "GALLERY_LANGUAGES": "zh,zh-Hant,en,es"}
    for language, name in names.items():
        environment[f"GALLERY_SITE_NAME_{language.upper().replace('-', '_')}"] = name
    settings = Settings.from_env(environment)
    assert tuple(map(settings.site_name, ("zh", "zh-Hant", "en", "es"))) == expected


# Which language a visitor gets


@pytest.mark.parametrize(
    ("header", "trilingual", "bilingual", "english"),
    [
        ("zh-TW", "zh-Hant", "zh", "en"),
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant", "zh", "en"),
        ("zh-MO", "zh-Hant", "zh", "en"),
        ("zh-Hant", "zh-Hant", "zh", "en"),
        ("zh-Hant-HK", "zh-Hant", "zh", "en"),
        ("yue", "zh-Hant", "zh", "en"),
        ("zh", "zh", "zh", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh", "zh", "en"),
        ("zh-SG", "zh", "zh", "en"),
        ("zh-Hans-HK", "zh", "zh", "en"),
        ("en-US", "en", "en", "en"),
        ("EN-in, zh;q=0.5", "en", "en", "en"),
        ("en-US,zh-TW;q=0.9", "en", "en", "en"),
        ("bo", "zh", "zh", "en"),
        ("ug-CN", "zh", "zh", "en"),
        ("fr, zh-TW;q=0.2", "zh-Hant", "zh", "en"),
        ("fr", "zh", "zh", "en"),
        ("*", "zh", "zh", "en"),
        ("", "zh", "zh", "en"),
        (", ".join(["fr"] * 500) + ", en", "zh", "zh", "en"),
    ],
)
def test_a_visitor_gets_the_nearest_language(
    header: str, trilingual: str, bilingual: str, english: str, other_languages: None
) -> None:
    for languages, expected in ((TRILINGUAL, trilingual), (("zh", "en"), bilingual), (("en",), english)):
        set_site_languages(languages)
        assert accepted_language(header) == expected


async def test_the_door_leads_into_the_visitors_language(trilingual: Site) -> None:
    client = await trilingual.client()
    for header, path in (("zh-TW", "/zh-Hant/"), ("zh-CN", "/zh/"), ("en-US", "/en/"), ("fr", "/zh/")):
        answer = await client.get("/", headers={"accept-language": header})
        assert (answer.status_code, answer.headers["location"]) == (303, path)


# Addresses and pages


async def test_each_language_has_its_pages(trilingual: Site) -> None:
    work = await factories.accepted(trilingual, title="饺子皮")
    await factories.exhibition([work])
    client = await trilingual.client()
    for language, tag, word in (
        ("zh", "zh-Hans", "搜索"),
        ("zh-Hant", "zh-Hant", "搜尋"),
        ("en", "en", "Search"),
    ):
        answer = await client.get(f"/{language}/works/{work.public_id}")
        assert answer.status_code == 200
        assert answer.headers["content-language"] == tag
        page = answer.text
        assert (attribute(page, "html", "lang"), attribute(page, "html", "dir")) == (tag, "ltr")
        assert text_in(page, ".seek") == word
        alternates = {str(link["hreflang"]): str(link["href"]) for link in select(page, "link[hreflang]")}
        address = f"{trilingual.settings.site_url}/{{}}/works/{work.public_id}"
        assert alternates == {
            "zh-Hans": address.format("zh"),
            "zh-Hant": address.format("zh-Hant"),
            "en": address.format("en"),
            "x-default": address.format("zh"),
        }
        others = [each for each in TRILINGUAL if each != language]
        assert attributes(page, ".site-nav .tongue", "href") == [
            f"/{each}/works/{work.public_id}" for each in others
        ]
    # Words in Simplified say so on a Traditional page.
    page = (await client.get(f"/zh-Hant/works/{work.public_id}")).text
    assert attribute(page, "h1", "lang") == "zh-Hans"
    assert attribute(page, "meta[property='og:locale']", "content") == "zh_TW"


async def test_a_language_that_the_site_lacks_has_no_pages(site: Site, other_languages: None) -> None:
    client = await site_in(site, "en").client()
    assert (await client.get("/en/")).status_code == 200
    for path in ("/zh/", "/zh-Hant/", "/fr/", "/en-US/", "/ZH/", "/zh-hant/", "/zh/sitemap.xml"):
        assert (await client.get(path)).status_code == 404, path
    page = (await client.get("/en/themes")).text
    assert select(page, ".tongue") == []
    assert attributes(page, "link[hreflang]", "hreflang") == ["en", "x-default"]
    client = await site_in(site, "zh", "en").client()
    assert (await client.get("/zh-Hant/")).status_code == 404


async def test_a_page_keeps_its_query_when_the_language_changes(trilingual: Site) -> None:
    page = (await (await trilingual.client()).get("/en/search?q=tea")).text
    assert attributes(page, ".site-nav .tongue", "href") == ["/zh/search?q=tea", "/zh-Hant/search?q=tea"]


async def test_more_than_three_languages_are_a_menu(site: Site, other_languages: None) -> None:
    for language in ("es", "ar"):
        write_catalogue(site.settings.home, language, Search=f"Search in {language}")
    other = site_in(site, "zh", "zh-Hant", "en", "es", "ar")
    page = (await (await other.client()).get("/es/themes")).text
    assert text_in(page, "details.tongues summary").endswith("Español")
    assert texts_in(page, "details.tongues a") == ["简体中文", "繁體中文", "English", "العربية"]
    assert attributes(page, "details.tongues a", "dir") == ["rtl"]
    page = (await (await other.client()).get("/ar/themes")).text
    assert (attribute(page, "html", "lang"), attribute(page, "html", "dir")) == ("ar", "rtl")
    assert attributes(page, "details.tongues a", "dir") == ["ltr"] * 4


async def test_sheets_have_a_template_in_each_language(trilingual: Site) -> None:
    client = await trilingual.client(trilingual.cast.partner)
    links = attributes((await client.get("/desk/sheets")).text, "a[download]", "href")
    names = [link.rpartition("/")[2] for link in links]
    assert names == [f"{language}.{kind}" for language in TRILINGUAL for kind in ("xlsx", "csv")]
    for link in links:
        assert (await client.get(link)).status_code == 200


async def test_programs_files_are_in_each_language(trilingual: Site) -> None:
    work = await factories.accepted(trilingual, title="饺子皮")
    await factories.exhibition([work])
    client = await trilingual.client()
    index = (await client.get("/sitemap.xml")).text
    robots = (await client.get("/robots.txt")).text
    manifest = (await client.get(f"/iiif/works/{work.public_id}/manifest.json")).json()
    for language, tag in (("zh", "zh-Hans"), ("zh-Hant", "zh-Hant"), ("en", "en")):
        assert f"/{language}/sitemap.xml" in index
        assert f"/{language}/consent/" in robots
        sitemap = (await client.get(f"/{language}/sitemap.xml")).text
        assert len(re.findall(f'hreflang="{tag}"', sitemap)) == len(re.findall("<url>", sitemap)) > 0
        feed = (await client.get(f"/{language}/feed.atom")).text
        assert f'xml:lang="{tag}"' in feed
        assert [each["id"] for each in manifest["homepage"] if each["language"] == [tag]] == [
            f"{trilingual.settings.site_url}/{language}/works/{work.public_id}"
        ]
    assert {"zh-Hans", "zh-Hant", "en"} == {tag for each in manifest["metadata"] for tag in each["label"]}


async def test_a_mail_is_in_the_language_of_its_reader(trilingual: Site) -> None:
    person = trilingual.cast.partner
    facts = {"work": {"zh": "饺子皮", "en": "Dumpling wrappers"}}
    mail = Mail(
        kind="work_accepted", email=person.email, language="zh-Hant", path="/desk/works/1", facts=facts
    )
    content = compose(mail, trilingual.settings)
    assert content.subject == "作品已入選：《饺子皮》"
    assert attribute(content.html, "html", "lang") == "zh-Hant"


async def test_a_mail_in_a_language_that_the_site_gave_up_is_sent_in_the_nearest(site: Site) -> None:
    mail = Mail(
        kind="work_accepted", email="a@example.org", language="zh-Hant", path="/", facts={"work": "饺子皮"}
    )
    content = compose(mail, site.settings)
    assert attribute(content.html, "html", "lang") == "zh-Hans"


async def test_a_person_chooses_a_language_of_the_site(trilingual: Site) -> None:
    client = await trilingual.client(trilingual.cast.partner)
    page = (await client.get("/desk/account")).text
    assert attributes(page, "select[name=language] option", "value") == list(TRILINGUAL)
    saved = await client.post("/desk/account", data={"name": "Lin", "language": "zh-Hant"})
    assert saved.status_code == 303
    assert attribute((await client.get("/desk/account")).text, "html", "lang") == "zh-Hant"
    refused = await client.post("/desk/account", data={"name": "Lin", "language": "fr"})
    assert refused.status_code == 422


async def test_an_application_in_traditional_chinese_is_admitted(trilingual: Site) -> None:
    fields = {
        "name[zh-Hant]": "山裡的孩子",
        "registration_number": "53110000MJ01234567",
        "about": "我們教孩子畫畫。",
        "contact_name": "王老師",
        "contact_email": "wang@example.org",
    }
    sent = await (await trilingual.client()).post("/zh-Hant/join", data=fields)
    assert (sent.status_code, sent.headers["location"]) == (303, "/zh-Hant/join/received")
    application = await Application.get()
    client = await trilingual.client(trilingual.cast.curator)
    page = await client.post(f"/desk/applications/{application.id}/admission", data={"slug": "hill"})
    assert page.status_code == 303
    organisation = await Organisation.get(slug="hill")
    assert (organisation.name, organisation.about) == (
        Texts({"zh-Hant": fields["name[zh-Hant]"]}),
        Texts({"zh-Hant": fields["about"]}),
    )
    assert (await Mail.get(kind="application_admitted")).language == "zh-Hant"


async def test_a_credit_name_is_translated_into_another_language_than_chinese(trilingual: Site) -> None:
    """Not into the site's second language, which is Chinese, too."""
    client = await trilingual.client(trilingual.cast.partner)
    fields = shown_fields((await client.get("/desk/works/new")).text)
    typed = {"language": "zh", "title": "雪", "credit_name": "豆豆", "credit_name_translation": "Doudou"}
    assert (await client.post("/desk/works", data={**fields, **typed})).status_code == 303
    artist = await Artist.get(credit_name="豆豆")
    assert artist.credit_translations == Texts({"en": "Doudou"})
    for language, name in (("zh", "豆豆"), ("zh-Hant", "豆豆"), ("en", "Doudou")):
        with use_language(language):
            assert credit_in_page_language("豆豆", artist.credit_translations, "zh").text == name


async def test_pages_are_counted_in_each_language(trilingual: Site) -> None:
    work = await factories.accepted(trilingual)
    await factories.exhibition([work])
    counter = VisitCounter()
    for language in TRILINGUAL:
        counter.count_view(f"/{language}/works/{work.public_id}", raw_headers(**BROWSER))
    assert await write_counts(counter)
    assert await WorkCount.filter(kind=CountKind.SEEN).values_list("number", flat=True) == [3]


# What a catalogue lacks


async def test_what_is_not_translated_is_marked_as_english(site: Site, other_languages: None) -> None:
    write_catalogue(site.settings.home, "es", Search="Buscar", Gallery="Galería")
    client = await site_in(site, "es", "en").client()
    page = (await client.get("/es/themes")).text
    assert text_in(page, ".seek") == "Buscar"
    assert not select(page, ".seek span")
    assert attribute(page, "h1 span", "lang") == "en"
    assert text_in(page, "h1") == "Themes"
    assert text_in(page, "title").startswith("Themes")
    assert not select(page, "title span")
    assert (
        attribute(page, ".site-footer nav", "aria-label") == "About"
    )  # an attribute has no language of its own
    english = (await client.get("/en/themes")).text
    assert not select(english, "h1 span")
    for source in (
        page,
        english,
        (await client.get("/es/feed.atom")).text,
        (await client.get("/es/nowhere")).text,
    ):
        assert FALLBACK_BEGINS not in source
        assert FALLBACK_ENDS not in source


async def test_on_a_page_read_right_to_left_english_is_read_left_to_right(
    site: Site, other_languages: None
) -> None:
    write_catalogue(site.settings.home, "ar")
    page = (await (await site_in(site, "ar").client()).get("/ar/themes")).text
    assert (attribute(page, "h1 span", "lang"), attribute(page, "h1 span", "dir")) == ("en", "ltr")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>[word]</p>", "<p><i>word</i></p>"),
        ('<a title="[word]">x</a>', '<a title="word">x</a>'),
        ("<a title='a > [word]'>[b]</a>", "<a title='a > word'><i>b</i></a>"),
        ("<title>[word] · b</title>", "<title>word · b</title>"),
        ("<select><option lang=x>[word]</option></select>", "<select><option lang=x>word</option></select>"),
        ("<textarea>[a]\n[b]</textarea>[c]", "<textarea>a\nb</textarea><i>c</i>"),
        ('<script>{"a": "[word]"}</script>', '<script>{"a": "word"}</script>'),
        ("<!-- [word] -->", "<!-- word -->"),
        ("<p>[a [b] c]</p>", "<p><i>a <i>b</i> c</i></p>"),
        ("<p>[see <a href='x'>here</a>]</p>", "<p><i>see <a href='x'>here</a></i></p>"),
        ("3 < 4 [word]", "3 < 4 <i>word</i>"),
        ("", ""),
    ],
)
def test_only_runs_of_text_become_elements(before: str, after: str) -> None:
    marked = before.replace("[", FALLBACK_BEGINS).replace("]", FALLBACK_ENDS)
    assert mark_fallbacks(marked, " lang=en") == after.replace("<i>", "<span lang=en>").replace(
        "</i>", "</span>"
    )


def test_a_translation_with_a_wrong_placeholder_is_left_out(tmp_path: Path, other_languages: None) -> None:
    words = {
        "%(count)s members": "%(cuenta)s miembros",
        "%(num)s days": "100 %",
        "%(name)s is looking": "%(name)s mira",
        "Search": "100 % Buscar",
    }
    write_catalogue(tmp_path, "es", **words)
    set_site_languages(["es"], tmp_path / "locale")
    assert gettext("%(count)s members") == "%(count)s members"
    assert gettext("%(num)s days") == "%(num)s days"
    assert gettext("%(name)s is looking") == "%(name)s mira"


def test_strings_are_marked_for_pages_alone(tmp_path: Path, other_languages: None) -> None:
    write_catalogue(tmp_path, "es", Search="Buscar")
    set_site_languages(["es"], tmp_path / "locale")
    assert gettext("Themes") == "Themes"
    assert ngettext("%(number)s work", "%(number)s works", 2) == "%(number)s works"
    with marked_fallbacks():
        assert gettext("Themes") == f"{FALLBACK_BEGINS}Themes{FALLBACK_ENDS}"
        assert gettext("Search") == "Buscar"
        assert ngettext("a", "b", 1) == f"{FALLBACK_BEGINS}a{FALLBACK_ENDS}"


# Dates, names, catalogues


@pytest.mark.parametrize(
    ("language", "day", "month", "moment", "locale"),
    [
        ("zh", "2022年12月2日", "2022年12月", "2022年12月2日 17:05", "zh_CN"),
        ("zh-Hant", "2022年12月2日", "2022年12月", "2022年12月2日 17:05", "zh_TW"),
        ("en", "2 December 2022", "December 2022", "2 Dec 2022, 17:05", "en_GB"),
        ("es", "2 de diciembre de 2022", "diciembre de 2022", "2 dic 2022, 17:05", "es_ES"),
        ("ar-XB", "2 ديسمبر 2022", "ديسمبر 2022", "2 ديسمبر 2022، 17:05", "ar_XB"),
    ],
)
def test_dates_follow_the_language(language: str, day: str, month: str, moment: str, locale: str) -> None:
    at = datetime(2022, 12, 2, 9, 5, tzinfo=UTC)
    with use_language(language):
        assert (shown_date(at), shown_month(at.date()), shown_moment(at)) == (day, month, moment)
    assert open_graph_locale(language) == locale


def test_chinese_says_its_script_where_there_are_two(other_languages: None) -> None:
    assert [site_language_name(each) for each in ("zh", "en")] == ["中文", "English"]
    set_site_languages(TRILINGUAL)
    assert [site_language_name(each) for each in TRILINGUAL] == ["简体中文", "繁體中文", "English"]


def test_a_text_falls_back_by_the_languages_of_the_site(other_languages: None) -> None:
    texts = Texts({"bo": "ཡི་གེ", "en": "word", "zh": "词"})
    assert texts.localized("zh-Hant", "bo").language == "zh"
    assert texts.localized("es").language == "zh"
    set_site_languages(["en", "zh"])
    assert texts.localized("es").language == "en"


def test_the_catalogues_that_come_along_are_complete() -> None:
    assert shipped_languages() == ["en", "zh", "zh-Hant"]
    assert [coverage(language) for language in shipped_languages()] == [1, 1, 1]


def test_a_conversion_leaves_what_was_corrected_by_hand() -> None:
    source, target = Catalog(), Catalog()
    for message in ("Sign in", "Work"):
        source.add(message, f"简体 {message}")
        target.add(message, "old")
    source.add(("%(n)s work", "%(n)s works"), ("%(n)s 件",))
    target.add(("%(n)s work", "%(n)s works"), ("",))
    target.add("Not there", "kept")
    found = target.get("Sign in")
    assert found is not None
    found.user_comments.append("by hand")
    convert_catalogue(source, target, str.upper)
    assert {message.id: message.string for message in target if message.id} == {
        "Sign in": "old",
        "Work": "简体 WORK",
        ("%(n)s work", "%(n)s works"): ("%(N)S 件",),
        "Not there": "kept",
    }


async def test_wall_labels_are_in_each_language(trilingual: Site) -> None:
    work = await factories.artwork(trilingual.storage, trilingual.cast.organisation, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work])
    client = await trilingual.client(trilingual.cast.curator)
    answer = await client.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=zh-Hant")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert (await client.get(f"/desk/exhibitions/{exhibition.id}/labels.pdf?language=fr")).status_code == 404
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}/labels")).text
    assert attributes(page, "select[name=language] option", "value") == list(TRILINGUAL)
    assert first(page, "select[name=language] option[value=zh-Hant]").get_text(strip=True) == "繁體中文"
