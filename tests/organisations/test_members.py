"""Members and their roles: who invites, who removes, and that every organisation keeps an owner."""

from __future__ import annotations

import asyncio

import pytest

from gallery.accounts.models import Invitation, MemberRole, Membership, Person
from gallery.organisations.models import Organisation
from tests import factories
from tests.conftest import Site

ACCOUNT = {"name": "New colleague", "password": "a sentence to remember"}


async def own(site: Site, person: Person | None = None) -> Membership:
    """Make the partner, or `person`, an owner; returns the membership."""
    membership = await Membership.get(person=person or site.cast.partner, organisation=site.cast.organisation)
    await Membership.filter(id=membership.id).update(role=MemberRole.OWNER)
    return membership


def page(site: Site, rest: str = "edit") -> str:
    return f"/desk/organisations/{site.cast.organisation.id}/{rest}"


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_owner_invites_a_colleague_who_is_an_editor(site: Site) -> None:
    await own(site)
    client = await site.client(site.cast.partner)
    assert (await client.get("/desk/organisations")).headers["location"] == page(site)
    fields = {"email": "new@example.org", "role": "member", "language": "en", "member_role": "editor"}
    answer = await client.post(
        "/desk/invitations-sent", data={**fields, "organisation": site.cast.organisation.id}
    )
    assert answer.status_code == 303
    assert "new@example.org" in (await client.get(page(site))).text
    from gallery.mail.models import Mail

    mail = await Mail.get(kind="invitation")
    guest = await site.client()
    assert (await guest.post(f"{mail.path}{mail.secret}", data=ACCOUNT)).status_code == 303
    assert (await Membership.get(person__email="new@example.org")).role == MemberRole.EDITOR
    assert (await guest.get("/desk/projects")).status_code == 200


async def test_an_invitation_is_taken_back(site: Site) -> None:
    await own(site)
    client = await site.client(site.cast.partner)
    fields = {"email": "new@example.org", "role": "member", "language": "en", "member_role": "owner"}
    await client.post("/desk/invitations-sent", data={**fields, "organisation": site.cast.organisation.id})
    from gallery.mail.models import Mail

    mail = await Mail.get(kind="invitation")
    invitation = await Invitation.get()
    assert invitation.member_role == MemberRole.OWNER
    stranger = await site.client(site.cast.stranger)
    path = page(site, f"invitations/{invitation.id}/deletion")
    assert (await stranger.post(path)).status_code == 404
    assert (await client.post(path)).status_code == 303
    assert (await (await site.client()).post(f"{mail.path}{mail.secret}", data=ACCOUNT)).status_code == 404
    assert not await Person.exists(email="new@example.org")


async def test_editors_see_their_colleagues_and_change_nothing(site: Site) -> None:
    membership = await own(site)
    client = await site.client(site.cast.colleague)
    shown = (await client.get(page(site))).text
    assert "partner@example.org" in shown
    assert "Make owner" not in shown
    assert "Invite a member" not in shown
    assert (await client.post(page(site), data={"about[en]": "Mine"})).status_code == 404
    assert (
        await client.post(page(site, f"members/{membership.id}"), data={"role": "editor"})
    ).status_code == 404
    assert (await client.post(page(site, f"members/{membership.id}/deletion"))).status_code == 404
    fields = {"email": "new@example.org", "role": "member", "language": "en", "member_role": "editor"}
    sent = await client.post(
        "/desk/invitations-sent", data={**fields, "organisation": site.cast.organisation.id}
    )
    assert sent.status_code == 404
    assert await Invitation.all().count() == 0


