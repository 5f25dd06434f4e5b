"""Notifications: each event is mailed once, to the people concerned, without private data."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.accounts.models import MemberRole, Membership, Person, Role
from gallery.artists.models import Artist, Consent, PrivateDetails
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.exhibitions.drafts import publish
from gallery.exhibitions.models import Edition
from gallery.mail.models import Mail, MailState
from gallery.organisations.models import Organisation
from gallery.reviews import decisions
from gallery.reviews.undo import undo_review
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.artworks import test_consent_requests as consent_requests
from tests.conftest import Site
from tests.factories import in_en, in_zh
from tests.mail.post_office import PostOffice, text_of
from tests.queries import counted_queries

MEMBERS = ["colleague@example.org", "partner@example.org"]


async def mails(kind: str) -> list[str]:
    return sorted([mail.email for mail in await Mail.filter(kind=kind)])


async def submitted(site: Site) -> tuple[Artwork, Submission]:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    return work, await Submission.get(artwork=work)


async def links_lead_somewhere(site: Site, office: PostOffice, person: Person) -> None:
    client = await site.client(person)
    for mail in office.mails:
        if mail["to"] == person.email:
            for line in text_of(mail).splitlines():
                if line.startswith(site.settings.site_url):
                    assert (await client.get(line.removeprefix(site.settings.site_url))).status_code == 200


async def leave_now() -> None:
    """Time passes until mails about decisions leave."""
    waiting = Mail.filter(state=MailState.UNSENT)
    await waiting.update(due_at=now())


@pytest.mark.engines("sqlite", "postgresql")
async def test_decisions_within_ten_minutes_are_one_mail_with_the_curators_words(
    site: Site, office: PostOffice
) -> None:
    curator = site.cast.curator
    await decisions.accept(*await submitted(site), curator)
    works = [await submitted(site) for _ in range(2)]
    for work in works:
        await decisions.return_to_partner(*work, curator, {}, "Please tell more.")
    await decisions.return_to_partner(*await submitted(site), curator, {"story": "Which snow was it?"})
    for kind, count in (("work_accepted", 1), ("work_returned", 3)):
        assert await mails(kind) == sorted(MEMBERS * count)
    await site.work()
    assert office.mails == []  # it can still be taken back
    await Mail.filter(kind="work_accepted").update(due_at=now())
    await Mail.filter(kind="work_returned").update(due_at=now() + timedelta(minutes=9))
    await decisions.decline(*await submitted(site), curator, "Can still be taken back")
    await site.work()
    assert sorted(office.recipients) == MEMBERS
    mail = next(mail for mail in office.mails if mail["to"] == "partner@example.org")
    assert mail["subject"] == "News about 4 of your works"
    words = text_of(mail)
    assert words.count("Please tell more.") == 1  # of two works, once
    assert words.index(works[1][0].own("title")) < words.index("Please tell more.")
    assert "Story: Which snow was it?" in words
    await links_lead_somewhere(site, office, site.cast.partner)
    await site.work()
    assert len(office.mails) == 2
    await Mail.filter(state=MailState.UNSENT).delete()
    await decisions.decline(*await submitted(site), curator, "It is the same picture again.")
    await leave_now()
    await site.work()
    assert office.mails[-1]["subject"].startswith("Not accepted:")
    assert "It is the same picture again." in text_of(office.mails[-1])


async def test_answers_of_families_are_one_mail_that_names_nobody(site: Site, office: PostOffice) -> None:
    codes = [(await consent_requests.asked_about(site))[1] for _ in range(3)]
    for code, fields in zip(
        codes, (consent_requests.AGREES, consent_requests.AGREES, {"answer": "no"}), strict=True
    ):
        await consent_requests.answer(site, code, fields)
    assert await mails("family_answered") == sorted(MEMBERS * 3)
    await site.work()
    assert office.mails == []
    await leave_now()
    await site.work()
    assert sorted(office.recipients) == MEMBERS
    mail = next(mail for mail in office.mails if mail["to"] == "partner@example.org")
    assert mail["subject"] == "3 families have answered"
    words = text_of(mail)
    assert "2 families agree" in words
    assert "1 family does not agree" in words
    assert consent_requests.NAME not in words
    await links_lead_somewhere(site, office, site.cast.partner)
    code = (await consent_requests.asked_about(site))[1]
    await consent_requests.answer(site, code, {"answer": "no"})
    await leave_now()
    await site.work()
    assert office.mails[-1]["subject"] == "A family has not agreed"
    await links_lead_somewhere(site, office, site.cast.partner)


async def test_a_mail_that_may_have_been_sent_is_gathered_with_no_other(
    site: Site, office: PostOffice
) -> None:
    await decisions.accept(*await submitted(site), site.cast.curator)
    await Mail.all().update(attempts=1)
    await decisions.accept(*await submitted(site), site.cast.curator)
    await leave_now()
    await site.work()
    assert len(office.mails) == 4


@pytest.mark.parametrize(
    "words",
    [
        "电话是13812345678",
        "请问问王老师",
        "The autistic boy",
        "Ask Mrs Miller",
        "他就读于阳光小学",
        "写上瞿俊杰的名字",
        "俊杰自己说的吗？",
        "小画家是谁？",
        "Does PARTNER know?",
        "mother@example.org",
    ],
)
async def test_words_that_may_be_private_stay_at_the_desk(site: Site, office: PostOffice, words: str) -> None:
    work, submission = await submitted(site)
    await Artist.filter(id=work.artist_id).update(credit_name="小画家")
    await PrivateDetails.create(artist_id=work.artist_id, legal_name="瞿俊杰", changed_at=now())
    notes = {"title": words, "story": "Which snow was it?"}
    await decisions.return_to_partner(work, submission, site.cast.curator, notes, words)
    await leave_now()
    await site.work()
    assert len(office.mails) == 2
    for mail in office.mails:
        assert words not in text_of(mail)
        assert "Which snow was it?" in text_of(mail)
        assert "only at your desk" in text_of(mail)
    page = await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}")
    assert words in page.text.replace("&#39;", "'")


async def test_a_withdrawal_erases_the_words_of_mails_that_were_sent(site: Site, office: PostOffice) -> None:
    work, submission = await submitted(site)
    await decisions.return_to_partner(work, submission, site.cast.curator, {"story": "Which snow was it?"})
    await leave_now()
    await site.work()
    await withdraw(await Consent.get(id=work.consent_id), site.storage, by=site.cast.partner)
    assert [mail.facts for mail in await Mail.filter(kind="work_returned")] == [{"work": ""}] * 2
    mail = await Mail.filter(kind="work_returned").first()
    assert mail is not None
    page = await (await site.client(site.cast.keeper)).get(f"/desk/outbox/{mail.id}")
    assert page.status_code == 200


async def test_a_decision_that_is_taken_back_is_told_to_nobody(site: Site, office: PostOffice) -> None:
    work, submission = await submitted(site)
    review = await decisions.decline(work, submission, site.cast.curator, "A slip of the hand")
    mail = await Mail.filter(kind="work_declined").first()
    assert mail is not None
    assert mail.due_at > decisions.undo_deadline(review)
    await undo_review(review, site.cast.curator)
    assert await Mail.all().count() == 0
    submission = await Submission.get(id=submission.id)
    await decisions.accept(work, submission, site.cast.curator)
    assert await mails("work_accepted") == MEMBERS


async def test_a_decision_that_is_refused_tells_nobody(site: Site) -> None:
    work, submission = await submitted(site)
    await Artwork.filter(id=work.id).update(alt_text=in_zh(""))
    with pytest.raises(decisions.DecisionRefused):
        await decisions.accept(work, submission, site.cast.curator)
    assert await Mail.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_hanging_and_opening_are_told_once(site: Site, office: PostOffice) -> None:
    ours = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(2)
    ]
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED)
    opens_at = now() + timedelta(days=3)
    exhibition = await factories.exhibition([*ours, theirs], published=False, opens_at=opens_at)
    await publish(exhibition, site.cast.curator)
    await Edition.filter(exhibition=exhibition, number=None).update(introduction=in_en("Told anew."))
    await publish(exhibition, site.cast.curator)
    assert await mails("works_hung") == [*MEMBERS, "stranger@example.org"]
    await site.work()
    assert await mails("exhibition_opened") == []
    moment = now() - timedelta(minutes=1)
    await Edition.filter(exhibition=exhibition).update(
        opens_at=moment, published_at=moment - timedelta(days=1)
    )
    for _ in range(2):
        await site.work()
    assert await mails("exhibition_opened") == [*MEMBERS, "stranger@example.org"]
    hung = next(mail for mail in office.mails if mail["to"] == "partner@example.org")
    assert "2 works of your organisation hang" in text_of(hung)
    assert "It opens on" in text_of(hung)
    opened = [mail for mail in office.mails if mail["subject"].startswith("Open now")]
    assert f"{site.settings.site_url}/en/exhibitions/{exhibition.slug}" in text_of(opened[0])


@pytest.mark.engines("sqlite", "postgresql")
async def test_many_organisations_are_told_of_a_hanging_in_as_many_queries_as_one(site: Site) -> None:
    first = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await Person.filter(email="colleague@example.org").update(is_active=False)

    async def queries_of_publishing(works: list[Artwork]) -> int:
        exhibition = await factories.exhibition(works, published=False)
        with counted_queries() as ran:
            await publish(exhibition, site.cast.curator)
        return len(ran)

    alone = await queries_of_publishing([first])
    works = [first, await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED)]
    for number in range(5):
        organisation = await Organisation.create(slug=f"organisation-{number}")
        person = await Person.create(
            email=f"{number}@example.org", name="member", role=Role.MEMBER, password_hash=""
        )
        waiting = await Person.create(
            email=f"w{number}@example.org", name="waits", role=Role.CURATOR, password_hash=""
        )
        await Membership.create(person=person, organisation=organisation)
        await Membership.create(person=waiting, organisation=organisation, awaits_confirmation=True)
        works += [
            await factories.artwork(site.storage, organisation, status=Status.ACCEPTED)
            for _ in range(number + 1)
        ]
    await Mail.all().delete()
    assert await queries_of_publishing(works) == alone
    told = {mail.email: mail.facts["count"] for mail in await Mail.filter(kind="works_hung")}
    expected = {f"{number}@example.org": number + 1 for number in range(5)}
    assert told == {"partner@example.org": 1, "stranger@example.org": 1, **expected}


async def test_an_exhibition_that_opened_long_ago_is_no_news(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    long_ago = now() - timedelta(days=30)
    await factories.exhibition([work], opens_at=long_ago, published_at=long_ago - timedelta(days=1))
    await site.work()
    assert await Mail.all().count() == 0


@pytest.mark.parametrize(("days", "expected"), [(61, 0), (60, 0), (59, 1), (14, 1), (13, 1), (0, 1), (-1, 0)])
async def test_a_consent_that_ends_is_told_of(site: Site, days: int, expected: int) -> None:
    consent = await factories.consent(site.cast.organisation, ends_on=factories.days_from_now(days))
    await factories.artwork(site.storage, site.cast.organisation, consent=consent)
    for _ in range(2):
        await site.work()
    assert await mails("consent_ending") == MEMBERS * expected


async def test_it_is_told_again_when_two_weeks_are_left_and_names_nobody(
    site: Site, office: PostOffice
) -> None:
    consent = await factories.consent(site.cast.organisation, ends_on=factories.days_from_now(40))
    await factories.artwork(site.storage, site.cast.organisation, consent=consent)
    await site.work()
    await Consent.filter(id=consent.id).update(ends_on=factories.days_from_now(10))
    await site.work()
    await site.work()
    assert await mails("consent_ending") == sorted(MEMBERS * 2)
    await consent.fetch_related("artist")
    for mail in office.mails:
        assert consent.artist.credit_name not in text_of(mail) + mail["subject"]
        assert consent.code not in text_of(mail)
    assert "10 days" in office.mails[-1]["subject"]
    await links_lead_somewhere(site, office, site.cast.partner)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_withdrawal_through_the_slip_is_told_to_the_organisation(
    site: Site, office: PostOffice
) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    consent = await Consent.get(id=work.consent_id)
    await withdraw(consent, site.storage)
    await withdraw(consent, site.storage)
    await site.work()
    assert sorted(office.recipients) == MEMBERS
    assert "1 work has left every page" in text_of(office.mails[0])
    assert work.own("title") not in text_of(office.mails[0])
    await links_lead_somewhere(site, office, site.cast.partner)


async def test_a_withdrawal_by_the_organisation_is_no_news_to_it(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    await withdraw(await Consent.get(id=work.consent_id), site.storage, by=site.cast.partner)
    assert await Mail.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_link_of_a_first_owner_is_only_in_the_mail(site: Site, office: PostOffice) -> None:
    """Otherwise the inviter could become the owner under somebody else's address."""
    fields = {
        "email": "New@Example.org",
        "role": "member",
        "language": "zh",
        "organisation": str(site.cast.elsewhere.id),
    }
    curator = await site.client(site.cast.curator)
    sent = await curator.post("/desk/invitations-sent", data=fields)
    assert "invitation-link" not in sent.headers.get("set-cookie", "")
    page = await curator.get(sent.headers["location"])
    assert "on its way" in page.text
    await site.work()
    (mail,) = office.mails
    assert (mail["to"], mail["subject"]) == ("new@example.org", "邀请您加入见光")
    link = next(line for line in text_of(mail).splitlines() if "/desk/invitations/" in line)
    assert "/desk/invitations/" not in page.text
    assert "芭莎公益" in text_of(mail)
    guest = await site.client()
    path = link.removeprefix(site.settings.site_url)
    assert (await guest.post(path, data={"name": "新来的", "password": "a long password"})).status_code == 303
    membership = await Membership.get(person__email="new@example.org").prefetch_related("person")
    assert membership.role == MemberRole.OWNER  # the first: nobody could invite the others otherwise
    assert (await Mail.get()).secret == ""
    owner = await site.client(membership.person)
    second = {**fields, "email": "second@example.org"}
    invited = await owner.post("/desk/invitations-sent", data=second)
    assert "invitation-link" in invited.headers["set-cookie"]  # an owner gets no second mail


@pytest.mark.engines("sqlite", "postgresql")
async def test_whoever_closed_the_account_is_told_nothing(site: Site) -> None:
    await Person.filter(id=site.cast.colleague.id).update(is_active=False)
    await decisions.accept(*await submitted(site), site.cast.curator)
    assert await mails("work_accepted") == ["partner@example.org"]
