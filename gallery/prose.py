"""Stories and wall texts: Markdown in a safe subset, turned into clean HTML."""

from __future__ import annotations

import functools
import re
import unicodedata

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr"}
_BLOCK_EDGE = re.compile(r"<(?=/?(?:p|br|blockquote|ul|ol|li|h3|h4|hr)\b)")


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Whether `url` becomes a link: another address of any kind stays as it was typed."""
        return url.lower().startswith(("https://", "http://"))


_markdown = _Markdown("commonmark", {"html": False, "breaks": True, "linkify": False}).disable(
    ["image", "code", "fence", "backticks", "html_block", "html_inline", "reference", "lheading"]
)


@functools.lru_cache(maxsize=4096)
def prose(text: str) -> Markup:
    """`text` as HTML: paragraphs, emphasis, lists, quotations, small headings and http(s) links; nothing else.

    What is not in the subset stays as the letters that were typed. Line breaks are kept, as in a letter.
    """
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:  # levels 1 and 2 belong to the page
            token.tag = "h3" if token.tag in {"h1", "h2", "h3"} else "h4"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(  # noqa: S704 (nh3 has just cleaned it)
        nh3.clean(
            html,
            tags=_TAGS,
            attributes={"a": {"href"}, "*": set()},
            url_schemes={"http", "https"},
            url_relative="deny",
            link_rel="nofollow noopener",
        )
    )


@functools.lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """`text` without Markdown, on one line: for descriptions and cards."""
    bare = nh3.clean(_BLOCK_EDGE.sub(" <", str(prose(text))), tags=set())
    return " ".join(Markup(bare).unescape().split())  # noqa: S704 (unescaped into text, not shown as HTML)


@functools.lru_cache(maxsize=4096)
def excerpt(text: str, length: int = 120) -> str:
    """The beginning of `text` in at most `length` columns, a Chinese character being two and "…" one of them."""
    words, columns, fitting = plain(text), 0, 0
    for position, character in enumerate(words):
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > length:
            return words[:fitting].rstrip(" ，。、,;") + "…"
        if columns < length:
            fitting = position + 1
    return words
