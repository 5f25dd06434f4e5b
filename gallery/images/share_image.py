"""What stands on a card or a poster, told without drawing it: equal placards are the same picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

DESIGN_VERSION = 1  # to be raised when the drawing changes, so that addresses change with it


@dataclass(frozen=True)
class Fonts:
    """The two font files with which everything is set."""

    serif: str
    sans: str


@dataclass(frozen=True)
class ShareImageFormat:
    """A kind of placard, its size in px."""

    name: str
    size: tuple[int, int]
    suffix: str
    media_type: str

    @property
    def file(self) -> str:
        return f"{self.name}.{self.suffix}"


CARD = ShareImageFormat("card", (1200, 630), "jpg", "image/jpeg")  # the shape that networks ask for
POSTER = ShareImageFormat("poster", (1080, 1920), "png", "image/png")  # a telephone's screen
SHARE_IMAGE_FORMATS = {form.name: form for form in (CARD, POSTER)}


@dataclass(frozen=True)
class ShareImage:
    """The words of a card or poster; each is one line of plain text and may be empty."""

    form: str
    language: str
    accent: str  # #rrggbb
    title: str
    site: str
    token: str = ""  # of the image that is shown; empty for none
    over: str = ""  # the date line
    under: str = ""  # the title in the other language
    credit: str = ""
    facts: tuple[str, ...] = ()
    caption: str = ""  # whose picture it is, where the placard is not about that work
    address: str = ""  # where the QR code leads
    invitation: str = ""  # what is said beside it

    @property
    def digest(self) -> str:
        """12 letters that change with anything that is drawn."""
        told = json.dumps([DESIGN_VERSION, asdict(self)], sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()

    @property
    def name(self) -> str:
        """The name of its file, as `card-0123456789ab.jpg`: it says nothing of whom it shows."""
        return f"{self.form}-{self.digest}.{SHARE_IMAGE_FORMATS[self.form].suffix}"
