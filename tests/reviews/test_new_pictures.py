"""Another picture for an accepted work: the old one stays on view until a curator accepts the new one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gallery.artists.models import Consent, ConsentRequest
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.submissions import NotSubmittable, propose
from gallery.artworks.taking_back import take_back
from gallery.artworks.works import text_values
from gallery.clock import now
from gallery.db import content_version
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key, public_key
from gallery.reviews import decisions
from gallery.reviews.chores import delete_unused_candidates
from gallery.reviews.decisions import DecisionRefused
from gallery.reviews.hints import check_submission, current_hints
from gallery.reviews.models import Review
from gallery.reviews.undo import UndoRefused, undo_review
from gallery.web.models import Site as SiteRow
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

TALL = {"picture": ("better.jpg", factories.photograph(1000, 1400), "image/jpeg")}


async def shown(site: Site) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    return await Artwork.get(id=work.id).prefetch_related("image")


async def send(client: httpx.AsyncClient, work: Artwork, files: Any = TALL, **changed: str) -> httpx.Response:
    data = {**text_values(work), **changed}
    return await client.post(f"/desk/works/{work.id}/proposal", data=data, files=files)


async def proposed(site: Site, work: Artwork) -> tuple[Submission, Image]:
    """A new picture, sent and developed."""
    answer = await send(await site.client(site.cast.partner), work)
    assert answer.status_code == 303
    await site.work()
    submission = await Submission.get(artwork=work, is_waiting=True)
    return submission, await Image.get(id=submission.proposed_image_id)


async def let_time_pass(work: Artwork) -> None:
    await Review.filter(artwork=work).update(at=now() - timedelta(minutes=1))


async def originals(site: Site) -> set[str]:
    return {key async for key in site.storage.private.keys("originals")}


async def test_visitors_see_the_new_picture_once_it_is_accepted(site: Site) -> None:
    work = await shown(site)
    before = work.image
    assert before is not None
    partner, curator = await site.client(site.cast.partner), await site.client(site.cast.curator)
    visitor = await site.client()
    submission, fresh = await proposed(site, work)
    assert "The picture that you proposed" in (await partner.get(f"/desk/works/{work.id}")).text

    page = (await curator.get(f"/desk/queue/{work.id}")).text
    for image in (before, fresh):  # side by side
        assert f'src="/desk/images/{image.id}/320.jpg"' in page
    assert f"/desk/images/{fresh.id}/1000.jpg" in page  # and the new one large
    old, new = f"/media/{before.token}/640.jpg", f"/media/{fresh.token}/640.jpg"
    assert before.token in (await visitor.get(f"/zh/works/{work.public_id}")).text
    assert [(await visitor.get(path)).status_code for path in (old, new)] == [200, 404]

    seen = page.split('name="seen"')[1].split('value="')[1].split('"')[0]
    data = {"submission": str(submission.id), "decision": "accepted", "seen": seen}
    assert (await curator.post(f"/desk/queue/{work.id}", data=data)).status_code == 303
    await content_version.wait_for_propagation()
    shown_now = (await visitor.get(f"/zh/works/{work.public_id}")).text
    assert fresh.token in shown_now
    assert before.token not in shown_now
    assert [(await visitor.get(path)).status_code for path in (old, new)] == [404, 200]
    assert (await visitor.get(f"/iiif/{before.token}/info.json")).status_code == 404

    await site.work()
    assert not await site.storage.public.exists(public_key(before.token, "640.jpg"))
    assert not [key async for key in site.storage.public.keys(before.token)]
    assert (await Image.get(id=fresh.id)).has_tiles
    assert await Image.exists(id=before.id)  # for as long as the decision can be taken back
    await let_time_pass(work)
    await site.work()
    assert not await Image.exists(id=before.id)
    assert await originals(site) == {original_key(fresh.token)}


async def test_a_decision_taken_back_brings_the_old_picture_back(site: Site) -> None:
    work = await shown(site)
    submission, fresh = await proposed(site, work)
    review = await decisions.accept(work, submission, site.cast.curator)
    await site.work()
    await undo_review(review, site.cast.curator)
    await content_version.wait_for_propagation()
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    await site.work()
    assert (await Submission.get(id=submission.id)).is_waiting
    assert (await Image.get(id=fresh.id)).candidate_for_id == work.id
    assert (await Image.get(id=work.image_id)).is_public
    assert not (await Image.get(id=fresh.id)).is_public
    await decisions.accept(work, submission, site.cast.curator)
    assert (await Artwork.get(id=work.id)).image_id == fresh.id


async def test_a_decision_stands_once_the_old_picture_is_gone(site: Site) -> None:
    work = await shown(site)
    submission, fresh = await proposed(site, work)
    review = await decisions.accept(work, submission, site.cast.curator)
    await Image.filter(id=work.image_id).update(state=ImageState.ERASED)
    with pytest.raises(UndoRefused):
        await undo_review(review, site.cast.curator)
    assert (await Artwork.get(id=work.id)).image_id == fresh.id


@pytest.mark.parametrize("end", ["declined", "returned", "taken back"])
async def test_a_picture_that_is_not_taken_goes_and_the_old_one_stays(site: Site, end: str) -> None:
    work = await shown(site)
    assert work.image is not None
    submission, fresh = await proposed(site, work)
    if end == "declined":
        await decisions.decline(work, submission, site.cast.curator, "The colours are better in the old one.")
    elif end == "returned":
        await decisions.return_to_partner(work, submission, site.cast.curator, {"picture": "It is cut off."})
    else:
        await take_back(work, site.cast.partner)
    await let_time_pass(work)
    await site.work()
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert not await Image.exists(id=fresh.id)
    assert await originals(site) == {original_key(work.image.token)}
    assert (await (await site.client()).get(f"/media/{work.image.token}/640.jpg")).status_code == 200


async def test_a_picture_that_is_accepted_while_old_ones_are_forgotten_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision is made after the chore reads the candidate pictures, and before it reads the references
    to them.
    """
    work = await shown(site)
    submission, fresh = await proposed(site, work)
    reviews: list[Any] = []

    async def meeting(**values: Any) -> list[Submission]:
        if not reviews:
            reviews.append(await decisions.accept(work, submission, site.cast.curator))
        return await Submission.filter(**values)

    monkeypatch.setattr("gallery.reviews.chores.Submission", SimpleNamespace(filter=meeting))
    assert not await delete_unused_candidates(ChoreContext(site.settings, site.storage))
    assert reviews
    assert (await Artwork.get(id=work.id)).image_id == fresh.id
    assert (await Image.get(id=fresh.id)).state == ImageState.READY
    assert original_key(fresh.token) in await originals(site)


