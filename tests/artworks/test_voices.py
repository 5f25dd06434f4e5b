"""The voice of a work at the desk: sent, prepared, written down, submitted under a consent that names it, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from gallery.artists.models import Consent
from gallery.artworks import voice_views
from gallery.artworks.models import Artwork, Status
from gallery.images.sound_files import SOUND_FILES
from gallery.sounds.models import Sound, SoundState
from tests import factories
from tests.artworks.forms import shown_fields
from tests.conftest import Site
from tests.images.sounds import encoded, tone
from tests.markup import select, text_in

WORDS = "下雪了，一家人围着锅，奶奶说来吃汤圆吧。"
NAMES = {"original", *(file.name for file in SOUND_FILES)}


async def draft(site: Site, **values: Any) -> Artwork:
    consent = await factories.consent(site.cast.organisation, for_voice=True)
    return await factories.artwork(site.storage, site.cast.organisation, **{"consent": consent, **values})


async def send(client: httpx.AsyncClient, work: Artwork, file: Path, name: str = "a.wav") -> httpx.Response:
    return await client.post(
        f"/desk/works/{work.id}/voice", files={"sound": (name, file.read_bytes(), "audio/wav")}
    )


async def files_of(site: Site, token: str) -> set[str]:
    return {
        key.rpartition("/")[2]
        for store in (site.storage.private, site.storage.public)
        async for key in store.keys(f"sounds/{token}")
    }


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_a_voice_is_sent_prepared_written_down_and_submitted(site: Site, tmp_path: Path) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert select(form, "button[value=voice]")
    assert not select(form, "textarea[name=transcript]")
    saved = await client.post(f"/desk/works/{work.id}/edit", data={**shown_fields(form), "then": "voice"})
    assert saved.headers["location"] == f"/desk/works/{work.id}/voice"
    page = await client.get(f"/desk/works/{work.id}/voice")
    assert "microphone=(self)" in page.headers["permissions-policy"]
    assert "media-src 'self' blob:" in page.headers["content-security-policy"]

    answer = await send(client, work, tone(tmp_path / "a.wav", 3))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/works/{work.id}/edit#transcript")
    sound = (await Artwork.get(id=work.id).prefetch_related("sound")).sound
    assert sound is not None
    assert (sound.state, sound.milliseconds) == (SoundState.RECEIVED, 3000)
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert "is being prepared" in text_in(form, "[aria-labelledby=section-voice]")

    await site.work()
    sound = await Sound.get(id=sound.id)
    assert sound.state == SoundState.READY
    assert await files_of(site, sound.token) == NAMES
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert select(form, f"audio source[src='/desk/sounds/{sound.id}/voice.ogg']")
    part = await client.get(f"/desk/sounds/{sound.id}/voice.ogg", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"OggS")
    whole = await client.get(f"/desk/sounds/{sound.id}/voice.m4a")
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/mp4")

    refused = await client.post(f"/desk/works/{work.id}/edit", data={**shown_fields(form), "then": "submit"})
    assert "Please write what the voice says" in text_in(refused.text, "#transcript-error")
    fields = {**shown_fields(refused.text), "transcript": WORDS, "transcript[en]": "It snowed."}
    await client.post(f"/desk/works/{work.id}/edit", data={**fields, "then": "submit"})
    work = await Artwork.get(id=work.id).prefetch_related("submissions")
    assert (work.status, work.own("transcript")) == (Status.SUBMITTED, WORDS)
    assert work.submissions[0].sent["sound"] == str(sound.id)
    assert work.submissions[0].sent["transcript[en]"] == "It snowed."


async def test_without_consent_to_the_voice_it_cannot_be_submitted(site: Site) -> None:
    work = await draft(site)
    await factories.voice(site.storage, work)
    await Consent.filter(id=work.consent_id).update(for_voice=False)
    client = await site.client(site.cast.partner)
    assert "does not name the voice" in (await client.get(f"/desk/works/{work.id}/voice")).text
    answer = await client.post(f"/desk/works/{work.id}/submissions")
    assert answer.status_code == 422
    assert "This consent does not name the voice" in text_in(answer.text, "#consent-error")
    assert (await Artwork.get(id=work.id)).status == Status.DRAFT


async def test_words_in_another_language_or_with_wrong_times_are_refused(site: Site) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    await factories.voice(site.storage, work)
    for words, sentence in (
        ("It snowed, and the whole family sat around the pot.", "written in another language"),
        (f"0:01 {WORDS}\n9:00 完", "go beyond its end"),
    ):
        await Artwork.filter(id=work.id).update(transcript=factories.in_zh(words))
        answer = await client.post(f"/desk/works/{work.id}/submissions")
        assert answer.status_code == 422
        assert sentence in text_in(answer.text, "#transcript-error")
        assert words.replace("\n", " ") in text_in(answer.text, "#transcript")  # nothing typed is lost


async def test_the_words_are_saved_during_typing(site: Site) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    await factories.voice(site.storage, work)
    window = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    answer = await client.post(f"/desk/works/{work.id}/typing", data={**window, "transcript": WORDS})
    assert answer.status_code == 200
    assert (await Artwork.get(id=work.id)).own("transcript") == WORDS


async def test_strangers_and_curators_hear_no_draft(site: Site) -> None:
    work = await draft(site)
    sound = await factories.voice(site.storage, work)
    path = f"/desk/sounds/{sound.id}/voice.ogg"
    for person in (site.cast.stranger, site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        assert (await client.get(path)).status_code == 404
        assert (await client.get(f"/desk/works/{work.id}/voice")).status_code == 404
        assert (await client.post(f"/desk/works/{work.id}/voice/deletion")).status_code == 404
    assert (await (await site.client()).get(path)).status_code == 303
    assert (await (await site.client()).get(f"/media/sounds/{sound.token}/voice.ogg")).status_code == 404
    partner = await site.client(site.cast.colleague)
    assert (await partner.get(path)).status_code == 200
    assert (await partner.get(f"/desk/sounds/{sound.id}/original")).status_code == 404
    assert (await partner.get(f"/desk/sounds/{sound.id + 1}/voice.ogg")).status_code == 404
    await partner.post(f"/desk/works/{work.id}/submissions")
    assert (await (await site.client(site.cast.curator)).get(path)).status_code == 200


async def test_a_recording_goes_out_in_the_name_of_who_made_it(site: Site, tmp_path: Path) -> None:
    """The form sends it after somebody else has signed in, in the same browser."""
    work, recording = await draft(site), tone(tmp_path / "a.wav", 2).read_bytes()
    for person, status in ((site.cast.colleague, 401), (site.cast.partner, 303)):
        client = await site.client(person)
        answer = await client.post(
            f"/desk/works/{work.id}/voice",
            data={"person": str(site.cast.partner.id)},
            files={"sound": ("a.wav", recording, "audio/wav")},
        )
        assert answer.status_code == status
        assert await Sound.exists() == (status == 303)


async def test_bad_recordings_each_get_their_sentence(site: Site, tmp_path: Path) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    text = tmp_path / "text"
    text.write_text("#EXTM3U\nfile:///etc/passwd\n")
    cases = (
        (text, "is not a sound"),
        (tone(tmp_path / "none.wav", 0), "shorter than a second"),
        (tone(tmp_path / "still.wav", 2, level=0), "nothing to hear"),
        (encoded(tmp_path / "film.mp4", "aac", "mp4", video="mpeg4"), "is a video"),
    )
    for file, sentence in cases:
        answer = await send(client, work, file)
        assert answer.status_code == 422
        assert sentence in text_in(answer.text, "#sound-error")
    empty = tmp_path / "empty"
    empty.touch()
    assert "shorter than a second" in (await send(client, work, empty)).text
    assert (
        "Please record the voice"
        in (await client.post(f"/desk/works/{work.id}/voice", files={"x": b""})).text
    )
    assert not await Sound.exists()
    assert not [key async for key in site.storage.private.keys("sounds")]


async def test_a_recording_that_is_too_large_is_not_read_to_its_end(site: Site, tmp_path: Path) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    object.__setattr__(site.settings, "upload_max_bytes", 50_000)
    answer = await send(client, work, tone(tmp_path / "a.wav", 3))
    assert answer.status_code == 422
    assert "larger than" in text_in(answer.text, "#sound-error")


async def test_another_recording_replaces_the_first_and_its_files(site: Site, tmp_path: Path) -> None:
    work, client = await draft(site), await site.client(site.cast.partner)
    first = await factories.voice(site.storage, work)
    await send(client, work, tone(tmp_path / "a.wav", 2))
    work = await Artwork.get(id=work.id)
    assert work.sound_id != first.id
    assert not await Sound.exists(id=first.id)
    assert not await files_of(site, first.token)
    assert work.transcript  # it may still be right


async def test_a_voice_is_deleted_with_its_words_also_from_a_work_on_view(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, for_voice=True)
    work = await factories.accepted(site, consent=consent)
    sound = await factories.voice(site.storage, work)
    await factories.exhibition([work])
    await site.work()
    visitor, client = await site.client(), await site.client(site.cast.partner)
    path = f"/media/sounds/{sound.token}/voice.ogg"
    assert (await visitor.get(path)).status_code == 200
    await client.post(f"/desk/works/{work.id}/voice/deletion")
    assert (await visitor.get(path)).status_code == 404
    page = (await visitor.get(f"/zh/works/{work.public_id}")).text
    assert "奶奶" not in page
    assert not select(page, "audio")
    assert not await files_of(site, sound.token)
    assert not await Sound.exists()
    assert not (await Artwork.get(id=work.id)).transcript


async def test_a_work_with_the_curators_keeps_its_voice(site: Site, tmp_path: Path) -> None:
    work = await draft(site, status=Status.SUBMITTED)
    sound = await factories.voice(site.storage, work)
    client = await site.client(site.cast.partner)
    assert (await client.get(f"/desk/works/{work.id}/voice")).status_code == 303
    assert (await send(client, work, tone(tmp_path / "a.wav", 2))).status_code == 303
    await client.post(f"/desk/works/{work.id}/voice/deletion")
    assert (await Artwork.get(id=work.id)).sound_id == sound.id
    assert await files_of(site, sound.token) == NAMES


async def test_a_deleted_draft_leaves_no_file(site: Site) -> None:
    work = await draft(site)
    sound = await factories.voice(site.storage, work)
    await (await site.client(site.cast.partner)).post(f"/desk/works/{work.id}/deletion")
    assert not await files_of(site, sound.token)
    assert not await Sound.exists()


async def test_without_the_extra_the_desk_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("gallery.artworks.voice_views.takes_sounds", "gallery.artworks.form_views.takes_sounds"):
        monkeypatch.setattr(name, lambda: False)
    work, client = await draft(site), await site.client(site.cast.partner)
    form = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert "takes no recordings" in form
    assert not select(form, "button[value=voice]")
    assert "takes no recordings" in (await client.get(f"/desk/works/{work.id}/voice")).text
    answer = await send(client, work, tone(tmp_path / "a.wav", 2))
    assert str(voice_views.NO_SOUNDS) in text_in(answer.text, "main")
    assert not await Sound.exists()
