"""Words: how a text is cut into the tokens that the index keeps, and how the words of a question are found in it.

Chinese has no spaces, so a run of its characters becomes pairs that overlap, each at the place of its first
character, and its last character by itself: 冬至吃 → 冬至, 至吃, 吃. A run in a question is then a phrase of pairs, and
a single character the beginning of a pair. Everything else is cut at what is neither letter nor digit, and
English words are reduced to their stems: lanterns → lantern. Width, case and accents do not count.

Both databases are given these tokens, in this order, and cut nothing themselves: so they give the same answers.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from operator import add

import snowballstemmer
from markupsafe import Markup, escape

VERSION = 1  # of what this module makes of a text: another number lets the whole index be written anew
MAX_QUESTION_LENGTH = 80  # characters of a question that are looked for
MAX_TOKENS = 10_000  # of an entry; PostgreSQL counts places up to 16,383
MAX_REPEATS = 200  # of one token in an entry; PostgreSQL keeps 255 places of each
MAX_ASCII_LENGTH, MAX_OTHER_LENGTH = 40, 20  # characters of one word

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS = re.compile(rf"([{_CJK}]+)|((?:(?![{_CJK}])[^\W_])+(?:'(?:(?![{_CJK}])[^\W_])+)*)")
_ASCII_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")  # the same, where there is nothing else
_CJK_CHARACTER = re.compile(rf"[{_CJK}]")
_GAP = "_"  # keeps the place of a token that is not kept
_SAFE = re.compile(rf"[\w{_CJK}]+")

# Words that a question may hold and a text need not: "the lantern of grandma".
_STOP_WORDS = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the", "to", "with"]
)


@dataclass(frozen=True, slots=True)
class Term:
    """What must be found: tokens one after the other; with `is_beginning` any token that begins with the one."""

    tokens: tuple[str, ...]
    is_beginning: bool = False
    typed: str = ""


def tokens(text: str) -> list[str]:
    """The tokens of `text` in their order, one for each place."""
    folded = text.lower() if text.isascii() else "".join(map(_fold, text))
    found: list[str] = []
    for run, word in _WORDS.findall(folded):
        if run:
            found.extend(map(add, run, run[1:]))
            found.append(run[-1])
        else:
            found.append(stem(word))
    return found


@functools.lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The form of a folded word that all its forms share; of other languages than English the word itself."""
    if not word.isascii():
        return word.replace("'", "")[:MAX_OTHER_LENGTH]
    return (_english(word) if not word.isdigit() else word).replace("'", "")[:MAX_ASCII_LENGTH]


_stemmer = snowballstemmer.stemmer("english")


def _english(word: str) -> str:
    stemmed: str = _stemmer.stemWord(word[:MAX_ASCII_LENGTH])
    return stemmed


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """`text` without what does not count, and for each of its characters the place in `text` it comes from."""
    if text.isascii():
        return text.lower(), range(len(text))
    characters = [_fold(character) for character in text]
    folded = "".join(characters)
    if all(map((1).__eq__, map(len, characters))):
        return folded, range(len(text))
    return folded, [place for place, parts in enumerate(characters) for _ in parts]


@functools.lru_cache(maxsize=16_384)
def _fold(character: str) -> str:
    if character == "’":
        return "'"
    composed = unicodedata.normalize("NFKC", character)
    if _CJK_CHARACTER.search(composed):
        return composed
    taken_apart = unicodedata.normalize("NFKD", composed)
    return "".join(part for part in taken_apart if not unicodedata.combining(part)).casefold()


def terms_of(question: str) -> list[Term]:
    """What a question asks for: all of it must be found. Empty where it holds neither letter nor digit."""
    folded, places = _folded(question[:MAX_QUESTION_LENGTH])
    found: list[Term] = []
    for match in _WORDS.finditer(folded):
        start, end = match.span()
        typed = question[places[start] : places[end - 1] + 1]
        if not match[1]:
            found.append(Term((stem(match[2]),), typed=typed))
        elif end - start == 1:
            found.append(Term((match[1],), is_beginning=True, typed=typed))
        else:
            pairs = tuple(folded[place : place + 2] for place in range(start, end - 1))
            found.append(Term(pairs, typed=typed))
    told = [term for term in found if term.typed.lower() not in _STOP_WORDS] or found
    return list(
        {(term.tokens, term.is_beginning): term for term in reversed(told) if term.tokens[0]}.values()
    )[::-1]


