"""Cards and posters as networks and visitors fetch them: only of works on view, only with consent."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image as Picture

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.artworks.sentences import NO_SENTENCE
from gallery.db.content_version import bump, wait_for_propagation
from gallery.exhibitions.models import Hanging
from gallery.images.models import Derivative
from gallery.images.on_demand import OnDemandQueue, QueueFull
from gallery.organisations.models import Organisation
from gallery.public import page_cards
from gallery.web.texts import NO_TEXTS
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import select


async def shown(site: Site, *, sharing: bool = True, **values: Any) -> tuple[Artwork, str]:
    """A work on view, and the slug of its exhibition."""
    organisation = site.cast.organisation
    consent = await factories.consent(organisation, for_sharing=sharing)
    work = await factories.artwork(
        site.storage, organisation, consent=consent, status=Status.ACCEPTED, **values
    )
    return work, (await factories.exhibition([work], theme=await factories.theme(accent="#1a6b3c"))).slug


async def meta(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    tags = select(answer.text, "meta[property], meta[name]")
    return {str(tag.get("property") or tag["name"]): str(tag["content"]) for tag in tags}


async def card_of(site: Site, client: httpx.AsyncClient, path: str) -> str:
    return (await meta(client, path))["og:image"].removeprefix(site.settings.site_url)


def poster_of(card: str) -> str:
    return re.sub(r"card-\w+\.jpg", "poster-000000000000.png", card)


async def test_each_kind_of_page_has_a_card_of_its_own(site: Site) -> None:
    work, slug = await shown(site)
    theme = await work.themes.all().first()
    project = await work.project
    assert theme
    assert project
    client = await site.client()
    cards = set()
    for page in (
        f"works/{work.public_id}",
        f"exhibitions/{slug}",
        f"themes/{theme.slug}",
        f"organisations/{site.cast.organisation.slug}",
        f"projects/{project.slug}",
    ):
        for language in ("zh", "en"):
            meta_tags = await meta(client, f"/{language}/{page}")
            assert meta_tags["twitter:card"] == "summary_large_image"
            assert (meta_tags["og:image:width"], meta_tags["og:image:height"]) == ("1200", "630")
            assert meta_tags["og:image:alt"]
            path = meta_tags["og:image"].removeprefix(site.settings.site_url)
            assert path.startswith(f"/sharing/{language}/{page}/card-")
            if language == "zh":
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), page
                with Picture.open(io.BytesIO(answer.content)) as picture:
                    assert picture.size == (1200, 630)
                assert answer.headers["cache-control"] == f"private, max-age={site.settings.media_max_age}"
            cards.add(path)
    assert len(cards) == 10
    for page in (
        "",
        "exhibitions",
        "themes",
        "organisations",
        "support",
        "search",
        "about",
        "accessibility",
        "calendar",
    ):
        text = (await client.get(f"/zh/{page}")).text
        (card,) = (str(tag["content"]) for tag in select(text, 'meta[property="og:image"]'))
        path = card.removeprefix(site.settings.site_url)
        assert path.startswith(f"/sharing/zh/pages/{page or 'home'}/card-")
        (alternate,) = select(text, 'meta[property="og:locale:alternate"]')
        assert alternate["content"] == "en_GB"


async def hung_in_a_row(site: Site, number: int) -> list[Artwork]:
    """Works on view of `number` organisations, each with a consent of its own."""
    works = []
    for place in range(number):
        organisation = await Organisation.create(slug=f"row-{place}", name=in_zh(f"机构{place}"))
        consent = await factories.consent(organisation, for_sharing=True)
        works.append(
            await factories.artwork(site.storage, organisation, consent=consent, status=Status.ACCEPTED)
        )
    await factories.exhibition(works)
    return works


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_card_of_several_works_goes_with_each_of_them(site: Site, place: int) -> None:
    works = await hung_in_a_row(site, 3)
    client = await site.client()
    card = await card_of(site, client, "/zh/")
    answer = await client.get(card)
    kept = answer.content
    assert answer.headers["x-robots-tag"] == "noai, noimageai"  # these consents do not cover machine use
    assert await Derivative.all().count() == len(works)  # one row for each picture on it
    assert len([key async for key in site.storage.public.keys("") if "/made/" in key]) == 1
    again = await client.get(card)
    assert again.content == kept
    await withdraw(await Consent.get(id=works[place].consent_id), site.storage)
    assert not await Derivative.exists()
    assert not [key async for key in site.storage.public.keys("") if "/made/" in key]
    outdated = await client.get(card, headers={"if-none-match": answer.headers["etag"]})
    assert (outdated.status_code, outdated.headers["cache-control"]) == (200, "no-cache")
    assert outdated.content != kept
    assert await Derivative.all().count() == len(works) - 1
    assert await card_of(site, client, "/zh/") != card


async def test_a_card_of_several_works_is_not_kept_if_one_goes_while_it_is_drawn(site: Site) -> None:
    works = await hung_in_a_row(site, 2)
    client = await site.client()
    card = await card_of(site, client, "/zh/")
    asking = asyncio.create_task(client.get(card))
    demand: OnDemandQueue = site.app.state.on_demand
    while not demand._jobs and not asking.done():
        await asyncio.sleep(0)
    await withdraw(await Consent.get(id=works[1].consent_id), site.storage)
    assert (await asking).status_code == 200
    assert {row.image_id for row in await Derivative.all()} <= {works[0].image_id}


async def test_what_may_not_be_shared_hangs_on_no_card_of_a_page(site: Site) -> None:
    work, _slug = await shown(site, sharing=False)
    client = await site.client()
    tags = await meta(client, "/zh/")
    assert work.own("title") not in tags["og:image:alt"]
    image = await page_cards.card_of("home", site.settings)
    assert image.by_form["card"].tokens == ()


async def test_a_poster_is_made_once_and_leads_to_the_page(site: Site) -> None:
    work, slug = await shown(site)
    client = await site.client()
    for page in (f"/en/works/{work.public_id}", f"/en/exhibitions/{slug}"):
        path = poster_of(await card_of(site, client, page))
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        with Picture.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (1080, 1920)
            (code,) = zxingcpp.read_barcodes(picture.convert("L"))
        assert code.text == site.settings.site_url + page
        assert answer.headers["cache-control"] == "no-cache"  # an address with another digest
        rows = await Derivative.all().count()
        again = await client.get(path)
        assert again.content == answer.content
        assert await Derivative.all().count() == rows
        same = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert (await client.head(path)).status_code == 200


async def test_cards_say_a_sentence_of_the_story(site: Site) -> None:
    quotation = "“我想给每个人画一碗汤圆。”"
    work, slug = await shown(site, story=f"冬天来了。他说：{quotation}然后他睡着了。")
    client = await site.client()

    async def cards() -> list[str]:
        await bump()
        await wait_for_propagation()
        pages = (f"works/{work.public_id}", f"exhibitions/{slug}")
        return [await card_of(site, client, f"/zh/{page}") for page in pages]

    before = await cards()
    await Hanging.filter(artwork=work).update(sentence=in_zh(NO_SENTENCE))  # a curator's choice
    without = await cards()
    assert all(one != other for one, other in zip(before, without, strict=True))
    for address in without:
        assert (await client.get(address)).headers["cache-control"] != "no-cache"  # drawn by the same choice
    await Hanging.filter(artwork=work).update(sentence=NO_TEXTS)
    await Artwork.filter(id=work.id).update(story=in_zh("冬天来了。"))
    assert await cards() == without


async def test_a_card_s_address_changes_with_what_it_says(site: Site) -> None:
    work, _ = await shown(site)
    client = await site.client()
    page = f"/zh/works/{work.public_id}"
    before = await card_of(site, client, page)
    old = (await client.get(before)).content
    await Artwork.filter(id=work.id).update(title=in_zh("另一个名字"))
    await bump()
    await wait_for_propagation()
    after = await card_of(site, client, page)
    assert after != before
    answer = await client.get(after)
    assert answer.content != old
    # The old address gives the current card, with no-store.
    outdated = await client.get(before)
    assert (outdated.content, outdated.headers["cache-control"]) == (answer.content, "no-cache")


async def test_without_consent_to_sharing_there_is_no_picture_and_no_poster(site: Site) -> None:
    work, slug = await shown(site, sharing=False)
    client = await site.client()
    page = f"/zh/works/{work.public_id}"
    meta_tags = await meta(client, page)
    assert meta_tags["og:image:alt"] == work.own("title")
    card = await card_of(site, client, page)
    answer = await client.get(card)
    assert answer.status_code == 200
    assert (await client.get(poster_of(card))).status_code == 404
    # Its exhibition's card and poster do not show it either.
    exhibition = await card_of(site, client, f"/zh/exhibitions/{slug}")
    for path in (exhibition, poster_of(exhibition)):
        assert (await client.get(path)).status_code == 200
    assert not await Derivative.exists()
    consent = await Consent.get(id=work.consent_id)
    await Consent.filter(id=consent.id).update(for_sharing=True)
    await bump()
    await wait_for_propagation()
    assert await card_of(site, client, page) != card
    assert (await client.get(poster_of(card))).status_code == 200


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SUBMITTED, Status.DECLINED, Status.ACCEPTED])
async def test_what_is_not_on_view_has_neither(site: Site, status: Status) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    slug = (await factories.exhibition([work], published=False)).slug
    client = await site.client()
    for page in (f"works/{work.public_id}", f"exhibitions/{slug}"):
        for file in ("card-000000000000.jpg", "poster-000000000000.png"):
            assert (await client.get(f"/sharing/zh/{page}/{file}")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "works/{id}/card-000000000000.png",
        "works/{id}/card-0.jpg",
        "works/{id}/card-000000000000.jpg.png",
        "works/{id}/..%2f..%2fsecret",
        "works/nobody/card-000000000000.jpg",
        "works/%00/card-000000000000.jpg",
        "works/" + "a" * 61 + "/card-000000000000.jpg",
        "themes/nothing/card-000000000000.jpg",
        "themes/{theme}/poster-000000000000.png",
        "consents/1/card-000000000000.jpg",
        "pages/nowhere/card-000000000000.jpg",
        "pages/home/poster-000000000000.png",
        "artists/nobody/card-000000000000.jpg",
    ],
)
async def test_bad_addresses(site: Site, path: str) -> None:
    work, _ = await shown(site)
    theme = await work.themes.all().first()
    assert theme
    path = path.format(id=work.public_id, theme=theme.slug)
    assert (await (await site.client()).get(f"/sharing/zh/{path}")).status_code in {404, 400}
    assert (await (await site.client()).get(f"/sharing/fr/{path}")).status_code in {404, 400}


async def test_a_title_of_any_kind(site: Site) -> None:
    title = "<b>冬至</b> \u202e吃汤圆\u202c 😀 " + "团圆" * 40
    work, _ = await shown(site, title=title)
    client = await site.client()
    card = await card_of(site, client, f"/zh/works/{work.public_id}")
    assert (await client.get(card)).status_code == 200


async def test_what_is_withdrawn_is_gone(site: Site) -> None:
    work, slug = await shown(site)
    client = await site.client()
    card = await card_of(site, client, f"/zh/works/{work.public_id}")
    exhibition = await card_of(site, client, f"/zh/exhibitions/{slug}")
    etag = (await client.get(card)).headers["etag"]
    before = (await client.get(exhibition)).content
    assert await Derivative.all().count() == 2
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    for path in (card, poster_of(card)):
        answer = await client.get(path, headers={"if-none-match": etag})
        assert answer.status_code == 410
        assert "max-age" not in answer.headers.get("cache-control", "")
    answer = await client.get(exhibition)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.content != before
    assert not await Derivative.exists()
    assert work.image
    assert not [key async for key in site.storage.public.keys(work.image.token)]


async def test_what_is_withdrawn_while_it_is_drawn_is_not_answered(site: Site) -> None:
    work, _ = await shown(site)
    client = await site.client()
    card = await card_of(site, client, f"/zh/works/{work.public_id}")
    asking = asyncio.create_task(client.get(poster_of(card)))
    demand: OnDemandQueue = site.app.state.on_demand
    while not demand._jobs and not asking.done():
        await asyncio.sleep(0)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert (await asking).status_code == 410
    assert not await Derivative.exists()


async def test_many_who_ask_are_one_and_too_many_are_told_to_wait(site: Site) -> None:
    work, _ = await shown(site)
    client = await site.client()
    card = await card_of(site, client, f"/zh/works/{work.public_id}")
    answers = await asyncio.gather(*(client.get(card) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await Derivative.all().count() == 1

    class Full(OnDemandQueue):
        async def get(self, key: str, cut: Any) -> bytes:
            raise QueueFull

    site.app.state.on_demand = Full()
    answer = await client.get(poster_of(card))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await client.get(card)).status_code == 200  # which is kept


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_organisation_that_is_stopped_has_no_card(site: Site) -> None:
    await shown(site)
    client = await site.client()
    page = f"organisations/{site.cast.organisation.slug}"
    card = await card_of(site, client, f"/zh/{page}")
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    await bump()
    assert (await client.get(card)).status_code == 404
