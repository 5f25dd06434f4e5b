"""Every route with a number in its address."""

from __future__ import annotations

import re
from typing import Any

import httpx
from starlette.routing import Route

from gallery.accounts.models import Person
from tests import factories
from tests.conftest import Site


def routes_of(site: Site, method: str) -> list[Route]:
    found = [each for each in site.app.routes if isinstance(each, Route) and method in (each.methods or ())]
    assert len(found) > 50
    return found


def path_of(route: Route, values: dict[str, str], **instead: str) -> str:
    known = {"language": "zh", **values, **instead}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: known.get(found[1], "1"), route.path)


async def stage(site: Site) -> dict[str, str]:
    """A site with rows for the parameters of most routes."""
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    exhibition = await factories.exhibition([work], slug="winter")
    assert work.image is not None
    token = work.image.token
    return {
        "public_id": work.public_id,
        "slug": exhibition.slug,
        "token": token,
        "region": "full",
        "size": "max",
        "rotation": "0",
        "last": "default.jpg",
        "file": "poster-000000000000.png",
        "kind": "works",
        "name": work.public_id,
    }


async def broken_by(client: httpx.AsyncClient, method: str, path: str, **sent: Any) -> str:
    """The error when a page is requested; "" for any response that is not a crash."""
    try:
        status = (await client.request(method, path, **sent)).status_code
    except Exception as error:  # the transport passes on what the site raises
        return repr(error)[:200]
    return str(status) if status >= 500 and status != 501 else ""


async def whom_it_answers(site: Site, path: str) -> Person:
    """The keeper, or a partner if the keeper gets 404."""
    client = await site.client(site.cast.keeper)
    found = (await client.get(path)).status_code not in {403, 404}
    return site.cast.keeper if found else site.cast.partner
