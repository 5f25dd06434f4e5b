"""Two reviews by different curators: the outcome of each pair of decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.accounts.models import Person, Role
from gallery.artworks.models import Artwork, Stage, Status, Submission
from gallery.db.models import ContentVersion
from gallery.reviews import decisions
from gallery.reviews.decisions import DecisionRefused, accept, decline, return_to_partner
from gallery.reviews.models import Decision, Opinion, Review, Risk
from gallery.reviews.queue import Queue, QueueFilter
from gallery.reviews.stages import DecisionEffect, effect_of_decision, stage_of
from gallery.reviews.undo import UndoRefused, undo_opinion, undo_review
from gallery.web.languages import use_language
from gallery.web.models import Site
from tests import factories
from tests.conftest import Site as Gallery
from tests.markup import select
from tests.reviews.submissions import work_with_submission

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def two_reviews() -> Person:
    """The site asks for two reviews; the third of its curators."""
    await Site.create(id=1, reviews_needed=2)
    return await Person.create(
        email="third@example.org", name="Third", role=Role.CURATOR, language="en", password_hash="x"
    )


async def queue_of(person: Person) -> list[int]:
    found = await Queue(person, QueueFilter()).not_deferred().order_by("id").values_list("id", flat=True)
    return [int(str(id)) for id in found]


async def test_two_who_agree_decide(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    first = await accept(work, submission, site.cast.curator, "Lovely.")
    assert isinstance(first, Opinion)
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED
    assert (await Submission.get(id=submission.id)).stage == Stage.SECOND
    review = await accept(work, submission, site.cast.keeper, "Thank you.")
    assert isinstance(review, Review)
    assert review.reason == "Lovely.\nThank you."
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    assert not (await Submission.get(id=submission.id)).is_waiting


async def test_what_both_note_reaches_the_organisation(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    await return_to_partner(
        work, submission, site.cast.curator, {"story": "Which year?", "title": "Too long"}
    )
    review = await return_to_partner(
        work, submission, site.cast.keeper, {"story": "Who drew it?"}, "Please mend."
    )
    assert isinstance(review, Review)
    assert review.notes == {"story": "Which year?\nWho drew it?", "title": "Too long"}
    assert review.reason == "Please mend."


async def test_the_second_does_not_see_what_the_first_decided(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    first = await site.client(site.cast.curator)
    data = {"submission": str(submission.id), "decision": "declined", "reason": "Too dark, I find."}
    answered = await first.post(f"/desk/queue/{work.id}", data=data)
    assert answered.status_code == 303
    page = (await first.get("/desk/queue")).text
    assert "You would decline" in page
    assert "Take it back" in page
    assert f'id="work-{work.id}"' not in page
    assert "You have decided" in (await first.get(f"/desk/queue/{work.id}")).text
    second = await site.client(site.cast.keeper)
    assert "Second review" in (await second.get("/desk/queue")).text
    page = (await second.get(f"/desk/queue/{work.id}")).text
    assert "another curator has decided already" in page
    for phrase in ("Too dark", "Would decline", "is looking at this work"):
        assert phrase not in page


async def test_one_person_is_not_two(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    await accept(work, submission, site.cast.curator)
    with use_language("en"), pytest.raises(DecisionRefused, match="You have decided on this work"):
        await accept(work, submission, site.cast.curator)
    assert await queue_of(site.cast.curator) == []
    assert await queue_of(site.cast.keeper) == [submission.id]


async def test_a_third_decides_between_two(site: Gallery) -> None:
    third = await two_reviews()
    work, submission = await work_with_submission(site)
    await accept(work, submission, site.cast.curator, "Lovely.")
    await decline(work, submission, site.cast.keeper, "It is a copy.")
    assert (await Submission.get(id=submission.id)).stage == Stage.DISPUTED
    page = (await (await site.client(third)).get(f"/desk/queue/{work.id}")).text
    assert "Two curators disagree" in page
    assert "It is a copy." in page
    assert "Lovely." in page
    assert site.cast.keeper.name not in page.partition('id="decision-form"')[2]
    review = await decline(work, submission, third, "A copy, yes.")
    assert isinstance(review, Review)
    assert review.reason == "It is a copy.\nA copy, yes."
    assert (await Artwork.get(id=work.id)).status == Status.DECLINED


async def test_one_of_two_joins_the_other(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    await accept(work, submission, site.cast.curator)
    await return_to_partner(work, submission, site.cast.keeper, {"story": "Who?"})
    with use_language("en"), pytest.raises(DecisionRefused, match="You two disagree"):
        await accept(work, submission, site.cast.curator)
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "You and another curator disagree" in page
    review = await return_to_partner(work, submission, site.cast.curator, {"story": "Who?"})
    assert isinstance(review, Review)
    assert review.notes == {"story": "Who?"}
    undone = await undo_review(review, site.cast.curator)
    assert undone.decision == Decision.RETURNED
    assert (await Submission.get(id=submission.id)).stage == Stage.DISPUTED
    assert await Opinion.filter(submission=submission).count() == 2


async def test_one_who_fears_harm_is_enough(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    review = await decline(work, submission, site.cast.curator, "", concern="Her classmates would know her.")
    assert isinstance(review, Review)
    assert (await Artwork.get(id=work.id)).status == Status.DECLINED
    assert await Risk.exists(review=review)


async def test_the_neutral_reason_is_in_a_language_of_the_site(site: Gallery) -> None:
    work, submission = await work_with_submission(site, language="bo")
    review = await decline(work, submission, site.cast.curator, "", concern="Her classmates would know her.")
    assert isinstance(review, Review)
    assert review.reason.startswith("这件作品")


async def test_an_opinion_is_taken_back_within_ten_seconds(
    site: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    client = await site.client(site.cast.curator)
    await client.post(
        f"/desk/queue/{work.id}", data={"submission": str(submission.id), "decision": "accepted"}
    )
    opinion = await Opinion.get(submission=submission)
    answered = await client.post("/desk/queue/undo", data={"opinion": str(opinion.id)})
    assert answered.headers["location"] == f"/desk/queue/{work.id}"
    assert not await Opinion.all().exists()
    assert (await Submission.get(id=submission.id)).stage == Stage.FIRST
    made = await accept(work, submission, site.cast.curator)
    assert isinstance(made, Opinion)
    with use_language("en"), pytest.raises(UndoRefused, match="Only the person who decided"):
        await undo_opinion(made, site.cast.keeper)
    late = made.at + decisions.UNDO_PERIOD + decisions.UNDO_GRACE * 2
    monkeypatch.setattr("gallery.reviews.undo.now", lambda: late)
    with use_language("en"), pytest.raises(UndoRefused, match="ten seconds"):
        await undo_opinion(made, site.cast.curator)


async def test_undoing_the_second_leaves_the_first(site: Gallery) -> None:
    await two_reviews()
    work, submission = await work_with_submission(site)
    await accept(work, submission, site.cast.curator)
    review = await accept(work, submission, site.cast.keeper)
    assert isinstance(review, Review)
    await undo_review(review, site.cast.keeper)
    left = await Submission.get(id=submission.id)
    assert (left.stage, left.is_waiting) == (Stage.SECOND, True)
    assert [each.by_id for each in await Opinion.all()] == [site.cast.curator.id]


async def test_several_works_at_once_wait_for_a_second_curator(site: Gallery) -> None:
    await two_reviews()
    sent_works = [await work_with_submission(site) for _ in range(2)]
    data = {"work": [str(submission.id) for _, submission in sent_works], "decision": "accepted"}
    page = (await (await site.client(site.cast.curator)).post("/desk/queue/decisions", data=data)).text
    assert "2 of them are waiting for another curator" in page
    page = (await (await site.client(site.cast.keeper)).post("/desk/queue/decisions", data=data)).text
    assert "waiting for another curator" not in page
    assert await Artwork.filter(status=Status.ACCEPTED).count() == 2


async def test_a_keeper_says_how_many_reviews(site: Gallery) -> None:
    client = await site.client(site.cast.keeper)
    assert select((await client.get("/desk/site")).text, "input[checked][value='1']")
    before = await ContentVersion.get_or_none(id=1)
    answered = await client.post("/desk/site/reviewing", data={"reviews_needed": "2", "sample_percent": "20"})
    assert (answered.status_code, answered.headers["location"]) == (303, "/desk/site")
    kept = await Site.get(id=1)
    assert (kept.reviews_needed, kept.changed_by_id) == (2, site.cast.keeper.id)
    after = await ContentVersion.get(id=1)
    assert after.number > (before.number if before else 0)
    for bad in ("", "3", "two"):
        answered = await client.post(
            "/desk/site/reviewing", data={"reviews_needed": bad, "sample_percent": "20"}
        )
        assert answered.status_code == 422
        assert "Please choose one of the two" in answered.text
    assert (await Site.get(id=1)).reviews_needed == 2


async def test_nobody_else_sets_the_site(site: Gallery) -> None:
    for person in (site.cast.curator, site.cast.partner):
        client = await site.client(person)
        assert (await client.get("/desk/site")).status_code == 404
        assert (
            await client.post("/desk/site/reviewing", data={"reviews_needed": "2", "sample_percent": "20"})
        ).status_code == 404
    assert not await Site.all().exists()


async def test_works_that_were_never_sent_have_no_opinions(site: Gallery) -> None:
    draft = await factories.artwork(site.storage, site.cast.organisation)
    assert not await Opinion.filter(submission__artwork=draft).exists()


PEOPLE = st.integers(1, 4)
SPOKEN = st.lists(st.tuples(PEOPLE, st.sampled_from(Decision)), max_size=12)


@given(SPOKEN)
def test_whatever_is_said_two_people_decide_and_nobody_twice(said: list[tuple[int, Decision]]) -> None:
    """A submission under any steps in any order: each step follows the rules."""
    voices: dict[int, Decision] = {}
    for person, decision in said:
        follows = effect_of_decision(voices, person, decision, 2)
        others = {each for who, each in voices.items() if who != person}
        if follows == DecisionEffect.DECIDED:
            assert others, "one person alone never decides"
            # Another curator decided the same, or two others disagreed and this is the third.
            assert decision in others or len(others) == 2
            return
        if follows == DecisionEffect.WAITS_FOR_ANOTHER:
            assert person not in voices
            voices[person] = decision
        elif follows == DecisionEffect.ALREADY_SPOKEN:
            assert list(voices) == [person]
        else:
            assert person in voices
            assert decision not in others
        assert len(voices) <= 2
        assert stage_of(voices) == [Stage.FIRST, Stage.SECOND, Stage.DISPUTED][len(voices)]
        if len(voices) == 2:
            assert len(set(voices.values())) == 2
            # Nobody is stuck: a third curator decides, and each of the two can join the other.
            assert all(effect_of_decision(voices, 9, each, 2) == DecisionEffect.DECIDED for each in Decision)
            one, other = voices
            assert effect_of_decision(voices, one, voices[other], 2) == DecisionEffect.DECIDED


@given(SPOKEN, PEOPLE, st.sampled_from(Decision))
def test_where_one_review_is_enough_anybody_decides(
    said: list[tuple[int, Decision]], person: int, decision: Decision
) -> None:
    assert effect_of_decision(dict(said), person, decision, 1) == DecisionEffect.DECIDED
