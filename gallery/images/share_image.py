"""The content of a card or poster, without its pixels. Equal values give the same picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

DESIGN_VERSION = 4  # increase it when the drawing code changes: the digest changes, too


@dataclass(frozen=True)
class Fonts:
    """The two main font files. script_fonts.py has the fonts of other scripts."""

    serif: str
    sans: str


@dataclass(frozen=True)
class ShareImageFormat:
    """Card or poster; the size is in px."""

    name: str
    size: tuple[int, int]
    suffix: str
    media_type: str


CARD = ShareImageFormat("card", (1200, 630), "jpg", "image/jpeg")  # the aspect ratio that social networks use
POSTER = ShareImageFormat("poster", (1080, 1920), "png", "image/png")  # the size of a phone's screen
SHARE_IMAGE_FORMATS = {form.name: form for form in (CARD, POSTER)}


@dataclass(frozen=True)
class ShareImage:
    """The texts of a card or poster. Each is one line of plain text and may be empty."""

    form: str
    language: str
    accent: str  # #rrggbb
    title: str
    site: str
    tokens: tuple[str, ...] = ()  # the tokens of the pictures; several hang in a row
    over: str = ""  # the date line above the title
    under: str = ""  # the title in the next language
    title_language: str = ""  # BCP 47 tags; empty: the language of the page
    under_language: str = ""
    credit: str = ""
    facts: tuple[str, ...] = ()
    caption: str = ""  # title and artist of the picture, if the page is not about that work
    saying: str = ""  # a sentence of the work's story, whole; left out if it has no room
    saying_language: str = ""
    address: str = ""  # the address in the QR code
    invitation: str = ""  # the text next to the QR code

    @property
    def digest(self) -> str:
        """A hash of everything that is drawn: 12 hex digits."""
        content = json.dumps([DESIGN_VERSION, asdict(self)], sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()

    @property
    def name(self) -> str:
        """The file name, such as `card-0123456789ab.jpg`. The name does not reveal which work it shows."""
        return f"{self.form}-{self.digest}.{SHARE_IMAGE_FORMATS[self.form].suffix}"


def language_data(language: str) -> dict[str, str]:
    """The properties of a BCP 47 tag that Typst needs: the language, and whether it is Traditional Chinese."""
    base, *others = language.split("-")
    is_traditional = base == "yue" or not {"Hant", "TW", "HK", "MO"}.isdisjoint(others)
    return {"lang": base if 2 <= len(base) <= 3 else "en", "script": "Hant" if is_traditional else ""}
