"""Lists of what a work refers to by id: artists, consents, projects, open themes. Also the token's own data."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gallery.api.bodies import json_response, parse_parameters
from gallery.api.models import Token
from gallery.api.works import PAGE_SIZE, PAGING_PARAMETERS, format_moment, page_response
from gallery.artists.models import Artist, Consent
from gallery.artworks.works import load_work_options
from gallery.clock import today
from gallery.db.connection import QuerySet
from gallery.numbers import MAX_NUMBER
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation, Project
from gallery.themes.extensions import extended_deadlines


async def organisation(request: Request) -> Response:
    """A program reads its organisation and its token."""
    _person, (own,) = await load_member(request)
    token: Token = request.state.token
    facts = {"id": own.id, "slug": own.slug, "name": dict(own.name)}
    about = {
        "name": token.name,
        "scopes": token.scopes.split(),
        "expires_at": format_moment(token.expires_at),
    }
    return json_response({**facts, "token": about})


async def artists(request: Request) -> Response:
    """A program lists the artists; credit names are the only personal data in the response."""
    own = await _own_organisation(request)
    rows, limit = await _page(request, Artist.filter(organisation_id=own.id))
    lines = [
        {
            "id": each.id,
            "credit_name": each.credit_name,
            "credit_translations": dict(each.credit_translations),
        }
        for each in rows[:limit]
    ]
    return page_response(request, "artists", lines, limit, has_more=len(rows) > limit)


async def consents(request: Request) -> Response:
    """A program lists the consents with their states, but without their codes and texts."""
    own = await _own_organisation(request)
    rows, limit = await _page(request, Consent.filter(artist__organisation_id=own.id))
    day = today()
    lines = [
        {
            "id": each.id,
            "artist": each.artist_id,
            "state": str(each.state(day)),
            "agreed_by": str(each.agreed_by),
            "scopes": each.scope,
            "starts_on": each.starts_on.isoformat(),
            "ends_on": each.ends_on.isoformat() if each.ends_on else None,
        }
        for each in rows[:limit]
    ]
    return page_response(request, "consents", lines, limit, has_more=len(rows) > limit)


async def projects(request: Request) -> Response:
    """A program lists the projects behind the works."""
    own = await _own_organisation(request)
    rows, limit = await _page(request, Project.filter(organisation_id=own.id))
    lines = [
        {"id": each.id, "title": dict(each.title), "summary": dict(each.summary), "link": each.link}
        for each in rows[:limit]
    ]
    return page_response(request, "projects", lines, limit, has_more=len(rows) > limit)


async def themes(request: Request) -> Response:
    """A program lists the themes that take works of the organisation now, with their deadlines."""
    own = await _own_organisation(request)
    longer = await extended_deadlines([own.id])
    lines = [
        {
            "id": each.id,
            "slug": each.slug,
            "title": dict(each.title),
            "occurs_on": _day(each.occurs_on),
            "call_opens_on": _day(each.call_opens_on),
            "call_closes_on": _day(
                max(filter(None, (each.call_closes_on, longer.get(each.id))), default=None)
            ),
        }
        for each in (await load_work_options([own])).themes
    ]
    return json_response({"themes": lines})


async def _own_organisation(request: Request) -> Organisation:
    _person, (own,) = await load_member(request)
    return own


async def _page(request: Request, rows: QuerySet[Any]) -> tuple[list[Any], int]:
    """The rows of one page, plus one row if there is a next page; and the page size."""
    parameters = parse_parameters(request, PAGING_PARAMETERS)
    limit: int = parameters.get("limit", PAGE_SIZE)
    page = rows.filter(id__lt=parameters.get("after", MAX_NUMBER + 1)).order_by("-id")
    return await page.limit(limit + 1), limit


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
