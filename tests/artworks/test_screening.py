"""Logos and covers are compared with works before visitors see them, and again when a work is taken down."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from gallery.accounts.models import MemberRole, Membership
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.cli.inspection import inspect
from gallery.clock import now, today
from gallery.db import content_version
from gallery.db.connection import Database
from gallery.images.models import Fingerprint, Image
from gallery.images.profile_image_models import CreditLogo, ProfileImage
from gallery.images.profile_images import set_profile_image
from gallery.mail.models import Mail
from gallery.organisations.models import Organisation, Project
from gallery.reviews.vetoes import veto
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.exhibitions.credit_logos import Thanked
from tests.images.drawings import as_file, drawn
from tests.organisations.profile_images import ALT, send

pytestmark = pytest.mark.engines("sqlite", "postgresql")

CROP = (300, 150, 1400, 1000)
WAITS = "resembles a work that may not be shown"


async def work_of(
    site: Site, seed: int, organisation: Organisation | None = None, **values: object
) -> Artwork:
    organisation = organisation or site.cast.organisation
    image = await factories.received(site.storage, organisation, as_file(drawn(seed)))
    return await factories.artwork(site.storage, organisation, image=image, **values)


async def set_logo_of(site: Site, organisation: Organisation, seed: int) -> ProfileImage:
    """A logo that is a crop of a drawing, as the worker leaves it."""
    content = as_file(drawn(seed).crop(CROP), quality=60)
    image = await factories.received(site.storage, organisation, content)
    await set_profile_image(
        organisation, image, Texts({"zh": "灯", "en": "A lamp"}), site.cast.curator, site.storage
    )
    await site.work()
    return await ProfileImage.get(organisation=organisation).select_related("image")


async def status_of(site: Site, profile_image: ProfileImage) -> int:
    site.app.state.content._checked_at = float("-inf")
    return (await (await site.client()).get(f"/media/{profile_image.image.token}/320.jpg")).status_code


async def page_at(client: httpx.AsyncClient, path: str) -> str:
    return (await client.get(path)).text


async def test_a_logo_that_resembles_nothing_is_shown_and_listed_until_a_curator_has_seen_it(
    site: Site,
) -> None:
    await work_of(site, 1, status=Status.SUBMITTED)
    profile_image = await set_logo_of(site, site.cast.organisation, 2)
    assert (profile_image.state, await status_of(site, profile_image)) == ("shown", 200)
    curator = await site.client(site.cast.curator)
    assert "New logos and covers" in await page_at(curator, "/desk/queue")
    page = await page_at(curator, "/desk/emblems")
    assert f"profile-image-{profile_image.id}" in page
    assert "Visitors do not see it" not in page
    assert (await curator.post(f"/desk/emblems/{profile_image.id}", data={"then": "keep"})).status_code == 303
    assert f"profile-image-{profile_image.id}" not in await page_at(curator, "/desk/emblems")
    assert await status_of(site, profile_image) == 200
    assert await Entry.filter(verb=Verb.ORGANISATION_LOGO_SEEN).count() == 1


@pytest.mark.parametrize("of", ["elsewhere's draft", "a submitted work", "a withdrawn work"])
async def test_a_logo_that_resembles_a_hidden_work_waits_for_a_curator(site: Site, of: str) -> None:
    organisation = site.cast.elsewhere if of == "elsewhere's draft" else site.cast.organisation
    status = {"elsewhere's draft": Status.DRAFT, "a submitted work": Status.SUBMITTED}.get(
        of, Status.ACCEPTED
    )
    work = await work_of(site, 1, organisation, status=status, title_translation="Only we know")
    await site.work()
    if of == "a withdrawn work":
        await withdraw(await Consent.get(id=work.consent_id), site.storage)
    profile_image = await set_logo_of(site, site.cast.organisation, 1)
    assert (profile_image.state, profile_image.resembles_id) == ("waiting", work.image_id)
    assert await status_of(site, profile_image) == 404
    public = await page_at(await site.client(), f"/en/organisations/{site.cast.organisation.slug}")
    assert profile_image.image.token not in public

    await Membership.filter(person=site.cast.partner).update(role=MemberRole.OWNER)
    partner = await site.client(site.cast.partner)
    page = await page_at(partner, f"/desk/organisations/{site.cast.organisation.id}/logo")
    assert WAITS in page
    assert work.title["en"] not in page

    curator = await site.client(site.cast.curator)
    page = await page_at(curator, "/desk/emblems")
    assert f"/desk/images/{profile_image.image_id}/" in page
    said = {
        "elsewhere's draft": "only its organisation may see",
        "a submitted work": f"/desk/queue/{work.id}",
        "a withdrawn work": "resembles a work that was withdrawn",
    }
    for each, words in said.items():
        assert (words in page) == (each == of), each
    assert (work.title["en"] in page) == (of == "a submitted work")

    assert (await curator.post(f"/desk/emblems/{profile_image.id}", data={"then": "keep"})).status_code == 303
    assert await status_of(site, profile_image) == 200
    await site.work()
    assert (await ProfileImage.get()).state == "kept"
    assert await inspect(Database(site.settings), site.storage, settling=timedelta(0)) == []


async def test_curators_see_the_resembled_work_as_it_was_sent(site: Site) -> None:
    """What its organisation typed since, and a picture that it never sent, are not for curators."""
    work = await work_of(site, 1, status=Status.RETURNED, title_translation="Sent title")
    await site.work()
    await set_logo_of(site, site.cast.elsewhere, 1)
    await Artwork.filter(id=work.id).update(
        title=Texts({"en": "Typed since"}), alt_text=Texts({"en": "Typed since"})
    )
    curator = await site.client(site.cast.curator)
    page = await page_at(curator, "/desk/emblems")
    assert "Sent title" in page
    assert "Typed since" not in page
    submission = await Submission.get(artwork=work)
    other = await factories.image(site.storage, site.cast.organisation)
    await Submission.filter(id=submission.id).update(sent={**submission.sent, "picture": str(other.id)})
    page = await page_at(curator, "/desk/emblems")
    assert "only its organisation may see" in page
    assert "Sent title" not in page


async def test_a_curator_takes_a_cover_down_and_its_organisation_reads_why(site: Site) -> None:
    profile_image = await set_logo_of(site, site.cast.organisation, 2)
    curator = await site.client(site.cast.curator)
    address = f"/desk/emblems/{profile_image.id}"
    answer = await curator.post(address, data={"then": "take_down", "words": "x" * 400})
    assert answer.status_code == 422
    assert "x" * 400 in answer.text
    assert (await curator.post(address, data={"then": "take_down", "words": " "})).status_code == 422
    answer = await curator.post(address, data={"then": "take_down", "words": "A face is seen."})
    assert answer.status_code == 303
    assert await status_of(site, profile_image) == 404
    assert not await ProfileImage.exists()
    assert not [key async for key in site.storage.private.keys(f"renditions/{profile_image.image.token}")]
    mail = await Mail.filter(kind="picture_taken_down", person=site.cast.partner).first()
    assert mail is not None
    assert mail.facts["words"] == "A face is seen."
    assert (await curator.post(address, data={"then": "keep"})).status_code == 404


async def test_only_curators_decide(site: Site) -> None:
    profile_image = await set_logo_of(site, site.cast.organisation, 2)
    for person in (site.cast.partner, site.cast.stranger):
        client = await site.client(person)
        assert (await client.get("/desk/emblems")).status_code == 404
        assert (
            await client.post(f"/desk/emblems/{profile_image.id}", data={"then": "keep"})
        ).status_code == 404
    assert (await (await site.client()).get("/desk/emblems")).status_code == 303
    assert (await ProfileImage.get()).seen_at is None


async def test_a_cover_is_on_view_only_while_its_projects_page_is(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    project = await Project.get(id=work.project_id or 0)
    image = await factories.received(site.storage, site.cast.organisation, as_file(drawn(2)))
    await set_profile_image(
        project, image, Texts({"zh": "灯", "en": "A lamp"}), site.cast.partner, site.storage
    )
    await site.work()
    profile_image = await ProfileImage.get().select_related("image")
    visitor = await site.client()
    assert (await visitor.get(f"/en/projects/{project.slug}")).status_code == 404
    assert await status_of(site, profile_image) == 404
    assert not [key async for key in site.storage.public.keys(profile_image.image.token)]
    exhibition = await factories.exhibition([work])
    assert await status_of(site, profile_image) == 200
    await exhibition.editions.all().update(is_current=False)
    await content_version.bump()
    assert await status_of(site, profile_image) == 404
    await site.work()
    assert not [key async for key in site.storage.public.keys(profile_image.image.token)]


async def test_a_veto_takes_logos_and_credits_along(thanked: Thanked) -> None:
    site = thanked.site
    work = await work_of(site, 1, status=Status.ACCEPTED)
    await factories.exhibition([work])
    profile_image = await set_logo_of(site, site.cast.elsewhere, 1)
    assert await status_of(site, profile_image) == 200
    assert (await thanked.send(as_file(drawn(1).crop(CROP)))).status_code == 303
    await veto(work, site.storage, site.cast.curator, "Somebody is looking for this child.")
    assert await status_of(site, profile_image) == 404
    assert not await ProfileImage.exists()
    assert (await CreditLogo.exists(), await thanked.files()) == (False, [])
    mail = await Mail.filter(kind="picture_taken_down", person=site.cast.stranger).first()
    assert mail is not None
    assert mail.facts["why"] == "not_shown"


async def test_when_a_consent_has_expired_logos_wait_for_a_curator(site: Site) -> None:
    work = await work_of(site, 1, status=Status.ACCEPTED)
    await factories.exhibition([work])
    profile_image = await set_logo_of(site, site.cast.elsewhere, 1)
    await ProfileImage.filter(id=profile_image.id).update(seen_at=now())
    await site.work()
    await Consent.filter(id=work.consent_id).update(ends_on=today() - timedelta(days=1))
    await site.work()
    await profile_image.refresh_from_db()
    assert (profile_image.state, profile_image.resembles_id, profile_image.seen_at) == (
        "waiting",
        work.image_id,
        None,
    )
    assert await status_of(site, profile_image) == 404


async def test_a_credits_logo_that_resembles_a_hidden_work_is_refused(thanked: Thanked) -> None:
    site = thanked.site
    work = await work_of(site, 1, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    answer = await thanked.send(as_file(drawn(1).crop(CROP)))
    assert answer.status_code == 422
    assert WAITS in answer.text
    assert (await CreditLogo.exists(), await thanked.files()) == (False, [])
    assert (await thanked.send(as_file(drawn(2).crop(CROP)))).status_code == 303


async def test_logos_of_an_older_release_are_screened(thanked: Thanked) -> None:
    """They have no fingerprints and are shown; works have none either."""
    site = thanked.site
    await thanked.send(as_file(drawn(1).crop(CROP)))
    profile_image = await set_logo_of(site, site.cast.elsewhere, 1)
    other = await set_logo_of(site, site.cast.organisation, 2)
    await work_of(site, 1, status=Status.SUBMITTED)
    await Submission.all().update(is_waiting=False)
    await CreditLogo.all().update(fingerprint=None)
    await Fingerprint.all().delete()
    await site.work()
    await profile_image.refresh_from_db()
    await other.refresh_from_db()
    assert (profile_image.state, other.state) == ("waiting", "shown")
    assert not await CreditLogo.exists()
    assert await Mail.filter(kind="picture_taken_down", person=site.cast.curator).count() == 1
    assert not await Image.filter(state="ready", fingerprint__id__isnull=True).exists()


async def test_inspection_names_a_logo_that_resembles_a_withdrawn_work(thanked: Thanked) -> None:
    """The site itself never causes this; a direct change to the database might."""
    site = thanked.site
    work = await work_of(site, 1, status=Status.ACCEPTED)
    await site.work()
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    profile_image = await set_logo_of(site, site.cast.organisation, 1)
    await ProfileImage.filter(id=profile_image.id).update(state="shown", resembles_id=None)
    await thanked.send(as_file(drawn(2)))
    logo = await CreditLogo.get()
    logo.fingerprint = (await Fingerprint.get(image_id=work.image_id)).code
    await logo.save()
    found = [each.where for each in await inspect(Database(site.settings), site.storage, timedelta(0))]
    assert found == [
        f"logo of organisation {site.cast.organisation.id}",
        f"logo {logo.id} of exhibition {thanked.exhibition.id}",
    ]


async def test_a_partner_learns_that_a_cover_is_checked_first(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    partner = await site.client(site.cast.partner)
    address = f"/desk/projects/{work.project_id}/cover"
    await send(partner, address, as_file(drawn(2)), **ALT)
    page = await page_at(partner, address)
    assert "prepared and checked before visitors see it" in page
    await site.work()
    assert "while the project has a work on view" in await page_at(partner, address)
