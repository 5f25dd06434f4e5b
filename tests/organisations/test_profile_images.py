"""Logos of organisations and covers of projects: who can set and see them, and their removal."""

from __future__ import annotations

import io
import random

import PIL.Image
import pytest
from PIL import ImageDraw, ImageOps

from gallery.accounts.models import MemberRole, Membership
from gallery.artists.models import Consent
from gallery.artworks.models import Status
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.cli.inspection import inspect
from gallery.db.connection import Database
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.profile_image_models import ProfileImage
from gallery.organisations.models import Organisation, Project
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attribute
from tests.organisations.profile_images import ALT, send


async def place(site: Site, which: str) -> tuple[str, str]:
    """The desk's address of a logo or cover, and the page on which visitors see it."""
    if which == "logo":
        await Membership.filter(person=site.cast.partner).update(role=MemberRole.OWNER)
        organisation = site.cast.organisation
        return f"/desk/organisations/{organisation.id}/logo", f"/en/organisations/{organisation.slug}"
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    project = await Project.get(id=work.project_id or 0)
    return f"/desk/projects/{project.id}/cover", f"/en/projects/{project.slug}"


async def page_of(site: Site, path: str) -> str:
    site.app.state.content._checked_at = float("-inf")
    return (await (await site.client()).get(path)).text


def picture_in(page: str, alt: str) -> str:
    """The address of the picture with this alternative text."""
    return attribute(page, f'img[src^="/media/"][alt="{alt}"]', "src")


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("which", ["logo", "cover"])
async def test_a_picture_is_set_shown_replaced_and_removed(site: Site, which: str) -> None:
    address, public = await place(site, which)
    client, visitor = await site.client(site.cast.partner), await site.client()
    assert (await send(client, address, factories.photograph(), **ALT)).status_code == 303
    assert "being prepared" in (await client.get(address)).text
    assert ALT["alt[en]"] not in await page_of(site, public)
    await site.work()
    first = picture_in(await page_of(site, public), ALT["alt[en]"])
    answer = await visitor.get(first)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert ALT["alt[zh]"] in await page_of(site, public.replace("/en/", "/zh/"))

    await send(client, address, None, **{"alt[zh]": "灯", "alt[en]": "A lamp"})
    assert picture_in(await page_of(site, public), "A lamp") == first

    await send(client, address, factories.photograph(1200, 900), **ALT)
    site.app.state.content._checked_at = float("-inf")
    assert (await visitor.get(first)).status_code == 404
    await site.work()
    second = picture_in(await page_of(site, public), ALT["alt[en]"])
    assert second != first

    await send(client, address, None, is_gone="y", **ALT)
    tokens = {path.split("/")[2] for path in (first, second)}
    page = await page_of(site, public)
    assert not [token for token in tokens if token in page]
    assert (await visitor.get(second)).status_code == 404
    assert not await Image.filter(token__in=tokens).exists()
    for store in (site.storage.private, site.storage.public):
        kept = [stored.key async for stored in store.files()]
        assert not [key for key in kept if any(token in key for token in tokens)]


async def test_the_worker_keeps_a_profile_image_and_inspection_finds_nothing(site: Site) -> None:
    address, _public = await place(site, "logo")
    await send(await site.client(site.cast.partner), address, factories.photograph(), **ALT)
    await site.work()
    from datetime import timedelta

    from gallery.clock import now

    await Image.all().update(created_at=now() - timedelta(days=3))
    await site.work()
    assert (await Image.get()).is_public
    assert await inspect(Database(site.settings), site.storage, settling=timedelta(0)) == []


async def test_the_logo_of_an_organisation_that_is_stopped_is_gone(site: Site) -> None:
    address, public = await place(site, "logo")
    await send(await site.client(site.cast.partner), address, factories.photograph(), **ALT)
    await site.work()
    picture = picture_in(await page_of(site, public), ALT["alt[en]"])
    keeper = await site.client(site.cast.keeper)
    organisation = site.cast.organisation
    await keeper.post(
        f"/desk/organisations/{organisation.id}/edit",
        data={"name[zh]": organisation.name["zh"], "slug": organisation.slug},
    )
    assert not (await Organisation.get(id=organisation.id)).is_active
    site.app.state.content._checked_at = float("-inf")
    assert (await (await site.client()).get(picture)).status_code == 404
    await site.work()
    assert not (await Image.get()).is_public


