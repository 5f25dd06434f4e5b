"""The walls of an exhibition at the sizes of a phone and of a wide screen."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.factories import in_zh
from tests.live import LiveSite

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LAST_OF_WALL = """() => {
  const wall = document.querySelector(".on-wall .wall"), box = wall.getBoundingClientRect();
  const tops = [...wall.children].map(each => each.getBoundingClientRect());
  const last = tops.filter(each => Math.abs(each.top - tops.at(-1).top) < 2);
  return [last[0].left - box.left, box.right - last.at(-1).right];
}"""


async def hung(live: LiveSite, *shapes: tuple[int, int]) -> list[Artwork]:
    works = []
    for width, height in shapes:
        image = await factories.image(live.storage, live.cast.organisation, width=width, height=height)
        works.append(
            await factories.artwork(live.storage, live.cast.organisation, image=image, status=Status.ACCEPTED)
        )
    return works


async def cover_size(page: Page) -> tuple[float, float]:
    box = await page.locator(".cover .picture").bounding_box()
    assert box
    return box["width"], box["height"]


async def test_cover_is_as_large_as_the_screen_allows(live: LiveSite, chromium: Browser) -> None:
    wide, scroll, usual, upright = await hung(live, (4000, 2400), (2400, 1000), (4000, 3000), (3000, 4000))
    beside, full, tall = [
        await factories.exhibition(works, closing=in_zh("往一起靠一靠。"))
        for works in ([usual, upright], [wide, scroll, upright], [upright, usual, wide, scroll])
    ]
    address = await live.serve(worker=False)
    page = await chromium.new_page(reduced_motion="reduce")
    for width, height in ((2560, 1440), (1440, 900), (390, 844), (320, 640)):
        await page.set_viewport_size({"width": width, "height": height})
        for exhibition in (beside, full, tall):
            await page.goto(f"{address}/zh/exhibitions/{exhibition.slug}")
            assert await page.evaluate(SIDEWAYS) <= 0, (width, exhibition.slug)
            shown = await cover_size(page)
            assert shown[1] <= height * 0.9  # whole on one screen
            if width == 2560:
                assert max(shown) >= (1200 if exhibition is not tall else 1100)
            if (width, exhibition) == (1440, full):
                assert shown[0] >= 1200
            left, right = await page.evaluate(LAST_OF_WALL)
            assert abs(left - right) < 2  # the last row stands in the middle
    await page.set_viewport_size({"width": 2560, "height": 1440})
    await page.goto(f"{address}/zh/works/{usual.public_id}")
    box = await page.locator(".work > .inner").bounding_box()
    assert box
    assert 2100 <= box["width"] <= 2200
    await page.close()


async def test_last_work_leads_to_the_ending_and_print_has_the_code(
    live: LiveSite, chromium: Browser
) -> None:
    works = await hung(live, (1300, 1000), (1000, 1300))
    exhibition = await factories.exhibition(works, closing=in_zh("往一起靠一靠。"))
    address = await live.serve(worker=False)
    page = await chromium.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    await page.goto(f"{address}/zh/works/{works[1].public_id}")
    await page.emulate_media(media="print")
    assert await page.locator(".printed-code svg").is_visible()
    for hidden in (".site-nav", ".turn", ".gestures", ".site-footer nav"):
        assert not await page.locator(hidden).is_visible()
    await page.emulate_media(media="screen")
    assert not await page.locator(".printed-code").is_visible()
    await page.click(".turn .next")
    await page.wait_for_url(f"**/exhibitions/{exhibition.slug}#ending")
    box = await page.locator("#ending").bounding_box()
    assert box
    assert box["y"] < 900
    await page.close()
