"""Each picture is fetched in its displayed size, and no larger."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.live import LiveSite

# For each picture of the page: its width and the width of its `sizes` (px), if the browser does not measure
# it by itself (`auto`, as Safari does not); and whether it waits, or hurries.
MEASURE = """() => [...document.querySelectorAll("picture")].map(picture => {
  const img = picture.querySelector("img"), ruler = document.createElement("div");
  let depth = 0;  // the commas of min() part nothing
  const all = [...picture.querySelector("source").sizes].map(letter => {
    depth += (letter === "(") - (letter === ")");
    return letter === "," && !depth ? "|" : letter;
  }).join("").split("|").map(each => each.trim());
  const auto = all[0] === "auto" && img.loading === "lazy";
  let said = "100vw";
  for (const each of all.filter(each => each !== "auto")) {
    const found = each.match(/^([(][^)]*[)]) (.*)$/);
    if (!found || matchMedia(found[1]).matches) { said = found ? found[2] : each; break; }
  }
  ruler.style.cssText = `position: absolute; width: ${said}`;
  document.body.append(ruler);
  const width = ruler.getBoundingClientRect().width;
  ruler.remove();
  return {stands: img.getBoundingClientRect().width, said: width, auto, lazy: img.loading === "lazy",
          high: img.fetchPriority === "high", alt: img.alt};
})"""


async def six_works(live: LiveSite) -> list[Artwork]:
    """Works on view, in portrait and landscape format."""
    works = []
    for number in range(6):
        shape = {"width": 1000, "height": 1300} if number % 2 else {"width": 1300, "height": 1000}
        image = await factories.image(live.storage, live.cast.organisation, **shape)
        works.append(
            await factories.artwork(
                live.storage,
                live.cast.organisation,
                image=image,
                status=Status.ACCEPTED,
                title=f"画 {number}",
            )
        )
    return works


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (1920, 1080)])
async def test_sizes_say_how_wide_a_picture_stands(
    width: int, height: int, live: LiveSite, chromium: Browser
) -> None:
    works = await six_works(live)
    exhibition = await factories.exhibition(works)
    address = await live.serve(worker=False)
    page = await chromium.new_page(viewport={"width": width, "height": height})
    for path in (
        "/zh/",
        f"/zh/exhibitions/{exhibition.slug}",
        f"/zh/exhibitions/{exhibition.slug}/walk",
        f"/zh/works/{works[0].public_id}",
        f"/zh/works/{works[1].public_id}",
        f"/zh/organisations/{live.cast.organisation.slug}",
    ):
        await page.goto(address + path)
        measured = await page.evaluate(MEASURE)
        assert measured
        for each in measured:
            assert each["alt"]
            if each["stands"]:
                most = 3 if each["auto"] else 1.4
                assert each["stands"] * 0.75 < each["said"] < each["stands"] * most, (path, each)
        hurried = [each for each in measured if each["high"]]
        assert len(hurried) <= 1
        assert not [each for each in hurried if each["lazy"]]
        assert all(each["lazy"] or each["high"] for each in measured) or path.endswith("/walk")
        assert hurried or not path.startswith(("/zh/works", "/zh/exhibitions/e")) or path.endswith("/walk")
    await page.close()


async def test_a_usual_phone_fetches_half_the_bytes(live: LiveSite, chromium: Browser) -> None:
    works = await six_works(live)
    exhibition = await factories.exhibition(works)
    address = await live.serve(worker=False)
    page = await chromium.new_page(viewport={"width": 412, "height": 915}, device_scale_factor=2.625)
    for path in ("/zh/", f"/zh/exhibitions/{exhibition.slug}", f"/zh/works/{works[0].public_id}"):
        await page.goto(address + path)
        chosen = await page.evaluate("[...document.images].map(each => each.currentSrc).filter(Boolean)")
        widths = [int(source.rpartition("/")[2].partition(".")[0]) for source in chosen]
        assert widths, path
        assert max(widths) <= 960, path
    await page.close()
