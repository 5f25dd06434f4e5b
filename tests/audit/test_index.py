"""The audit log's page: which entries are written when, who may read them, and its filters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.submissions import submit
from gallery.audit.chain import find_breaks
from gallery.audit.models import Entry
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.exhibitions import drafts
from gallery.reviews import decisions
from gallery.reviews.undo import undo_review
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_en


async def entries() -> list[tuple[str, int | None, int]]:
    rows = await Entry.all().order_by("id").values_list("verb", "person_id", "thing_id")
    return [(str(verb), person, thing) for verb, person, thing in rows]


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_way_of_a_work_is_written_down(site: Site) -> None:
    cast = site.cast
    theme = await factories.theme(call_opens_on=today() - timedelta(days=1))
    work = await factories.artwork(site.storage, cast.organisation, themes=[theme])
    await submit(work, cast.partner)
    submission = await Submission.get(artwork_id=work.id)
    review = await decisions.accept(work, submission, cast.curator)
    await undo_review(review, cast.curator)
    await decisions.accept(work, await Submission.get(id=submission.id), cast.curator)
    exhibition = await drafts.create_exhibition("winter", cast.curator, title=in_en("Winter"), opens_at=now())
    draft = await drafts.draft_of(exhibition)
    room = await drafts.add_room(draft, by=cast.curator)
    await drafts.hang(room, await Artwork.get(id=work.id), cast.curator)
    await drafts.publish(exhibition, cast.curator)
    partner, curator = cast.partner.id, cast.curator.id
    assert await entries() == [
        ("work.submitted", partner, work.id),
        ("work.accepted", curator, work.id),
        ("work.decision_undone", curator, work.id),
        ("work.accepted", curator, work.id),
        ("exhibition.made", curator, exhibition.id),
        ("exhibition.room_made", curator, exhibition.id),
        ("exhibition.work_hung", curator, exhibition.id),
        ("exhibition.published", curator, exhibition.id),
    ]


async def test_a_withdrawal_by_slip_names_nobody(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await work.fetch_related("consent")
    curator = await site.client(site.cast.curator)
    await curator.get("/desk/queue")  # the same task has served a request of the desk before
    visitor = await site.client()
    answer = await visitor.post(f"/en/consent/{work.consent.code}")
    assert answer.status_code == 303
    assert await entries() == [("consent.withdrawn", None, work.consent.id)]
    await withdraw(work.consent, site.storage, site.cast.partner)
    assert len(await entries()) == 1  # it was withdrawn before


async def test_signing_in_and_reading_a_slip_are_written_down(site: Site) -> None:
    from tests.cast import PASSWORD

    client = await site.client()
    await client.post("/desk/sign-in", data={"email": "partner@example.org", "password": PASSWORD})
    consent = await factories.consent(site.cast.organisation)
    assert (await client.get(f"/desk/consents/{consent.id}/slip")).status_code == 200
    await client.post("/desk/sign-out")
    partner = site.cast.partner.id
    assert await entries() == [
        ("account.signed_in", partner, partner),
        ("consent.slip_read", partner, consent.id),
        ("account.signed_out", partner, partner),
    ]


async def test_who_is_not_let_in_is_written_down(site: Site) -> None:
    from tests.accounts.second_factor import first_step, second, set_up_app

    client, partner = await site.client(), site.cast.partner.id
    for email in ("partner@example.org", "nobody@example.org"):
        await client.post("/desk/sign-in", data={"email": email, "password": "wrong password"})
    assert await entries() == [
        ("account.refused", None, partner)
    ]  # and nothing of an address without account
    await set_up_app(await site.client(site.cast.partner))
    before = len(await entries())
    await second(await first_step(site), code="000000")
    await second(await first_step(site), recovery="abcd-abcd-abcd-abcd")
    assert (await entries())[before:] == [("account.second_factor_refused", None, partner)] * 2


async def test_no_name_and_no_text_is_in_any_entry(site: Site) -> None:
    columns = {name: type(field).__name__ for name, field in Entry._meta.fields_map.items()}
    texts = {name for name, kind in columns.items() if kind in {"CharField", "TextField", "JSONField"}}
    assert texts == {"verb", "kind", "previous"}


# The page


async def fill(site: Site) -> None:
    cast = site.cast
    await record(Verb.WORK_SUBMITTED, 7, organisation_id=cast.organisation.id, by=cast.partner)
    await record(Verb.WORK_CHANGED, 8, organisation_id=cast.organisation.id, by=cast.partner)
    await record(Verb.CONSENT_SLIP_READ, 9, organisation_id=cast.organisation.id, by=cast.colleague)
    await record(Verb.THEME_MADE, 3, by=cast.curator)


async def test_a_keeper_reads_everything(site: Site) -> None:
    await fill(site)
    page = (await (await site.client(site.cast.keeper)).get("/desk/log")).text
    for phrase in ("submitted a work", "changed a work", "opened the slip of a consent", "created a theme"):
        assert f"· {phrase}" in page
    assert "<strong>partner</strong>" in page


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_reads_what_is_theirs(site: Site) -> None:
    await fill(site)
    page = (await (await site.client(site.cast.curator)).get("/desk/log")).text
    assert "· submitted a work" in page
    assert "· created a theme" in page
    assert "changed a work" not in page
    assert "opened the slip of a consent" not in page
    asked = (await (await site.client(site.cast.curator)).get("/desk/log?verb=consent.slip_read")).text
    assert "Nothing was found." in asked


async def test_nobody_else_finds_it(site: Site) -> None:
    assert (await (await site.client(site.cast.partner)).get("/desk/log")).status_code == 404
    assert (await (await site.client()).get("/desk/log")).status_code == 303


@pytest.mark.engines("sqlite", "postgresql")
async def test_it_can_be_searched(site: Site) -> None:
    await fill(site)
    keeper = await site.client(site.cast.keeper)

    async def found(query: str) -> int:
        return (await keeper.get(f"/desk/log?{query}")).text.count('class="row"')

    assert await found("") == 4
    assert await found("who=colle") == 1
    assert await found("who=nobody") == 0
    assert await found("kind=work") == 2
    assert await found("kind=work&thing=7") == 1
    assert await found("verb=theme.made") == 1
    assert await found(f"day={today()}") == 4
    assert await found(f"day={today() - timedelta(days=1)}") == 0
    await Entry.filter(thing_id=3).update(at=now() - timedelta(days=1))
    assert await found(f"day={today() - timedelta(days=1)}") == 1


async def test_what_makes_no_sense_is_left_out(site: Site) -> None:
    await fill(site)
    keeper = await site.client(site.cast.keeper)
    nonsense = "who=%FF&kind=nothing&thing=1e9&verb=work.eaten&day=2026-13-40&before=-1"
    answer = await keeper.get(f"/desk/log?{nonsense.replace('who=%FF&', '')}")
    assert answer.text.count('class="row"') == 4
    assert (await keeper.get("/desk/log?day=0001-01-01")).text.count('class="row"') == 4
    assert (await keeper.get("/desk/log?thing=99999999999")).status_code == 200


@pytest.mark.engines("sqlite", "postgresql")
async def test_older_entries_follow_by_key(site: Site) -> None:
    for number in range(1, 131):
        await record(Verb.WORK_SUBMITTED, number)
    keeper = await site.client(site.cast.keeper)
    first = (await keeper.get("/desk/log?kind=work")).text
    assert first.count('class="row"') == 60
    last = min(await Entry.all().order_by("-id").limit(60).values_list("id", flat=True))
    assert f'href="/desk/log?kind=work&amp;before={last}"' in first
    await record(Verb.WORK_SUBMITTED, 131)  # new entries do not move the page
    second = (await keeper.get(f"/desk/log?kind=work&before={last}")).text
    assert "work 70<" in second.lower()
    assert "work 71<" not in second.lower()
    third = (await keeper.get(f"/desk/log?kind=work&before={last - 60}")).text
    assert third.count('class="row"') == 10
    assert "before=" not in third


@pytest.mark.engines("sqlite", "postgresql")
async def test_withdrawal_and_deletion_leave_the_chain_whole(site: Site) -> None:
    cast = site.cast
    partner = await site.client(cast.partner)
    work = await factories.artwork(site.storage, cast.organisation, status=Status.ACCEPTED)
    alone = await factories.consent(cast.organisation)
    await partner.post(f"/desk/artists/{alone.artist_id}/private", data={"legal_name": "瞿大明"})
    await partner.get(f"/desk/artists/{alone.artist_id}/private")
    await site.work()
    await withdraw(await Consent.get(id=work.consent_id or 0), site.storage)
    await partner.post(f"/desk/artists/{alone.artist_id}/deletion")
    await partner.post("/desk/account/closing")
    await site.work()
    assert [each async for each in find_breaks()] == []
    verbs = [verb for verb, _person, _thing in await entries()]
    assert verbs[-3:] == ["consent.withdrawn", "artist.deleted", "account.closed"]
    page = (await (await site.client(cast.keeper)).get("/desk/log")).text
    assert "瞿大明" not in page
    assert "Somebody who left" in page or "已离开" in page
