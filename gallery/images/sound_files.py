"""The files that are made from a sound: their encodings and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

MAX_SECONDS = 300
MIN_SECONDS = 1
PEAKS = 1000  # numbers from 0 to 100 that describe the waveform


@dataclass(frozen=True)
class SoundFile:
    """One encoding of a sound, with FFmpeg's names. `bit_rate` is in bits per second for each channel."""

    name: str
    media_type: str
    encoder: Literal["libopus", "aac"]
    muxer: str
    bit_rate: int
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    muxer_options: Mapping[str, str] = field(default_factory=dict)


# Browsers use the first file that they can play: Opus nearly everywhere, AAC everywhere.
SOUND_FILES = (
    SoundFile("voice.ogg", "audio/ogg; codecs=opus", "libopus", "ogg", 48_000),
    SoundFile(
        "voice.m4a",
        "audio/mp4",
        "aac",
        "ipod",
        72_000,
        MappingProxyType({"aac_coder": "fast"}),  # half the processor time; a voice sounds the same
        MappingProxyType({"movflags": "+faststart"}),
    ),
)
SOUND_MEDIA_TYPES: Mapping[str, str] = {file.name: file.media_type for file in SOUND_FILES}
