"""The checks look at each picture of a work: near copies, alt texts, sizes; trust and undoing keep the rule."""

from __future__ import annotations

import pytest

from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status, Submission
from gallery.artworks.submissions import propose
from gallery.artworks.works import text_values
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation, Trust
from gallery.reviews.acceptance import seen_keys
from gallery.reviews.decisions import DecisionRefused, accept
from gallery.reviews.hints import check_next_submission, check_submission
from gallery.reviews.models import HashBand, Hint, NearPair, Review
from gallery.reviews.trust import needs_review
from gallery.reviews.undo import undo_review
from gallery.web.languages import use_language
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, form_fields, select, text_in, texts_in

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


async def propose_in_form(
    site: Site, work: Artwork, place: str, width: int = 777, **more: str
) -> tuple[int, Submission | None]:
    """Send the form of a proposal, with `width` > 0 with a new picture; returns the status of the answer."""
    partner = await site.client(site.cast.partner)
    address = f"/desk/works/{work.id}/proposal"
    form = form_fields((await partner.get(address)).text, 'form[enctype="multipart/form-data"]')
    picture = ("new.jpg", factories.photograph(width or 777, 620), "image/jpeg")
    files = {"picture": picture} if width else {"other": ("", b"", "text/plain")}
    answer = await partner.post(address, data={**form, "place": place, **more}, files=files)
    await site.work()
    return answer.status_code, await Submission.get_or_none(artwork_id=work.id, is_waiting=True)


async def decide(site: Site, work: Artwork) -> Review:
    """A curator confirms every picture on the page, and accepts."""
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    confirmed = attributes(page, ".reviewed-pictures input[name=confirmed]", "value")
    form = form_fields(page, "#review")
    answer = await curator.post(
        f"/desk/queue/{work.id}", data={**form, "decision": "accepted", "confirmed": confirmed}
    )
    assert answer.status_code == 303, answer.text
    return await Review.filter(artwork_id=work.id).order_by("-id").first()  # type: ignore[return-value]


async def images_of(work: Artwork) -> list[int | None]:
    held = await Artwork.get(id=work.id)
    further = await Picture.filter(artwork_id=work.id).order_by("position")
    assert held.more_pictures == len(further)
    return [held.image_id, *(each.image_id for each in further)]


async def test_a_proposal_adds_a_picture_and_can_be_undone(site: Site) -> None:
    work = await book(site, HASHES[:2], Status.ACCEPTED)
    before = await images_of(work)
    status, proposal = await propose_in_form(
        site, work, "new", **{"alt_text_0": "最后一页上有一只白鸽", "caption_0": "末页"}
    )
    assert (status, proposal is not None) == (303, True)
    assert proposal is not None
    assert await images_of(work) == before
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    assert len(select(page, ".reviewed-pictures li")) == 3
    assert "最后一页上有一只白鸽" in text_in(page, "#reviewed-picture-3")
    review = await decide(site, work)
    assert await images_of(work) == [*before, proposal.proposed_image_id]
    row = await Picture.get(image_id=proposal.proposed_image_id)
    assert (row.alt_text["zh"], row.caption["zh"]) == ("最后一页上有一只白鸽", "末页")
    assert (await Image.get(id=row.image_id)).candidate_for_id is None
    await undo_review(review, site.cast.curator)
    assert await images_of(work) == before
    assert (await Image.get(id=row.image_id)).candidate_for_id == work.id
    await decide(site, work)  # it waits again, and can be accepted again
    assert await images_of(work) == [*before, proposal.proposed_image_id]


async def test_a_proposal_replaces_any_picture(site: Site) -> None:
    work = await book(site, HASHES[:3], Status.ACCEPTED)
    first, second, third = await images_of(work)
    row = await Picture.get(image_id=second)
    _status, proposal = await propose_in_form(site, work, str(row.id))
    assert proposal is not None
    review = await decide(site, work)
    assert await images_of(work) == [first, proposal.proposed_image_id, third]
    assert (await Picture.get(id=row.id)).alt_text == row.alt_text
    assert (await Image.get(id=second or 0)).candidate_for_id == work.id
    await undo_review(review, site.cast.curator)
    assert await images_of(work) == [first, second, third]


async def test_one_proposal_adds_removes_and_orders_pictures(site: Site) -> None:
    work = await book(site, HASHES, Status.ACCEPTED)
    first, second, third, fourth = before = await images_of(work)
    rows = {each.image_id: each for each in await Picture.filter(artwork_id=work.id)}
    _status, proposal = await propose_in_form(
        site,
        work,
        "new",
        **{
            "alt_text_0": "最后一页上有一只白鸽",
            f"number_{rows[second or 0].id}": "removed",
            f"number_{rows[fourth or 0].id}": "3",
        },
    )
    assert proposal is not None
    assert await images_of(work) == before
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    assert texts_in(page, ".side-by-side figcaption span:first-child") == ["Would be removed", "Proposed"]
    assert len(select(page, ".reviewed-pictures li")) == 4
    review = await decide(site, work)
    assert await images_of(work) == [first, fourth, third, proposal.proposed_image_id]
    assert (await Image.get(id=second or 0)).candidate_for_id == work.id
    await undo_review(review, site.cast.curator)
    assert await images_of(work) == before
    restored = await Picture.get(image_id=second)
    assert (restored.id, restored.alt_text) == (rows[second or 0].id, rows[second or 0].alt_text)


async def test_an_order_alone_is_a_change_and_a_wrong_one_none(site: Site) -> None:
    work = await book(site, HASHES[:3], Status.ACCEPTED)
    first, second, third = await images_of(work)
    row = await Picture.get(image_id=second)
    for wrong in ("1", "9", "x"):
        assert await propose_in_form(site, work, "0", 0, **{f"number_{row.id}": wrong}) == (422, None)
    assert await propose_in_form(site, work, "0", 0) == (422, None)  # nothing is different
    status, proposal = await propose_in_form(site, work, "0", 0, **{f"number_{row.id}": "3"})
    assert (status, proposal is not None) == (303, True)
    await decide(site, work)
    assert await images_of(work) == [first, third, second]


async def test_a_proposed_picture_goes_with_the_withdrawal(site: Site) -> None:
    work = await book(site, HASHES[:2], Status.ACCEPTED)
    _status, proposal = await propose_in_form(site, work, "new", **{"alt_text_0": "最后一页上有一只白鸽"})
    assert proposal is not None
    image = await Image.get(id=proposal.proposed_image_id or 0)
    await work.fetch_related("consent")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    assert not [each.key async for each in site.storage.private.files() if image.token in each.key]
    assert (await Image.get(id=image.id)).state == ImageState.ERASED


async def test_what_cannot_be_added_gets_a_sentence(site: Site) -> None:
    work = await book(site, HASHES[:2], Status.ACCEPTED)
    status, proposal = await propose_in_form(site, work, "new")
    assert (status, proposal) == (422, None)  # it is not described
    status, proposal = await propose_in_form(site, work, "999999", **{"alt_text_0": "x"})
    assert (status, proposal) == (422, None)
    await Picture.filter(artwork_id=work.id).delete()
    await factories.further_pictures(site.storage, work, MAX_PICTURES - 1)
    status, proposal = await propose_in_form(site, work, "new", **{"alt_text_0": "最后一页上有一只白鸽"})
    assert (status, proposal) == (422, None)


async def test_a_work_with_one_picture_gets_a_second_one(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    _status, proposal = await propose_in_form(site, work, "new", **{"alt_text_0": "背面写着一个福字"})
    assert proposal is not None
    await decide(site, work)
    assert await images_of(work) == [work.image_id, proposal.proposed_image_id]
