"""Real processes: what the HTTP protocol answers by itself is counted, and all lines have one format."""

from __future__ import annotations

import json
import os
import signal

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gallery.db.models import WorkerBeat
from tests.live import LiveSite, eventually


async def hits(visitor: httpx.AsyncClient) -> float:
    (family,) = [
        each
        for each in text_string_to_metric_families((await visitor.get("/metrics")).text)
        if each.name == "gallery_cache_hits"
    ]
    return sum(sample.value for sample in family.samples if sample.labels["cache"] == "pages")


async def test_pages_that_the_protocol_answers_are_counted(live: LiveSite) -> None:
    async with httpx.AsyncClient(base_url=await live.serve(worker=False)) as visitor:
        await visitor.get("/zh/")
        before = await hits(visitor)
        etag = (await visitor.get("/zh/")).headers["etag"]
        assert (await visitor.get("/zh/", headers={"if-none-match": etag})).status_code == 304
        await visitor.head("/zh/")
        assert await hits(visitor) == before + 3
        assert (await visitor.get("/zh/no-such-page")).headers["x-request-id"]


async def test_every_line_of_a_process_is_json(live: LiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERY_LOG_FORMAT", "json")
    monkeypatch.setenv("GALLERY_SLOW_REQUEST_MS", "0")
    address = await live.serve()
    await eventually(WorkerBeat.exists)
    os.kill((await WorkerBeat.get()).process, signal.SIGKILL)  # a warning of another part of the site
    (log,) = live.settings.home.glob("serve-*.log")

    async def is_told() -> bool:
        return "The worker ended" in log.read_text()

    await eventually(is_told)
    async with httpx.AsyncClient(base_url=address) as visitor:
        answer = await visitor.get("/desk/works?next=secret-words")
    _serving, *lines = log.read_text().splitlines()  # the first says that Ctrl-C stops it
    parsed = [json.loads(line) for line in lines]
    assert all({"time", "level", "logger", "message"} <= set(each) for each in parsed)
    (own,) = [each for each in parsed if each.get("request") == answer.headers["x-request-id"]]
    assert (own["route"], own["status"]) == ("artworks:index", 303)
    assert "secret-words" not in log.read_text()
