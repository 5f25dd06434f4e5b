"""Problem details: the form of every error below /api/, in the requested language."""

from __future__ import annotations

import httpx
import pytest

from gallery.api import lookups
from gallery.api.problems import PROBLEM_TYPES
from tests import factories
from tests.api.programs import V1, program
from tests.conftest import Site


def assert_problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    payload: dict[str, object] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(payload)
    assert payload["status"] == status
    assert str(payload["type"]).endswith(f"/api#{PROBLEM_TYPES[status].name}")
    assert payload["title"]
    assert payload["detail"]
    return payload


@pytest.mark.parametrize(
    "path",
    ["/api/v1", "/api/v1/", "/api/v2/works", "/api/v1/works/x", "/api/v1/works/1/paths", "/api/openapi"],
)
async def test_an_address_that_is_not_there(site: Site, path: str) -> None:
    assert_problem(await (await site.client()).get(path), 404)
    assert_problem(await (await program(site)).post(path), 404)


async def test_a_method_that_is_not_there_names_those_that_are(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    answer = await client.put(f"{V1}/works/{work.id}", json={})
    assert_problem(answer, 405)
    allowed = {each.strip() for each in answer.headers["allow"].split(",")}
    assert allowed == {"GET", "HEAD", "PATCH", "DELETE"}
    assert_problem(await client.request("TRACE", f"{V1}/themes"), 405)
    assert_problem(await client.post("/api/openapi.json"), 405)


async def test_an_address_with_nul(site: Site) -> None:
    client = await program(site)
    assert_problem(await client.get(f"{V1}/works?status=%00"), 400)
    assert_problem(await client.get("/api/v1/uploads/%00"), 400)
    assert (await client.get("/en/works/%00")).text == "There is no such address.\n"


async def test_a_fault_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await program(site)
    # So that the client gets the error response instead of the exception.
    client._transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    monkeypatch.setattr(lookups, "extended_deadlines", None)
    answer = await client.get(f"{V1}/themes")
    values = assert_problem(answer, 500)
    assert values["title"] == "Something is broken here"
    assert "extended" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept_language", "title"),
    [
        ("en", "There is nothing here"),
        ("zh-Hans,en;q=0.5", "这里什么也没有"),
        ("fr, en;q=0.1", "There is nothing here"),
        ("*", "There is nothing here"),  # no preference: the language of the token's owner
        ("", "There is nothing here"),
    ],
)
async def test_the_language_is_the_one_asked_for(site: Site, accept_language: str, title: str) -> None:
    client = await program(site)
    answer = await client.get(f"{V1}/works/999", headers={"accept-language": accept_language})
    assert assert_problem(answer, 404)["title"] == title


async def test_too_large_a_body_is_not_read_to_its_end(site: Site) -> None:
    client = await program(site)
    body = b'{"title": "' + b"a" * 400_001 + b'"}'
    headers = {"content-type": "application/json", "idempotency-key": "a"}
    assert_problem(await client.post(f"{V1}/works", content=body, headers=headers), 413)


async def test_uploads_tell_problems_too(site: Site) -> None:
    client = await program(site)
    tus = {"tus-resumable": "1.0.0"}
    response = assert_problem(await client.post(f"{V1}/uploads"), 412)
    assert response["detail"] == "This server speaks tus 1.0.0."
    assert_problem(await client.post(f"{V1}/uploads", headers={**tus, "upload-length": "x"}), 400)
    assert_problem(await client.post(f"{V1}/uploads", headers={**tus, "upload-length": "999999999"}), 413)
    assert_problem(await client.patch(f"{V1}/uploads/{'0' * 32}", headers=tus), 404)
    assert_problem(await client.patch(f"{V1}/uploads/x", headers=tus), 404)
    made = await client.post(f"{V1}/uploads", headers={**tus, "upload-length": "10"})
    path = made.headers["location"]
    assert_problem(await client.patch(path, headers=tus, content=b"x"), 415)
    pieces = {**tus, "content-type": "application/offset+octet-stream"}
    wrong = await client.patch(path, headers={**pieces, "upload-offset": "5"}, content=b"x")
    assert_problem(wrong, 409)
    assert wrong.headers["upload-offset"] == "0"
    assert_problem(await client.post(path, headers={**tus, "x-http-method-override": "PUT"}), 405)
    sealed = {**pieces, "upload-offset": "0", "upload-checksum": "sha1 YQ=="}
    assert_problem(await client.patch(path, headers=sealed, content=b"x"), 460)
    nothing = {**pieces, "upload-offset": "0"}
    assert_problem(await client.patch(path, headers=nothing, content=b"x" * 10), 422)
