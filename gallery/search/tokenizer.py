"""The tokenizer: splits texts into the tokens of the index, and finds the words of a query in a text.

Chinese has no spaces between words. A run of Chinese characters becomes overlapping pairs, each at the
position of its first character, followed by the last character alone: 冬至吃 → 冬至, 至吃, 吃. So a run in a query is
a phrase of pairs, and a single character in a query is the prefix of a pair.

Yi, Thai, Lao, Khmer and Burmese have no spaces either, and become pairs in the same way. Other text is split
at characters that are neither letters nor digits. Tibetan is split into syllables, which form a phrase in a
query; Uyghur and Mongolian are split into words. English words are reduced to their stems: lanterns →
lantern. folding.py says which characters count as equal.

Both databases store these tokens in this order and do not tokenize texts themselves. So they give the same
results.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from operator import add

import snowballstemmer
from markupsafe import Markup, escape

from gallery.web.folding import CJK, fold, fold_with_positions

VERSION = 5  # increase it when tokens or indexed texts change: the worker then rebuilds the index
MAX_QUESTION_LENGTH = 80  # characters of a query; the rest is ignored
MAX_TOKENS = 10_000  # tokens in one entry; PostgreSQL counts positions up to 16,383
MAX_REPEATS = 200  # occurrences of a token in one entry; PostgreSQL stores up to 255 positions
MAX_ASCII_LENGTH, MAX_OTHER_LENGTH = 40, 20  # characters of one word

# Vowel signs of Indian, Tibetan and other scripts are parts of words, but regular expressions do not count
# them as letters.
_MARKS = "".join(
    character
    for character in map(chr, range(0x0780, 0xAC00))
    if unicodedata.category(character).startswith("M")
    and fold(character)
    and not re.match(f"[{CJK}]", character)
)
_LETTER = rf"(?:(?![_{CJK}])[\w{_MARKS}])"
_WORDS = re.compile(rf"([{CJK}]+)|({_LETTER}+(?:'{_LETTER}+)*)")
_ASCII_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")  # a faster _WORDS for ASCII texts
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_TSHEG = "\u0f0b"  # between the syllables of a Tibetan word
_TIBETAN_ENDING = re.compile("(?<=.)\u0f60(?:[\u0f72\u0f7c]|\u0f44|\u0f58)$")  # འི འོ འང འམ: of, and, or
_GAP = "_"  # stands for a token that was left out
_SAFE = re.compile(rf"[\w{CJK}{_MARKS}]+")

# Words of a query that a text need not contain: "the lantern of grandma".
_STOP_WORDS = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the", "to", "with"]
)


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that must follow one another in a text.

    A term with `is_prefix` has one token, and matches each token of the text that begins with it.
    """

    tokens: tuple[str, ...]
    is_prefix: bool = False
    typed: str = ""


def tokens(text: str) -> list[str]:
    """The tokens of `text` in order, one for each position."""
    result: list[str] = []
    for run, word in _WORDS.findall(fold(text)):
        if run:
            result.extend(map(add, run, run[1:]))
            result.append(run[-1])
        else:
            result.append(stem(word))
    return result


