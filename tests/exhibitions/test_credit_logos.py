"""Logos and links in credits: at the desk, for visitors, in previews and copies, and removed at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.cli.inspection import inspect
from gallery.clock import now
from gallery.db.connection import Database
from gallery.exhibitions import drafts
from gallery.exhibitions.arrangement_copies import copy_exhibition
from gallery.exhibitions.chores import clean_up_logos, update_link_list
from gallery.exhibitions.draft_lists import add_entry, remove_entry
from gallery.exhibitions.models import Edition
from gallery.images.profile_image_models import CreditLogo
from gallery.organisations.models import CheckedLink, LinkState
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site
from tests.exhibitions.credit_logos import (
    CREDIT,
    Thanked,
)
from tests.markup import attribute


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_logo_is_set_shown_replaced_and_removed(thanked: Thanked) -> None:
    assert await thanked.logo() == ""
    answer = await thanked.send(factories.photograph())
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"/credits#entry-{thanked.key}")
    first = await thanked.logo()
    picture = await (await thanked.site.client()).get(first)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert b"Exif" not in picture.content
    credits = (await thanked.client.get(answer.headers["location"])).text
    at_desk = attribute(credits, "img.credit-logo", "src")
    assert (await thanked.client.get(at_desk)).status_code == 200
    assert await thanked.status_of(at_desk) == 303  # to sign in

    await thanked.send(factories.photograph(1200, 900))
    second = await thanked.logo()
    assert second != first
    assert await thanked.status_of(first) == 404
    assert len(await thanked.files()) == 1

    assert (await thanked.send(None, is_gone="1")).status_code == 303
    assert await thanked.logo() == ""
    assert "Glow Fund" in await thanked.seen()
    assert await thanked.status_of(second) == 404
    assert await thanked.files() == []


async def test_it_is_seen_only_while_an_edition_on_view_names_its_credit(thanked: Thanked) -> None:
    exhibition, curator = thanked.exhibition, thanked.site.cast.curator
    await thanked.send(factories.photograph())
    address = await thanked.logo()
    await remove_entry(exhibition, "credits", thanked.key, curator)
    assert await thanked.status_of(address) == 200, "the draft alone changed"
    await Edition.filter(exhibition=exhibition, is_current=True).update(opens_at=now() + timedelta(days=1))
    assert await thanked.status_of(address) == 404
    await Edition.filter(exhibition=exhibition, is_current=True).update(opens_at=now() - timedelta(days=1))
    assert await thanked.status_of(address) == 200
    await drafts.publish(exhibition, curator)
    assert await thanked.status_of(address) == 404, "the new edition does not thank them"


async def test_it_is_kept_while_an_edition_could_be_restored_and_no_longer(thanked: Thanked) -> None:
    await thanked.send(factories.photograph())
    context = ChoreContext(thanked.site.settings, thanked.site.storage)
    await remove_entry(thanked.exhibition, "credits", thanked.key, thanked.site.cast.curator)
    await clean_up_logos(context)
    assert len(await thanked.files()) == 1
    assert await inspect(Database(thanked.site.settings), thanked.site.storage, timedelta(0)) == []
    await Edition.filter(exhibition=thanked.exhibition).update(credits=None)
    await clean_up_logos(context)
    assert await thanked.files() == []
    assert not await CreditLogo.exists()


async def test_a_copied_exhibition_shares_the_file_until_both_are_without_it(thanked: Thanked) -> None:
    curator, site = thanked.site.cast.curator, thanked.site
    await thanked.send(factories.photograph())
    made = await copy_exhibition(thanked.exhibition, "again", curator, theme=None)
    other = Thanked(site, made, thanked.key, thanked.client)
    await thanked.send(None, is_gone="1")
    assert len(await thanked.files()) == 1
    page = (await thanked.client.get(other.address)).text
    assert 'class="credit-logo is-large"' in page
    await other.send(None, is_gone="1")
    assert await thanked.files() == []


async def test_a_preview_shows_it_and_nobody_else_sees_a_drafts_logo(site: Site) -> None:
    curator = site.cast.curator
    exhibition = await factories.exhibition([], published=False, slug="solstice")
    key = await add_entry(exhibition, "credits", CREDIT, curator)
    draft = Thanked(site, exhibition, key, await site.client(curator))
    await draft.send(factories.photograph())
    logo = await CreditLogo.get()
    assert await draft.status_of(f"/logos/{logo.token}.jpg") == 404
    page = (await draft.client.get(f"/desk/exhibitions/{exhibition.id}/preview")).text
    address = await draft.logo(attribute(page, "iframe", "src"))
    answer = await (await site.client()).get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "noindex" in answer.headers["x-robots-tag"]
    assert await draft.status_of(address.replace(key, "00000000")) == 404
    await remove_entry(exhibition, "credits", key, curator)
    assert await draft.status_of(address) == 404


async def test_only_curators_may(thanked: Thanked) -> None:
    site = thanked.site
    for person in (site.cast.partner, site.cast.stranger):
        thanked.client = await site.client(person)
        assert (await thanked.client.get(thanked.address)).status_code == 404
        assert (await thanked.send(factories.photograph())).status_code == 404
    assert not await CreditLogo.exists()
    thanked.client = await site.client(site.cast.curator)
    thanked.address = thanked.address.replace(thanked.key, "00000000")
    assert (await thanked.client.get(thanked.address)).status_code == 404
    assert (await thanked.send(factories.photograph())).status_code == 404
    assert await thanked.files() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a picture", "not a picture"),
        (None, "Please choose a picture."),
        (factories.photograph()[:3000], "damaged"),
        (factories.photograph(300, 200), "too small"),
    ],
    ids=["text", "none", "damaged", "small"],
)
async def test_what_is_wrong_is_said_and_the_present_one_stays(
    thanked: Thanked, content: bytes | None, words: str
) -> None:
    await thanked.send(factories.photograph())
    answer = await thanked.send(content)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'class="credit-logo is-large"' in answer.text
    assert await CreditLogo.all().count() == 1


async def test_links_are_looked_at_and_a_dead_one_is_no_link(thanked: Thanked) -> None:
    context = ChoreContext(thanked.site.settings, thanked.site.storage)
    assert f'<a href="{CREDIT["link"]}"' in await thanked.seen()
    await update_link_list(context)
    link = await CheckedLink.get(url=CREDIT["link"])
    await CheckedLink.filter(id=link.id).update(state=LinkState.DEAD, answer="404")
    from gallery.db import content_version

    await content_version.bump()
    page = await thanked.seen()
    assert "Glow Fund" in page
    assert CREDIT["link"] not in page
    desk = (await thanked.client.get(f"/desk/exhibitions/{thanked.exhibition.id}/credits")).text
    assert "The link does not work: it answers 404" in desk
    await remove_entry(thanked.exhibition, "credits", thanked.key, thanked.site.cast.curator)
    await update_link_list(context)
    assert await CheckedLink.exists(url=CREDIT["link"]), "the edition on view still leads there"
    await drafts.publish(thanked.exhibition, thanked.site.cast.curator)
    await update_link_list(context)
    assert not await CheckedLink.exists(url=CREDIT["link"])
