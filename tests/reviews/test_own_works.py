"""A curator who is a member of an organisation leaves its works to another curator, if the site has one."""

from __future__ import annotations

import pytest

from gallery.accounts.models import JoinedAs, Membership, Person, Role
from gallery.artworks.models import Artwork, Status, Submission
from gallery.mail.models import Mail
from gallery.organisations.models import Organisation, Trust
from gallery.reviews import decisions
from gallery.reviews.decisions import DecisionRefused
from gallery.reviews.models import Decision, LaterCheck, Opinion, Review
from gallery.reviews.reports import create_report
from gallery.reviews.trust import mark_checked
from gallery.web.languages import use_language
from gallery.web.models import Site as SiteSettings
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def join(site: Site, person: Person, *, awaits: bool = False) -> None:
    await Membership.create(
        person=person,
        organisation=site.cast.organisation,
        joined_as=JoinedAs.UNKNOWN if awaits else JoinedAs.INVITED,
        awaits_confirmation=awaits,
    )


async def submitted(site: Site) -> tuple[Artwork, Submission]:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    return work, await Submission.get(artwork=work)


@pytest.mark.parametrize("awaits", [False, True])
async def test_another_curator_decides(site: Site, awaits: bool) -> None:
    await join(site, site.cast.curator, awaits=awaits)
    work, submission = await submitted(site)
    client = await site.client(site.cast.curator)
    shown = (await client.get(f"/desk/queue/{work.id}")).text
    assert "another curator decides on its works" in shown
    assert 'value="accepted"' not in shown
    data = {"submission": str(submission.id), "decision": "accepted", "seen": ""}
    answer = await client.post(f"/desk/queue/{work.id}", data=data)
    assert (answer.status_code, "another curator decides" in answer.text) == (422, True)
    together = await client.post(
        "/desk/queue/decisions", data={"work": str(submission.id), "decision": "accepted"}
    )
    assert "another curator decides" in together.text
    assert not await Review.exists()
    assert (
        'value="accepted"' in (await (await site.client(site.cast.keeper)).get(f"/desk/queue/{work.id}")).text
    )
    await decisions.accept(work, submission, site.cast.keeper)


async def test_the_only_curator_decides_and_reads_why(site: Site) -> None:
    await Person.filter(id=site.cast.keeper.id).update(is_active=False)
    await join(site, site.cast.curator)
    work, submission = await submitted(site)
    shown = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "this site has no other curator who could" in shown
    await decisions.accept(work, submission, site.cast.curator)
    assert await Review.exists(artwork=work, by=site.cast.curator)


async def test_of_two_reviews_a_member_is_the_second_where_nobody_else_is_left(site: Site) -> None:
    await SiteSettings.update_or_create({"reviews_needed": 2}, id=1)
    await join(site, site.cast.curator)
    work, submission = await submitted(site)
    with use_language("en"), pytest.raises(DecisionRefused, match="another curator"):
        await decisions.accept(work, submission, site.cast.curator)
    assert isinstance(await decisions.accept(work, submission, site.cast.keeper), Opinion)
    assert isinstance(await decisions.accept(work, submission, site.cast.curator), Review)


async def test_works_of_others_are_decided_as_ever(site: Site) -> None:
    await join(site, site.cast.curator)
    work = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.SUBMITTED)
    await decisions.accept(work, await Submission.get(artwork=work), site.cast.curator)
    assert (await Review.get(artwork=work)).decision == Decision.ACCEPTED


async def test_what_was_accepted_at_once_is_looked_at_by_another(site: Site) -> None:
    await join(site, site.cast.curator)
    work, submission = await submitted(site)
    await decisions.accept_automatically(work, submission)
    check = await LaterCheck.get(review__artwork_id=work.id)
    assert await mark_checked([check.id], site.cast.curator) == 0
    assert await mark_checked([check.id], site.cast.keeper) == 1


async def test_a_keeper_does_not_trust_the_own_organisation(site: Site) -> None:
    await join(site, site.cast.keeper)
    path = f"/desk/organisations/{site.cast.organisation.id}/trust"
    sent = {"trust": "at_once", "reason": "They are good."}
    other = await Person.create(
        email="second@example.org", name="Second", role=Role.KEEPER, language="en", password_hash="x"
    )
    client = await site.client(site.cast.keeper)
    assert "another keeper says" in (await client.post(path, data=sent, follow_redirects=True)).text
    assert (await Organisation.get(id=site.cast.organisation.id)).trust == Trust.EVERY
    await (await site.client(other)).post(path, data=sent)
    assert (await Organisation.get(id=site.cast.organisation.id)).trust == Trust.AT_ONCE
    await Person.filter(id=other.id).update(is_active=False)
    await client.post(path, data={**sent, "trust": "sampled"})  # alone, she confirms it herself
    assert (await Organisation.get(id=site.cast.organisation.id)).trust == Trust.SAMPLED


async def test_who_reported_a_work_is_not_told_to_a_member(site: Site) -> None:
    await join(site, site.cast.curator)
    work = await factories.artwork(site.storage, site.cast.organisation)
    values = {
        "reported_for": "harms",
        "told": "My teacher hung it against my will.",
        "email": "child@example.org",
    }
    made = await create_report(work, values, "en")
    assert [mail.email for mail in await Mail.filter(kind="report_waiting")] == ["keeper@example.org"]
    path = f"/desk/reports/{made.id}"
    curator, keeper = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    assert (await curator.get(path)).status_code == 404
    assert (await curator.post(f"{path}/closing", data={"note": "Nothing"})).status_code == 404
    assert path not in (await curator.get("/desk/reports")).text
    assert (await keeper.get(path)).status_code == 200
    assert path in (await keeper.get("/desk/reports")).text
    await Person.filter(id=site.cast.keeper.id).update(is_active=False)
    assert (await curator.get(path)).status_code == 200  # there is no other reader
