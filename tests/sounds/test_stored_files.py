"""The files of voices in check, backup, move and restore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.cli.backup_folder import needed_keys
from gallery.cli.file_checks import damaged_originals, scan_stores
from gallery.cli.inspection import mend
from gallery.cli.media_move import needed_public_keys
from gallery.cli.revocable_kinds import REVOCABLE_KINDS
from gallery.cli.row_checks import refused_and_stuck_sounds
from gallery.exhibitions.stored_files import expected_private_files
from gallery.sounds.chores import delete_unused_sounds
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import FILE_NAMES, ORIGINAL_NAME, sound_key
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql-s3")
AT_ONCE = timedelta(seconds=-5)  # files that were written just now count as well


async def told(site: Site) -> tuple[Artwork, Sound]:
    work = await factories.accepted(site)
    sound = await factories.voice(site.storage, work)
    await factories.exhibition([work])
    await site.work()
    return work, await Sound.get(id=sound.id)


async def sentences(site: Site) -> list[str]:
    return [
        finding.sentence for finding in (await scan_stores(site.storage, AT_ONCE, lambda *_: None)).findings()
    ]


async def test_check_finds_what_is_lost_and_what_should_not_be_there(site: Site) -> None:
    work, sound = await told(site)
    assert await sentences(site) == []
    await site.storage.private.delete(sound_key(sound.token, "voice.ogg"))
    (finding,) = (await scan_stores(site.storage, AT_ONCE, lambda *_: None)).findings()
    assert finding.sentence == "Files of a voice are missing or cut"
    assert await mend(finding, site.storage)
    assert (await Sound.get(id=sound.id)).state == SoundState.RECEIVED
    await site.work()
    assert await sentences(site) == []

    await factories.put(site.storage.private, sound_key("nobodys", "voice.ogg"))
    await factories.put(site.storage.public, sound_key("nobodys", "voice.ogg"))
    await Consent.filter(id=work.consent_id).update(for_voice=False)  # its public files are one too many, too
    found = await sentences(site)
    assert sorted(each.partition(" ")[0] for each in found) == ["1", "1", "2"]
    for each in (await scan_stores(site.storage, AT_ONCE, lambda *_: None)).findings():
        assert await mend(each, site.storage)
    assert await sentences(site) == []

    await factories.put(
        site.storage.private, sound_key(sound.token, ORIGINAL_NAME), b"x" * sound.source_bytes
    )
    damaged = [each.sentence async for each in damaged_originals(site.storage, lambda *_: None)]
    assert damaged == ["A recording is not what arrived"]


async def test_check_names_recordings_that_wait_or_were_refused(site: Site) -> None:
    _work, sound = await told(site)
    assert await refused_and_stuck_sounds() == []
    await Sound.filter(id=sound.id).update(
        state=SoundState.RECEIVED, created_at=sound.created_at - timedelta(hours=1)
    )
    assert [each.sentence for each in await refused_and_stuck_sounds()] == ["A recording waits for its files"]
    await Sound.filter(id=sound.id).update(state=SoundState.REFUSED, refusal="sound_silent")
    (finding,) = await refused_and_stuck_sounds()
    assert finding.sentence == "A recording was refused: sound_silent"


async def test_a_backup_and_a_move_take_it_along_until_it_is_withdrawn(site: Site) -> None:
    work, sound = await told(site)
    private = {sound_key(sound.token, name) for name in (ORIGINAL_NAME, *FILE_NAMES)}
    public = {sound_key(sound.token, name) for name in FILE_NAMES}
    assert await needed_keys({*private, "sounds/nobodys/original"}) == private
    assert await needed_public_keys({*private, "sounds/nobodys/voice.ogg"}) == public
    expected = await expected_private_files(private)
    assert [content.sha256 for content in expected.values()] == [sound.source_sha256]
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert await needed_keys(private) == set()
    assert await needed_public_keys(private) == set()


async def test_a_restore_ends_what_was_deleted_since(site: Site) -> None:
    work, sound = await told(site)
    (kind,) = (each for each in REVOCABLE_KINDS if each.name == "voice")
    assert await kind.valid() == {sound.id: sound.token}
    assert work.own("title") in await kind.end(sound.id, site.storage)
    work = await Artwork.get(id=work.id)
    assert (work.sound_id, len(work.transcript)) == (None, 0)
    assert await kind.valid() == {}


async def test_a_sound_that_no_work_has_is_deleted_after_a_day(site: Site) -> None:
    work, sound = await told(site)
    context = ChoreContext(site.settings, site.storage)
    await Sound.filter(id=sound.id).update(created_at=sound.created_at - timedelta(days=2))
    assert not await delete_unused_sounds(context)
    await Artwork.filter(id=work.id).update(sound_id=None)
    assert await delete_unused_sounds(context)
    assert not await Sound.exists()
    assert not [key async for key in site.storage.private.keys("sounds")]
