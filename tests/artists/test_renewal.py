"""Renewing a consent: the works move to the new one, and return on view if the end of the old one had removed them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gallery.accounts.models import Person
from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Consent, Withdrawal
from gallery.artists.reminders import remind_of_next_ending
from gallery.artists.renewal import RenewalRefused, renew
from gallery.artworks.import_lookup import RowBatch, load_lookup
from gallery.artworks.import_models import Import
from gallery.artworks.models import Artwork, Status
from gallery.clock import today
from gallery.images.models import Image, ImageState
from gallery.mail.models import Mail
from gallery.reviews.models import Hint
from gallery.storage import Storage
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

TOLD: dict[str, Any] = {
    "agreed_by": "artist",
    "scopes": ["web", "print"],
    "starts_on": str(today()),
    "ends_on": str(today() + timedelta(days=400)),
    "assent": "我还想继续展出。",
}


async def ended(site: Site, **values: Any) -> Artwork:
    """A work that hangs, under a consent that has ended."""
    consent = await factories.consent(
        site.cast.organisation,
        **{
            "starts_on": today() - timedelta(days=300),
            "ends_on": today() - timedelta(days=1),
            "for_sharing": True,
            **values,
        },
    )
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, consent=consent
    )
    await factories.exhibition([work])
    return work


async def is_on_view(work: Artwork) -> bool:
    return await Artwork.all().on_view().filter(id=work.id).exists()


async def test_a_renewal_brings_works_back_on_view(site: Site) -> None:
    work = await ended(site)
    assert not await is_on_view(work)
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/consents/{work.consent_id}")).text
    assert "its works are off every page" in page
    asked = (await client.get(f"/desk/consents/{work.consent_id}/renewal")).text
    assert "1 of them left the site when the old consent ended, and comes back." in asked
    answer = await client.post(f"/desk/consents/{work.consent_id}/renewal", data=TOLD)
    assert answer.status_code == 303
    assert await is_on_view(work)
    made = await Consent.get(follows_id=work.consent_id)
    assert answer.headers["location"] == f"/desk/consents/{made.id}"
    assert (await Artwork.get(id=work.id)).consent_id == made.id
    assert (made.scope, made.agreed_by, made.assent) == (["web", "print"], AgreedBy.ARTIST, TOLD["assent"])
    assert made.recorded_by_id == site.cast.partner.id
    shown = (await client.get(f"/desk/consents/{made.id}")).text
    assert "What is different from the consent before" in shown
    assert shown.count("<strong>no</strong>") == 1  # sharing
    assert shown.count("<strong>yes</strong>") == 1  # print


async def test_a_slip_of_the_old_consent_withdraws_the_new_one(site: Site) -> None:
    work = await ended(site)
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    made = await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    visitor = await site.client()
    page = (await visitor.get(f"/en/consent/{old.code}")).text
    assert work.title["en"] in page or work.own("title") in page
    await visitor.post(f"/en/consent/{old.code}")
    assert (await Consent.get(id=made.id)).withdrawn_at is not None
    assert (await Artwork.get(id=work.id)).status == Status.WITHDRAWN


@pytest.mark.parametrize("through_slip", [True, False])
async def test_a_withdrawal_that_meets_a_renewal_ends_what_has_the_works_now(
    site: Site, monkeypatch: pytest.MonkeyPatch, through_slip: bool
) -> None:
    """The renewal happens between two steps of the withdrawal: finding the works' consent, and ending it."""
    work = await ended(site)
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")

    async def meeting(consent: Consent, storage: Storage, by: Person | None = None) -> Withdrawal:
        assert consent.id == old.id
        await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
        assert await is_on_view(work)
        return await withdraw(consent, storage, by)

    monkeypatch.setattr("gallery.withdrawals.views.withdraw", meeting)
    if through_slip:
        answer = await (await site.client()).post(f"/en/consent/{old.code}")
    else:
        answer = await (await site.client(site.cast.partner)).post(f"/desk/works/{work.id}/withdrawal")
    assert answer.status_code == 303
    made = await Consent.get(follows_id=old.id)
    assert made.withdrawn_at is not None
    assert (await Artwork.get(id=work.id)).status == Status.WITHDRAWN
    assert not await is_on_view(work)
    withdrawal = await Withdrawal.get()
    assert withdrawal.consent_id == made.id
    assert withdrawal.files_deleted_at is not None
    assert (await Image.get(id=work.image_id or 0)).state == ImageState.ERASED
    mails = await Mail.filter(kind="consent_withdrawn")
    assert bool(mails) == through_slip
    for mail in mails:
        assert (mail.path, mail.facts) == (f"/desk/consents/{made.id}", {"count": 1})
    page = (await (await site.client()).get(f"/en/consent/{old.code}")).text
    assert work.own("title") not in page


