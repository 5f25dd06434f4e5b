"""What schemathesis must be told besides the description: how a piece of a picture is written."""

from __future__ import annotations

from typing import Any

import schemathesis

from gallery.artworks.tus_protocol import CHUNK_TYPE


@schemathesis.serializer(CHUNK_TYPE)
def piece(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
