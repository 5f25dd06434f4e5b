"""The builder in a real browser: by keyboard, by drag, saving automatically, and two curators in two
browsers.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from tortoise.expressions import F

from gallery.accounts.models import Person
from gallery.artworks.models import Status
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.models import Exhibition, Hanging, Room
from tests import factories
from tests.browser.conftest import came, hold
from tests.browser.people import another_browser, sign_in
from tests.factories import in_en
from tests.live import LiveSite


@pytest.fixture
async def draft(live: LiveSite) -> tuple[str, Exhibition, Room]:
    """A draft with three works in one room, and the address of its builder."""
    address = await live.serve()
    works = [
        await factories.artwork(
            live.storage, live.cast.organisation, status=Status.ACCEPTED, title_translation=title
        )
        for title in ("Alpha", "Beta", "Gamma")
    ]
    exhibition = await factories.exhibition(works, published=False)
    return f"{address}/desk/exhibitions/{exhibition.id}", exhibition, await Room.get()


async def enter(chromium: Browser, person: Person, builder: str) -> tuple[BrowserContext, Page]:
    context = await another_browser(chromium)
    page = await context.new_page()
    await sign_in(page, builder.partition("/desk")[0], person)
    await page.goto(builder)
    return context, page


async def order(room: Room | None = None) -> list[str]:
    hangings = Hanging.all().order_by("position").prefetch_related("artwork")
    shown = await (hangings.filter(room_id=room.id) if room else hangings)
    return [hanging.artwork.title["en"] for hanging in shown]


async def drag(page: Page, handle: Locator, target: Locator) -> None:
    """Drag a work by its handle to the top of another work."""
    await handle.scroll_into_view_if_needed()
    start, end = await handle.bounding_box(), await target.bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + 10, start["y"] + 10)
    await page.mouse.down()
    for step in range(1, 13):
        await page.mouse.move(start["x"] + 10, start["y"] + (end["y"] + 4 - start["y"]) * step / 12)
    # The list looks at the pointer every 50 ms only.
    await expect(target.locator("xpath=preceding-sibling::li[1]")).to_have_class(re.compile("sortable-ghost"))
    await page.mouse.up()


async def test_works_are_put_in_order_by_keyboard_and_by_drag(
    chromium: Browser, live: LiveSite, draft: tuple[str, Exhibition, Room]
) -> None:
    context, page = await enter(chromium, live.cast.curator, draft[0])
    handles = page.locator(".handle")
    await expect(handles.first).to_be_visible()
    await handles.first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#move-status")).to_have_text("Alpha: place 2 of 3")
    assert await order() == ["Beta", "Alpha", "Gamma"]
    await page.keyboard.press("ArrowDown")  # the handle kept its focus
    await expect(page.locator("#move-status")).to_have_text("Alpha: place 3 of 3")
    assert await order() == ["Beta", "Gamma", "Alpha"]

    await drag(page, page.locator("li[data-title=Alpha] .handle"), page.locator("li[data-title=Beta]"))
    await expect(page.locator("#move-status")).to_have_text("Alpha: place 1 of 3")
    assert await order() == ["Alpha", "Beta", "Gamma"]
    await context.close()


async def test_places_count_from_the_beginning_of_a_room_that_is_shown_in_part(
    chromium: Browser, live: LiveSite, draft: tuple[str, Exhibition, Room]
) -> None:
    builder, _exhibition, room = draft
    await Hanging.filter(room_id=room.id).update(position=F("position") + 60)
    consent = await factories.consent(live.cast.organisation)
    before = await factories.bare_works(consent, range(1, 61))
    await Hanging.bulk_create(
        Hanging(room_id=room.id, artwork_id=work.id, position=place) for place, work in enumerate(before, 1)
    )
    context, page = await enter(chromium, live.cast.curator, f"{builder}?at={room.id}.61")
    alpha = page.locator("li[data-title=Alpha]")
    await alpha.locator(".handle").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#move-status")).to_have_text("Alpha: place 62 of 63")
    assert (await order())[60:] == ["Beta", "Alpha", "Gamma"]
    await expect(alpha.locator("[data-step='-1']")).to_have_attribute("value", "61")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#move-status")).to_have_text("Alpha: place 61 of 63")
    # Beyond the first work shown: the page is loaded again, and says where the work is.
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".notice", has_text="Alpha is at place 60 in Room one now.")).to_be_visible()
    await expect(page).to_have_url(f"{builder}?at={room.id}.61#room-{room.id}")
    assert (await order())[58:] == ["No 59", "Alpha", "No 60", "Beta", "Gamma"]

    # Into another room: both say how many works they have.
    other = await Room.create(edition_id=room.edition_id, position=2, title=in_en("Room two"))
    await Hanging.filter(artwork_id=before[0].id).update(room_id=other.id)
    await page.set_viewport_size({"width": 1280, "height": 3000})  # nothing scrolls during the drag
    await page.goto(f"{builder}?at={room.id}.61")
    await expect(page.locator(f"#room-{room.id} [data-range]").first).to_have_text("Works 61 to 62 of 62")
    await drag(page, page.locator("li[data-title=Gamma] .handle"), page.locator("li[data-title='No 1']"))
    await expect(page.locator("#move-status")).to_have_text("Gamma: place 1 of 2")
    await expect(page.locator(f"#room-{room.id} [data-range]").first).to_have_text("Works 61 to 61 of 61")
    await expect(page.locator(f"#room-{other.id} [data-total]")).to_have_text("2")
    assert await order(other) == ["Gamma", "No 1"]
    await context.close()


async def test_it_saves_as_one_goes_and_two_curators_are_told(
    chromium: Browser, live: LiveSite, draft: tuple[str, Exhibition, Room]
) -> None:
    builder, _exhibition, room = draft
    one, hers = await enter(chromium, live.cast.curator, builder)
    other, his = await enter(chromium, live.cast.keeper, builder)
    title = f"#room-{room.id}-title-en"
    for page in (hers, his):
        await page.locator(f"#room-{room.id} > details > summary").first.click()
    await hers.locator(title).fill("Her room")
    form = hers.locator(f"form:has({title})")
    await expect(form.locator(".saved")).to_contain_text("Saved in the draft, ")
    assert (await Room.get(id=room.id)).title.get("en") == "Her room"

    # He changes the same field: no text is overwritten or lost.
    await his.locator(title).fill("His room")
    await expect(his.locator(f"{title} + .field-error")).to_contain_text("It now reads: Her room")
    await expect(his.locator(title)).to_have_value("His room")
    assert (await Room.get(id=room.id)).title.get("en") == "Her room"
    await his.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(his.locator("#draft-changed")).to_contain_text(
        "curator has changed this draft since you opened it"
    )

    # Saving by the button shows both, and saving once more overwrites deliberately.
    form = his.locator(f"form:has({title})")
    await form.get_by_role("button", name="Save").click()
    await expect(his.locator(f"{title}-error")).to_contain_text("It now reads: Her room")
    await his.locator(f"form:has({title})").get_by_role("button", name="Save").click()
    await expect(his.locator(f"#room-{room.id}-heading")).to_have_text("His room")
    assert (await Room.get(id=room.id)).title.get("en") == "His room"
    await one.close()
    await other.close()


async def test_what_another_wrote_stays_however_often_one_goes_on_saving(
    chromium: Browser, live: LiveSite, draft: tuple[str, Exhibition, Room]
) -> None:
    builder, exhibition, _room = draft
    one, hers = await enter(chromium, live.cast.curator, builder)
    other, his = await enter(chromium, live.cast.keeper, builder)
    await his.locator("#introduction-zh").fill("他的话")
    await expect(his.locator("#edition .saved")).to_contain_text("Saved in the draft, ")
    for title in ("First", "Second"):
        await hers.locator("#title-en").fill(title)
        await expect(hers.locator("#edition .saved")).to_have_text("Saving…")
        await expect(hers.locator("#edition .saved")).to_contain_text("Saved in the draft, ")
    kept = await draft_of(exhibition)
    assert (kept.title.get("en"), kept.introduction.get("zh")) == ("Second", "他的话")
    # In his field her window shows the old words: when she writes there, she gets a notice.
    await hers.locator("#introduction-zh").fill("她的话")
    await expect(hers.locator("#introduction-zh + .field-error")).to_contain_text("It now reads: 他的话")
    await one.close()
    await other.close()


async def test_whoever_types_on_while_a_save_takes_long_is_not_in_conflict_with_herself(
    chromium: Browser, live: LiveSite, draft: tuple[str, Exhibition, Room]
) -> None:
    builder, _exhibition, room = draft
    one, hers = await enter(chromium, live.cast.curator, builder)
    title = f"#room-{room.id}-title-en"
    form = hers.locator(f"form:has({title})")
    await hers.locator(f"#room-{room.id} > details > summary").first.click()
    posted, is_over = await hold(hers, f"**/rooms/{room.id}")
    await hers.locator(title).fill("Her")
    await came(posted, 1)
    await hers.locator(title).fill("Her room")
    await asyncio.sleep(2)  # longer than the page waits after the last key
    assert len(posted) == 1
    is_over.set()
    await expect(form.locator(".saved")).to_contain_text("Saved in the draft, ")
    await expect(form.locator(".field-error")).to_have_count(0)
    assert len(posted) == 2
    assert (await Room.get(id=room.id)).title.get("en") == "Her room"

    # The same with the button.
    is_over.clear()
    await hers.locator(title).fill("Her own")
    await came(posted, 3)
    await hers.locator(title).fill("Her own room")
    await form.get_by_role("button", name="Save").click()
    is_over.set()
    await expect(hers.locator(f"#room-{room.id}-heading")).to_have_text("Her own room")
    await expect(hers.locator(".field-error")).to_have_count(0)
    assert (await Room.get(id=room.id)).title.get("en") == "Her own room"
    await one.close()
