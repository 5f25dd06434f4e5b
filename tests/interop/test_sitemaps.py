"""robots.txt and sitemaps, read by ultimate-sitemap-parser and Python's own reader of robots.txt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from usp.fetch_parse import SitemapFetcher
from usp.objects.page import SitemapPage
from usp.web_client.abstract_client import (
    AbstractWebClient,
    AbstractWebClientResponse,
    AbstractWebClientSuccessResponse,
)

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.db.content_version import bump
from gallery.interop import sitemaps
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.queries import counted_queries


class Fetched(AbstractWebClientSuccessResponse):
    def __init__(self, answer: httpx.Response, url: str) -> None:
        self.answer, self.asked = answer, url

    def status_code(self) -> int:
        return self.answer.status_code

    def status_message(self) -> str:
        return self.answer.reason_phrase

    def header(self, case_insensitive_name: str) -> str | None:
        return self.answer.headers.get(case_insensitive_name)

    def raw_data(self) -> bytes:
        return self.answer.content

    def url(self) -> str:
        return self.asked


class Ready(AbstractWebClient):
    """The parser is synchronous, so the site's answers are fetched before it asks for them."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self.answers = answers

    def set_max_response_data_length(self, max_response_data_length: int | None) -> None:
        pass

    def get(self, url: str) -> AbstractWebClientResponse:
        return Fetched(self.answers[url], url)


async def parsed(site: Site) -> tuple[list[SitemapPage], dict[str, httpx.Response]]:
    """Every page that robots.txt leads to through the sitemaps, and the documents on the way."""
    site.app.state.content._checked_at = float("-inf")
    client, here = await site.client(), site.settings.site_url
    answers: dict[str, httpx.Response] = {}
    for path in ["/robots.txt", "/sitemap.xml"]:
        answers[here + path] = await client.get(path)
    for address in locations(answers[f"{here}/sitemap.xml"].text):
        answers[address] = await client.get(address)
        assert answers[address].status_code == 200
        assert answers[address].headers["content-type"].startswith("application/xml")
    tree = SitemapFetcher(f"{here}/robots.txt", 0, Ready(answers)).sitemap()
    assert not [each for each in tree.all_sitemaps() if "Invalid" in type(each).__name__]
    return list(tree.all_pages()), answers


def locations(text: str) -> list[str]:
    return [part.partition("</loc>")[0] for part in text.split("<loc>")[1:]]


async def wall(site: Site, count: int, **values: Any) -> list[Artwork]:
    return [
        await factories.artwork(site.storage, site.cast.organisation, **{"status": Status.ACCEPTED, **values})
        for _ in range(count)
    ]


@pytest.mark.engines("sqlite", "postgresql")
async def test_every_public_page_is_listed_with_its_twin(site: Site) -> None:
    theme = await factories.theme(slug="winter")
    consent = await factories.consent(site.cast.organisation, for_sharing=True)
    shared, other = [
        *await wall(site, 1, themes=[theme], consent=consent),
        *await wall(site, 1, themes=[theme]),
    ]
    exhibition = await factories.exhibition([shared, other], theme=theme)
    await factories.exhibition([shared], opens_at=now() + timedelta(days=3), slug="soon")
    found, _ = await parsed(site)
    here, client = site.settings.site_url, await site.client()
    paths = {urlsplit(page.url).path for page in found}
    projects = [(await work.project).slug for work in (shared, other)]
    for language in ("zh", "en"):
        assert {
            path[3:] for path in paths if path.startswith(f"/{language}/") and "/themes/" not in path
        } == {
            "/",
            "/exhibitions",
            "/themes",
            "/organisations",
            "/support",
            "/calendar",
            "/organisations/xiaogeng",
            f"/exhibitions/{exhibition.slug}",
            *(f"/works/{work.public_id}" for work in (shared, other)),
            *(f"/projects/{slug}" for slug in projects),
        }
        assert f"/{language}/themes/winter" in paths
    for page in found:
        assert (await client.get(page.url)).status_code == 200, page.url
        alternates = dict(page.alternates or [])
        assert set(alternates) == {"zh-Hans", "en", "x-default"}
        assert alternates["zh-Hans"] == alternates["x-default"]
        assert page.url in alternates.values()
        is_shared = page.url.endswith(shared.public_id)
        assert bool(page.images) == is_shared
        for image in page.images or []:
            assert image.loc == f"{here}/media/{(await shared.image).token}/1300.jpg"
            assert (await client.get(image.loc)).status_code == 200
    changed = [page.last_modified for page in found if "/works/" in page.url]
    assert all(changed)


