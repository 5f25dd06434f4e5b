"""A work with several pictures at the desk: added, described, ordered, framed, removed, submitted."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status, Submission, further_pictures_in
from gallery.images.models import Image, ImageState
from tests import factories
from tests.artworks.forms import files, shown_fields
from tests.conftest import Site
from tests.markup import attributes, form_fields, select, text_in, texts_in


def page(number: int) -> bytes:
    """A picture like no other."""
    return factories.photograph(700 + number, 620)


async def draft(site: Site, pages: int = 1, **values: Any) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, **values)
    if pages > 1:
        await factories.further_pictures(site.storage, work, pages - 1)
    return work


async def images_of(work: Artwork) -> list[int | None]:
    """The ids of the work's images, in the order of its pictures."""
    held = await Artwork.get(id=work.id)
    further = await Picture.filter(artwork_id=work.id).order_by("position", "id")
    assert held.more_pictures == len(further)
    return [held.image_id, *(each.image_id for each in further)]


@pytest.mark.engines("sqlite", "postgresql")
async def test_pictures_are_added_described_and_submitted(site: Site) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    saved = await client.post(f"/desk/works/{work.id}/edit", data={**shown_fields(form), "then": "pictures"})
    address = f"/desk/works/{work.id}/pictures"
    assert saved.headers["location"] == address
    assert select((await client.get(address)).text, "input[type=file][name=pictures][multiple]")
    answer = await client.post(address, files=files(page(1), page(2)))
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert len(await images_of(work)) == 3

    refused = await client.post(f"/desk/works/{work.id}/submissions")
    assert refused.status_code == 422
    second, third = await Picture.filter(artwork_id=work.id).order_by("position")
    assert "Please describe this picture, too" in text_in(refused.text, f"#alt_text_{second.id}-error")
    described = {
        f"alt_text_{second.id}": "猫坐在窗前，外面下着雪",
        f"alt_text_{second.id}[en]": "A cat sits at the window",
        f"alt_text_{second.id}[bo]": "ཞི་མི",
        f"caption_{second.id}": "第二页",
        f"alt_text_{third.id}": "猫睡在一只碗里",
    }
    sent = await client.post(
        f"/desk/works/{work.id}/edit", data={**shown_fields(refused.text), **described, "then": "submit"}
    )
    assert sent.status_code == 303
    second = await Picture.get(id=second.id)
    assert dict(second.alt_text) == {
        "zh": "猫坐在窗前，外面下着雪",
        "en": "A cat sits at the window",
        "bo": "ཞི་མི",
    }
    submission = await Submission.get(artwork_id=work.id)
    assert further_pictures_in(submission.sent) == {
        second.id: second.image_id,
        third.id: third.image_id,
    }
    assert submission.sent[f"alt_text_{third.id}"] == "猫睡在一只碗里"
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


async def test_their_texts_are_saved_during_typing(site: Site) -> None:
    work, client = await draft(site, 3), await site.client(site.cast.partner)
    second, third = await Picture.filter(artwork_id=work.id).order_by("position")
    window = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    typed = {
        f"alt_text_{second.id}": "一只黑猫坐在墙上",
        "caption": "封面",
        f"caption_{third.id}[en]": "Back",
    }
    answer = await client.post(f"/desk/works/{work.id}/typing", data={**window, **typed})
    assert answer.status_code == 200
    assert (await Picture.get(id=second.id)).alt_text["zh"] == "一只黑猫坐在墙上"
    assert (await Picture.get(id=second.id)).caption["zh"] == second.caption["zh"]
    assert (await Picture.get(id=third.id)).caption["en"] == "Back"
    assert (await Artwork.get(id=work.id)).caption["zh"] == "封面"
    # A window that was opened before the picture was removed loses nothing else, and brings nothing back.
    await client.post(f"/desk/works/{work.id}/pictures/{second.id}/deletion")
    answer = await client.post(
        f"/desk/works/{work.id}/typing", data={**window, f"alt_text_{second.id}": "x", "title": "新的题目"}
    )
    held = await Artwork.get(id=work.id)
    assert (answer.status_code, held.own("title"), held.unfinished) == (200, "新的题目", {})


async def test_the_order_changes_with_buttons_and_texts_stay_with_their_pictures(site: Site) -> None:
    work, client = await draft(site, 4), await site.client(site.cast.partner)
    a, b, c, d = await images_of(work)
    alt_of: dict[Any, Any] = {a: work.alt_text}
    alt_of |= {each.image_id: each.alt_text for each in await Picture.filter(artwork_id=work.id)}

    async def press(image: int | None, then: str) -> list[int | None]:
        row = await Picture.get_or_none(image_id=image)
        address = f"/desk/works/{work.id}/pictures/{row.id if row else 0}/place"
        assert (await client.post(address, data={"then": then})).status_code == 303
        held = await Artwork.get(id=work.id)
        assert held.alt_text == alt_of[held.image_id]
        for each in await Picture.filter(artwork_id=work.id):
            assert each.alt_text == alt_of[each.image_id]
        return await images_of(work)

    assert await press(d, "up") == [a, b, d, c]
    assert await press(b, "up") == [b, a, d, c]
    assert await press(b, "down") == [a, b, d, c]
    assert await press(c, "first") == [c, a, b, d]
    assert await press(c, "up") == [c, a, b, d]
    assert await press(d, "down") == [c, a, b, d]
    assert await press(c, "nonsense") == [c, a, b, d]


