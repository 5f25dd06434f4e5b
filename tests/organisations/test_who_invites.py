"""Nobody gains access by inviting themselves: who invites members, and curators who are also members."""

from __future__ import annotations

import asyncio
import re

import pytest

from gallery.accounts.account_deletion import close_account
from gallery.accounts.invitations import InvitationRefused, InviterNotAllowed, accept, invite, open_invitation
from gallery.accounts.members import has_had_owner, members_of, owners_of
from gallery.accounts.models import Invitation, JoinedAs, MemberRole, Membership, Person, Role
from gallery.accounts.people import change_role, suspend
from gallery.api.tokens import find_token, make_token
from gallery.artists.models import Artist
from gallery.audit.models import Entry
from gallery.cli.revocations import identity_digest, revoke_ended
from gallery.clock import now
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.mail.outbox import Notification, notify
from gallery.organisations.models import Organisation
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site

ACCOUNT = {"name": "New colleague", "password": "a sentence to remember"}


def page(site: Site, rest: str = "edit") -> str:
    return f"/desk/organisations/{site.cast.organisation.id}/{rest}"


async def make_owner(
    site: Site, person: Person | None = None, joined_as: JoinedAs = JoinedAs.FIRST_OWNER
) -> Membership:
    membership, _ = await Membership.get_or_create(
        person=person or site.cast.partner, organisation=site.cast.organisation
    )
    await Membership.filter(id=membership.id).update(role=MemberRole.OWNER, joined_as=joined_as)
    return await Membership.get(id=membership.id)


def fields(site: Site, email: str, role: str = "editor") -> dict[str, str]:
    organisation = str(site.cast.organisation.id)
    return {
        "email": email,
        "role": "member",
        "organisation": organisation,
        "member_role": role,
        "language": "en",
    }


