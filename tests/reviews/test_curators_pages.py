"""Decisions on several works at once, ready reasons, dismissed hints, the list on wording, and coverage."""

from __future__ import annotations

import logging
from datetime import timedelta

import httpx
import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now, today
from gallery.db import content_version
from gallery.organisations.models import CheckedLink, LinkState, Project
from gallery.reviews.hints import check_submission
from gallery.reviews.holds import take_hold
from gallery.reviews.models import Hint, ReadyReason, Review, WavedOff
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import attribute
from tests.reviews.works import submitted_work


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_selection_is_decided_and_refusals_are_listed(site: Site) -> None:
    good, other = await submitted_work(site, days=3), await submitted_work(site, days=2)
    bad = await submitted_work(site, alt_text="", title_translation="Without words")
    held = await submitted_work(site, title_translation="Looked at")
    await take_hold(held, site.cast.keeper)
    client = await site.client(site.cast.curator)
    chosen = [str((await Submission.get(artwork=work)).id) for work in (good, other, bad, held)]
    page = await client.post(
        "/desk/queue/decisions", data={"work": [*chosen, "99999"], "decision": "accepted"}
    )
    assert page.status_code == 200
    assert "2 works accepted" in page.text
    refused = page.text.split("2 works were not decided")[1].split("<h2>Decided</h2>")[0]
    assert "Without words" in refused
    assert "There is no alt text." in refused
    assert "keeper is looking at this work" in refused
    assert {work.id for work in await Artwork.filter(status=Status.ACCEPTED)} == {good.id, other.id}
    reviews = [str(review.id) for review in await Review.all()]
    await client.post("/desk/queue/undo", data={"review": reviews})
    assert "2 decisions are taken back." in (await client.get("/desk/queue?filter=none")).text
    assert not await Review.all().exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"decision": "accepted"}, "choose at least one"),
        ({"decision": "declined", "work": "1"}, "give the organisations a reason"),
        ({"decision": "returned", "work": "1", "reason": " "}, "give the organisations a reason"),
        ({"decision": "perhaps", "work": "1", "reason": "Kept"}, "one of the three buttons"),
    ],
)
async def test_a_selection_that_cannot_be_decided(site: Site, data: dict[str, str], sentence: str) -> None:
    await submitted_work(site)
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/queue/decisions", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert data.get("reason", "").strip() in answer.text
    assert not await Review.all().exists()


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_ready_reason_is_told_in_the_language_of_the_work(site: Site) -> None:
    client = await site.client(site.cast.curator)
    data = {"new-field": "picture", "new-text[zh]": "请靠窗拍。", "new-text[en]": "By a window, please."}
    assert (await client.post("/desk/reasons", data=data)).status_code == 303
    reason = await ReadyReason.get()
    work = await submitted_work(site)
    page = (await client.get(f"/desk/queue/{work.id}")).text
    assert "By a window, please." in page
    submission = await Submission.get(artwork=work)
    typed = {
        "submission": str(submission.id),
        "decision": "returned",
        "ready": str(reason.id),
        "note_picture": "模糊。",
    }
    await client.post(f"/desk/queue/{work.id}", data=typed)
    assert (await Review.get(artwork=work)).notes == {"picture": "模糊。\n请靠窗拍。"}