async def test_owners_keep_their_own_organisation_only(site: Site) -> None:
    await own(site)
    client = await site.client(site.cast.partner)
    elsewhere = site.cast.elsewhere.id
    theirs = await Membership.get(person=site.cast.stranger)
    assert (await client.get(f"/desk/organisations/{elsewhere}/edit")).status_code == 404
    assert (
        await client.post(f"/desk/organisations/{elsewhere}/edit", data={"about[en]": "x"})
    ).status_code == 404
    for organisation in (elsewhere, site.cast.organisation.id):
        path = f"/desk/organisations/{organisation}/members/{theirs.id}"
        assert (await client.post(path, data={"role": "owner"})).status_code == 404
        assert (await client.post(f"{path}/deletion")).status_code == 404
    fields = {"email": "new@example.org", "role": "member", "language": "en", "member_role": "owner"}
    sent = await client.post("/desk/invitations-sent", data={**fields, "organisation": elsewhere})
    assert sent.status_code in {404, 422}
    assert "Bazaar" not in sent.text
    for role in ("curator", "keeper"):
        assert (await client.post("/desk/invitations-sent", data={**fields, "role": role})).status_code == 404
    assert await Invitation.all().count() == 0
    assert (await Membership.get(id=theirs.id)).role == MemberRole.EDITOR