async def private_page(site: Site) -> str:
    """The address of an artist's private details, which only members of the organisation may read."""
    work = await factories.artwork(site.storage, site.cast.organisation)
    artist = await Artist.get(id=work.artist_id)
    return f"/desk/artists/{artist.id}/private"


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_cannot_invite_into_an_organisation_that_has_an_owner(site: Site) -> None:
    await make_owner(site)
    for person in (site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        shown = (await client.get(page(site))).text
        assert 'id="invite"' not in shown
        assert "Only owners can invite" in shown
        for email in (person.email, "second-address@example.org"):
            answer = await client.post(
                "/desk/invitations-sent", data=fields(site, email, "owner"), follow_redirects=True
            )
            assert "only its owners invite" in answer.text
    assert not await Invitation.exists()


async def test_a_curator_changes_and_removes_no_member(site: Site) -> None:
    await make_owner(site)
    theirs = await Membership.get(person=site.cast.colleague)
    for person in (site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        shown = (await client.get(page(site))).text
        assert "Make owner" not in shown
        assert "Remove" not in shown
        for rest, data in (
            ("", {"role": "owner"}),
            ("/name", {"name": "X"}),
            ("/deletion", {}),
            ("/confirmation", {}),
        ):
            answer = await client.post(page(site, f"members/{theirs.id}{rest}"), data=data)
            assert answer.status_code == 404
    invited = await invite(
        "new@example.org", Role.MEMBER, days=1, organisation_id=theirs.organisation_id, by=site.cast.partner
    )
    invitation = await open_invitation(invited)
    assert invitation is not None
    curator = await site.client(site.cast.curator)
    assert (await curator.post(page(site, f"invitations/{invitation.id}/deletion"))).status_code == 404
    kept = await Membership.get(id=theirs.id)
    assert (kept.role, await Invitation.all().count()) == (MemberRole.EDITOR, 1)


async def test_an_open_invitation_of_a_curator_from_before_opens_nothing(site: Site) -> None:
    await make_owner(site)
    organisation_id = site.cast.organisation.id
    token = await invite(
        "second@example.org", Role.MEMBER, days=1, organisation_id=organisation_id, by=site.cast.partner
    )
    await Invitation.all().update(invited_by_id=site.cast.curator.id)
    client = await site.client(**{"accept-language": "en"})
    link = f"/desk/invitations/{token}"
    shown = await client.get(link)
    assert (shown.status_code, "Please ask an owner" in shown.text) == (410, True)
    assert (await client.post(link, data=ACCOUNT)).status_code == 410
    assert not await Person.exists(email="second@example.org")
    await Invitation.all().update(email=site.cast.curator.email)
    assert (await (await site.client(site.cast.curator)).post(link)).status_code == 410
    assert not await Membership.exists(person=site.cast.curator)


@pytest.mark.engines("sqlite", "postgresql")
async def test_of_two_invitations_of_a_first_owner_only_one_counts(site: Site) -> None:
    organisation = await Organisation.create(slug="new", name=Texts({"en": "New"}))
    tokens = [
        await invite(email, Role.MEMBER, days=1, organisation_id=organisation.id, by=site.cast.curator)
        for email in ("one@example.org", "two@example.org", "three@example.org")
    ]
    held = [await open_invitation(token) for token in tokens]
    results = await asyncio.gather(
        *(accept(each, "A", "a long password") for each in held if each), return_exceptions=True
    )
    assert sum(isinstance(result, Person) for result in results) == 1
    assert sum(isinstance(result, InviterNotAllowed) for result in results) == 2
    (membership,) = await Membership.filter(organisation=organisation)
    assert (membership.joined_as, membership.role) == (JoinedAs.FIRST_OWNER, MemberRole.OWNER)
    assert membership.invited_by_id == site.cast.curator.id
    person = await Person.get(id=membership.person_id)
    mails = {mail.email for mail in await Mail.filter(kind="first_owner_is_another")}
    assert mails == {f"{name}@example.org" for name in ("one", "two", "three")} - {person.email}
    mail = await Mail.filter(kind="first_owner_is_another").first()
    assert mail is not None
    assert "New" in compose(mail, site.settings).subject


@pytest.mark.parametrize("lost_by", ["stopping", "another role", "closing"])
@pytest.mark.parametrize("gives", ["keeper", "first owner"])
async def test_invitations_of_a_keeper_end_with_the_role(site: Site, gives: str, lost_by: str) -> None:
    """Otherwise somebody who was suspended could return with another address."""
    bad = await Person.create(
        email="bad@example.org", name="B", role=Role.KEEPER, language="en", password_hash="x"
    )
    organisation = await Organisation.create(slug="new", name=Texts({"en": "New"}))
    first_of = {"organisation_id": organisation.id} if gives == "first owner" else {}
    role = Role.MEMBER if first_of else Role.KEEPER
    link = f"/desk/invitations/{await invite('other@example.org', role, days=1, by=bad, **first_of)}"
    client = await site.client()
    assert (await client.get(link)).status_code == 200
    if lost_by == "stopping":
        await suspend(bad, site.cast.keeper)
    elif lost_by == "closing":
        await close_account(bad)
    else:
        await change_role(bad, Role.MEMBER, site.cast.keeper)
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data=ACCOUNT)).status_code == 410
    assert not await Person.exists(email="other@example.org")
    colleague = await site.client(site.cast.colleague)
    await Invitation.all().update(email=site.cast.colleague.email)
    assert (await colleague.post(link)).status_code == 410
    assert (await Person.get(id=site.cast.colleague.id)).role == Role.MEMBER


async def test_an_invitation_holds_while_whoever_made_it_is_an_owner(site: Site) -> None:
    membership = await make_owner(site)
    await make_owner(site, site.cast.colleague)
    organisation_id = site.cast.organisation.id
    token = await invite(
        "new@example.org", Role.MEMBER, days=1, organisation_id=organisation_id, by=site.cast.partner
    )
    colleague = await site.client(site.cast.colleague)
    assert (await colleague.post(page(site, f"members/{membership.id}/deletion"))).status_code == 303
    answer = await (await site.client()).post(f"/desk/invitations/{token}", data=ACCOUNT)
    assert answer.status_code == 410
    assert not await Membership.exists(person__email="new@example.org")


