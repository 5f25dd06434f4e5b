"""QR codes for pages and for print."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr_code(address: str) -> Markup:
    """A QR code as SVG that takes the size of its box, without its quiet zone: the page leaves room around it."""
    svg = io.BytesIO()  # segno writes numbers only
    segno.make(address, error="m", micro=False).save(
        svg, kind="svg", border=0, xmldecl=False, omitsize=True, nl=False
    )
    return Markup(svg.getvalue().decode())  # noqa: S704
