"""Decisions of curators, and what prevents a work from being accepted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now, today
from gallery.images.models import ImageState
from gallery.reviews.decisions import AlreadyDecided, DecisionRefused, accept, decline, return_to_partner
from gallery.reviews.models import Decision, Review
from gallery.web.edit_conflicts import EditConflict
from tests import factories
from tests.conftest import Site
from tests.reviews.submissions import work_with_submission


@pytest.mark.engines("sqlite", "postgresql")
async def test_accepting_writes_a_review_and_the_status(site: Site) -> None:
    work, submission = await work_with_submission(site)
    review = await accept(work, submission, site.cast.curator)
    assert work.status == Status.ACCEPTED
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    kept = await Review.get(submission=submission)
    assert (kept.id, kept.decision, kept.by_id) == (review.id, Decision.ACCEPTED, site.cast.curator.id)


async def test_returning_keeps_the_notes_at_their_fields(site: Site) -> None:
    work, submission = await work_with_submission(site)
    await return_to_partner(
        work, submission, site.cast.curator, {"story": "Who taught him?"}, "Nearly there."
    )
    kept = await Review.get(submission=submission)
    assert (kept.notes, kept.reason) == ({"story": "Who taught him?"}, "Nearly there.")
    assert (await Artwork.get(id=work.id)).status == Status.RETURNED


async def test_returning_without_a_word_is_refused(site: Site) -> None:
    work, submission = await work_with_submission(site)
    with pytest.raises(DecisionRefused):
        await return_to_partner(work, submission, site.cast.curator, {})
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


async def test_declining_needs_a_reason(site: Site) -> None:
    work, submission = await work_with_submission(site)
    with pytest.raises(DecisionRefused):
        await decline(work, submission, site.cast.curator, "")
    await decline(work, submission, site.cast.curator, "It is a photograph of somebody else's work.")
    assert (await Artwork.get(id=work.id)).status == Status.DECLINED


async def test_nothing_is_decided_twice(site: Site) -> None:
    work, submission = await work_with_submission(site)
    await accept(work, submission, site.cast.curator)
    with pytest.raises(AlreadyDecided):
        await decline(work, submission, site.cast.keeper, "No.")
    assert await Review.all().count() == 1
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED


async def test_two_curators_at_once_make_one_review(site: Site) -> None:
    work, submission = await work_with_submission(site)
    results = await asyncio.gather(
        accept(work, submission, site.cast.curator),
        decline(work, submission, site.cast.keeper, "Not this time."),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Review) for result in results) == 1
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 1
    assert await Review.all().count() == 1


async def test_an_older_submission_cannot_be_decided(site: Site) -> None:
    work, first = await work_with_submission(site)
    await Submission.create(artwork=work, number=2, at=now())
    with pytest.raises(EditConflict, match="submitted again"):
        await accept(work, first, site.cast.curator)
    assert not await Review.all().exists()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [(ImageState.RECEIVED, "being prepared"), (ImageState.REFUSED, "could not be prepared")],
)
async def test_a_picture_that_is_not_ready_cannot_be_accepted(
    site: Site, state: ImageState, sentence: str
) -> None:
    image = await factories.image(site.storage, site.cast.organisation, state=state)
    work, submission = await work_with_submission(site, image=image)
    with pytest.raises(DecisionRefused, match=sentence):
        await accept(work, submission, site.cast.curator)


async def test_a_work_without_alt_text_cannot_be_accepted(site: Site) -> None:
    work, submission = await work_with_submission(site, alt_text="")
    with pytest.raises(DecisionRefused, match="alt text"):
        await accept(work, submission, site.cast.curator)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"for_web": False}, "does not cover the web"),
        ({"ends_on": today() - timedelta(days=1)}, "has expired"),
        (
            {"starts_on": today() + timedelta(days=2)},
            "first day is to come",
        ),  # the day may turn before it runs
        ({"withdrawn_at": now()}, "was withdrawn"),
    ],
)
async def test_a_consent_that_is_not_in_force_for_the_web_stops_acceptance(
    site: Site, values: dict[str, object], sentence: str
) -> None:
    consent = await factories.consent(site.cast.organisation, **values)
    work, submission = await work_with_submission(site, consent=consent)
    with pytest.raises(DecisionRefused, match=sentence):
        await accept(work, submission, site.cast.curator)
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


async def test_a_consent_is_in_force_on_its_last_day(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, ends_on=today())
    work, submission = await work_with_submission(site, consent=consent)
    await accept(work, submission, site.cast.curator)
    assert work.status == Status.ACCEPTED
