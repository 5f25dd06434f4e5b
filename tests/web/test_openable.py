"""Each address that takes a form can be opened again, as a browser does that had discarded the tab."""

from __future__ import annotations

from tests.conftest import Site
from tests.web.routes import path_of, routes_of, stage


async def test_every_address_of_a_form_opens_a_page(site: Site) -> None:
    values = await stage(site)
    opened = {route.path for route in routes_of(site, "GET")}
    posted = {route.path: route for route in routes_of(site, "POST") if not route.path.startswith("/api/")}
    assert len(set(posted) - opened) > 50
    client = await site.client(site.cast.keeper)
    wrong = {}
    for path, route in posted.items():
        address = path_of(route, {**values, "token": "1"} if "{token:int}" in path else values)
        answer = await client.get(address)
        if answer.status_code == 405 or (path not in opened and answer.status_code != 303):
            wrong[path] = answer.status_code
        elif path not in opened:
            page = await client.get(answer.headers["location"])
            assert page.status_code != 405, path
            assert address.startswith(answer.headers["location"]), path
    assert not wrong


async def test_a_discarded_tab_shows_the_form_again(site: Site) -> None:
    client = await site.client(site.cast.curator)
    refused = await client.post("/desk/queue/decisions", data={"decision": "accepted"})
    assert refused.status_code in {303, 422}
    again = await client.get("/desk/queue/decisions", follow_redirects=True)
    assert (again.status_code, again.url.path) == (200, "/desk/queue")
    guest = await site.client()
    assert (await guest.get("/desk/queue/decisions")).headers["location"] == "/desk/queue"


async def test_programs_still_learn_that_the_method_is_wrong(site: Site) -> None:
    answer = await (await site.client()).get("/api/v1/works/1/submissions")
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (await (await site.client()).delete("/desk/queue")).status_code == 405
