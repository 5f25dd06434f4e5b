"""Changes to accepted works: reviewed as a difference, while the accepted version stays on view."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.db import content_version
from gallery.reviews import decisions
from gallery.reviews.models import Review
from gallery.reviews.undo import undo_review
from tests import factories
from tests.conftest import Site
from tests.reviews.works import propose, work_on_view


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_change_is_seen_by_visitors_once_it_is_accepted(site: Site) -> None:
    work, page = await work_on_view(site)
    partner, curator, visitor = (
        await site.client(site.cast.partner),
        await site.client(site.cast.curator),
        await site.client(),
    )
    assert "Propose a change" in (await partner.get(f"/desk/works/{work.id}")).text
    answer = await propose(partner, work, story="奶奶画的。")
    assert answer.status_code == 303
    assert "is with the curators" in (await partner.get(f"/desk/works/{work.id}")).text
    assert "外婆画的。" in (await visitor.get(page)).text
    assert "Change to an accepted work" in (await curator.get("/desk/queue")).text
    looked_at = (await curator.get(f"/desk/queue/{work.id}")).text
    assert "<del>外婆</del><ins>奶奶</ins>画的。" in looked_at
    submission = await Submission.filter(artwork=work).order_by("-number").first()
    assert submission is not None
    data = {"submission": str(submission.id), "decision": "accepted"}
    assert (await curator.post(f"/desk/queue/{work.id}", data=data)).status_code == 303
    await content_version.wait_for_propagation()
    assert "奶奶画的。" in (await visitor.get(page)).text
    await undo_review(await Review.get(submission=submission), site.cast.curator)
    await content_version.wait_for_propagation()
    assert "外婆画的。" in (await visitor.get(page)).text
    assert (await Submission.get(id=submission.id)).is_waiting


async def test_a_change_that_is_declined_leaves_the_work_as_it_was(site: Site) -> None:
    work, page = await work_on_view(site)
    partner = await site.client(site.cast.partner)
    await propose(partner, work, title="改名")
    submission = await Submission.get(artwork=work, is_waiting=True)
    await decisions.decline(work, submission, site.cast.curator, "The old name is better.")
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    assert work.title in (await (await site.client()).get(page)).text
    assert "The old name is better." in (await partner.get(f"/desk/works/{work.id}")).text


async def test_only_its_organisation_proposes(site: Site) -> None:
    work, _page = await work_on_view(site)
    for person, status in ((site.cast.stranger, 404), (site.cast.curator, 404), (None, 303)):
        client = await site.client(person)
        assert (await propose(client, work, title="改名")).status_code == status
        assert (await client.get(f"/desk/works/{work.id}/proposal")).status_code == status
    assert not await Submission.exists(artwork=work, is_waiting=True)


async def test_what_is_wrong_comes_back_with_what_was_typed(site: Site) -> None:
    work, _page = await work_on_view(site)
    client = await site.client(site.cast.partner)
    for changed, sentence in (
        ({"alt_text": "", "story": "新的故事"}, "describe the picture"),
        ({"date_made": "1200", "story": "新的故事"}, "write a date from"),
        ({"title": "x" * 121, "story": "新的故事"}, "121 characters"),
    ):
        answer = await propose(client, work, **changed)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "新的故事" in answer.text
    assert not await Submission.exists(artwork=work, is_waiting=True)


@pytest.mark.engines("sqlite", "postgresql")
async def test_one_change_at_a_time_and_only_real_ones(site: Site) -> None:
    work, _page = await work_on_view(site)
    work = await Artwork.get(id=work.id)
    client = await site.client(site.cast.partner)
    same = {"alt_text_translation": work.alt_text_translation, "medium_translation": work.medium_translation}
    assert "Nothing is different" in (await propose(client, work, **same)).text
    await propose(client, work, title="一")
    second = await propose(client, work, title="二")
    assert second.status_code == 422
    assert "The curators already have a change" in second.text
    assert 'value="二"' in second.text  # the typed text is still there
    assert (await Submission.get(artwork=work, is_waiting=True)).sent["title"] == "一"
    draft = await factories.artwork(site.storage, site.cast.organisation)
    assert (await propose(client, draft, title="三")).headers["location"] == f"/desk/works/{draft.id}"
    assert not await Submission.exists(artwork=draft)
