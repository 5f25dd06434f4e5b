"""What is made of a sound: the files, their encodings and their limits."""

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
    """One encoding of a sound, as FFmpeg names it. `bit_rate` is for each channel, in bits a second."""

    name: str
    media_type: str
    encoder: Literal["libopus", "aac"]
    muxer: str
    bit_rate: int
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    muxer_options: Mapping[str, str] = field(default_factory=dict)


# Browsers take the first that they can play: Opus nearly everywhere, AAC everywhere.
SOUND_FILES = (
    SoundFile("voice.ogg", "audio/ogg; codecs=opus", "libopus", "ogg", 48_000),
    SoundFile(
        "voice.m4a",
        "audio/mp4",
        "aac",
        "ipod",
        72_000,
        MappingProxyType({"aac_coder": "fast"}),  # half the work of the default, and no difference in a voice
        MappingProxyType({"movflags": "+faststart"}),
    ),
)
SOUND_MEDIA_TYPES: Mapping[str, str] = {file.name: file.media_type for file in SOUND_FILES}
