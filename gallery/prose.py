"""Stories and wall texts: Markdown in a safe subset, turned into clean HTML."""

from __future__ import annotations

import functools
import re
import unicodedata

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr"}
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).disable(
    ["image", "code", "fence", "backticks", "html_block", "html_inline", "reference"]
)


@functools.lru_cache(maxsize=4096)
def prose(text: str) -> Markup:
    """`text` as HTML: paragraphs, emphasis, lists, quotations, small headings and http(s) links; nothing else.

    What is not in the subset stays as the letters that were typed. Line breaks are kept, as in a letter.
    """
    html = _markdown.render(_without_headings_above(text))
    return Markup(  # noqa: S704: nh3 has just cleaned it
        nh3.clean(
            html,
            tags=_TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https"},
            link_rel="nofollow noopener",
        )
    )


def plain(text: str) -> str:
    """`text` without Markdown, on one line: for descriptions and cards."""
    bare = nh3.clean(str(prose(text)).replace("<", " <"), tags=set())
    return " ".join(Markup(bare).unescape().split())  # noqa: S704: unescaped into text, not shown as HTML


def excerpt(text: str, length: int = 120) -> str:
    """The beginning of `text` in at most `length` columns, a Chinese character being two."""
    words, columns = plain(text), 0
    kept: list[str] = []
    for character in words:
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > length:
            return "".join(kept).rstrip(" ，。、,;") + "…"
        kept.append(character)
    return words


def _without_headings_above(text: str) -> str:
    """Headings of levels 1 and 2 belong to the page; a story's own begin at level 3."""
    return re.sub(r"^(#{1,6})(?=\s)", lambda match: "#" * max(3, len(match[1])), text, flags=re.MULTILINE)
