"""The queue and the page of a review."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now, today
from gallery.reviews import queue_views
from gallery.reviews.decisions import accept
from gallery.reviews.models import Decision, Review
from gallery.reviews.queue import defer
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, texts_in
from tests.reviews.works import decision_on, submitted_work

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_the_longest_waiting_is_first(site: Site) -> None:
    await submitted_work(site, days=1, title="第二")
    await submitted_work(site, days=9, title="第一", title_translation="")
    page = (await (await site.client(site.cast.curator)).get("/desk/queue")).text
    assert page.index("第一") < page.index("Tangyuan")
    assert "waiting for 9 days" in page


async def test_drafts_are_not_in_the_queue(site: Site) -> None:
    await factories.artwork(site.storage, site.cast.organisation, title="草稿", title_translation="")
    page = (await (await site.client(site.cast.curator)).get("/desk/queue")).text
    assert "草稿" not in page
    assert "Nothing is waiting." in page


async def test_the_queue_by_theme_and_organisation(site: Site) -> None:
    theme = await factories.theme(slug="solstice")
    await submitted_work(site, themes=[theme], title_translation="Bowl")
    await submitted_work(site, organisation=site.cast.elsewhere, title_translation="Football")
    client = await site.client(site.cast.curator)
    by_theme = (await client.get("/desk/queue?theme=solstice")).text
    assert ">Bowl<" in by_theme
    assert ">Football<" not in by_theme
    by_organisation = (await client.get("/desk/queue?organisation=bazaar")).text
    assert ">Football<" in by_organisation
    assert ">Bowl<" not in by_organisation
    for bad in ("theme=none", "organisation=none", "status=draft"):
        assert (await client.get(f"/desk/queue?{bad}")).status_code == 404


@pytest.mark.parametrize("status", ["returned", "accepted", "declined"])
async def test_what_was_decided_has_its_list(site: Site, status: str) -> None:
    work = await submitted_work(site, status=Status(status), title_translation="Decided")
    submission = await Submission.get(artwork=work)
    await Review.create(artwork=work, submission=submission, at=now(), decision=Decision(status))
    client = await site.client(site.cast.curator)
    assert ">Decided<" in (await client.get(f"/desk/queue?status={status}")).text
    assert ">Decided<" not in (await client.get("/desk/queue")).text


async def test_decided_works_are_listed_once_by_their_last_review(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_views, "PER_PAGE", 1)
    theme = await factories.theme(slug="solstice")
    first = await submitted_work(site, status=Status.DECLINED, themes=[theme], title_translation="First")
    other = await submitted_work(site, status=Status.DECLINED, title_translation="Other")
    sent = await Submission.get(artwork=first)
    again = await Submission.create(artwork=first, number=2, at=now(), is_waiting=False, sent=sent.sent)
    for work, submission in (
        (first, sent),
        (other, await Submission.get(artwork=other)),
        (first, again),
    ):
        await Review.create(artwork=work, submission=submission, at=now(), decision=Decision.DECLINED)
    client = await site.client(site.cast.curator)

    async def listed(query: str) -> list[str]:
        page = await client.get(f"/desk/queue?status=declined{query}")
        return texts_in(page.text, ".row-main > a")

    assert await listed("") == ["First"]
    assert await listed("&page=2") == ["Other"]
    assert await listed("&page=3") == []
    assert await listed("&theme=solstice&page=2") == []
    page = (await client.get("/desk/queue?status=declined")).text
    assert "/desk/queue?status=declined&page=2" in attributes(page, "a.button", "href")
    assert "Submission 2" in page


async def test_the_queue_has_pages_of_fifty(site: Site) -> None:
    image = await factories.image(site.storage, site.cast.organisation)
    consent = await factories.consent(site.cast.organisation)
    theme = await factories.theme()
    works = await factories.bare_works(consent, range(51), status=Status.SUBMITTED)
    works[0].image_id = image.id
    await works[0].save()
    await works[0].themes.add(theme)
    await Submission.bulk_create(Submission(artwork_id=work.id, number=1, at=now()) for work in works)
    client = await site.client(site.cast.curator)
    first, second = [(await client.get(f"/desk/queue?page={page}")).text for page in (1, 2)]
    assert (first.count('id="work-'), second.count('id="work-')) == (50, 1)
    assert 'rel="next" href="/desk/queue?page=2"' in first
    assert (await client.get("/desk/queue?page=9999999999")).status_code == 200


async def test_the_queue_asks_a_constant_number_of_queries(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue, its filters, past decisions, and a work with its neighbours."""
    client = await site.client(site.cast.curator)

    async def queries(path: str) -> int:
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            caplog.clear()
            assert (await client.get(path)).status_code == 200
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    async def one_more() -> Artwork:
        more = await factories.theme()
        work = await submitted_work(
            site, themes=[theme, more], days=4, story="电话 13812345678", artist=artist
        )
        done = await submitted_work(site, status=Status.ACCEPTED, themes=[theme])
        submission = await Submission.get(artwork=done)
        await Review.create(artwork=done, submission=submission, at=now(), decision=Decision.ACCEPTED)
        await defer(await Submission.get(artwork=await submitted_work(site)), site.cast.curator)
        return work

    consent = await factories.consent(site.cast.organisation)
    artist = await consent.artist
    theme = await factories.theme(slug="solstice")
    works = [await one_more() for _ in range(3)]
    await site.work()
    paths = [
        "/desk/queue?filter=none",
        *(f"/desk/queue?{each}" for each in ("theme=solstice", "organisation=xiaogeng", "age=days")),
        *(f"/desk/queue?{each}" for each in ("hint=personal_data", "hint=none", "language=zh")),
        "/desk/queue?status=accepted",
        f"/desk/queue/{works[1].id}",
        f"/desk/queue/{works[1].id}?theme=solstice",
    ]
    for path in paths:
        await queries(path)  # one-time work, such as saving the filter, is done
    few = {path: await queries(path) for path in paths}
    for _ in range(4):
        await one_more()
    await site.work()
    assert {path: await queries(path) for path in paths} == few
    assert max(few.values()) <= 31


