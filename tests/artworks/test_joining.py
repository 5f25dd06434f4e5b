"""Many pictures at once: which belong together is chosen afterwards, and can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status
from gallery.images.models import Image
from tests import factories
from tests.artworks.forms import files
from tests.conftest import Site
from tests.markup import select, text_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def drafts(site: Site, count: int, **values: Any) -> list[Artwork]:
    """Drafts as they arrive: a picture each, like no other, and no words."""
    organisation = values.pop("organisation", site.cast.organisation)
    made = []
    for n in range(count):
        image = await factories.image(site.storage, organisation, source_sha256=f"{n:064d}")
        words = {"alt_text": factories.in_zh(f"第{n}张画着一只猫"), **values}
        made.append(
            await Artwork.create(
                organisation=organisation, created_by=site.cast.partner, image=image, **words
            )
        )
    return made


async def images_of(work: Artwork) -> list[int | None]:
    further = await Picture.filter(artwork_id=work.id).order_by("position")
    return [(await Artwork.get(id=work.id)).image_id, *(each.image_id for each in further)]


async def test_eight_drafts_become_one_work_and_eight_again(site: Site) -> None:
    client = await site.client(site.cast.partner)
    pages = [factories.photograph(700 + n, 620) for n in range(8)]
    await client.post("/desk/works/many", files=files(*pages))
    works = await Artwork.all().order_by("id")
    await Artwork.filter(id=works[0].id).update(title=factories.in_zh("绘本"))
    await Artwork.filter(id=works[3].id).update(alt_text=factories.in_zh("第四页"))
    theme = await factories.theme()
    await works[0].themes.add(theme)
    answer = await client.post("/desk/works/many/together", data={"work": [each.id for each in works]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/works/many#drafts")
    (book,) = await Artwork.all()
    assert (book.id, book.title["zh"], book.more_pictures) == (works[0].id, "绘本", 7)
    assert await images_of(book) == [each.image_id for each in works]
    assert (await Picture.get(image_id=works[3].image_id)).alt_text["zh"] == "第四页"
    page = (await client.get("/desk/works/many")).text
    assert len(select(page, ".many-draft")) == 1
    assert "8 pictures" in text_in(page, ".many-draft")

    assert (await client.post(f"/desk/works/many/{book.id}/apart")).status_code == 303
    again = await Artwork.all().order_by("id").prefetch_related("themes")
    assert [each.image_id for each in again] == [each.image_id for each in works]
    assert [each.title.get("zh", "") for each in again] == ["绘本", *[""] * 7]
    assert again[3].alt_text["zh"] == "第四页"
    assert [[theme.id for theme in each.themes] for each in again] == [[theme.id]] * 8
    assert (await Image.all().count(), await Picture.all().count(), again[0].more_pictures) == (8, 0, 0)


async def test_what_would_lose_words_is_refused(site: Site) -> None:
    client, works = await site.client(site.cast.partner), await drafts(site, 3)
    await Artwork.filter(id=works[1].id).update(story=factories.in_zh("另一个故事"))
    answer = await client.post("/desk/works/many/together", data={"work": [each.id for each in works]})
    assert answer.status_code == 422
    assert "has words of its own, which would be lost" in answer.text
    assert await Artwork.all().count() == 3


async def test_one_draft_none_and_those_of_others_are_refused(site: Site) -> None:
    client, works = await site.client(site.cast.partner), await drafts(site, 2)
    (other,) = await drafts(site, 1, organisation=site.cast.elsewhere)
    for chosen in ([], [works[0].id], [works[0].id, other.id], [works[0].id, 999_999]):
        answer = await client.post("/desk/works/many/together", data={"work": chosen})
        assert answer.status_code == 422
        assert "Please choose at least two drafts" in answer.text
    stranger = await site.client(site.cast.stranger)
    await stranger.post("/desk/works/many/together", data={"work": [each.id for each in works]})
    assert (await stranger.post(f"/desk/works/many/{works[0].id}/apart")).status_code == 404
    assert await Artwork.all().count() == 3


async def test_a_submitted_work_is_neither_joined_nor_taken_apart(site: Site) -> None:
    client, works = await site.client(site.cast.partner), await drafts(site, 2)
    sent = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    await factories.further_pictures(site.storage, sent)
    answer = await client.post("/desk/works/many/together", data={"work": [works[0].id, sent.id]})
    assert answer.status_code == 422
    assert (await client.post(f"/desk/works/many/{sent.id}/apart")).status_code == 422
    assert (await Artwork.all().count(), await Picture.all().count()) == (3, 1)


async def test_the_same_picture_twice_and_too_many_get_a_sentence(site: Site) -> None:
    client = await site.client(site.cast.partner)
    twice = [*await drafts(site, 1), *await drafts(site, 1)]
    answer = await client.post("/desk/works/many/together", data={"work": [each.id for each in twice]})
    assert "The same picture is among them twice" in answer.text
    await Artwork.all().delete()
    many = await drafts(site, MAX_PICTURES + 1)
    answer = await client.post("/desk/works/many/together", data={"work": [each.id for each in many]})
    assert (answer.status_code, "A work has at most 24 pictures" in answer.text) == (422, True)
    assert await Artwork.all().count() == MAX_PICTURES + 1
