"""The main journey in a real browser: from a partner's phone to an exhibition, and to its withdrawal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gallery.accounts.models import Person
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.images.models import Image, ImageState
from gallery.web.texts import Texts
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.browser.people import another_browser, click_through, sign_in
from tests.factories import in_zh
from tests.live import LiveSite, eventually

TITLE = "冬至吃汤圆啦"


async def open_all(page: Page) -> None:
    """Open every collapsed part of a form."""
    closed = page.locator("main details:not([open]) > summary:visible")
    while await closed.count():
        await closed.first.click()


@pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts", "no scripts"])
async def test_the_main_job(
    live: LiveSite, chromium: Browser, tmp_path: Path, with_scripts: bool, engine: str
) -> None:
    if not with_scripts and engine == "postgresql":
        pytest.skip("The pages are the same on both engines; once without scripts is enough.")
    drawing = tmp_path / "IMG_2041.jpg"
    drawing.write_bytes(factories.photograph(1600, 1200))
    theme = await factories.theme(title=Texts({"zh": "冬至", "en": "Winter solstice"}))
    await Person.all().update(language="zh")
    address = await live.serve()
    phone = await chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=with_scripts
    )
    phone.set_default_timeout(PATIENCE)
    desk = await another_browser(chromium)
    try:
        # 1. A partner signs in, saves a draft with a photograph, comes back and submits it.
        page = await phone.new_page()
        await sign_in(page, address, live.cast.partner)
        await page.goto(f"{address}/desk/works/new")
        await page.select_option("[name=language]", "zh")
        await page.fill("[name=title]", TITLE)
        await page.set_input_files("[name=picture]", drawing)
        await page.click("button[name=then][value=save]")
        await expect(page.locator("main")).to_contain_text(TITLE)
        work = await Artwork.get(title=in_zh(TITLE))
        assert work.status == Status.DRAFT

        await page.goto(f"{address}/desk/works/{work.id}/edit")
        assert await page.input_value("[name=title]") == TITLE
        await open_all(page)
        await page.fill("[name=story]", "南方过冬至要吃汤圆，**圆圆的**，一家人就团圆了。")
        await page.fill("[name=alt_text]", "一只蓝碗，里面有五个白汤圆，冒着热气")
        await page.fill("[name=medium]", "水彩")
        await page.fill("[name=date_made]", "2022")
        await page.fill("[name='title[en]']", "Tangyuan for the solstice")
        await page.fill("[name=credit_name]", "小俊（化名）")
        await page.check("[name=agreed_by][value=parent]")
        await page.check("[name=scopes][value=web]")
        await page.fill("[name=assent]", "我想让大家都看到我的汤圆。")
        await page.check(f"[name=themes][value='{theme.id}']")
        await page.fill("[name=project_title]", "山里的美术课")
        await page.fill("[name=project_link]", "javascript:alert(1)")
        await page.click("button[name=then][value=submit]")
        # Errors are shown at their fields, and no typed text is lost.
        await expect(page.locator(".error-summary")).to_be_focused()
        await expect(page.locator(".error-summary a")).to_have_attribute("href", "#project_link")
        assert await page.input_value("[name=assent]") == "我想让大家都看到我的汤圆。"
        await page.fill("[name=project_link]", "https://example.org/art-class")
        await page.click("button[name=then][value=submit]")
        await expect(page.locator("main .state-submitted").first).to_be_visible()
        work = await Artwork.get(id=work.id).prefetch_related("submissions")
        assert (work.status, len(work.submissions)) == (Status.SUBMITTED, 1)

        # 2. A curator returns it with a note; the partner corrects it; the curator accepts it.
        curator = await desk.new_page()
        await sign_in(curator, address, live.cast.curator)
        await expect(curator.locator("main")).to_contain_text(TITLE)
        await curator.goto(f"{address}/desk/queue/{work.id}")
        for words in ("圆圆的", "一只蓝碗", "我想让大家都看到我的汤圆。", "山里的美术课"):
            await expect(curator.locator("main")).to_contain_text(words)
        await open_all(curator)
        await curator.fill("[name=note_medium]", "请写上纸的种类。")
        await click_through(curator.locator("button[name=decision][value=returned]"))

        await page.goto(f"{address}/desk/works")
        await expect(page.locator("main .state-returned").first).to_be_visible()
        await page.goto(f"{address}/desk/works/{work.id}/edit")
        await expect(page.locator(".field:has([name=medium])")).to_contain_text("请写上纸的种类。")
        await page.fill("[name=medium]", "水彩，宣纸")
        await page.click("button[name=then][value=submit]")
        await expect(page.locator("main")).to_contain_text("请写上纸的种类。")  # the history stays
        await expect(page.locator("main .state-submitted").first).to_be_visible()

        # The worker prepares the picture; until then the work cannot be accepted.
        await eventually(lambda: Image.exists(artwork__id=work.id, state=ImageState.READY))
        await curator.goto(f"{address}/desk/queue/{work.id}")
        await curator.click("button[name=decision][value=accepted]")
        await curator.wait_for_url(re.compile(r"/desk/queue"))
        assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED

        # 3. The curator builds an exhibition with a room, hangs the work and publishes.
        await curator.goto(f"{address}/desk/exhibitions/new")
        await curator.fill("[name=slug]", "reunion")
        await curator.fill("#title-zh", "团圆，是圆的")
        await curator.fill("#title-en", "Reunion is round")
        await curator.click("main button.primary")
        await curator.wait_for_url(re.compile(r"/desk/exhibitions/\d+"))
        builder = curator.url.split("?")[0].split("#")[0]
        edition = curator.locator("#edition")
        await edition.locator("#introduction-zh").fill("南方吃汤圆，北方吃饺子。")
        await edition.locator("[name=theme]").select_option(str(theme.id))
        await click_through(edition.locator("button.primary"))
        await curator.goto(builder)
        room = curator.locator("#new-room")
        if not await room.locator("[name$='title[zh]']").is_visible():
            await room.locator("summary").first.click()
        await room.locator("[name$='title[zh]']").fill("锅里的热气")
        await room.locator("[name$='text[zh]']").fill("圆的东西先暖手，再暖胃。")
        await click_through(room.locator("button.primary"))
        await curator.goto(builder)
        await click_through(curator.locator(f"#work-{work.id} button"))
        await curator.goto(builder)
        await expect(curator.locator("#rooms")).to_contain_text(TITLE)
        visitor = await phone.new_page()
        assert (await visitor.goto(f"{address}/zh/exhibitions/reunion")).status == 404  # type: ignore[union-attr]
        await click_through(curator.locator("form[action*='/editions'] button").first)

        # A change of the draft is not seen until it is published again.
        await curator.goto(builder)
        await curator.locator("#title-zh").fill("改了的名字")
        await click_through(curator.locator("#edition button.primary"))

        # 4. A visitor follows links from the home page to the exhibition, the work, its organisation and
        # project.
        await visitor.goto(address)
        await visitor.wait_for_url(f"{address}/zh/")
        await visitor.locator("a[href='/zh/exhibitions/reunion']").first.click()
        await expect(visitor.locator("h1")).to_contain_text("团圆，是圆的")
        await expect(visitor.locator("main")).to_contain_text("圆的东西先暖手")
        await visitor.locator(f"main a[href='/zh/works/{work.public_id}']").first.click()
        await expect(visitor.locator("h1")).to_contain_text(TITLE)
        for words in ("圆圆的", "小俊（化名）", "水彩，宣纸", "山里的美术课"):
            await expect(visitor.locator("main")).to_contain_text(words)
        picture = visitor.locator("main picture img").first
        assert await picture.get_attribute("alt") == "一只蓝碗，里面有五个白汤圆，冒着热气"
        if with_scripts:
            await visitor.wait_for_function(
                "() => document.querySelector('main picture img').naturalWidth > 0"
            )
            assert await visitor.evaluate(
                "() => document.querySelector('main picture img').currentSrc.endsWith('.avif')"
            )
        support = f"/zh/works/{work.public_id}/support/"  # through the address that counts the visit
        await expect(visitor.locator(f"main a[href^='{support}']").first).to_be_visible()
        await visitor.locator("main a[href^='/zh/organisations/']").first.click()
        await expect(visitor.locator("h1")).to_contain_text("晓更基金会")
        await visitor.goto(f"{address}/en/works/{work.public_id}")
        await expect(visitor.locator("h1")).to_contain_text("Tangyuan for the solstice")
        assert await visitor.locator("html").get_attribute("lang") == "en"
        assert not await phone.cookies(f"{address}/zh/")

        # 5. The partner prints the slip; the guardian opens its link and withdraws.
        consent = await Consent.get(artworks__id=work.id)
        await page.goto(f"{address}/desk/consents/{consent.id}/slip")
        await expect(page.locator("main")).to_contain_text(consent.code[:5])
        guardian = await phone.new_page()
        await guardian.goto(f"{address}/c/{consent.code}")
        await expect(guardian.locator("main")).to_contain_text(TITLE)
        await guardian.locator("main form button").click()
        await expect(guardian.locator("main")).not_to_contain_text(TITLE)
        for path in (f"/zh/works/{work.public_id}", f"/en/works/{work.public_id}"):
            answer = await visitor.goto(address + path)
            assert answer is not None
            assert answer.status == 410
        await visitor.goto(f"{address}/zh/")
        await expect(visitor.locator("main")).not_to_contain_text(TITLE)
        image = await Image.get(artwork__id=work.id)
        assert image.state == ImageState.ERASED
        assert not [key async for key in live.storage.public.keys(image.token)]
    finally:
        await phone.close()
        await desk.close()
