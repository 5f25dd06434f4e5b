"""Asking a family for consent by a link, at the desk and on the page that the family opens."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gallery.artists import consent_terms
from gallery.artists.code_pages import CODE_ATTEMPTS
from gallery.artists.consents import NewConsent, consent_with_terms, request_code
from gallery.artists.models import (
    AgreedBy,
    Artist,
    Consent,
    ConsentRequest,
    ConsentRequestState,
    ConsentWording,
)
from gallery.artists.renewal import renew
from gallery.artists.slips import load_request_slips
from gallery.artworks.autosave import autosave
from gallery.artworks.consent_requests import REQUEST_LIFETIME, in_state
from gallery.artworks.models import Artwork, Status
from gallery.artworks.submissions import NOT_SEEN_BY_FAMILY, missing_fields, submit
from gallery.artworks.works import delete_draft
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.organisations.models import Organisation
from gallery.sounds.models import Sound, SoundState
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, form_fields, select, text_in, texts_in
from tests.queries import counted_queries

NAME = "王秀兰"
AGREES = {
    "answer": "yes",
    "scopes": ["web", "print"],
    "agreed_by": "parent",
    "assent": "我要给奶奶看！",
    "signer_name": NAME,
}


async def draft(site: Site, **values: Any) -> Artwork:
    """A draft that lacks nothing but a consent."""
    work = await factories.artwork(
        site.storage, site.cast.organisation, created_by=site.cast.partner, **values
    )
    consent_id, work.consent_id = work.consent_id, None
    await work.save(update_fields=["consent_id"])
    await Consent.filter(id=consent_id).delete()
    return work


async def ask(
    site: Site, *works: Artwork, by: httpx.AsyncClient | None = None, **fields: str
) -> httpx.Response:
    client = by or await site.client(site.cast.partner)
    sent = {"work": [str(work.id) for work in works], **fields}
    return await client.post("/desk/consents/requests", data=sent)


def code_of(site: Site, asked: ConsentRequest) -> str:
    return request_code(asked.seed, site.settings.secret_key)


async def asked_about(site: Site, *works: Artwork) -> tuple[ConsentRequest, str]:
    """A request about drafts, or about a new one, and its code."""
    await ask(site, *(works or [await draft(site)]))
    request = await ConsentRequest.all().order_by("-id").first()
    assert request is not None
    return request, code_of(site, request)


async def answer(site: Site, code: str, fields: dict[str, Any], *, seen: str | None = None) -> httpx.Response:
    client = await site.client()
    page = (await client.get(f"/zh/consent/{code}")).text
    if seen is None:
        seen = form_fields(page, ".answer form").get("seen", "") if select(page, ".answer form") else ""
    return await client.post(f"/zh/consent/{code}/answer", data={"seen": seen, **fields})


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_family_agrees_and_the_work_can_be_submitted(site: Site) -> None:
    work = await draft(site, story="一碗汤圆。")
    assert work.image is not None
    redirected = await ask(site, work)
    partner = await site.client(site.cast.partner)
    page = (await partner.get(redirected.headers["location"])).text
    request = await ConsentRequest.get()
    code = code_of(site, request)
    assert attribute(page, ".share input", "value") == f"{site.settings.site_url}/c/{code}"
    assert text_in(page, ".state") == "no answer yet"
    of_work = (await partner.get(f"/desk/works/{work.id}")).text
    assert text_in(of_work, ".next-step").startswith("The family has been asked for its consent.")
    assert not select(of_work, "form[action='/desk/consents/requests']")
    rows = await ConsentRequest.all().values()
    assert code not in repr(rows)  # the database alone does not lead to the page

    family = await site.client()
    opened = await family.get(f"/c/{code}", headers={"accept-language": "zh-CN"})
    assert opened.headers["location"] == f"/zh/consent/{code}"
    shown = await family.get(opened.headers["location"])
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert shown.headers["referrer-policy"] == "strict-origin"
    assert "晓更基金会" in text_in(shown.text, "main")
    assert "一碗汤圆。" in text_in(shown.text, ".answer-works")
    await work.fetch_related("artist")
    assert work.artist is not None
    assert work.artist.credit_name in text_in(shown.text, "main")
    assert (
        attributes(shown.text, "input[name=scopes][checked]", "value") == []
    )  # nothing is ticked beforehand
    picture = attribute(shown.text, ".answer-works img", "src")
    assert picture.startswith(f"/c/{code}/pictures/{work.image.token}/")
    fetched = await family.get(picture)
    assert (fetched.status_code, fetched.headers["cache-control"]) == (200, "no-store")

    done = await answer(site, code, AGREES)
    assert done.headers["location"] == f"/zh/consent/{code}"
    consent = await Consent.get()
    assert (consent.code, consent.scope, consent.agreed_by) == (code, ["web", "print"], "parent")
    assert (consent.assent, consent.recorded_by_id) == (AGREES["assent"], None)  # type: ignore[attr-defined]
    thanks = (await family.get(done.headers["location"])).text
    assert "在本网站展示；印刷" in text_in(thanks, "main")
    assert attribute(thanks, ".share input", "value").endswith(f"/c/{code}")
    assert select(thanks, ".slip-qr")
    assert NAME not in thanks
    assert (await family.get(picture)).status_code == 404

    await submit(await Artwork.get(id=work.id), site.cast.partner)
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED
    verbs = (
        await Entry.filter(kind__in=["consent", "consent_request"])
        .order_by("id")
        .values_list("verb", "person_id")
    )
    assert [verb for verb, _ in verbs] == [
        Verb.CONSENT_REQUEST_MADE,
        Verb.CONSENT_REQUEST_LINK_READ,
        Verb.CONSENT_RECORDED,
        Verb.CONSENT_REQUEST_AGREED,
    ]
    assert [person for _, person in verbs[-2:]] == [None, None]


async def test_who_agreed_is_private_and_each_reading_is_listed(site: Site) -> None:
    request, code = await asked_about(site)
    await answer(site, code, AGREES)
    consent = await Consent.get()
    partner = await site.client(site.cast.partner)
    pages = [
        f"/desk/consents/{consent.id}",
        f"/desk/consents/requests/{request.id}",
        "/desk/consents/requests",
    ]
    pages += [
        f"/desk/artists/{consent.artist_id}",
        f"/zh/consent/{code}",
        f"/desk/consents/{consent.id}/slip",
    ]
    for path in pages:
        found = await partner.get(path)
        assert (found.status_code, NAME in found.text) == (200, False), path
    page = (await partner.get(f"/desk/consents/{consent.id}/signature")).text
    assert NAME in page
    wording = await ConsentWording.get()
    assert wording.language == "zh"
    assert "随时可用同一个链接撤回" in wording.text
    assert f"version {wording.id}" in page
    assert texts_in(page, ".answer-terms li") == wording.text.split("\n")
    assert "private details" in text_in(
        (await partner.get(f"/desk/artists/{consent.artist_id}")).text, "main"
    )
    assert await Entry.filter(verb=Verb.CONSENT_SIGNATURE_READ, thing_id=consent.id).count() == 1


async def test_curators_read_who_agreed_only_while_it_is_shared(site: Site) -> None:
    work = await draft(site)
    _request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    await submit(await Artwork.get(id=work.id), site.cast.partner)
    curator, partner = await site.client(site.cast.curator), await site.client(site.cast.partner)
    assert NAME not in (await curator.get(f"/desk/queue/{work.id}")).text
    assert (await curator.get(f"/desk/queue/{work.id}/private")).status_code == 404
    await partner.post(f"/desk/works/{work.id}/private-share", data={"is_shared": "1"})
    assert NAME in (await curator.get(f"/desk/queue/{work.id}/private")).text
    read = await Entry.get(verb=Verb.CONSENT_SIGNATURE_READ)
    assert (read.person_id, read.with_id) == (site.cast.curator.id, work.id)


async def test_the_same_words_are_one_version(site: Site) -> None:
    for _ in range(2):
        await answer(site, (await asked_about(site))[1], AGREES)
    assert await ConsentWording.all().count() == 1
    assert len(set(await ConsentRequest.all().values_list("wording_id", flat=True))) == 1


@pytest.mark.parametrize("who", ["stranger", "curator", "keeper"])
async def test_others_find_nothing_at_the_desk(site: Site, who: str) -> None:
    request, code = await asked_about(site)
    await answer(site, code, AGREES)
    consent = await Consent.get()
    client = await site.client(getattr(site.cast, who))
    for path in (f"/desk/consents/requests/{request.id}", f"/desk/consents/{consent.id}/signature"):
        assert (await client.get(path)).status_code == 404
    for path in ("link", "end"):
        assert (await client.post(f"/desk/consents/requests/{request.id}/{path}")).status_code == 404
    listed = await client.get("/desk/consents/requests")
    assert listed.status_code == 404 or f"/requests/{request.id}" not in listed.text


async def test_nobody_asks_about_the_works_of_others(site: Site) -> None:
    work = await draft(site)
    stranger = await site.client(site.cast.stranger)
    await stranger.post("/desk/consents/requests", data={"work": work.id})
    assert await ConsentRequest.all().count() == 0
    guest = await site.client()
    assert (await guest.post("/desk/consents/requests", data={"work": work.id})).status_code in {303, 401}


async def test_a_code_that_is_none_and_files_of_other_works(site: Site) -> None:
    _request, code = await asked_about(site)
    other = await draft(site)
    assert other.image is not None
    family = await site.client()
    nothing = "0" * 20
    for path in (
        f"/zh/consent/{nothing}",
        f"/fr/consent/{code}",
        f"/c/{nothing}/pictures/{other.image.token}/320.jpg",
        f"/c/{code}/pictures/{other.image.token}/320.jpg",
        f"/c/{code}/sounds/{other.image.token}/voice.m4a",
    ):
        assert (await family.get(path)).status_code == 404, path
    assert (await family.post(f"/zh/consent/{nothing}/answer", data=AGREES)).status_code == 404
    assert (await family.post(f"/zh/consent/{code}", data={})).status_code == 404  # nothing to withdraw yet
    again = await family.get(f"/zh/consent/{code}/answer")
    assert again.headers["location"] == f"/zh/consent/{code}"


async def test_guessing_ends(site: Site) -> None:
    _request, code = await asked_about(site)
    family = await site.client()
    for _ in range(CODE_ATTEMPTS.times):
        await family.get(f"/zh/consent/{'1' * 20}")
    assert (await family.get(f"/zh/consent/{code}")).status_code == 429
    assert (await family.post(f"/zh/consent/{code}/answer", data=AGREES)).status_code == 429


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"scopes": ["print"]}, "scopes", "没有这一项"),
        ({"scopes": []}, "scopes", "没有这一项"),
        ({"scopes": ["web", "everything"]}, "scopes", "列表"),
        ({"scopes": ["web", "voice"]}, "scopes", "列表"),  # no work has one
        ({"ends_on": "2020-01-01"}, "ends_on", "已经过去"),
        ({"ends_on": "soon"}, "ends_on", "日期"),
        ({"agreed_by": ""}, "agreed_by", "您是谁"),
        ({"agreed_by": "neighbour"}, "agreed_by", "列表"),
        ({"assent": ""}, "has_assent", "问问创作者"),
        ({"assent": "好" * 2001}, "assent", "2001"),
        ({"signer_name": "  "}, "signer_name", "全名"),
        ({"signer_name": "王" * 121}, "signer_name", "121"),
    ],
)
async def test_bad_input_gets_a_sentence_and_loses_nothing(
    site: Site, change: dict[str, Any], field: str, sentence: str
) -> None:
    _request, code = await asked_about(site)
    sent = {**AGREES, **change}
    page = await answer(site, code, sent)
    assert page.status_code == 422
    assert sentence in text_in(page.text, f"#{field}-error")
    kept = form_fields(page.text, ".answer form")
    assert kept["assent"] == sent["assent"]
    assert kept["signer_name"] == sent["signer_name"].strip()
    ticked = attributes(page.text, "input[name=scopes][checked]", "value")
    assert set(ticked) == set(sent["scopes"]) & {"web", "print"}
    assert await Consent.all().count() == 0
    assert page.headers["cache-control"] == "no-store"


async def test_an_artist_of_age_agrees_alone(site: Site) -> None:
    _request, code = await asked_about(site)
    await answer(site, code, {**AGREES, "agreed_by": "artist", "assent": "", "ends_on": str(today())})
    consent = await Consent.get()
    assert (consent.agreed_by, consent.assent, consent.ends_on) == ("artist", "", today())


async def test_a_tick_stands_for_the_artists_words(site: Site) -> None:
    _request, code = await asked_about(site)
    await answer(site, code, {**AGREES, "assent": "", "has_assent": "y"})
    assert (await Consent.get()).assent == "已给创作者本人看过，本人愿意。"


async def test_a_voice_is_heard_and_agreed_to_for_itself(site: Site) -> None:
    work = await draft(site)
    sound = await factories.voice(site.storage, work)
    _request, code = await asked_about(site, work)
    family = await site.client()
    page = (await family.get(f"/zh/consent/{code}")).text
    assert "voice" in attributes(page, "input[name=scopes]", "value")
    source = attribute(page, "audio source", "src")
    assert source.startswith(f"/c/{code}/sounds/{sound.token}/")
    assert (await family.get(source)).status_code == 200
    await answer(site, code, {**AGREES, "scopes": ["web", "voice"]})
    assert (await Consent.get()).scope == ["web", "voice"]
    assert await missing_fields(await Artwork.get(id=work.id).prefetch_related("themes")) == {}
    await Sound.filter(id=sound.id).update(source_sha256="f" * 64)  # as if another voice was recorded
    other = await missing_fields(await Artwork.get(id=work.id).prefetch_related("themes"))
    assert other == {"consent": str(NOT_SEEN_BY_FAMILY)}


async def test_a_voice_that_is_being_prepared_is_waited_for(site: Site) -> None:
    heard, waiting = await draft(site), await draft(site)
    await Artwork.filter(id=waiting.id).update(artist_id=heard.artist_id)
    await factories.voice(site.storage, heard)
    sound = await factories.voice(site.storage, waiting)
    await Sound.filter(id=sound.id).update(state=SoundState.RECEIVED)
    _request, code = await asked_about(site, heard, await Artwork.get(id=waiting.id))
    family = await site.client()
    page = (await family.get(f"/zh/consent/{code}")).text
    assert not select(page, ".answer form")
    assert "还在处理中" in text_in(page, ".notice")
    await Sound.filter(id=sound.id).update(state=SoundState.READY)
    seen = form_fields((await family.get(f"/zh/consent/{code}")).text, ".answer form")["seen"]
    await Sound.filter(id=sound.id).update(state=SoundState.REFUSED)  # now the page would show another thing
    assert (await answer(site, code, AGREES, seen=seen)).status_code == 422
    assert await Consent.all().count() == 0


async def test_all_that_visitors_would_read_is_shown_and_must_be_the_same(site: Site) -> None:
    texts = {"caption": "封面", "medium": "水彩", "assistance": "老师扶着手"}
    work = await draft(site, story="一碗汤圆。", size="39 x 27 cm", date_made="2024", **texts)
    await Artist.filter(id=work.artist_id or 0).update(born="2010s", shows_born=True)
    await work.fetch_related("project")
    assert work.project is not None
    _request, code = await asked_about(site, work)
    family = await site.client()
    page = (await family.get(f"/zh/consent/{code}")).text
    shown = text_in(page, ".answer-works")
    project = work.project.title.localized("zh").text
    for word in (*texts.values(), "39", "2024", "2010", project):
        assert word in shown
    seen = form_fields(page, ".answer form")["seen"]
    await Artwork.filter(id=work.id).update(story=Texts({work.language: "别的故事。"}))
    late = await answer(site, code, AGREES, seen=seen)
    assert late.status_code == 422
    assert "刚刚有变动" in text_in(late.text, "#scopes-error")
    assert "别的故事。" in text_in(late.text, ".answer-works")
    seen = form_fields(late.text, ".answer form")["seen"]
    assert (await answer(site, code, AGREES, seen=seen)).status_code == 303


async def test_other_words_than_those_shown_are_not_agreed_to(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _request, code = await asked_about(site)
    family = await site.client()
    seen = form_fields((await family.get(f"/zh/consent/{code}")).text, ".answer form")["seen"]
    monkeypatch.setattr(consent_terms, "TERMS", [*consent_terms.TERMS, "And another one."])
    assert (await answer(site, code, AGREES, seen=seen)).status_code == 422
    assert await ConsentWording.all().count() == 0


async def test_who_does_not_agree_gives_no_reason(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    done = await answer(site, code, {"answer": "no"})
    assert done.status_code == 303
    family = await site.client()
    page = await family.get(done.headers["location"])
    assert page.status_code == 200
    assert "您选择了不同意" in text_in(page.text, "h1")
    assert work.own("title") not in page.text
    assert (await answer(site, code, AGREES)).status_code == 303  # the first answer counts
    assert await Consent.all().count() == 0
    assert (await ConsentRequest.get(id=request.id)).state == ConsentRequestState.REFUSED
    partner = await site.client(site.cast.partner)
    assert "did not agree" in (await partner.get(f"/desk/works/{work.id}")).text
    assert "did not agree" in (await partner.get(f"/desk/consents/requests/{request.id}")).text
    assert (await partner.post(f"/desk/consents/requests/{request.id}/link")).status_code == 303
    assert (await ConsentRequest.get(id=request.id)).state == ConsentRequestState.REFUSED
    await ask(site, work)  # the family changed its mind and asked for a new link
    assert await ConsentRequest.all().count() == 2


async def test_answering_twice_is_harmless(site: Site) -> None:
    _request, code = await asked_about(site)
    family = await site.client()
    seen = form_fields((await family.get(f"/zh/consent/{code}")).text, ".answer form")["seen"]
    for _ in range(2):
        done = await answer(site, code, AGREES, seen=seen)
        assert done.headers["location"] == f"/zh/consent/{code}"
    assert (await answer(site, code, {"answer": "no"}, seen=seen)).status_code == 303
    assert await Consent.all().count() == 1
    assert (await Consent.get()).withdrawn_at is None


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_answers_at_once_make_one_consent(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    answers = [answer(site, code, AGREES) for _ in range(3)] + [answer(site, code, {"answer": "no"})]
    assert {each.status_code for each in await asyncio.gather(*answers)} == {303}
    current = await ConsentRequest.get(id=request.id)
    agreed = current.state == ConsentRequestState.AGREED
    assert await Consent.all().count() == int(agreed)
    assert ((await Artwork.get(id=work.id)).consent_id is not None) == agreed


@pytest.mark.engines("sqlite", "postgresql")
async def test_taken_back_while_it_is_answered(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    partner = await site.client(site.cast.partner)
    await asyncio.gather(
        answer(site, code, AGREES), partner.post(f"/desk/consents/requests/{request.id}/end"), ask(site, work)
    )
    agreed = await Consent.all().count()
    states = {each.state for each in await ConsentRequest.all()}
    assert agreed == int(ConsentRequestState.AGREED in states)
    assert ((await Artwork.get(id=work.id)).consent_id is not None) == bool(agreed)


async def is_closed(site: Site, code: str, work: Artwork) -> None:
    """Nothing is shown by the link, and an answer changes nothing."""
    family = await site.client()
    page = await family.get(f"/zh/consent/{code}")
    assert page.status_code == 410
    assert work.own("title") not in page.text
    assert not select(page.text, "form")
    await answer(site, code, AGREES)
    assert await Consent.all().count() == 0


async def test_a_link_expires_and_is_renewed(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    assert timedelta(0) <= now() + REQUEST_LIFETIME - request.expires_at < timedelta(minutes=5)
    await ConsentRequest.all().update(expires_at=now())
    await is_closed(site, code, work)
    partner = await site.client(site.cast.partner)
    page = (await partner.get(f"/desk/consents/requests/{request.id}")).text
    assert "link expired" in page
    assert code not in page
    await partner.post(f"/desk/consents/requests/{request.id}/link")
    new_code = code_of(site, await ConsentRequest.get(id=request.id))
    family = await site.client()
    assert (await family.get(f"/zh/consent/{code}")).status_code == 404
    assert (await family.get(f"/zh/consent/{new_code}")).status_code == 200


async def test_a_question_is_taken_back(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    partner = await site.client(site.cast.partner)
    for _ in range(2):
        await partner.post(f"/desk/consents/requests/{request.id}/end")
    await is_closed(site, code, work)
    assert await Entry.filter(verb=Verb.CONSENT_REQUEST_TAKEN_BACK).count() == 1
    assert "taken back" in (await partner.get(f"/desk/consents/requests/{request.id}")).text


async def test_a_suspended_organisation_asks_nobody(site: Site) -> None:
    work = await draft(site)
    _request, code = await asked_about(site, work)
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    await is_closed(site, code, work)
    other = await draft(site)
    refused = await ask(site, other)
    assert refused.headers["location"] == f"/desk/works/{other.id}"
    assert await ConsentRequest.all().count() == 1


async def test_works_that_went_elsewhere_are_not_asked_about(site: Site) -> None:
    deleted, given = await draft(site), await draft(site)
    await Artwork.filter(id=given.id).update(artist_id=deleted.artist_id)
    _request, code = await asked_about(site, deleted, given)
    family = await site.client()
    assert len(select((await family.get(f"/zh/consent/{code}")).text, ".answer-works > li")) == 2
    seen = form_fields((await family.get(f"/zh/consent/{code}")).text, ".answer form")["seen"]
    await delete_draft(await Artwork.get(id=deleted.id), site.storage)
    late = await answer(site, code, AGREES, seen=seen)
    assert late.status_code == 422
    assert "刚刚有变动" in text_in(late.text, "#scopes-error")
    assert form_fields(late.text, ".answer form")["signer_name"] == NAME
    artist = await Artist.get(id=given.artist_id or 0)
    consent = await factories.consent(site.cast.organisation, artist)
    await Artwork.filter(id=given.id).update(consent_id=consent.id)
    gone = await family.get(f"/zh/consent/{code}")
    assert gone.status_code == 410
    assert given.own("title") not in gone.text


async def test_a_consent_by_link_covers_what_was_shown(site: Site) -> None:
    work = await draft(site)
    _request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    current = await Artwork.get(id=work.id).prefetch_related("themes")
    assert await missing_fields(current) == {}
    other = await factories.image(site.storage, site.cast.organisation, source_sha256="f" * 64)
    await Artwork.filter(id=work.id).update(image_id=other.id)
    changed = await Artwork.get(id=work.id).prefetch_related("themes")
    assert (await missing_fields(changed))["consent"] == str(NOT_SEEN_BY_FAMILY)
    partner = await site.client(site.cast.partner)
    assert "Lacks: Consent" in text_in((await partner.get("/desk/works/many")).text, ".many-drafts")
    await ask(site, changed)
    again = await ConsentRequest.get(answered_at=None)
    await answer(site, code_of(site, again), AGREES)
    assert await missing_fields(await Artwork.get(id=work.id).prefetch_related("themes")) == {}


async def test_a_renewal_is_the_organisations_and_covers_no_other_picture(site: Site) -> None:
    work = await draft(site)
    _request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    consent = await Consent.get()
    await consent.fetch_related("artist__organisation")
    values = NewConsent(AgreedBy.PARENT, ["web", "sharing"], today())
    await renew(consent, values, site.cast.partner)
    family = await site.client()
    notice = text_in((await family.get(f"/zh/consent/{code}")).text, ".notice")
    assert "续期；现在的范围是：" in notice
    assert "同意：" not in notice
    assert await missing_fields(await Artwork.get(id=work.id).prefetch_related("themes")) == {}
    other = await factories.image(site.storage, site.cast.organisation, source_sha256="f" * 64)
    await Artwork.filter(id=work.id).update(image_id=other.id)
    changed = await Artwork.get(id=work.id).prefetch_related("themes")
    assert (await missing_fields(changed))["consent"] == str(NOT_SEEN_BY_FAMILY)
    assert await consent_with_terms(consent.artist, values) is None


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("first", ["link", "slip"])
async def test_the_first_link_or_slip_still_withdraws_after_another_answer(site: Site, first: str) -> None:
    """Of three works one gets another picture, another is new; the consent before keeps one."""
    changed, kept, added = await draft(site), await draft(site), await draft(site)
    both = Artwork.filter(id__in=[kept.id, added.id])
    await both.update(artist_id=changed.artist_id)
    if first == "link":
        _request, code = await asked_about(site, changed, kept)
        await answer(site, code, AGREES)
    else:
        artist = await Artist.get(id=changed.artist_id or 0)
        paper = await factories.consent(site.cast.organisation, artist, code="0123456789ABCDEFGHJK")
        await Consent.filter(id=paper.id).update(for_web=False)
        await Artwork.filter(id__in=[changed.id, kept.id]).update(consent_id=paper.id)
        code = paper.code
    image = await factories.image(site.storage, site.cast.organisation, source_sha256="f" * 64)
    await Artwork.filter(id=changed.id).update(image_id=image.id)
    _again, second = await asked_about(site, await Artwork.get(id=changed.id), added)
    await answer(site, second, AGREES)
    assert {(await Artwork.get(id=each.id)).consent_id for each in (changed, added)} == {
        (await Consent.get(code=second)).id
    }
    family = await site.client()
    page = (await family.get(f"/zh/consent/{code}")).text
    assert len(select(page, ".consent-works > li")) == 3
    assert len(select((await family.get(f"/zh/consent/{second}")).text, ".consent-works > li")) == 2
    await family.post(f"/zh/consent/{code}", data={})
    for each in await Artwork.all().prefetch_related("consent"):
        assert each.status == Status.WITHDRAWN
    assert "已撤回" in text_in((await family.get(f"/zh/consent/{second}")).text, "h1")
    assert set(await ConsentRequest.all().values_list("signer_name", flat=True)) == {""}


async def test_a_link_does_not_reach_the_consent_of_another_artist(site: Site) -> None:
    """A work was asked about under the wrong artist, and got the right one with that one's consent."""
    work, other = await draft(site), await draft(site)
    await Artwork.filter(id=other.id).update(artist_id=work.artist_id)
    _request, code = await asked_about(site, work, other)
    await answer(site, code, AGREES)
    consent = await factories.consent(site.cast.organisation)
    await Artwork.filter(id=work.id).update(artist_id=consent.artist_id, consent_id=consent.id)
    family = await site.client()
    await family.post(f"/zh/consent/{code}", data={})
    assert (await Consent.get(id=consent.id)).withdrawn_at is None
    assert (await Artwork.get(id=other.id)).status == Status.WITHDRAWN


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_class_is_asked_at_once(site: Site) -> None:
    works = [await draft(site) for _ in range(3)]
    typed = works[2]
    await Artwork.filter(id=typed.id).update(
        artist_id=None,
        unfinished={
            "credit_name": ["小雨"],
            "agreed_by": ["parent"],
            "scopes": ["web"],
            "starts_on": ["2020-01-01"],
        },
    )
    nameless = await draft(site)
    await Artwork.filter(id=nameless.id).update(artist_id=None)
    elsewhere = await factories.artwork(site.storage, site.cast.elsewhere)
    partner = await site.client(site.cast.partner)
    redirected = await ask(site, *works, nameless, elsewhere, by=partner, list_name="三年级二班")
    page = (await partner.get(redirected.headers["location"])).text
    assert "3 questions are ready" in text_in(page, ".notice")
    assert "Please say who made it" in text_in(page, ".notice")
    assert text_in(page, "h1") == "三年级二班"
    assert text_in(page, ".answered") == "0 of 3 have answered."
    assert len(select(page, "ul.rows > li")) == 3
    assert "小雨" in text_in(page, "ul.rows")

    requests = {each.artist_id: each for each in await ConsentRequest.all()}
    artist = await Artist.get(credit_name="小雨")
    await answer(site, code_of(site, requests[artist.id]), AGREES)
    await answer(site, code_of(site, requests[works[0].artist_id or 0]), {"answer": "no"})
    current = await Artwork.get(id=typed.id)
    assert current.consent_id is not None
    assert current.unfinished == {}  # what was typed of a consent gives way to the family's own
    page = (await partner.get("/desk/consents/requests?list=三年级二班")).text
    assert text_in(page, ".answered") == "2 of 3 have answered."
    waiting = (await partner.get("/desk/consents/requests?list=三年级二班&state=waiting")).text
    assert attributes(waiting, "input[name=request]", "value") == [str(requests[works[1].artist_id or 0].id)]

    letters = (await partner.get("/desk/consents/requests/letters?list=三年级二班&number=8")).text
    assert len(select(letters, "article.slip")) == 1
    assert f"/c/{code_of(site, requests[works[1].artist_id or 0])}" in letters
    assert "请在" in letters


