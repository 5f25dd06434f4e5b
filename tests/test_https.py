"""https in front of the site: a real nginx and a real Caddy, with the files of docs/server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.live import free_port
from tests.proxies import Https, caddy_with_https, nginx_with_https
from tests.test_docs import secret_beginnings

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes

HOST = "gallery.example.org"
NOBODY = "http://127.0.0.1:9"  # a site that does not answer
PROXIES = pytest.mark.parametrize("proxy", [nginx_with_https, caddy_with_https])
Proxy = Callable[[str, Path], AbstractAsyncContextManager[Https]]


@dataclass
class Echo:
    """A site that answers each request with 200 and remembers its head; `address` is where."""

    address: str
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def echo() -> AsyncIterator[Echo]:
    port = free_port()
    site = Echo(f"http://127.0.0.1:{port}")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                break
            site.heads.append(head)
            length = next(
                (
                    int(line[16:])
                    for line in head.lower().split("\r\n")
                    if line.startswith("content-length: ")
                ),
                0,
            )
            await reader.readexactly(length)
            caching = "public, max-age=31536000, immutable" if "/static/" in head else "public, no-cache"
            writer.write(
                f"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncache-control: {caching}\r\n\r\nok".encode()
            )
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield site


def trusting(https: Https) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=https.certificate)


@asynccontextmanager
async def visitor(https: Https) -> AsyncIterator[httpx.AsyncClient]:
    """A client of gallery.example.org, which is found on this machine."""
    async with httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{https.secure}",
        headers={"host": HOST},
        verify=trusting(https),
        timeout=60,
    ) as client:
        client.event_hooks["request"] = [_name_host]
        yield client


async def _name_host(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = HOST


@PROXIES
async def test_people_are_led_to_https_and_programs_are_refused(proxy: Proxy, tmp_path: Path) -> None:
    async with (
        proxy(NOBODY, tmp_path) as https,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{https.plain}", headers={"host": HOST}) as client,
    ):
        page = await client.get("/zh/works/abc?a=b")
        assert (page.status_code, page.headers["location"]) == (301, f"https://{HOST}/zh/works/abc?a=b")
        program = await client.get("/api/v1/works", headers={"authorization": "Bearer x"})
        assert (program.status_code, "location" in program.headers) == (403, False)


@PROXIES
async def test_only_tls_1_2_and_1_3_are_spoken(proxy: Proxy, tmp_path: Path) -> None:
    spoken = []
    async with proxy(NOBODY, tmp_path) as https:
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting(https)
            context.set_ciphers("DEFAULT@SECLEVEL=0")  # or this end would refuse the old one
            context.minimum_version = context.maximum_version = version
            try:
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", https.secure, ssl=context, server_hostname=HOST
                )
            except (ssl.SSLError, ConnectionError):
                continue
            spoken.append(writer.get_extra_info("ssl_object").version())
            writer.close()
    assert spoken == ["TLSv1.2", "TLSv1.3"]


@PROXIES
async def test_http_2_is_spoken(proxy: Proxy, tmp_path: Path) -> None:
    async with proxy(NOBODY, tmp_path) as https:
        context = trusting(https)
        context.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await asyncio.open_connection(
            "127.0.0.1", https.secure, ssl=context, server_hostname=HOST
        )
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.close()


@PROXIES
async def test_the_site_learns_who_asks_for_which_host_by_https(proxy: Proxy, tmp_path: Path) -> None:
    async with echo() as site, proxy(site.address, tmp_path) as https, visitor(https) as client:
        assert (await client.get("/zh/", headers={"x-forwarded-for": "192.0.2.9"})).status_code == 200
        (head,) = site.heads
        lines = {line.lower() for line in head.split("\r\n")}
        assert {f"host: {HOST}", "x-forwarded-for: 127.0.0.1", "x-forwarded-proto: https"} <= lines


@PROXIES
async def test_each_form_may_be_as_large_as_the_site_takes(proxy: Proxy, tmp_path: Path) -> None:
    body = b"x" * 65_000_000
    async with echo() as site, proxy(site.address, tmp_path) as https, visitor(https) as client:
        for path, fits in (("/desk/works", False), ("/desk/works/many", True), ("/desk/sheets", True)):
            try:
                is_taken = (await client.post(path, content=body)).status_code == 200
            except (httpx.NetworkError, httpx.RemoteProtocolError):  # refused, and closed
                is_taken = False
            assert is_taken == fits, path


@PROXIES
async def test_no_log_has_an_address_that_is_a_key(proxy: Proxy, tmp_path: Path) -> None:
    async with proxy(NOBODY, tmp_path) as https, visitor(https) as client:
        for beginning in (each.replace("*", "zh-Hant") for each in secret_beginnings()):
            assert (await client.get(f"{beginning}a-key")).status_code == 502
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{https.plain}") as plain:
                assert (await plain.get(f"{beginning}a-key", headers={"host": HOST})).status_code == 301
        await client.get("/zh/works/not-a-key")
    assert "a-key" not in https.logs().replace("not-a-key", "")
    if proxy is nginx_with_https:
        assert "/zh/works/not-a-key" in https.logs()


async def test_nginx_keeps_style_sheets_and_no_page(tmp_path: Path) -> None:
    async with echo() as site, nginx_with_https(site.address, tmp_path) as https, visitor(https) as client:
        for path in (
            "/static/1/a.css",
            "/static/1/a.css",
            "/zh/",
            "/zh/",
            "/media/a/320.jpg",
            "/media/a/320.jpg",
        ):
            assert (await client.get(path)).status_code == 200
        asked = [head.split()[1] for head in site.heads]
        assert asked == ["/static/1/a.css", "/zh/", "/zh/", "/media/a/320.jpg", "/media/a/320.jpg"]


CLASS, PICTURES = 40, 60  # people behind one address who open a page at the same moment, and pictures on it


async def test_nginx_lets_a_class_look_and_slows_down_a_flood(tmp_path: Path) -> None:
    async with echo() as site, nginx_with_https(site.address, tmp_path) as https:

        async def ask(paths: list[str]) -> list[int]:
            """Send all requests at once, on one connection; returns the statuses."""
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", https.secure, ssl=trusting(https), server_hostname=HOST
            )
            for path in paths:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            statuses = []
            for _ in paths:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
                statuses.append(int(head.split()[1]))
            writer.close()
            return statuses

        page = ["/zh/exhibitions/winter", *(f"/media/{number}/320.jpg" for number in range(PICTURES))]
        answers = await asyncio.gather(*(ask(page) for _ in range(CLASS)))
        assert {status for one in answers for status in one} == {200}
        assert len(site.heads) == CLASS * (PICTURES + 1)
        flood = await ask(["/zh/search?q=a"] * 900)
        assert 429 in flood