@pytest.mark.parametrize("lost_by", ["leaving", "closing", "stopping"])
async def test_an_organisation_that_lost_its_owner_has_no_first_one_again(site: Site, lost_by: str) -> None:
    organisation = await Organisation.create(slug="new", name=Texts({"en": "New"}))
    membership = await Membership.create(
        person=site.cast.stranger,
        organisation=organisation,
        role=MemberRole.OWNER,
        joined_as=JoinedAs.FIRST_OWNER,
    )
    client = await site.client(site.cast.stranger)
    if lost_by == "leaving":
        await make_owner_of(organisation, site.cast.colleague)
        await client.post(f"/desk/organisations/{organisation.id}/members/{membership.id}/deletion")
        await (await site.client(site.cast.colleague)).post("/desk/account/closing")
    elif lost_by == "closing":
        assert (await client.post("/desk/account/closing")).status_code == 303
    else:
        await suspend(site.cast.stranger, site.cast.keeper)
    assert await owners_of(organisation.id) == []
    assert await has_had_owner(organisation.id)
    for person in (site.cast.curator, site.cast.keeper):
        with pytest.raises(InvitationRefused):
            await invite(person.email, Role.MEMBER, days=1, organisation_id=organisation.id, by=person)


async def make_owner_of(organisation: Organisation, person: Person) -> None:
    await Membership.create(
        person=person, organisation=organisation, role=MemberRole.OWNER, joined_as=JoinedAs.INVITED
    )


async def test_a_restore_that_ends_an_owner_leaves_no_place_for_a_first_one(site: Site) -> None:
    """After the backup somebody else became the owner, whom the backup does not contain."""
    await make_owner(site)
    ended = [each async for each in revoke_ended({identity_digest("kind", "owner")}, site.storage)]
    assert [each.kind for each in ended] == ["owner"]
    assert await owners_of(site.cast.organisation.id) == []
    assert await has_had_owner(site.cast.organisation.id)


async def test_somebody_taken_out_reads_no_more_of_its_works_in_a_daily_mail(site: Site) -> None:
    await make_owner(site)
    colleague = site.cast.colleague
    await Person.filter(id=colleague.id).update(wants_digest=True)
    await Membership.create(person=colleague, organisation=site.cast.elsewhere)
    for organisation in (site.cast.organisation, site.cast.elsewhere):
        work = await factories.artwork(site.storage, organisation)
        people = await members_of(organisation.id)
        await notify(
            people, Notification("work_accepted", f"/desk/works/{work.id}", {"work": organisation.slug})
        )
    theirs = await Membership.get(person=colleague, organisation=site.cast.organisation)
    partner = await site.client(site.cast.partner)
    assert (await partner.post(page(site, f"members/{theirs.id}/deletion"))).status_code == 303
    assert [mail.facts["work"] for mail in await Mail.filter(person=colleague)] == ["bazaar"]
    assert await Mail.filter(person=site.cast.partner, kind="work_accepted").count() == 1


async def test_every_owner_is_told_of_a_new_member(site: Site) -> None:
    await make_owner(site)
    await make_owner(site, site.cast.colleague)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/invitations-sent", data=fields(site, site.cast.curator.email), follow_redirects=True
    )
    link = re.search(r"(/desk/invitations/[\w-]+)", answer.text)
    assert link
    assert (await (await site.client(site.cast.curator)).post(link[1])).status_code == 303
    mails = await Mail.filter(kind="member_joined")
    assert sorted(mail.email for mail in mails) == ["colleague@example.org", "partner@example.org"]
    assert (mails[0].facts["role"], mails[0].facts["inviter"]) == ("curator", "partner")
    membership = await Membership.get(person=site.cast.curator)
    assert (membership.joined_as, membership.awaits_confirmation) == (JoinedAs.INVITED, False)
    shown = re.sub(r"\s+", " ", (await client.get(page(site))).text)
    assert "Also a curator of this site." in shown
    assert "invited by partner" in shown


async def test_a_member_of_unknown_origin_who_becomes_a_curator_reads_nothing_until_confirmed(
    site: Site,
) -> None:
    await make_owner(site)
    path = await private_page(site)
    their, owner = await site.client(site.cast.colleague), await site.client(site.cast.partner)
    membership = await Membership.get(person=site.cast.colleague)
    _token, text = await make_token(membership, "Program", ["works:read"], 30)
    assert (await their.get(path)).status_code == 200
    await change_role(site.cast.colleague, Role.CURATOR, site.cast.keeper)
    assert (await their.get(path)).status_code == 404
    assert await find_token(text) is None
    assert [mail.email for mail in await Mail.filter(kind="member_is_curator")] == ["partner@example.org"]
    assert await Entry.exists(verb="member.held", thing_id=site.cast.colleague.id)
    # Nor when the role is given back: only an owner lets them in again.
    await change_role(site.cast.colleague, Role.MEMBER, site.cast.keeper)
    assert (await their.get(path)).status_code == 404
    assert (await their.get(page(site))).status_code == 404
    await change_role(site.cast.colleague, Role.CURATOR, site.cast.keeper)
    confirmation = page(site, f"members/{membership.id}/confirmation")
    for person in (site.cast.colleague, site.cast.keeper):
        assert (await (await site.client(person)).post(confirmation)).status_code == 404
    assert "until an owner confirms it" in (await owner.get(page(site))).text
    assert (await owner.post(confirmation)).status_code == 303
    assert (await their.get(path)).status_code == 200
    assert "confirmed by partner" in (await owner.get(page(site))).text


