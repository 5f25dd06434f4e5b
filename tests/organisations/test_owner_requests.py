"""An organisation without owners gets a new one: a keeper asks, and it happens after 72 hours unless an owner objects."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import timedelta

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.accounts.invitations import accept
from gallery.accounts.members import remove
from gallery.accounts.models import Invitation, JoinedAs, MemberRole, Membership, Person, Role
from gallery.accounts.people import change_role, suspend
from gallery.app import create_app
from gallery.audit.models import Entry
from gallery.clock import now
from gallery.mail.messages import compose
from gallery.mail.models import Mail, MailState
from gallery.organisations import owner_requests
from gallery.organisations.models import (
    Application,
    ApplicationState,
    Organisation,
    OwnerRequest,
    RequestState,
)
from gallery.organisations.owner_requests import OBJECTION_PERIOD, can_be_stopped
from gallery.settings import Settings
from gallery.web.texts import Texts
from tests.conftest import Site, settings_for

ASKED = {"email": "New@Example.org", "reason": "The teacher has left.", "language": "en"}
ACCOUNT = {"name": "New owner", "password": "a sentence to remember"}


@pytest.fixture
def settings(database_url: str, tmp_path) -> Settings:
    """A site with a mail server that is never contacted: the tests mark mails as sent."""
    return settings_for(tmp_path, database_url, smtp_url="smtp://127.0.0.1:9")


def page(site: Site, rest: str = "edit") -> str:
    return f"/desk/organisations/{site.cast.organisation.id}/{rest}"


async def make_owner(site: Site, person: Person) -> Membership:
    await Membership.filter(person=person).update(role=MemberRole.OWNER, joined_as=JoinedAs.INVITED)
    return await Membership.get(person=person)


async def ask(site: Site, **fields: str) -> OwnerRequest:
    client = await site.client(site.cast.keeper)
    answer = await client.post(page(site, "owner-requests"), data={**ASKED, **fields})
    assert answer.headers["location"] == "/desk/owner-requests", answer.text
    asked = await OwnerRequest.all().order_by("-id").first()
    assert asked is not None
    return asked


async def let_time_pass(site: Site) -> None:
    """Mark the mails as sent, and let the 72 hours pass."""
    await Mail.filter(state=MailState.UNSENT).update(state=MailState.SENT)
    await OwnerRequest.all().update(effective_at=now())
    await site.work()


@pytest.mark.engines("sqlite", "postgresql")
async def test_after_72_hours_the_new_owner_is_invited_and_comes_in(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    assert asked.effective_at - asked.asked_at >= OBJECTION_PERIOD - timedelta(seconds=5)
    assert (asked.email, asked.reason, asked.asked_by_id) == (
        "new@example.org",
        "The teacher has left.",
        site.cast.keeper.id,
    )
    await Mail.filter(state=MailState.UNSENT).update(state=MailState.SENT)
    await site.work()
    assert not await Invitation.exists()  # the hours are not over
    keeper = await site.client(site.cast.keeper)
    assert "72 hours left" in (await keeper.get("/desk/owner-requests")).text
    await let_time_pass(site)
    mail = await Mail.get(kind="invitation")
    assert mail.email == "new@example.org"
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.EFFECTIVE
    listed = await keeper.get("/desk/owner-requests")
    assert "the invitation was sent" in listed.text
    assert mail.secret not in listed.text
    guest = await site.client(**{"accept-language": "en"})
    assert (await guest.post(f"{mail.path}{mail.secret}", data=ACCOUNT)).status_code == 303
    membership = await Membership.get(person__email="new@example.org")
    assert (membership.role, membership.joined_as) == (MemberRole.OWNER, JoinedAs.REQUESTED)
    notice = await Mail.get(kind="member_joined")
    assert (notice.email, notice.facts["joined_as"]) == ("partner@example.org", "requested")
    verbs = {str(entry.verb) for entry in await Entry.filter(kind="owner_request")}
    assert verbs == {"owner_request.made", "owner_request.took_effect"}


async def test_everybody_who_is_or_was_an_owner_is_told(site: Site) -> None:
    """Also suspended and former members and the applicant, but nobody with a closed account."""
    await make_owner(site, site.cast.partner)
    await remove(await make_owner(site, site.cast.colleague))
    third = await Person.create(
        email="third@example.org", name="Third", role=Role.MEMBER, password_hash="x", language="zh"
    )
    await Membership.create(person=third, organisation=site.cast.organisation, role=MemberRole.OWNER)
    editor = await Person.create(email="e@example.org", name="E", role=Role.MEMBER, password_hash="x")
    await Membership.create(person=editor, organisation=site.cast.organisation)
    await (await site.client(third)).post("/desk/account/closing")
    await suspend(site.cast.partner, site.cast.keeper)
    for email, state in (
        ("Contact@Example.org", ApplicationState.ADMITTED),
        ("no@example.org", ApplicationState.DECLINED),
    ):
        await Application.create(
            registration_number="1",
            about="A",
            contact_name="W",
            contact_email=email,
            language="zh",
            state=state,
            organisation=site.cast.organisation,
        )
    await ask(site, email=site.cast.curator.email)
    mails = await Mail.filter(kind="owner_requested").order_by("email")
    assert [mail.email for mail in mails] == [
        "colleague@example.org",
        "contact@example.org",
        "partner@example.org",
    ]
    letter = compose(mails[2], site.settings)
    for words in ("keeper", "curator@example.org", "The teacher has left.", "that of a curator of this site"):
        assert words in letter.text
    assert mails[2].secret not in compose(mails[2], site.settings, hide_secret=True).text
    assert "策展人" in compose(mails[1], site.settings).text


async def test_an_owner_objects_at_the_desk_by_one_press(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    path = page(site, f"owner-requests/{asked.id}/objection")
    for person in (site.cast.colleague, site.cast.stranger, site.cast.curator, site.cast.keeper):
        assert (await (await site.client(person)).post(path)).status_code == 404
    client = await site.client(site.cast.partner)
    shown = (await client.get(page(site))).text
    assert "A new owner has been requested" in shown
    assert "new@example.org" in shown
    assert "I object" in shown
    assert "I object" not in (await (await site.client(site.cast.colleague)).get(page(site))).text
    assert (await client.post(path)).status_code == 303
    asked = await OwnerRequest.get(id=asked.id)
    assert (asked.state, asked.objected_by_id) == (RequestState.OBJECTED, site.cast.partner.id)
    await let_time_pass(site)
    assert not await Invitation.exists()
    assert (await Mail.get(kind="owner_request_objected")).email == "keeper@example.org"
    keeper = await site.client(site.cast.keeper)
    again = await keeper.post(page(site, "owner-requests"), data=ASKED)
    assert (again.status_code, "objected less than 30 days ago" in again.text) == (422, True)


async def test_an_owner_who_is_kept_out_objects_by_the_link(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    await suspend(site.cast.partner, site.cast.keeper)
    asked = await ask(site)
    mail = await Mail.get(kind="owner_requested")
    link, guest = f"{mail.path}{mail.secret}", await site.client(**{"accept-language": "en"})
    shown = await guest.get(link)
    assert (shown.status_code, "I object" in shown.text) == (200, True)
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.WAITING  # opening it changes nothing
    for wrong in (f"{mail.path}wrong", f"/desk/objections/{asked.id + 1}/{mail.secret}"):
        assert (await guest.get(wrong)).status_code == 404
        assert (await guest.post(wrong)).status_code == 404
    done = await guest.post(link)
    assert "nobody will be invited" in done.text
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.OBJECTED
    await let_time_pass(site)
    assert not await Invitation.exists()
    assert "I object" not in (await guest.get(link)).text


async def test_an_objection_counts_until_somebody_came_in(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    objection = await Mail.get(kind="owner_requested")
    await let_time_pass(site)
    mail = await Mail.get(kind="invitation")
    guest = await site.client(**{"accept-language": "en"})
    await guest.post(f"{objection.path}{objection.secret}")
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.OBJECTED
    assert (await guest.post(f"{mail.path}{mail.secret}", data=ACCOUNT)).status_code == 404
    assert not await Person.exists(email="new@example.org")


async def test_who_came_in_stays_whatever_is_objected_later(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    objection = await Mail.get(kind="owner_requested")
    await let_time_pass(site)
    mail = await Mail.get(kind="invitation")
    guest = await site.client(**{"accept-language": "en"})
    await guest.post(f"{mail.path}{mail.secret}", data=ACCOUNT)
    late = await (await site.client(**{"accept-language": "en"})).post(f"{objection.path}{objection.secret}")
    assert "has ended" in late.text
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.EFFECTIVE
    assert await Membership.exists(person__email="new@example.org")


async def test_it_waits_for_mails_that_have_not_left(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    await ask(site)
    await OwnerRequest.all().update(effective_at=now() - timedelta(hours=1))
    await Mail.all().update(due_at=now() + timedelta(hours=1))  # the mail server was unreachable
    await site.work()
    assert not await Invitation.exists()
    await let_time_pass(site)
    assert await Invitation.exists()


async def test_it_ends_with_the_role_of_whoever_asked(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    other = await Person.create(email="k@example.org", name="K", role=Role.KEEPER, password_hash="x")
    await change_role(site.cast.keeper, Role.MEMBER, other)
    await let_time_pass(site)
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.CANCELLED
    assert not await Invitation.exists()


async def test_a_keeper_cancels_it(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    asked = await ask(site)
    path = f"/desk/owner-requests/{asked.id}/deletion"
    for person in (site.cast.partner, site.cast.curator):
        assert (await (await site.client(person)).post(path)).status_code == 404
    keeper = await site.client(site.cast.keeper)
    await keeper.post(path)
    await let_time_pass(site)
    assert (await OwnerRequest.get(id=asked.id)).state == RequestState.CANCELLED
    assert not await Invitation.exists()
    assert "too late" in (await keeper.post(path, follow_redirects=True)).text
    assert (await keeper.post("/desk/owner-requests/4711/deletion")).status_code == 404


async def test_only_keepers_ask(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    for person in (site.cast.partner, site.cast.curator, site.cast.stranger):
        client = await site.client(person)
        for path in ("/desk/owner-requests", page(site, "owner-requests/new")):
            assert (await client.get(path)).status_code == 404
        assert (await client.post(page(site, "owner-requests"), data=ASKED)).status_code == 404
    keeper = await site.client(site.cast.keeper)
    assert (await keeper.get(page(site, "owner-requests/new"))).status_code == 200
    assert (await keeper.get("/desk/organisations/4711/owner-requests/new")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": ""}, "Please write whom to invite"),
        ({"email": "nobody"}, "Please write an e-mail address"),
        ({"reason": " "}, "Please say in a few words why"),
        ({"reason": "x" * 501}, "please keep it to 500"),
        ({"language": "fr"}, "Not a valid choice"),
    ],
)
async def test_mistakes_are_named_and_nothing_is_lost(
    site: Site, fields: dict[str, str], sentence: str
) -> None:
    await make_owner(site, site.cast.partner)
    client = await site.client(site.cast.keeper)
    answer = await client.post(page(site, "owner-requests"), data={**ASKED, **fields})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert ("The teacher has left." in answer.text) == ("reason" not in fields)
    assert not await OwnerRequest.exists()


@pytest.mark.engines("sqlite", "postgresql")
async def test_it_is_refused_where_it_is_not_needed_or_cannot_be_told(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    first = await client.post(page(site, "owner-requests"), data=ASKED)
    assert (first.status_code, "has had no owner yet" in first.text) == (422, True)
    await make_owner(site, site.cast.partner)
    await ask(site)
    second = await client.post(page(site, "owner-requests"), data=ASKED)
    assert (second.status_code, "already a request" in second.text) == (422, True)
    app = create_app(dataclasses.replace(site.settings, smtp_url=""))
    silent = dataclasses.replace(site, app=app)
    await OwnerRequest.all().delete()
    third = await (await silent.client(site.cast.keeper)).post(page(site, "owner-requests"), data=ASKED)
    assert (third.status_code, "sends no mail" in third.text) == (422, True)
    assert not await OwnerRequest.exists()


async def test_a_curator_who_is_named_is_named_to_everybody(site: Site) -> None:
    await make_owner(site, site.cast.partner)
    await ask(site, email=site.cast.keeper.email)
    assert "also a keeper of this site" in (await (await site.client(site.cast.partner)).get(page(site))).text


EVENTS = ["ask", "object", "cancel", "time", "accept"]


@hypothesis.settings(max_examples=15)
@given(events=st.lists(st.sampled_from(EVENTS), min_size=2, max_size=8))
async def test_nobody_comes_in_but_after_a_request_that_stood(site: Site, events: list[str]) -> None:
    """For any steps in any order: nobody becomes an owner by request unless it took effect without being
    stopped.
    """
    organisation = await Organisation.create(slug=secrets.token_hex(8), name=Texts({"en": "Any"}))
    await Membership.create(person=site.cast.partner, organisation=organisation, role=MemberRole.OWNER)
    email = f"{organisation.slug}@example.org"
    expected: RequestState | None = None  # of the latest request
    is_in = False
    for event in events:
        asked = await owner_requests.latest_request(organisation.id)
        if event == "ask":
            objected = await OwnerRequest.exists(organisation=organisation, state=RequestState.OBJECTED)
            may_ask = not objected and (asked is None or not can_be_stopped(asked))
            try:
                await owner_requests.request_owner(
                    organisation, email, "Why", "en", site.cast.keeper, site.settings
                )
            except owner_requests.OwnerRequestRefused:
                assert not may_ask
            else:
                assert may_ask
                expected = RequestState.WAITING
        elif event in {"object", "cancel"} and asked is not None:
            ends = RequestState.OBJECTED if event == "object" else RequestState.CANCELLED
            by = site.cast.partner if event == "object" else site.cast.keeper
            verb = owner_requests.object_to if event == "object" else owner_requests.cancel
            stopped = await verb(asked, by)
            assert stopped == can_be_stopped(asked)
            expected = ends if stopped else expected
        elif event == "time":
            await let_time_pass(site)
            if expected == RequestState.WAITING:
                expected = RequestState.EFFECTIVE
        elif event == "accept":
            open = await Invitation.get_or_none(organisation=organisation, accepted_at=None)
            assert open is None or expected == RequestState.EFFECTIVE
            if open is not None and not is_in:
                await accept(open, "New", "a long password")
                is_in = True
        latest = await owner_requests.latest_request(organisation.id)
        assert (latest.state if latest else None) == expected
        entered = await Membership.filter(organisation=organisation).exclude(person=site.cast.partner)
        assert [each.joined_as for each in entered] == ([JoinedAs.REQUESTED] if is_in else [])
