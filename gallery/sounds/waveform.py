"""The waveform of a sound: an SVG drawn from its peaks."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

BARS = 160
HEIGHT = 40  # units of the viewBox; the style sheet sets the size
MIN_BAR = 1


def waveform(peaks: Sequence[int]) -> Markup:
    """One path of BARS bars around the middle line; a sound without peaks is a straight line.

    It is only decoration: the player's controls give the same information.
    """
    count = len(peaks)
    loudest = [
        max(peaks[count * bar // BARS : max(count * (bar + 1) // BARS, count * bar // BARS + 1)], default=0)
        for bar in range(BARS)
    ]
    bars = "".join(
        f"M{bar * 2 + 1} {(HEIGHT - height) / 2:g}v{height:g}"
        for bar, height in enumerate(max(each * HEIGHT / 100, MIN_BAR) for each in loudest)
    )
    return Markup(
        '<svg class="waveform" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}"/></svg>'
    ).format(BARS * 2, HEIGHT, bars)
