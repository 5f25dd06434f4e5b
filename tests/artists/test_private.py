"""An artist's private details: who can read them, the record of each reading, and their deletion."""

from __future__ import annotations

import pytest

from gallery.artists.models import Artist, Consent, PrivateDetails, SignedForm
from gallery.artists.private_details import form_key
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.private_share_models import PrivateShare
from gallery.audit.models import Entry
from gallery.cli.inspection import inspect
from gallery.db.connection import Database
from gallery.reviews import decisions
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert)>>>>endobj\n%%EOF\n"
DETAILS = {"legal_name": "瞿大明", "contact": "13800138000", "guardian": "妈妈", "notes": "喜欢红色"}


async def an_artist(site: Site) -> tuple[Artist, Consent]:
    consent = await factories.consent(site.cast.organisation)
    return await Artist.get(id=consent.artist_id), consent


async def keep(site: Site, artist: Artist) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/artists/{artist.id}/private", data=DETAILS)
    assert answer.status_code == 303


async def send_form(site: Site, consent: Consent, content: bytes = PDF, name: str = "张三.pdf") -> str:
    """Send a signed form; returns the page that answers."""
    client = await site.client(site.cast.partner)
    answer = await client.post(
        f"/desk/consents/{consent.id}/forms", files={"form": (name, content, "text/html")}
    )
    assert answer.status_code == 303
    return (await client.get(f"/desk/consents/{consent.id}")).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_details_are_kept_and_each_reading_is_shown(site: Site) -> None:
    artist, _consent = await an_artist(site)
    await keep(site, artist)
    colleague = await site.client(site.cast.colleague)
    page = await colleague.get(f"/desk/artists/{artist.id}/private")
    assert all(text in page.text for text in DETAILS.values())
    assert page.headers["cache-control"] == "no-store"
    shown = (await colleague.get(f"/desk/artists/{artist.id}")).text
    assert "Read by colleague on" in shown
    assert "Read by partner on" not in shown  # their writer does not count as a reader
    assert not any(text in shown for text in DETAILS.values())


async def test_empty_fields_delete_what_stood_there(site: Site) -> None:
    artist, _consent = await an_artist(site)
    await keep(site, artist)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/artists/{artist.id}/private", data=dict.fromkeys(DETAILS, " "))
    assert not await PrivateDetails.exists()


async def test_nobody_else_reads_them(site: Site) -> None:
    artist, consent = await an_artist(site)
    await keep(site, artist)
    await send_form(site, consent)
    form = await SignedForm.get()
    addresses = (
        f"/desk/artists/{artist.id}",
        f"/desk/artists/{artist.id}/private",
        f"/desk/consents/{consent.id}/forms/{form.id}",
    )
    for person in (site.cast.stranger, site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        for address in addresses:
            assert (await client.get(address)).status_code == 404, (person.name, address)
        for address in (*addresses[:2], f"{addresses[2]}/deletion", f"/desk/artists/{artist.id}/deletion"):
            assert (await client.post(address, data=DETAILS)).status_code == 404
    visitor = await site.client()
    assert (await visitor.get(addresses[1])).status_code == 303
    assert await Entry.filter(verb="artist.private_read").count() == 0


async def test_too_much_is_said_at_the_field_and_kept(site: Site) -> None:
    artist, _consent = await an_artist(site)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        f"/desk/artists/{artist.id}/private", data={**DETAILS, "legal_name": "字" * 121}
    )
    assert answer.status_code == 422
    assert DETAILS["notes"] in answer.text
    assert not await PrivateDetails.exists()


# Signed forms


async def test_a_signed_form_is_kept_and_only_downloaded(site: Site) -> None:
    _artist, consent = await an_artist(site)
    assert "The form has been stored." in await send_form(site, consent)
    form = await SignedForm.get()
    client = await site.client(site.cast.colleague)
    answer = await client.get(f"/desk/consents/{consent.id}/forms/{form.id}")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="consent-form-{form.id}.pdf"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert (await Entry.get(verb="consent.form_read")).person_id == site.cast.colleague.id
    page = (await client.get(f"/desk/artists/{consent.artist_id}")).text
    assert "Read by colleague on" in page
    assert "a signed form" in page


async def test_a_photograph_is_taken_whatever_its_name_says(site: Site) -> None:
    _artist, consent = await an_artist(site)
    await send_form(site, consent, factories.photograph(), "form.pdf")
    assert (await SignedForm.get()).kind == "jpeg"


async def test_what_is_no_form_is_refused_in_words(site: Site) -> None:
    _artist, consent = await an_artist(site)
    for content, words in (
        (b"<html><script>alert(1)</script>", "neither a PDF nor a photograph"),
        (b"PK\x03\x04 a document", "neither a PDF nor a photograph"),
        (PDF.replace(b"%%EOF", b""), "not copied completely"),
        (b"", "0 bytes"),
        (factories.photograph()[:4000], "damaged"),
    ):
        assert words in await send_form(site, consent, content), content[:20]
    assert not await SignedForm.exists()
    assert [key async for key in site.storage.private.keys("forms")] == []


