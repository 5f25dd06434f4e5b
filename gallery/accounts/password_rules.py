"""Weak passwords are refused: common, leaked, or made of the person's name, address or organisation.

The package zxcvbn contains lists of common and leaked passwords, and knows the usual ways to vary them. No
web service is called.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterable
from typing import Any

from zxcvbn import zxcvbn

from gallery.accounts.models import Membership, Person
from gallery.settings import Settings
from gallery.web.forms import Form
from gallery.web.languages import LANGUAGES
from gallery.web.languages import lazy_gettext as _l

MIN_SCORE = 3  # zxcvbn scores from 0 to 4; from 3 on, guessing takes at least 10**8 attempts
MAX_CHECKED_LENGTH = 72  # characters; zxcvbn's time grows with the square of the length
MIN_OTHER_LETTERS = 8  # letters that are not part of the person's names; a Chinese character counts as two

COMMON_PASSWORD = _l(
    "This password is among the common or leaked ones, or is guessed from them within hours. Please choose another, "
    "such as four words that have nothing to do with each other."
)
PERSONAL_PASSWORD = _l(
    "This password is made of your name, your e-mail address or the name of your organisation, which others try first. "
    "Please choose another."
)


async def refuse_weak_password(form: Form, own: Iterable[str], settings: Settings) -> None:
    """Add an error to the form's field `password` if the password is weak.

    A password is weak if it is common, leaked, or made of the site's name or a name in `own`.
    """
    names = [*own, *(settings.site_name(language) for language in LANGUAGES)]
    sentence = await asyncio.to_thread(password_weakness, form["password"].data or "", names)
    if sentence:
        form.refuse("password", str(sentence))


async def names_of_person(person: Person) -> list[str]:
    """The names that others know and would try first: name, address, organisations."""
    memberships = await Membership.filter(person_id=person.id).prefetch_related("organisation")
    organisations = (each.organisation for each in memberships)
    return [
        person.name,
        person.email,
        *(name for each in organisations for name in names_of_organisation(each)),
    ]


def names_of_organisation(organisation: Any) -> list[str]:
    return [*organisation.name.values(), organisation.slug]


def password_weakness(password: str, names: Iterable[str]) -> Any:
    """Why a password is refused, as a lazy sentence; "" if it is accepted."""
    names_to_avoid = {
        written
        for name in names
        for written in (_normalized_letters(name), _normalized_letters(_pinyin(name)))
    }
    letters = _normalized_letters(password)
    others = _without_names(letters, names_to_avoid)
    if others != letters and sum(1 if letter.isascii() else 2 for letter in others) < MIN_OTHER_LETTERS:
        return PERSONAL_PASSWORD
    result = zxcvbn(password[:MAX_CHECKED_LENGTH], user_inputs=sorted(names_to_avoid))
    return COMMON_PASSWORD if result["score"] < MIN_SCORE else ""


def _pinyin(name: str) -> str:
    from pypinyin import lazy_pinyin  # 50 MB of memory: only for processes that judge a password

    return "".join(lazy_pinyin(name))


def _without_names(letters: str, names_to_avoid: Iterable[str]) -> str:
    """`letters` without each run of at least 5 letters, or 2 Chinese characters, that occurs in a name."""
    others, start = "", 0
    while start < len(letters):
        end = start + (5 if letters[start].isascii() else 2)
        if end > len(letters) or not any(letters[start:end] in name for name in names_to_avoid):
            others += letters[start]
            start += 1
            continue
        while end < len(letters) and any(letters[start : end + 1] in name for name in names_to_avoid):
            end += 1
        start = end
    return others


def _normalized_letters(text: str) -> str:
    """The letters and digits of a text, in lower case, without accents, full-width forms as ASCII."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
