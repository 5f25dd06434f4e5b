"""Taking back, and ending the consent for its artist."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission, TakingBack
from gallery.artworks.submissions import propose, submit
from gallery.artworks.works import text_values
from gallery.clock import now
from gallery.reviews.decisions import DecisionRefused, accept, return_to_partner
from tests import factories
from tests.conftest import Site
from tests.factories import in_en

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_a_submitted_work_comes_back_as_a_draft(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    client = await site.client(site.cast.colleague)
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "It has been with the curators since" in page
    assert "Take it back" in page
    assert (await client.post(f"/desk/works/{work.id}/taking-back")).status_code == 303
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "taken back" in page
    assert "It is with you." in page
    held = await Artwork.get(id=work.id)
    assert (held.status, held.own("story")) == (Status.DRAFT, work.own("story"))
    submission = await Submission.get(artwork_id=work.id)
    assert not submission.is_waiting
    taking = await TakingBack.get(submission_id=submission.id)
    assert taking.by_id == site.cast.colleague.id  # type: ignore[attr-defined]
    with pytest.raises(DecisionRefused):
        await accept(held, submission, site.cast.curator)
    await submit(held, site.cast.partner)
    assert await Submission.filter(artwork_id=work.id).count() == 2


async def test_what_was_returned_before_is_returned_again(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    sent = await Submission.get(artwork_id=work.id)
    await return_to_partner(work, sent, site.cast.curator, {"title": "Which bowl?"})
    await submit(await Artwork.get(id=work.id), site.cast.partner)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/works/{work.id}/taking-back")
    assert (await Artwork.get(id=work.id)).status == Status.RETURNED
    assert "Which bowl?" in (await client.get(f"/desk/works/{work.id}/edit")).text


async def test_a_proposed_change_is_taken_back_and_the_work_stays(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    texts = text_values(work)
    await propose(work, {**texts, "title": "另一个"}, site.cast.partner)
    client = await site.client(site.cast.partner)
    assert "Take the change back" in (await client.get(f"/desk/works/{work.id}")).text
    await client.post(f"/desk/works/{work.id}/taking-back")
    held = await Artwork.get(id=work.id)
    assert (held.status, held.own("title")) == (Status.ACCEPTED, work.own("title"))
    assert not await Submission.exists(artwork_id=work.id, is_waiting=True)


async def test_strangers_curators_and_what_is_decided(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.post(f"/desk/works/{work.id}/taking-back")).status_code == 404
        assert (await client.post(f"/desk/works/{work.id}/withdrawal")).status_code == 404
    await accept(work, await Submission.get(artwork_id=work.id), site.cast.curator)
    client = await site.client(site.cast.partner)
    page = (await client.post(f"/desk/works/{work.id}/taking-back", follow_redirects=True)).text
    assert "There is nothing to take back" in page
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED


async def test_the_path_ends_where_visitors_see_it(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    client = await site.client(site.cast.partner)
    assert "It is accepted; the curators hang it" in (await client.get(f"/desk/works/{work.id}")).text
    await factories.exhibition([work], title=in_en("Winter light"), opens_at=now() + timedelta(days=3))
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "It is hung; its exhibition opens on" in page
    assert "opens to visitors" in page
    await factories.exhibition([work], title=in_en("Open now"))
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "opened to visitors" in page
    assert "Open now" in page


async def test_the_organisation_ends_the_consent_for_its_artist(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED, consent=consent)
        for _ in range(2)
    ]
    await factories.exhibition(works)
    visitor = await site.client()
    address = f"/en/works/{works[0].public_id}"
    assert (await visitor.get(address)).status_code == 200
    client = await site.client(site.cast.partner)
    assert "All 2 works of this consent" in (await client.get(f"/desk/works/{works[0].id}")).text
    await client.post(f"/desk/works/{works[0].id}/withdrawal")
    assert (await visitor.get(address)).status_code == 410
    withdrawal = await (await Consent.get(id=consent.id).prefetch_related("withdrawal__by")).withdrawal  # type: ignore[attr-defined]
    assert withdrawal.files_deleted_at is not None
    assert withdrawal.by_id == site.cast.partner.id
    assert (await client.post(f"/desk/works/{works[0].id}/withdrawal")).status_code == 303