async def test_too_large_a_file_and_a_sixth_one_are_refused(site: Site) -> None:
    _artist, consent = await an_artist(site)
    assert "larger than 20\N{NO-BREAK SPACE}MB" in await send_form(site, consent, PDF + b" " * 20_000_000)
    for _ in range(5):
        await send_form(site, consent)
    assert "Five files are the most" in await send_form(site, consent)
    assert await SignedForm.all().count() == 5
    assert len([key async for key in site.storage.private.keys("forms")]) == 5


async def test_a_form_can_be_deleted(site: Site) -> None:
    _artist, consent = await an_artist(site)
    await send_form(site, consent)
    form = await SignedForm.get()
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/consents/{consent.id}/forms/{form.id}/deletion")
    assert not await SignedForm.exists()
    assert not await site.storage.private.exists(form_key(form.token))
    assert (await client.get(f"/desk/consents/{consent.id}/forms/{form.id}")).status_code == 404


async def test_inspection_knows_forms_and_finds_files_of_none(site: Site) -> None:
    _artist, consent = await an_artist(site)
    await send_form(site, consent)
    await factories.put(site.storage.private, form_key("of-nobody"))
    await site.work()
    from datetime import timedelta

    findings = await inspect(Database(site.settings), site.storage, settling=timedelta(0))
    assert [each.private for each in findings if each.private] == [(form_key("of-nobody"),)]


# Deletion


async def test_the_last_withdrawal_takes_everything_private_along(site: Site) -> None:
    artist, consent = await an_artist(site)
    await keep(site, artist)
    await send_form(site, consent)
    await Artist.filter(id=artist.id).update(about=Texts({"zh": "他喜欢画画"}), born="2010s", shows_born=True)
    other = await factories.consent(site.cast.organisation, artist)
    await withdraw(other, site.storage)
    assert await PrivateDetails.exists()  # another consent is still in force
    token = (await SignedForm.get()).token
    await withdraw(consent, site.storage)
    assert not await PrivateDetails.exists()
    assert not await SignedForm.exists()
    assert not await site.storage.private.exists(form_key(token))
    forgotten = await Artist.get(id=artist.id)
    assert (forgotten.about, forgotten.born, forgotten.shows_born) == (Texts(), "", False)
    page = await send_form(site, consent)
    assert "This consent was withdrawn, so nothing more is kept of it." in page
    assert [key async for key in site.storage.private.keys("forms")] == []


async def test_an_artist_without_works_is_deleted_with_everything(site: Site) -> None:
    artist, consent = await an_artist(site)
    await keep(site, artist)
    await send_form(site, consent)
    client = await site.client(site.cast.partner)
    assert (await client.post(f"/desk/artists/{artist.id}/deletion")).status_code == 303
    assert not await Artist.filter(id=artist.id).exists()
    assert not await PrivateDetails.exists()
    assert [key async for key in site.storage.private.keys("forms")] == []
    assert (await client.get(f"/desk/artists/{artist.id}")).status_code == 404


async def test_an_artist_whom_works_name_stays(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/artists/{work.artist_id}/deletion")
    page = (await client.get(f"/desk/artists/{work.artist_id}")).text
    assert "This artist has works" in page


# Sharing for one review


async def waiting(site: Site) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    await keep(site, await Artist.get(id=work.artist_id or 0))
    await send_form(site, await Consent.get(id=work.consent_id or 0))
    return work


async def test_a_share_lets_curators_read_until_they_decide(site: Site) -> None:
    work = await waiting(site)
    curator, partner = await site.client(site.cast.curator), await site.client(site.cast.partner)
    private = f"/desk/queue/{work.id}/private"
    form = f"{private}/forms/{(await SignedForm.get()).id}"
    assert (await curator.get(private)).status_code == 404
    assert private not in (await curator.get(f"/desk/queue/{work.id}")).text
    await partner.post(f"/desk/works/{work.id}/private-share", data={"is_shared": "1"})
    assert private in (await curator.get(f"/desk/queue/{work.id}")).text
    page = (await curator.get(private)).text
    assert all(text in page for text in DETAILS.values())
    assert (await curator.get(form)).content == PDF
    passage = (await partner.get(f"/desk/artists/{work.artist_id}")).text
    assert passage.count("Read by curator on") == 2
    assert "a curator, for a review" in passage
    await decisions.accept(work, await Submission.get(artwork_id=work.id), site.cast.curator)
    assert (await curator.get(private)).status_code == 404
    assert (await curator.get(form)).status_code == 404


async def test_a_share_is_ended_by_its_organisation_and_given_by_it_alone(site: Site) -> None:
    work = await waiting(site)
    address = f"/desk/works/{work.id}/private-share"
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.post(address, data={"is_shared": "1"})).status_code == 404
    partner, curator = await site.client(site.cast.partner), await site.client(site.cast.curator)
    await partner.post(address, data={"is_shared": "1"})
    await partner.post(address, data={"is_shared": "1"})
    assert await PrivateShare.all().count() == 1
    await partner.post(address)
    assert (await curator.get(f"/desk/queue/{work.id}/private")).status_code == 404
    verbs = await Entry.filter(verb__startswith="work.private").order_by("id").values_list("verb", flat=True)
    assert verbs == ["work.private_shared", "work.private_unshared"]


async def test_nothing_is_shared_of_a_work_that_does_not_wait(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/works/{work.id}/private-share", data={"is_shared": "1"})
    assert not await PrivateShare.exists()
    assert "so nothing is shared" in (await client.get(f"/desk/works/{work.id}")).text