async def test_a_curator_sees_everything_together(site: Site) -> None:
    work = await submitted_work(site, assistance="独立完成", story="他爱画画。<script>alert(1)</script>")
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    await work.fetch_related("project", "artist", "image")
    assert work.project is not None
    assert work.artist is not None
    for text in (
        work.title,
        work.title_translation,
        work.alt_text,
        work.story_translation,
        "独立完成",
        work.artist.credit_name,
        "A parent",
        "on the web",
        "我愿意。",
        work.project.link,
        f"/desk/images/{work.image_id}/640.avif",
        "Submission 1",
    ):
        assert text in page
    assert "<script>alert" not in page


async def test_a_missing_scope_is_said(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, for_web=False, for_print=True)
    work = await submitted_work(site, consent=consent)
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "Not for the web" in page


async def test_an_expired_consent_is_said(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, ends_on=today() - timedelta(days=1))
    work = await submitted_work(site, consent=consent)
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "The consent has expired." in page


async def test_accepting_goes_on_to_the_next(site: Site) -> None:
    work, following = await submitted_work(site, days=3), await submitted_work(site, days=2)
    await submitted_work(site, days=1)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{work.id}", data=await decision_on(work, "accepted"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/queue/{following.id}")
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    assert "is accepted" in (await client.get(answer.headers["location"])).text


async def test_after_the_last_comes_the_queue(site: Site) -> None:
    work = await submitted_work(site)
    client = await site.client(site.cast.curator)
    data = await decision_on(work, "returned", note_alt_text="Say what is in the bowl.")
    answer = await client.post(f"/desk/queue/{work.id}", data=data)
    assert answer.headers["location"] == "/desk/queue"
    assert (await Review.get(artwork=work)).notes == {"alt_text": "Say what is in the bowl."}
    assert "Say what is in the bowl." in (await client.get(f"/desk/queue/{work.id}")).text


