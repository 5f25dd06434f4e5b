"""The pictures that visitors see: only of works on view, and not after they leave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.clock import now, today
from gallery.db.content_version import bump, wait_for_propagation
from gallery.exhibitions.models import Edition
from gallery.images.models import Image
from gallery.images.storage_keys import public_key
from gallery.organisations.models import Organisation
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql-s3")


async def on_view(site: Site) -> tuple[Artwork, str]:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([work])
    assert work.image is not None
    return work, work.image.token


async def test_a_picture_on_view(site: Site) -> None:
    _, token = await on_view(site)
    client = await site.client()
    for name, media_type in [
        ("320.jpg", "image/jpeg"),
        ("320.webp", "image/webp"),
        ("320.avif", "image/avif"),
    ]:
        answer = await client.get(f"/media/{token}/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == f"private, max-age={site.settings.media_max_age}"
        assert int(answer.headers["content-length"]) == len(answer.content) > 0
        again = await client.get(f"/media/{token}/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        piece = await client.get(f"/media/{token}/{name}", headers={"range": "bytes=0-9"})
        assert (piece.status_code, piece.content) == (206, answer.content[:10])
        head = await client.head(f"/media/{token}/{name}")
        assert head.headers["content-length"] == answer.headers["content-length"]


async def test_public_files_appear_on_demand_and_by_the_worker(site: Site) -> None:
    (_, token), (_, other) = await on_view(site), await on_view(site)
    key = public_key(token, "320.jpg")
    assert not await site.storage.public.exists(key)
    assert (await (await site.client()).get(f"/media/{token}/320.jpg")).status_code == 200
    assert await site.storage.public.exists(key)
    await site.work()
    image = await Image.get(token=other)
    assert image.is_public
    for name in image.file_names():
        assert await site.storage.public.exists(public_key(other, name))


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "declined"])
async def test_a_picture_that_was_not_accepted_is_not_there(site: Site, status: str) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    await factories.exhibition([work])
    assert work.image is not None
    assert (await (await site.client()).get(f"/media/{work.image.token}/320.jpg")).status_code == 404


async def test_a_picture_that_hangs_nowhere_is_not_there(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    assert work.image is not None
    assert (await (await site.client()).get(f"/media/{work.image.token}/320.jpg")).status_code == 404
    await factories.exhibition([work], published=False)
    assert (await (await site.client()).get(f"/media/{work.image.token}/320.jpg")).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "321.jpg",
        "320.gif",
        "320",
        "original",
        "%2e%2e",
        "..%2f..%2foriginals",
        "%2e%2e%2f%2e%2e%2fprivate",
        "..%5c..%5cx",
        ".320.jpg",
        f"{'x' * 300}.jpg",
        f"{'画' * 90}.jpg",
    ],
)
async def test_names_that_no_rendition_has_are_404(site: Site, name: str) -> None:
    _, token = await on_view(site)
    client = await site.client()
    await client.get(f"/media/{token}/320.jpg")
    assert (await client.get(f"/media/{token}/{name}")).status_code == 404
    assert (await client.head(f"/media/{token}/{name}")).status_code == 404


@pytest.mark.parametrize("token", ["unknown", "%2e%2e", "..%2fprivate", "."])
async def test_unknown_pictures_are_404(site: Site, token: str) -> None:
    assert (await (await site.client()).get(f"/media/{token}/320.jpg")).status_code == 404


async def test_a_withdrawn_picture_is_410(site: Site) -> None:
    work, token = await on_view(site)
    client = await site.client()
    assert (await client.get(f"/media/{token}/320.jpg")).status_code == 200
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    answer = await client.get(f"/media/{token}/320.jpg", headers={"if-none-match": f'"{token}-320.jpg"'})
    assert answer.status_code == 410
    assert "max-age" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "reason", ["closed to the public", "consent expired", "not for the web", "organisation", "edition"]
)
async def test_what_leaves_the_wall_leaves_public_storage(site: Site, reason: str) -> None:
    work, token = await on_view(site)
    await site.work()
    key = public_key(token, "320.jpg")
    assert await site.storage.public.exists(key)
    if reason == "closed to the public":
        await Edition.all().update(is_current=False)
    elif reason == "consent expired":
        await Consent.filter(id=work.consent_id).update(ends_on=today() - timedelta(days=1))
    elif reason == "not for the web":
        await Consent.filter(id=work.consent_id).update(for_web=False)
    elif reason == "organisation":
        await Organisation.filter(id=work.organisation_id).update(is_active=False)
    else:
        await Edition.filter(is_current=True).update(opens_at=now() + timedelta(days=1))
    await bump()
    await wait_for_propagation()
    assert (await (await site.client()).get(f"/media/{token}/320.jpg")).status_code == 404
    await site.work()
    assert not await site.storage.public.exists(key)
    assert not (await Image.get(token=token)).is_public
