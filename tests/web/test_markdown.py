"""Stories and wall texts: allowed Markdown, and what is removed."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.web.markdown import excerpt, markdown_to_html, markdown_to_text

ALLOWED = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr"}

hostile = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<script>alert(1)</script>",
                "<img src=x onerror=alert(1)>",
                "![a](https://x.example/y.png)",
                "[a](javascript:alert(1))",
                "[a](JaVaScRiPt:alert(1))",
                "<javascript:alert(1)>",
                "[a](data:text/html,x)",
                "[a](//x.example)",
                "[a](https://x.example/?a=1&b=2 'onclick=1')",
                '<a href="https://x.example" onclick="x()">',
                "<svg onload=x()>",
                "[r]: javascript:x",
                "[r]",
                "```\ncode\n```",
                "`code`",
                "    code",
                "# ",
                "###### ",
                "===",
                "---",
                "> ",
                "1. ",
                "- ",
                "**",
                "*",
                "\n",
                "\n\n",
                "&lt;script&gt;",
                "&#x3c;img&#x3e;",
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=12,
).map("".join)


class Tags(HTMLParser):
    """Every tag of a piece of HTML with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(hostile)
def test_only_the_subset_comes_through(text: str) -> None:
    for tag, attributes in Tags(str(markdown_to_html(text))).found:
        assert tag in ALLOWED
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        if tag == "a" and "href" in attributes:
            assert (attributes["href"] or "").lower().startswith(("https://", "http://"))
            assert attributes["rel"] == "nofollow noopener"


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@given(hostile, st.integers(2, 60))
def test_an_excerpt_is_as_short_as_asked(text: str, length: int) -> None:
    short = excerpt(text, length)
    assert columns(short) <= length
    assert "\n" not in short
    if columns(markdown_to_text(text)) <= length:
        assert short == markdown_to_text(text)
    else:
        assert short.endswith("…")
        assert markdown_to_text(text).startswith(short[:-1])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One", "<h3>One</h3>"),
        ("## Two", "<h3>Two</h3>"),
        ("### Three", "<h3>Three</h3>"),
        ("#### Four", "<h4>Four</h4>"),
        ("###### Six", "<h4>Six</h4>"),
        ("> # Quoted", "<blockquote>\n<h3>Quoted</h3>\n</blockquote>"),
        ("Not a heading\n===", "<p>Not a heading<br>\n===</p>"),
        ("One line\nand another", "<p>One line<br>\nand another</p>"),
        ("我**很**高兴", "<p>我<strong>很</strong>高兴</p>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("[a](/desk/sign-out)", "<p>[a](/desk/sign-out)</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        (
            "[a](https://x.example/)",
            '<p><a href="https://x.example/" rel="nofollow noopener">a</a></p>',
        ),
        ("", ""),
    ],
)
def test_markdown_becomes(text: str, html: str) -> None:
    assert str(markdown_to_html(text)).strip() == html


def test_plain_text_keeps_chinese_together_and_blocks_apart() -> None:
    assert markdown_to_text("北方吃饺子。\n\n南方吃汤圆。") == "北方吃饺子。南方吃汤圆。"
    assert markdown_to_text("# 题\n\n我**很**高兴\n\n- 一\n- 二") == "题 我很高兴 一 二"


def test_an_excerpt_counts_chinese_characters_as_two() -> None:
    assert excerpt("团圆团圆团圆", 12) == "团圆团圆团圆"
    assert excerpt("团圆，团圆团圆", 8) == "团圆，…"[:2] + "…"
    assert excerpt("winter solstice", 7) == "winter…"


def test_an_excerpt_breaks_no_word_unless_it_is_nearly_all() -> None:
    assert excerpt("winter solstice is round", 12) == "winter…"
    assert excerpt("a solstice-like feast", 7) == "a sols…"
    assert excerpt("冬至我们包饺子，吃dumplings", 20) == "冬至我们包饺子，吃…"
    assert excerpt("solstices", 5) == "sols…"
