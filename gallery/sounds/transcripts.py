"""Transcripts: the words of a voice, perhaps with times, and as WebVTT (https://www.w3.org/TR/webvtt1/).

A transcript has times if its first line begins with one, such as `0:05 It is winter.`, or if it is WebVTT,
the format of subtitle programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gallery.web.texts import script_of

TIME = r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
TIMED_LINE = re.compile(rf"[\[(]?{TIME}[\])]?\s+(.*)")
CUE_TIMES = re.compile(rf"{TIME}\s+-->\s+{TIME}(?:\s.*)?")
TAG = re.compile(r"<[^<>]*>")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
HAN_SCRIPTS = {"Hans", "Hant", "Hani"}
LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
MIN_WORDS = 4  # a shorter text shows no language: it may be a name


@dataclass(frozen=True)
class Cue:
    """A passage with its beginning and end, in milliseconds; `end` is None if only the beginning is known."""

    start: int
    end: int | None
    text: str

    @property
    def clock(self) -> str:
        """The start as people write it, such as 0:05."""
        return clock(self.start // 1000)


def clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def cues_of(transcript: str) -> list[Cue]:
    """The passages of a transcript in order; [] if it has no times."""
    lines = [line.strip() for line in transcript.strip().splitlines()]
    if lines and lines[0].startswith("WEBVTT"):
        return _webvtt_cues(lines)
    if not lines or not TIMED_LINE.fullmatch(lines[0]):
        return []
    cues: list[Cue] = []
    for line in filter(None, lines):
        if found := TIMED_LINE.fullmatch(line):
            cues.append(Cue(_milliseconds(found.groups()[:4]), None, found[5]))
        else:
            cues[-1] = Cue(cues[-1].start, None, f"{cues[-1].text}\n{line}")
    return cues


def _webvtt_cues(lines: list[str]) -> list[Cue]:
    cues = []
    for block in "\n".join(lines).split("\n\n"):
        rows = block.splitlines()
        for at, row in enumerate(rows[:2]):  # a cue may begin with an identifier
            if found := CUE_TIMES.fullmatch(row):
                text = TAG.sub("", "\n".join(rows[at + 1 :])).strip()
                cues.append(Cue(_milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:]), text))
                break
    return [cue for cue in cues if cue.text]


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))


def words_of(transcript: str) -> str:
    """The transcript without times."""
    cues = cues_of(transcript)
    return "\n".join(cue.text for cue in cues) if cues else transcript


def are_times_in_order(transcript: str, milliseconds: int) -> bool:
    """Whether the times rise and, if the length of the sound is known, are not after its end."""
    starts = [cue.start for cue in cues_of(transcript)]
    return starts == sorted(set(starts)) and (not starts or not milliseconds or starts[-1] < milliseconds)


def webvtt(transcript: str, milliseconds: int) -> str:
    """The transcript as WebVTT; without times it is one passage of the whole sound, `milliseconds` long."""
    cues = cues_of(transcript) or [Cue(0, milliseconds, transcript)]
    blocks = ["WEBVTT"]
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        end = cue.end or (following.start if following else milliseconds)
        lines = [line for line in escaped(cue.text).splitlines() if line.strip()]
        blocks.append(
            "\n".join([f"{_timestamp(cue.start)} --> {_timestamp(max(end, cue.start + 1))}", *lines])
        )
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _timestamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def seems_to_be(transcript: str, language: str) -> bool:
    """Whether a transcript is in the script of the language. Short texts pass for every language.

    Only languages in Chinese characters or Latin letters are checked.
    """
    script = script_of(language)
    if script not in {*HAN_SCRIPTS, "Latn"}:
        return True
    words = words_of(transcript)
    han, latin = len(HAN.findall(words)), len(LATIN_WORD.findall(words))
    if han + latin < MIN_WORDS:
        return True
    return han >= latin if script in HAN_SCRIPTS else latin >= han