async def test_only_its_organisation_sends_one(site: Site) -> None:
    work = await shown(site)
    for person, status in ((site.cast.stranger, 404), (site.cast.curator, 404), (None, 303)):
        assert (await send(await site.client(person), work)).status_code == status
    assert await Image.all().count() == 1
    submission, fresh = await proposed(site, work)
    stranger = await site.client(site.cast.stranger)
    assert (await stranger.get(f"/desk/images/{fresh.id}/640.jpg")).status_code == 404
    await take_back(work, site.cast.partner)
    assert submission.id


async def test_what_is_no_picture_is_told_and_what_was_typed_is_kept(site: Site) -> None:
    work = await shown(site)
    client = await site.client(site.cast.partner)
    for content, sentence in ((b"<svg>", "cannot be shown"), (b"", "0 bytes"), (b"words", "not a picture")):
        answer = await send(client, work, {"picture": ("x.jpg", content, "image/jpeg")}, story="新的故事")
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "新的故事" in answer.text
    assert not await Submission.exists(artwork=work, is_waiting=True)
    # A good picture in a form with an error need not be sent again.
    answer = await send(client, work, date_made="1200")
    assert answer.status_code == 422
    token = (await Image.get(id__not=work.image_id)).token
    assert f'name="image" value="{token}"' in answer.text
    assert (await send(client, work, {"other": b""}, image=token)).status_code == 303
    submission = await Submission.get(artwork=work, is_waiting=True)
    assert (await Image.get(id=submission.proposed_image_id)).token == token