async def test_the_first_picture_can_be_removed(site: Site) -> None:
    work, client = await draft(site, 2), await site.client(site.cast.partner)
    first, second = await images_of(work)
    assert (await client.post(f"/desk/works/{work.id}/pictures/0/deletion")).status_code == 303
    assert await images_of(work) == [second]
    assert not await Image.exists(id=first)
    assert (await client.post(f"/desk/works/{work.id}/pictures/0/deletion")).status_code == 303
    held = await Artwork.get(id=work.id)
    assert (held.image_id, held.alt_text) == (None, {})
    assert (await client.get(f"/desk/works/{work.id}/pictures")).status_code == 200


async def test_the_same_picture_twice_gets_a_sentence(site: Site) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/pictures", files=files(page(1), page(1), page(2)))
    assert answer.status_code == 422
    assert "This picture is in the work already" in text_in(answer.text, ".notice-error")
    assert len(await images_of(work)) == 3
    assert await Image.all().count() == 3  # the refused one is deleted


async def test_the_25th_picture_gets_a_sentence(site: Site) -> None:
    work, client = await draft(site, MAX_PICTURES - 1), await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/pictures", files=files(page(1), page(2)))
    assert answer.status_code == 422
    assert "A work has at most 24 pictures" in text_in(answer.text, ".notice-error")
    assert len(await images_of(work)) == MAX_PICTURES
    assert not select(answer.text, "input[type=file]")


async def test_bad_files_each_get_a_sentence_and_the_good_ones_stay(site: Site) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/pictures", files=files(b"%PDF-1.7", b"", page(1)))
    assert answer.status_code == 422
    assert len(texts_in(answer.text, ".notice-error li")) == 2
    assert len(await images_of(work)) == 2
    nothing = await client.post(f"/desk/works/{work.id}/pictures", data={"x": "y"}, files={"o": b""})
    assert "Please choose one picture or more" in text_in(nothing.text, ".notice-error")


async def test_a_further_picture_is_turned_and_cropped(site: Site) -> None:
    work, client = await draft(site, 2), await site.client(site.cast.partner)
    row = await Picture.get(artwork_id=work.id)
    address = f"/desk/works/{work.id}/pictures/{row.id}/framing"
    assert (await client.get(address)).status_code == 200
    answer = await client.post(address, data={"turn": "90", "left": "10"})
    assert answer.status_code == 303
    turned = await Picture.get(id=row.id).select_related("image")
    assert (turned.image_id == row.image_id, turned.image.turn, turned.alt_text) == (False, 90, row.alt_text)
    assert not await Image.exists(id=row.image_id)
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert (await client.get(f"/desk/works/{work.id}/pictures/{row.id + 9}/framing")).status_code == 404


async def test_strangers_curators_and_other_works_change_nothing(site: Site) -> None:
    work, other = await draft(site, 2), await draft(site, 2)
    row = await Picture.get(artwork_id=work.id)
    for person in (site.cast.stranger, site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        assert (await client.get(f"/desk/works/{work.id}/pictures")).status_code == 404
        assert (await client.post(f"/desk/works/{work.id}/pictures", files=files(page(1)))).status_code == 404
        for what in ("place", "deletion", "framing"):
            address = f"/desk/works/{work.id}/pictures/{row.id}/{what}"
            assert (await client.post(address, data={"then": "up"})).status_code == 404
        assert (await client.get(f"/desk/images/{row.image_id}/320.jpg")).status_code == 404
    partner = await site.client(site.cast.partner)
    await partner.post(f"/desk/works/{other.id}/pictures/{row.id}/deletion")
    await partner.post(f"/desk/works/{other.id}/pictures/{row.id}/place", data={"then": "up"})
    assert len(await images_of(work)) == len(await images_of(other)) == 2


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ACCEPTED, Status.DECLINED])
async def test_pictures_of_a_sent_work_stay(site: Site, status: Status) -> None:
    work, client = await draft(site, 2, status=status), await site.client(site.cast.partner)
    before, row = await images_of(work), await Picture.get(artwork_id=work.id)
    await client.post(f"/desk/works/{work.id}/pictures", files=files(page(1)))
    await client.post(f"/desk/works/{work.id}/pictures/{row.id}/deletion")
    await client.post(f"/desk/works/{work.id}/pictures/{row.id}/place", data={"then": "up"})
    await client.post(f"/desk/works/{work.id}/pictures/{row.id}/framing", data={"turn": "90"})
    assert await images_of(work) == before
    assert await Image.all().count() == 2


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_sees_each_picture_and_confirms_each_alt_text(site: Site) -> None:
    work = await draft(site, 3, status=Status.SUBMITTED)
    curator = await site.client(site.cast.curator)
    review = f"/desk/queue/{work.id}"
    shown = (await curator.get(review)).text
    keys = attributes(shown, ".reviewed-pictures input[name=confirmed]", "value")
    assert len(keys) == len(set(keys)) == 3
    assert "第3页上有一只猫和3条鱼" in text_in(shown, "#reviewed-picture-3")
    for image in await images_of(work):
        assert (await curator.get(f"/desk/images/{image}/320.jpg")).status_code == 200
    form = form_fields(shown, "#review")
    fields = {**form, "decision": "accepted"}
    refused = await curator.post(review, data={**fields, "confirmed": keys[:2]})
    assert refused.status_code == 422
    assert "Please look at each picture" in refused.text
    assert (await curator.post(review, data={**fields, "confirmed": keys})).status_code == 303
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED


