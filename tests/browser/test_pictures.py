"""A picture book of eight pages: sent from a phone, reviewed, leafed through, looked at closely, withdrawn."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Picture, Status
from gallery.images.models import Image, ImageState
from tests import factories
from tests.browser.conftest import PATIENCE, until
from tests.browser.people import click_through, is_within, sign_in
from tests.live import LiveSite

PAGES = 8


async def opened(browser: Browser, width: int, *, scripts: bool = True) -> Page:
    size = {"width": width, "height": 844}
    context = await browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        locale="zh-CN",
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE)
    return await context.new_page()


async def all_ready(work: Artwork) -> None:
    """Wait until the site's worker has prepared every picture."""
    for _ in range(PATIENCE // 100):
        if not await Image.filter(organisation_id=work.organisation_id, state=ImageState.RECEIVED).exists():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the pictures were never prepared")


async def is_at(page: Page, number: int) -> None:
    """Wait until the book is open at this page, and says so."""
    await expect(page.locator(".leaf-bar p")).to_have_text(f"第 {number} 张，共 {PAGES} 张")
    await until(
        page,
        "(() => { const list = document.querySelector('.leaves ol').getBoundingClientRect();"
        f" const leaf = document.querySelector('#picture-{number}').getBoundingClientRect();"
        " return Math.abs(leaf.left - list.left) < 3; })()",
    )


async def test_a_picture_book_is_sent_reviewed_leafed_through_and_withdrawn(
    live: LiveSite, chromium: Browser, tmp_path: Path
) -> None:
    work = await factories.artwork(live.storage, live.cast.organisation)
    files = []
    for n in range(1, PAGES):
        files.append(tmp_path / f"page-{n}.jpg")
        files[-1].write_bytes(factories.photograph(1300 + n, 1000))
    address = await live.serve()

    phone = await opened(chromium, 390)
    await sign_in(phone, address, live.cast.partner)
    await phone.goto(f"{address}/desk/works/{work.id}/edit")
    await phone.set_input_files("#further", files)
    await expect(phone.locator(".further-picture")).to_have_count(PAGES - 1)
    assert await is_within(phone)
    await click_through(phone.locator("button[value=pictures]"))
    await expect(phone.locator(".ordered-pictures > li")).to_have_count(PAGES)
    assert await is_within(phone)
    last = await Picture.filter(artwork_id=work.id).order_by("-position").first()
    assert last is not None
    await phone.focus(f"#picture-{last.id} button[value=up]")  # by keyboard
    await phone.keyboard.press("Enter")
    await phone.wait_for_url(f"**/pictures#picture-{last.id}")
    second_to_last = await Picture.filter(artwork_id=work.id).order_by("-position").offset(1).first()
    assert second_to_last is not None
    assert second_to_last.id == last.id
    await all_ready(work)
    await phone.goto(f"{address}/desk/works/{work.id}/edit")
    assert await is_within(phone)
    for number, row in enumerate(await Picture.filter(artwork_id=work.id).order_by("position"), 2):
        await phone.fill(f"[name=alt_text_{row.id}]", f"第{number}页画着{number}只红色的小圆球")
        await phone.fill(f"[name=caption_{row.id}]", f"书的第{number}页")
    await click_through(phone.locator("button[value=submit]"))
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED

    wide = await opened(chromium, 1440)
    await sign_in(wide, address, live.cast.curator)
    await wide.goto(f"{address}/desk/queue/{work.id}")
    await expect(wide.locator(".reviewed-pictures > ol > li")).to_have_count(PAGES)
    await wide.screenshot(path=tmp_path / "review.png", full_page=True)
    await click_through(wide.locator("button[value=accepted]"))
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED
    for box in await wide.locator(".reviewed-pictures [name=confirmed]").all():
        await box.check()
    await click_through(wide.locator("button[value=accepted]"))
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    exhibition = await factories.exhibition([await Artwork.get(id=work.id)])

    visitor = await opened(chromium, 390)
    complaints: list[str] = []
    visitor.on("console", lambda each: complaints.append(each.text) if each.type == "error" else None)
    await visitor.goto(f"{address}/zh/exhibitions/{exhibition.slug}")
    await expect(visitor.locator(".with-pictures")).to_have_text("8 张图片")
    await visitor.goto(f"{address}/zh/works/{work.public_id}")
    await is_at(visitor, 1)
    assert await is_within(visitor)
    await visitor.focus(".leaves ol")
    await visitor.keyboard.press("ArrowRight")
    await is_at(visitor, 2)
    await until(visitor, "document.querySelector('#picture-3 img').complete")  # loaded ahead
    await visitor.keyboard.press("End")
    await is_at(visitor, PAGES)
    await visitor.keyboard.press("ArrowLeft")
    await is_at(visitor, PAGES - 1)
    await visitor.click(".leaf-strip li:nth-child(4) a")
    await is_at(visitor, 4)
    await visitor.click(".leaf-bar button[value=on]")
    await is_at(visitor, 5)
    await expect(visitor.locator(".leaf-strip [aria-current]")).to_have_attribute("href", "#picture-5")
    # A swipe is the browser's own scrolling.
    await visitor.evaluate(
        "document.querySelector('.leaves ol').scrollBy({ left: 390, behavior: 'instant' })"
    )
    await is_at(visitor, 6)
    await visitor.screenshot(path=tmp_path / "phone.png")
    await visitor.click("#picture-6 a.look-closer")
    await expect(visitor.locator("dialog.zoom")).to_be_visible()
    await expect(visitor.locator(".zoom-view")).to_have_attribute("aria-label", "第6页画着6只红色的小圆球")
    await until(visitor, "document.querySelector('.zoom-view').classList.contains('is-drawn')")
    await visitor.keyboard.press("Escape")
    await expect(visitor.locator("#picture-6 a.look-closer")).to_be_focused()
    assert not complaints
    await wide.goto(f"{address}/zh/works/{work.public_id}")
    await is_at(wide, 1)
    await wide.keyboard.press("Tab")
    assert await is_within(wide)
    await wide.screenshot(path=tmp_path / "wide.png")

    plain = await opened(chromium, 390, scripts=False)
    await plain.goto(f"{address}/zh/works/{work.public_id}")
    await expect(plain.locator(".leaf-bar")).to_be_hidden()
    tops = [await leaf.bounding_box() for leaf in await plain.locator(".leaves > ol > li").all()]
    assert all(a and b and a["y"] + a["height"] <= b["y"] + 1 for a, b in itertools.pairwise(tops))
    assert await is_within(plain)

    held = await Artwork.get(id=work.id)
    tokens = [image.token for image in await Image.filter(organisation_id=work.organisation_id)]
    await visitor.goto(f"{address}/zh/consent/{(await Consent.get(id=held.consent_id or 0)).code}")
    await click_through(visitor.locator("form button"))
    assert len(tokens) == PAGES
    for store in (live.storage.private, live.storage.public):
        assert not [
            stored.key async for stored in store.files() if any(each in stored.key for each in tokens)
        ]
    for token in tokens:
        assert (await visitor.request.get(f"{address}/media/{token}/320.jpg")).status == 410
