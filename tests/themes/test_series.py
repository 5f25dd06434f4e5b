"""Themes by rule at the desk, repeated themes, and proposals for their calls."""

from __future__ import annotations

from datetime import date

import pytest

from gallery.clock import today
from gallery.db.content_version import current_number
from gallery.themes.date_rules import next_days, parse_rule
from gallery.themes.models import Theme
from tests import factories
from tests.conftest import Site
from tests.themes.themes import WINTER

BY_TERM = {
    **WINTER,
    "date_kind": "solar",
    "rule_term": "winter_solstice",
    "occurs_on": "",
    "rule_year": "2026",
}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_theme_by_a_solar_term_gets_its_day(site: Site) -> None:
    client = await site.client(site.cast.curator)
    assert (await client.post("/desk/themes", data=BY_TERM)).status_code == 303
    theme = await Theme.get(slug=WINTER["slug"])
    assert (theme.date_rule, theme.occurs_on) == ("solar:winter_solstice", date(2026, 12, 22))
    page = (await client.get(f"/desk/themes/{theme.id}/edit")).text
    assert 'value="2026"' in page
    for day in next_days(parse_rule("solar:winter_solstice"), today(), 5):
        assert f"{day.day} {day:%B} {day.year}" in page
    assert (
        await client.post(f"/desk/themes/{theme.id}/edit", data={**BY_TERM, "rule_year": "2027"})
    ).is_redirect
    assert (await Theme.get(id=theme.id)).occurs_on == date(2027, 12, 22)


@pytest.mark.parametrize(
    ("posted", "rule", "day"),
    [
        ({"date_kind": "lunar", "rule_month": "9", "rule_day": "9"}, "lunar:9-9", date(2026, 10, 18)),
        ({"date_kind": "lunar", "rule_month": "12", "rule_day": "last"}, "lunar:12-last", date(2026, 2, 16)),
        ({"date_kind": "fixed", "rule_month": "6", "rule_day": "1"}, "fixed:6-1", date(2026, 6, 1)),
        (
            {"date_kind": "weekday", "rule_month": "5", "rule_nth": "3", "rule_weekday": "sun"},
            "weekday:5-3-sun",
            date(2026, 5, 17),
        ),
    ],
)
async def test_every_kind_of_rule(site: Site, posted: dict[str, str], rule: str, day: date) -> None:
    client = await site.client(site.cast.curator)
    await client.post("/desk/themes", data={**BY_TERM, **posted})
    theme = await Theme.get(slug=WINTER["slug"])
    assert (theme.date_rule, theme.occurs_on) == (rule, day)
    page = (await client.get(f"/desk/themes/{theme.id}/edit")).text
    for value in posted.values():
        assert f'<option selected value="{value}">' in page


async def test_without_a_year_it_is_the_next_time(site: Site) -> None:
    client = await site.client(site.cast.curator)
    await client.post("/desk/themes", data={**BY_TERM, "rule_year": ""})
    theme = await Theme.get(slug=WINTER["slug"])
    assert [theme.occurs_on] == next_days(parse_rule("solar:winter_solstice"), today(), 1)


