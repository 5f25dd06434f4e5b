"""The statistics page and its CSV: for members of the organisation, for curators, and for nobody else."""

from __future__ import annotations

import csv
import io
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.exhibitions.models import Edition
from gallery.stats import views
from gallery.stats.csv_export import FORMULA_PREFIXES, escape_formula
from gallery.stats.models import (
    Appreciation,
    CountKind,
    ExhibitionCount,
    OrganisationCount,
    ProjectCount,
    ThemeCount,
    WorkCount,
)
from gallery.stats.plots import HEIGHT, WIDTH, axis_scale, bar_plot, buckets
from gallery.stats.totals import Counts, DateRange, total_counts
from gallery.themes.models import Theme
from gallery.web.rendering import shown_date
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import in_en
from tests.markup import attributes, select, text_in, texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def count(work: Artwork, day: date, *, seen: int = 0, appreciated: int = 0, followed: int = 0) -> None:
    """Add counts for a work, as visits do."""
    for kind, number in ((CountKind.SEEN, seen), (CountKind.FOLLOWED, followed)):
        if number:
            await WorkCount.create(artwork=work, day=day, kind=kind, number=number)
            await add_to(OrganisationCount, number, organisation_id=work.organisation_id, day=day, kind=kind)
    if followed:
        await add_to(ProjectCount, followed, project_id=work.project_id, day=day, kind=CountKind.FOLLOWED)
    for number in range(appreciated):
        await Appreciation.create(
            token=f"{work.id}-{day:%y%m%d}-{number}", artwork=work, day=day, is_there=True, changed_at=1
        )


async def add_to(counts: type[OrganisationCount | ProjectCount], number: int, **key: Any) -> None:
    row, is_new = await counts.get_or_create(**key, defaults={"number": number})
    if not is_new:
        row.number += number
        await row.save()


async def works(site: Site) -> tuple[Artwork, Artwork, Theme]:
    """A work of the partner's organisation with a theme, and one elsewhere with the same."""
    theme = await factories.theme(title=Texts({"zh": "冬至", "en": "Winter solstice"}))
    values: dict[str, Any] = {"status": Status.ACCEPTED, "themes": [theme]}
    mine = await factories.artwork(site.storage, site.cast.organisation, title="饺子皮", **values)
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, title="汤圆", **values)
    return mine, theirs, theme


def numbers_of(html: str, name: str) -> list[str]:
    """The cells of the only row that is headed by `name`."""
    (row,) = (row for row in select(html, "tr:has(th)") if text_in(row, "th") == name)
    return texts_in(row, "td")


async def test_a_partner_sees_the_figures_of_their_own_organisation(site: Site) -> None:
    mine, theirs, _theme = await works(site)
    await count(mine, today(), seen=1200, appreciated=2, followed=3)
    await count(mine, today() - timedelta(days=40), seen=50)
    await count(theirs, today(), seen=77777, appreciated=1, followed=9)
    page = await (await site.client(site.cast.partner)).get("/desk/figures")
    assert page.status_code == 200
    assert numbers_of(page.text, mine.title["en"]) == ["1,200", "2", "3"]
    assert numbers_of(page.text, "Winter solstice") == ["1,200", "2", "3"]
    project = await mine.project
    assert project is not None
    assert numbers_of(page.text, project.title["en"]) == ["0", "3"]
    assert "77,777" not in page.text
    assert theirs.title["en"] not in page.text
    longer = await (await site.client(site.cast.partner)).get(
        f"/desk/figures?first={today() - timedelta(days=60)}&last={today()}"
    )
    assert numbers_of(longer.text, mine.title["en"]) == ["1,250", "2", "3"]


async def test_the_plots_have_names_descriptions_and_no_style_of_their_own(site: Site) -> None:
    mine, _, _ = await works(site)
    await count(mine, today(), seen=12)
    page = (await (await site.client(site.cast.partner)).get("/desk/figures")).text
    plots = select(page, "svg[role=img]")
    assert len(plots) == 3
    for drawn in plots:
        assert text_in(drawn, "title")
        assert text_in(drawn, "title + desc")
        assert not select(drawn, "[style]")
    assert "12 in all" in plots[0].get_text()
    assert "Nothing was counted in this time." in plots[1].get_text()
    assert page.count('<th scope="row">') >= 30  # a row for each day


async def test_strangers_find_nothing(site: Site) -> None:
    await works(site)
    for path in ("/desk/figures", "/desk/figures.csv"):
        guest = await (await site.client()).get(path)
        assert guest.status_code == 303
        assert "/desk/sign-in" in guest.headers["location"]
        other = await site.client(site.cast.stranger)
        assert (await other.get(f"{path}?organisation={site.cast.organisation.id}")).status_code == 404
        for wrong in ("0", "x", "999999", "-1"):
            assert (await other.get(f"{path}?organisation={wrong}")).status_code == 404


