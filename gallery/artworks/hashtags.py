"""Hashtags in stories suggest themes to the partner. They never set a theme."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gallery.themes.models import Theme

MAX_TAG_LENGTH = 40  # characters in one hashtag
HASHTAG = re.compile(
    r"(?<![A-Za-z0-9_/&])[#＃](?:"
    rf"([^\s#＃][^\n#＃]{{0,{MAX_TAG_LENGTH - 2}}}[^\s#＃]|[^\s#＃])[#＃]"  # "#two words#", as on Weibo
    rf"|(\w{{1,{MAX_TAG_LENGTH}}})(?!\w)"  # "#word"
    r")"
)


def hashtags(text: str) -> list[str]:
    """The hashtags in a text, as typed, without duplicates, in order: `#World Cup#` and `#WorldCup`.

    A Markdown heading (`#` and a space), the fragment of a URL and a number (#1) are not hashtags.
    """
    tags = (closed or open for closed, open in HASHTAG.findall(text))
    return list(dict.fromkeys(tag for tag in tags if not tag.isdecimal()))


def normalised_tag(name: str) -> str:
    """A hashtag or a theme's name in the form used for comparison.

    Only letters and digits are kept; case, full-width forms and years are ignored.
    """
    letters = "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
    return re.sub(r"(?:19|20)[0-9]{2}年?", "", letters) or letters


def hashtags_with_match(themes: Sequence[Theme], *texts: str) -> list[tuple[str, bool]]:
    """Each hashtag in `texts`, with whether it names one of `themes`, the themes of the work."""
    tags = dict.fromkeys(tag for text in texts for tag in hashtags(text))
    return [(tag, bool(themes_in_hashtags(themes, f"#{tag}#"))) for tag in tags]


def themes_in_hashtags(themes: Sequence[Theme], *texts: str) -> list[Theme]:
    """The `themes` that a hashtag in `texts` names, by a title or the slug."""
    tags = {normalised_tag(tag) for text in texts for tag in hashtags(text)} - {""}
    return [
        theme
        for theme in themes
        if tags & {normalised_tag(name) for name in (*theme.title.values(), theme.slug)}
    ]