async def test_several_days_chosen_by_hand(site: Site) -> None:
    client = await site.client(site.cast.curator)
    cup = {**WINTER, "occurs_on": "2026-06-11", "occurs_until": "2026-07-19"}
    await client.post("/desk/themes", data=cup)
    theme = await Theme.get(slug=WINTER["slug"])
    assert (theme.occurs_on, theme.occurs_until) == (date(2026, 6, 11), date(2026, 7, 19))
    assert not theme.is_over(date(2026, 7, 19))
    assert theme.is_over(date(2026, 7, 20))
    page = (await (await site.client()).get(f"/en/themes/{theme.slug}")).text
    assert "11 June 2026 to 19 July 2026" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"date_kind": "fixed", "rule_month": "2", "rule_day": "31"}, "no day in any year"),
        (
            {"date_kind": "fixed", "rule_month": "2", "rule_day": "29"},
            "no such day in 2026. The next one is in 2028",
        ),
        (
            {"date_kind": "weekday", "rule_month": "5", "rule_nth": "5", "rule_weekday": "mon"},
            "no such day in 2026. The next one is in 2027",
        ),
        ({"date_kind": "lunar", "rule_month": "1", "rule_day": "31"}, "no day in any year"),
        ({"date_kind": "moon"}, "choose one of the list"),
        ({"rule_term": "winter"}, "choose one of the list"),
        ({"rule_year": "99999"}, "a year from 1900 to 2200"),
        ({"rule_year": "soon"}, "Not a valid integer value"),
        ({"date_kind": "", "occurs_on": "2026-07-19", "occurs_until": "2026-06-11"}, "ends before it begins"),
        ({"date_kind": "", "occurs_on": "", "occurs_until": "2026-06-11"}, "give the first day"),
    ],
)
async def test_what_gives_no_day_comes_back_with_a_sentence(
    site: Site, changed: dict[str, str], sentence: str
) -> None:
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/themes", data={**BY_TERM, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "团圆的日子。" in answer.text
    assert not await Theme.all().exists()


async def test_the_same_theme_again_next_year(site: Site) -> None:
    client = await site.client(site.cast.curator)
    await client.post("/desk/themes", data={**BY_TERM, "title[en]": "Winter solstice 2026"})
    theme = await Theme.get(slug="winter-solstice-2026")
    before = await current_number()
    answer = await client.post(f"/desk/themes/{theme.id}/again")
    again = await Theme.get(slug="winter-solstice-2027")
    assert answer.headers["location"] == f"/desk/themes/{again.id}/edit"
    assert (again.title["en"], again.title["zh"]) == ("Winter solstice 2027", "冬至")
    assert again.occurs_on == date(2027, 12, 22)
    assert (again.call_opens_on, again.call_closes_on) == (date(2027, 11, 1), date(2027, 12, 15))
    assert await current_number() == before + 1
    # A third year belongs to the same series, and none is made twice.
    await client.post(f"/desk/themes/{again.id}/again")
    third = await Theme.get(slug="winter-solstice-2028")
    assert {again.series_id, third.series_id} == {theme.id}
    assert (await client.post(f"/desk/themes/{theme.id}/again")).is_redirect
    assert "already has a later year" in (await client.get(f"/desk/themes/{theme.id}/edit")).text
    assert await Theme.all().count() == 3
    page = (await (await site.client()).get("/en/themes/winter-solstice-2027")).text
    for year in (theme, third):
        assert f'href="/en/themes/{year.slug}"' in page


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_name_in_use_stands_in_the_way_of_the_next_year(site: Site) -> None:
    theme = await factories.theme(slug="new-year-2026", occurs_on=date(2026, 1, 1))
    await factories.theme(slug="new-year-2027")
    client = await site.client(site.cast.curator)
    await client.post(f"/desk/themes/{theme.id}/again")
    assert "already in use" in (await client.get(f"/desk/themes/{theme.id}/edit")).text
    assert await Theme.all().count() == 2


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_call_is_proposed_eight_weeks_before(site: Site) -> None:
    day = factories.days_from_now(100)
    theme = await factories.theme(occurs_on=day)
    client = await site.client(site.cast.curator)
    assert "eight weeks before the day" in (await client.get(f"/desk/themes/{theme.id}/edit")).text
    await client.post(f"/desk/themes/{theme.id}/call")
    await theme.refresh_from_db()
    assert (theme.call_opens_on, theme.call_closes_on) == (
        factories.days_from_now(44),
        factories.days_from_now(93),
    )
    assert "eight weeks before the day" not in (await client.get(f"/desk/themes/{theme.id}/edit")).text
    await client.post(f"/desk/themes/{theme.id}/call")
    assert "has its days already" in (await client.get("/desk/themes")).text


async def test_only_curators_make_next_years(site: Site) -> None:
    theme = await factories.theme(occurs_on=date(2026, 1, 1))
    for path in ("again", "call", "cover"):
        assert (
            await (await site.client(site.cast.partner)).post(f"/desk/themes/{theme.id}/{path}")
        ).status_code == 404
    assert await Theme.all().count() == 1
