"""Hashtags in stories, and the themes that they propose; nothing is tagged by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gallery.themes.models import Theme

MAX_TAG_LENGTH = 40  # characters of a tag
HASHTAG = re.compile(
    r"(?<![A-Za-z0-9_/&])[#＃](?:"
    rf"([^\s#＃][^\n#＃]{{0,{MAX_TAG_LENGTH - 2}}}[^\s#＃]|[^\s#＃])[#＃]"  # closed, as on Weibo; it may hold blanks
    rf"|(\w{{1,{MAX_TAG_LENGTH}}})(?!\w)"  # open, to the end of the word
    r")"
)


def hashtags(text: str) -> list[str]:
    """The tags in a text, as they are written, each once, in their order: `#World Cup#` and `#WorldCup`.

    A heading of Markdown (a hash and a blank), a fragment of an address and a number (#1) are none.
    """
    found = (closed or open for closed, open in HASHTAG.findall(text))
    return list(dict.fromkeys(tag for tag in found if not tag.isdecimal()))


def normalised_tag(name: str) -> str:
    """How a tag and a theme's name are compared: letters only, without case, width and years."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
    return re.sub(r"(?:19|20)[0-9]{2}年?", "", letters) or letters


def hashtags_with_match(themes: Sequence[Theme], *texts: str) -> list[tuple[str, bool]]:
    """The tags in `texts`, each with whether one of `themes`, those that the work has, is named by it."""
    tags = dict.fromkeys(tag for text in texts for tag in hashtags(text))
    return [(tag, bool(themes_in_hashtags(themes, f"#{tag}#"))) for tag in tags]


def themes_in_hashtags(themes: Sequence[Theme], *texts: str) -> list[Theme]:
    """Those of `themes` that a hashtag in `texts` names, by title in either language or by slug."""
    tags = {normalised_tag(tag) for text in texts for tag in hashtags(text)} - {""}
    return [
        theme
        for theme in themes
        if tags & {normalised_tag(name) for name in (theme.title_zh, theme.title_en, theme.slug) if name}
    ]
