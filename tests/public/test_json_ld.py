"""JSON-LD, read by extruct: correct, and nothing that the page does not show to people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import extruct
import pytest

from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.organisations.models import CheckedLink, LinkState, Organisation
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import select


async def read(site: Site, path: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The things in a page's JSON-LD, by their type, and the page."""
    answer = await (await site.client()).get(path)
    assert answer.status_code == 200, path
    (data,) = extruct.extract(answer.text, base_url=site.settings.site_url, syntaxes=["json-ld"])["json-ld"]
    assert data["@context"] == "https://schema.org"
    return {thing["@type"]: thing for thing in data["@graph"]}, answer.text


class Shown(HTMLParser):
    """Every word that a page shows to people: its text, and the alternative texts of its pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.skips = [""], 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skips += tag in {"script", "style"}
        self.words += [value or "" for name, value in attrs if name in {"alt", "href"}]
        self.words += [value or "" for name, value in attrs if (tag, name) == ("meta", "content")]

    def handle_endtag(self, tag: str) -> None:
        self.skips -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.skips:
            self.words.append(data)


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str):
        yield name, value


TECHNICAL = {"@type", "@id", "@context", "url", "item", "contentUrl", "inLanguage", "startDate", "endDate"} | {
    "eventStatus", "eventAttendanceMode", "foundingDate", "dissolutionDate", "image", "license", "acquireLicensePage"
}  # fmt: skip


def steps(trail: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(step["position"], step["name"], step["item"]) for step in trail["itemListElement"]]


async def wall(site: Site, **values: Any) -> tuple[Artwork, Any]:
    work = await factories.artwork(
        site.storage, site.cast.organisation, **{"status": Status.ACCEPTED, **values}
    )
    return work, await factories.exhibition([work], closes_at=now() + timedelta(days=9))


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_is_told(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, for_sharing=True)
    await Organisation.filter(id=site.cast.organisation.id).update(registration_number="5311")
    work, exhibition = await wall(site, consent=consent)
    artist, project, image = await work.artist, await work.project, await work.image
    here = site.settings.site_url
    for language, title, other in (
        ("zh", work.own("title"), work.title["en"]),
        ("en", work.title["en"], work.own("title")),
    ):
        document, _ = await read(site, f"/{language}/works/{work.public_id}")
        artwork = document["VisualArtwork"]
        assert artwork["url"] == f"{here}/{language}/works/{work.public_id}"
        assert (artwork["name"], artwork["alternateName"]) == (title, [other])
        assert (
            artwork["creator"]
            == artwork["copyrightHolder"]
            == {"@type": "Person", "name": artist.credit_name}
        )
        assert artwork["dateCreated"] == "2022"
        assert artwork["inLanguage"] == "zh-Hans"  # the work's own
        picture = artwork["image"]
        assert picture["contentUrl"] == f"{here}/media/{image.token}/{picture['width']}.jpg"
        assert (picture["width"], picture["height"]) == (image.width, image.height)
        assert picture["creator"] == artwork["creator"]
        assert picture["creditText"].startswith(artist.credit_name)
        assert picture["copyrightNotice"] == artwork["copyrightNotice"]
        assert picture["license"] == f"{here}/{language}/about"
        assert (
            picture["acquireLicensePage"] == f"{here}/{language}/organisations/{site.cast.organisation.slug}"
        )
        assert artwork["provider"]["@type"] == "NGO"
        assert artwork["provider"]["identifier"] == "5311"
        assert artwork["sourceOrganization"]["@type"] == "Project"
        assert artwork["sourceOrganization"]["sameAs"] == project.link
        assert artwork["subjectOf"]["@id"] == f"{here}/{language}/exhibitions/{exhibition.slug}"
        assert [place for place, *_ in steps(document["BreadcrumbList"])] == [1, 2, 3, 4]
        assert steps(document["BreadcrumbList"])[-1][1:] == (title, artwork["url"])
        assert steps(document["BreadcrumbList"])[0][2] == f"{here}/{language}/"


async def test_an_exhibition_is_told(site: Site) -> None:
    work, exhibition = await wall(
        site, consent=await factories.consent(site.cast.organisation, for_sharing=True)
    )
    document, page = await read(site, f"/zh/exhibitions/{exhibition.slug}")
    event, here = document["ExhibitionEvent"], site.settings.site_url
    (card,) = select(page, 'meta[property="og:image"]')
    assert event["image"] == card["content"]
    assert event["startDate"] < event["endDate"]
    assert event["eventStatus"] == "https://schema.org/EventScheduled"
    assert event["organizer"]["url"] == f"{here}/zh/"
    assert event["inLanguage"] == ["zh-Hans", "en"]
    (featured,) = event["workFeatured"]
    assert (featured["@type"], featured["name"]) == ("VisualArtwork", work.own("title"))
    assert featured["url"] == f"{here}/zh/works/{work.public_id}"


async def test_pictures_without_consent_for_sharing_are_not_named(site: Site) -> None:
    work, _ = await wall(site)
    document, _ = await read(site, f"/zh/works/{work.public_id}")
    assert "image" not in document["VisualArtwork"]


@pytest.mark.engines("sqlite", "postgresql")
async def test_every_page_tells_what_it_shows_and_no_more(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(
        about=Texts({"zh": "我们陪伴**孤独症**青年。"}),
        website="https://example.org/",
        registration_number="53110000",
    )
    theme = await factories.theme(
        slug="winter", title=Texts({"zh": "冬至", "en": "Winter"}), text=Texts({"zh": "一年里白天最短。"})
    )
    project = await factories.project(site.cast.organisation, starts_on=today())
    work, exhibition = await wall(site, themes=[theme], project=project)
    expected = {
        "": {"WebSite", "ExhibitionEvent"},
        "exhibitions": {"CollectionPage", "BreadcrumbList"},
        f"exhibitions/{exhibition.slug}": {"ExhibitionEvent", "BreadcrumbList"},
        f"works/{work.public_id}": {"VisualArtwork", "BreadcrumbList"},
        "themes": {"CollectionPage", "BreadcrumbList"},
        "themes/winter": {"CollectionPage", "BreadcrumbList"},
        "organisations": {"CollectionPage", "BreadcrumbList"},
        "support": {"CollectionPage", "BreadcrumbList"},
        "organisations/xiaogeng": {"NGO", "BreadcrumbList"},
        f"projects/{project.slug}": {"Project", "BreadcrumbList"},
    }
    client = await site.client()
    for language in ("zh", "en"):
        for path, types in expected.items():
            document, page = await read(site, f"/{language}/{path}")
            assert set(document) == types, path
            shown = " ".join(" ".join(Shown(page).words).split())
            for name, text in texts(document):
                if name not in TECHNICAL and text != project.link:  # its button leads to a counter
                    assert text in shown, (path, name, text)
                if name in {"item", "@id"}:
                    assert (await client.get(text)).status_code == 200, text
    event = (await read(site, f"/en/exhibitions/{exhibition.slug}"))[0]["ExhibitionEvent"]
    assert event["startDate"] < event["endDate"]
    assert event["startDate"].endswith("+08:00")
    assert event["description"] == "Reunion."


async def test_nothing_in_the_data_ends_its_element(site: Site) -> None:
    title = '</script><script>alert("1")</script>&amp;\u2028\u202e<!--'
    work, _ = await wall(site, title=title, title_translation="")
    document, page = await read(site, f"/zh/works/{work.public_id}")
    assert document["VisualArtwork"]["name"] == title
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script>")


async def test_a_dead_link_is_not_told(site: Site) -> None:
    work, _ = await wall(site)
    project = await work.project
    await CheckedLink.create(url=project.link, state=LinkState.DEAD, next_check_at=now())
    for path in (f"works/{work.public_id}", f"projects/{project.slug}"):
        document, _ = await read(site, f"/zh/{path}")
        assert project.link not in [text for _, text in texts(document)]
