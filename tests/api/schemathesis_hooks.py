"""What schemathesis cannot read in the description: the syntax of an IIIF region."""

from __future__ import annotations

from typing import Any

import schemathesis

from gallery.artworks.tus_protocol import CHUNK_TYPE


@schemathesis.serializer(CHUNK_TYPE)
def piece(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
