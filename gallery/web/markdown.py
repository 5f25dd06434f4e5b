"""Markdown for stories and wall texts: a safe subset, as sanitised HTML or as plain text."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr"}
_LINE_EDGE = re.compile(r"<(?=br\b)")
_BLOCK_EDGE = re.compile(r"</?(?:p|blockquote|ul|ol|li|h3|h4|hr)\b[^>]*>")


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Whether `url` becomes a link; any other address stays plain text."""
        return url.lower().startswith(("https://", "http://"))


_markdown = _Markdown("commonmark", {"html": False, "breaks": True, "linkify": False}).disable(
    ["image", "code", "fence", "backticks", "html_block", "html_inline", "reference", "lheading"]
)


@functools.lru_cache(maxsize=4096)
def markdown_to_html(text: str) -> Markup:
    """`text` as HTML: only paragraphs, emphasis, lists, quotations, small headings and http(s) links.

    Everything outside this subset is shown as it was typed. Line breaks are kept.
    """
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:  # h1 and h2 are for the page itself
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
def markdown_to_text(text: str) -> str:
    """`text` without Markdown on one line, for descriptions and cards.

    No space follows Chinese punctuation.
    """
    return _joined(blocks_of_text(text))


@functools.lru_cache(maxsize=4096)
def blocks_of_text(text: str) -> tuple[str, ...]:
    """The paragraphs, headings and list items of `text` without Markdown, each a part of `markdown_to_text`."""
    html = _LINE_EDGE.sub("\n<", str(markdown_to_html(text)))
    blocks = []
    for block in _BLOCK_EDGE.split(html):
        bare = nh3.clean(block, tags=set())
        lines = Markup(bare).unescape().splitlines()  # noqa: S704 (unescaped into text, not shown as HTML)
        if joined := _joined(words for line in lines if (words := " ".join(line.split()))):
            blocks.append(joined)
    return tuple(blocks)


def split_first_paragraph(text: str) -> tuple[str, str]:
    """The first paragraph, and all others, both still in Markdown."""
    first, _, rest = text.strip().replace("\r\n", "\n").partition("\n\n")
    return first, rest


def _joined(lines: Iterable[str]) -> str:
    joined = ""
    for words in lines:
        joined += (" " if joined and not _is_wide_punctuation(joined[-1]) else "") + words
    return joined


def display_width(text: str) -> int:
    """The width of `text` in columns: two for a Chinese character, one for a letter."""
    return sum(2 if _is_wide(character) else 1 for character in text)


def _is_wide_punctuation(character: str) -> bool:
    """Whether a character is full-width punctuation, which contains its own space."""
    return _is_wide(character) and unicodedata.category(character).startswith("P")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _whole_words(text: str, end: int) -> str:
    start = end
    while 0 < start < len(text) and _is_letter(text[start - 1]) and _is_letter(text[start]):
        start -= 1
    return text[: start if 2 * start > end else end]


def _is_letter(character: str) -> bool:
    """Whether a character is part of a word of letters: of Latin, not of Chinese."""
    return not _is_wide(character) and unicodedata.category(character)[0] in "LMN"


@functools.lru_cache(maxsize=4096)
def excerpt(text: str, length: int = 120) -> str:
    """The beginning of `text` in at most `length` columns (two for a Chinese character), with "…" if it was cut.

    It is cut between words, unless half of its characters or more would be lost.
    """
    words, width, fitting = markdown_to_text(text), 0, 0
    for position, character in enumerate(words):
        width += display_width(character)
        if width > length:
            return _whole_words(words, fitting).rstrip(" ，。、,;") + "…"
        if width < length:
            fitting = position + 1
    return words
