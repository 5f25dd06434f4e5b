"""The API's operations as one table, from which the routes and the OpenAPI document are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.api import lookups, pictures, works
from gallery.api.access import authenticate
from gallery.api.bodies import read_body
from gallery.api.idempotency import idempotency_key, respond_once
from gallery.api.problems import Problem, problem_response, sentence_response, status_response
from gallery.api.schemas import Schema
from gallery.api.tokens import READ, WRITE
from gallery.artworks.tus import TusEndpoint
from gallery.artworks.tus_protocol import CHUNK_TYPE

BASE = "/api/v1"
UPLOADS = TusEndpoint("api_uploads", "api_works:show", refuse=sentence_response)

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class SuccessResponse:
    """A successful response. `schema` names the body's schema, empty: no body. `headers` are header names."""

    description: str
    schema: str = ""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    name: str  # the `operationId` in OpenAPI
    method: str
    path: str  # URL path below BASE, with parameters in braces
    route: str  # name of the Starlette route
    scope: str  # scope that the token must have; empty: no token needed
    handler: Handler
    summary: str
    responses: Mapping[int, SuccessResponse]
    problems: tuple[int, ...] = ()  # error statuses in addition to COMMON_PROBLEMS
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()  # names of request headers, from openapi.HEADER_SCHEMAS
    body: str = ""  # the body's schema by name, or its media type; empty: no body
    is_upload: bool = False

    @property
    def accepts_idempotency_key(self) -> bool:
        """Whether an Idempotency-Key is accepted: by POST and PATCH (not idempotent), except for uploads."""
        return self.method in {"POST", "PATCH"} and not self.is_upload


