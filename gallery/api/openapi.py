"""The OpenAPI 3.1 document, made from the table of operations and the schemas."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.api.idempotency import ANSWER_RETENTION
from gallery.api.operations import BASE, OPERATIONS, Operation, SuccessResponse
from gallery.api.problems import MEDIA_TYPE, PROBLEM_TYPES
from gallery.api.schemas import NUMBER, Schema, schemas
from gallery.api.tokens import SCOPE_WORDS
from gallery.artworks.tus_protocol import CHUNK_TYPE, VERSION
from gallery.settings import Settings
from gallery.web.languages import offered_language, use_language
from gallery.web.page_cache import etag_matches
from gallery.web.rendering import settings_of

API_VERSION = "1.0.0"
SECURITY_SCHEME = "token"
COMMON_PROBLEMS = (400, 401, 403, 429, 500, 503)  # error statuses of every operation with a token

WHOLE_NUMBER: Schema = {"type": "integer", "minimum": 0}
HEADER_SCHEMAS: dict[str, tuple[Schema, str]] = {  # name → schema and description
    "Tus-Resumable": ({"type": "string", "const": VERSION}, "The version of tus that is spoken."),
    "Tus-Version": ({"type": "string"}, "The versions of tus that are spoken here."),
    "Tus-Extension": ({"type": "string"}, "The extensions of tus that are spoken here."),
    "Tus-Max-Size": (WHOLE_NUMBER, "The largest picture or voice, in bytes."),
    "Upload-Length": ({"type": "integer", "minimum": 1}, "How large the file is, in bytes."),
    "Upload-Offset": (WHOLE_NUMBER, "How much of the file has arrived, in bytes."),
    "Upload-Metadata": (
        {"type": "string"},
        "Keys with values in Base64, as tus writes them. work, with its number, gives the picture to that draft; with "
        "picture = further as well it is added after the others instead of replacing the first; with kind = sound the file "
        "becomes the voice of that draft, and transcript is the field for what it says.",
    ),
    "Upload-Checksum": ({"type": "string"}, "sha1 or sha256, a blank, and the checksum in Base64."),
    "Upload-Expires": ({"type": "string"}, "Until when the upload can go on."),
    "Gallery-Work": ({"type": "string"}, "The address of the draft that the picture became."),
    "X-HTTP-Method-Override": ({"type": "string", "enum": ["HEAD", "PATCH", "DELETE"]}, "What is meant."),
    "Idempotency-Key": (
        {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "A name of your own for this request: "
        f"sent twice within {ANSWER_RETENTION // timedelta(hours=1)} hours, it is done once.",
    ),
    "If-Match": (
        {"type": "string"},
        "The ETag of what you saw: where it was changed since, nothing is done.",
    ),
    "Location": ({"type": "string"}, "The address of what was made."),
    "ETag": ({"type": "string"}, "Names what the work says now."),
    "Link": ({"type": "string"}, "The next page, if there is one."),
    "Retry-After": (WHOLE_NUMBER, "Seconds to wait."),
    "WWW-Authenticate": ({"type": "string"}, "What is needed (RFC 6750)."),
}
REQUIRED_HEADERS = {"Tus-Resumable", "Upload-Length", "Upload-Offset", "X-HTTP-Method-Override"}
OPTIONAL_WHEN_OVERRIDDEN = {"Upload-Offset"}


def document(settings: Settings) -> dict[str, Any]:
    with use_language("en"):
        paths: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS:
            paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = _operation(operation)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": settings.site_name("en"),
                "version": API_VERSION,
                "summary": "Works of one organisation, sent and followed by its own system.",
                "description": f"How to begin: {settings.site_url}/{offered_language('en')}/api",
            },
            "servers": [{"url": settings.site_url}],
            "paths": paths,
            "components": {
                "schemas": schemas(),
                "responses": {_problem_name(status): _problem_response(status) for status in PROBLEM_TYPES},
                "securitySchemes": {
                    SECURITY_SCHEME: {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An owner of the organisation makes it at the desk. Scopes: "
                        + "; ".join(f"{scope}: {words}" for scope, words in SCOPE_WORDS.items())
                        + ".",
                    }
                },
            },
        }


def _operation(operation: Operation) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{SECURITY_SCHEME: [operation.scope]}] if operation.scope else [],
    }
    parameters = [*_path_parameters(operation), *_query_parameters(operation), *_header_parameters(operation)]
    if parameters:
        spec["parameters"] = parameters
    if operation.body:
        spec["requestBody"] = _request_body(operation)
    statuses = {*operation.problems, *(COMMON_PROBLEMS if operation.scope else ())}
    spec["responses"] = {
        **{str(status): _success_response(each) for status, each in operation.responses.items()},
        **{
            str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"}
            for status in sorted(statuses)
        },
    }
    return spec


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    token: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"} if operation.scope else {"type": "string"}
    known = {"id": NUMBER, "picture": NUMBER, "token": token}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in known.items()
        if f"{{{name}}}" in operation.path
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()]


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = [*operation.headers, *(["Idempotency-Key"] if operation.accepts_idempotency_key else [])]
    is_override = "X-HTTP-Method-Override" in names
    return [
        {
            "name": name,
            "in": "header",
            "description": HEADER_SCHEMAS[name][1],
            "required": name in REQUIRED_HEADERS and not (is_override and name in OPTIONAL_WHEN_OVERRIDDEN),
            "schema": HEADER_SCHEMAS[name][0],
        }
        for name in names
    ]


def _request_body(operation: Operation) -> dict[str, Any]:
    if operation.body == CHUNK_TYPE:
        content = {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        return {"required": operation.method == "PATCH", "content": content}
    schema = {"schema": {"$ref": f"#/components/schemas/{operation.body}"}}
    return {"required": True, "content": {"application/json": schema}}


def _success_response(response: SuccessResponse) -> dict[str, Any]:
    spec: dict[str, Any] = {"description": response.description}
    if response.schema:
        schema = {"schema": {"$ref": f"#/components/schemas/{response.schema}"}}
        spec["content"] = {"application/json": schema}
    if response.headers:
        spec["headers"] = {name: _header(name) for name in response.headers}
    return spec


def _header(name: str) -> dict[str, Any]:
    schema, description = HEADER_SCHEMAS[name]
    return {"description": description, "schema": schema}


def _problem_name(status: int) -> str:
    return "".join(part.capitalize() for part in PROBLEM_TYPES[status].name.split("-"))


def _problem_response(status: int) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "description": f"{PROBLEM_TYPES[status].title}. {PROBLEM_TYPES[status].advice}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    names = {401: ["WWW-Authenticate"], 403: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
    if status in names:
        spec["headers"] = {name: _header(name) for name in names[status]}
    return spec


async def show(request: Request) -> Response:
    """A program or a programmer reads the description of the API."""
    body = json.dumps(document(settings_of(request)), ensure_ascii=False, indent=1).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"etag": etag, "cache-control": "public, no-cache", "access-control-allow-origin": "*"}
    if etag_matches(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


routes = [Route("/api/openapi.json", show, name="api:openapi", methods=["GET"])]
