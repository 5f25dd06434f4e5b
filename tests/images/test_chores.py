"""What the worker does with images: each is developed once, whatever happens to a worker."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tortoise.expressions import Q

from gallery.artworks.models import Artwork, Status
from gallery.artworks.works import WorkRefused, set_picture
from gallery.cli.inspection import inspect
from gallery.clock import now
from gallery.db.connection import Database, in_transaction
from gallery.db.models import ContentVersion
from gallery.images import chores
from gallery.images.chores import (
    MAX_LOSSES,
    RETRY_DELAYS,
    TO_REDEVELOP,
    UNUSED_AFTER,
    claim,
    delete_unused_uploads,
    develop_next,
    mark_all_for_redevelopment,
    notify_of_late_images,
    redevelop_next,
)
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import DevelopedImage
from gallery.images.storage_keys import delete_image_files, original_key, public_key, rendition_key
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.storage import Storage
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")


@pytest.fixture
def chore_context(site: Site) -> ChoreContext:
    return ChoreContext(site.settings, site.storage)


async def received(site: Site, data: bytes | None = None) -> Image:
    return await factories.received(site.storage, site.cast.organisation, data)


async def files(site: Site) -> list[str]:
    """Every stored file, and the scratch folder's content."""
    stored = [
        stored.key for store in (site.storage.private, site.storage.public) async for stored in store.files()
    ]
    return stored + [str(path) for path in (site.settings.media / "scratch").rglob("*")]


async def test_an_image_is_developed(site: Site, chore_context: ChoreContext) -> None:
    image = await received(site)
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert image.state == ImageState.READY
    assert (image.width, image.height) == (1300, 1000)
    assert image.placeholder.startswith("data:image/")
    assert image.lease_until is None
    sizes = {stored.key: stored.size async for stored in site.storage.private.files("renditions")}
    assert set(sizes) == {rendition_key(image.token, name) for name in image.file_names()}
    assert all(sizes.values())
    assert [stored async for stored in site.storage.public.files()] == []
    assert not await develop_next(chore_context)


