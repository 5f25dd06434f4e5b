"""Size, date and inventory number of a work: from the form and the sheet to everything that shows them."""

from __future__ import annotations

import json

import httpx
import pytest

from gallery.artworks.import_models import ImportState
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.works import WorkRefused, blank_details, create_work, unique_inventory_numbers
from gallery.db.connection import in_transaction
from gallery.exhibitions.models import Layout, Room
from gallery.exhibitions.room_rules import RoomRule
from gallery.reviews import decisions, undo
from gallery.search.indexing import rebuild
from tests import factories
from tests.artworks.sheets import csv_bytes, sent_import, zipped
from tests.artworks.test_imports import bring_in
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attribute, select
from tests.reviews.works import propose


async def facts_of(client: httpx.AsyncClient, address: str) -> dict[str, str]:
    page = (await client.get(address)).text
    names = [each.get_text(strip=True) for each in select(page, "dl.facts > dt")]
    values = [each.get_text(" ", strip=True) for each in select(page, "dl.facts > dd")]
    return dict(zip(names, values, strict=True))


@pytest.mark.engines("sqlite", "postgresql")
async def test_visitors_read_size_and_date_in_their_language(site: Site) -> None:
    work = await factories.accepted(site, size="38×26 cm", date_made="2024年春", inventory_number="XG-0017")
    await factories.exhibition([work])
    client = await site.client()
    english = await facts_of(client, f"/en/works/{work.public_id}")
    assert english["Size"] == "38 × 26 cm about as large as an A3 sheet"
    assert english["Date made"] == "spring 2024"
    chinese = await facts_of(client, f"/zh/works/{work.public_id}")
    assert (chinese["尺寸"], chinese["创作时间"]) == ("38 × 26 厘米 约一张A3纸大小", "2024年春")
    page = (await client.get(f"/en/works/{work.public_id}")).text
    assert "XG-0017" not in page, "the number is the organisation's own"
    data = json.loads(select(page, "script[type='application/ld+json']")[0].get_text())["@graph"][0]
    assert data["height"] == {"@type": "QuantitativeValue", "value": 38.0, "unitCode": "CMT"}
    assert data["width"]["value"] == 26.0
    assert "depth" not in data
    assert data["dateCreated"] == "2024-21"
    manifest = (await client.get(f"/iiif/works/{work.public_id}/manifest.json")).text
    assert "XG-0017" not in manifest
    facts = {each["label"]["en"][0]: each["value"] for each in json.loads(manifest)["metadata"]}
    assert facts["Size"] == {"zh-Hans": ["38 × 26 厘米"], "en": ["38 × 26 cm"]}
    assert facts["Date made"] == {"zh-Hans": ["2024年春"], "en": ["spring 2024"]}
    await rebuild()
    for question in ("spring 2024", "2024年春"):
        found = (await client.get("/en/search", params={"q": question})).text
        assert f"/en/works/{work.public_id}" in found, question


async def test_a_work_without_size_and_date_has_no_empty_rows(site: Site) -> None:
    work = await factories.accepted(site, date_made="")
    await factories.exhibition([work])
    facts = await facts_of(await site.client(), f"/en/works/{work.public_id}")
    assert not {"Size", "Date made"} & set(facts)