async def test_it_waits_until_the_picture_is_ready_and_for_longer_than_a_day(site: Site) -> None:
    work = await shown(site)
    await send(await site.client(site.cast.partner), work)
    submission = await Submission.get(artwork=work, is_waiting=True)
    curator = await site.client(site.cast.curator)
    assert "being prepared" in (await curator.get(f"/desk/queue/{work.id}")).text
    with pytest.raises(DecisionRefused, match="being prepared"):
        await decisions.accept(work, submission, site.cast.curator)
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    await Image.filter(id=submission.proposed_image_id).update(created_at=now() - timedelta(days=9))
    await site.work()
    assert (await Image.get(id=submission.proposed_image_id)).state == ImageState.READY
    await decisions.accept(work, submission, site.cast.curator)


async def test_a_picture_that_belongs_elsewhere_is_refused(site: Site) -> None:
    work = await shown(site)
    other = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    foreign = await factories.image(site.storage, site.cast.elsewhere)
    texts = text_values(work)
    for image in (await Image.get(id=other.image_id), foreign):
        with pytest.raises(NotSubmittable) as refusal:
            await propose(work, texts, site.cast.partner, image)
        assert "picture" in refusal.value.missing
    assert not await Submission.exists(artwork=work, is_waiting=True)


async def test_a_withdrawal_deletes_the_new_picture_and_the_old_one(site: Site, tmp_path: Path) -> None:
    waiting, replaced = await shown(site), await shown(site)
    await proposed(site, waiting)
    submission, _fresh = await proposed(site, replaced)
    await decisions.accept(replaced, submission, site.cast.curator)
    for work in (waiting, replaced):
        work = await Artwork.get(id=work.id).prefetch_related("consent")
        assert work.consent is not None
        await withdraw(work.consent, site.storage)
    assert [stored async for stored in site.storage.private.files()] == []
    assert [stored async for stored in site.storage.public.files()] == []
    await site.work()
    assert set(await Image.all().values_list("state", flat=True)) == {ImageState.ERASED}


async def test_of_two_who_have_to_agree_the_first_changes_no_picture(site: Site) -> None:
    work = await shown(site)
    submission, fresh = await proposed(site, work)
    await SiteRow.create(id=1, reviews_needed=2)
    await decisions.accept(work, submission, site.cast.curator)
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert (await Image.get(id=fresh.id)).candidate_for_id == work.id
    assert (await Image.get(id=work.image_id)).candidate_for_id is None
    await site.work()
    await decisions.accept(work, submission, site.cast.keeper)
    assert (await Artwork.get(id=work.id)).image_id == fresh.id
    assert (await Image.get(id=work.image_id)).candidate_for_id == work.id


async def test_a_picture_that_the_family_did_not_see_has_a_hint(site: Site) -> None:
    work = await shown(site)
    assert work.image is not None
    times: dict[str, Any] = dict.fromkeys(("asked_at", "expires_at", "answered_at"), now())
    consent = await Consent.get(id=work.consent_id)
    request = await ConsentRequest.create(
        artist_id=consent.artist_id, consent=consent, seed="s", code_hash="h", **times
    )
    await ConsentRequest.filter(id=request.id).update(seen_files=[work.image.source_sha256])
    submission, fresh = await proposed(site, work)
    curator = await site.client(site.cast.curator)
    assert "it has not seen this picture" in (await curator.get(f"/desk/queue/{work.id}")).text
    await ConsentRequest.filter(id=request.id).update(seen_files=[fresh.source_sha256])
    await check_submission(submission)
    assert "it has not seen this picture" not in (await curator.get(f"/desk/queue/{work.id}")).text


async def test_hints_are_about_the_picture_that_is_proposed(site: Site) -> None:
    work = await shown(site)
    small = {"picture": ("small.jpg", factories.photograph(700, 500), "image/jpeg")}
    await send(await site.client(site.cast.partner), work, small)
    await site.work()
    submission = await Submission.get(artwork=work, is_waiting=True)
    assert "small" in {
        hint.facts["rule"] for hint in await current_hints(submission) if hint.check == "picture"
    }
