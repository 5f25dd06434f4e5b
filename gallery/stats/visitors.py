"""Which requests count as visitors: requests of browsers, but not of bots, and no prefetches."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

# Every browser's user agent contains one of these; those of curl, feed readers and libraries do not.
BROWSER_PREFIXES = (b"Mozilla/", b"Opera/")

# Found in the user agents of bots that call themselves browsers.
BOT_PATTERNS = (
    "(?<!cu)bot",  # Googlebot, bingbot, Applebot, GPTBot …; but not Cubot, a maker of phones
    "crawl",
    "spider",  # Baiduspider, Sogou web spider, 360Spider, Bytespider, YisouSpider
    "slurp",
    "scrap",
    "scan",
    "preview",  # BingPreview, and social networks that draw share cards
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
    """Whether the user agent is that of a browser and not of a bot."""
    return user_agent.startswith(BROWSER_PREFIXES) and not _BOT.search(user_agent)


def is_prefetch(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the request is a prefetch, which nobody sees yet.

    https://wicg.github.io/nav-speculation/prefetch.html
    """
    return any(_PREFETCH.search(headers[name]) for name in _PREFETCH_HEADERS if name in headers)


@functools.lru_cache(maxsize=4096)
def is_browser_page_request(user_agent: bytes, accept: bytes) -> bool:
    """Whether a browser, not a bot, requests an HTML page."""
    return is_browser(user_agent) and b"text/html" in accept


def is_visitor(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a GET with these headers (names in lower case) counts as somebody opening a page."""
    return is_browser_page_request(headers.get(b"user-agent", b""), headers.get(b"accept", b"")) and (
        _PREFETCH_HEADERS.isdisjoint(headers) or not is_prefetch(headers)
    )
