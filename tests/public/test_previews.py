"""The preview of a draft: at the desk, and by a signed link that expires, can be ended, and reveals nothing else."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.exhibitions.models import Exhibition, Hanging, PreviewLink, Room
from gallery.images.models import Image
from gallery.organisations.models import Project
from gallery.public.previews import FRAME_LIFETIME, LINK_LIFETIME, MAX_LINKS, frame_signer, link_signer
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en
from tests.markup import attribute


async def link_of(site: Site, exhibition: Exhibition) -> str:
    """A new preview link, in English."""
    client = await site.client(site.cast.curator)
    here = f"/desk/exhibitions/{exhibition.id}/preview"
    assert (await client.post(f"{here}/links", data={"whom": "Mei"})).status_code == 303
    return attribute((await client.get(here)).text, "p[lang=en] > a", "href")


@pytest.mark.engines("sqlite", "postgresql")
async def test_somebody_without_an_account_sees_the_draft_as_it_would_hang(site: Site) -> None:
    work = await accepted(site)
    expired = await factories.consent(site.cast.organisation, ends_on=today() - timedelta(days=1))
    hidden = await accepted(site, consent=expired, title_translation="Not seen")
    exhibition = await factories.exhibition([work, hidden], published=False)
    await Room.filter(edition__exhibition_id=exhibition.id).update(layout="stories")
    await Hanging.filter(artwork_id=work.id).update(caption=in_en("By the door"))
    guest = await site.client()
    page = await guest.get(await link_of(site, exhibition))
    assert page.status_code == 200
    for word in (work.title["en"], work.story["en"], "By the door", "Room one", "Reunion."):
        assert word in page.text
    assert "Not seen" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "set-cookie" not in page.headers
    # No link leads to anything unpublished, and every picture's address is below the link.
    assert f"/works/{work.public_id}" not in page.text
    assert "/media/" not in page.text
    pictures = set(re.findall(r'(/preview/[^"\s]+/pictures/[^"\s]+\.(?:jpg|avif|webp))', page.text))
    assert pictures
    for path in pictures:
        picture = await guest.get(path)
        assert picture.status_code == 200, path
        assert picture.headers["content-type"].startswith("image/")
        assert picture.headers["cache-control"] == "no-store"
    assert (await guest.get(f"/en/exhibitions/{exhibition.slug}")).status_code == 404
    assert work.own("title") in (await guest.get(attribute(page.text, ".tongue", "href"))).text


async def test_the_preview_has_the_detail_and_the_ending(site: Site) -> None:
    works = [await accepted(site) for _ in range(2)]
    await Image.filter(id=works[1].image_id).update(width=2000, height=1500)
    open_now = await factories.exhibition([await accepted(site)], title=in_en("Lanterns"))
    exhibition = await factories.exhibition(works, published=False, closing=in_en("Move closer."))
    page = (await (await site.client()).get(await link_of(site, exhibition))).text
    token = (await Image.get(id=works[1].image_id)).token
    assert f"/pictures/{token}/" in attribute(page, ".detail .cut img", "src")
    assert "/iiif/" not in page
    ending = page.partition('id="ending"')[2]
    project = await Project.get(id=works[0].project_id)
    for words in ("Move closer.", project.title["en"], "Support this project", "Lanterns"):
        assert words in ending
    assert "<a " not in ending.partition("site-footer")[0]
    assert open_now.slug not in page


async def test_the_preview_follows_the_draft_and_the_consent(site: Site) -> None:
    work, other = await accepted(site), await accepted(site)
    exhibition = await factories.exhibition([work, other], published=False)
    link, guest = await link_of(site, exhibition), await site.client()
    image = await work.image
    folder = link.replace("/preview/en/", "/preview/")
    picture = f"{folder}/pictures/{image.token}/320.jpg"
    assert (await guest.get(picture)).status_code == 200
    await Artwork.filter(id=work.id).update(status=Status.WITHDRAWN)
    assert (await guest.get(picture)).status_code == 404
    assert work.title["en"] not in (await guest.get(link)).text


async def test_a_link_shows_no_other_draft_and_no_other_picture(site: Site) -> None:
    work, foreign = await accepted(site), await accepted(site)
    exhibition = await factories.exhibition([work], published=False)
    await factories.exhibition([foreign], published=False)
    link, guest = await link_of(site, exhibition), await site.client()
    folder = link.replace("/preview/en/", "/preview/")
    image, own = await foreign.image, await work.image
    for path in (
        f"{folder}/pictures/{image.token}/320.jpg",
        f"{folder}/pictures/{own.token}/original",
        f"{folder}/pictures/{own.token}/321.jpg",
        f"{folder}/pictures/nothing/320.jpg",
    ):
        answer = await guest.get(path)
        assert answer.status_code == 404, path
    assert foreign.title["en"] not in (await guest.get(link)).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_link_expires_and_cannot_be_changed(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], published=False)
    link, guest = await link_of(site, exhibition), await site.client()
    token = link.rpartition("/")[2]
    made = await PreviewLink.get()
    assert len(token.rpartition(".")[2]) == 43  # SHA-256
    for wrong in (
        f"{token}x",
        token[:-1],
        "x",
        link_signer(site.settings).dumps(str(made.id)) + "x",
        link_signer(site.settings).dumps(made.id + 1),
        frame_signer(site.settings).dumps(exhibition.id + 1),
        "%00",
        "x" * 5000,
    ):
        assert (await guest.get(f"/preview/en/{wrong}")).status_code in {400, 404}, wrong
    assert (await guest.get(link)).status_code == 200
    await PreviewLink.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await guest.get(link)).status_code == 404
    client = await site.client(site.cast.curator)
    assert token not in (await client.get(f"/desk/exhibitions/{exhibition.id}/preview")).text


async def test_links_are_listed_and_ended_one_by_one(site: Site) -> None:
    work = await accepted(site)
    exhibition = await factories.exhibition([work], published=False)
    first, second = await link_of(site, exhibition), await link_of(site, exhibition)
    client, guest = await site.client(site.cast.keeper), await site.client()
    here = f"/desk/exhibitions/{exhibition.id}/preview"
    page = (await client.get(here)).text
    assert page.count("<b>Mei</b>") == 2
    assert "Made by curator" in page
    until = (await PreviewLink.all().order_by("id"))[0].expires_at
    assert timedelta(days=6, hours=23) < until - now() <= LINK_LIFETIME
    image = await work.image
    picture = f"{first.replace('/preview/en/', '/preview/')}/pictures/{image.token}/320.jpg"
    assert (await guest.get(picture)).status_code == 200
    ended = await PreviewLink.all().order_by("id").first()
    assert ended is not None
    for _ in range(2):  # ending it again is no error
        assert (await client.post(f"{here}/links/{ended.id}/deletion")).status_code == 303
    page = (await client.get(here)).text
    assert "The link has been ended" in page
    assert page.count("<b>Mei</b>") == 1
    assert [(await guest.get(path)).status_code for path in (first, picture, second)] == [404, 404, 200]
    frame = attribute(page, "iframe", "src")
    assert (await guest.get(frame)).status_code == 200  # the desk's own preview needs no link


async def test_the_desks_own_look_ends_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    exhibition = await factories.exhibition([await accepted(site)], published=False)
    client, guest = await site.client(site.cast.curator), await site.client()
    page = (await client.get(f"/desk/exhibitions/{exhibition.id}/preview")).text
    frame = attribute(page, "iframe", "src")
    assert (await guest.get(frame)).status_code == 200
    assert await PreviewLink.all().count() == 0
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + FRAME_LIFETIME.total_seconds() + 2)
    assert (await guest.get(frame[1])).status_code == 404


async def test_who_makes_and_ends_links(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], published=False)
    other = await factories.exhibition([await accepted(site)], published=False)
    await link_of(site, exhibition)
    made = await PreviewLink.get()
    here = f"/desk/exhibitions/{exhibition.id}/preview/links"
    partner, curator = await site.client(site.cast.partner), await site.client(site.cast.curator)
    assert (await partner.post(here, data={"whom": "me"})).status_code == 404
    assert (await partner.post(f"{here}/{made.id}/deletion")).status_code == 404
    elsewhere = f"/desk/exhibitions/{other.id}/preview/links/{made.id}/deletion"
    assert (await curator.post(elsewhere)).status_code == 404
    refused = await curator.post(here, data={"whom": "x" * 81})
    assert refused.status_code == 422
    assert "81 characters" in refused.text
    for _ in range(MAX_LINKS - 1):
        await PreviewLink.create(exhibition=exhibition, expires_at=now() + LINK_LIFETIME)
    refused = await curator.post(here, data={"whom": "One more"})
    assert refused.status_code == 422
    assert f"There are already {MAX_LINKS} active links." in refused.text
    assert 'value="One more"' in refused.text
    assert await PreviewLink.filter(ended_at__isnull=True).count() == MAX_LINKS


async def test_the_desk_shows_two_widths_and_only_to_curators(site: Site) -> None:
    exhibition = await factories.exhibition([await accepted(site)], published=False)
    path = f"/desk/exhibitions/{exhibition.id}/preview"
    client = await site.client(site.cast.curator)
    wide = await client.get(path)
    assert 'class="preview-frame desk"' in wide.text
    assert "frame-src 'self'" in wide.headers["content-security-policy"]
    assert 'class="preview-frame phone"' in (await client.get(f"{path}?width=phone")).text
    assert (await (await site.client(site.cast.partner)).get(path)).status_code == 404
    assert (
        "frame-ancestors 'none'" in (await client.get("/desk/exhibitions")).headers["content-security-policy"]
    )
