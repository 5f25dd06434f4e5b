"""The parent side for sounds: starts a confined child for each and checks its answer.

PyAV, which brings FFmpeg, is optional; this process never imports it.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gallery.images.sandbox.parent import (
    ImageRefused,
    Limits,
    move_outputs,
    output_dir_in,
    read_head,
    run_child,
)
from gallery.images.sound_files import MAX_SECONDS, PEAKS, SOUND_FILES
from gallery.images.sound_refusals import SOUND_REFUSALS

# The refusals of pictures that also apply to sounds, in words for a sound.
CODES_OF_SOUNDS = {
    "too_slow": "sound_too_costly",
    "too_much_memory": "sound_too_costly",
    "unsupported_variant": "sound_unsupported",
}

EBML = b"\x1a\x45\xdf\xa3"  # the first bytes of WebM


@dataclass(frozen=True)
class DevelopedSound:
    """The files of a sound, as names in the output folder, and its waveform: PEAKS numbers from 0 to 100."""

    milliseconds: int
    peaks: tuple[int, ...]
    files: tuple[str, ...]


class SoundRefused(Exception):
    """The sound is refused; `code` is a key of SOUND_REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def takes_sounds() -> bool:
    """Whether the extra `sound` is installed."""
    return importlib.util.find_spec("av") is not None


async def inspect_sound(source: Path, limits: Limits) -> int:
    """Decode the whole sound; returns its length in milliseconds.

    Raises SoundRefused if the sound is at fault, MachineFault if this machine is.
    """
    return parse_milliseconds(await _run("inspect_sound", source, None, limits))


async def develop_sound(source: Path, out: Path, limits: Limits) -> DevelopedSound:
    """Write SOUND_FILES into the existing folder `out`: all of them, or none.

    Raises SoundRefused if the sound is at fault, MachineFault if this machine is.
    """
    names = tuple(file.name for file in SOUND_FILES)
    async with output_dir_in(out) as output_dir:
        answer = await _run("develop_sound", source, output_dir, limits)
        peaks = answer.get("peaks")
        if (
            not isinstance(peaks, list)
            or len(peaks) != PEAKS
            or not all(type(each) is int and 0 <= each <= 100 for each in peaks)
        ):
            raise SoundRefused("sound_damaged")
        developed = DevelopedSound(parse_milliseconds(answer), tuple(peaks), names)
        try:
            move_outputs(output_dir, names, out)
        except ImageRefused:
            raise SoundRefused("sound_damaged") from None
        return developed


async def _run(task: str, source: Path, out: Path | None, limits: Limits) -> dict[str, Any]:
    kind = sniff_sound(await asyncio.to_thread(read_head, source))
    if kind is None:
        raise SoundRefused("not_a_sound")
    try:
        return await run_child(task, source, kind, out, limits)
    except ImageRefused as refusal:
        code = CODES_OF_SOUNDS.get(refusal.code, refusal.code)
        raise SoundRefused(code if code in SOUND_REFUSALS else "sound_damaged") from None


def sniff_sound(head: bytes) -> str | None:
    """A sound's container by its first 64 bytes: wav, mp3, aac, mp4, ogg or webm; None for all others."""
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(EBML):
        return "webm"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head.startswith(b"ID3"):
        return "mp3"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        layer = head[1] >> 1 & 3  # MPEG audio: 0 is AAC in ADTS, 1 is layer III
        return {0: "aac", 1: "mp3"}.get(layer)
    return None


def parse_milliseconds(answer: Mapping[str, Any]) -> int:
    """Check the child's answer: a malicious sound may control the child."""
    length = answer.get("milliseconds")
    if type(length) is not int or not 0 < length <= (MAX_SECONDS + 1) * 1000:
        raise SoundRefused("sound_damaged")
    return length
