"""Idempotency-Key: a repeated request is carried out only once, even after a crash.

Follows draft-ietf-httpapi-idempotency-key. The transaction of the change also saves the response. A
program that repeats a request after a crash gets the saved response. If no response was saved, nothing was
changed, and the request is handled now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from tortoise.exceptions import IntegrityError

from gallery.api.models import KeptAnswer, Token
from gallery.api.problems import FieldError, Problem
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.web.languages import gettext as _

HEADER = "idempotency-key"
KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,200}")
ANSWER_RETENTION = timedelta(hours=24)
ANSWER_LEASE = timedelta(seconds=60)  # after this time a request without a saved response may be retried
KEPT_HEADERS = ("content-type", "content-language", "location", "etag")


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key of the request, sent with or without quotes, or None. Raises Problem 400."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    if len(text) > 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not KEY_PATTERN.fullmatch(text):
        raise Problem(
            400,
            errors=[
                FieldError(
                    _("This takes 1 to 200 letters, digits and signs, without spaces."),
                    parameter="Idempotency-Key",
                )
            ],
        )
    return text


async def respond_once(
    request: Request, token: Token, key: str, body: bytes, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """The response of `answer`, or the saved response to the same request.

    Raises Problem 409 while another process handles the request, and 422 if a different request used the key.
    """
    saved = await _claim_key(token, key, request_fingerprint(request, body))
    if saved.status is not None:
        return Response(
            saved.body.encode(),
            saved.status,
            {**saved.headers, "cache-control": "no-store", "idempotency-replayed": "true"},
        )
    try:
        async with in_transaction():
            claimed: KeptAnswer | None = await locked(
                KeptAnswer.filter(id=saved.id, attempt=saved.attempt)
            ).first()
            if claimed is None:  # the lease expired and another process retried the request
                raise _in_progress_problem(1)
            response = await answer()
            claimed.status, claimed.body = response.status_code, bytes(response.body).decode()
            claimed.headers = {
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            }
            await claimed.save(update_fields=["status", "body", "headers"])
            return response
    except BaseException:
        await KeptAnswer.filter(id=saved.id, attempt=saved.attempt, status__isnull=True).delete()
        raise


def request_fingerprint(request: Request, body: bytes) -> str:
    request_line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(request_line + body).hexdigest()


async def _claim_key(token: Token, key: str, fingerprint: str) -> KeptAnswer:
    try:
        return await _try_to_claim_key(token, key, fingerprint)
    except IntegrityError:  # a concurrent request has inserted the same key
        return await _try_to_claim_key(token, key, fingerprint)


async def _try_to_claim_key(token: Token, key: str, fingerprint: str) -> KeptAnswer:
    moment = now()
    async with in_transaction():
        claimed: KeptAnswer | None = await locked(KeptAnswer.filter(token_id=token.id, key=key)).first()
        if claimed is not None and claimed.created_at <= moment - ANSWER_RETENTION:
            await claimed.delete()
            claimed = None
        if claimed is None:
            return await KeptAnswer.create(
                token_id=token.id,
                key=key,
                fingerprint=fingerprint,
                lease_until=moment + ANSWER_LEASE,
                created_at=moment,
            )
        if claimed.fingerprint != fingerprint:
            sentence = _("Another request had this key. Please give each request a key of its own.")
            raise Problem(422, sentence, errors=[FieldError(sentence, parameter="Idempotency-Key")])
        if claimed.status is None:
            if claimed.lease_until > moment:
                raise _in_progress_problem((claimed.lease_until - moment).total_seconds())
            claimed.attempt += 1
            claimed.lease_until = moment + ANSWER_LEASE
            await claimed.save(update_fields=["attempt", "lease_until"])
        return claimed


def _in_progress_problem(seconds: float) -> Problem:
    detail = _("The same request is being processed right now. Please ask again in a moment.")
    return Problem(409, detail, headers={"retry-after": str(int(seconds) + 1)})


async def delete_old_answers() -> None:
    await KeptAnswer.filter(created_at__lte=now() - ANSWER_RETENTION).delete()
