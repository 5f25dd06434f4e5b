"""Public storage follows what is on view: the touched works after each change, and all at midnight."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.content_version import bump
from gallery.exhibitions import drafts
from gallery.images.models import Derivative, Image, PublicImagesPass
from gallery.images.storage_keys import make_public
from gallery.public import chores
from gallery.public.chores import delete_derivatives, keep_public_images
from gallery.web.page_keys import keys_of_works
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def follow(site: Site) -> None:
    while await keep_public_images(ChoreContext(site.settings, site.storage)):
        pass


async def public(*works: Artwork) -> list[bool]:
    images = {image.id: image.is_public for image in await Image.all()}
    return [images[work.image_id or 0] for work in works]


async def test_a_publication_is_followed_without_comparing_other_works(site: Site) -> None:
    await follow(site)
    shown, other, stranger = [await factories.accepted(site) for _ in range(3)]
    exhibition = await factories.exhibition([shown], published=False)
    await factories.exhibition([other])  # behind the site's back, as is the stranger's picture
    await make_public(site.storage, await Image.get(id=stranger.image_id))
    await drafts.publish(exhibition, site.cast.curator)
    await follow(site)
    assert await public(shown, other, stranger) == [True, False, True]
    await drafts.unpublish(exhibition, site.cast.curator)
    await follow(site)
    assert await public(shown, other, stranger) == [False, False, True]


async def test_all_are_compared_at_midnight_and_after_a_change_of_anything(site: Site) -> None:
    await follow(site)
    for compare in ("midnight", "change"):
        stranger = await factories.accepted(site)
        await make_public(site.storage, await Image.get(id=stranger.image_id))
        await follow(site)
        assert await public(stranger) == [True]
        if compare == "midnight":
            await PublicImagesPass.all().update(compare_all_at=now() - timedelta(seconds=1))
        else:
            await bump()
        await follow(site)
        assert await public(stranger) == [False], compare


async def test_an_opening_is_followed_when_it_comes(site: Site) -> None:
    await follow(site)
    work = await factories.accepted(site)
    exhibition = await factories.exhibition([work], published=False)
    opens_at = now() + timedelta(minutes=1)
    await drafts.change_draft(exhibition, None, opens_at=opens_at)
    await drafts.publish(exhibition, site.cast.curator)
    await follow(site)
    assert await public(work) == [False]
    assert (await PublicImagesPass.get(id=1)).compare_all_at == opens_at


async def test_a_replaced_picture_leaves_with_the_change_of_its_work(site: Site) -> None:
    work = await factories.accepted(site)
    await factories.exhibition([work])
    await follow(site)
    assert await public(work) == [True]
    replaced, new = work.image_id, await factories.image(site.storage, site.cast.organisation)
    await Artwork.filter(id=work.id).update(image_id=new.id)
    await Image.filter(id=replaced).update(candidate_for_id=work.id)
    await bump(await keys_of_works(id=work.id))
    await follow(site)
    assert (await Image.get(id=replaced)).is_public is False
    assert (await Image.get(id=new.id)).is_public is True


async def test_a_change_of_many_works_compares_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "MAX_WORKS", 1)
    await follow(site)
    works = [await factories.accepted(site) for _ in range(2)]
    await drafts.publish(await factories.exhibition(works, published=False), site.cast.curator)
    await follow(site)
    assert await public(*works) == [True, True]


async def test_pieces_made_after_a_picture_left_are_deleted(site: Site) -> None:
    shown, gone = [await factories.accepted(site) for _ in range(2)]
    await factories.exhibition([shown])
    for work in (shown, gone):  # neither is in public storage yet, or any more
        await Derivative.create(image_id=work.image_id, name="a.jpg", file_bytes=5)
    while await delete_derivatives(ChoreContext(site.settings, site.storage)):
        pass
    assert [each.image_id for each in await Derivative.all()] == [shown.image_id]