def drawn(side: int, seed: int, *, is_turned_round: bool = False) -> bytes:
    """A drawing of some large shapes, as JPEG."""
    chance = random.Random(seed)
    sheet = PIL.Image.new("RGB", (800, 600), "white")
    for _ in range(8):
        x, y, size = chance.randrange(800), chance.randrange(600), chance.randrange(60, 220)
        colour = (chance.randrange(200), chance.randrange(200), chance.randrange(200))
        ImageDraw.Draw(sheet).ellipse((x - size, y - size, x + size, y + size), fill=colour)
    sheet = ImageOps.mirror(sheet) if is_turned_round else sheet
    encoded = io.BytesIO()
    sheet.resize((side, side * 3 // 4)).save(encoded, "JPEG", quality=80)
    return encoded.getvalue()


@pytest.mark.parametrize("is_turned_round", [False, True])
async def test_a_cover_that_shows_a_withdrawn_work_goes_with_it(site: Site, is_turned_round: bool) -> None:
    """Using a child's drawing as a cover may be meant well, but the guardian cannot know of it."""
    client, visitor = await site.client(site.cast.partner), await site.client()
    image = await factories.received(site.storage, site.cast.organisation, drawn(1600, 1))
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED, image=image)
    other = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work, other])
    covers = {}
    for shown_by, seed in ((work, 1), (other, 2)):
        project = await Project.get(id=shown_by.project_id or 0)
        again = drawn(1100, seed, is_turned_round=is_turned_round)
        answer = await send(client, f"/desk/projects/{project.id}/cover", again, **ALT)
        assert answer.status_code == 303
        covers[seed] = project
    await site.work()
    addresses = {
        seed: picture_in(await page_of(site, f"/en/projects/{project.slug}"), ALT["alt[en]"])
        for seed, project in covers.items()
    }
    gone = await Image.get(profile_image__project_id=covers[1].id)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    site.app.state.content._checked_at = float("-inf")
    assert (await visitor.get(addresses[1])).status_code in {404, 410}
    assert (await visitor.get(addresses[2])).status_code == 200
    assert [each.project_id for each in await ProfileImage.all()] == [covers[2].id]
    for store in (site.storage.public, site.storage.private):
        assert not [key async for key in store.keys("") if gone.token in key]
    await gone.refresh_from_db()
    assert (gone.state, gone.perceptual_hash, gone.placeholder) == (ImageState.ERASED, "", "")
    assert (await Fingerprint.get(image_id=gone.id)).code == b""
    assert (await Fingerprint.get(image_id=image.id)).code, "the withdrawn work is recognised later"
    assert await Entry.filter(verb=Verb.PROJECT_COVER_REMOVED, thing_id=covers[1].id).count() == 1
    assert await inspect(Database(site.settings), site.storage) == []


async def test_only_owners_curators_and_members_may(site: Site) -> None:
    logo, _page = await place(site, "logo")
    cover, _page = await place(site, "cover")
    for person, allowed in (
        (site.cast.stranger, set()),
        (site.cast.colleague, {cover}),
        (site.cast.curator, {logo}),
        (site.cast.partner, {logo, cover}),
    ):
        client = await site.client(person)
        for address in (logo, cover):
            expected = 200 if address in allowed else 404
            assert (await client.get(address)).status_code == expected, (person.name, address)
            if address not in allowed:
                answer = await send(client, address, factories.photograph(), **ALT)
                assert answer.status_code == 404
    assert not await ProfileImage.exists()


@pytest.mark.parametrize(
    ("content", "data", "words"),
    [
        (b"not a picture", ALT, "not a picture"),
        (None, ALT, "Please choose a picture."),
        (factories.photograph()[:3000], ALT, "damaged"),
        (factories.photograph(300, 200), ALT, "too small"),
        (factories.photograph(), {"alt[zh]": " ", "alt[en]": ""}, "in one language at least."),
    ],
    ids=["text", "none", "damaged", "small", "no words"],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    site: Site, content: bytes | None, data: dict[str, str], words: str
) -> None:
    address, _public = await place(site, "logo")
    answer = await send(await site.client(site.cast.partner), address, content, **data)
    assert answer.status_code == 422
    assert words in answer.text
    assert data["alt[en]"] in answer.text
    assert not await ProfileImage.exists()
