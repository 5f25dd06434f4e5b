"""The checks look at each picture of a work: near copies, alt texts, sizes; trust and undoing keep the rule."""

from __future__ import annotations

import pytest

from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Picture, Status, Submission
from gallery.artworks.submissions import propose
from gallery.artworks.works import text_values
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation, Trust
from gallery.reviews.acceptance import seen_keys
from gallery.reviews.decisions import DecisionRefused, accept
from gallery.reviews.hints import check_next_submission, check_submission
from gallery.reviews.models import HashBand, Hint, NearPair
from gallery.reviews.trust import needs_review
from gallery.reviews.undo import undo_review
from gallery.web.languages import use_language
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

HASHES = ("0123456789abcdef", "fedcba9876543210", "00ff00ff00ff00ff", "f0f0f0f00f0f0f0f")


async def book(site: Site, hashes: tuple[str, ...], status: Status = Status.SUBMITTED) -> Artwork:
    """A work with a picture for each perceptual hash."""
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    await factories.further_pictures(site.storage, work, len(hashes) - 1)
    ids = [work.image_id, *(each.image_id for each in work.later_pictures)]
    for id, code in zip(ids, hashes, strict=True):
        await Image.filter(id=id).update(perceptual_hash=code)
    return await Artwork.get(id=work.id)


async def keys_of(work: Artwork) -> list[str]:
    await work.fetch_related("image")
    await load_further_pictures([work])
    return list(seen_keys(work).values())


async def test_a_copy_of_any_page_is_noticed(site: Site) -> None:
    first = await book(site, HASHES[:2])
    await check_submission(await Submission.get(artwork_id=first.id))
    assert await HashBand.all().count() == 8
    second = await book(site, (HASHES[2], HASHES[1]))
    await check_submission(await Submission.get(artwork_id=second.id))
    (hint,) = await Hint.filter(artwork_id=second.id, check="duplicates")
    row = await Picture.get(artwork_id=second.id)
    assert hint.field == f"picture_{row.id}"
    pair = await NearPair.get()
    theirs = await Picture.get(artwork_id=first.id)
    assert {pair.earlier_image_id, pair.later_image_id} == {row.image_id, theirs.image_id}
    assert (await Hint.get(artwork_id=first.id, check="duplicates")).field == f"picture_{theirs.id}"
    curator = await site.client(site.cast.curator)
    assert "Picture 2" in (await curator.get(f"/desk/queue/{second.id}")).text
    assert (await curator.get(f"/desk/pairs/{pair.id}")).status_code == 200


async def test_each_alt_text_and_each_size_is_looked_at(site: Site) -> None:
    work = await book(site, HASHES[:3])
    second, third = await Picture.filter(artwork_id=work.id).order_by("position")
    await Picture.filter(id=second.id).update(alt_text=factories.in_zh("IMG_0001.jpg"))
    await Image.filter(id=third.image_id).update(width=500, height=400)
    await check_submission(await Submission.get(artwork_id=work.id))
    found = {(hint.field, hint.facts["rule"]) for hint in await Hint.filter(artwork_id=work.id)}
    assert {(f"alt_text_{second.id}", "file_name"), (f"picture_{third.id}", "tiny")} <= found


async def test_checks_wait_until_every_picture_is_prepared(site: Site) -> None:
    work = await book(site, HASHES[:2])
    row = await Picture.get(artwork_id=work.id)
    await Image.filter(id=row.image_id).update(state=ImageState.RECEIVED)
    assert not await check_next_submission(ChoreContext(site.settings, site.storage))
    await Image.filter(id=row.image_id).update(state=ImageState.READY)
    assert await check_next_submission(ChoreContext(site.settings, site.storage))


async def test_trust_leaves_several_pictures_to_a_curator(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(trust=Trust.AT_ONCE)
    one = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    several = await book(site, HASHES[:2])
    for work, needed in ((one, False), (several, True)):
        submission = await Submission.get(artwork_id=work.id)
        assert await needs_review(await Artwork.get(id=work.id), submission, "key") is needed


async def test_several_works_at_once_accept_none_with_several_pictures(site: Site) -> None:
    work = await book(site, HASHES[:2])
    submission = await Submission.get(artwork_id=work.id)
    curator = await site.client(site.cast.curator)
    answer = await curator.post("/desk/queue/decisions", data={"work": submission.id, "decision": "accepted"})
    assert "Please look at each picture" in answer.text
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


async def test_a_changed_page_must_be_seen_again(site: Site) -> None:
    work = await book(site, HASHES[:2])
    seen = await keys_of(work)
    row = await Picture.get(artwork_id=work.id)
    await Picture.filter(id=row.id).update(alt_text=factories.in_zh("另一句描述这一页的话"))
    with use_language("en"), pytest.raises(DecisionRefused, match="look at each picture"):
        await accept(work, await Submission.get(artwork_id=work.id), site.cast.curator, confirmed=seen)


async def test_a_proposal_changes_the_words_of_a_page_and_can_be_undone(site: Site) -> None:
    work = await book(site, HASHES[:2], Status.ACCEPTED)
    await load_further_pictures([work])
    row = await Picture.get(artwork_id=work.id)
    before = row.alt_text
    texts = {**text_values(work), f"alt_text_{row.id}": "一只白猫蹲在红色的屋顶上"}
    proposal = await propose(work, texts, site.cast.partner)
    assert (await Picture.get(id=row.id)).alt_text == before
    proposed = await Artwork.get(id=work.id)
    await proposed.fetch_related("image")
    await load_further_pictures([proposed])
    proposed.later_pictures[0].alt_text = type(before)({**before, "zh": "一只白猫蹲在红色的屋顶上"})
    confirmed = list(seen_keys(proposed).values())
    review = await accept(work, proposal, site.cast.curator, confirmed=confirmed)
    assert (await Picture.get(id=row.id)).alt_text["zh"] == "一只白猫蹲在红色的屋顶上"
    await undo_review(review, site.cast.curator)  # type: ignore[arg-type]
    assert (await Picture.get(id=row.id)).alt_text == before