async def test_a_curator_sees_all_organisations_and_each(site: Site) -> None:
    mine, theirs, theme = await works(site)
    exhibition = await factories.exhibition([mine, theirs])
    await count(mine, today(), seen=10, appreciated=1, followed=2)
    await count(theirs, today(), seen=20, appreciated=3, followed=4)
    await ExhibitionCount.create(exhibition=exhibition, day=today(), kind=CountKind.SEEN, number=99)
    await ThemeCount.create(theme=theme, day=today(), kind=CountKind.SEEN, number=55)
    curator = await site.client(site.cast.curator)
    page = (await curator.get("/desk/figures")).text
    assert numbers_of(page, "Xiaogeng Foundation") == ["10", "1", "2"]
    assert numbers_of(page, "Bazaar Charity") == ["20", "3", "4"]
    edition = await Edition.filter(exhibition=exhibition).first()
    assert edition is not None
    assert numbers_of(page, edition.title.get("en")) == ["99"]
    assert numbers_of(page, "Winter solstice") == ["55"]
    assert "<b>30</b> Works seen" in page
    one = (await curator.get(f"/desk/figures?organisation={site.cast.elsewhere.id}")).text
    assert numbers_of(one, theirs.title["en"]) == ["20", "3", "4"]
    assert mine.title["en"] not in one


async def test_organisations_and_exhibitions_have_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    mine, theirs, _theme = await works(site)
    await count(mine, today(), seen=10, appreciated=1, followed=2)
    for work, name in ((mine, "Older"), (theirs, "Newer")):
        exhibition = await factories.exhibition([work], title=in_en(name))
        await ExhibitionCount.create(exhibition=exhibition, day=today(), kind=CountKind.SEEN, number=7)
    curator = await site.client(site.cast.curator)

    async def rows(query: str) -> tuple[list[str], list[str]]:
        page = (await curator.get(f"/desk/figures{query}")).text
        assert "<b>10</b> Works seen" in page, "the sums are those of all organisations"
        return texts_in(page, "section[aria-labelledby=by-organisation] tbody th"), texts_in(
            page, "section[aria-labelledby=by-exhibition] tbody th"
        )

    assert await rows("") == (["Xiaogeng Foundation"], ["Newer"])
    assert await rows("?page=2") == (["Bazaar Charity"], ["Newer"])
    assert await rows("?exhibitions=2") == (["Xiaogeng Foundation"], ["Older"])
    assert await rows("?page=99&exhibitions=x") == ([], ["Newer"])
    links = attributes((await curator.get("/desk/figures")).text, "nav.actions a", "href")
    assert [link.rpartition("&")[2] for link in links] == ["page=2", "exhibitions=2"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-02-30&last=2026-03-01", "Please write a date"),
        ("first=2026-03-02&last=2026-03-01", "The last day is before the first."),
        ("first=1000-01-01&last=2026-03-01", "at most ten years"),
        ("first=&last=2026-03-01", "Please choose the first day."),
        ("first=2026-03-01", "Please choose the last day."),
        ("first=<script>&last=x", "Please write a date"),
    ],
)
async def test_a_wrong_span_is_told_and_kept(site: Site, query: str, sentence: str) -> None:
    partner = await site.client(site.cast.partner)
    for path in ("/desk/figures", "/desk/figures.csv"):
        answer = await partner.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "<script>&" not in answer.text


