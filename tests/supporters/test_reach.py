"""A supporter's short links: where they lead, what is counted, and the figures that only the supporter sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.exhibitions.models import Exhibition
from gallery.images.models import Derivative
from gallery.stats import appreciation_views, support_links
from gallery.stats import reach as passes
from gallery.stats.count_writer import write_counts
from gallery.supporters.models import Supporter, SupporterLink, SupporterVisit
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attributes
from tests.queries import counted_queries
from tests.supporters.people import BROWSER, agreed

pytestmark = pytest.mark.engines("sqlite", "postgresql")
LINK = "https://support.example/"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    for limit in (
        support_links.COUNT_LIMIT,
        appreciation_views.PRESS_LIMIT,
        appreciation_views.NEW_VISITOR_LIMIT,
    ):
        limit._events.clear()


async def hung(site: Site) -> tuple[Exhibition, Artwork]:
    """An open exhibition with a work, whose project has a support link."""
    project = await factories.project(site.cast.organisation, link_once=LINK)
    work = await factories.accepted(site, project=project)
    return await factories.exhibition([work], slug="winter"), work


async def make(site: Site, path: str, address: str) -> SupporterLink:
    answer = await (await site.client()).post(f"{path}/reach", data={"address": address})
    assert answer.status_code == 303, answer.text
    link = await SupporterLink.all().order_by("-id").first()
    assert link is not None
    return link


async def open_link(site: Site, link: SupporterLink, **headers: str) -> httpx.Response:
    return await (await site.client(**{**BROWSER, **headers})).get(f"/s/{link.code}")


def pass_in(answer: httpx.Response) -> str:
    return urlsplit(answer.headers["location"]).fragment.removeprefix("via=")


async def visits(site: Site) -> list[tuple[int, bool, bool]]:
    assert await write_counts(site.app.state.visit_counter)
    rows: Sequence[SupporterVisit] = await SupporterVisit.all().order_by("link_id", "token")
    return [(row.link_id, row.thanked, row.followed) for row in rows]


async def test_a_link_leads_to_its_page_in_the_visitors_language(site: Site) -> None:
    _exhibition, work = await hung(site)
    _supporter, path = await agreed(site)
    pages = {
        "http://gallery.test/zh/exhibitions/winter": "/en/exhibitions/winter",
        f"/en/works/{work.public_id}": f"/en/works/{work.public_id}",
        f"/zh/projects/{(await work.project).slug}?x#y": f"/en/projects/{(await work.project).slug}",
    }
    for address, target in pages.items():
        link = await make(site, path, address)
        answer = await open_link(site, link)
        assert answer.status_code == 302
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        assert urlsplit(answer.headers["location"]).path == target
    answer = await open_link(site, link, **{"accept-language": "zh-CN"})
    assert answer.headers["location"].startswith("/zh/projects/")
    assert await make(site, path, "/en/exhibitions/winter")  # once more: the same link
    assert await SupporterLink.all().count() == 3


async def test_a_visit_is_counted_once_with_what_was_done_in_it(site: Site) -> None:
    _exhibition, work = await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    visit = pass_in(await open_link(site, link))
    assert pass_in(await open_link(site, link)).partition(".")[0] == visit.partition(".")[0]  # opened again
    assert await visits(site) == [(link.id, False, False)]
    browser = await site.client(**BROWSER)
    for _ in range(2):
        thanked = await browser.post(f"/appreciations/en/{work.public_id}", data={"via": visit})
        assert thanked.status_code == 303
        followed = await browser.get(f"/en/works/{work.public_id}/support/once?via={visit}")
        assert followed.headers["location"] == LINK  # the pass stays here
    assert await visits(site) == [(link.id, True, True)]
    page = (await (await site.client()).get(path)).text
    assert [int(each) for each in re.findall(r"<td>(\d+)</td>", page)] == [1, 1, 1, 1]


async def test_another_browser_is_another_visit(site: Site) -> None:
    await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    await open_link(site, link)
    await open_link(site, link, **{"user-agent": f"{BROWSER['user-agent']} Other"})
    assert await visits(site) == [(link.id, False, False)] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"accept": "image/png"},
    ],
)
async def test_programs_are_led_there_but_not_counted(site: Site, headers: dict[str, str]) -> None:
    await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    assert (await (await site.client(**BROWSER)).head(f"/s/{link.code}")).status_code == 302
    answer = await open_link(site, link, **headers)
    assert answer.headers["location"] == "/en/exhibitions/winter"
    assert await visits(site) == []


@pytest.mark.parametrize("agent", ["curl/8.0", "Mozilla/5.0 (compatible; Googlebot/2.1)", "WhatsApp/2"])
async def test_a_preview_has_the_card_with_the_supporters_name(site: Site, agent: str) -> None:
    await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    answer = await open_link(site, link, **{"user-agent": agent})
    assert answer.status_code == 200
    assert "Lin Yi passes this on" in attributes(answer.text, "meta[property='og:title']", "content")[0]
    assert attributes(answer.text, "main a", "href") == ["/en/exhibitions/winter"]
    assert await visits(site) == []
    (card,) = attributes(answer.text, "meta[property='og:image']", "content")
    client = await site.client()
    drawn = await client.get(urlsplit(card).path)
    assert drawn.headers["content-type"] == "image/jpeg"
    poster = await client.get(f"/s/{link.code}/poster/en")
    drawn = await client.get(poster.headers["location"])
    assert drawn.headers["content-type"] == "image/png"
    assert not await Derivative.exists()  # no file has the supporter's name
    await client.post(f"{path}/end")
    for address in (urlsplit(card).path, poster.headers["location"], f"/s/{link.code}/poster/en"):
        assert (await client.get(address)).status_code == 404


async def test_a_work_that_may_not_be_shared_has_no_poster(site: Site) -> None:
    _exhibition, work = await hung(site)
    await Consent.filter(id=work.consent_id).update(for_sharing=False)
    _supporter, path = await agreed(site)
    link = await make(site, path, f"/en/works/{work.public_id}")
    client = await site.client()
    assert (await client.get(f"/s/{link.code}/poster/en")).status_code == 404
    assert "/poster/en" not in (await client.get(path)).text
    await Consent.filter(id=work.consent_id).update(for_sharing=True)
    assert f"/s/{link.code}/poster/en" in (await client.get(path)).text


async def test_a_loop_does_not_run_the_figures_up(site: Site) -> None:
    await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    for _ in range(30):
        await open_link(site, link)
    assert len(await visits(site)) == 1
    for number in range(passes.MOST_NEW + 20):  # each time as another browser
        answer = await open_link(site, link, **{"user-agent": f"{BROWSER['user-agent']} {number}"})
        assert answer.status_code == 302
    assert len(await visits(site)) == passes.MOST_NEW


async def test_a_pass_that_this_site_did_not_make_counts_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _exhibition, work = await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    ours = pass_in(await open_link(site, link))
    browser = await site.client(**BROWSER)
    forged = [ours[:-1] + ("0" if ours[-1] != "0" else "1"), f"x{ours[1:]}", "", "a.b.c.d", "é" * 40]
    for each in forged:
        await browser.post(f"/appreciations/en/{work.public_id}", data={"via": each})
    monkeypatch.setattr(passes, "PASS_LIFETIME", -1)
    await browser.post(f"/appreciations/en/{work.public_id}", data={"via": ours})
    assert await visits(site) == [(link.id, False, False)]


async def test_a_page_that_went_says_so_and_is_not_counted(site: Site) -> None:
    _exhibition, work = await hung(site)
    _supporter, path = await agreed(site)
    link = await make(site, path, f"/en/works/{work.public_id}")
    await withdraw(await work.consent, site.storage)
    answer = await open_link(site, link)
    assert answer.headers["location"] == f"/en/works/{work.public_id}"
    assert (await (await site.client()).get(answer.headers["location"])).status_code == 410
    assert await visits(site) == []
    page = (await (await site.client()).get(path)).text
    assert "Visitors cannot see this page at present" in page
    assert work.own("title") not in page


@pytest.mark.parametrize(
    "address",
    ["", "/en/themes/x", "/en/exhibitions/nothing", "https://other.example/", "/en/works/../desk", "x" * 301],
)
async def test_a_link_to_nothing_is_refused_with_a_sentence(site: Site, address: str) -> None:
    _supporter, path = await agreed(site)
    answer = await (await site.client()).post(f"{path}/reach", data={"address": address})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert not await SupporterLink.exists()


async def test_links_end_with_the_supporter_and_by_themselves(site: Site) -> None:
    await hung(site)
    supporter, path = await agreed(site)
    client = await site.client()
    link = await make(site, path, "/en/exhibitions/winter")
    await open_link(site, link)
    assert len(await visits(site)) == 1
    await client.post(f"{path}/reach/{link.code}/end")
    assert (await open_link(site, link)).status_code == 404
    assert await visits(site) == []
    link = await make(site, path, "/en/exhibitions/winter")
    await open_link(site, link)
    await client.post(f"{path}/end")
    assert (await open_link(site, link)).status_code == 404
    assert await visits(site) == []  # the visit that was not written yet has no link any more
    assert await Supporter.filter(id=supporter.id).exists()


async def test_others_cannot_end_links_or_get_their_codes(site: Site) -> None:
    await hung(site)
    _one, path = await agreed(site)
    link = await make(site, path, "/en/exhibitions/winter")
    _other, others = await agreed(site, email="other@example.org")
    client = await site.client()
    await client.post(f"{others}/reach/{link.code}/end")
    assert await SupporterLink.filter(id=link.id).exists()
    assert (await client.get(f"{others}/reach/{link.code}.svg")).status_code == 404
    assert (await client.get(f"{path}/reach/{link.code}.gif")).status_code == 404
    for form, begin in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        answer = await client.get(f"{path}/reach/{link.code}.{form}")
        assert answer.content.startswith(begin)
        assert answer.headers["content-disposition"] == f'attachment; filename="{link.code}.{form}"'


async def test_pages_of_supporters_show_what_they_support(site: Site) -> None:
    _exhibition, work = await hung(site)
    supporter, path = await agreed(site)
    page = f"/en/supporters/{supporter.public_id}"
    client = await site.client()
    assert "Nothing that they support is on view" in (await client.get(page)).text
    for address in (
        "/en/exhibitions/winter",
        f"/en/works/{work.public_id}",
        f"/en/projects/{(await work.project).slug}",
    ):
        await make(site, path, address)
    shown = (await client.get(f"{page}?again")).text  # not the page as it was cached
    assert "/en/exhibitions/winter" in shown
    assert f"/en/works/{work.public_id}" in shown
    assert (await work.project).slug in shown


async def test_queries_do_not_grow_with_links(site: Site) -> None:
    await hung(site)
    works = [await factories.accepted(site) for _ in range(3)]
    await factories.exhibition(works, slug="spring")
    _supporter, path = await agreed(site)
    client = await site.client()
    await make(site, path, "/en/exhibitions/winter")
    with counted_queries() as one:
        assert (await client.get(path)).status_code == 200
    for address in ("/en/exhibitions/spring", *(f"/en/works/{work.public_id}" for work in works)):
        await make(site, path, address)
    with counted_queries() as many:
        assert (await client.get(path)).status_code == 200
    # Whether the content version is read depends on how long ago that was.
    numbers = [len([query for query in ran if "content_" not in query]) for ran in (many, one)]
    assert numbers[0] <= numbers[1]
