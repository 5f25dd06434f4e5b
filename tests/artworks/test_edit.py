"""Changing and deleting works: allowed only for drafts and returned works."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.images.models import Image
from gallery.images.renditions import PREVIEW_NAME
from gallery.images.storage_keys import original_key, rendition_key
from gallery.reviews.models import Decision, Review
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.artworks.forms import save, shown_fields
from tests.conftest import Site
from tests.markup import attributes, text_in

PICTURE = {"picture": ("photo.jpg", factories.photograph(), "image/jpeg")}


async def returned(site: Site, notes: dict[str, str]) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.RETURNED)
    await Review.create(
        artwork=work,
        submission=await Submission.get(artwork=work),
        by=site.cast.curator,
        at=now(),
        decision=Decision.RETURNED,
        reason="Nearly there.",
        notes=notes,
    )
    return work


async def test_a_form_sent_back_untouched_changes_nothing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    before = (await Artwork.filter(id=work.id).values())[0]
    client = await site.client(site.cast.colleague)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    assert (await save(client, work, fields)).status_code == 303
    after = (await Artwork.filter(id=work.id).values())[0]
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert await work.themes.all().count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_notes_stand_at_the_fields_and_it_can_be_submitted_again(site: Site) -> None:
    work = await returned(site, {"story": "Who is in it?", "alt_text": "Say what the bowl is like."})
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert "Nearly there." in page
    assert text_in(page, "#story-note") == "Who is in it?"
    assert text_in(page, "#alt_text-note") == "Say what the bowl is like."
    fields = {**shown_fields(page), "story": "一家四口。", "then": "submit"}
    assert (await save(client, work, fields)).status_code == 303
    await work.refresh_from_db()
    assert (work.status, work.story) == (Status.SUBMITTED, "一家四口。")
    assert await Submission.filter(artwork=work).order_by("number").values_list("number", flat=True) == [1, 2]
    history = (await client.get(f"/desk/works/{work.id}")).text
    assert history.index("Nearly there.") > history.index("The work's history")
    assert "Who is in it?" in history


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_returned_work_may_come_back_after_the_call_closed(site: Site) -> None:
    work = await returned(site, {})
    await (
        (await work.themes.all().first())
        .update_from_dict({"call_closes_on": factories.days_from_now(-1)})
        .save()
    )
    client = await site.client(site.cast.partner)
    assert (await client.post(f"/desk/works/{work.id}/submissions")).status_code == 303
    await work.refresh_from_db()
    assert work.status == Status.SUBMITTED


async def test_a_draft_needs_an_open_call(site: Site) -> None:
    closed = await factories.theme(call_closes_on=factories.days_from_now(-1))
    work = await factories.artwork(site.storage, site.cast.organisation, themes=[closed])
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/submissions")
    assert answer.status_code == 422
    assert attributes(answer.text, "li > a[href^='#']", "href") == ["#themes-0"]


async def test_submitting_twice_makes_one_submission(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    answers = [await client.post(f"/desk/works/{work.id}/submissions") for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert await Submission.filter(artwork=work).count() == 1
    assert "submitted already" in (await client.get(f"/desk/works/{work.id}")).text


async def test_a_new_picture_replaces_the_old_one(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    old = await Image.get(id=work.image_id)
    client = await site.client(site.cast.partner)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    assert (await save(client, work, fields, **PICTURE)).status_code == 303
    await work.refresh_from_db()
    new = await Image.get()
    assert work.image_id == new.id != old.id
    assert [key async for key in site.storage.private.keys("renditions")] == [
        rendition_key(new.token, PREVIEW_NAME)
    ]
    assert [key async for key in site.storage.private.keys("originals")] == [original_key(new.token)]


async def test_a_mistake_keeps_the_new_picture_beside_the_old(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    answer = await save(client, work, {**fields, "date_made": "3000"}, **PICTURE)
    assert answer.status_code == 422
    again = shown_fields(answer.text)
    assert again["date_made"] == "3000"
    assert (await save(client, work, {**again, "date_made": "2021"})).status_code == 303
    await work.refresh_from_db()
    assert work.year == 2021
    assert (await Image.get()).token == again["image"]


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN])
async def test_what_is_not_theirs_to_change_any_more(site: Site, status: Status) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    client = await site.client(site.cast.partner)
    assert (await client.get(f"/desk/works/{work.id}/edit")).headers["location"] == f"/desk/works/{work.id}"
    late = await save(client, work, {"language": "zh", "title": "other", "story": "Typed too late."})
    assert late.status_code == (303 if status == Status.WITHDRAWN else 422)
    if status != Status.WITHDRAWN:
        assert "What you typed is still here" in late.text
        assert 'value="other"' in late.text
        assert ">Typed too late.</textarea>" in late.text.replace("\r\n", "")
    assert (await client.post(f"/desk/works/{work.id}/deletion")).status_code == 303
    kept = await Artwork.get(id=work.id)
    assert (kept.title, kept.status) == (work.title, status)


async def test_what_was_typed_too_late_is_proposed_or_saved_once_it_can_be(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    client = await site.client(site.cast.partner)
    late = await save(client, work, {"language": "zh", "title": "other"})
    assert f'action="/desk/works/{work.id}/edit"' in late.text
    await client.post(f"/desk/works/{work.id}/taking-back")
    fields = {"seen": late.text.split('name="seen" value="')[1].split('"')[0], "title": "other"}
    assert (await save(client, work, {"language": "zh", **fields})).status_code == 303
    assert (await Artwork.get(id=work.id)).title == "other"
    await Artwork.filter(id=work.id).update(status=Status.ACCEPTED)
    late = await save(client, work, {"language": "zh", "title": "a third"})
    assert f'action="/desk/works/{work.id}/proposal"' in late.text
    assert 'value="a third"' in late.text


async def test_deleting_a_draft_takes_its_picture_along(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/deletion")
    assert answer.headers["location"] == "/desk/works"
    assert await Artwork.all().count() == await Image.all().count() == 0
    assert [key async for key in site.storage.private.keys("originals")] == []


async def test_a_consent_withdrawn_meanwhile_stops_the_submission(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    await work.fetch_related("consent")
    assert work.consent
    await withdraw(work.consent, site.storage)
    await save(client, work, {**fields, "then": "submit"})
    assert (await Artwork.get(id=work.id)).status == Status.WITHDRAWN
    assert await Submission.all().count() == 0


@pytest.mark.parametrize("who", ["stranger", "curator", "keeper"])
async def test_others_find_nothing(site: Site, who: str) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(getattr(site.cast, who))
    answers = [
        await client.get(f"/desk/works/{work.id}"),
        await client.get(f"/desk/works/{work.id}/edit"),
        await save(client, work, {"title": "theirs"}),
        await client.post(f"/desk/works/{work.id}/submissions"),
        await client.post(f"/desk/works/{work.id}/deletion"),
    ]
    assert {each.status_code for each in answers} == {404}


@pytest.mark.engines("sqlite", "postgresql")
async def test_previews_are_for_members_and_curators(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="submitted")
    path = f"/desk/images/{work.image_id}/320.webp"
    for who, status in [("colleague", 200), ("curator", 200), ("stranger", 404)]:
        assert (await (await site.client(getattr(site.cast, who))).get(path)).status_code == status, who
    assert (await (await site.client()).get(path)).status_code == 303
    client = await site.client(site.cast.partner)
    for name in ("321.webp", "320.svg", "..%2F..%2Foriginals"):
        assert (await client.get(f"/desk/images/{work.image_id}/{name}")).status_code == 404, name
