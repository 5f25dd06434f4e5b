"""QR codes as SVG."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(address: str) -> Markup:
    """A QR code of an address, as an <svg> without its quiet zone: the page leaves room around it."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(border=0, omitsize=True))  # noqa: S704 (segno's own markup)
