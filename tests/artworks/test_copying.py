"""A declined work is offered again, as a copy; each state of a work says what to do next."""

from __future__ import annotations

import pytest

from gallery.artists.models import Consent
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Status, Submission
from gallery.images.models import Image
from gallery.organisations.models import Organisation, Trust
from gallery.reviews import decisions
from gallery.reviews.models import Hint
from gallery.sounds.models import Sound
from gallery.sounds.storage_keys import ORIGINAL_NAME, sound_key
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, select, text_in


async def declined(site: Site) -> Artwork:
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.SUBMITTED, inventory_number="A-1"
    )
    await decisions.decline(
        work, await Submission.get(artwork=work), site.cast.curator, "Too late for winter."
    )
    return work


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_declined_work_becomes_a_draft_once(site: Site) -> None:
    work = await declined(site)
    await factories.further_pictures(site.storage, work, 2)
    voice = await factories.voice(site.storage, work)
    client = await site.client(site.cast.partner)
    page = await client.get(f"/desk/works/{work.id}")
    assert "another theme" in text_in(page.text, ".next-step")
    answer = await client.post(f"/desk/works/{work.id}/copies")
    copy = await Artwork.get(id__not=work.id).prefetch_related("image", "sound", "themes")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/works/{copy.id}/edit")
    await load_further_pictures([copy, work])
    assert copy.status == Status.DRAFT
    assert (copy.title, copy.story, copy.transcript) == (work.title, work.story, work.transcript)
    assert (copy.artist_id, copy.consent_id, copy.project_id) == (
        work.artist_id,
        work.consent_id,
        work.project_id,
    )
    assert (list(copy.themes), copy.inventory_number) == ([], None)
    assert [each.alt_text for each in copy.all_pictures()] == [each.alt_text for each in work.all_pictures()]
    sources = [(await Image.get(id=each.image.id)).source_sha256 for each in copy.all_pictures()]
    assert sources == [each.image.source_sha256 for each in work.all_pictures()]
    assert copy.sound is not None
    assert copy.sound.source_sha256 == voice.source_sha256
    assert await site.storage.private.exists(sound_key(copy.sound.token, ORIGINAL_NAME))
    again = await client.post(f"/desk/works/{work.id}/copies")
    assert again.headers["location"] == f"/desk/works/{copy.id}"
    assert (await Artwork.all().count(), await Sound.all().count(), await Image.all().count()) == (2, 2, 6)
    page = await client.get(f"/desk/works/{work.id}")
    assert f"/desk/works/{copy.id}" in attributes(page.text, "a", "href")
    assert not select(page.text, "form[action$=copies]")


async def test_only_members_copy_and_only_what_was_declined(site: Site) -> None:
    work = await declined(site)
    for person in (site.cast.stranger, site.cast.curator):
        assert (await (await site.client(person)).post(f"/desk/works/{work.id}/copies")).status_code == 404
    accepted = await factories.accepted(site)
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{accepted.id}/copies")
    assert "Only a work that was declined" in (await client.get(answer.headers["location"])).text
    assert await Artwork.all().count() == 2


async def test_a_picture_that_is_gone_is_said_and_leaves_nothing(site: Site) -> None:
    work = await declined(site)
    assert work.image is not None
    await site.storage.private.delete_folder("originals")
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/copies")
    assert "could not be copied" in (await client.get(answer.headers["location"])).text
    assert (await Artwork.all().count(), await Image.all().count()) == (1, 1)


async def test_a_withdrawal_takes_the_copy_with_it(site: Site) -> None:
    work = await declined(site)
    await (await site.client(site.cast.partner)).post(f"/desk/works/{work.id}/copies")
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert set(await Artwork.all().values_list("status", flat=True)) == {Status.WITHDRAWN}


async def test_a_curator_looks_at_a_copy_also_of_a_trusted_organisation(site: Site) -> None:
    work = await declined(site)
    await Organisation.all().update(trust=Trust.EVERY)
    await site.work()  # the declined picture is known to the checks
    await Organisation.filter(id=site.cast.organisation.id).update(trust=Trust.AT_ONCE)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/works/{work.id}/copies")
    copy = await Artwork.get(id__not=work.id)
    await copy.themes.add(await factories.theme())
    await site.work()
    assert (await client.post(f"/desk/works/{copy.id}/submissions")).status_code == 303
    await site.work()
    assert (await Artwork.get(id=copy.id)).status == Status.SUBMITTED
    assert await Hint.exists(artwork=copy, check="duplicates")


async def test_a_returned_work_leads_to_each_noted_field(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    notes = {name: f"About {name}" for name in ("title", "themes", "picture", "pictures", "caption")}
    await decisions.return_to_partner(
        work, await Submission.get(artwork=work), site.cast.curator, notes, "Nearly there."
    )
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/works/{work.id}")).text
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert "Nearly there." in text_in(page, "[aria-labelledby=asked]")
    assert "change what the curator asks for" in text_in(page, ".next-step")
    for found, address in ((page, f"/desk/works/{work.id}/edit"), (form, "")):
        anchors = [
            link.removeprefix(address) for link in attributes(found, "[aria-labelledby=asked] a", "href")
        ]
        assert len(anchors) == len(notes)
        for anchor, note in zip(anchors, notes.values(), strict=True):
            assert text_in(form, anchor) == note


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.DRAFT, "submit it, and a curator"),
        (Status.SUBMITTED, "take it back first"),
        (Status.ACCEPTED, "propose a change"),
        (Status.WITHDRAWN, "nothing left to do"),
    ],
)
async def test_each_state_says_what_to_do_next(site: Site, status: Status, words: str) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    page = await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}")
    assert words in text_in(page.text, ".next-step")


async def test_a_draft_without_a_story_says_what_is_missing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, story="", story_translation="")
    page = await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}")
    assert "fill in what is missing" in text_in(page.text, ".next-step")