async def test_the_invitation_of_a_curator_holds_the_membership_as_well(site: Site) -> None:
    await make_owner(site)
    path = await private_page(site)
    token = await invite(site.cast.colleague.email, Role.CURATOR, days=1, by=site.cast.keeper)
    client = await site.client(site.cast.colleague)
    assert (await client.post(f"/desk/invitations/{token}")).status_code == 303
    assert (await Person.get(id=site.cast.colleague.id)).role == Role.CURATOR
    assert (await client.get(path)).status_code == 404
    assert await Mail.filter(kind="member_is_curator", email="partner@example.org").exists()


@pytest.mark.parametrize(
    "joined_as", [JoinedAs.INVITED, JoinedAs.FIRST_OWNER, JoinedAs.CONFIRMED, JoinedAs.REQUESTED]
)
async def test_whom_an_owner_invited_stays_and_the_owners_are_told(site: Site, joined_as: JoinedAs) -> None:
    await make_owner(site)
    await Membership.filter(person=site.cast.colleague).update(joined_as=joined_as)
    path = await private_page(site)
    await change_role(site.cast.colleague, Role.KEEPER, site.cast.keeper)
    assert (await (await site.client(site.cast.colleague)).get(path)).status_code == 200
    mail = await Mail.get(kind="member_is_curator")
    assert (mail.facts["role"], mail.facts["awaits_confirmation"]) == ("keeper", False)


async def test_a_site_of_one_charity_has_its_keeper_as_first_owner_and_says_so(site: Site) -> None:
    organisation = await Organisation.create(slug="ours", name=Texts({"en": "Ours"}))
    client = await site.client(site.cast.keeper)
    sent = {**fields(site, site.cast.keeper.email), "organisation": str(organisation.id)}
    answer = await client.post("/desk/invitations-sent", data=sent, follow_redirects=True)
    link = re.search(r"(/desk/invitations/[\w-]+)", answer.text)
    assert link
    assert (await client.post(link[1])).status_code == 303
    shown = re.sub(r"\s+", " ", (await client.get(f"/desk/organisations/{organisation.id}/edit")).text)
    assert "Also a keeper of this site." in shown
    assert "its first owner" in shown
    assert (await client.get("/desk/works")).status_code == 200
    assert 'id="invite"' in shown  # as an owner she invites the others


async def test_mail_about_a_member_leads_to_the_members(site: Site) -> None:
    await make_owner(site)
    for language in ("en", "zh"):
        await Person.filter(id=site.cast.partner.id).update(language=language)
        await Membership.filter(person=site.cast.colleague).update(
            joined_as="unknown", awaits_confirmation=False
        )
        await Person.filter(id=site.cast.colleague.id).update(role=Role.MEMBER)
        await change_role(await Person.get(id=site.cast.colleague.id), Role.CURATOR, site.cast.keeper)
        mail = await Mail.filter(kind="member_is_curator").order_by("-id").first()
        assert mail is not None
        letter = compose(mail, site.settings)
        assert page(site) in letter.text
        assert "colleague" in letter.subject


async def test_an_editor_takes_no_invitation_back(site: Site) -> None:
    invitation = await Invitation.create(
        token_hash="x",
        email="a@example.org",
        role=Role.MEMBER,
        organisation=site.cast.organisation,
        expires_at=now(),
    )
    client = await site.client(site.cast.colleague)
    assert (await client.post(page(site, f"invitations/{invitation.id}/deletion"))).status_code == 404
    curator = await site.client(site.cast.curator)
    assert (await curator.post(page(site, f"invitations/{invitation.id}/deletion"))).status_code == 303
