"""A curator who opens a work holds it; a decision on a work that has changed since shows the changes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.snapshots import (
    diff_passages,
    field_changes,
    snapshot_fields,
    snapshot_of,
)
from gallery.clock import now
from gallery.reviews.decisions import UnderReviewByAnother, accept
from gallery.reviews.holds import PING_LEASE, release, take_hold
from gallery.reviews.models import Hold, Review
from gallery.web.edit_conflicts import changed_since, read_digests, seen_field
from tests.conftest import Site
from tests.factories import in_zh
from tests.reviews.submissions import work_with_submission

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_whoever_looks_first_decides(site: Site) -> None:
    work, submission = await work_with_submission(site)
    first, second = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    assert "is looking at this work right now" not in (await first.get(f"/desk/queue/{work.id}")).text
    page = (await second.get(f"/desk/queue/{work.id}")).text
    assert "curator is looking at this work right now" in page
    assert 'value="accepted"' not in page
    assert "curator is looking at it" in (await second.get("/desk/queue")).text
    data = {"submission": str(submission.id), "decision": "accepted", "reason": "Kept."}
    answer = await second.post(f"/desk/queue/{work.id}", data=data)
    assert answer.status_code == 422
    assert "Kept." in answer.text
    assert (await first.post(f"/desk/queue/{work.id}", data=data)).status_code == 303
    assert (await Review.get(artwork=work)).by_id == site.cast.curator.id
    assert not await Hold.all().exists()


async def test_a_lease_ends_by_itself(site: Site) -> None:
    work, submission = await work_with_submission(site)
    await take_hold(work, site.cast.curator)
    with pytest.raises(UnderReviewByAnother, match="curator is looking at"):
        await accept(work, submission, site.cast.keeper)
    await Hold.all().update(until=now() - timedelta(seconds=1))
    assert (await take_hold(work, site.cast.keeper)).person_id == site.cast.keeper.id
    await accept(work, submission, site.cast.keeper)


async def test_of_two_at_once_one_holds(site: Site) -> None:
    work, _submission = await work_with_submission(site)
    people = (site.cast.curator, site.cast.keeper)
    holds = await asyncio.gather(*(take_hold(work, person) for person in people))
    assert len({hold.person_id for hold in holds}) == 1
    assert await Hold.all().count() == 1


async def test_the_page_renews_and_lets_go(site: Site) -> None:
    work, submission = await work_with_submission(site)
    first, second = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    seen = await seen_in(work)
    await first.get(f"/desk/queue/{work.id}")
    payload = (await first.post(f"/desk/queue/{work.id}/hold", data={"seen": seen})).json()
    assert payload == {"holder": None, "is_waiting": True, "changed": False}
    assert (await Hold.get(artwork=work)).until <= now() + PING_LEASE
    payload = (await second.post(f"/desk/queue/{work.id}/hold", data={"seen": seen})).json()
    assert payload["holder"] == "curator"
    assert (await second.post(f"/desk/queue/{work.id}/hold", data={"leave": "1"})).status_code == 204
    assert await Hold.exists(artwork=work)  # it was not their hold to release
    await first.post(f"/desk/queue/{work.id}/hold", data={"leave": "1"})
    assert not await Hold.exists(artwork=work)
    await Artwork.filter(id=work.id).update(title=in_zh("Another"))
    assert (await first.post(f"/desk/queue/{work.id}/hold", data={"seen": seen})).json()["changed"]
    await accept(work, submission, site.cast.curator)
    payload = (await first.post(f"/desk/queue/{work.id}/hold", data={"seen": "nonsense"})).json()
    assert (payload["is_waiting"], payload["changed"]) == (False, True)


async def test_partners_hold_nothing(site: Site) -> None:
    work, _submission = await work_with_submission(site)
    client = await site.client(site.cast.partner)
    assert (await client.post(f"/desk/queue/{work.id}/hold", data={})).status_code == 404
    assert (await client.post(f"/desk/queue/{work.id}/deferral")).status_code == 404
    assert not await Hold.all().exists()


async def test_a_page_loaded_ahead_holds_nothing(site: Site) -> None:
    work, _submission = await work_with_submission(site)
    client = await site.client(site.cast.curator)
    await client.get(f"/desk/queue/{work.id}", headers={"sec-purpose": "prefetch"})
    assert not await Hold.all().exists()


async def test_letting_go_of_what_one_does_not_hold_is_no_error(site: Site) -> None:
    work, _submission = await work_with_submission(site)
    await release(work, site.cast.curator)


async def snapshot(work: Artwork) -> dict[str, str]:
    found = await Artwork.get(id=work.id).prefetch_related("artist", "consent", "project", "themes")
    return snapshot_of(found)


async def seen_in(work: Artwork) -> str:
    """The field `seen` of a page that shows the work as it is now."""
    shown = await snapshot(work)
    return seen_field(shown, snapshot_fields(shown))


async def test_a_decision_on_what_changed_is_refused_with_what_changed(site: Site) -> None:
    work, submission = await work_with_submission(site, story="他爱画画。")
    client = await site.client(site.cast.curator)
    seen = await seen_in(work)
    await work.fetch_related("project")
    assert work.project is not None
    work.project.link = "https://example.org/elsewhere"
    await work.project.save()
    await Artwork.filter(id=work.id).update(story=in_zh("她爱画画。"))
    data = {"submission": str(submission.id), "seen": seen, "decision": "accepted", "reason": "Kept."}
    answer = await client.post(f"/desk/queue/{work.id}", data=data)
    assert answer.status_code == 422
    assert "What changed in the meantime" in answer.text
    assert "<del>他</del><ins>她</ins>爱画画。" in answer.text
    assert "<ins>elsewhere</ins>" in answer.text
    assert "Kept." in answer.text
    assert not await Review.all().exists()
    again = await seen_in(work)
    assert f'value="{again}"' in answer.text
    assert (await client.post(f"/desk/queue/{work.id}", data={**data, "seen": again})).status_code == 303


async def test_a_work_sent_again_tells_field_by_field(site: Site) -> None:
    work, first = await work_with_submission(site, title="旧名")
    await Artwork.filter(id=work.id).update(title=in_zh("新名"))
    await Submission.create(artwork=work, number=2, at=now(), sent=await snapshot(work))
    client = await site.client(site.cast.curator)
    data = {"submission": str(first.id), "decision": "accepted"}
    answer = await client.post(f"/desk/queue/{work.id}", data=data)
    assert answer.status_code == 422
    assert "<del>旧</del><ins>新</ins>名" in answer.text
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


def test_changes_are_told_in_the_order_of_the_form() -> None:
    before = dict.fromkeys(snapshot_fields(), "a")
    after = {**before, "themes": "b", "title": "c"}
    assert [change.field for change in field_changes(before, after)] == ["title", "themes"]
    seen = read_digests(seen_field(before, snapshot_fields()))
    assert changed_since(seen, after, snapshot_fields()) == ["title", "themes"]
    assert changed_since(seen, before, snapshot_fields()) == []
    for nonsense in ("", "x" * 8 * len(snapshot_fields()), "abc"):
        assert changed_since(read_digests(nonsense), before, snapshot_fields()) == snapshot_fields()


def test_passages_lead_from_one_text_to_the_other() -> None:
    before, after = "妈妈和他画画 with crayon.", "妈妈陪他画画 with wax crayon."
    found = diff_passages(before, after)
    assert "".join(text for kind, text in found if kind != "new") == before
    assert "".join(text for kind, text in found if kind != "gone") == after
    assert ("gone", "和") in found
