"""Hints on the words of a case: personal data and respectful wording, by the checks that works have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gallery.reviews.checks import personal_data, wording
from gallery.reviews.hints import HINT_SENTENCES
from gallery.web.texts import Texts


@dataclass(frozen=True)
class CaseHint:
    excerpt: str
    sentence: str
    instead: str = ""  # other words that could be used


def hints_on(texts: Mapping[str, Texts]) -> list[CaseHint]:
    """What somebody should look at again in these texts, in all their languages, each excerpt once."""
    flat = {f"{name}[{tag}]": words for name, text in texts.items() for tag, words in text.items()}
    found = {}
    for each in personal_data.check(flat):
        found[each.excerpt] = CaseHint(each.excerpt, str(HINT_SENTENCES[f"{each.check}.{each.rule}"]))
    entries = {entry.id: entry for entry in wording.wording_list().entries}
    for each in wording.check(flat):
        entry = entries[each.rule]
        found.setdefault(each.excerpt, CaseHint(each.excerpt, entry.why.localized().text, entry.instead))
    return list(found.values())