async def test_the_same_decision_sent_twice_makes_one_review(site: Site) -> None:
    work = await submitted_work(site)
    client = await site.client(site.cast.curator)
    data = await decision_on(work, "accepted")
    await client.post(f"/desk/queue/{work.id}", data=data)
    await client.get("/desk/queue")
    again = await client.post(f"/desk/queue/{work.id}", data=data)
    assert (again.status_code, again.headers["location"]) == (303, "/desk/queue")
    assert "already been decided" in (await client.get("/desk/queue")).text
    assert await Review.all().count() == 1


async def test_words_that_come_after_another_curators_decision_are_given_back(site: Site) -> None:
    work = await submitted_work(site)
    client = await site.client(site.cast.curator)
    data = await decision_on(
        work, "returned", note_alt_text="Say what is in the bowl.", reason="Nearly there."
    )
    await accept(work, (await work.submissions.all())[0], site.cast.keeper)
    late = await client.post(f"/desk/queue/{work.id}", data=data)
    assert late.status_code == 422
    for words in (
        "already been decided",
        "so that you can copy it",
        "Say what is in the bowl.",
        "Nearly there.",
    ):
        assert words in late.text
    assert await Review.all().count() == 1
    # Without a text there is nothing to return, and one's own form sent twice is no conflict.
    bare = await client.post(f"/desk/queue/{work.id}", data=await decision_on(work, "accepted"))
    assert (bare.status_code, bare.headers["location"]) == (303, "/desk/queue")
    keeper = await site.client(site.cast.keeper)
    own = await keeper.post(f"/desk/queue/{work.id}", data=data)
    assert own.status_code == 303


async def test_only_curators_review(site: Site) -> None:
    work = await submitted_work(site)
    data = await decision_on(work, "accepted")
    path = f"/desk/queue/{work.id}"
    guest, partner = await site.client(), await site.client(site.cast.partner)
    assert (await guest.get(path)).headers["location"].startswith("/desk/sign-in?next=")
    for address in ("/desk/queue", path):
        assert (await partner.get(address)).status_code == 404
    assert (await partner.post(path, data=data)).status_code == 404
    assert (await guest.post(path, data=data)).status_code == 303
    assert not await Review.all().exists()


async def test_works_that_were_never_sent_are_not_there(site: Site) -> None:
    draft = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.curator)
    assert (await client.get(f"/desk/queue/{draft.id}")).status_code == 404
    assert (await client.get("/desk/queue/99999")).status_code == 404


@pytest.mark.parametrize(
    ("decision", "typed", "sentence"),
    [
        ("returned", {}, "Please say what to change"),
        ("declined", {"note_title": "Too long"}, "Please give the organisation a reason"),
        ("declined", {"reason": "  "}, "Please give the organisation a reason"),
        ("perhaps", {"reason": "Kept"}, "one of the three buttons"),
        ("", {"reason": "Kept"}, "one of the three buttons"),
        ("returned", {"note_story": "x" * 1001}, "1001 characters"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_typed(
    site: Site, decision: str, typed: dict[str, str], sentence: str
) -> None:
    work = await submitted_work(site)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{work.id}", data=await decision_on(work, decision, **typed))
    assert answer.status_code == 422
    assert sentence in answer.text
    for text in typed.values():
        assert text.strip() in answer.text
    assert not await Review.all().exists()


async def test_a_form_without_its_submission_is_refused(site: Site) -> None:
    work, other = await submitted_work(site), await submitted_work(site)
    client = await site.client(site.cast.curator)
    foreign = (await decision_on(other, "accepted"))["submission"]
    for submission in ("", "x", foreign):
        data = {"submission": submission, "decision": "accepted"}
        assert (await client.post(f"/desk/queue/{work.id}", data=data)).status_code == 422
    assert not await Review.all().exists()


async def test_a_work_sent_again_meanwhile_is_looked_at_again(site: Site) -> None:
    work = await submitted_work(site, days=2)
    stale = await decision_on(work, "accepted", reason="Lovely.")
    newest = await Submission.create(artwork=work, number=2, at=now())
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{work.id}", data=stale)
    assert answer.status_code == 422
    assert "submitted again in the meantime" in answer.text
    assert "Lovely." in answer.text
    assert f'value="{newest.id}"' in answer.text