async def test_further_works_join_the_question_that_waits(site: Site) -> None:
    first, second = await draft(site), await draft(site)
    await Artwork.filter(id=second.id).update(artist_id=first.artist_id)
    request, code = await asked_about(site, first)
    await ask(site, second)
    assert [each.id for each in await ConsentRequest.all()] == [request.id]
    family = await site.client()
    assert len(select((await family.get(f"/zh/consent/{code}")).text, ".answer-works > li")) == 2
    await answer(site, code, AGREES)
    assert len(set(await Artwork.all().values_list("consent_id", flat=True))) == 1


async def test_a_letter_shows_no_picture_of_another_artist(site: Site) -> None:
    work, other = await draft(site), await draft(site)
    await Artwork.filter(id=work.id).update(artist_id=other.artist_id)
    request, _code = await asked_about(site, await Artwork.get(id=work.id), other)
    await Artwork.filter(id=other.id).update(artist_id=(await draft(site)).artist_id)
    (slip,) = await load_request_slips(
        await ConsentRequest.filter(id=request.id).prefetch_related("artist__organisation"), site.settings
    )
    assert slip.image is not None
    assert slip.image.id == work.image_id


async def test_what_nobody_can_answer_is_not_waited_for(site: Site) -> None:
    work, other = await draft(site), await draft(site)
    request, code = await asked_about(site, work)
    await asked_about(site, other)
    consent = await factories.consent(site.cast.organisation, await Artist.get(id=work.artist_id or 0))
    await Artwork.filter(id=work.id).update(consent_id=consent.id)
    partner = await site.client(site.cast.partner)
    page = (await partner.get(f"/desk/consents/requests/{request.id}")).text
    assert text_in(page, ".state") == "nothing is asked any more"
    assert code not in page
    assert "can answer until" not in page
    listed = (await partner.get("/desk/consents/requests")).text
    assert str(request.id) not in attributes(listed, "input[name=request]", "value")
    assert "nothing is asked any more" in text_in(listed, "ul.rows")
    letters = (await partner.get("/desk/consents/requests/letters")).text
    assert len(select(letters, "article.slip")) == 1
    assert f"/c/{code}" not in letters
    family = await site.client()
    gone = await family.get(f"/zh/consent/{code}")
    assert gone.status_code == 410
    assert "已有另一份同意" in text_in(gone.text, "main")


