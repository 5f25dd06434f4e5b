"""Links of projects: checked by the worker, never within the site's own network; dead ones are not offered to
visitors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.clock import now
from gallery.organisations import link_check
from gallery.organisations.link_check import Unreachable, final_status, is_alive, is_public_address
from gallery.organisations.links import MAX_FAILURES, check_next_link, register_links
from gallery.organisations.models import CheckedLink, LinkState, Project
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import attributes

Answer = Callable[[str, str], bytes]  # method, target → what the server sends


@asynccontextmanager
async def server(answer: Answer, asked: list[str] | None = None) -> AsyncIterator[str]:
    """A real web server on this machine; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if asked is not None:
            asked.append(f"{method} {target}")
        writer.write(answer(method, target))
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    async with running:
        yield f"http://127.0.0.1:{port}"


def says(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *headers, "Content-Length: 0", "", ""]).encode()


async def test_a_page_that_answers_is_alive() -> None:
    asked: list[str] = []
    async with server(lambda method, target: says(200), asked) as address:
        assert await final_status(f"{address}/给?q=月捐#top", private_too=True) == 200
    assert asked == ["HEAD /%E7%BB%99?q=%E6%9C%88%E6%8D%90"]


async def test_where_head_is_refused_get_is_asked() -> None:
    asked: list[str] = []
    async with server(lambda method, target: says(405 if method == "HEAD" else 200), asked) as address:
        assert await final_status(address, private_too=True) == 200
    assert asked == ["HEAD /", "GET /"]


@pytest.mark.parametrize(
    ("status", "alive"),
    [(200, True), (204, True), (401, True), (403, True), (404, False), (410, False), (500, False)],
)
async def test_statuses(status: int, alive: bool) -> None:
    async with server(lambda method, target: says(status)) as address:
        assert is_alive(await final_status(address, private_too=True)) is alive


async def test_redirects_are_followed_and_not_for_ever() -> None:
    def twice(method: str, target: str) -> bytes:
        return says(302, "Location: /b") if target == "/a" else says(200)

    async with server(twice) as address:
        assert await final_status(f"{address}/a", private_too=True) == 200
    asked: list[str] = []
    async with server(lambda method, target: says(301, f"Location: {target}x"), asked) as address:
        with pytest.raises(Unreachable, match="redirect"):
            await final_status(f"{address}/", private_too=True)
    assert len(asked) == link_check.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://example.org/", "http://user:x@example.org/", "gopher://x", "http://"],
)
async def test_a_redirect_leads_to_web_pages_only(location: str) -> None:
    async with server(lambda method, target: says(302, f"Location: {location}")) as address:
        with pytest.raises(Unreachable, match="redirect"):
            await final_status(address, private_too=True)


PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://localhost/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.3.4/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "https://127.0.0.1/",
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_the_sites_own_network_is_never_asked(url: str) -> None:
    with pytest.raises(Unreachable) as caught:
        await final_status(url)
    assert caught.value.reason in {"private", "name"}


async def test_a_server_on_this_machine_is_not_even_connected_to() -> None:
    asked: list[str] = []
    async with server(lambda method, target: says(200), asked) as address:
        with pytest.raises(Unreachable, match="private"):
            await final_status(address)
    assert asked == []


