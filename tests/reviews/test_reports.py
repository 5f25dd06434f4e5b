"""A visitor without an account reports a work; a curator reads the report and closes it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.mail.models import Mail
from gallery.reviews.models import Report
from gallery.reviews.report_views import REPORTS_PER_NETWORK
from tests import factories
from tests.conftest import Site

FIELDS = {"reported_for": "it_is_me", "told": "画里的孩子是我的女儿。", "email": "", "nickname": ""}


@pytest.fixture
async def work(site: Site) -> Artwork:
    made = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([made])
    return made


async def test_it_becomes_a_case_and_curators_are_told(site: Site, work: Artwork) -> None:
    client = await site.client()
    page = (await client.get(f"/zh/works/{work.public_id}")).text
    path = f"/zh/works/{work.public_id}/report"
    assert f'href="{path}"' in page
    form = await client.get(path)
    assert form.status_code == 200
    assert "set-cookie" not in form.headers
    assert "public" not in form.headers["cache-control"]
    for _ in range(2):  # sent twice, kept once
        answer = await client.post(path, data={**FIELDS, "email": "mother@example.org"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/zh/reported")
    assert "已收到" in (await client.get("/zh/reported")).text
    report = await Report.get()
    assert (report.artwork_id, report.told, report.language) == (work.id, FIELDS["told"], "zh")
    mails = {(mail.kind, mail.email, mail.path) for mail in await Mail.all()}
    assert mails == {
        ("report_waiting", f"{name}@example.org", f"/desk/reports/{report.id}")
        for name in ("curator", "keeper")
    }
    assert "mother" not in str([mail.facts for mail in await Mail.all()])


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_closes_it_with_a_note_and_it_is_forgotten(site: Site, work: Artwork) -> None:
    await (await site.client()).post(
        f"/en/works/{work.public_id}/report", data={**FIELDS, "email": "m@example.org"}
    )
    report = await Report.get()
    client = await site.client(site.cast.curator)
    assert f"/desk/reports/{report.id}" in (await client.get("/desk/reports")).text
    assert 'href="/desk/reports"' in (await client.get("/desk/queue")).text
    page = (await client.get(f"/desk/reports/{report.id}")).text
    assert FIELDS["told"] in page
    assert "m@example.org" in page
    path = f"/desk/reports/{report.id}/closing"
    assert (await client.post(path, data={"note": " "})).status_code == 422
    assert (await client.post(path, data={"note": "Taken down."})).status_code == 303
    assert "Taken down." in (await client.get(f"/desk/reports/{report.id}")).text
    late = await client.post(path, data={"note": "Again"}, follow_redirects=True)
    assert "already been closed" in late.text
    await site.work()
    assert await Report.all().count() == 1
    await Report.all().update(closed_at=now() - timedelta(days=181))
    await site.work()
    assert await Report.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_of_two_curators_at_once_one_closes(site: Site, work: Artwork) -> None:
    await (await site.client()).post(f"/en/works/{work.public_id}/report", data=FIELDS)
    report = await Report.get()
    clients = [await site.client(site.cast.curator), await site.client(site.cast.keeper)]
    await asyncio.gather(
        *(
            client.post(f"/desk/reports/{report.id}/closing", data={"note": f"By {number}"})
            for number, client in enumerate(clients)
        )
    )
    await report.refresh_from_db()
    closer = site.cast.curator if report.note == "By 0" else site.cast.keeper
    assert report.closed_by_id == closer.id  # type: ignore[attr-defined]


async def test_only_curators_read_reports(site: Site, work: Artwork) -> None:
    await (await site.client()).post(f"/en/works/{work.public_id}/report", data=FIELDS)
    report = await Report.get()
    for person, status in ((site.cast.partner, 404), (site.cast.stranger, 404), (None, 303)):
        client = await site.client(person)
        for path in ("/desk/reports", f"/desk/reports/{report.id}"):
            assert (await client.get(path)).status_code == status
        answer = await client.post(f"/desk/reports/{report.id}/closing", data={"note": "x"})
        assert answer.status_code == status
    await report.refresh_from_db()
    assert report.closed_at is None
    assert (await (await site.client(site.cast.curator)).get("/desk/reports/999999999")).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"told": " "},
        {"told": "x" * 2001},
        {"reported_for": ""},
        {"reported_for": "no such"},
        {"email": "nobody"},
        {"email": "a@example.org\r\nBcc: b@example.org"},
    ],
)
async def test_what_will_not_do_comes_back_with_all_that_was_typed(
    site: Site, work: Artwork, fields: dict[str, str]
) -> None:
    answer = await (await site.client()).post(
        f"/en/works/{work.public_id}/report", data={**FIELDS, "told": "我的女儿", **fields}
    )
    assert answer.status_code == 422
    if "told" not in fields:
        assert "我的女儿" in answer.text
    assert await Report.all().count() == 0
    assert await Mail.all().count() == 0


async def test_a_form_from_another_site_is_refused(site: Site, work: Artwork) -> None:
    client = await site.client(**{"sec-fetch-site": "cross-site"})
    assert (await client.post(f"/en/works/{work.public_id}/report", data=FIELDS)).status_code == 403
    assert await Report.all().count() == 0


async def test_programs_are_thanked_and_not_heard(site: Site, work: Artwork) -> None:
    answer = await (await site.client()).post(
        f"/en/works/{work.public_id}/report", data={**FIELDS, "nickname": "Bob"}
    )
    assert answer.status_code == 303
    assert await Report.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_there_is_a_limit_for_each_address(site: Site, work: Artwork) -> None:
    client = await site.client()
    path = f"/en/works/{work.public_id}/report"
    for number in range(REPORTS_PER_NETWORK):
        assert (await client.post(path, data={**FIELDS, "told": f"Number {number}"})).status_code == 303
    answer = await client.post(path, data={**FIELDS, "told": "One more"})
    assert answer.status_code == 429
    assert "One more" in answer.text
    assert await Report.all().count() == REPORTS_PER_NETWORK


async def test_a_work_that_nobody_sees_cannot_be_reported(site: Site) -> None:
    hidden = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    gone = await factories.artwork(site.storage, site.cast.organisation, status=Status.WITHDRAWN)
    client = await site.client()
    for public_id, status in ((hidden.public_id, 404), (gone.public_id, 410), ("x" * 60, 404), ("zz", 404)):
        path = f"/en/works/{public_id}/report"
        assert (await client.get(path)).status_code == status
        assert (await client.post(path, data=FIELDS)).status_code == status
    assert await Report.all().count() == 0
