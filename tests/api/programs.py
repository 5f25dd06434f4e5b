"""API clients for the tests: a token as an owner makes it, and a client that sends it."""

from __future__ import annotations

import httpx

from gallery.accounts.models import MemberRole, Membership, Person
from gallery.api.tokens import READ, WRITE, make_token
from tests.artworks.tus import OFFSET_STREAM, TUS
from tests.conftest import Site
from tests.live import LiveSite

V1 = "/api/v1"


async def token_for(person: Person, *scopes: str) -> str:
    """The text of a new token of the organisation of `person`, who is its owner from now on."""
    membership = await Membership.get(person_id=person.id)
    membership.role = MemberRole.OWNER
    await membership.save()
    _token, text = await make_token(membership, "works database", scopes or (READ, WRITE), 30)
    return text


async def program(site: Site, *scopes: str, person: Person | None = None) -> httpx.AsyncClient:
    """A program of the partner's organisation, which reads English."""
    text = await token_for(person or site.cast.partner, *scopes)
    return await site.client(authorization=f"Bearer {text}", **{"accept-language": "en"})


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


__all__ = ["V1", "LiveSite", "bearer", "program", "token_for"]

PIECES = {**TUS, "content-type": OFFSET_STREAM}