STATE_RESPONSE = SuccessResponse("Done. Where the work stands now.", "WorkState", ("ETag",))
CREATED_RESPONSE = SuccessResponse("Done. Where the work stands now.", "WorkState", ("Location", "ETag"))
TUS_HEADERS = ("Tus-Resumable",)
PIECE_HEADERS = (*TUS_HEADERS, "Upload-Offset", "Upload-Expires", "Gallery-Work")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "showOrganisation",
        "GET",
        "/organisation",
        "api_organisation:show",
        READ,
        lookups.organisation,
        "For whom the token acts, and with what",
        {200: SuccessResponse("The organisation and the token.", "Organisation")},
    ),
    Operation(
        "listWorks",
        "GET",
        "/works",
        "api_works:index",
        READ,
        works.index,
        "The works of the organisation, the newest first",
        {200: SuccessResponse("A page of works.", "WorkList", ("Link",))},
        (422,),
        works.WORK_FILTERS,
    ),
    Operation(
        "createWork",
        "POST",
        "/works",
        "api_works:index",
        WRITE,
        works.create,
        "Enter a work as a draft, without its picture yet",
        {201: CREATED_RESPONSE},
        (409, 413, 415, 422),
        body="NewWork",
    ),
    Operation(
        "showWork",
        "GET",
        "/works/{id}",
        "api_works:show",
        READ,
        works.show,
        "One work with all it says",
        {200: SuccessResponse("The work.", "Work", ("ETag",))},
        (404,),
    ),
    Operation(
        "changeWork",
        "PATCH",
        "/works/{id}",
        "api_works:show",
        WRITE,
        works.update,
        "Change fields of a draft, or of a work that was returned",
        {200: STATE_RESPONSE},
        (404, 409, 412, 413, 415, 422),
        headers=("If-Match",),
        body="WorkChange",
    ),
    Operation(
        "deleteWork",
        "DELETE",
        "/works/{id}",
        "api_works:show",
        WRITE,
        works.delete,
        "Delete a draft that was never submitted, with its picture",
        {204: SuccessResponse("It is gone.")},
        (404, 409, 412),
        headers=("If-Match",),
    ),
    Operation(
        "orderPictures",
        "PATCH",
        "/works/{id}/pictures",
        "api_pictures:index",
        WRITE,
        pictures.order,
        "Put the pictures of a work in order",
        {200: STATE_RESPONSE},
        (404, 409, 413, 415, 422),
        body="PictureOrder",
    ),
    Operation(
        "describePicture",
        "PATCH",
        "/works/{id}/pictures/{picture}",
        "api_pictures:show",
        WRITE,
        pictures.update,
        "Describe one picture of a work",
        {200: STATE_RESPONSE},
        (404, 409, 413, 415, 422),
        body="PictureChange",
    ),
    Operation(
        "deletePicture",
        "DELETE",
        "/works/{id}/pictures/{picture}",
        "api_pictures:show",
        WRITE,
        pictures.delete,
        "Remove one picture of a work; the next becomes the first if it was the first",
        {204: SuccessResponse("It is gone.")},
        (404, 409),
    ),
    Operation(
        "showPath",
        "GET",
        "/works/{id}/path",
        "api_works:path",
        READ,
        works.show_path,
        "Where a work stands, who has it, and the way it came",
        {200: SuccessResponse("Its path.", "Path")},
        (404,),
    ),
    Operation(
        "submitWork",
        "POST",
        "/works/{id}/submissions",
        "api_works:submit",
        WRITE,
        works.create_submission,
        "Submit a work for review",
        {201: CREATED_RESPONSE},
        (404, 409, 413, 422),
    ),
    Operation(
        "takeWorkBack",
        "POST",
        "/works/{id}/takings-back",
        "api_works:take_back",
        WRITE,
        works.create_taking_back,
        "Take a work back before a curator decides",
        {201: CREATED_RESPONSE},
        (404, 409, 413, 422),
    ),
    Operation(
        "listArtists",
        "GET",
        "/artists",
        "api_artists:index",
        READ,
        lookups.artists,
        "The artists, by credit name",
        {200: SuccessResponse("A page of artists.", "ArtistList", ("Link",))},
        (422,),
        works.PAGING_PARAMETERS,
    ),
    Operation(
        "listConsents",
        "GET",
        "/consents",
        "api_consents:index",
        READ,
        lookups.consents,
        "The consents, and how each stands today",
        {200: SuccessResponse("A page of consents.", "ConsentList", ("Link",))},
        (422,),
        works.PAGING_PARAMETERS,
    ),
    Operation(
        "listProjects",
        "GET",
        "/projects",
        "api_projects:index",
        READ,
        lookups.projects,
        "The projects behind the works",
        {200: SuccessResponse("A page of projects.", "ProjectList", ("Link",))},
        (422,),
        works.PAGING_PARAMETERS,
    ),
    Operation(
        "listThemes",
        "GET",
        "/themes",
        "api_themes:index",
        READ,
        lookups.themes,
        "The themes that take works of the organisation now",
        {200: SuccessResponse("The open themes.", "ThemeList")},
    ),
    Operation(
        "describeUploads",
        "OPTIONS",
        "/uploads",
        "api_uploads:create",
        "",
        UPLOADS.options,
        "What the server can do of tus",
        {
            204: SuccessResponse(
                "In headers.", "", (*TUS_HEADERS, "Tus-Version", "Tus-Extension", "Tus-Max-Size")
            )
        },
        is_upload=True,
    ),
    Operation(
        "beginUpload",
        "POST",
        "/uploads",
        "api_uploads:create",
        WRITE,
        UPLOADS.create,
        "Announce a picture, or the voice of a work, by tus 1.0, and send it or its beginning",
        {201: SuccessResponse("It goes on at Location.", "", ("Location", *PIECE_HEADERS))},
        (408, 409, 412, 413, 422, 423, 460),
        headers=(*TUS_HEADERS, "Upload-Length", "Upload-Metadata", "Upload-Checksum"),
        body=CHUNK_TYPE,
        is_upload=True,
    ),
    Operation(
        "describeUpload",
        "OPTIONS",
        "/uploads/{token}",
        "api_uploads:show",
        "",
        UPLOADS.options,
        "What the server can do of tus",
        {
            204: SuccessResponse(
                "In headers.", "", (*TUS_HEADERS, "Tus-Version", "Tus-Extension", "Tus-Max-Size")
            )
        },
        is_upload=True,
    ),
    Operation(
        "showUpload",
        "HEAD",
        "/uploads/{token}",
        "api_uploads:show",
        WRITE,
        UPLOADS.show,
        "How much of a file has arrived",
        {200: SuccessResponse("In headers.", "", (*PIECE_HEADERS, "Upload-Length", "Upload-Metadata"))},
        (404, 410, 412, 422, 423),
        headers=TUS_HEADERS,
        is_upload=True,
    ),
    Operation(
        "continueUpload",
        "PATCH",
        "/uploads/{token}",
        "api_uploads:show",
        WRITE,
        UPLOADS.append,
        "Send the next piece; with the last one the picture becomes a draft, which Gallery-Work names, or the voice is set",
        {204: SuccessResponse("It has arrived.", "", PIECE_HEADERS)},
        (404, 408, 409, 410, 412, 413, 415, 422, 423, 460),
        headers=(*TUS_HEADERS, "Upload-Offset", "Upload-Checksum"),
        body=CHUNK_TYPE,
        is_upload=True,
    ),
    Operation(
        "endUpload",
        "DELETE",
        "/uploads/{token}",
        "api_uploads:show",
        WRITE,
        UPLOADS.delete,
        "Stop an upload; a draft that it became stays",
        {204: SuccessResponse("It is gone.", "", TUS_HEADERS)},
        (404, 410, 412, 423),
        headers=TUS_HEADERS,
        is_upload=True,
    ),
    Operation(
        "overrideUpload",
        "POST",
        "/uploads/{token}",
        "api_uploads:show",
        WRITE,
        UPLOADS.override,
        "HEAD, PATCH or DELETE for those who can only send POST",
        {
            200: SuccessResponse("As HEAD answers.", "", PIECE_HEADERS),
            204: SuccessResponse("As PATCH and DELETE answer.", "", PIECE_HEADERS),
        },
        (404, 405, 408, 409, 410, 412, 413, 415, 422, 423, 460),
        headers=("X-HTTP-Method-Override", *TUS_HEADERS, "Upload-Offset", "Upload-Checksum"),
        body=CHUNK_TYPE,
        is_upload=True,
    ),
)