async def test_years_of_a_range_count_for_timeline_rule_and_filter(site: Site) -> None:
    dates = ("1985", "1980年代", "2022-12", "2022年春", "")
    works = [
        await factories.accepted(
            site,
            title_translation=f"No {number}",
            date_made=text,
        )
        for number, text in enumerate(dates)
    ]
    cover = await factories.accepted(site, date_made="")  # hangs at the entrance
    exhibition = await factories.exhibition([cover, *works])
    await Room.all().update(layout=Layout.TIMELINE)
    client = await site.client()
    page = (await client.get(f"/en/exhibitions/{exhibition.slug}")).text
    assert [each.get_text(strip=True) for each in select(page, "p.year")] == [
        "1980–1989",
        "1985",
        "2022",
        "Year not known",
    ]
    titles = [each.get_text(strip=True) for each in select(page, ".timeline h3")]
    assert titles.index("No 3") < titles.index("No 2"), "spring comes before December"
    for year, numbers in ((1985, {0, 1}), (1989, {1}), (1990, set()), (2022, {2, 3})):
        found = {work.id for work in await RoomRule(year=year).works()}
        assert found == {works[number].id for number in numbers}, year
    await rebuild()
    decade = (await client.get("/en/search", params={"year": "1985"})).text
    assert {number for number in range(5) if f"No {number}<" in decade} == {0, 1}
    years = {
        str(link["href"]).rpartition("year=")[2]: link.get_text(" ", strip=True)
        for link in select((await client.get("/en/search", params={"kind": "work"})).text, "a[href*='year=']")
    }
    assert set(years) == {"1985", "2022"}, "no filter for each year of a decade"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("size", "0 × 26 cm", "larger than 0"),
        ("size", "-3 × 26 cm", "larger than 0"),
        ("size", "4 km", "“km” is no unit"),
        ("date_made", "2024-02-31", "is not in the calendar"),
        ("date_made", "3000", "from 1900 to today"),
        ("inventory_number", "XG-1", "“汤圆” has this number already"),
    ],
)
async def test_what_cannot_be_used_has_a_sentence_and_stays_in_the_form(
    site: Site, field: str, typed: str, sentence: str
) -> None:
    await factories.artwork(site.storage, site.cast.organisation, title="汤圆", inventory_number="XG-1")
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/works", data={"language": "zh", "title": "饺子皮", field: typed}, files={"other": b""}
    )
    assert answer.status_code == 422
    assert sentence in select(answer.text, f"#{field} ~ .field-error, .field:has(#{field})")[0].get_text()
    assert attribute(answer.text, f"[name={field}]", "value") == typed
    assert await Artwork.all().count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_number_is_unique_within_an_organisation_only(site: Site) -> None:
    ours = await factories.artwork(site.storage, site.cast.organisation, inventory_number="7")
    client = await site.client(site.cast.partner)
    assert "<dt>Inventory number</dt><dd>7</dd>" in (await client.get(f"/desk/works/{ours.id}")).text
    stranger = await site.client(site.cast.stranger)
    form = {"language": "zh", "title": "饺子皮", "inventory_number": "7"}
    assert (await stranger.post("/desk/works", data=form, files={"o": b""})).status_code == 303
    for number in ("7", ""):  # saved again as it is; then without a number, like other works
        address = f"/desk/works/{ours.id}/typing"
        answer = await client.post(address, data={"inventory_number": number, "title": ours.title})
        assert answer.status_code == 200
    assert (await Artwork.get(id=ours.id)).inventory_number is None
    await factories.artwork(site.storage, site.cast.organisation)
    # Two processes that pass the check at the same time meet the constraint of the database.
    details = blank_details(site.cast.organisation, site.cast.partner)
    one = await create_work(details, site.cast.partner)
    two = await create_work(details, site.cast.partner)
    await Artwork.filter(id=one.id).update(inventory_number="8")
    with pytest.raises(WorkRefused, match=r"given this number|用了这个编号"):
        async with unique_inventory_numbers(), in_transaction():
            await Artwork.filter(id=two.id).update(inventory_number="8")


async def test_autosave_keeps_a_number_that_is_taken_as_typed(site: Site) -> None:
    await factories.artwork(site.storage, site.cast.organisation, inventory_number="7")
    work = await factories.artwork(site.storage, site.cast.organisation, inventory_number="6")
    client = await site.client(site.cast.partner)
    typed = {"inventory_number": "7", "title": "改", "size": "very large"}
    answer = await client.post(f"/desk/works/{work.id}/typing", data=typed)
    assert answer.status_code == 200, answer.text
    await work.refresh_from_db()
    assert (work.own("title"), work.inventory_number) == ("改", "6")
    assert work.unfinished["inventory_number"] == ["7"]
    assert work.unfinished["size"] == ["very large"]


HEADER = ["标题", "尺寸", "创作时间", "作品编号"]


