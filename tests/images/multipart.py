"""A multipart form, sent in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BOUNDARY = b"grenze-123"


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return b"--%s\r\ncontent-disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY, disposition.encode(), value)


END = b"--%s--\r\n" % BOUNDARY


class Sender:
    """A client that sends `chunks`, and counts how many were requested."""

    def __init__(self, chunks: Iterator[bytes], *, breaks_off: bool = False) -> None:
        self.chunks = chunks
        self.sent = 0
        self.is_done = False
        self.breaks_off = breaks_off

    async def __call__(self) -> Any:
        for chunk in self.chunks:
            self.sent += 1
            return {"type": "http.request", "body": chunk, "more_body": True}
        if self.breaks_off:
            return {"type": "http.disconnect"}
        self.is_done = True
        return {"type": "http.request", "body": b"", "more_body": False}


def in_chunks(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))
