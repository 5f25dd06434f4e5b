"""Reading what programs send: JSON of a bounded size, and parameters, held against the published schemas."""

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
from gallery.web.languages import LANGUAGE_TAGS, current_language
from gallery.web.languages import gettext as _

JSON_TYPES = ("application/json", "application/merge-patch+json")


async def read_body(request: Request) -> bytes:
    """The whole body, up to what a form of the desk may hold. Raises Problem 413."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FIELD_BYTES:
            detail = _("This takes at most %(most)s kB.") % {"most": MAX_FIELD_BYTES // 1000}
            raise Problem(413, detail, headers={"connection": "close"})
    return bytes(body)


def parse_json(request: Request, body: bytes, schema: Schema) -> dict[str, Any]:
    """What a JSON body tells, as `schema` says. Raises Problem 415, 400, 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        raise Problem(415, headers={"accept-post": JSON_TYPES[0]})
    try:
        told = json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated_names
        )
        json.dumps(told, ensure_ascii=False).encode()  # halves of characters (\ud800) cannot be kept
    except (ValueError, RecursionError):
        raise Problem(400) from None
    wrong = list(validation_errors(told, schema))
    if wrong:
        raise Problem(422, errors=wrong)
    found: dict[str, Any] = told
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def as_form_fields(told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Fields of JSON as a browser would send them."""
    return {name: _texts(value) for name, value in told.items()}


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    if value is None:
        return [""]
    return [str(int(value)) if isinstance(value, float) else str(value)]


def parse_parameters(request: Request, known: Mapping[str, Schema]) -> dict[str, Any]:
    """The parameters of an address. Raises Problem 422."""
    told: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name, schema in known.items():
        text = request.query_params.get(name)
        if text is None:
            continue
        number = whole_number(text) if schema["type"] == "integer" else None
        value = text if number is None else number
        wrong.extend(FieldError(each.detail, parameter=name) for each in validation_errors(value, schema))
        told[name] = value
    if wrong:
        raise Problem(422, errors=wrong)
    return told


def json_response(told: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON for one program: nobody on the way may keep it."""
    return Response(
        json.dumps(told, ensure_ascii=False).encode(),
        status,
        {
            "content-language": LANGUAGE_TAGS[current_language()],
            "cache-control": "no-store",
            **(headers or {}),
        },
        media_type="application/json",
    )