async def test_a_name_with_one_private_address_is_refused_and_the_address_is_pinned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name server is replaced: it answers differently each time."""
    loop = asyncio.get_running_loop()
    answers = [["93.184.215.14", "10.0.0.1"], ["93.184.215.14"]]
    asked: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match="private"):
        await link_check._resolve("rebind.example", 80, False)
    assert await link_check._resolve("rebind.example", 80, False) == "93.184.215.14"
    assert asked == ["rebind.example", "rebind.example"]


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_open(address: Any) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public_address(str(address))


CLOSED = ((10, 0, 0, 1), (127, 0, 0, 1), (169, 254, 169, 254), (100, 64, 0, 1), (224, 0, 0, 1))
ALWAYS_CLOSED = (
    "::{}",
    "::ffff:0:{}",
    "64:ff9b:1::{}",
    "64:ff9b:1:abcd::{}",
    "fe80::5efe:{}",
    "fec0::{}",
    "3fff::{}",
)
AS_OPEN_AS_THE_WRAPPED = ("{}", "::ffff:{}", "64:ff9b::{}", "2a00:1450::5efe:{}", "2a00:1450::200:5efe:{}")


def test_an_address_is_as_open_as_the_one_wrapped_in_it() -> None:
    for form in AS_OPEN_AS_THE_WRAPPED:
        assert is_public_address(form.format("8.8.8.8")), form
    assert is_public_address("2002:808:808::1")
    assert is_public_address("2606:4700::1111")
    for four in CLOSED:
        dotted, hexadecimal = ".".join(map(str, four)), "{:02x}{:02x}:{:02x}{:02x}".format(*four)
        for form in (*AS_OPEN_AS_THE_WRAPPED, *ALWAYS_CLOSED):
            assert not is_public_address(form.format(dotted)), (form, dotted)
        assert not is_public_address(f"2002:{hexadecimal}::1")
    for form in ALWAYS_CLOSED:
        assert not is_public_address(form.format("8.8.8.8")), form


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "not_http"),
        (b"220 mail.example.org ESMTP\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, "not_http"),
        (b"\x00" * 40, "not_http"),
    ],
)
async def test_what_is_no_web_server(sent: bytes, reason: str) -> None:
    async with server(lambda method, target: sent) as address:
        with pytest.raises(Unreachable, match=reason):
            await final_status(address, private_too=True)


async def test_a_server_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_check, "TIMEOUT_SECONDS", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    running = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with running:
        port = running.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match="slow"):
            await final_status(f"http://127.0.0.1:{port}/", private_too=True)


async def test_nothing_there_and_no_certificate() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says(200))
        writer.close()

    running = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    async with running:
        with pytest.raises(Unreachable, match="certificate"):
            await final_status(f"https://127.0.0.1:{port}/", private_too=True)
    with pytest.raises(Unreachable, match="refused"):
        await final_status(f"http://127.0.0.1:{port}/", private_too=True)


# What visitors and partners see


async def check_all() -> None:
    await CheckedLink.all().update(next_check_at=now() - timedelta(seconds=1))
    for _ in range(await CheckedLink.all().count()):
        assert await check_next_link(private_too=True)


async def leads_to(visitor: httpx.AsyncClient, page: str) -> set[str]:
    """The targets of the buttons of a project on this page: they lead through our own address, which counts
    visits.
    """
    shown = (await visitor.get(page)).text
    ways = attributes(shown, "a.button[href^='/'][rel='noopener nofollow']", "href")
    return {(await visitor.get(way)).headers["location"] for way in ways}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_dead_link_is_told_to_partner_and_curator_and_leads_nobody_anywhere(site: Site) -> None:
    status = 404
    async with server(lambda method, target: says(status if target == "/give" else 200)) as address:
        project = await factories.project(
            site.cast.organisation,
            link=f"{address}/",
            link_once=f"{address}/give",
            title=Texts({"en": "Painted ties"}),
        )
        work = await factories.artwork(
            site.storage, site.cast.organisation, project=project, status="accepted"
        )
        await factories.exhibition([work])
        visitor, partner = await site.client(), await site.client(site.cast.partner)
        curator = await site.client(site.cast.curator)
        public = (f"/en/projects/{project.slug}", f"/en/works/{work.public_id}")
        await register_links()
        for failures in range(MAX_FAILURES):
            for page in public:
                assert f"{address}/give" in await leads_to(visitor, page), failures
            await check_all()
        await asyncio.sleep(0.6)  # the content version is read again
        for page in public:
            shown = (await visitor.get(page)).text
            assert f"{address}/give" not in await leads_to(visitor, page)
            assert "Give once: the link is being checked" in shown
            assert f"{address}/" in await leads_to(visitor, page)
        for client, page in (
            (partner, "/desk/projects"),
            (partner, f"/desk/projects/{project.id}/edit"),
            (partner, f"/desk/organisations/{site.cast.organisation.id}/edit"),
            (curator, "/desk/organisations"),
        ):
            shown = (await client.get(page)).text
            assert "These links do not work" in shown
            assert "it answers 404" in shown
        status = 200
        await check_all()
        await asyncio.sleep(0.6)
        for page in public:
            assert f"{address}/give" in await leads_to(visitor, page)
        assert "do not work" not in (await partner.get("/desk/projects")).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_links_are_taken_up_once_and_dropped_when_nobody_uses_them(site: Site) -> None:
    project = await factories.project(
        site.cast.organisation, link="https://a.example/", link_monthly="https://b.example/"
    )
    await factories.project(site.cast.elsewhere, link="https://a.example/")
    await site.work()
    await site.work()
    urls = sorted([row.url for row in await CheckedLink.all()])
    assert urls == ["https://a.example/", "https://b.example/"]
    await Project.filter(id=project.id).update(link_monthly="")
    await site.work()
    assert [row.url for row in await CheckedLink.all()] == ["https://a.example/"]
    assert (await CheckedLink.get()).state == LinkState.UNCHECKED  # tests contact no other site


async def test_a_link_is_left_alone_until_it_is_due(site: Site) -> None:
    async with server(lambda method, target: says(200)) as address:
        await factories.project(site.cast.organisation, link=address)
        await register_links()
        assert await check_next_link(private_too=True)
        assert not await check_next_link(private_too=True)
        link = await CheckedLink.get()
        assert (link.state, link.answer) == (LinkState.WORKING, "200")
        assert link.next_check_at > now() + timedelta(hours=23)


async def test_two_workers_look_at_different_links(site: Site) -> None:
    asked: list[str] = []
    async with server(lambda method, target: says(200), asked) as address:
        for number in range(4):
            await factories.project(site.cast.organisation, link=f"{address}/{number}")
        await register_links()
        await asyncio.gather(*(check_next_link(private_too=True) for _ in range(4)))
    assert len(set(asked)) == 4