async def test_a_picture_that_is_not_ready_or_not_described_is_not_accepted(site: Site) -> None:
    work = await draft(site, 2, status=Status.SUBMITTED)
    row = await Picture.get(artwork_id=work.id)
    curator = await site.client(site.cast.curator)
    await Image.filter(id=row.image_id).update(state=ImageState.RECEIVED)
    assert "Picture 2: The picture is being prepared" in (await curator.get(f"/desk/queue/{work.id}")).text
    await Image.filter(id=row.image_id).update(state=ImageState.READY)
    await Picture.filter(id=row.id).update(alt_text=factories.in_zh(""))
    assert "Picture 2: There is no alt text" in (await curator.get(f"/desk/queue/{work.id}")).text


async def test_curators_see_the_pictures_of_a_returned_work_as_they_were_sent(site: Site) -> None:
    work = await draft(site, 3, status=Status.RETURNED)
    partner, curator = await site.client(site.cast.partner), await site.client(site.cast.curator)
    row = await Picture.filter(artwork_id=work.id).order_by("position").first()
    assert row is not None
    await partner.post(f"/desk/works/{work.id}/pictures", files=files(page(1)))
    await Picture.filter(id=row.id).update(alt_text=factories.in_zh("还没有写完的句子"))
    shown = (await curator.get(f"/desk/queue/{work.id}")).text
    assert len(select(shown, ".reviewed-pictures li")) == 3
    assert "还没有写完的句子" not in shown
    added = (await images_of(work))[-1]
    assert (await curator.get(f"/desk/images/{added}/preview.jpg")).status_code == 404
    await partner.post(f"/desk/works/{work.id}/pictures/{row.id}/deletion")
    assert len(select((await curator.get(f"/desk/queue/{work.id}")).text, ".reviewed-pictures li")) == 2


async def test_the_page_of_a_work_shows_all_pictures_and_walls_say_how_many(site: Site) -> None:
    work = await draft(site, 8, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work])
    visitor = await site.client()
    shown = (await visitor.get(f"/zh/works/{work.public_id}")).text
    leaves = select(shown, ".leaves > ol > li")
    assert len(leaves) == 8
    assert len(select(shown, ".leaf-strip a")) == 8
    assert "第3页上有一只猫和3条鱼" in attributes(shown, "#picture-3 img", "alt")
    assert len(select(shown, "a.look-closer[data-info]")) == 8
    english = (await visitor.get(f"/en/works/{work.public_id}")).text
    assert attributes(english, "#picture-3 .leaf-caption", "lang") == ["zh-Hans"]
    assert "Picture 1 of 8" in text_in(english, ".leaf-bar")
    wall = (await visitor.get(f"/en/exhibitions/{exhibition.slug}")).text
    assert text_in(wall, ".with-pictures") == "8 pictures"
    manifest = (await visitor.get(f"/iiif/works/{work.public_id}/manifest.json")).json()
    assert len(manifest["items"]) == len({each["id"] for each in manifest["items"]}) == 8
    assert manifest["items"][2]["label"] == {"zh-Hans": ["第3页"]}
    assert manifest["behavior"] == ["paged"]


async def test_a_work_with_one_picture_looks_as_before(site: Site) -> None:
    work = await draft(site, status=Status.ACCEPTED)
    await factories.exhibition([work])
    visitor = await site.client()
    shown = (await visitor.get(f"/en/works/{work.public_id}")).text
    assert select(shown, "figure.hero")
    assert not select(shown, ".leaves")
    assert "1 picture" not in shown