async def test_what_became_of_an_agreement(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    partner = await site.client(site.cast.partner)

    async def says(sentence: str) -> bool:
        return sentence in (await partner.get(f"/desk/consents/requests/{request.id}")).text

    assert await says("can be submitted")
    await submit(await Artwork.get(id=work.id), site.cast.partner)
    assert not await says("can be submitted")
    await withdraw(await Consent.get(), site.storage)
    assert await says("The consent was withdrawn afterwards.")


async def test_a_message_about_many_works_fits_a_cookie(site: Site) -> None:
    title = "汤" * 60
    works = [await factories.artwork(site.storage, site.cast.organisation, title=title) for _ in range(12)]
    partner = await site.client(site.cast.partner)
    redirected = await ask(site, *works, by=partner)
    assert len(redirected.headers["set-cookie"]) < 4000
    notice = text_in((await partner.get(redirected.headers["location"])).text, ".notice")
    assert notice.count("汤" * 40) == 10
    assert "2 more works were left out." in notice


async def test_errors_at_the_address_of_a_code_hide_it_too(site: Site) -> None:
    _request, code = await asked_about(site)
    family = await site.client()
    pages = [
        await family.get(f"/zh/consent/{'1' * 20}"),
        await family.get(f"/c/{code}/nothing"),
        await family.post(f"/zh/consent/{code}/answer", content=b"x" * 2_000_000),
        await family.put(f"/zh/consent/{code}"),
    ]
    for page in pages:
        assert page.status_code >= 400
        assert page.headers["referrer-policy"] == "strict-origin"


async def test_works_about_which_nobody_can_be_asked(site: Site) -> None:
    having = await factories.artwork(site.storage, site.cast.organisation)
    submitted = await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
    bare = await draft(site)
    await Artwork.filter(id=bare.id).update(image_id=None)
    partner = await site.client(site.cast.partner)
    for work, sentence in (
        (having, "It has a consent already."),
        (submitted, "It is with the curators now."),
        (bare, "Please choose a picture of the work."),
    ):
        redirected = await partner.post("/desk/consents/requests", data={"work": work.id})
        assert sentence in (await partner.get(redirected.headers["location"])).text
    redirected = await partner.post("/desk/consents/requests", data={})
    assert "Please choose at least one work." in (await partner.get(redirected.headers["location"])).text
    assert await ConsentRequest.all().count() == 0


async def test_a_picture_that_is_being_prepared_is_waited_for(site: Site) -> None:
    work = await draft(site)
    image = await factories.received(site.storage, site.cast.organisation)
    await Artwork.filter(id=work.id).update(image_id=image.id)
    _request, code = await asked_about(site, work)
    family = await site.client()
    page = await family.get(f"/zh/consent/{code}")
    assert page.status_code == 200
    assert not select(page.text, ".answer form")
    assert "还在处理中" in text_in(page.text, "main")
    refused = await answer(site, code, AGREES, seen="")
    assert refused.status_code == 422
    assert await Consent.all().count() == 0


async def test_the_form_of_a_work_asks(site: Site) -> None:
    work = await draft(site)
    partner = await site.client(site.cast.partner)
    page = (await partner.get(f"/desk/works/{work.id}/edit")).text
    assert "ask" in attributes(page, "button[name=then]", "value")
    fields = {**form_fields(page, 'form[enctype="multipart/form-data"]'), "then": "ask"}
    redirected = await partner.post(f"/desk/works/{work.id}/edit", data=fields, files={"other": b""})
    request = await ConsentRequest.get()
    assert redirected.headers["location"] == f"/desk/consents/requests/{request.id}"
    page = (await partner.get(f"/desk/artists/{work.artist_id}")).text
    assert f"/desk/consents/requests/{request.id}" in page
    assert attribute(page, "form[action='/desk/consents/requests'] input", "value") == str(work.id)


async def test_typing_goes_on_after_the_answer(site: Site) -> None:
    """A window that showed no consent does not take the family's away."""
    from starlette.datastructures import MultiDict

    from gallery.artworks.forms import form_fields as posted_fields
    from gallery.artworks.forms import form_values
    from gallery.web.edit_conflicts import seen_field

    work = await Artwork.get(id=(await draft(site)).id).prefetch_related("themes")
    before = form_values(work)
    _request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    sent = MultiDict(
        [*posted_fields({**before, "title": ["新"]}).multi_items(), ("seen", seen_field(before, before))]
    )
    await autosave(work, sent, [site.cast.organisation], site.cast.partner)
    current = await Artwork.get(id=work.id)
    assert (current.own("title"), current.consent_id) == ("新", (await Consent.get()).id)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_withdrawal_takes_what_was_asked_and_who_agreed(site: Site) -> None:
    work = await draft(site)
    request, code = await asked_about(site, work)
    await answer(site, code, AGREES)
    other = await draft(site)
    await Artwork.filter(id=other.id).update(artist_id=work.artist_id)
    waiting, other_code = await asked_about(site, other)
    assert waiting.id != request.id
    await withdraw(await Consent.get(), site.storage)
    current = await ConsentRequest.get()
    assert (current.id, current.signer_name, current.seen_files) == (request.id, "", [])
    family = await site.client()
    assert (await family.get(f"/zh/consent/{other_code}")).status_code == 404
    page = await family.get(f"/zh/consent/{code}")
    assert "已撤回" in text_in(page.text, "h1")
    partner = await site.client(site.cast.partner)
    assert NAME not in (await partner.get(f"/desk/consents/{current.consent_id}/signature")).text


async def test_the_list_costs_the_same_for_a_class(site: Site) -> None:
    async def cost() -> int:
        client = await site.client(site.cast.partner)
        with counted_queries() as ran:
            assert (await client.get("/desk/consents/requests")).status_code == 200
        return len(ran)

    await asked_about(site)
    few = await cost()
    for _ in range(6):
        await asked_about(site)
    assert await cost() == few


async def test_states_in_sql_are_those_of_the_row(site: Site) -> None:
    codes = [(await asked_about(site))[1] for _ in range(5)]
    await answer(site, codes[0], AGREES)
    await answer(site, codes[1], {"answer": "no"})
    ids = [each.id for each in await ConsentRequest.all().order_by("id")]
    await ConsentRequest.filter(id=ids[2]).update(expires_at=now())
    await ConsentRequest.filter(id=ids[3]).update(taken_back_at=now())
    found = {each: await ConsentRequest.filter(in_state(each)) for each in ConsentRequestState}
    assert {each.id: state for state, rows in found.items() for each in rows} == {
        each.id: each.state for each in await ConsentRequest.all()
    }
    assert all(len(rows) == 1 for rows in found.values())