@functools.lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of a folded English word, or of a Tibetan syllable; other words are returned unchanged."""
    if not word.isascii():
        return _TIBETAN_ENDING.sub("", word).replace("'", "")[:MAX_OTHER_LENGTH]
    return (_english(word) if not word.isdigit() else word).replace("'", "")[:MAX_ASCII_LENGTH]


_stemmer = snowballstemmer.stemmer("english")


def _english(word: str) -> str:
    stemmed: str = _stemmer.stemWord(word[:MAX_ASCII_LENGTH])
    return stemmed


def terms_of(query: str) -> list[Term]:
    """The terms of a query, which must all match. Empty if the query has no letters or digits."""
    query = query[:MAX_QUESTION_LENGTH]
    folded, starts, ends = fold_with_positions(query)
    terms: list[Term] = []
    reached = first = 0  # end of the previous word, start of its term
    for match in _WORDS.finditer(folded):
        start, end = match.span()
        if match[2] and terms and folded[reached:start] == _TSHEG and not is_cjk(terms[-1].tokens[0]):
            terms[-1] = Term((*terms[-1].tokens, stem(match[2])), typed=query[starts[first] : ends[end - 1]])
            reached = end
            continue
        reached, first = end, start
        typed = query[starts[start] : ends[end - 1]]
        if not match[1]:
            terms.append(Term((stem(match[2]),), typed=typed))
        elif end - start == 1:
            terms.append(Term((match[1],), is_prefix=True, typed=typed))
        else:
            pairs = tuple(folded[position : position + 2] for position in range(start, end - 1))
            terms.append(Term(pairs, typed=typed))
    significant = [term for term in terms if term.typed.lower() not in _STOP_WORDS] or terms
    return list(
        {(term.tokens, term.is_prefix): term for term in reversed(significant) if term.tokens[0]}.values()
    )[::-1]


def facet_token(name: str, value: object) -> str:
    """The token of every entry with `value` for a filter. No text can produce it."""
    return "_" + blake2b(f"{name}:{value}".encode(), digest_size=8).hexdigest()


def token_stream(texts: Iterable[str], facets: Iterable[str] = (), others: Iterable[str] = ()) -> str:
    """The tokens as the databases store them: `facets`, the tokens of `texts`, `others`; separated by spaces."""
    first = list(facets)
    words: list[str] = []
    for text in texts:
        words += tokens(text)
    words += others
    del words[max(MAX_TOKENS - len(first), 0) :]
    if len(words) - len(set(words)) >= MAX_REPEATS:
        times = Counter[str]()
        for place, word in enumerate(words):
            times[word] += 1
            if times[word] > MAX_REPEATS:
                words[place] = _GAP
    if "" in words:
        words = [word or _GAP for word in words]
    return " ".join(first + words)


def is_cjk(text: str) -> bool:
    """Whether `text` begins with a Chinese, Japanese or Korean character."""
    return bool(_CJK_CHARACTER.match(text))


def is_token(token: str) -> bool:
    """Whether `token` can be part of a statement of either database without escaping."""
    return bool(_SAFE.fullmatch(token))


def spans(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """The parts of `text` that match the terms, in order. Parts that touch are merged."""
    folded, starts, ends = fold_with_positions(text)
    return merged_spans((starts[first], ends[after - 1]) for first, after in _matches(folded, terms))


def merged_spans(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def first_span(text: str, terms: Sequence[Term]) -> tuple[int, int] | None:
    """The first part of `text` that matches a term; faster than `spans`."""
    folded, starts, ends = fold_with_positions(text)
    hits = list(_matches(folded, terms, most=1))
    if not hits:
        return None
    start, end = min(hits)
    return starts[start], ends[end - 1]


def _matches(folded: str, terms: Sequence[Term], most: int | None = None) -> Iterator[tuple[int, int]]:
    """The (start, end) of matches: at most `most` for each Chinese term or phrase, and for all other words together."""
    stems = set()
    for term in terms:
        first, *others = term.tokens
        if is_cjk(first):
            # Join the overlapping pairs again to the original run of characters.
            yield from islice(_occurrences(folded, first + "".join(pair[1:] for pair in others)), most)
        elif others:
            yield from islice(_phrases(folded, term.tokens), most)
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


def _phrases(folded: str, stems: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places where words with these stems follow each other."""
    words = [(stem(match[0]), match.span()) for match in _WORDS.finditer(folded)]
    for place in range(len(words) - len(stems) + 1):
        found = words[place : place + len(stems)]
        if all(one == other for (one, _), other in zip(found, stems, strict=True)):
            yield found[0][1][0], found[-1][1][1]


def highlighted(text: str, terms: Sequence[Term]) -> Markup:
    """`text` as HTML, with the matches in <mark>."""
    return marked(text, spans(text, terms))


def marked(text: str, matches: Sequence[tuple[int, int]]) -> Markup:
    """`text` as HTML, with these parts, in order, in <mark>."""
    if not matches:
        return escape(text)
    pieces: list[Markup] = []
    reached = 0
    for start, end in matches:
        pieces += [escape(text[reached:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        reached = end
    return Markup("").join([*pieces, escape(text[reached:])])


def snippet(text: str, terms: Sequence[Term], columns: int) -> str:
    """A part of the one-line `text` around the first match, `columns` wide; "" without a match."""
    match = first_span(text, terms)
    if match is None:
        return ""
    first, match_end = match
    start = _columns_before(text, first, columns // 4)
    end, used = start, 0
    while end < len(text) and used < columns:
        used += _width(text[end])
        end += 1
    end = max(end, min(match_end, first + columns))
    if end < len(text) and text[end - 1].isascii() and " " in text[first:end]:
        end = max(text.rindex(" ", first, end), min(match_end, end))
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")


def _columns_before(text: str, position: int, columns: int) -> int:
    """The index at which a snippet begins, up to `columns` before `position`.

    Preferably the snippet begins with a sentence or a word.
    """
    start = position
    while start > 0 and columns > 0:
        start -= 1
        columns -= _width(text[start])
    if start == 0:
        return 0
    edges = [match.end() for match in re.finditer(r"[。！？；.!?;]\s*", text[start:position])]
    if edges:
        return start + edges[-1]
    word_edge = re.search(r"[，、\s]\s*", text[start:position])
    return start + word_edge.end() if word_edge else start


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