async def test_an_owner_changes_the_profile_but_not_names_and_number(site: Site) -> None:
    await own(site)
    client = await site.client(site.cast.partner)
    values = {
        "about[en]": "We **paint**.",
        "region[en]": "Yunnan",
        "website": "https://example.org",
        "slug": "stolen",
        "name[en]": "Other",
        "is_active": "",
    }
    assert (await client.post(page(site), data=values)).status_code == 303
    organisation = await Organisation.get(id=site.cast.organisation.id)
    assert (organisation.about["en"], organisation.region["en"]) == ("We **paint**.", "Yunnan")
    assert (organisation.slug, organisation.name["en"]) == ("xiaogeng", "Xiaogeng Foundation")
    assert organisation.is_active
    assert "<strong>paint</strong>" in (await client.get("/en/organisations/xiaogeng")).text
    refused = await client.post(page(site), data={"website": "example", "about[en]": "Kept words"})
    assert (refused.status_code, "Kept words" in refused.text) == (422, True)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_member_who_is_removed_loses_access_at_once(site: Site) -> None:
    await own(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    paths = [
        f"/desk/works/{work.id}",
        f"/desk/works/{work.id}/edit",
        f"/desk/consents/{work.consent_id}",
        f"/desk/projects/{work.project_id}/edit",
        "/desk/projects",
        page(site),
    ]
    image = await work.image
    paths.append(f"/desk/images/{image.id}/320.jpg")
    removed = await site.client(site.cast.colleague)
    assert {(await removed.get(path)).status_code for path in paths} == {200}
    client = await site.client(site.cast.partner)
    membership = await Membership.get(person=site.cast.colleague)
    assert (await client.post(page(site, f"members/{membership.id}/deletion"))).status_code == 303
    assert {(await removed.get(path)).status_code for path in paths} == {404}
    posted = await removed.post(f"/desk/works/{work.id}/edit", data={"title": "Mine"})
    assert posted.status_code == 404
    assert (await removed.get("/desk/account")).status_code == 200


async def test_the_last_owner_cannot_leave_nor_be_made_an_editor(site: Site) -> None:
    membership = await own(site)
    client = await site.client(site.cast.partner)
    for path, data in (
        (f"members/{membership.id}/deletion", {}),
        (f"members/{membership.id}", {"role": "editor"}),
    ):
        answer = await client.post(page(site, path), data=data, follow_redirects=True)
        assert "needs an owner" in answer.text
    assert (await Membership.get(id=membership.id)).role == MemberRole.OWNER


@pytest.mark.engines("sqlite", "postgresql")
async def test_of_two_owners_who_leave_at_once_one_stays(site: Site) -> None:
    memberships = [await own(site), await own(site, site.cast.colleague)]
    clients = [await site.client(site.cast.partner), await site.client(site.cast.colleague)]
    await asyncio.gather(
        *(
            client.post(page(site, f"members/{membership.id}/deletion"))
            for client, membership in zip(clients, memberships, strict=True)
        )
    )
    left = await Membership.filter(organisation=site.cast.organisation)
    assert [each.role for each in left] == [MemberRole.OWNER]


async def test_an_editor_leaves(site: Site) -> None:
    await own(site)
    client = await site.client(site.cast.colleague)
    membership = await Membership.get(person=site.cast.colleague)
    answer = await client.post(page(site, f"members/{membership.id}/deletion"))
    assert answer.headers["location"] == "/desk/account"
    assert (await client.get("/desk/organisations")).status_code == 404


async def test_roles_change_hands(site: Site) -> None:
    membership = await own(site)
    client = await site.client(site.cast.partner)
    theirs = await Membership.get(person=site.cast.colleague)
    assert (await client.post(page(site, f"members/{theirs.id}"), data={"role": "owner"})).status_code == 303
    assert (
        await client.post(page(site, f"members/{membership.id}"), data={"role": "editor"})
    ).status_code == 303
    assert (await client.post(page(site, f"members/{theirs.id}"), data={"role": "editor"})).status_code == 404


@pytest.mark.parametrize("role", ["", "king", "member"])
async def test_a_role_that_is_none_changes_nothing(site: Site, role: str) -> None:
    await own(site)
    client = await site.client(site.cast.partner)
    theirs = await Membership.get(person=site.cast.colleague)
    await client.post(page(site, f"members/{theirs.id}"), data={"role": role})
    assert (await Membership.get(id=theirs.id)).role == MemberRole.EDITOR


async def test_somebody_of_two_organisations_chooses(site: Site) -> None:
    await Membership.create(person=site.cast.partner, organisation=site.cast.elsewhere, role=MemberRole.OWNER)
    client = await site.client(site.cast.partner)
    shown = (await client.get("/desk/organisations")).text
    assert "Xiaogeng Foundation" in shown
    assert "Bazaar Charity" in shown
    # An owner of another organisation is not an owner here.
    assert (await client.post(page(site), data={"about[en]": "x"})).status_code == 404


async def test_an_owner_corrects_the_name_of_a_colleague(site: Site) -> None:
    await own(site)
    theirs = await Membership.get(person=site.cast.colleague)
    client = await site.client(site.cast.partner)
    assert "Correct the name" in (await client.get(page(site))).text
    await client.post(page(site, f"members/{theirs.id}/name"), data={"name": "  王  老师 "})
    assert (await Person.get(id=site.cast.colleague.id)).name == "王 老师"
    for name in ("", "字" * 81):
        await client.post(page(site, f"members/{theirs.id}/name"), data={"name": name})
        assert "at most 80 characters" in (await client.get(page(site))).text
    assert (await Person.get(id=site.cast.colleague.id)).name == "王 老师"


async def test_an_owner_who_is_kept_out_is_none_who_stays(site: Site) -> None:
    membership = await own(site)
    await own(site, site.cast.colleague)
    await Person.filter(id=site.cast.colleague.id).update(is_active=False)
    client = await site.client(site.cast.partner)
    path = page(site, f"members/{membership.id}/deletion")
    assert "needs an owner" in (await client.post(path, follow_redirects=True)).text
    closing = await client.post("/desk/account/closing")
    assert (closing.status_code, "only owner" in closing.text) == (422, True)


async def test_only_owners_correct_names_and_only_members(site: Site) -> None:
    await own(site)
    theirs = await Membership.get(person=site.cast.colleague)
    for person in (site.cast.colleague, site.cast.stranger, site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        answer = await client.post(page(site, f"members/{theirs.id}/name"), data={"name": "X"})
        assert answer.status_code == 404
    curators = await Membership.create(person=site.cast.curator, organisation=site.cast.organisation)
    client = await site.client(site.cast.partner)
    await client.post(page(site, f"members/{curators.id}/name"), data={"name": "X"})
    assert (await Person.get(id=site.cast.curator.id)).name == "curator"