@pytest.mark.engines("sqlite", "postgresql")
async def test_ready_reasons_are_worded_anew_and_removed(site: Site) -> None:
    client = await site.client(site.cast.curator)
    reason = await ReadyReason.create(text=Texts({"zh": "旧的"}))

    async def send(**fields: str) -> httpx.Response:
        data = {f"reason-{reason.id}-{name}": words for name, words in fields.items()}
        return await client.post(f"/desk/reasons/{reason.id}", data=data)

    bad = await send(**{"field": "", "text[zh]": "", "text[en]": ""})
    assert bad.status_code == 422
    assert "Please write it in one language at least." in bad.text
    added = await send(**{"field": "title", "text[zh]": "新的", "adds_language": "1", "add_language": "bo"})
    assert added.status_code == 422
    box = f"[name='reason-{reason.id}-text[bo]'][lang=bo][autofocus]"
    assert attribute(added.text, box, "dir") == "auto"
    await send(**{"field": "title", "text[zh]": "新的", "text[bo]": "གསར་པ།"})
    assert (await ReadyReason.get(id=reason.id)).text == Texts({"zh": "新的", "bo": "གསར་པ།"})
    assert "新的" in (await client.get("/desk/reasons")).text
    await send(is_gone="1")
    assert not await ReadyReason.all().exists()
    assert (await client.post(f"/desk/reasons/{reason.id}", data={})).status_code == 404
    assert (
        await client.post("/desk/reasons", data={"new-field": "magic", "new-text[zh]": "x"})
    ).status_code == 422


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_hint_is_dismissed_with_a_reason_and_stays_so(site: Site) -> None:
    work = await submitted_work(site, story="他是自闭症。")
    client = await site.client(site.cast.curator)
    assert "孤独症" in (await client.get(f"/desk/queue/{work.id}")).text
    hint = await Hint.get(artwork=work, check="wording")
    without = await client.post(f"/desk/queue/hints/{hint.id}", data={"reason": " "})
    assert without.status_code == 422
    assert "in a few words why" in without.text
    await client.post(f"/desk/queue/hints/{hint.id}", data={"reason": "A name of a book"})
    page = (await client.get(f"/desk/queue/{work.id}")).text
    assert "A name of a book" in page
    assert "1 hint dismissed" in page
    await check_submission(await Submission.get(artwork=work))
    again = await Hint.get(artwork=work, check="wording")
    assert not again.is_open
    await client.post(f"/desk/queue/hints/{again.id}", data={"again": "1"})
    assert (await Hint.get(artwork=work, check="wording")).is_open
    assert not await WavedOff.all().exists()


async def test_the_worker_looks_at_what_was_sent(site: Site) -> None:
    work = await submitted_work(site, story="电话13912345678")
    await site.work()
    assert await Hint.exists(artwork=work, check="personal_data", field="story", excerpt="13912345678")
    assert (await Submission.get(artwork=work)).checked_with > 0


async def test_the_list_of_words_is_read_by_everybody_at_the_desk(site: Site) -> None:
    for person in (site.cast.partner, site.cast.curator):
        page = (await (await site.client(person)).get("/desk/queue/wording")).text
        assert "自闭症" in page
        assert "Version 2026-11" in page


@pytest.mark.engines("sqlite", "postgresql")
async def test_coverage_counts_and_lists_what_is_on_view(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)
    whole = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    short = await factories.consent(site.cast.organisation, ends_on=today() + timedelta(days=20))
    lacking = await factories.artwork(
        site.storage,
        site.cast.organisation,
        status=Status.ACCEPTED,
        consent=short,
        title="缺少",
        title_translation="",
        story_translation="",
        alt_text_translation="",
    )
    await Artwork.filter(id=lacking.id).update(project_id=None)
    unhung = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, title="未挂"
    )
    await factories.exhibition([whole, lacking])
    client = await site.client(site.cast.curator)
    assert "2 works are on view." in (await client.get("/desk/coverage")).text
    for name in ("alt_text-en", "story-en", "project", "consent"):
        page = (await client.get(f"/desk/coverage?lacking={name}")).text
        assert "1 does not" in page
        assert "缺少" in page
        assert whole.title["en"] not in page
        assert unhung.title["en"] not in page
    assert (await client.get("/desk/coverage?lacking=sense")).status_code == 404
    link = (await Project.get(id=whole.project_id or 0)).link
    assert link
    await CheckedLink.create(url=link, state=LinkState.DEAD, next_check_at=now())
    await content_version.bump()  # as the check of links does
    page = (await client.get("/desk/coverage?lacking=project")).text
    assert "2 do not" in page, "a link that leads nowhere is as good as none"
    assert whole.title["en"] in page


async def test_coverage_is_counted_again_only_after_a_change(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await factories.exhibition([await factories.accepted(site)])
    client = await site.client(site.cast.curator)
    counts = []
    for _ in range(2):
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert "1 work is on view." in (await client.get("/desk/coverage")).text
        counts.append(sum('FROM "artwork"' in each.getMessage() for each in caplog.records))
    assert counts == [1, 0]


@pytest.mark.parametrize("path", ["/desk/coverage", "/desk/reasons"])
async def test_curators_pages_are_not_there_for_partners(site: Site, path: str) -> None:
    assert (await (await site.client(site.cast.partner)).get(path)).status_code == 404
    assert (await (await site.client()).get(path)).status_code == 303
