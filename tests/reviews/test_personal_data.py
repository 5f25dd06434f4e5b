"""A work whose public texts contain a telephone number, an account or an address needs a second confirmation that names it."""

from __future__ import annotations

import httpx
import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.organisations.models import Organisation, Trust
from gallery.reviews import decisions
from gallery.reviews.decisions import UnconfirmedPersonalData
from gallery.reviews.hints import current_hints, dismiss
from gallery.reviews.models import Hint, Review
from gallery.web.models import Site as SiteRow
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attributes
from tests.reviews.works import decision_on, propose, submitted_work, work_on_view

NUMBER, OTHER = "13812345678", "13987654321"
DATA = [
    ("story", f"电话 {NUMBER}。", "Story: a mobile telephone number, "),
    ("title", "微信号：snow_1998", "Title: a WeChat or QQ account, "),
    ("alt_text", "写着中山路12号的门牌。", "Alt text: an exact address, "),
    ("story_translation", "Write to snow@example.org.", "Story (English): an e-mail address, "),
]


def confirmed_in(page: httpx.Response) -> list[str]:
    return attributes(page.text, "[name=confirmed]", "value")


async def status_of(work: Artwork) -> Status:
    return (await Artwork.get(id=work.id)).status


@pytest.mark.parametrize(("field", "words", "named"), DATA)
async def test_the_first_press_names_what_everybody_would_read(
    site: Site, field: str, words: str, named: str
) -> None:
    work = await submitted_work(site, **{field: words})
    client = await site.client(site.cast.curator)
    data = await decision_on(work, "accepted", reason="Thank you.")
    page = await client.post(f"/desk/queue/{work.id}", data=data)
    assert page.status_code == 422
    assert named in page.text
    assert "Accept with " in page.text
    assert "Thank you." in page.text
    assert not await Review.all().exists()
    again = await client.post(f"/desk/queue/{work.id}", data={**data, "confirmed": confirmed_in(page)})
    assert again.status_code == 303
    assert await status_of(work) == Status.ACCEPTED


async def test_what_was_confirmed_does_not_cover_another_number(site: Site) -> None:
    work = await submitted_work(site, story=f"电话 {NUMBER}。")
    client = await site.client(site.cast.curator)
    data = await decision_on(work, "accepted")
    keys = confirmed_in(await client.post(f"/desk/queue/{work.id}", data=data))
    await Artwork.filter(id=work.id).update(story=in_zh(f"电话 {NUMBER} 或 {OTHER}。"))
    page = await client.post(f"/desk/queue/{work.id}", data={**data, "confirmed": [*keys, "x", ""]})
    assert page.status_code == 422
    assert OTHER in page.text
    assert len(confirmed_in(page)) == 2
    assert await status_of(work) == Status.SUBMITTED


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_was_waved_off_asks_for_nothing_and_a_refusal_needs_no_second_press(site: Site) -> None:
    client = await site.client(site.cast.curator)
    waved, declined = (
        await submitted_work(site, story=f"电话 {NUMBER}。"),
        await submitted_work(site, story=f"电话 {NUMBER}。"),
    )
    await current_hints(await Submission.get(artwork=waved))
    await dismiss(await Hint.get(artwork=waved, check="personal_data"), site.cast.curator, "It is ours.")
    school = await submitted_work(site, story="他在阳光小学读书。")
    for work, decision in ((waved, "accepted"), (declined, "declined"), (school, "accepted")):
        data = await decision_on(work, decision, reason="Thank you.")
        assert (await client.post(f"/desk/queue/{work.id}", data=data)).status_code == 303
        assert await status_of(work) == decision


@pytest.mark.engines("sqlite", "postgresql")
async def test_together_they_are_left_out_and_listed(site: Site) -> None:
    plain = await submitted_work(site, title_translation="Snow")
    telling = await submitted_work(site, title_translation="Rain", story=f"电话 {NUMBER}。")
    client = await site.client(site.cast.curator)
    ids = [str((await Submission.get(artwork=work)).id) for work in (plain, telling)]
    data = {"work": ids, "decision": "accepted", "confirmed": "anything"}
    page = (await client.post("/desk/queue/decisions", data=data)).text
    assert "1 work accepted" in page
    refused = page.split("1 work was not decided")[1].split("<h2>Decided</h2>")[0]
    assert f"/desk/queue/{telling.id}" in refused
    assert f"Story: a mobile telephone number, {NUMBER}" in refused
    assert (await status_of(plain), await status_of(telling)) == (Status.ACCEPTED, Status.SUBMITTED)


@pytest.mark.engines("sqlite", "postgresql")
async def test_trust_leaves_it_to_the_queue(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(trust=Trust.AT_ONCE)
    work = await submitted_work(site, story=f"电话 {NUMBER}。")
    submission = await Submission.get(artwork=work)
    with pytest.raises(UnconfirmedPersonalData):  # whatever hints there are
        await decisions.accept_automatically(work, submission)
    await Submission.filter(id=submission.id).update(awaits_trust=True)
    await site.work()
    assert await status_of(work) == Status.SUBMITTED
    assert not (await Submission.get(id=submission.id)).awaits_trust


async def test_a_proposed_change_is_looked_at_as_it_would_be_shown(site: Site) -> None:
    work, _page = await work_on_view(site)
    await propose(await site.client(site.cast.partner), work, story=f"电话 {NUMBER}。")
    client = await site.client(site.cast.curator)
    data = await decision_on(work, "accepted")
    page = await client.post(f"/desk/queue/{work.id}", data=data)
    assert page.status_code == 422
    assert (await Artwork.get(id=work.id)).own("story") == "外婆画的。"
    again = await client.post(f"/desk/queue/{work.id}", data={**data, "confirmed": confirmed_in(page)})
    assert again.status_code == 303
    assert NUMBER in (await Artwork.get(id=work.id)).own("story")


async def test_of_two_reviews_each_needs_its_second_press(site: Site) -> None:
    await SiteRow.create(id=1, reviews_needed=2)
    work = await submitted_work(site, story=f"电话 {NUMBER}。")
    for curator in (site.cast.curator, site.cast.keeper):
        submission = await Submission.get(artwork=work)
        with pytest.raises(UnconfirmedPersonalData) as refused:
            await decisions.accept(work, submission, curator)
        assert await status_of(work) == Status.SUBMITTED
        await decisions.accept(
            work, submission, curator, confirmed=[each.key for each in refused.value.found]
        )
    assert await status_of(work) == Status.ACCEPTED
