"""Opens one sound in the child: measures it, and encodes it again with the sound alone, without metadata.

FFmpeg's libraries, in the wheels of PyAV, read only the container that the first bytes announce, only through
the one opened file, and only with the decoders listed here.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph
from av.stream import Disposition

from gallery.images.sandbox.bounds import UnusableImage
from gallery.images.sound_files import MAX_SECONDS, MIN_SECONDS, PEAKS, SOUND_FILES, SoundFile

DEMUXERS = {"wav": "wav", "mp3": "mp3", "aac": "aac", "mp4": "mov", "ogg": "ogg", "webm": "matroska"}
PCM = ("u8", "s16le", "s24le", "s32le", "s16be", "s24be", "s32be", "f32le", "f32be", "f64le", "alaw", "mulaw")
DECODERS = frozenset(
    {*(f"pcm_{each}" for each in PCM), "mp3", "mp3float", "aac", "opus", "libopus", "vorbis", "flac"}
)
RATE = 48_000  # Hz, of all files that are written
PEAK_RATE = 8_000  # Hz, for the waveform
MAX_CHANNELS, MAX_RATE = 8, 192_000
MAX_BAD_PACKETS = 0.05  # share of all packets; a recording that was cut off has one or two

TARGET_LUFS = -16.0
SILENT_LUFS = -60.0  # quieter than a microphone's own noise
MAX_GAIN = 40.0  # dB
PEAK_LIMIT = 0.84  # of full scale: -1.5 dB


@dataclass(frozen=True)
class Measurement:
    """A decoded sound. `peaks`: PEAKS numbers from 0 to 100, relative to the loudest."""

    seconds: float
    channels: int  # 1 or 2
    loudness: float  # LUFS, integrated (EBU R 128); a mono sound as if played by two speakers
    peaks: list[int]


def inspect(source: Path, kind: str) -> dict[str, Any]:
    """Decode the whole sound and return its length. Raises UnusableImage."""
    return {"milliseconds": round(measure(source, kind).seconds * 1000)}


def develop(source: Path, kind: str, out: Path) -> dict[str, Any]:
    """Write each of SOUND_FILES into the folder `out`. Raises UnusableImage."""
    measured = measure(source, kind)
    for file in SOUND_FILES:
        encode(source, kind, measured, file, out / file.name)
    return {"milliseconds": round(measured.seconds * 1000), "peaks": measured.peaks}


def measure(source: Path, kind: str) -> Measurement:
    """Decode the whole sound. Raises UnusableImage."""
    loudness, channels, meter = -70.0, 0, None
    peaks = PeakReader()
    for frame in chain(decoded(source, kind), (None,)):
        if meter is None:
            if frame is None:
                raise UnusableImage("sound_too_short")
            channels = min(frame.layout.nb_channels, 2)
            # `framelog`: FFmpeg would otherwise print ten lines a second.
            meter = Chain(channels, f"ebur128=metadata=1:framelog=quiet:dualmono={int(channels == 1)}")
        for measured in meter.push(frame):
            loudness = float(measured.metadata.get("lavfi.r128.I", loudness))
        if meter.samples > (MAX_SECONDS + 0.5) * RATE:
            raise UnusableImage("sound_too_long")
        peaks.read(frame)
    if meter is None or meter.samples < MIN_SECONDS * RATE:
        raise UnusableImage("sound_too_short")
    if loudness <= SILENT_LUFS:
        raise UnusableImage("sound_silent")
    return Measurement(meter.samples / RATE, channels, loudness, peaks.summary())


def encode(source: Path, kind: str, measured: Measurement, file: SoundFile, target: Path) -> None:
    """Write the sound at TARGET_LUFS, with limited peaks and without metadata. Raises UnusableImage."""
    gain = max(-MAX_GAIN, min(TARGET_LUFS - measured.loudness, MAX_GAIN))
    louder = Chain(
        measured.channels,
        f"volume={gain:.2f}dB",
        f"alimiter=limit={PEAK_LIMIT}:level=false:attack=2:release=80",
    )
    with av.open(
        str(target), "w", format=file.muxer, options={"fflags": "+bitexact", **file.muxer_options}
    ) as output:
        stream = output.add_stream(
            file.encoder, rate=RATE, layout=layout_of(measured.channels), options=dict(file.encoder_options)
        )
        stream.bit_rate = file.bit_rate * measured.channels
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT: no name or version of the encoder
        for frame in chain(decoded(source, kind), (None,)):
            for filtered in louder.push(frame):
                output.mux(stream.encode(filtered))
        output.mux(stream.encode(None))


class Chain:
    """FFmpeg filters for the frames of one sound, at RATE and with one or two channels."""

    def __init__(self, channels: int, *filters: str) -> None:
        self._resampler = AudioResampler(format="flt", layout=layout_of(channels), rate=RATE)
        self._graph = Graph()
        self._graph.threads = 1
        nodes = [
            self._graph.add_abuffer(
                sample_rate=RATE, format="flt", layout=layout_of(channels), time_base=Fraction(1, RATE)
            ),
            *(self._graph.add(*each.split("=", 1)) for each in filters),
            self._graph.add("abuffersink"),
        ]
        self._graph.link_nodes(*nodes)
        self._graph.configure()
        self.samples = 0  # number of samples so far; the timestamps in the file are not trusted

    def push(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        """Send a frame through the filters and yield the resulting frames; None marks the end."""
        for resampled in self._resampler.resample(frame):
            resampled.pts, resampled.time_base = self.samples, Fraction(1, RATE)
            self.samples += resampled.samples
            self._graph.push(resampled)
            yield from self._ready()
        if frame is None:
            self._graph.push(None)
            yield from self._ready()

    def _ready(self) -> Iterator[AudioFrame]:
        while True:
            try:
                made = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(made, AudioFrame)
            yield made


class PeakReader:
    """Keeps the loudest sample of each hundredth of a second."""

    def __init__(self) -> None:
        self._resampler = AudioResampler(format="s16", layout="mono", rate=PEAK_RATE)
        self._loudest: list[int] = []
        self._rest = array("h")

    def read(self, frame: AudioFrame | None) -> None:
        step = PEAK_RATE // 100
        for resampled in self._resampler.resample(frame):
            self._rest.frombytes(bytes(resampled.planes[0])[: resampled.samples * 2])
        whole = len(self._rest) // step * step
        for start in range(0, whole, step):
            part = self._rest[start : start + step]
            self._loudest.append(max(max(part), -min(part)))
        del self._rest[:whole]

    def summary(self) -> list[int]:
        """PEAKS numbers from 0 to 100."""
        count, top = len(self._loudest), max(self._loudest, default=0) or 1
        edges = [count * place // PEAKS for place in range(PEAKS + 1)]
        return [
            max(self._loudest[first : max(last, first + 1)], default=0) * 100 // top
            for first, last in pairwise(edges)
        ]


def layout_of(channels: int) -> str:
    return "mono" if channels == 1 else "stereo"


def decoded(source: Path, kind: str) -> Iterator[AudioFrame]:
    """The frames of the sound in the file. Raises UnusableImage."""
    refuse_untrue_sizes(source, kind)
    with source.open("rb") as file:
        try:
            yield from _decoded(file, kind)
        except (av.error.FFmpegError, ValueError, OverflowError) as fault:
            raise UnusableImage("sound_damaged") from fault


def _decoded(file: Any, kind: str) -> Iterator[AudioFrame]:
    options = {
        "protocol_whitelist": "none",  # Python reads the file; its content cannot open another one
        "format_whitelist": "wav,mp3,aac,mov,mp4,m4a,3gp,3g2,mj2,ogg,matroska,webm",
        "codec_whitelist": ",".join(sorted(DECODERS)),
        "max_streams": "20",
    }
    with av.open(file, "r", format=DEMUXERS[kind], options=options) as container:
        for stream in container.streams:
            if stream.type == "video" and not stream.disposition & Disposition.attached_pic:
                raise UnusableImage("sound_video")
        if not container.streams.audio:
            raise UnusableImage("not_a_sound")
        stream = container.streams.audio[0]
        context = stream.codec_context
        if context is None or context.name not in DECODERS:
            raise UnusableImage("sound_unsupported")
        context.thread_count = 1
        packets, bad = 0, 0
        for packet in container.demux(stream):
            packets += 1
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                bad += 1
                continue
            for frame in frames:
                if frame.layout.nb_channels > MAX_CHANNELS or not 0 < frame.sample_rate <= MAX_RATE:
                    raise UnusableImage("sound_unsupported")
                yield frame
        if bad > max(2, packets * MAX_BAD_PACKETS):
            raise UnusableImage("sound_damaged")


def refuse_untrue_sizes(source: Path, kind: str) -> None:
    """Refuse a WAV whose header claims more bytes than the file has: the file was cut off, or the header is wrong.

    FFmpeg would play the part that is there, and nobody would notice the missing part. Raises UnusableImage.
    """
    if kind != "wav":
        return
    size, place = source.stat().st_size, 12
    with source.open("rb") as file:
        while place + 8 <= size:
            file.seek(place)
            name, length = struct.unpack("<4sI", file.read(8))
            if place + 8 + length > size:
                raise UnusableImage("sound_damaged")
            if name == b"data":
                return
            place += 8 + length + length % 2
    raise UnusableImage("sound_damaged")
