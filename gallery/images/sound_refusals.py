"""Why a sound is refused: a sentence for each code, which says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.web.languages import lazy_gettext as _

SOUND_REFUSALS: Mapping[str, Any] = {
    "not_a_sound": _("This file is not a sound. Please choose a recording as MP3, M4A, WAV, OGG or WebM."),
    "sound_video": _("This file is a video. Please save its sound alone, as MP3 or M4A, and send that."),
    "sound_unsupported": _(
        "This recording cannot be opened here because of the way it is stored. Please save it as MP3 or M4A on "
        "your device and send that."
    ),
    "sound_damaged": _(
        "This recording is damaged or was not copied completely. Please listen whether it plays to its end "
        "on your device, and send it again."
    ),
    "sound_too_long": _("This recording is longer than 5 minutes. Please send a shorter one."),
    "sound_too_short": _(
        "There is nothing to hear: the recording is shorter than a second. Please record it again."
    ),
    "sound_silent": _(
        "There is nothing to hear in this recording. Please check the microphone and record it again."
    ),
    "sound_too_costly": _(
        "This recording takes too much work to open. Please save it as MP3 or M4A on your device and send that."
    ),
}

NO_SOUNDS = _("This site takes no recordings: the keeper has not installed what opens them.")
