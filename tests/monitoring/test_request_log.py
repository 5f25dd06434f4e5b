"""Requests have ids, slow ones are named by their route, and log lines name nobody."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import httpx
import pytest

from gallery.accounts import site_views
from gallery.monitoring.log_format import TEXT_LINE, TEXT_TIME, JsonFormatter, TextFormatter, redacted
from tests import factories
from tests.conftest import Site

LOGGER = "gallery.requests"


def log_requests_from(site: Site, milliseconds: int) -> None:
    site.app.picture_cache.app.slow_request_ms = milliseconds  # type: ignore[attr-defined]


@pytest.fixture
async def watched(site: Site) -> Site:
    """The site with every request logged."""
    log_requests_from(site, 0)
    return site


def formatted(record: logging.LogRecord) -> dict[str, object]:
    line: dict[str, object] = json.loads(JsonFormatter().format(record))
    return line


class FormattedLines(logging.Handler):
    """Formats each record when it is logged, as the site does."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.objects: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(TextFormatter(TEXT_LINE, TEXT_TIME).format(record))
        self.objects.append(formatted(record))


@pytest.fixture
def lines() -> Iterator[FormattedLines]:
    handler = FormattedLines()
    logging.getLogger("gallery").addHandler(handler)
    yield handler
    logging.getLogger("gallery").removeHandler(handler)


async def test_each_answer_of_the_app_has_an_id_of_its_own(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    ids = [
        (await client.get(path)).headers["x-request-id"] for path in ("/desk/worker", "/desk/worker", "/no")
    ]
    assert len(set(ids)) == 3
    assert {len(each) for each in ids} == {16}


async def test_an_id_that_a_visitor_sends_is_not_taken_over(site: Site) -> None:
    client = await site.client()
    answer = await client.get("/healthz", headers={"x-request-id": "forged\tline"})
    assert "forged" not in answer.headers["x-request-id"]


async def test_a_cached_page_is_the_same_for_everybody(site: Site) -> None:
    client = await site.client()
    answers = [await client.get("/zh/") for _ in range(3)]
    assert [answer.headers.get("x-request-id") for answer in answers] == [None] * 3
    assert site.app.page_cache.hits == 2  # type: ignore[attr-defined]


async def test_a_slow_request_is_named_by_route_and_person(watched: Site, lines: FormattedLines) -> None:
    client = await watched.client(watched.cast.keeper)
    answer = await client.get("/desk/worker?private=words")
    (line,) = [line for line in lines.objects if line["logger"] == LOGGER]
    assert line["request"] == answer.headers["x-request-id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "worker_status:show", 200)
    assert line["user"] == watched.cast.keeper.id
    assert isinstance(line["duration_ms"], int)
    (text,) = [text for text in lines.texts if LOGGER in text]
    assert f"[request={line['request']} method=GET route=worker_status:show user={line['user']}]" in text
    assert "private" not in text
    assert watched.cast.keeper.email not in "".join(lines.texts)


async def test_no_key_in_an_address_reaches_the_log(watched: Site, lines: FormattedLines) -> None:
    code = (await factories.consent(watched.cast.organisation)).code
    client = await watched.client()
    for path in (f"/c/{code}", f"/zh/consent/{code}", "/desk/invitations/a-secret-token"):
        await client.get(path)
    routes = [line["route"] for line in lines.objects if line["logger"] == LOGGER]
    assert routes == ["withdrawals:open", "withdrawals:show", "accounts:invitation"]
    assert code not in "".join(lines.texts)
    assert "a-secret-token" not in "".join(lines.texts)


async def test_quick_requests_are_not_logged(site: Site, lines: FormattedLines) -> None:
    log_requests_from(site, 10**9)
    assert (await (await site.client()).get("/healthz")).status_code == 200
    assert lines.texts == []


async def test_a_failure_has_the_number_that_its_page_shows(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise RuntimeError("for child@example.org")

    monkeypatch.setattr(site_views.site_settings, "load_site", fails)
    client = await site.client(site.cast.keeper)
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gallery.test", cookies=client.cookies
    ) as visitor:
        answer = await visitor.get("/desk/site")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text


def record_of(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord(
            "gallery", logging.ERROR, "", 0, "failed for %s", ("a@b.org",), sys.exc_info()
        )


@pytest.mark.parametrize("formatter", [TextFormatter(TEXT_LINE, TEXT_TIME), JsonFormatter()])
def test_addresses_and_refused_values_are_left_out(formatter: logging.Formatter) -> None:
    error = ValueError(
        "duplicate key\nDETAIL:  Key (name)=(A child's name) exists\nof teacher@school.example"
    )
    line = formatter.format(record_of(error))
    for word in ("a@b.org", "child", "teacher", "school"):
        assert word not in line
    assert "duplicate key" in line
    assert "Traceback" in line
    if isinstance(formatter, JsonFormatter):
        assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nobody", "nobody"),
        ("for <a.b+c@example.org>, again", "for <…@…>, again"),
        ("postgresql://user:word@host/name", "postgresql://user:…@…/name"),
        ("at 12@noon", "at …@…"),
    ],
)
def test_what_counts_as_an_address(text: str, expected: str) -> None:
    assert redacted(text) == expected
