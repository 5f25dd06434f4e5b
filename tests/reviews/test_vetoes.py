"""A veto on a work that is on view: it leaves every page at once, without a reason, and returns only after a
review.
"""

from __future__ import annotations

import asyncio

import pytest
from starlette.datastructures import QueryParams

from gallery.artworks.models import Artwork, Status, Submission
from gallery.exhibitions.builder import work_picker
from gallery.exhibitions.drafts import NotHangable, hang
from gallery.exhibitions.models import Edition, Room
from gallery.exhibitions.room_rules import RoomRule
from gallery.images.models import Derivative, Image
from gallery.images.storage_keys import public_key, tile_key
from gallery.mail.models import Mail
from gallery.reviews.decisions import accept
from gallery.reviews.models import Veto
from gallery.reviews.vetoes import VetoRefused, lift_veto, veto
from gallery.web.languages import use_language
from tests import factories
from tests.conftest import Site
from tests.markup import text_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")

CONCERN = "His brother goes to the school that stands in the picture."


async def on_view(site: Site) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    return await Artwork.get(id=work.id).prefetch_related("image")


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_a_veto_takes_the_work_and_its_files_away(site: Site) -> None:
    work = await on_view(site)
    other = await on_view(site)
    assert work.image is not None
    await site.work()
    page, picture = f"/zh/works/{work.public_id}", f"/media/{work.image.token}/640.jpg"
    addresses = [page, f"/en/works/{work.public_id}", picture, f"/iiif/{work.image.token}/info.json"]
    visitor = await site.client()
    for address in addresses:
        assert (await visitor.get(address)).status_code == 200, address
    await Derivative.create(image=work.image, name="piece.jpg", file_bytes=1)
    await factories.put(site.storage.public, tile_key(work.image.token, "0,0.jpg"))
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{work.id}/veto", data={"concern": CONCERN})
    assert answer.status_code == 303
    for address in addresses:
        gone = await visitor.get(address)
        assert gone.status_code == 404, address
        assert CONCERN not in gone.text
    assert not [key async for key in site.storage.public.keys(work.image.token)]
    assert not await Derivative.exists(image=work.image)
    image = await Image.get(id=work.image.id)
    assert (image.is_public, image.has_tiles) == (False, False)
    await site.work()
    assert not await site.storage.public.exists(public_key(work.image.token, "640.jpg"))
    assert (await visitor.get(f"/zh/works/{other.public_id}")).status_code == 200
    exhibition = (await visitor.get("/zh/exhibitions/")).text
    assert work.own("title") not in exhibition


async def test_the_organisation_learns_that_it_is_not_shown_and_not_why(site: Site) -> None:
    work = await on_view(site)
    await veto(work, site.storage, site.cast.curator, CONCERN)
    page = (await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}")).text
    assert "not shown at present" in page
    assert CONCERN not in page
    mail = await Mail.get(kind="work_off_the_wall", person=site.cast.partner)
    assert CONCERN not in str(mail.facts)
    curator = (await (await site.client(site.cast.keeper)).get(f"/desk/queue/{work.id}")).text
    assert CONCERN in curator
    assert "Taken off view" in curator


async def test_a_lifted_veto_brings_the_work_back_by_review(site: Site) -> None:
    work = await on_view(site)
    await veto(work, site.storage, site.cast.curator, CONCERN)
    client, visitor = await site.client(site.cast.keeper), await site.client()
    answer = await client.post(
        f"/desk/queue/{work.id}/veto/end", data={"concern": "The school is painted over."}
    )
    assert answer.status_code == 303
    held = await Artwork.get(id=work.id)
    assert (held.status, held.is_vetoed) == (Status.SUBMITTED, False)
    assert (await visitor.get(f"/zh/works/{work.public_id}")).status_code == 404
    kept = await Veto.get(artwork=work)
    assert (kept.lifted_by_id, kept.because) == (site.cast.keeper.id, "The school is painted over.")
    submission = await Submission.filter(artwork=work).order_by("-number").first()
    assert submission is not None
    assert submission.is_waiting
    await accept(held, submission, site.cast.curator)
    await asyncio.sleep(0.6)  # another process's half second
    assert (await visitor.get(f"/zh/works/{work.public_id}")).status_code == 200


async def test_a_work_with_a_veto_is_not_hung(site: Site) -> None:
    work, other = await on_view(site), await on_view(site)
    exhibition = await factories.exhibition([], published=False)
    draft = await Edition.get(exhibition=exhibition, number__isnull=True)
    room = await Room.get(edition=draft)
    await veto(work, site.storage, site.cast.curator, CONCERN)
    offered = await work_picker(draft, QueryParams())
    assert [each.id for each in offered.works] == [other.id]
    assert [each.id for each in await RoomRule(language="zh").works()] == [other.id]
    with pytest.raises(NotHangable):
        await hang(room, work, site.cast.curator)


async def test_only_what_was_accepted_gets_a_veto_and_only_once(site: Site) -> None:
    waiting = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    with use_language("en"), pytest.raises(VetoRefused, match="Only accepted works can"):
        await veto(waiting, site.storage, site.cast.curator, CONCERN)
    with use_language("en"), pytest.raises(VetoRefused, match="no veto"):
        await lift_veto(waiting, site.cast.curator, "Nothing to fear")
    work = await on_view(site)
    made = await asyncio.gather(
        *(veto(work, site.storage, person, CONCERN) for person in (site.cast.curator, site.cast.keeper)),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, VetoRefused) for each in made) == [False, True]
    assert await Veto.all().count() == 1


async def test_only_curators_put_and_lift_vetoes(site: Site) -> None:
    work = await on_view(site)
    partner, guest = await site.client(site.cast.partner), await site.client()
    for path in (f"/desk/queue/{work.id}/veto", f"/desk/queue/{work.id}/veto/end"):
        assert (await partner.post(path, data={"concern": CONCERN})).status_code == 404
        assert (await guest.post(path, data={"concern": CONCERN})).status_code == 303
    assert not await Veto.all().exists()
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{work.id}/veto", data={"concern": "  "})
    assert answer.status_code == 422
    assert "Please say in a sentence" in text_in(answer.text, "#veto .field-error")
    # What is too long is refused at the field, with all of it in it.
    answer = await client.post(f"/desk/queue/{work.id}/veto", data={"concern": "x" * 2001})
    assert "2001" in text_in(answer.text, "#veto .field-error")
    assert text_in(answer.text, "#veto textarea") == "x" * 2001
    assert not await Veto.all().exists()
    await client.post(f"/desk/queue/{work.id}/veto", data={"concern": CONCERN})
    answer = await client.post(f"/desk/queue/{work.id}/veto/end", data={"concern": ""})
    assert answer.status_code == 422
    assert "why it can be shown again" in text_in(answer.text, "#veto .field-error")
