"""Problem details (RFC 9457) for programs, in their language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gallery.images.partial_uploads import LIFETIME
from gallery.web.languages import accepted_language, bcp47, current_language, set_language
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import settings_of

API_PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemType:
    """A type of problem. `name` is part of the URL of its explanation; `advice` says what to do."""

    name: str
    title: Any
    advice: Any


PROBLEM_TYPES: Mapping[int, ProblemType] = {
    400: ProblemType(
        "malformed",
        _l("The request cannot be read"),
        _l("It is not JSON, or a header is wrong. The detail says what."),
    ),
    401: ProblemType(
        "token",
        _l("A token is needed"),
        _l("Send a valid one in the header Authorization, after the word Bearer."),
    ),
    403: ProblemType(
        "scope",
        _l("The token does not cover this"),
        _l("An owner of the organisation can make one that does."),
    ),
    404: ProblemType(
        "nothing-there",
        _l("There is nothing here"),
        _l("Only data of the token's organisation can be read."),
    ),
    405: ProblemType(
        "method",
        _l("This cannot be done here"),
        _l("The header Allow says which methods the address takes."),
    ),
    408: ProblemType(
        "broke-off",
        _l("The request broke off"),
        _l("What arrived of a picture is kept: ask how much, and go on."),
    ),
    409: ProblemType(
        "conflict",
        _l("It has changed in the meantime"),
        _l(
            "Someone else has changed it or decided on it, or the same request is being processed. Read it "
            "again."
        ),
    ),
    410: ProblemType(
        "gone",
        _l("It is no longer there"),
        _l("An upload is valid for %(days)s days. Please start it again.", days=LIFETIME.days),
    ),
    412: ProblemType(
        "precondition",
        _l("It is not what you saw"),
        _l("The work was changed since its ETag was read, or the version of tus is another one."),
    ),
    413: ProblemType("too-large", _l("This is too large"), _l("The detail says how large it may be.")),
    415: ProblemType(
        "media-type",
        _l("This kind of content is not taken"),
        _l("Send JSON as application/json, and pieces of a picture as application/offset+octet-stream."),
    ),
    422: ProblemType(
        "fields",
        _l("Something in it is not right"),
        _l("Each entry of errors points at a field and says what would be right."),
    ),
    423: ProblemType(
        "locked",
        _l("In use elsewhere"),
        _l(
            "Another connection is sending this picture right now. Wait a moment, ask how much has arrived, "
            "and continue."
        ),
    ),
    429: ProblemType(
        "too-many",
        _l("Too many requests"),
        _l("Wait for as many seconds as the header Retry-After says."),
    ),
    460: ProblemType("checksum", _l("The piece is damaged"), _l("Nothing of it was kept. Send it again.")),
    500: ProblemType(
        "fault",
        _l("Something is broken here"),
        _l("The error has been logged. You can send the request again later with the same Idempotency-Key."),
    ),
    503: ProblemType(
        "away",
        _l("The pictures are unavailable right now"),
        _l("Wait for as many seconds as the header Retry-After says."),
    ),
}


@dataclass(frozen=True)
class FieldError:
    """An error at a JSON pointer (RFC 6901) into the body, or in a query parameter."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    @property
    def as_json(self) -> dict[str, str]:
        location = (
            {"pointer": self.pointer} if self.pointer is not None else {"parameter": self.parameter or ""}
        )
        return {**location, "detail": self.detail}


@dataclass(eq=False)
class Problem(Exception):
    """The request is refused; `detail` is a sentence for the programmer."""

    status: int
    detail: Any = ""
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def is_api_request(request: Request) -> bool:
    return request.url.path.startswith(API_PREFIX)


def use_program_language(request: Request) -> None:
    """Use the language that the request prefers, otherwise the language of the member who made the token."""
    preferred = request.headers.get("accept-language", "").strip()
    program = getattr(request.state, "program", None)
    if preferred in {"", "*"} and program is not None:
        set_language(program[0].language)
    else:
        set_language(accepted_language(preferred))


def problem_response(request: Request, problem: Problem) -> Response:
    use_program_language(request)
    problem_type = PROBLEM_TYPES.get(problem.status, PROBLEM_TYPES[400])
    payload: dict[str, Any] = {
        "type": f"{settings_of(request).site_url}/api#{problem_type.name}",
        "title": str(problem_type.title),
        "status": problem.status,
        "detail": str(problem.detail or problem_type.advice),
    }
    if problem.errors:
        payload["errors"] = [error.as_json for error in problem.errors]
    return Response(
        json.dumps(payload, ensure_ascii=False).encode(),
        problem.status,
        {
            "content-language": bcp47(current_language()),
            "cache-control": "no-store",
            **problem.headers,
        },
        media_type=MEDIA_TYPE,
    )


def status_response(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A problem response for an HTTP status, without details."""
    return problem_response(request, Problem(status, headers=headers or {}))


def sentence_response(request: Request, status: int, sentence: str, headers: Mapping[str, str]) -> Response:
    """A problem response with the given sentence, for errors of tus uploads."""
    retry = {"retry-after": "60"} if status == 429 else {}
    return problem_response(request, Problem(status, sentence, headers={**retry, **headers}))
