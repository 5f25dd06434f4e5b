"""Request bodies and query parameters: limited in size and validated against the published schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from gallery.api.problems import FieldError, Problem
from gallery.api.schemas import Schema, validation_errors
from gallery.images.uploads import MAX_FIELD_BYTES
from gallery.numbers import whole_number
from gallery.web.languages import bcp47, current_language
from gallery.web.languages import gettext as _

JSON_TYPES = ("application/json", "application/merge-patch+json")


async def read_body(request: Request) -> bytes:
    """The whole request body, of at most MAX_FIELD_BYTES. Raises Problem 413."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FIELD_BYTES:
            detail = _("This takes at most %(most)s kB.") % {"most": MAX_FIELD_BYTES // 1000}
            raise Problem(413, detail, headers={"connection": "close"})
    return bytes(body)


def parse_json(request: Request, body: bytes, schema: Schema) -> dict[str, Any]:
    """The JSON body, validated against `schema`. Raises Problem 415, 400, 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        raise Problem(415, headers={"accept-post": JSON_TYPES[0]})
    try:
        body_json = json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated_names
        )
        json.dumps(body_json, ensure_ascii=False).encode()  # fails for a lone surrogate (\ud800)
    except (ValueError, RecursionError):
        raise Problem(400) from None
    errors = list(validation_errors(body_json, schema))
    if errors:
        raise Problem(422, errors=errors)
    values: dict[str, Any] = body_json
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def as_form_fields(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """JSON fields as form data, as a browser would send them."""
    return {name: _texts(value) for name, value in values.items()}


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    if value is None:
        return [""]
    return [str(int(value)) if isinstance(value, float) else str(value)]


def parse_parameters(request: Request, known: Mapping[str, Schema]) -> dict[str, Any]:
    """The values of the query parameters in `known`; others are ignored. Raises Problem 422."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, schema in known.items():
        text = request.query_params.get(name)
        if text is None:
            continue
        number = whole_number(text) if schema["type"] == "integer" else None
        value = text if number is None else number
        errors.extend(FieldError(each.detail, parameter=name) for each in validation_errors(value, schema))
        values[name] = value
    if errors:
        raise Problem(422, errors=errors)
    return values


def json_response(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response that no cache may store, because it is meant for one program only."""
    return Response(
        json.dumps(payload, ensure_ascii=False).encode(),
        status,
        {
            "content-language": bcp47(current_language()),
            "cache-control": "no-store",
            **(headers or {}),
        },
        media_type="application/json",
    )
