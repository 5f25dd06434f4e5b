"""The words with which families are asked for consent by a link. What was shown is kept with each consent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from gallery.artists.consents import SCOPE_WORDS
from gallery.artists.models import ConsentWording
from gallery.web.languages import current_language
from gallery.web.languages import lazy_gettext as _l

TERMS: Sequence[Any] = (
    _l("You need not agree, and nobody is at a disadvantage if you do not. No reason is asked."),
    _l(
        "Your consent is for the works on this page alone. If the organisation wants to show another one, it asks again."
    ),
    _l(
        "Not every work is shown: curators decide. A work of an organisation that they trust may be shown before a "
        "curator has looked at it."
    ),
    _l("All rights stay with the artist."),
    _l(
        "You can withdraw at any time with the same link, and need not say why. The works then leave this website at "
        "once, and their pictures are deleted from it. Nobody can call back what others have copied or printed."
    ),
    _l(
        "Your own name is not published. It is kept for the organisation, to show who agreed, and for a curator's "
        "review, if the organisation shares it. It is deleted when you withdraw."
    ),
)

SCOPE_HINTS: Mapping[str, Any] = {
    "web": _l("Anybody can open the work's page here: its pictures, title, story and the credit name."),
    "voice": _l("The recording can be played on that page."),
    "sharing": _l("Chats, networks and feeds show the picture where somebody passes on the link."),
    "print": _l("On paper, in a hall or in the post."),
    "archive": _l("A copy of the exhibition's pages keeps the work. Withdrawing removes it from there, too."),
    "machine_use": _l(
        "Without it, each page asks programs not to learn from the work. Not every program obeys."
    ),
}


def wording_of(scopes: Sequence[str]) -> str:
    """The terms, and what can be agreed to, as the page in the current language shows them."""
    choices = [f"{SCOPE_WORDS[name]}: {SCOPE_HINTS[name]}" for name in scopes]
    return "\n".join(map(str, [*TERMS, *choices]))


async def keep_wording(text: str) -> ConsentWording:
    """The version of a text in the current language; a new one, unless the same text is kept already."""
    digest = hashlib.sha256(f"{current_language()}\n{text}".encode()).hexdigest()
    made = ConsentWording(digest=digest, language=current_language(), text=text)
    await ConsentWording.bulk_create([made], ignore_conflicts=True)
    return await ConsentWording.get(digest=digest)
