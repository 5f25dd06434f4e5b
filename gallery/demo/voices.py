"""The demo's voices: hummed by code. Nobody speaks in the demo, and its transcripts say so."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

RATE = 24_000  # Hz
# A tune as (semitones above A3, beats), made for this demo.
TUNE = ((0, 1), (3, 1), (5, 2), (7, 1), (5, 1), (3, 2), (0, 1), (3, 1), (5, 1), (7, 1), (10, 2), (7, 3))
BEAT = 0.42  # seconds
FORMANTS = ((320.0, 1.0), (870.0, 0.35), (2250.0, 0.12))  # Hz and weight, of a hummed “oo”


def hum(path: Path) -> Path:
    """Write a hummed tune, 7 seconds long, as WAV."""
    samples = array("h")
    phase = 0.0
    for semitones, beats in TUNE:
        pitch, count = 220 * 2 ** (semitones / 12), round(beats * BEAT * RATE)
        harmonics = [
            (number, sum(weight * math.exp(-(((number * pitch - at) / 260) ** 2)) for at, weight in FORMANTS))
            for number in range(1, 12)
        ]
        loudest = sum(weight for _, weight in harmonics) or 1
        for at in range(count):
            seconds = at / RATE
            vibrato = 1 + 0.006 * math.sin(2 * math.pi * 5.2 * seconds)
            phase += 2 * math.pi * pitch * vibrato / RATE
            swell = min(1, seconds / 0.09) * min(1, (count - at) / RATE / 0.14)
            value = sum(weight * math.sin(number * phase) for number, weight in harmonics) / loudest
            samples.append(int(11_000 * swell * value))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path
