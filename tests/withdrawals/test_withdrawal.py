"""Withdrawal: as easy as agreeing, complete before it is confirmed."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from tortoise.connection import get_connection

from gallery.artists.code_pages import CODE_ATTEMPTS
from gallery.artists.consents import NewConsent, normalised_code
from gallery.artists.models import AgreedBy, Consent, Withdrawal
from gallery.artists.renewal import renew
from gallery.artworks.models import Artwork
from gallery.artworks.works import _lock_or_record_consent
from gallery.clock import today
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.withdrawals.withdrawal import _end, withdraw
from tests import factories
from tests.artworks.forms import shown_fields
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")

CODE = "0123456789ABCDEFGHJK"


async def hung(site: Site, consent: Consent | None = None) -> tuple[Artwork, Consent]:
    """A work that hangs in an exhibition that has opened, with its files in both stores."""
    consent = consent or await factories.consent(site.cast.organisation, code=CODE)
    work = await factories.artwork(
        site.storage, site.cast.organisation, status="accepted", consent=consent, assistance="老师帮了忙"
    )
    await factories.exhibition([work])
    await site.work()
    return work, consent


async def files_of(site: Site, token: str) -> list[str]:
    return [
        stored.key
        for store in (site.storage.private, site.storage.public)
        async for stored in store.files()
        if token in stored.key
    ]


async def test_everything_is_gone_when_it_returns(site: Site) -> None:
    work, consent = await hung(site)
    assert work.image is not None
    client, token = await site.client(), work.image.token
    page, picture = f"/zh/works/{work.public_id}", f"/media/{token}/320.jpg"
    assert (await client.get(page)).status_code == 200
    assert (await client.get(picture)).status_code == 200
    assert await files_of(site, token)
    await withdraw(consent, site.storage)
    gone = await client.get(page)
    assert gone.status_code == 410
    assert work.own("title") not in gone.text
    assert token not in gone.text
    assert (await client.get(picture)).status_code == 410
    assert await files_of(site, token) == []
    assert work.own("title") not in (await client.get("/zh/")).text
    held = await Artwork.get(id=work.id)
    assert held.status == "withdrawn"
    for name in ("story", "alt_text", "assistance"):
        assert not getattr(held, name)
    image = await Image.get(token=token)
    assert (image.state, image.is_public, image.placeholder, image.perceptual_hash) == (
        ImageState.ERASED,
        False,
        "",
        "",
    )
    withdrawal = await Withdrawal.get()
    assert withdrawal.files_deleted_at is not None
    await site.work()
    assert await files_of(site, token) == []


async def test_a_consent_covers_all_its_works_and_no_other(site: Site) -> None:
    work, consent = await hung(site)
    second, _ = await hung(site, consent)
    other = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([other])
    await withdraw(consent, site.storage)
    client = await site.client()
    for each in (work, second):
        assert (await client.get(f"/en/works/{each.public_id}")).status_code == 410
    assert (await client.get(f"/en/works/{other.public_id}")).status_code == 200
    assert (await Artwork.get(id=other.id)).own("story")


async def test_twice_is_harmless(site: Site) -> None:
    _, consent = await hung(site)
    first = await withdraw(consent, site.storage)
    second = await withdraw(await Consent.get(id=consent.id), site.storage)
    assert first.id == second.id
    assert first.at == second.at
    assert await Withdrawal.all().count() == 1


async def test_two_at_once_make_one_withdrawal(site: Site) -> None:
    _, consent = await hung(site)
    copies = [await Consent.get(id=consent.id) for _ in range(4)]
    made = await asyncio.gather(*(withdraw(copy, site.storage) for copy in copies))
    assert len({withdrawal.id for withdrawal in made}) == 1
    assert await Withdrawal.all().count() == 1


async def test_what_a_killed_process_left_is_finished_by_the_worker(site: Site) -> None:
    work, consent = await hung(site)
    assert work.image is not None
    await _end(consent, None)
    assert await files_of(site, work.image.token)
    await site.work()
    assert await files_of(site, work.image.token) == []
    assert (await Withdrawal.get()).files_deleted_at is not None
    assert not (await Image.get(token=work.image.token)).is_public


@pytest.mark.parametrize(
    ("accept", "language"), [("en-GB,en", "en"), ("zh-CN", "zh"), ("fr", "zh"), ("EN", "en")]
)
async def test_the_slips_link_speaks_the_readers_language(site: Site, accept: str, language: str) -> None:
    await factories.consent(site.cast.organisation, code=CODE)
    answer = await (await site.client()).get(f"/c/{CODE}", headers={"accept-language": accept})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{language}/consent/{CODE}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.lower(), "0123-4567-89AB-CDEF-GHJK", "oi23%204567-89ab cdefghjk", "OL23456789ABCDEFGHJK"],
)
async def test_a_code_typed_by_hand_is_understood(site: Site, typed: str) -> None:
    await factories.consent(site.cast.organisation, code=CODE)
    client = await site.client()
    answer = await client.get(f"/c/{typed}")
    assert (await client.get(answer.headers["location"])).status_code == 200
    assert (await client.get(f"/en/consent/{typed}")).status_code == 200


async def test_the_page_shows_the_works_and_withdraws_them(site: Site) -> None:
    work, consent = await hung(site)
    assert work.image is not None
    client, address = await site.client(), f"/en/consent/{CODE}"
    page = await client.get(address)
    assert page.status_code == 200
    assert "Tangyuan" in page.text
    assert f"/en/works/{work.public_id}" in page.text
    assert f"/media/{work.image.token}/" in page.text
    answer = await client.post(address)
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    after = await client.get(address)
    assert after.status_code == 200
    assert "Tangyuan" not in after.text
    assert work.image.token not in after.text
    assert "<form" not in after.text or 'class="danger"' not in after.text
    assert (await client.post(address)).status_code == 303
    assert await Withdrawal.filter(consent_id=consent.id).count() == 1
    assert (await Withdrawal.get().prefetch_related("by")).by is None


async def test_the_page_is_nobody_elses_to_keep_or_find(site: Site) -> None:
    await hung(site)
    client = await site.client()
    for answer in (await client.get(f"/en/consent/{CODE}"), await client.post(f"/en/consent/{CODE}")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "set-cookie" not in answer.headers


async def test_a_browser_without_sec_fetch_site_withdraws(site: Site) -> None:
    """On plain http, and in older browsers on any site, the browser sends Origin alone."""
    await hung(site)
    client, address = await site.client(), f"/en/consent/{CODE}"
    assert (await client.get(address)).headers["referrer-policy"] != "no-referrer"  # or it would be `null`
    for origin in ("null", "http://evil.example"):
        assert (await client.post(address, headers={"origin": origin})).status_code == 403
    assert await Withdrawal.all().count() == 0
    assert (await client.post(address, headers={"origin": "http://gallery.test"})).status_code == 303
    assert await Withdrawal.all().count() == 1


async def test_nothing_private_is_on_the_page(site: Site) -> None:
    draft_consent = await factories.consent(site.cast.organisation, code=CODE, assent="我自己的话不给别人看")
    work = await factories.artwork(site.storage, site.cast.organisation, consent=draft_consent)
    assert work.image is not None
    page = (await (await site.client()).get(f"/zh/consent/{CODE}")).text
    assert "我自己的话不给别人看" not in page
    assert work.image.token not in page
    assert work.own("story") not in page
    assert "@example.org" not in page


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", ["00000000000000000000", "X", "x" * 300, "团圆", "%25"])
async def test_an_unknown_code_is_404(site: Site, method: str, code: str) -> None:
    await hung(site)
    assert (await (await site.client()).request(method, f"/en/consent/{code}")).status_code == 404
    assert await Withdrawal.all().count() == 0


@pytest.mark.parametrize("path", ["/c/---", "/c/%20", f"/fr/consent/{CODE}", "/c/"])
async def test_addresses_that_are_none(site: Site, path: str) -> None:
    assert (await (await site.client()).get(path)).status_code == 404


async def test_guessing_codes_is_limited(site: Site) -> None:
    client = await site.client()
    statuses = [(await client.get(f"/en/consent/{n:020d}")).status_code for n in range(CODE_ATTEMPTS.times)]
    assert set(statuses) == {404}
    answer = await client.get(f"/en/consent/{CODE}")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


async def test_a_form_on_another_site_withdraws_nothing(site: Site) -> None:
    await hung(site)
    answer = await (await site.client()).post(f"/en/consent/{CODE}", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await Withdrawal.all().count() == 0


def test_a_code_is_forgiving_and_never_too_long() -> None:
    assert normalised_code(" oIl-0 ") == "0110"
    assert len(normalised_code("x" * 999)) == 32


async def somebody_waits() -> None:
    """Return when a transaction waits for a row that another has locked."""
    for _attempt in range(500):
        if await get_connection("default").execute_query_dict("SELECT 1 FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("ends", [True, False], ids=["withdrawal", "renewal"])
async def test_it_waits_in_no_circle_with_a_form_that_saves_itself(
    site: Site, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """The form has locked the work when the withdrawal begins, and locks the consent only afterwards."""
    _, consent = await hung(site)
    draft = await factories.artwork(site.storage, site.cast.organisation, consent=consent)
    assert consent.id == draft.consent_id
    saves = asyncio.Event()

    async def late(*arguments: Any) -> Consent | None:
        saves.set()
        await somebody_waits()
        return await _lock_or_record_consent(*arguments)

    monkeypatch.setattr("gallery.artworks.works._lock_or_record_consent", late)
    client = await site.client(site.cast.partner)
    window = shown_fields((await client.get(f"/desk/works/{draft.id}/edit")).text)
    typing = asyncio.create_task(
        client.post(f"/desk/works/{draft.id}/typing", data={**window, "title": "雪"})
    )
    await saves.wait()
    if ends:
        await withdraw(consent, site.storage)
    else:
        await consent.fetch_related("artist")
        await renew(consent, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    assert (await typing).status_code == 200
    held = await Artwork.get(id=draft.id)
    assert held.own("title") == ("" if ends else "雪")
    assert held.status == ("withdrawn" if ends else "draft")
    assert await Artwork.filter(consent_id=consent.id, status__not="withdrawn").count() == 0


@pytest.mark.engines("postgresql")
async def test_a_picture_that_a_work_gets_meanwhile_is_erased_too(site: Site) -> None:
    work, consent = await hung(site)
    other = await factories.artwork(site.storage, site.cast.organisation)
    fresh = other.image
    assert fresh is not None
    await Artwork.filter(id=other.id).update(image_id=None)
    async with in_transaction():
        await locked(Artwork.filter(id=work.id)).get()
        ending = asyncio.create_task(withdraw(consent, site.storage), context=contextvars.Context())
        await somebody_waits()
        await Artwork.filter(id=work.id).update(image_id=fresh.id)
    await ending
    assert (await Image.get(id=fresh.id)).state == ImageState.ERASED
    assert await files_of(site, fresh.token) == []


@pytest.mark.engines("postgresql")
async def test_a_work_that_comes_under_the_consent_meanwhile_is_covered(site: Site) -> None:
    _, consent = await hung(site)
    other = await factories.artwork(site.storage, site.cast.organisation)
    async with in_transaction():
        await locked(Consent.filter(id=consent.id)).get()
        ending = asyncio.create_task(withdraw(consent, site.storage), context=contextvars.Context())
        await somebody_waits()
        await Artwork.filter(id=other.id).update(consent_id=consent.id)
    await ending
    assert (await Artwork.get(id=other.id)).status == "withdrawn"
    assert await Withdrawal.all().count() == 1
