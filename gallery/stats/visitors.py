"""Who counts as a visitor: somebody at a browser, as far as a request tells; no program, and nothing fetched ahead."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

# Every browser in use calls itself so; programs that say plainly what they are (curl, feed readers, libraries) do not.
BROWSERS = (b"Mozilla/", b"Opera/")

# What stands in the name of a program that calls itself a browser.
PROGRAMS = (
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
_PROGRAM = re.compile("|".join(PROGRAMS).encode(), re.IGNORECASE)
_AHEAD = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE)
_SAYS_AHEAD = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})


def is_browser(user_agent: bytes) -> bool:
    """Whether a program that calls itself so is one that people look at pages with."""
    return user_agent.startswith(BROWSERS) and not _PROGRAM.search(user_agent)


def is_fetched_ahead(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that nobody is looking yet (https://wicg.github.io/nav-speculation/prefetch.html)."""
    return any(_AHEAD.search(headers[name]) for name in _SAYS_AHEAD if name in headers)


@functools.lru_cache(maxsize=4096)
def opens_pages(user_agent: bytes, accept: bytes) -> bool:
    """Whether a request for a page is what a browser sends to show it."""
    return is_browser(user_agent) and b"text/html" in accept


def is_visitor(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a GET with these headers, their names in small letters, is somebody opening a page."""
    return opens_pages(headers.get(b"user-agent", b""), headers.get(b"accept", b"")) and (
        _SAYS_AHEAD.isdisjoint(headers) or not is_fetched_ahead(headers)
    )
