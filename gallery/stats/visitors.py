"""Who counts as a visitor: somebody at a browser, as far as a request tells; no program, and nothing fetched ahead."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

# Every browser in use calls itself so; programs that say plainly what they are (curl, feed readers, libraries) do not.
BROWSER_PREFIXES = (b"Mozilla/", b"Opera/")

# What stands in the name of a program that calls itself a browser.
BOT_PATTERNS = (
    "(?<!cu)bot",  # Googlebot, bingbot, Applebot, GPTBot …; Cubot makes telephones
    "crawl",
    "spider",  # Baiduspider, Sogou web spider, 360Spider, Bytespider, YisouSpider
    "slurp",
    "scrap",
    "scan",
    "preview",  # BingPreview, and networks that draw a card
    "externalhit",
    "embedly",
    "headless",
    "phantomjs",
    "lighthouse",
    "pagespeed",
    "ptst",  # WebPageTest
    "pingdom",
    "uptime",
    "monitor",
    "validator",
    "archive",
    "googleother",
    "google-inspectiontool",
    "google-read-aloud",
    "mediapartners",
    "feedfetcher",
)
_BOT = re.compile("|".join(BOT_PATTERNS).encode(), re.IGNORECASE)
_PREFETCH = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE)
_PREFETCH_HEADERS = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})


def is_browser(user_agent: bytes) -> bool:
    """Whether a program that calls itself so is one that people look at pages with."""
    return user_agent.startswith(BROWSER_PREFIXES) and not _BOT.search(user_agent)


def is_prefetch(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that nobody is looking yet (https://wicg.github.io/nav-speculation/prefetch.html)."""
    return any(_PREFETCH.search(headers[name]) for name in _PREFETCH_HEADERS if name in headers)


@functools.lru_cache(maxsize=4096)
def is_browser_page_request(user_agent: bytes, accept: bytes) -> bool:
    """Whether a request for a page is what a browser sends to show it."""
    return is_browser(user_agent) and b"text/html" in accept


def is_visitor(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a GET with these headers, their names in small letters, is somebody opening a page."""
    return is_browser_page_request(headers.get(b"user-agent", b""), headers.get(b"accept", b"")) and (
        _PREFETCH_HEADERS.isdisjoint(headers) or not is_prefetch(headers)
    )