async def test_the_number_of_queries_does_not_grow(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    mine, _, _ = await works(site)
    await count(mine, today(), seen=1, appreciated=1, followed=1)
    partner = await site.client(site.cast.partner)

    async def queries() -> int:
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert (await partner.get("/desk/figures")).status_code == 200
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    few = await queries()
    for number in range(6):
        work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        await count(work, today() - timedelta(days=number), seen=1, appreciated=1, followed=1)
    assert await queries() == few


async def sheet(site: Site, query: str = "") -> list[list[str]]:
    answer = await (await site.client(site.cast.partner)).get(f"/desk/figures.csv{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="figures-' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_sheet_has_each_day_and_nobody_elses_works(site: Site) -> None:
    mine, theirs, _ = await works(site)
    yesterday = today() - timedelta(days=1)
    await count(mine, yesterday, seen=4, followed=1)
    await count(mine, today(), seen=5, appreciated=2)
    await count(theirs, today(), seen=77)
    head, *rows = await sheet(site)
    assert head[0] == "Date"
    assert len(head) == 9
    works_rows = [row for row in rows if row[1] == "Work"]
    assert [(row[0], row[2], *row[6:]) for row in works_rows] == [
        (str(yesterday), mine.title["en"], "4", "0", "1"),
        (str(today()), mine.title["en"], "5", "2", "0"),
    ]
    assert works_rows[0][3].endswith(f"/en/works/{mine.public_id}")
    assert works_rows[0][4] == "Winter solstice"
    assert [row[6:] for row in rows if row[1] == "Project"] == [["0", "0", "1"]]


async def test_the_sheet_speaks_the_readers_language(site: Site) -> None:
    mine, _, _ = await works(site)
    await count(mine, today(), seen=5)
    await Person.filter(id=site.cast.partner.id).update(language="zh")
    head, row = await sheet(site)
    assert head[0] == "日期"
    assert (row[1], row[2], row[4]) == ("作品", "饺子皮", "冬至")


async def test_a_title_that_is_a_formula_is_harmless_in_the_sheet(site: Site) -> None:
    title = '=HYPERLINK("https://evil.example";"饺子")'
    work = await factories.artwork(
        site.storage,
        site.cast.organisation,
        status=Status.ACCEPTED,
        title=title,
        title_translation=title,
        themes=[await factories.theme(title=Texts({"en": "@SUM(A1)", "zh": "-1+1"}))],
    )
    await count(work, today(), seen=1)
    _, row = await sheet(site)
    assert row[2] == "'" + title
    assert row[4] == "'@SUM(A1)"


async def test_the_counts_of_a_withdrawn_work_are_in_no_figure(site: Site) -> None:
    mine, _, _ = await works(site)
    await count(mine, today(), seen=1, appreciated=1)
    await Artwork.filter(id=mine.id).update(status=Status.WITHDRAWN)  # were any left
    page = (await (await site.client(site.cast.partner)).get("/desk/figures")).text
    assert mine.title["en"] not in page
    assert len(await sheet(site)) == 1


async def test_a_works_page_says_since_when_and_how_often_it_was_seen(site: Site) -> None:
    mine, _, _ = await works(site)
    await factories.exhibition([mine])
    partner = await site.client(site.cast.partner)
    assert "first seen" not in (await partner.get(f"/desk/works/{mine.id}")).text
    await count(mine, date(2022, 12, 22), seen=3)
    await count(mine, today(), seen=1, appreciated=2)
    page = (await partner.get(f"/desk/works/{mine.id}")).text
    assert "first seen by a visitor" in page
    assert "Seen 4 times so far. 2 visitors have thanked the artist." in page
    assert "22 December 2022" in page


@given(st.text())
def test_no_cell_begins_as_a_formula(text: str) -> None:
    cell = escape_formula(text)
    assert not cell.startswith(FORMULA_PREFIXES)
    assert cell in (text, f"'{text}")


@given(st.integers(0, 10**9))
def test_the_scale_of_a_plot_reaches_its_largest_number_in_at_most_four_round_steps(largest: int) -> None:
    top, step = axis_scale(largest)
    assert top >= largest
    assert top % step == 0
    assert 1 <= top // step <= 4
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert top - step < max(largest, 1)


@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(1, 3000),
    st.dictionaries(st.integers(0, 2999), st.integers(0, 10**6), max_size=30),
)
def test_a_plot_keeps_every_number_and_stays_within_its_frame(
    first: date, days: int, seen: dict[int, int]
) -> None:
    span = DateRange(first, first + timedelta(days=days - 1))
    by_day = {first + timedelta(days=day): Counts(seen=number) for day, number in seen.items() if day < days}
    shown = buckets(by_day, span)
    assert shown[0].span.first == span.first
    assert shown[-1].span.last == span.last
    assert sum(each.span.days for each in shown) == days
    assert total_counts(each.counted for each in shown) == total_counts(by_day.values())
    drawn = bar_plot(shown, lambda each: each.seen)
    assert len(shown) <= 101
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT


async def test_before_anything_is_on_view_it_says_when_figures_begin(site: Site) -> None:
    await factories.accepted(site)
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED)
    await factories.exhibition([theirs])
    client = await site.client(site.cast.partner)
    assert "None has been on view yet" in text_in((await client.get("/desk/figures")).text, ".notice")
    opens_at = now() + timedelta(days=3)
    ours = await Artwork.get(organisation_id=site.cast.organisation.id)
    exhibition = await factories.exhibition([ours], opens_at=opens_at)
    sentence = text_in((await client.get("/desk/figures")).text, ".notice")
    assert sentence == f"Counting begins on {shown_date(opens_at)}, when visitors first see a work."
    await Edition.filter(exhibition=exhibition).update(opens_at=now() - timedelta(days=1))
    await Artwork.filter(id=ours.id).update(first_shown_at=now() - timedelta(days=1))
    assert not select((await client.get("/desk/figures")).text, ".notice")
    curator = await site.client(site.cast.curator)
    assert not select((await curator.get("/desk/figures")).text, ".notice")