def facet_token(name: str, value: object) -> str:
    """The token that every entry with `value` for a filter carries; no text makes it."""
    return "_" + blake2b(f"{name}:{value}".encode(), digest_size=8).hexdigest()


def token_stream(texts: Iterable[str], facets: Iterable[str] = ()) -> str:
    """What the index keeps of `texts`: facets, then tokens, parted by spaces, each at its place."""
    kept = list(facets)
    times: dict[str, int] = {}
    for text in texts:
        for token in tokens(text):
            if len(kept) >= MAX_TOKENS:
                return " ".join(kept)
            seen = times[token] = times.get(token, 0) + 1
            kept.append(token if token and seen <= MAX_REPEATS else _GAP)
    return " ".join(kept)


def is_cjk(text: str) -> bool:
    """Whether `text` begins as Chinese, Japanese or Korean."""
    return bool(_CJK_CHARACTER.match(text))


def is_token(token: str) -> bool:
    """Whether `token` can stand in a statement of either database as it is."""
    return bool(_SAFE.fullmatch(token))


def spans(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """The parts of `text` that the terms find, in order, none touching another."""
    folded, places = _folded(text)
    merged: list[tuple[int, int]] = []
    for first, after in sorted(_matches(folded, terms)):
        start, end = places[first], places[after - 1] + 1
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def first_span(text: str, terms: Sequence[Term]) -> tuple[int, int] | None:
    """The first part of `text` that a term finds; quicker than all of them."""
    folded, places = _folded(text)
    hits = list(_matches(folded, terms, most=1))
    if not hits:
        return None
    start, end = min(hits)
    return places[start], places[end - 1] + 1


def _matches(folded: str, terms: Sequence[Term], most: int | None = None) -> Iterator[tuple[int, int]]:
    """Where the terms are found; with `most` no more than that of each run, and of all words together."""
    stems = set()
    for term in terms:
        first, *others = term.tokens
        if is_cjk(first):
            # Pairs that follow one another are the run that they were cut from.
            yield from islice(_occurrences(folded, first + "".join(pair[1:] for pair in others)), most)
        else:
            stems.add(first)
    if stems:
        matches = _ASCII_WORDS.finditer(folded) if folded.isascii() else _WORDS.finditer(folded)
        words = (match for match in matches if not is_cjk(match[0]))
        yield from islice((match.span() for match in words if stem(match[0]) in stems), most)


def _occurrences(text: str, part: str) -> Iterator[tuple[int, int]]:
    start = text.find(part)
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


def highlighted(text: str, terms: Sequence[Term]) -> Markup:
    """`text` as HTML, with what the terms find in <mark>."""
    found = spans(text, terms)
    if not found:
        return escape(text)
    pieces: list[Markup] = []
    reached = 0
    for start, end in found:
        pieces += [escape(text[reached:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        reached = end
    return Markup("").join([*pieces, escape(text[reached:])])


def snippet(text: str, terms: Sequence[Term], columns: int) -> str:
    """A piece of the one-line `text` around the first thing that the terms find; "" where they find nothing."""
    found = first_span(text, terms)
    if found is None:
        return ""
    first, found_end = found
    start = _columns_before(text, first, columns // 4)
    end, used = start, 0
    while end < len(text) and used < columns:
        used += _width(text[end])
        end += 1
    end = max(end, min(found_end, first + columns))
    if end < len(text) and text[end - 1].isascii() and " " in text[first:end]:
        end = max(text.rindex(" ", first, end), min(found_end, end))
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")


def _columns_before(text: str, place: int, columns: int) -> int:
    """The place at most `columns` before `place`, moved to the beginning of a sentence or word where one is."""
    start = place
    while start > 0 and columns > 0:
        start -= 1
        columns -= _width(text[start])
    if start == 0:
        return 0
    edges = [match.end() for match in re.finditer(r"[。！？；.!?;]\s*", text[start:place])]
    if edges:
        return start + edges[-1]
    softer = re.search(r"[，、\s]\s*", text[start:place])
    return start + softer.end() if softer else start


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
