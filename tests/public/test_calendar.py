"""The calendar of the year ahead, at the desk and for visitors, and the covers of themes."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Status
from gallery.clock import now
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en
from tests.markup import attributes, select, text_in, texts_in


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_desk_sees_occasions_calls_and_exhibitions(site: Site) -> None:
    day = factories.days_from_now
    await factories.theme(title=Texts({"en": "Lanterns"}), occurs_on=day(80))
    await factories.theme(
        title=Texts({"en": "Cup"}), occurs_on=day(-3), occurs_until=day(20), call_opens_on=day(-60)
    )
    await factories.theme(title=Texts({"en": "Long past"}), occurs_on=day(-300))
    await factories.theme(
        title=Texts({"en": "Solstice"}), date_rule="solar:winter_solstice", occurs_on=day(-1)
    )
    await factories.exhibition(
        [],
        title=in_en("Round things"),
        opens_at=now() + timedelta(days=5),
        closes_at=now() + timedelta(days=50),
    )
    client = await site.client(site.cast.curator)
    page = (await client.get("/desk/calendar")).text
    for word in (
        "Eight weeks before",
        "The day of the occasion",
        "The occasion, until",
        "It comes again",
        "The exhibition opens",
        "The exhibition closes",
    ):
        assert word in page, word
    assert page.index("Cup") < page.index("Round things") < page.index("Lanterns")
    assert "Long past" not in page
    assert (await (await site.client(site.cast.partner)).get("/desk/calendar")).status_code == 404


async def test_visitors_see_the_year_by_month_with_pictures_and_words_for_its_state(site: Site) -> None:
    day = factories.days_from_now
    lanterns = await factories.theme(
        title=Texts({"en": "Lanterns"}), occurs_on=day(80), call_closes_on=day(9)
    )
    await factories.theme(title=Texts({"en": "Later"}), occurs_on=day(200), call_opens_on=day(100))
    await factories.theme(title=Texts({"en": "Over"}), occurs_on=day(-1))
    await factories.theme(title=Texts({"en": "Cup"}), occurs_on=day(-200), occurs_until=day(2))
    await factories.theme(title=Texts({"en": "Long gone"}), occurs_on=day(-200))
    work = await accepted(site, themes=[lanterns])
    await factories.exhibition([work], title=in_en("Round things"))
    await factories.exhibition([work], title=in_en("Soon"), opens_at=now() + timedelta(days=5), slug="soon")
    answer = await (await site.client()).get("/en/calendar")
    page = answer.text
    states = {
        text_in(str(row), "h3"): text_in(str(row), ".when") for row in select(page, ".month .index > li")
    }
    assert states == {
        "Over": "Past",
        "Cup": "On now",
        "Lanterns": "Up next",
        "Later": "Coming",
        "Round things": "Exhibition, open now",
        "Soon": "Exhibition, opening next",
    }
    assert "Open for submissions until" in page
    assert "Open for submissions from" in page
    assert "/en/exhibitions/soon" not in page
    months = attributes(page, ".month", "id")
    assert months == sorted(months)
    assert all(month.startswith("month-2") for month in months)  # an id begins with a letter
    assert attributes(page, ".month-links a", "href") == [f"#{month}" for month in months]
    assert [image["alt"] for image in select(page, ".month img")] == [work.alt_text["en"]]
    assert "set-cookie" not in answer.headers
    assert (await (await site.client()).get("/zh/calendar")).status_code == 200


async def test_open_exhibitions_have_a_picture_that_no_theme_has(site: Site) -> None:
    lanterns = await factories.theme(occurs_on=factories.days_from_now(80))
    shown = await accepted(site, themes=[lanterns])
    works = [await accepted(site) for _ in range(2)]
    await factories.exhibition([shown, works[0]], title=in_en("Round things"))
    await factories.exhibition([works[1]], title=in_en("Soon"), opens_at=now() + timedelta(days=5))
    page = (await (await site.client()).get("/en/calendar")).text
    pictures = [image["alt"] for image in select(page, ".month img")]
    assert sorted(pictures) == sorted([shown.alt_text["en"], works[0].alt_text["en"]])


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_cover_is_a_work_on_view_and_leaves_with_it(site: Site) -> None:
    theme = await factories.theme(slug="solstice")
    shown = await accepted(site, themes=[theme])
    hidden = await accepted(site, themes=[theme])
    await factories.exhibition([shown])
    client, visitor = await site.client(site.cast.curator), await site.client()
    page = (await client.get(f"/desk/themes/{theme.id}/cover")).text
    assert shown.title["en"] in page
    assert hidden.title["en"] not in page
    await client.post(f"/desk/themes/{theme.id}/cover", data={"artwork": str(hidden.id)})
    assert (await Theme.get(id=theme.id)).cover_id is None
    await client.post(f"/desk/themes/{theme.id}/cover", data={"artwork": str(shown.id)})
    assert (await Theme.get(id=theme.id)).cover_id == shown.id
    assert "theme-cover" in (await visitor.get("/en/themes/solstice")).text

    await Consent.filter(id=shown.consent_id).update(ends_on=factories.days_from_now(-1))
    assert "theme-cover" not in (await visitor.get("/en/themes/solstice?x")).text
    await client.post(f"/desk/themes/{theme.id}/cover", data={"artwork": ""})
    assert (await Theme.get(id=theme.id)).cover_id is None


async def test_a_theme_counts_works_and_organisations(site: Site) -> None:
    theme = await factories.theme(slug="solstice")
    works = [await accepted(site, themes=[theme]) for _ in range(2)]
    other = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED, themes=[theme])
    await factories.exhibition([*works, other])
    page = (await (await site.client()).get("/en/themes/solstice")).text
    assert {"works": "3", "organisations": "2"}.items() <= dict(
        zip(texts_in(page, "dt"), texts_in(page, "dd"), strict=True)
    ).items()


async def test_the_desks_calendar_asks_a_constant_number_of_queries(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = await site.client(site.cast.curator)

    async def queries(path: str) -> int:
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert (await client.get(path)).status_code == 200
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    async def filled(number: int) -> None:
        for step in range(number):
            await factories.theme(occurs_on=factories.days_from_now(30 + step), date_rule="fixed:6-1")
            await factories.exhibition([], opens_at=now() + timedelta(days=5))

    await filled(1)
    few = await queries("/desk/calendar")
    await filled(4)
    assert await queries("/desk/calendar") == few