async def test_a_withdrawn_work_leaves_the_sitemaps(site: Site) -> None:
    gone, staying = await wall(site, 2)
    await factories.exhibition([gone, staying])
    assert gone.public_id in "".join(page.url for page in (await parsed(site))[0])
    await withdraw(await Consent.get(id=gone.consent_id), site.storage)
    pages, answers = await parsed(site)
    assert staying.public_id in "".join(page.url for page in pages)
    assert not [url for url, answer in answers.items() if gone.public_id in answer.text]


@pytest.mark.engines("sqlite", "postgresql")
async def test_many_pages_are_in_several_sitemaps(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "PAGES_PER_SITEMAP", 2)
    works = await wall(site, 5)
    await factories.exhibition(works)
    pages, answers = await parsed(site)
    assert [address[len(site.settings.site_url) :] for address in answers if "sitemap-" in address] == [
        f"/{language}/sitemap-{number}.xml" for language in ("zh", "en") for number in (1, 2, 3)
    ]
    for kind, number in (("works", 5), ("projects", 5), ("exhibitions", 1)):
        listed = [page.url for page in pages if f"/zh/{kind}/" in page.url]
        assert len(listed) == len(set(listed)) == number
    others = [address for address in answers if "/zh/sitemap.xml" in address]
    in_chinese = [page.url for page in pages if "/zh/" in page.url and "/works/" not in page.url]
    assert len(others) == -(-len(in_chinese) // 2)
    client = await site.client()
    for name in (
        "sitemap.xml?page=10",
        "sitemap.xml?page=999999999",
        "sitemap-0.xml",
        "sitemap-4.xml",
        "sitemap-999999999.xml",
        "sitemap-x.xml",
    ):
        assert (await client.get(f"/zh/{name}")).status_code == 404


async def test_an_empty_site_has_sitemaps(site: Site) -> None:
    pages, _ = await parsed(site)
    assert len(pages) == 12


async def test_robots_keep_to_what_is_public(site: Site) -> None:
    answer = await (await site.client()).get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    assert rules.site_maps() == [f"{site.settings.site_url}/sitemap.xml"]
    for path in ("/desk", "/desk/works", "/c/0123", "/zh/consent/0123", "/zh/search?q=", "/en/search?q=x"):
        assert not rules.can_fetch("*", path), path
    for path in (
        "/",
        "/zh/",
        "/en/works/abc",
        "/media/abc/640.jpg",
        "/zh/exhibitions",
        "/zh/search",
        "/zh/feed.atom",
    ):
        assert rules.can_fetch("*", path), path


async def test_queries_do_not_grow(site: Site) -> None:
    async def queries(path: str) -> int:
        await bump()
        site.app.state.content._checked_at = float("-inf")
        with counted_queries() as ran:
            assert (await (await site.client()).get(path)).status_code == 200
        return len([query for query in ran if "content_" not in query])

    paths = ("/sitemap.xml", "/zh/sitemap.xml", "/zh/sitemap-1.xml")
    await factories.exhibition(await wall(site, 1))
    with_one = [await queries(path) for path in paths]
    for work in await wall(site, 4):
        await factories.exhibition([work])
    assert [await queries(path) for path in paths] == with_one
    assert max(with_one) <= 6
