"""The player of a sound: an <audio> with the browser's controls, which js/voice.js replaces with simpler ones."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from gallery.images.sound_files import SOUND_FILES
from gallery.images.sound_refusals import SOUND_REFUSALS
from gallery.sounds.models import Sound
from gallery.sounds.transcripts import clock, cues_of
from gallery.sounds.waveform import waveform
from gallery.web.languages import bcp47
from gallery.web.languages import gettext as _
from gallery.web.rendering import Pages
from gallery.web.texts import own_language_name


def voice_player(address: str, sound: Sound, captions: Iterable[str] = ()) -> Markup:
    """The player of a sound whose files are below the URL `address`. `captions`: languages with captions there.

    Nothing plays, and nothing is loaded, before the visitor starts it.
    """
    sources = Markup("").join(
        Markup('<source src="{}/{}" type="{}">').format(address, file.name, file.media_type)
        for file in SOUND_FILES
    )
    tracks = Markup("").join(
        Markup('<track kind="captions" src="{}/{}" srclang="{}" label="{}">').format(
            address, captions_name(language), bcp47(language), own_language_name(language)
        )
        for language in captions
    )
    length = clock(sound.seconds)
    return Markup(
        '<div class="player" data-seconds="{}" data-play="{}" data-pause="{}" data-place="{}" data-spoken="{}"'
        ' data-speed="{}" data-failed="{}">{}'
        '<audio controls preload="none" aria-label="{}">{}{}</audio></div>'
    ).format(
        f"{sound.milliseconds / 1000:.1f}",
        _("Play"),
        _("Pause"),
        _("Place in the recording"),
        _("%(at)s of %(length)s") % {"at": "{at}", "length": length},
        _("Speed: %(times)s times") % {"times": "{times}"},
        _("This recording cannot be played right now. Please try again later."),
        waveform(sound.peaks),
        _("Recording, %(length)s") % {"length": length},
        sources,
        tracks,
    )


def captions_name(language: str) -> str:
    """The name of a sound's captions in its folder."""
    return f"captions-{language}.vtt"


def add_voices(pages: Pages) -> None:
    """Make voices available in the templates of `pages` (templates/shared/voice.html)."""
    pages.environment.globals.update(voice_player=voice_player, sound_refusals=SOUND_REFUSALS)
    pages.environment.filters.update(cues=cues_of)
