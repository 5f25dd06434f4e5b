"""A work with several pictures leaves with all of them: each file, each address, each trace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.archives.writer import write_archive_folder
from gallery.artists.models import Consent, Withdrawal
from gallery.artworks.models import Artwork, Picture, Status
from gallery.artworks.pictures import remove_picture
from gallery.artworks.screening import find_hidden_match
from gallery.artworks.works import delete_draft
from gallery.cli.inspection import inspect
from gallery.cli.revocable_kinds import _end_picture
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import Database
from gallery.exhibitions.models import Exhibition
from gallery.exhibitions.stored_files import delete_orphans
from gallery.images.chores import UNUSED_AFTER, delete_unused_uploads
from gallery.images.models import Derivative, Fingerprint, Image, ImageState
from gallery.images.storage_keys import original_key
from gallery.images.takedowns import stored_fingerprint
from gallery.interop.iiif.tiles import claim
from gallery.organisations.models import Organisation
from gallery.public.chores import delete_derivatives, images_of, keep_public_images
from gallery.reviews.vetoes import veto
from gallery.withdrawals.withdrawal import _end, withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")


async def book(site: Site, pages: int = 3, status: Status = Status.ACCEPTED) -> tuple[Artwork, list[Image]]:
    """A work of this many pictures, and their images. If accepted, it hangs in an exhibition that has opened."""
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    further = await factories.further_pictures(site.storage, work, pages - 1)
    if status == Status.ACCEPTED:
        await factories.exhibition([work])
        await site.work()
    assert work.image is not None
    return work, [work.image, *further]


async def files_of(site: Site, images: list[Image]) -> set[str]:
    """The tokens of those images of which a store has a file."""
    return {
        image.token
        for store in (site.storage.private, site.storage.public)
        async for stored in store.files()
        for image in images
        if image.token in stored.key
    }


def context_of(site: Site) -> ChoreContext:
    return ChoreContext(site.settings, site.storage)


async def changed() -> None:
    """Wait until every process knows that pages have changed."""
    await content_version.bump()
    await content_version.wait_for_propagation()


async def public_tokens(site: Site) -> set[str]:
    return {stored.key.partition("/")[0] async for stored in site.storage.public.files()}


async def test_no_file_of_any_picture_is_left(site: Site) -> None:
    work, images = await book(site)
    client, tokens = await site.client(), {image.token for image in images}
    assert tokens <= await public_tokens(site)
    addresses = [f"/media/{token}/320.jpg" for token in tokens]
    addresses += [f"/iiif/{token}/info.json" for token in tokens]
    addresses += [f"/iiif/{token}/0,0,300,300/100,/0/default.jpg" for token in tokens]
    for address in addresses:
        assert (await client.get(address)).status_code == 200, address
    assert {row.image_id for row in await Derivative.all()} == {image.id for image in images}
    assert work.consent is not None

    await withdraw(work.consent, site.storage)
    assert await files_of(site, images) == set()
    for address in addresses:
        assert (await client.get(address)).status_code == 410, address
    for image in await Image.filter(id__in=[image.id for image in images]):
        assert (image.state, image.is_public, image.placeholder, image.source_sha256) == (
            *(ImageState.ERASED, False, "", ""),
        )
    assert not any(each.alt_text or each.caption for each in await Picture.filter(artwork_id=work.id))
    await site.work()
    assert await files_of(site, images) == set()


async def test_files_are_deleted_whatever_number_the_work_says(site: Site) -> None:
    work, images = await book(site)
    await Artwork.filter(id=work.id).update(more_pictures=0)
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    assert await files_of(site, images) == set()
    assert not any(each.alt_text for each in await Picture.filter(artwork_id=work.id))


async def test_a_change_that_touches_very_many_images_compares_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, images = await book(site)
    assert set(await images_of([f"work:{work.id}"]) or ()) == {image.id for image in images}
    monkeypatch.setattr("gallery.public.chores.MAX_WORKS", 2)
    assert await images_of([f"work:{work.id}"]) is None


async def test_a_killed_withdrawal_is_finished_by_the_worker(site: Site) -> None:
    work, images = await book(site)
    assert work.consent is not None
    await _end(work.consent, None)
    client = await site.client()
    for image in images:
        assert (await client.get(f"/media/{image.token}/320.jpg")).status_code == 410
    await site.work()
    assert await files_of(site, images) == set()
    assert (await Withdrawal.get()).files_deleted_at is not None


async def test_a_withdrawn_page_is_recognised_when_somebody_uses_it_as_a_logo(site: Site) -> None:
    work, images = await book(site)
    assert work.consent is not None
    code = await stored_fingerprint(images[2], site.storage)
    await withdraw(work.consent, site.storage)
    assert await Fingerprint.filter(image_id__in=[image.id for image in images]).count() == 3
    assert await find_hidden_match(code) in {image.id for image in images}


async def test_a_veto_takes_every_picture_off_view(site: Site) -> None:
    work, images = await book(site)
    await veto(work, site.storage, site.cast.curator, "a face")
    client = await site.client()
    for image in images:
        assert (await client.get(f"/media/{image.token}/320.jpg")).status_code == 404
        assert image.token not in await public_tokens(site)
    assert await files_of(site, images) == {image.token for image in images}  # the originals stay


async def test_public_storage_follows_what_is_on_view(site: Site) -> None:
    work, images = await book(site)
    await Organisation.filter(id=work.organisation_id).update(is_active=False)
    await site.work()
    assert not {image.token for image in images} & await public_tokens(site)
    await Organisation.filter(id=work.organisation_id).update(is_active=True)
    await site.work()
    assert {image.token for image in images} <= await public_tokens(site)
    assert not await keep_public_images(context_of(site))


async def test_one_unready_or_undescribed_picture_keeps_the_whole_work_from_view(site: Site) -> None:
    work, images = await book(site)
    client, page = await site.client(), f"/zh/works/{work.public_id}"
    await Image.filter(id=images[1].id).update(state=ImageState.REFUSED)
    await changed()
    assert (await client.get(page)).status_code == 404
    for image in images:
        assert (await client.get(f"/media/{image.token}/320.jpg")).status_code == 404
    await Image.filter(id=images[1].id).update(state=ImageState.READY)
    await changed()
    assert (await client.get(page)).status_code == 200


async def test_pieces_and_tiles_are_made_of_each_picture_on_view(site: Site) -> None:
    _work, images = await book(site)
    await Image.filter(id__in=[image.id for image in images]).update(
        has_tiles=False, tiling_until=None, tiling_attempts=0
    )
    claimed = [await claim(context_of(site)) for _ in images]
    assert {image.id for image in claimed if image} == {image.id for image in images}
    await Derivative.create(image_id=images[2].id, name="0,0,9,9/9,9/0/default.jpg", file_bytes=1)
    assert not await delete_derivatives(context_of(site))  # it is on view


async def test_a_deleted_draft_takes_all_its_pictures_along(site: Site) -> None:
    work, images = await book(site, status=Status.DRAFT)
    await delete_draft(work, site.storage)
    assert await files_of(site, images) == set()
    assert await Image.filter(id__in=[image.id for image in images]).count() == 0
    assert await Picture.all().count() == 0


async def test_a_removed_picture_is_deleted_and_the_others_stay(site: Site) -> None:
    work, images = await book(site, 4, Status.DRAFT)
    row = await Picture.get(image_id=images[2].id)
    await remove_picture(work, row.id, site.cast.partner, site.storage)
    assert await files_of(site, images) == {images[at].token for at in (0, 1, 3)}
    assert (await Artwork.get(id=work.id)).more_pictures == 2


async def test_further_pictures_are_no_unused_uploads(site: Site) -> None:
    _work, images = await book(site, status=Status.DRAFT)
    await Image.all().update(created_at=now() - UNUSED_AFTER * 2)
    while await delete_unused_uploads(context_of(site)):
        pass
    assert await files_of(site, images) == {image.token for image in images}


async def test_a_restore_without_a_picture_keeps_the_others(site: Site) -> None:
    work, images = await book(site)
    assert work.own("title") in await _end_picture(images[1].id, site.storage)
    held = await Artwork.get(id=work.id)
    assert (held.more_pictures, held.image_id) == (1, images[0].id)


async def findings(site: Site) -> dict[str, str]:
    found = await inspect(Database(site.settings), site.storage, settling=timedelta(0), pause=0)
    return {each.sentence: each.where for each in found}


async def test_the_check_expects_every_picture(site: Site) -> None:
    work, images = await book(site)
    assert await findings(site) == {}
    await site.storage.private.delete(original_key(images[2].token))
    await site.storage.public.delete_folder(images[1].token)
    found = await findings(site)
    assert found["An original is missing"] == f"image {images[2].id}"
    assert any(
        "public renditions are missing" in each and found[each] == f"image {images[1].id}" for each in found
    )
    await Artwork.filter(id=work.id).update(more_pictures=1)
    assert (await findings(site))["A work has another number of further pictures than it says"] == (
        f"work {work.id}"
    )


async def test_the_check_finds_files_of_a_page_that_is_not_on_view(site: Site) -> None:
    work, images = await book(site)
    await Organisation.filter(id=work.organisation_id).update(is_active=False)
    found = await findings(site)
    assert sum(each.endswith("public file(s) of what is not on view") for each in found) >= 1
    assert any(image.token in where for where in found.values() for image in images)


async def test_orphans_are_cleared_and_no_page_with_them(site: Site) -> None:
    _work, images = await book(site)
    await delete_orphans(context_of(site), settling=timedelta(0), pause=0)
    assert await files_of(site, images) == {image.token for image in images}


async def test_an_archive_has_all_pictures_and_loses_them(site: Site) -> None:
    work, images = await book(site)
    await Consent.filter(id=work.consent_id).update(for_archive=True)
    exhibition = await Exhibition.get()
    for expected in ({image.token for image in images}, set[str]()):
        folder = (await write_archive_folder(exhibition.slug, site.settings, site.storage)).folder
        there = {path.parent.name for path in folder.glob("media/*/*")}
        assert there == expected
        if expected:
            assert work.consent is not None
            await withdraw(work.consent, site.storage)
