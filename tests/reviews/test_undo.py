"""Taking a decision back: within ten seconds, by the same curator, if nothing happened since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.submissions import submit
from gallery.clock import now
from gallery.reviews import decisions
from gallery.reviews.decisions import UNDO_PERIOD, accept, decline, return_to_partner
from gallery.reviews.models import Decision, Review, Risk, Undo
from gallery.reviews.undo import UndoRefused, undo_review
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.reviews.submissions import work_with_submission

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.mark.parametrize("decision", list(Decision))
async def test_a_decision_is_taken_back_and_remembered(site: Site, decision: Decision) -> None:
    work, submission = await work_with_submission(site)
    curator = site.cast.curator
    if decision == Decision.ACCEPTED:
        review = await accept(work, submission, curator, "Lovely.")
    elif decision == Decision.RETURNED:
        review = await return_to_partner(work, submission, curator, {"story": "Who?"}, "Lovely.")
    else:
        review = await decline(work, submission, curator, "Lovely.")
    await undo_review(review, curator)
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED
    assert (await Submission.get(id=submission.id)).is_waiting
    assert not await Review.all().exists()
    kept = await Undo.get(submission=submission)
    assert (kept.decision, kept.reason, kept.decided_at) == (decision, "Lovely.", review.at)
    await accept(await Artwork.get(id=work.id), submission, site.cast.keeper)  # anybody may decide again


async def test_a_decision_stands_after_ten_seconds(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    monkeypatch.setattr(
        "gallery.reviews.undo.now",
        lambda: review.at + UNDO_PERIOD + decisions.UNDO_GRACE + timedelta(0, 0, 1),
    )
    with pytest.raises(UndoRefused, match="ten seconds"):
        await undo_review(review, site.cast.curator)
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED


async def test_nobody_else_takes_it_back(site: Site) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    with pytest.raises(UndoRefused, match="Only the person who decided"):
        await undo_review(review, site.cast.keeper)
    with pytest.raises(UndoRefused, match="already been taken back"):
        await undo_review(await _undone(site), site.cast.curator)
    assert await Review.exists(id=review.id)


async def _undone(site: Site) -> Review:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    await undo_review(review, site.cast.curator)
    return review


async def test_what_the_partner_did_since_stands(site: Site) -> None:
    theme = await factories.theme()
    work, submission = await work_with_submission(site, themes=[theme])
    review = await return_to_partner(work, submission, site.cast.curator, {}, "Mend it.")
    await submit(work, site.cast.partner)
    with pytest.raises(UndoRefused, match="changed since"):
        await undo_review(review, site.cast.curator)
    edited, its_submission = await work_with_submission(site)
    review = await return_to_partner(edited, its_submission, site.cast.curator, {}, "Mend it.")
    await edited.refresh_from_db()
    edited.title = in_zh("Mended")
    await edited.save()
    with pytest.raises(UndoRefused, match="changed since"):
        await undo_review(review, site.cast.curator)


async def test_what_was_hung_or_withdrawn_since_stays(site: Site) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    await factories.exhibition([work])
    with pytest.raises(UndoRefused, match="hung since"):
        await undo_review(review, site.cast.curator)
    other, its_submission = await work_with_submission(site)
    review = await accept(other, its_submission, site.cast.curator)
    await other.fetch_related("consent")
    assert other.consent is not None
    await withdraw(other.consent, site.storage)
    with pytest.raises(UndoRefused, match="changed since"):
        await undo_review(review, site.cast.curator)
    assert (await Artwork.get(id=other.id)).status == Status.WITHDRAWN


async def test_the_page_offers_it_and_the_button_does_it(site: Site) -> None:
    work, submission = await work_with_submission(site)
    client, other = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    data = {"submission": str(submission.id), "decision": "accepted"}
    await client.post(f"/desk/queue/{work.id}", data=data)
    review = await Review.get(artwork=work)
    offer = f'name="review" value="{review.id}"'
    assert offer in (await client.get("/desk/queue")).text
    assert offer not in (await other.get("/desk/queue")).text
    await other.post("/desk/queue/undo", data={"review": str(review.id)})
    assert await Review.exists(id=review.id)
    answer = await client.post("/desk/queue/undo", data={"review": str(review.id)})
    assert answer.headers["location"] == f"/desk/queue/{work.id}"
    page = (await client.get(answer.headers["location"])).text
    assert "The decision is taken back." in page
    assert "taken back" in page.split("History")[1]
    await client.post("/desk/queue/undo", data={"review": ["x", "99999999999", str(review.id)]})
    assert "already been taken back" in (await client.get("/desk/queue?filter=none")).text


async def test_partners_and_guests_undo_nothing(site: Site) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    for person, status in ((site.cast.partner, 404), (None, 303)):
        client = await site.client(person)
        assert (await client.post("/desk/queue/undo", data={"review": str(review.id)})).status_code == status
    assert await Review.exists(id=review.id)


async def test_a_concern_is_read_by_curators_only(site: Site) -> None:
    work, submission = await work_with_submission(site)
    client, partner = await site.client(site.cast.curator), await site.client(site.cast.partner)
    data = {"submission": str(submission.id), "decision": "accepted", "concern": "His brother is named."}
    refused = await client.post(f"/desk/queue/{work.id}", data=data)
    assert refused.status_code == 422
    assert "must be declined. Please decline it" in refused.text
    await client.post(f"/desk/queue/{work.id}", data={**data, "decision": "declined"})
    review = await Review.get(artwork=work)
    assert (await Risk.get(review=review)).concern == "His brother is named."
    assert review.reason.startswith("这件作品我们无法在这里展出")  # in the language of the work
    assert "His brother is named." in (await client.get(f"/desk/queue/{work.id}")).text
    page = (await partner.get(f"/desk/works/{work.id}")).text
    assert review.reason in page
    assert "brother" not in page
    await undo_review(review, site.cast.curator)
    assert not await Risk.all().exists()


async def test_mails_wait_until_it_cannot_be_undone(site: Site) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    assert decisions.undo_deadline(review) >= review.at + timedelta(seconds=10)
    assert decisions.undo_deadline(review) > now()
