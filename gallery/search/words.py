"""The words that a search suggests: while a query is typed, and if it has no results.

They are titles, names and words of titles in the index. Each was found in an entry that is on view now, so no word that only
a withdrawn work has is ever shown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import OSA
from tortoise.connection import get_connection

from gallery.search.engine import Match, find_hits
from gallery.search.models import MAX_KEY, MAX_WORD, SearchEntry, SearchWord
from gallery.search.pinyin import PREFIX, Sounds, letters_of, sound_spans, sounds_of
from gallery.search.tokenizer import Term, is_cjk, spans, terms_of
from gallery.web.folding import fold
from gallery.web.languages import LocalizedText
from gallery.web.pinyin import chinese_runs, syllables_of

MAX_COMPLETIONS = 8
MAX_CORRECTIONS = 4
MIN_LETTERS = 3  # of a word, and of a title that is no Chinese
KEYS_READ = 24  # different words with the same beginning that are compared
SIMILAR_READ = 300  # the same, for words that may have been mistyped
MAX_RUN = 6  # Chinese characters of a query whose parts are looked up
TITLES_READ = 12  # entries in which a Chinese word is looked for
NEWEST_OF_KEY = (
    "SELECT key, text, language, entry_id FROM search_word WHERE key = {} ORDER BY entry_id DESC LIMIT 1"
)
LAST_CHARACTER = "\U0010ffff"

OnView = Callable[[Iterable[int]], Awaitable[Mapping[int, Any]]]  # those of the entries that are on view now


def words_of(entry: SearchEntry, titles: Iterable[LocalizedText]) -> list[SearchWord]:
    """The rows of an entry with these titles and names."""
    rows: dict[str, SearchWord] = {}

    def add(key: str, text: str, language: str, is_word: bool = False) -> None:
        if len(text) <= MAX_WORD and key:
            key = key[:MAX_KEY]
            backwards = key[::-1] if is_word else None
            row = SearchWord(entry_id=entry.id, key=key, backwards=backwards, text=text, language=language)
            if is_word or key not in rows:
                rows[key] = row

    for title in titles:
        text = " ".join(title.text.split())
        add(fold(text), text, title.language)
        add(letters_of(text), text, title.language)
        for term in terms_of(text):
            word = fold(term.typed)
            if len(word) >= MIN_LETTERS and not is_cjk(word) and not word.isdigit():
                add(word, text if word == fold(text) else word, title.language, is_word=True)
    return list(rows.values())


async def completions(typed: str, on_view: OnView) -> list[LocalizedText]:
    """Titles, names and words that begin with what is typed, or titles that contain it; also by pinyin."""
    beginning = fold(" ".join(typed.split()))[:MAX_KEY]
    letters = "".join(filter(str.isalnum, beginning))
    if not letters:
        return []
    rows = await _beginning_with(beginning)
    if beginning.isascii() and letters != beginning:
        rows += await _beginning_with(letters)
    terms = terms_of(typed)
    if len({row["text"] for row in rows}) < MAX_COMPLETIONS and len(letters) > 1:
        rows += await _in_titles(terms)
    visible = await on_view({row["entry_id"] for row in rows})
    shown = {row["text"]: row for row in rows if row["entry_id"] in visible}
    return [LocalizedText(row["text"], row["language"]) for row in list(shown.values())[:MAX_COMPLETIONS]]


async def _beginning_with(beginning: str) -> list[dict[str, Any]]:
    """A row for each of the first KEYS_READ keys, of the newest entry that has it; exhibitions, themes and names first."""
    keys = await _different("key", beginning, KEYS_READ)
    if not keys:
        return []
    _, rows = await get_connection("default").execute_query(
        " UNION ALL ".join(
            f"SELECT * FROM ({NEWEST_OF_KEY.format(_mark(number))}) AS newest"  # noqa: S608 - only placeholders
            for number in range(1, len(keys) + 1)
        ),
        keys,
    )
    return sorted(rows, key=lambda row: (-(row["entry_id"] >> 32), len(row["text"]), row["key"]))


async def _different(column: str, beginning: str, most: int) -> list[str]:
    """The first `most` different values of a column that begin so. Reads each once, however many rows have it."""
    least, end = f"SELECT min({column}) FROM search_word WHERE {column}", f"{column} < {_mark(2)}"  # noqa: S608
    _, rows = await get_connection("default").execute_query(
        f"""WITH RECURSIVE found(value, number) AS (
                SELECT ({least} >= {_mark(1)} AND {end}), 1
                UNION ALL
                SELECT ({least} > found.value AND {end}), found.number + 1 FROM found
                WHERE found.value IS NOT NULL AND found.number < {most}
            )
            SELECT value FROM found WHERE value IS NOT NULL""",  # noqa: S608 - `column` is a name of ours
        [beginning, beginning + LAST_CHARACTER],
    )
    return [row["value"] for row in rows]


def _mark(number: int) -> str:
    """The placeholder of a statement's parameter."""
    return f"{'?' if get_connection('default').capabilities.dialect == 'sqlite' else '$'}{number}"


async def _in_titles(terms: Sequence[Term]) -> list[dict[str, Any]]:
    """The titles of entries whose title has all terms, as words or by their sound."""
    sounds = sounds_of(terms)
    if not terms or any(term.is_prefix for term in terms):  # a single character is in too many titles
        return []
    matches = [Match.TITLE, *([Match.SOUND] if sounds and not sounds.is_single else [])]
    hits = await find_hits(terms, [], None, MAX_COMPLETIONS, matches)
    return await _titles([hit.entry for hit in hits], terms, sounds)