async def test_what_a_killed_worker_held_is_taken_up_after_its_lease(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await received(site)
    assert await claim(chore_context) is not None
    assert await claim(chore_context) is None
    await Image.filter(id=image.id).update(lease_until=now() - timedelta(seconds=1))
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert (image.state, image.attempts) == (ImageState.READY, 2)


async def test_a_picture_that_takes_its_worker_down_again_and_again_waits(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await received(site)
    for _ in range(MAX_LOSSES + 1):
        assert await claim(chore_context) is not None
        await Image.filter(id=image.id).update(lease_until=now() - timedelta(seconds=1))
    await image.refresh_from_db()
    assert image.losses == MAX_LOSSES
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert (image.state, image.refusal) == (ImageState.RECEIVED, "")
    assert image.attempt_after
    assert not await develop_next(chore_context)
    await Image.filter(id=image.id).update(attempt_after=now())
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert image.state == ImageState.READY


async def test_a_picture_that_was_lost_lets_all_others_go_first(
    site: Site, chore_context: ChoreContext
) -> None:
    lost, other = await received(site), await received(site)
    assert (await claim(chore_context)) == lost
    await Image.filter(id=lost.id).update(lease_until=now() - timedelta(seconds=1))
    await Image.filter(id=lost.id).update(losses=1)
    assert (await claim(chore_context)) == other
    assert (await claim(chore_context)) == lost


def hurried(site: Site) -> ChoreContext:
    """One that has no time for any picture."""
    return ChoreContext(replace(site.settings, image_worker_seconds=0), site.storage)


async def test_a_picture_for_which_there_is_no_time_is_never_refused(site: Site) -> None:
    """It is retried after longer and longer delays, for more than a day."""
    image = await received(site)
    waited = timedelta()
    for attempt in range(1, len(RETRY_DELAYS) + 3):
        before = now()
        assert await develop_next(hurried(site))
        assert not await develop_next(hurried(site)), "it is not due"
        await image.refresh_from_db()
        assert (image.state, image.refusal, image.lease_until) == (ImageState.RECEIVED, "", None)
        assert (image.attempts, image.failures, image.losses) == (attempt, attempt, 0)
        assert image.attempt_after
        pause = image.attempt_after - before
        assert pause >= RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1]
        waited += pause
        await Image.filter(id=image.id).update(attempt_after=now())
    assert waited > timedelta(days=1)
    assert await develop_next(ChoreContext(site.settings, site.storage))
    await image.refresh_from_db()
    assert (image.state, image.failures, image.attempt_after) == (ImageState.READY, 0, None)


async def test_what_there_was_no_time_for_lets_all_others_go_first(
    site: Site, chore_context: ChoreContext
) -> None:
    late = await received(site)
    assert await develop_next(hurried(site))
    others = [await received(site) for _ in range(2)]
    await Image.filter(id=late.id).update(attempt_after=now())
    assert [await claim(chore_context) for _ in range(3)] == [*others, late]


async def test_a_picture_that_waits_holds_nothing_else_up(site: Site, chore_context: ChoreContext) -> None:
    await received(site)
    assert await develop_next(hurried(site))
    ready = await factories.image(site.storage, site.cast.organisation)
    await mark_all_for_redevelopment()
    assert await redevelop_next(chore_context)
    assert (await Image.get(id=ready.id)).ready_at


async def test_a_full_disk_is_nobodys_fault(
    site: Site, chore_context: ChoreContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room(*_: object) -> None:
        raise OSError("No space left on device")

    image = await received(site)
    with monkeypatch.context() as patched:
        patched.setattr(type(site.storage.private), "put_file", no_room)
        assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert (image.state, image.failures, image.losses) == (ImageState.RECEIVED, 1, 0)


async def test_a_lease_lasts_as_long_as_the_work(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a busy machine needs, no other worker takes the picture in the meantime."""
    patient = ChoreContext(replace(site.settings, image_lease_seconds=1), site.storage)
    image = await received(site)
    is_renewed = asyncio.Event()

    async def slow(chore_context: ChoreContext, image: Image) -> DevelopedImage:
        await is_renewed.wait()
        return await develop_into(chore_context, image)

    develop_into = chores.develop_into
    monkeypatch.setattr(chores, "develop_into", slow)
    developing = asyncio.create_task(develop_next(patient))
    while not (claimed := await Image.get(id=image.id)).lease_until:
        await asyncio.sleep(0.01)
    while (await Image.get(id=image.id)).lease_until == claimed.lease_until:
        await asyncio.sleep(0.05)
    is_renewed.set()
    assert await developing
    await image.refresh_from_db()
    assert (image.state, image.attempts, image.losses) == (ImageState.READY, 1, 0)


async def test_keepers_are_told_of_late_pictures_once_a_day(site: Site, chore_context: ChoreContext) -> None:
    await received(site)
    await notify_of_late_images(chore_context)
    assert not await Mail.exists(kind="pictures_late")
    assert await develop_next(hurried(site))
    for _ in range(2):
        await notify_of_late_images(chore_context)
    mail = await Mail.get(kind="pictures_late")
    assert (mail.person_id, mail.facts) == (site.cast.keeper.id, {"count": 1})
    letter = compose(mail, site.settings)
    assert "/desk/worker" in letter.text


async def test_a_worker_that_is_stopped_gives_its_picture_back(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await received(site)
    developing = asyncio.create_task(develop_next(chore_context))
    while not await Image.filter(id=image.id, attempts=1).exists():
        await asyncio.sleep(0.01)
    developing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await developing
    await image.refresh_from_db()
    assert (image.state, image.lease_until, image.losses) == (ImageState.RECEIVED, None, 0)
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert image.state == ImageState.READY


async def test_a_worker_that_is_stopped_while_it_claims_a_picture_gives_it_back(
    site: Site, chore_context: ChoreContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = await received(site)

    async def stopped_at_the_commit(chore_context: ChoreContext, which: Q) -> Image | None:
        claimed = await claim(chore_context, which)
        developing.cancel()
        await asyncio.sleep(0)
        return claimed

    monkeypatch.setattr(chores, "claim", stopped_at_the_commit)
    developing = asyncio.create_task(develop_next(chore_context))
    with pytest.raises(asyncio.CancelledError):
        await developing
    await image.refresh_from_db()
    assert (image.state, image.lease_until, image.losses) == (ImageState.RECEIVED, None, 0)


async def test_a_picture_that_is_none_is_refused_with_a_reason(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await received(site, b"not a picture at all")
    assert await develop_next(chore_context)
    await image.refresh_from_db()
    assert image.state == ImageState.REFUSED
    assert image.refusal


async def test_workers_at_once_never_claim_the_same(site: Site, chore_context: ChoreContext) -> None:
    images = [await received(site) for _ in range(3)]
    claimed = [image for image in await asyncio.gather(*(claim(chore_context) for _ in range(8))) if image]
    again = [image for image in [await claim(chore_context) for _ in range(3)] if image]
    ids = [image.id for image in claimed + again]
    assert sorted(ids) == sorted(image.id for image in images)
    assert await Image.filter(attempts=1).count() == 3


async def test_a_worker_that_lost_its_lease_changes_nothing(site: Site, chore_context: ChoreContext) -> None:
    image = await received(site)
    developing = asyncio.create_task(develop_next(chore_context))
    while not await Image.filter(id=image.id, attempts=1).exists():
        await asyncio.sleep(0.01)
    await Image.filter(id=image.id).update(attempts=2)
    await developing
    await image.refresh_from_db()
    assert image.state == ImageState.RECEIVED
    assert await site.storage.private.exists(original_key(image.token))


async def test_what_is_withdrawn_while_it_is_developed_leaves_no_file(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await received(site)
    consent = await factories.consent(site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, image=image, consent=consent)
    developing = asyncio.create_task(develop_next(chore_context))
    while not await Image.filter(id=image.id, attempts=1).exists():
        await asyncio.sleep(0.01)
    await withdraw(consent, site.storage)
    assert await developing
    await site.work()
    await image.refresh_from_db()
    assert image.state == ImageState.ERASED
    assert await files(site) == []


# Redevelopment


async def on_view(site: Site) -> Image:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    image = await Image.get(id=work.image_id)
    assert image.is_public
    return image


async def spoil(site: Site, image: Image) -> None:
    """Replace the renditions by others, as if from another table of renditions."""
    for name in image.file_names():
        for store, key in (
            (site.storage.private, rendition_key(image.token, name)),
            (site.storage.public, public_key(image.token, name)),
        ):
            await store.delete(key)
            await factories.put(store, key, b"as it was made before")


async def test_what_is_on_view_is_developed_again_and_stays_there(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await on_view(site)
    await spoil(site, image)
    version = await ContentVersion.get_or_none(id=1)
    assert await mark_all_for_redevelopment() == 1
    address = f"/media/{image.token}/320.webp"
    visitor = await site.client()
    assert (await visitor.get(address)).content == b"as it was made before"
    assert await redevelop_next(chore_context)
    assert not await redevelop_next(chore_context)
    again = await Image.get(id=image.id)
    assert (again.state, again.token, again.perceptual_hash) == ("ready", image.token, image.perceptual_hash)
    assert again.ready_at
    assert again.softness is not None  # whose size was unknown
    assert again.is_public
    assert (await ContentVersion.get(id=1)).number > (version.number if version else 0)
    site.app.state.content._checked_at = float("-inf")  # it asks once a second, and this may have taken less
    assert (await visitor.get(address)).content[:4] == b"RIFF"
    assert await inspect(Database(site.settings), site.storage) == []


async def test_what_has_just_come_in_goes_before_what_is_developed_again(
    site: Site, chore_context: ChoreContext
) -> None:
    await factories.image(site.storage, site.cast.organisation)
    await mark_all_for_redevelopment()
    new = await received(site)
    assert not await redevelop_next(chore_context)
    assert await develop_next(chore_context)
    assert (await Image.get(id=new.id)).state == ImageState.READY
    assert not await develop_next(chore_context)
    assert await redevelop_next(chore_context)


async def test_a_worker_killed_while_it_develops_again_is_followed_by_another(
    site: Site, chore_context: ChoreContext
) -> None:
    image = await factories.image(site.storage, site.cast.organisation)
    await mark_all_for_redevelopment()
    assert await claim(chore_context, TO_REDEVELOP)
    assert not await redevelop_next(chore_context)
    await Image.filter(id=image.id).update(lease_until=now() - timedelta(seconds=1))
    assert await redevelop_next(chore_context)
    await image.refresh_from_db()
    assert (image.losses, image.ready_at is None) == (1, False)


async def test_what_cannot_be_developed_again_stays_as_it_was(site: Site) -> None:
    image = await on_view(site)
    await mark_all_for_redevelopment()
    assert await redevelop_next(hurried(site))
    assert not await redevelop_next(hurried(site))
    await image.refresh_from_db()
    assert image.failures == 1
    await factories.put(site.storage.private, original_key(image.token), b"garbage")
    came_so = {"source_bytes": 7, "source_sha256": hashlib.sha256(b"garbage").hexdigest()}
    await Image.filter(id=image.id).update(attempt_after=None, **came_so)
    assert await redevelop_next(hurried(site))
    assert not await redevelop_next(hurried(site))
    await image.refresh_from_db()
    assert (image.state, image.refusal, image.is_public) == (ImageState.READY, "", True)
    assert (await (await site.client()).get(f"/media/{image.token}/320.webp")).status_code == 200
    assert await inspect(Database(site.settings), site.storage) == []


async def test_what_is_withdrawn_while_it_is_developed_again_leaves_no_file(
    site: Site, chore_context: ChoreContext
) -> None:
    consent = await factories.consent(site.cast.organisation)
    work = await factories.artwork(
        site.storage, site.cast.organisation, consent=consent, status=Status.ACCEPTED
    )
    await factories.exhibition([work])
    await site.work()
    await mark_all_for_redevelopment()
    developing = asyncio.create_task(redevelop_next(chore_context))
    while not await Image.filter(attempts=1).exists():
        await asyncio.sleep(0.01)
    await withdraw(consent, site.storage)
    assert await developing
    await site.work()
    assert (await Image.get()).state == ImageState.ERASED
    assert await files(site) == []


async def test_an_upload_that_no_work_took_up_is_forgotten(site: Site, chore_context: ChoreContext) -> None:
    old, young = await received(site), await received(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    long_ago = now() - UNUSED_AFTER - timedelta(minutes=1)
    await Image.filter(id__in=[old.id, work.image_id]).update(created_at=long_ago)
    assert await delete_unused_uploads(chore_context)
    assert not await delete_unused_uploads(chore_context)
    assert sorted(await Image.all().values_list("id", flat=True)) == sorted([young.id, work.image_id])
    assert not await site.storage.private.exists(original_key(old.token))
    assert await site.storage.private.exists(original_key(young.token))
    assert (await Artwork.get(id=work.id)).image_id == work.image_id


@pytest.mark.parametrize("comes_first", ["the work", "the chore"])
async def test_an_upload_that_a_work_takes_up_while_it_is_being_forgotten(
    site: Site, chore_context: ChoreContext, monkeypatch: pytest.MonkeyPatch, comes_first: str
) -> None:
    """Either the work keeps it, or the partner is asked to choose it again."""
    old = await received(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    await Image.filter(id=old.id).update(created_at=now() - UNUSED_AFTER - timedelta(minutes=1))
    outcomes: list[str] = []

    async def take() -> None:
        try:
            await set_picture(work, old, site.cast.partner)
        except WorkRefused:
            outcomes.append("told")
        else:
            outcomes.append("taken")

    @contextlib.asynccontextmanager
    async def after_the_work() -> AsyncIterator[None]:
        await take()
        async with in_transaction():
            yield

    async def before_the_work(storage: Storage, token: str) -> None:
        await take()
        await delete_image_files(storage, token)

    if comes_first == "the work":
        monkeypatch.setattr("gallery.images.chores.in_transaction", after_the_work)
    else:
        monkeypatch.setattr("gallery.images.chores.delete_image_files", before_the_work)
    assert await delete_unused_uploads(chore_context) == (comes_first == "the chore")
    assert outcomes == (["taken"] if comes_first == "the work" else ["told"])
    has_it = comes_first == "the work"
    assert ((await Artwork.get(id=work.id)).image_id == old.id) == has_it
    assert await site.storage.private.exists(original_key(old.token)) == has_it
