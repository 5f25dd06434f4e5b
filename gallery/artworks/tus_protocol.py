"""The tus 1.0 protocol (https://tus.io/protocols/resumable-upload): constants, headers and refusals."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from email.utils import formatdate

from starlette.requests import Request

from gallery.images.models import Upload
from gallery.images.partial_uploads import ALGORITHMS, Checksum
from gallery.numbers import whole_number

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CHUNK_TYPE = "application/offset+octet-stream"
MAX_METADATA_LENGTH = 4_000  # characters
MAX_HEADER_NUMBER = 10**15 - 1  # bytes; sizes over the site's own limit are refused elsewhere


class TusRefusal(Exception):
    """A request that the protocol, or a limit, does not allow."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})


def integer_header(request: Request, header: str) -> int:
    number = whole_number(request.headers.get(header), most=MAX_HEADER_NUMBER)
    if number is None:
        raise TusRefusal(400, f"The header {header.title()} takes a whole number.")
    return number


def parse_metadata(text: str) -> dict[str, bytes]:
    """The keys and decoded values of an Upload-Metadata header: `filename d29ybGQ=,is_confidential`."""
    if len(text) > MAX_METADATA_LENGTH:
        raise TusRefusal(400, f"The header Upload-Metadata has more than {MAX_METADATA_LENGTH} characters.")
    metadata: dict[str, bytes] = {}
    for pair in text.split(",") if text else []:
        key, _blank, value = pair.strip().partition(" ")
        decoded = _decode_base64(value)
        if decoded is None or not key or key in metadata or not key.isascii():
            raise TusRefusal(400, "The header Upload-Metadata holds keys, each once, with values in Base64.")
        metadata[key] = decoded
    return metadata


def parse_checksum(request: Request) -> Checksum | None:
    text = request.headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _blank, value = text.partition(" ")
    digest = _decode_base64(value)
    if algorithm not in ALGORITHMS or not digest:
        raise TusRefusal(400, f"A checksum is one of {', '.join(ALGORITHMS)}, in Base64.")
    return Checksum(algorithm, digest)


def _decode_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def expiry_headers(upload: Upload) -> dict[str, str]:
    if upload.completed_at is not None:
        return {}
    return {"upload-expires": formatdate(upload.expires_at.timestamp(), usegmt=True)}