async def test_a_sheet_recognises_works_by_their_number(site: Site) -> None:
    known = await factories.artwork(
        site.storage, site.cast.organisation, title="老作品", inventory_number="A-1"
    )
    await factories.artwork(site.storage, site.cast.elsewhere, inventory_number="A-2")
    rows = [
        ["又来一次", "8开", "2022", "Ａ-1"],
        ["新的", "38×26厘米", "2024年春", "A-2"],
        ["同号", "", "", "A-2"],
        ["太大", "4 km", "2024-02-31", ""],
    ]
    content = zipped(("works.csv", csv_bytes(HEADER, *rows)))
    job = await sent_import(site, content)
    assert (job.state, job.report["good"], job.report["bad"], job.report["known"]) == (
        ImportState.CHECKED,
        2,
        1,
        1,
    )
    faults = [(each["row"], each["column"], each["code"]) for each in job.report["faults"]]
    assert faults == [(4, "inventory_number", "number_twice")]
    assert {(each["row"], each["column"], each["code"]) for each in job.report["notes"]} == {
        (5, "size", "size_unit"),
        (5, "date_made", "only_year"),
    }
    page = await bring_in(site, job)
    assert "1 row names a work that you have already" in page
    assert f'href="/desk/works/{known.id}">老作品</a>' in page
    assert "Row 3 has this number already" in page
    assert "“km” is no unit" in page
    made = await Artwork.get(title=in_zh("新的"))
    assert (made.size, made.date_made, made.made_from, made.year, made.inventory_number) == (
        "38×26厘米",
        "2024年春",
        20240201,
        2024,
        "A-2",
    )
    again = await sent_import(site, content)
    assert (again.report["good"], again.report["known"]) == (1, 2), "a number makes no second work"
    assert await Artwork.filter(organisation=site.cast.organisation).count() == 3


async def test_a_proposal_changes_size_and_date_and_can_be_undone(site: Site) -> None:
    work = await factories.accepted(site, size="38 × 26 cm", date_made="2019")
    partner = await site.client(site.cast.partner)
    answer = await propose(partner, work, size="A4", date_made="约1980年")
    assert answer.status_code == 303
    submission = await Submission.get(artwork=work, is_waiting=True)
    assert (submission.sent["size"], submission.sent["date_made"], submission.sent["year"]) == (
        "A4",
        "约1980年",
        "1980",
    )
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    assert "Date made" in page
    review = await decisions.accept(work, submission, site.cast.curator)
    await work.refresh_from_db()
    assert (work.size, work.date_made, work.made_from, work.year) == ("A4", "约1980年", 19800101, 1980)
    assert review is not None
    await undo.undo_review(review, site.cast.curator)
    await work.refresh_from_db()
    assert (work.size, work.date_made, work.made_from, work.year) == ("38 × 26 cm", "2019", 20190101, 2019)


async def test_a_proposal_of_the_release_before_changes_the_year(site: Site) -> None:
    """Its snapshots have a year and neither date nor size."""
    work = await factories.accepted(site, size="38 × 26 cm", date_made="2019")
    partner = await site.client(site.cast.partner)
    await propose(partner, work, title="改名", size="38 × 26 cm", date_made="2019")
    submission = await Submission.get(artwork=work, is_waiting=True)
    for column in ("sent", "replaces"):
        snapshot = {
            name: value
            for name, value in getattr(submission, column).items()
            if name not in {"size", "date_made"}
        }
        setattr(submission, column, {**snapshot, "year": "2020" if column == "sent" else "2019"})
    await submission.save()
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "2020" in page
    await decisions.accept(work, submission, site.cast.curator)
    await work.refresh_from_db()
    assert (work.own("title"), work.size, work.date_made, work.year) == ("改名", "38 × 26 cm", "2020", 2020)


async def test_curators_see_size_and_date_and_not_the_number(site: Site) -> None:
    work = await factories.artwork(
        site.storage,
        site.cast.organisation,
        status=Status.SUBMITTED,
        size="八开",
        inventory_number="XG-0017",
        date_made="2024年春",
    )
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "spring 2024" in page
    assert "39 cm" in page
    assert "XG-0017" not in page
    assert "XG-0017" not in json.dumps((await Submission.get(artwork=work)).sent)
