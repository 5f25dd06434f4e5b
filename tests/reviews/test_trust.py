"""Trust in an organisation: works accepted automatically, works that a curator always reviews, and later
checks.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.submissions import submit
from gallery.clock import today
from gallery.mail.models import Mail
from gallery.organisations.models import Organisation, Trust, TrustChange
from gallery.reviews.models import LaterCheck, Review
from gallery.reviews.trust import is_sampled, needs_review
from gallery.web.models import Site
from tests import factories
from tests.conftest import Site as Gallery


async def trusted(site: Gallery, trust: Trust = Trust.AT_ONCE) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(trust=trust)


async def submitted(site: Gallery, **values: Any) -> Artwork:
    theme = await factories.theme(call_opens_on=today())
    picture = await factories.image(site.storage, site.cast.organisation, perceptual_hash="")
    work = await factories.artwork(
        site.storage, site.cast.organisation, **{"themes": [theme], "image": picture, **values}
    )
    await submit(work, site.cast.partner)
    return work


async def status_of(work: Artwork) -> Status:
    return (await Artwork.get(id=work.id)).status


@pytest.mark.engines("sqlite", "postgresql")
async def test_works_of_a_trusted_organisation_are_accepted_and_looked_at_later(site: Gallery) -> None:
    await trusted(site)
    work = await submitted(site, title="信得过", title_translation="Trusted")
    assert await status_of(work) == Status.SUBMITTED
    await site.work()
    assert await status_of(work) == Status.ACCEPTED
    review = await Review.get(artwork=work)
    assert review.by_id is None
    assert await Mail.filter(kind="work_accepted").exists()
    client = await site.client(site.cast.curator)
    page = (await client.get("/desk/later")).text
    assert "Trusted" in page
    assert "at once, because the organisation is trusted" in (await client.get(f"/desk/queue/{work.id}")).text
    check = await LaterCheck.get(review=review)
    answer = await client.post("/desk/later", data={"check": str(check.id)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/later")
    page = (await client.get("/desk/later")).text
    assert "There is nothing left to check" in page
    assert (await LaterCheck.get(id=check.id)).looked_by_id == site.cast.curator.id


async def test_works_of_others_wait(site: Gallery) -> None:
    work = await submitted(site)
    await site.work()
    assert await status_of(work) == Status.SUBMITTED
    assert not await LaterCheck.all().exists()


@pytest.mark.parametrize("reason", ["telephone", "assent", "again", "inactive", "held", "risk", "untrusted"])
async def test_some_things_go_to_review_whatever_the_trust(site: Gallery, reason: str) -> None:
    await trusted(site)
    values: dict[str, Any] = {}
    if reason == "telephone":
        values["story"] = "电话是 13812345678。"
    if reason == "assent":
        values["consent"] = await factories.consent(site.cast.organisation, assent="")
    if reason == "risk":
        consent = await factories.consent(site.cast.organisation)
        feared = await factories.artwork(
            site.storage, site.cast.organisation, status=Status.SUBMITTED, consent=consent
        )
        data = {
            "submission": str((await Submission.get(artwork=feared)).id),
            "decision": "declined",
            "concern": "Her father looks for her.",
        }
        client = await site.client(site.cast.curator)
        assert (await client.post(f"/desk/queue/{feared.id}", data=data)).status_code == 303
        values["consent"] = consent
    work = await submitted(site, **values)
    if reason == "again":
        await Submission.filter(artwork=work).update(number=2)
    if reason == "inactive":
        await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    if reason == "held":
        await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")
    if reason == "untrusted":
        await trusted(site, Trust.EVERY)
    await site.work()
    assert await status_of(work) == Status.SUBMITTED
    assert not (await Submission.get(artwork=work)).awaits_trust


async def test_a_consent_that_ended_meanwhile_goes_to_review(site: Gallery) -> None:
    await trusted(site)
    work = await submitted(site)
    await work.fetch_related("consent")
    assert work.consent is not None
    work.consent.for_web = False
    await work.consent.save()
    submission = await Submission.get(artwork=work)
    assert await needs_review(await Artwork.get(id=work.id), submission, "key")


async def test_a_share_is_reviewed_where_works_are_sampled(site: Gallery) -> None:
    await trusted(site, Trust.SAMPLED)
    work = await submitted(site)
    submission = await Submission.get(artwork=work)
    for percent in (1, 50, 99):
        await Site.update_or_create(id=1, defaults={"sample_percent": percent})
        wanted = is_sampled("key", work.id, percent)
        assert await needs_review(await Artwork.get(id=work.id), submission, "key") == wanted


async def test_only_a_keeper_changes_the_trust(site: Gallery) -> None:
    path = f"/desk/organisations/{site.cast.organisation.id}/trust"
    data = {"trust": "sampled", "reason": "Two years without a fault"}
    for person in (site.cast.partner, site.cast.curator, site.cast.stranger):
        assert (await (await site.client(person)).post(path, data=data)).status_code == 404
    keeper = await site.client(site.cast.keeper)
    for bad in ({**data, "trust": "blind"}, {**data, "trust": ""}, {**data, "reason": " "}):
        assert (await keeper.post(path, data=bad)).status_code == 422
    assert not await TrustChange.all().exists()
    assert (await keeper.post(path, data=data)).status_code == 303
    change = await TrustChange.get(organisation=site.cast.organisation)
    assert (change.before, change.after, change.by_id) == (Trust.EVERY, Trust.SAMPLED, site.cast.keeper.id)
    page = (await keeper.get(f"/desk/organisations/{site.cast.organisation.id}/edit")).text
    assert "Two years without a fault" in page
    member = await (await site.client(site.cast.partner)).get(
        f"/desk/organisations/{site.cast.organisation.id}/edit"
    )
    assert "Two years" not in member.text


async def test_only_curators_see_the_list_for_later(site: Gallery) -> None:
    partner = await site.client(site.cast.partner)
    assert (await partner.get("/desk/later")).status_code == 404
    assert (await partner.post("/desk/later", data={"check": "1"})).status_code == 404
    client = await site.client(site.cast.curator)
    for check in ("99999", "x", ""):
        assert (await client.post("/desk/later", data={"check": check})).status_code == 303


@given(st.integers(1, 10**6), st.integers(1, 99))
def test_a_draw_stays_and_a_larger_share_keeps_the_smaller(id: int, percent: int) -> None:
    assert is_sampled("key", id, percent) == is_sampled("key", id, percent)
    assert is_sampled("key", id, 100)
    assert not is_sampled("key", id, 0)
    if is_sampled("key", id, percent):
        assert is_sampled("key", id, percent + 1)


@pytest.mark.parametrize("percent", [1, 20, 50, 90])
def test_the_share_is_what_was_stated(percent: int) -> None:
    drawn = sum(is_sampled("a key", id, percent) for id in range(1, 20_001))
    assert abs(drawn / 200 - percent) < 1.5
    other = sum(
        is_sampled("another key", id, percent) != is_sampled("a key", id, percent) for id in range(1, 2001)
    )
    assert other > 0, "without the key nobody can tell"
