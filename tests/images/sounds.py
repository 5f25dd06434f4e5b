"""Sounds made by code: a tone as WAV, and the same encoded as phones and programs do."""

from __future__ import annotations

import math
import wave
from array import array
from fractions import Fraction
from pathlib import Path

import av

PRIVATE_WORD = "LinghuCounty"  # written into every field of metadata that a container has


def tone(path: Path, seconds: float = 2, *, level: int = 8000, rate: int = 16_000, channels: int = 1) -> Path:
    """A WAV with a tone of 440 Hz that swells and fades; `level` is of 32,767."""
    count = round(seconds * rate)
    samples = array("h")
    for at in range(count):
        swell = 0.4 + 0.6 * abs(math.sin(math.pi * at / rate))
        samples.extend([int(level * swell * math.sin(2 * math.pi * 440 * at / rate))] * channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def encoded(
    path: Path, codec: str, muxer: str, seconds: float = 2, *, video: str = "", cover: bool = False
) -> Path:
    """The tone in another container, with metadata; with `video`, beside a film in that codec.

    `cover`: with a picture of the cover, as music programs add it.
    """
    source = tone(path.with_suffix(".source.wav"), seconds, rate=48_000)
    with av.open(str(source)) as read, av.open(str(path), "w", format=muxer) as output:
        output.metadata.update(title=PRIVATE_WORD, comment=PRIVATE_WORD, location="+26.5+107.5/")
        stream = output.add_stream(codec, rate=48_000)
        stream.bit_rate = 64_000
        film = None
        if video or cover:
            film = output.add_stream(video or "png", rate=5)
            film.width, film.height = 64, 48
            film.pix_fmt = "rgb24" if cover else "yuv420p"
            if cover:
                film.disposition = av.stream.Disposition.attached_pic
        if film is not None:
            for number in range(1 if cover else 10):
                frame = av.VideoFrame(64, 48, film.pix_fmt)
                for plane in frame.planes:
                    plane.update(bytes(plane.buffer_size))
                frame.pts, frame.time_base = number, Fraction(1, 5)
                output.mux(film.encode(frame))
            output.mux(film.encode(None))
        for frame in read.decode(audio=0):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    source.unlink()
    return path