@pytest.mark.parametrize(
    ("which", "sentence"),
    [("withdrawn", "This consent was withdrawn"), ("renewed", "This consent has already been renewed.")],
)
async def test_what_was_withdrawn_or_renewed_is_not_renewed(site: Site, which: str, sentence: str) -> None:
    work = await ended(site)
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    if which == "withdrawn":
        await withdraw(old, site.storage)
    else:
        await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    number = await Consent.all().count()
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/consents/{old.id}/renewal")).text
    assert sentence in page
    assert "<textarea" not in page
    await client.post(f"/desk/consents/{old.id}/renewal", data=TOLD)
    assert sentence in (await client.get(f"/desk/consents/{old.id}")).text
    assert await Consent.all().count() == number


async def test_two_renewals_at_once_make_one(site: Site) -> None:
    work = await ended(site)
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    new_consent = NewConsent(AgreedBy.PARENT, ["web"], today())
    outcomes = await asyncio.gather(
        renew(old, new_consent, site.cast.partner),
        renew(old, new_consent, site.cast.colleague),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Consent", "RenewalRefused"]
    assert any(isinstance(each, RenewalRefused) for each in outcomes)


async def test_nobody_else_renews(site: Site) -> None:
    work = await ended(site)
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        address = f"/desk/consents/{work.consent_id}/renewal"
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address, data=TOLD)).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        # The day may turn before the test runs.
        ({"starts_on": str(today() + timedelta(days=2))}, "cannot begin later than today"),
        (
            {"ends_on": str(today() - timedelta(days=1)), "starts_on": str(today() - timedelta(days=9))},
            "has passed",
        ),
        ({"agreed_by": ""}, "Please say who agreed."),
        ({"scopes": []}, "at least one thing"),
        ({"starts_on": "soon"}, "Please write a date"),
    ],
    ids=["future", "past", "nobody", "nothing", "no date"],
)
async def test_what_is_wrong_is_said_at_its_field(site: Site, wrong: dict[str, Any], words: str) -> None:
    work = await ended(site)
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/consents/{work.consent_id}/renewal", data={**TOLD, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert TOLD["assent"] in answer.text
    assert await Consent.all().count() == 1


async def test_a_renewed_consent_is_neither_offered_nor_reminded_of(site: Site) -> None:
    work = await ended(site, ends_on=today() + timedelta(days=5))
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    made = await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    assert not await remind_of_next_ending()
    form = (await (await site.client(site.cast.partner)).get("/desk/works/new")).text
    assert f'<option value="{made.id}"' in form
    assert f'<option value="{old.id}"' not in form.split('name="consent"')[1].split("</select>")[0]


async def test_a_withdrawal_ends_what_still_stands_under_the_old_consent(site: Site) -> None:
    work = await ended(site)
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    made = await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    stray = await factories.artwork(site.storage, site.cast.organisation, consent=old)
    await withdraw(made, site.storage)
    assert (await Artwork.get(id=stray.id)).status == Status.WITHDRAWN


async def test_a_sheet_that_names_the_old_consent_gets_the_new_one(site: Site) -> None:
    work = await ended(site, ends_on=today() + timedelta(days=9))
    old = await Consent.get(id=work.consent_id or 0).prefetch_related("artist")
    job = await Import.create(
        organisation=site.cast.organisation,
        by=site.cast.partner,
        token="t",
        file_name="",
        consent=old,
        language="zh",
    )
    made = await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    again = await renew(
        await Consent.get(id=made.id).prefetch_related("artist"),
        NewConsent(AgreedBy.ARTIST, ["web"], today()),
        site.cast.partner,
    )
    known = await load_lookup(job, [], RowBatch([], {}, {}))
    assert known.default_consent is not None
    assert known.default_consent.id == again.id


async def test_curators_are_no_longer_told_that_it_ends(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, ends_on=today() + timedelta(days=5))
    work = await factories.artwork(
        site.storage, site.cast.organisation, consent=consent, status=Status.SUBMITTED
    )
    await site.work()
    assert await Hint.exists(artwork_id=work.id, check="consent")
    await consent.fetch_related("artist")
    new_consent = NewConsent(AgreedBy.ARTIST, ["web", "sharing"], today())
    await renew(consent, new_consent, site.cast.partner)
    await site.work()
    assert not await Hint.exists(artwork_id=work.id, check="consent")
    partner = await site.client(site.cast.partner)
    assert f"/desk/consents/{consent.id}/renewal" not in (await partner.get(f"/desk/works/{work.id}")).text