async def _titles(
    entries: Sequence[int], terms: Sequence[Term], sounds: Sounds | None
) -> list[dict[str, Any]]:
    rows = await SearchWord.filter(entry_id__in=entries, backwards__isnull=True).values(
        "key", "text", "language", "entry_id"
    )
    found = [
        row for row in rows if spans(row["text"], terms) or (sounds and sound_spans(row["text"], sounds))
    ]
    order = {entry: place for place, entry in enumerate(entries)}
    return sorted(found, key=lambda row: (order[row["entry_id"]], row["text"]))


async def corrections(terms: Sequence[Term], on_view: OnView) -> list[str]:
    """Other queries that have results, if these terms have none.

    Words with one or two letters different, of the same sound, or with one Chinese character different; then the parts of
    the query. All are words of the index or runs of its titles, no single Chinese characters.
    """
    candidates: list[str] = []
    for place, term in enumerate(terms):
        similar = await (_similar_runs(term) if is_cjk(term.typed) else _similar_words(term))
        others = [each.typed for each in terms]
        candidates += [" ".join([*others[:place], word, *others[place + 1 :]]) for word in similar]
        parts = await _parts(term) if is_cjk(term.typed) and not similar else []
        candidates += [*similar, *parts]
    candidates += [term.typed for term in terms if len(term.typed) > 1]
    asked = " ".join(term.typed for term in terms)
    found: list[str] = []
    for text in dict.fromkeys(candidates):
        if len(found) < MAX_CORRECTIONS and text != asked and await has_results(text, on_view):
            found.append(text)
    return found


async def has_results(text: str, on_view: OnView) -> bool:
    hits = await find_hits(terms_of(text), [], None, MAX_CORRECTIONS)
    return bool(hits and await on_view([hit.entry for hit in hits]))


async def _similar_words(term: Term) -> list[str]:
    """Words in which at most one letter differs, of long ones two; the nearest first.

    A word with one mistake has its first or its second half in common with what was meant.
    """
    word = fold(term.typed)
    if len(word) < MIN_LETTERS:
        return []
    half = max(len(word) // 2 - 1, 1)
    known = await _different("key", word[:half], SIMILAR_READ)
    known += [key[::-1] for key in await _different("backwards", word[::-1][:half], SIMILAR_READ)]
    most = 1 if len(word) < 6 else 2
    distances = {each: OSA.distance(word, each, score_cutoff=most) for each in set(known)}
    near = [
        each
        for each in sorted(distances, key=lambda each: (distances[each], each))
        if distances[each] <= most
    ]
    rows = await SearchWord.filter(key__in=near[: 2 * MAX_CORRECTIONS], backwards__isnull=False).values("key")
    words = {row["key"] for row in rows}
    return [each for each in near if each in words and each != word][:MAX_CORRECTIONS]


async def _similar_runs(term: Term) -> list[str]:
    """Parts of titles that sound the same, or in which one of three or more characters differs."""
    run = fold(term.typed)
    if not 2 <= len(run) <= MAX_RUN:
        return []
    found: list[str] = []
    syllables = syllables_of(run) if chinese_runs(run) else []
    if all(syllables):
        sounds = Sounds(((Term(tuple(PREFIX + each for each in syllables)),),), is_single=False)
        for title in await _titles_with(sounds.choices[0]):
            found += [title[start:end] for start, end in sound_spans(title, sounds)]
    for place in range(len(run) if len(run) > 2 else 0):
        around = [part for part in (run[:place], run[place + 1 :]) if part]
        choices = [(each,) for part in around for each in terms_of(part)]
        for title in await _titles_with(*choices):
            folded = fold(title)
            if len(folded) == len(title):
                at = _with_one_different(folded, run, place)
                found += [title[at : at + len(run)]] if at is not None else []
    return [each for each in dict.fromkeys(found) if fold(each) != run][:MAX_CORRECTIONS]


def _with_one_different(title: str, run: str, place: int) -> int | None:
    """Where a title has a run with another Chinese character at `place`."""
    for start in range(len(title) - len(run) + 1):
        part = title[start : start + len(run)]
        if part[:place] == run[:place] and part[place + 1 :] == run[place + 1 :] and is_cjk(part[place]):
            return start
    return None


async def _titles_with(*choices: Sequence[Term]) -> list[str]:
    hits = await find_hits(
        [term for choice in choices for term in choice], [], None, TITLES_READ, [Match.TITLE]
    )
    entries = [hit.entry for hit in hits]
    texts: list[Any] = (
        await SearchWord.filter(entry_id__in=entries, backwards__isnull=True)
        .order_by("-entry_id", "text")
        .values_list("text", flat=True)
    )
    return list(dict.fromkeys(texts))


async def _parts(term: Term) -> list[str]:
    """The longest parts of a Chinese run, of two characters or more, that titles have."""
    run = term.typed[: 2 * MAX_RUN]
    found: list[str] = []
    start = 0
    while start < len(run) - 1:
        for end in range(min(len(run), start + MAX_RUN), start + 1, -1):
            part = run[start:end]
            if part != term.typed and await find_hits(terms_of(part), [], None, 1, [Match.TITLE]):
                found.append(part)
                start = end
                break
        else:
            start += 1
    return found
