"""Checks whether a URL works, without reaching the site's own network (server-side request forgery).

The host name is resolved once per request, and the connection goes to exactly the IP address that was
checked. This prevents DNS rebinding. Each redirect is checked again. No response body is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from urllib.parse import quote, urljoin, urlsplit

import h11

from gallery.web.forms import is_web_address

TIMEOUT_SECONDS = 10  # for all requests of one check together
MAX_REDIRECTS = 5
MAX_HEAD_BYTES = 32_768  # status line and headers together
REDIRECT_STATUSES = {301, 302, 303, 307, 308}
# Status codes with which sites refuse bots; people may still be able to open the page.
CLOSED_TO_PROGRAMS = {401, 403, 429}

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291, 2.4: all addresses assigned so far
DOCUMENTATION = ipaddress.ip_network("3fff::/20")  # RFC 9637, unknown to older Python versions
ISATAP, ISATAP_MASK = 0x00005EFE, 0xFDFFFFFF  # RFC 5214, 6.1: bits 64 to 95


class Unreachable(Exception):
    """The URL does not work; `reason` is a key of links.PROBLEM_WORDS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def final_status(url: str, *, private_too: bool = False) -> int:
    """The status code of `url` after redirects. Raises Unreachable.

    Uses HEAD, and GET if HEAD gives an error. `private_too` also allows addresses of private networks.
    """
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status = await _follow(url, "HEAD", private_too)
            if status >= 400:
                status = await _follow(url, "GET", private_too)
            return status
    except TimeoutError as error:
        raise Unreachable("slow") from error
    except ssl.SSLError as error:
        raise Unreachable("certificate") from error
    except (OSError, EOFError) as error:
        raise Unreachable("refused") from error
    except h11.RemoteProtocolError as error:
        raise Unreachable("not_http") from error


def is_alive(status: int) -> bool:
    return status < 400 or status in CLOSED_TO_PROGRAMS


async def _follow(url: str, method: str, private_too: bool) -> int:
    for _ in range(MAX_REDIRECTS + 1):
        if not is_web_address(url):
            raise Unreachable("redirect")
        status, location = await _request(url, method, private_too)
        if status not in REDIRECT_STATUSES or not location:
            return status
        url = urljoin(url, location)
    raise Unreachable("redirect")


async def _request(url: str, method: str, private_too: bool) -> tuple[int, str]:
    """The status code and the Location header of one request."""
    parts = urlsplit(url)
    is_https = parts.scheme == "https"
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError as error:
        raise Unreachable("name") from error
    port = parts.port or (443 if is_https else 80)
    address = await _resolve(host, port, private_too)
    reader, writer = await asyncio.open_connection(
        address,
        port,
        ssl=ssl.create_default_context() if is_https else None,
        server_hostname=host if is_https else None,
    )
    try:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        shown_host = f"[{host}]" if ":" in host else host
        query = f"?{parts.query}" if parts.query else ""
        request = h11.Request(
            method=method,
            target=quote(f"{parts.path or '/'}{query}", safe="/?%:@!$&'()*+,;=~-._[]"),
            headers=[
                ("Host", shown_host if port in {80, 443} else f"{shown_host}:{port}"),
                ("User-Agent", "Mozilla/5.0 (compatible; gallery link check)"),
                ("Accept", "text/html,*/*"),
                ("Connection", "close"),
            ],
        )
        writer.write(connection.send(request) or b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                return event.status_code, dict(event.headers).get(b"location", b"").decode("latin-1")
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(4096))
            elif isinstance(event, h11.ConnectionClosed):
                raise Unreachable("not_http")
    finally:
        writer.close()


async def _resolve(host: str, port: int, private_too: bool) -> str:
    """The IP address to connect to. Raises Unreachable if the host has any address that is not public."""
    try:
        results = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("name") from error
    addresses = [str(each[4][0]) for each in results]
    if not addresses:
        raise Unreachable("name")
    if not private_too and not all(is_public_address(address) for address in addresses):
        raise Unreachable("private")
    return addresses[0]


def is_public_address(address: str) -> bool:
    """Whether an IP address is public, as well as each IPv4 address embedded in it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    last = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.ipv4_mapped or ip in NAT64:
        return is_public_address(str(last))
    # Other ranges that embed an IPv4 address, such as ::/96 and 64:ff9b:1::/48, are not in GLOBAL_UNICAST.
    if ip not in GLOBAL_UNICAST or ip in DOCUMENTATION or not ip.is_global:
        return False
    wrapped = [ip.sixtofour, *(ip.teredo or ()), last if (int(ip) >> 32) & ISATAP_MASK == ISATAP else None]
    return all(is_public_address(str(each)) for each in wrapped if each is not None)
