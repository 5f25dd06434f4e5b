"""The OpenAPI document: valid, complete, and matching the routes that exist."""

from __future__ import annotations

import re

from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from gallery.api.operations import BASE, OPERATIONS
from gallery.api.schemas import OMITTED_FIELDS, work_field_schemas
from gallery.app import feature_routes
from gallery.artists.models import SCOPES
from gallery.artworks.forms import WorkForm
from gallery.artworks.works import WorkOptions
from tests.conftest import Site


async def test_it_is_valid_and_the_same_until_it_changes(site: Site) -> None:
    client = await site.client()
    answer = await client.get("/api/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    again = await client.get("/api/openapi.json", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert document["servers"] == [{"url": site.settings.site_url}]


async def test_every_route_below_the_base_is_in_it_and_nothing_else(site: Site) -> None:
    paths = (await (await site.client()).get("/api/openapi.json")).json()["paths"]
    routed = {
        (re.sub(r":\w+\}", "}", route.path), method.lower())
        for route in feature_routes()
        if isinstance(route, Route) and route.path.startswith(f"{BASE}/")
        for method in route.methods or ()
        # Starlette answers HEAD wherever it answers GET.
        if method != "HEAD" or route.path.startswith(f"{BASE}/uploads")
    }
    assert {(path, method) for path, operations in paths.items() for method in operations} == routed
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_a_work_is_told_in_every_field_of_its_form() -> None:
    form = WorkForm(offered=WorkOptions([], [], [], [], []))
    assert set(work_field_schemas()) == {field.name for field in form} - OMITTED_FIELDS | {"year"}
    assert work_field_schemas()["title"]["maxLength"] == 120
    assert work_field_schemas()["scopes"]["items"]["enum"] == list(SCOPES)


async def test_nothing_in_it_is_chinese(site: Site) -> None:
    client = await site.client(**{"accept-language": "zh"})
    assert not re.search("[\u4e00-\u9fff]", (await client.get("/api/openapi.json")).text)
