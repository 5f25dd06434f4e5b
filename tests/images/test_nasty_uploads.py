"""Malicious uploads through the real form: the file name is used nowhere, and the site keeps answering."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gallery.accounts.models import Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import Limits
from gallery.images.uploads import request_limits
from tests import factories
from tests.conftest import Site
from tests.images import files
from tests.live import LiveSite

MARK = "zeichen7f3a"  # in each name, so that the test finds it anywhere
NAMES = {
    "parts of a path": f"../../../../tmp/{MARK}.jpg",
    "an absolute path": f"/etc/cron.d/{MARK}",
    "another system's path": f"C:\\Users\\{MARK}\\..\\x.jpg",
    "control characters": f"{MARK}\x00\x07\x1b[31m\x7f.jpg",
    "500 characters": MARK + "画" * 500 + ".jpg",
    "turned writing": f"{MARK}\u202egpj.exe",
    "markup": f"<img src=x onerror=alert(1)>{MARK}",
    "a header": f"a.jpg%0d%0aSet-Cookie: {MARK}=1",
    "an option": f"-{MARK} --help",
    "a template": "{{ 7 * 7 }}" + MARK,
    "not Unicode": MARK + "\udcff\udcfe.jpg",
}


def form(name: str, picture: bytes, **fields: str) -> dict[str, Any]:
    """A form as bytes, because a normal HTTP client would escape such a name."""
    parts = [
        f'--grenze\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in {"language": "zh", **fields}.items()
    ]
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "surrogateescape")
    parts.append(
        b'--grenze\r\nContent-Disposition: form-data; name="picture"; filename="'
        + quoted
        + b'"\r\nContent-Type: text/html\r\n\r\n'
        + picture
        + b"\r\n--grenze--\r\n"
    )
    return {
        "content": b"".join(parts),
        "headers": {"content-type": "multipart/form-data; boundary=grenze"},
    }


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("name", NAMES)
async def test_the_name_of_a_file_goes_nowhere(
    name: str, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/works", **form(NAMES[name], factories.photograph(), title="圆"))
    assert answer.status_code == 303
    await site.work()
    work = await Artwork.get().prefetch_related("image")
    assert work.image
    assert work.image.state == ImageState.READY
    bad = await client.post("/desk/works", **form(NAMES[name], b"%PDF-1.7 " + b"x" * 99, title="圆"))
    assert bad.status_code == 422
    for page in (
        answer,
        bad,
        await client.get(f"/desk/works/{work.id}"),
        await client.get(f"/desk/works/{work.id}/edit"),
        await client.get("/desk/works"),
    ):
        assert MARK not in page.text
        assert MARK not in str(page.headers)
    rows = [row for model in (Artwork, Image) for row in await model.all().values()]
    for row in rows:
        row.pop("source_name", None)  # where sheets find a draft by it, until it is submitted
    assert MARK not in str(rows)
    statements = ("tortoise", "aiosqlite", "asyncpg")  # which log each value at DEBUG; no site does
    logged = [each.getMessage() for each in caplog.records if not each.name.startswith(statements)]
    assert MARK not in "".join(logged)
    kept = list(site.settings.home.rglob("*"))
    assert not [path for path in kept if MARK in str(path.relative_to(site.settings.home))]
    assert re.fullmatch(r"[\w-]{22}", work.image.token)


@pytest.mark.parametrize(("language", "sentence"), [("zh", "损坏"), ("en", "damaged")])
async def test_the_reason_is_said_in_the_partners_language(site: Site, language: str, sentence: str) -> None:
    """At once if the inspection finds it, and on the work's page if only the renditions do."""
    partner = site.cast.partner
    partner.language = language
    await partner.save()
    client = await site.client(partner)
    half = factories.photograph()[:20_000]
    answer = await client.post("/desk/works", **form("a.jpg", half, title="圆"))
    assert answer.status_code == 422
    assert sentence in answer.text

    assert (await client.post("/desk/works", **form("a.jpg", factories.photograph()))).status_code == 303
    image = await Image.get()
    original = next(path for path in site.settings.media.rglob("*") if image.token in path.name)
    original.write_bytes(half)
    await site.work()
    await image.refresh_from_db()
    assert (image.state, image.attempts) == (ImageState.REFUSED, 1)
    page = await client.get(f"/desk/works/{(await Artwork.get()).id}")
    assert sentence in page.text
    await site.work()  # and it is not retried for ever
    await image.refresh_from_db()
    assert image.attempts == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_pages_are_answered_while_nasty_files_come_in(live: LiveSite) -> None:
    address = await live.serve(worker=False)
    token = secrets.token_urlsafe(16)
    await Session.create(
        token_hash=token_hash(token),
        person=live.cast.partner,
        seen_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    nasty = {
        "slow": files.many_scan_jpeg(99, 3000, 2250),
        "film": files.long_animation_webp(2000, 4000),
        "bomb": files.one_colour_png(20_000),
        "huge": files.declared_png(10_900, 10_900),
    }
    async with httpx.AsyncClient(base_url=address, timeout=120) as visitor:
        partner = httpx.AsyncClient(base_url=address, timeout=120, headers={"cookie": f"{COOKIE}={token}"})
        async with partner:
            sent = [
                asyncio.create_task(partner.post("/desk/works", **form("a.jpg", data, title=name)))
                for name, data in nasty.items()
            ]
            answered = []
            while not all(task.done() for task in sent):
                answered.append((await visitor.get("/zh/")).status_code)
                await asyncio.sleep(0.05)
            answers = [await task for task in sent]
    assert len(answered) >= 5
    assert set(answered) == {200}
    assert {answer.status_code for answer in answers} <= {303, 422}
    assert {answer.status_code for answer in answers[2:]} == {422}


def test_a_keeper_may_give_a_picture_more_memory(site: Site) -> None:
    assert request_limits(site.settings).memory_bytes == Limits().memory_bytes
    assert request_limits(replace(site.settings, image_memory_bytes=2 << 30)).memory_bytes == 2 << 30
