"""Sounds in the sandbox: what every phone records is opened, measured and encoded again without metadata; what
lies, is no sound, or has nothing in it gets a code whose sentence says what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.images.sandbox import sounds
from gallery.images.sandbox.bounds import UnusableImage
from gallery.images.sandbox.parent import Limits, MachineFault, parse_answer
from gallery.images.sandbox.sound_parent import (
    DevelopedSound,
    SoundRefused,
    develop_sound,
    inspect_sound,
    parse_milliseconds,
    sniff_sound,
)
from gallery.images.sound_files import PEAKS, SOUND_FILES
from gallery.images.sound_refusals import SOUND_REFUSALS
from tests.images.sounds import PRIVATE_WORD, encoded, tone

PATIENT = Limits(wall_seconds=180)
NAMES = tuple(file.name for file in SOUND_FILES)
KINDS = {"voice.ogg": "ogg", "voice.m4a": "mp4"}

CONTAINERS = [
    ("mp3", "mp3", "mp3"),
    ("aac", "ipod", "mp4"),
    ("aac", "adts", "aac"),
    ("libopus", "ogg", "ogg"),
    ("libopus", "webm", "webm"),
    ("flac", "ogg", "ogg"),
    ("pcm_s24le", "wav", "wav"),
]


async def refused(path: Path, limits: Limits = PATIENT) -> str:
    with pytest.raises(SoundRefused) as refusal:
        await inspect_sound(path, limits)
    assert str(SOUND_REFUSALS[refusal.value.code])
    return refusal.value.code


async def test_a_recording_becomes_opus_and_aac_of_the_right_loudness(tmp_path: Path) -> None:
    for level, channels in ((900, 1), (20_000, 2)):
        source = tone(tmp_path / "tone.wav", 4, level=level, channels=channels)
        developed = await develop_sound(source, tmp_path, PATIENT)
        assert developed.files == NAMES
        assert developed.milliseconds == pytest.approx(4000, abs=30)
        assert len(developed.peaks) == PEAKS
        assert max(developed.peaks) == 100
        assert min(developed.peaks) < 60
        for name in NAMES:
            made = sounds.measure(tmp_path / name, KINDS[name])
            assert made.loudness == pytest.approx(-16, abs=0.7)
            assert made.channels == channels
            assert made.seconds == pytest.approx(4, abs=0.1)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".developing-")]


@pytest.mark.parametrize(("codec", "muxer", "kind"), CONTAINERS)
async def test_every_usual_container_is_opened_and_nothing_of_it_is_kept(
    tmp_path: Path, codec: str, muxer: str, kind: str
) -> None:
    source = encoded(tmp_path / "sound", codec, muxer)
    assert sniff_sound(source.read_bytes()[:64]) == kind
    developed = await develop_sound(source, tmp_path, PATIENT)
    assert developed.milliseconds == pytest.approx(2000, abs=120)
    for name in NAMES:
        content = (tmp_path / name).read_bytes()
        for word in (PRIVATE_WORD.encode(), b"107.5", b"Lavf", b"Lavc"):
            assert word not in content
        with av.open(str(tmp_path / name)) as container:
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
            assert [stream.type for stream in container.streams] == ["audio"]


async def test_a_picture_of_the_cover_is_left_out(tmp_path: Path) -> None:
    source = encoded(tmp_path / "sound", "mp3", "mp3", cover=True)
    with av.open(str(source)) as container:
        assert len(container.streams) == 2
    await develop_sound(source, tmp_path, PATIENT)
    with av.open(str(tmp_path / "voice.m4a")) as made:
        assert len(made.streams) == 1


@pytest.mark.parametrize(
    ("codec", "muxer", "video"),
    [("aac", "mp4", "mpeg4"), ("libopus", "webm", "libvpx"), ("aac", "mov", "mpeg4")],
)
async def test_a_video_is_refused(tmp_path: Path, codec: str, muxer: str, video: str) -> None:
    assert await refused(encoded(tmp_path / "film", codec, muxer, video=video)) == "sound_video"


async def test_length_and_silence_have_limits(tmp_path: Path) -> None:
    assert await refused(tone(tmp_path / "six.wav", 360, rate=2000)) == "sound_too_long"
    assert await refused(tone(tmp_path / "zero.wav", 0)) == "sound_too_short"
    assert await refused(tone(tmp_path / "short.wav", 0.4)) == "sound_too_short"
    assert await refused(tone(tmp_path / "silent.wav", 3, level=0)) == "sound_silent"
    assert await inspect_sound(tone(tmp_path / "five.wav", 300, rate=2000), PATIENT) == pytest.approx(
        300_000, abs=50
    )


async def test_a_header_that_lies_is_not_believed(tmp_path: Path) -> None:
    honest = tone(tmp_path / "honest.wav", 2).read_bytes()
    at = honest.index(b"data") + 4
    for claimed in (0xFFFFFFFF, 0xFFFFFFF0, len(honest)):  # 4 GB, and one byte more than there is
        lie = tmp_path / "lie.wav"
        lie.write_bytes(honest[:at] + struct.pack("<I", claimed) + honest[at + 4 :])
        assert await refused(lie) == "sound_damaged"
    cut = tmp_path / "cut.wav"
    cut.write_bytes(honest[: len(honest) // 2])
    assert await refused(cut) == "sound_damaged"
    many = tmp_path / "many.wav"  # 60,000 channels
    many.write_bytes(honest[:22] + struct.pack("<H", 60_000) + honest[24:])
    assert await refused(many) in {"sound_damaged", "sound_unsupported", "sound_too_short"}
    fast = tmp_path / "fast.wav"  # four thousand million samples a second
    fast.write_bytes(honest[:24] + struct.pack("<I", 0xFFFFFFFF) + honest[28:])
    assert await refused(fast) in {"sound_damaged", "sound_unsupported", "sound_too_short"}


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not_a_sound"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_a_sound"),
        (b"[playlist]\nFile1=http://127.0.0.1/\n", "not_a_sound"),
        (b"\xff\xd8\xff\xe0", "not_a_sound"),
        (b"MThd\0\0\0\x06", "not_a_sound"),
        (b"OggS", "sound_damaged"),
        (b"\x1a\x45\xdf\xa3", "sound_damaged"),
        (b"\0\0\0\x1cftypM4A ", "sound_damaged"),
        (b"ID3\x04\0\0\0\0\0\0", "sound_damaged"),
        (b"\xff\xfb\x90\x00", "sound_damaged"),
        (b"RIFF\xff\xff\xff\xffWAVE", "sound_damaged"),
        # A playlist behind a sound's first bytes: the container is fixed by them, and nothing else is tried.
        (b"ID3\x04\0\0\0\0\0\0#EXTM3U\nfile:///etc/passwd\n", "sound_damaged"),
        (b"OggS#EXTM3U\nfile:///etc/passwd\n", "sound_damaged"),
    ],
)
async def test_what_is_no_sound_is_refused(tmp_path: Path, head: bytes, code: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(head + os.urandom(20_000).replace(b"\xff", b"\xfe"))
    assert await refused(path) in {code, "sound_too_short", "not_a_sound", "sound_unsupported"}


async def test_a_file_cannot_make_the_child_read_another(tmp_path: Path) -> None:
    """A QuickTime file may say that its sound is in another file (an external data reference)."""
    secret = tone(tmp_path / "secret.wav", 3)
    outside = encoded(tmp_path / "sound", "pcm_s16le", "mov").read_bytes()
    at = outside.index(b"url \x00\x00\x00\x01")  # "in this file"
    name = str(secret).encode()
    path = tmp_path / "outside.mov"
    path.write_bytes(
        outside[: at - 4] + struct.pack(">I4sI", 12 + len(name), b"url ", 0) + name + outside[at + 8 :]
    )
    try:
        length = await inspect_sound(path, PATIENT)
    except SoundRefused:
        return
    assert length == pytest.approx(2000, abs=50)  # its own


async def test_a_truncated_sound_is_refused_or_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    whole = encoded(tmp_path / "sound", "aac", "ipod").read_bytes()
    path = tmp_path / "cut.m4a"
    path.write_bytes(whole[: len(whole) // 2])  # its index is at the end
    assert await refused(path) == "sound_damaged"


async def test_limits_of_the_machine_are_not_the_sounds_fault(tmp_path: Path) -> None:
    source = tone(tmp_path / "tone.wav", 2)
    with pytest.raises(MachineFault):
        await inspect_sound(source, Limits(wall_seconds=0.01))
    with pytest.raises(MachineFault):
        await inspect_sound(source, Limits(memory_bytes=60 << 20, wall_seconds=60))  # too little to begin


@given(st.binary(min_size=0, max_size=400), st.integers(0, 6), st.integers(40, 4000))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_bytes_end_in_a_code(tmp_path: Path, noise: bytes, which: int, at: int) -> None:
    """In this process: a decoder that fails raises UnusableImage and nothing else."""
    codec, muxer, kind = CONTAINERS[which]
    name = tmp_path / f"{codec}-{muxer}"
    if not name.exists():
        encoded(name, codec, muxer, 1.2)
    content = bytearray(name.read_bytes())
    content[at : at + len(noise)] = noise
    path = tmp_path / "changed"
    path.write_bytes(content)
    with suppress(UnusableImage):
        sounds.measure(path, kind)


def test_an_answer_of_the_child_is_checked() -> None:
    for answer in (
        {},
        {"milliseconds": "1"},
        {"milliseconds": -1},
        {"milliseconds": 10**9},
        {"milliseconds": True},
    ):
        with pytest.raises(SoundRefused):
            parse_milliseconds(answer)
    assert parse_answer(b'{"done": {"milliseconds": 5}}', 0) == {"milliseconds": 5}
    assert DevelopedSound(1, (0,), ()).milliseconds == 1


async def test_exiftool_finds_nothing_private(tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        assert os.environ.get("GALLERY_TEST_EXIFTOOL") != "required"
        pytest.skip("exiftool is not installed")
    await develop_sound(encoded(tmp_path / "sound", "mp3", "mp3"), tmp_path, PATIENT)
    for name in NAMES:
        command = ["exiftool", "-json", "-G1", "-a", "-u", "-U", "-ee", str(tmp_path / name)]
        (said,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        texts = {
            tag: value
            for tag, value in said.items()
            if not tag.startswith(("System:", "SourceFile", "ExifTool:"))
        }
        assert PRIVATE_WORD not in str(texts)
        assert not [value for value in texts.values() if re.match(r"20\d\d:", str(value))]