async def dispatch(operations: Mapping[str, Operation], request: Request) -> Response:
    """Check the token, then call the handler for the request's method."""
    operation = operations[request.method]
    try:
        if not operation.scope:
            return await operation.handler(request)
        token = await authenticate(request, operation.scope)
        request.state.token = token
        if operation.is_upload:
            return await operation.handler(request)
        key = idempotency_key(request) if operation.accepts_idempotency_key else None
        request.state.body = await read_body(request) if operation.accepts_idempotency_key else b""
        if key is None:
            return await operation.handler(request)
        respond = partial(_respond, operation, request)
        return await respond_once(request, token, key, request.state.body, respond)
    except Problem as problem:
        return problem_response(request, problem)


async def _respond(operation: Operation, request: Request) -> Response:
    """The response of the handler. A Problem also becomes a response, so that it is saved with the key."""
    try:
        return await operation.handler(request)
    except Problem as problem:
        return problem_response(request, problem)
    except HTTPException as error:
        return status_response(request, error.status_code, error.headers)


def _routes() -> list[Route]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    routes = []
    for path, operations in by_path.items():
        handler = partial(dispatch, operations)
        (name,) = {each.route for each in operations.values()}
        if "GET" in operations:
            operations["HEAD"] = operations["GET"]
        address = path.replace("{id}", "{id:int}").replace("{picture}", "{picture:int}")
        routes.append(Route(BASE + address, handler, name=name, methods=list(operations)))
    return routes


routes = _routes()
