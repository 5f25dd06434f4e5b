"""A curator hears the voice and reads its words before the work can be accepted."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.organisations.models import Organisation, Trust
from gallery.reviews.models import Review
from gallery.sounds.models import Sound, SoundState
from gallery.web.texts import NO_TEXTS
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, form_fields, select, text_in
from tests.reviews.works import decision_on, propose, submitted_work

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def told(site: Site, **values: Any) -> tuple[Artwork, Sound]:
    work = await submitted_work(site, **values)
    sound = await factories.voice(site.storage, work)
    return work, sound


async def test_it_is_accepted_only_after_somebody_has_listened(site: Site) -> None:
    work, sound = await told(site)
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/queue/{work.id}")).text
    assert attributes(page, ".voice audio source", "src")[0] == f"/desk/sounds/{sound.id}/voice.ogg"
    assert work.own("transcript") in text_in(page, ".voice .transcript")
    fields = form_fields(page, "#review")
    refused = await client.post(f"/desk/queue/{work.id}", data={**fields, "decision": "accepted"})
    assert refused.status_code == 422
    assert "Please listen to the voice" in refused.text
    key = attribute(page, "input[name=confirmed][type=checkbox]", "value")
    answer = await client.post(
        f"/desk/queue/{work.id}", data={**fields, "decision": "accepted", "confirmed": key}
    )
    assert answer.status_code == 303
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED


async def test_other_words_need_another_listening(site: Site) -> None:
    work, _sound = await told(site)
    client = await site.client(site.cast.curator)
    key = attribute((await client.get(f"/desk/queue/{work.id}")).text, "input[name=confirmed]", "value")
    await Artwork.filter(id=work.id).update(transcript=factories.in_zh("奶奶说的是另外的话。"))
    fields = await decision_on(work, "accepted", confirmed=key)
    assert (await client.post(f"/desk/queue/{work.id}", data=fields)).status_code == 422


async def test_a_voice_without_words_consent_or_files_cannot_be_accepted(site: Site) -> None:
    work, sound = await told(site)
    client = await site.client(site.cast.curator)

    async def sentence() -> str:
        page = (await client.get(f"/desk/queue/{work.id}")).text
        keys = attributes(page, "input[name=confirmed]", "value")
        fields = await decision_on(work, "accepted", confirmed=keys[0] if keys else "")
        answer = await client.post(f"/desk/queue/{work.id}", data=fields)
        assert answer.status_code == 422
        return text_in(answer.text, "#decision-form")

    await Artwork.filter(id=work.id).update(transcript=NO_TEXTS)
    assert "Nobody has written down what the voice says" in await sentence()
    await Artwork.filter(id=work.id).update(
        transcript=factories.in_zh("It snowed, and the family sat around.")
    )
    assert "not written in the work's language" in await sentence()
    await Artwork.filter(id=work.id).update(transcript=work.transcript)
    await Consent.filter(id=work.consent_id).update(for_voice=False)
    assert "The consent does not name the voice" in await sentence()
    await Consent.filter(id=work.consent_id).update(for_voice=True)
    for state, words in (
        (SoundState.RECEIVED, "being prepared"),
        (SoundState.REFUSED, "could not be prepared"),
    ):
        await Sound.filter(id=sound.id).update(state=state)
        assert words in await sentence()
    assert not await Review.exists()


async def test_several_at_once_and_trusted_ones_are_not_accepted_unheard(site: Site) -> None:
    work, _sound = await told(site)
    submission = await Submission.get(artwork=work)
    client = await site.client(site.cast.curator)
    answer = await client.post(
        "/desk/queue/decisions", data={"work": str(submission.id), "decision": "accepted"}
    )
    assert "Please listen to the voice" in answer.text
    await Organisation.filter(id=work.organisation_id).update(trust=Trust.AT_ONCE)
    await Submission.filter(id=submission.id).update(awaits_trust=True)
    await site.work()
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED


async def test_a_returned_work_keeps_the_note_on_its_voice(site: Site) -> None:
    work, _sound = await told(site)
    client = await site.client(site.cast.curator)
    fields = await decision_on(work, "returned", note_transcript="奶奶的名字请不要写。")
    assert (await client.post(f"/desk/queue/{work.id}", data=fields)).status_code == 303
    form = (await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}/edit")).text
    assert "奶奶的名字请不要写。" in text_in(form, "#transcript-note")


async def test_better_words_are_proposed_for_an_accepted_work(site: Site) -> None:
    work = await factories.accepted(site)
    await factories.voice(site.storage, work)
    partner, curator = await site.client(site.cast.partner), await site.client(site.cast.curator)
    assert select((await partner.get(f"/desk/works/{work.id}/proposal")).text, "textarea[name=transcript]")
    answer = await propose(
        partner,
        work,
        transcript="下雪了，奶奶说：来吃汤圆。",
        **{f"{name}[en]": getattr(work, name)["en"] for name in ("transcript", "alt_text", "medium")},
    )
    assert answer.status_code == 303
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    assert "下雪了，奶奶说：来吃汤圆。" in text_in(page, ".voice .transcript")
    key = attribute(page, "input[name=confirmed]", "value")
    fields = await decision_on(work, "accepted", confirmed=key)
    assert (await curator.post(f"/desk/queue/{work.id}", data=fields)).status_code == 303
    assert (await Artwork.get(id=work.id)).own("transcript") == "下雪了，奶奶说：来吃汤圆。"


async def test_what_was_sent_is_shown_and_not_what_came_later(site: Site) -> None:
    work, sound = await told(site, status=Status.RETURNED)
    await Artwork.filter(id=work.id).update(transcript=factories.in_zh("还在写的草稿，没有寄出。"))
    curator = await site.client(site.cast.curator)
    page = (await curator.get(f"/desk/queue/{work.id}")).text
    assert "还在写" not in page
    assert not select(page, ".voice")  # it was added after the work had been sent
    assert (await curator.get(f"/desk/sounds/{sound.id}/voice.ogg")).status_code == 404
