"""A voice on view: who hears it, where it is named, and that nothing of it remains after a withdrawal."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from gallery.archives.writer import write_archive_folder
from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Consent
from gallery.artists.renewal import renew
from gallery.artworks.models import Artwork
from gallery.clock import today
from gallery.db import content_version
from gallery.interop.feeds import ATOM
from gallery.organisations.models import Organisation
from gallery.reviews.vetoes import veto
from gallery.sounds.models import Sound, SoundState
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, first, select, text_in, texts_in

TIMED = {
    "transcript": "0:00 下雪了。\n0:01 奶奶说：来吃汤圆吧。",
    "transcript_translation": "It snowed.\nCome & eat.",
}


async def on_view(site: Site, **values: Any) -> tuple[Artwork, Sound]:
    scope = dict.fromkeys(("for_voice", "for_sharing", "for_archive"), True)
    consent = await factories.consent(site.cast.organisation, **scope)
    work = await factories.accepted(site, consent=consent, **{**TIMED, **values})
    sound = await factories.voice(site.storage, work)
    await factories.exhibition([work], slug="told")
    await site.work()
    return work, await Sound.get(id=sound.id)


async def everybody_knows() -> None:
    """A change that a test wrote without a verb."""
    await content_version.bump()
    await content_version.wait_for_propagation()


async def stored(site: Site, token: str) -> list[str]:
    stores = (site.storage.private, site.storage.public)
    return [key for store in stores async for key in store.keys("sounds") if token in key]


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_a_visitor_hears_it_and_reads_its_words(site: Site) -> None:
    work, sound = await on_view(site)
    client, folder = await site.client(), f"/media/sounds/{sound.token}"
    assert sound.is_public
    answer = await client.get(f"/zh/works/{work.public_id}")
    page = answer.text
    assert "media-src 'self'" in answer.headers["content-security-policy"]
    assert "microphone=()" in answer.headers["permissions-policy"]
    assert attributes(page, ".voice audio source", "src") == [f"{folder}/voice.ogg", f"{folder}/voice.m4a"]
    audio = first(page, ".voice audio")
    assert (audio["preload"], audio.has_attr("autoplay"), audio.has_attr("controls")) == ("none", False, True)
    assert attributes(page, ".transcript [data-start]", "data-start") == ["0", "1000"]
    assert texts_in(page, ".transcript [lang=en] p") == ["It snowed.", "Come & eat."]

    for name, kind, head in (("voice.ogg", "audio/ogg", b"OggS"), ("voice.m4a", "audio/mp4", b"\0\0\0\x1c")):
        whole = await client.get(f"{folder}/{name}")
        assert whole.status_code == 200
        assert whole.headers["content-type"].startswith(kind)
        assert whole.headers["cache-control"].startswith("private, max-age=")
        part = await client.get(f"{folder}/{name}", headers={"range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, head)
        again = await client.get(f"{folder}/{name}", headers={"if-none-match": whole.headers["etag"]})
        assert again.status_code == 304
    captions = await client.get(attribute(page, "track[srclang=en]", "src"))
    assert captions.headers["content-type"].startswith("text/vtt")
    assert captions.text == "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\nIt snowed.\nCome &amp; eat.\n"
    for missing in ("original", "captions-fr.vtt", "voice.wav", "..%2Fvoice.ogg"):
        assert (await client.get(f"{folder}/{missing}")).status_code == 404
    assert (await client.get("/media/sounds/nothing/voice.ogg")).status_code == 404


async def test_walls_mark_it_and_machines_read_it(site: Site) -> None:
    work, sound = await on_view(site)
    client, folder = await site.client(), f"/media/sounds/{sound.token}"
    wall = (await client.get("/en/exhibitions/told")).text
    assert texts_in(wall, ".with-voice") == ["with a voice"]

    feed = ElementTree.fromstring((await client.get("/zh/feed.atom")).content)
    (link,) = feed.findall(f".//{{{ATOM}}}link[@rel='enclosure']")
    assert link.get("href", "").endswith(f"{folder}/voice.m4a")
    assert (link.get("type"), link.get("length")) == ("audio/mp4", str(sound.file_bytes["voice.m4a"]))

    manifest = (await client.get(f"/iiif/works/{work.public_id}/manifest.json")).json()
    canvas = manifest["items"][1]
    assert canvas["duration"] == sound.milliseconds / 1000
    assert "width" not in canvas
    bodies = canvas["items"][0]["items"][0]["body"]["items"]
    assert [(each["type"], each["format"]) for each in bodies] == [
        ("Sound", "audio/ogg"),
        ("Sound", "audio/mp4"),
    ]
    words = canvas["annotations"][0]["items"]
    assert [each["body"]["language"] for each in words] == ["zh-Hans", "en"]
    for each in [*bodies, *(word["body"] for word in words)]:
        path = each["id"].removeprefix(site.settings.site_url)
        assert (await client.get(path)).status_code == 200

    page = (await client.get(f"/zh/works/{work.public_id}")).text
    data = json.loads(first(page, "script[type='application/ld+json']").get_text())["@graph"][0]["audio"]
    assert data["duration"] == "PT3S"
    assert data["transcript"] == "下雪了。\n奶奶说：来吃汤圆吧。"


async def test_without_consent_to_sharing_feeds_have_no_sound(site: Site) -> None:
    work, _sound = await on_view(site)
    await Consent.filter(id=work.consent_id).update(for_sharing=False)
    await everybody_knows()
    client = await site.client()
    assert "enclosure" not in (await client.get("/zh/feed.atom")).text
    page = (await client.get(f"/en/works/{work.public_id}")).text
    assert select(page, ".voice")
    assert "AudioObject" not in page


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_nothing_is_left_after_a_withdrawal(site: Site) -> None:
    work, sound = await on_view(site)
    client = await site.client()
    paths = [f"/media/sounds/{sound.token}/{name}" for name in ("voice.ogg", "voice.m4a", "captions-zh.vtt")]
    for path in paths:
        assert (await client.get(path)).status_code == 200
    assert len(await stored(site, sound.token)) == 5
    consent = await Consent.get(id=work.consent_id)
    await withdraw(consent, site.storage)
    assert not await stored(site, sound.token)
    for path in (*paths, f"/zh/works/{work.public_id}", f"/iiif/works/{work.public_id}/manifest.json"):
        assert (await client.get(path)).status_code == 410, path
    sound = await Sound.get(id=sound.id)
    assert (sound.state, sound.peaks, sound.source_sha256) == (SoundState.ERASED, [], "")
    assert not (await Artwork.get(id=work.id)).transcript
    assert sound.token not in (await client.get("/zh/feed.atom")).text


async def test_every_way_off_the_wall_takes_the_voice_along(site: Site) -> None:
    work, sound = await on_view(site)
    client, path = await site.client(), f"/media/sounds/{sound.token}/voice.ogg"
    assert (await client.get(path)).status_code == 200

    # The organisation is stopped: the worker takes the files back.
    await Organisation.filter(id=work.organisation_id).update(is_active=False)
    await everybody_knows()
    assert (await client.get(path)).status_code == 404
    await site.work()
    assert not (await Sound.get(id=sound.id)).is_public
    assert len(await stored(site, sound.token)) == 3
    await Organisation.filter(id=work.organisation_id).update(is_active=True)
    await everybody_knows()
    assert (await client.get(path)).status_code == 200  # and the first request puts them out again

    # A renewed consent without the voice: the work stays, the voice goes.
    before = await Consent.get(id=work.consent_id).prefetch_related("artist")
    narrower = NewConsent(AgreedBy.PARENT, ["web"], today())
    await renew(before, narrower, site.cast.partner)
    await content_version.wait_for_propagation()
    page = (await client.get(f"/zh/works/{work.public_id}")).text
    assert not select(page, ".voice")
    assert "奶奶" not in page
    assert (await client.get(path)).status_code == 404
    assert not select((await client.get("/zh/exhibitions/told")).text, ".with-voice")
    await site.work()
    assert len(await stored(site, sound.token)) == 3

    # A veto deletes the public files before it is confirmed.
    work = await Artwork.get(id=work.id)
    await Consent.filter(id=work.consent_id).update(for_voice=True)
    await everybody_knows()
    assert (await client.get(path)).status_code == 200
    await veto(work, site.storage, site.cast.curator, "Somebody is named.")
    assert len(await stored(site, sound.token)) == 3
    assert (await client.get(path)).status_code == 404


async def test_an_archive_has_the_voice_while_the_consent_names_it(site: Site) -> None:
    work, _sound = await on_view(site)
    result = await write_archive_folder("told", site.settings, site.storage)
    page = (result.folder / f"zh/works/{work.public_id}.html").read_text()
    source = attribute(page, ".voice source", "src")
    assert (result.folder / "zh/works" / source).resolve().read_bytes()[:4] == b"OggS"
    assert "下雪了" in text_in(page, ".transcript")
    await Consent.filter(id=work.consent_id).update(for_voice=False)
    await write_archive_folder("told", site.settings, site.storage)
    assert not (result.folder / "sounds").exists()
    assert not select((result.folder / f"zh/works/{work.public_id}.html").read_text(), ".voice")


async def test_a_page_of_a_work_without_a_voice_names_none(site: Site) -> None:
    work = await factories.accepted(site, transcript="写了，但没有录音。")
    await factories.exhibition([work])
    page = (await (await site.client()).get(f"/zh/works/{work.public_id}")).text
    assert not select(page, ".voice, script[src*=voice]")
    assert "没有录音" not in page
