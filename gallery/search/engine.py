"""The search query for each database: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Both give the same results.

Tokens contain only letters, digits and underscores, so they can be part of the SQL statement. PostgreSQL then
knows how common each token is when it plans the query.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import NamedTuple

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from gallery.search.models import EntryKind, SearchEntry, SearchWord, entry_id
from gallery.search.pinyin import sounds_of
from gallery.search.tokenizer import Term, is_token

SCANNED_FIRST = 600  # newest entries scanned before the GIN index is used; enough for common words
ABOVE_ALL_IDS = entry_id(max(EntryKind) + 1, 0)


async def index(entries: Collection[int]) -> None:
    """Add entries to the index, in the transaction that wrote them."""
    # Only for SQLite: PostgreSQL updates its index when it writes the row.
    await _execute_fts5(
        "INSERT INTO search_index (rowid, title_tokens, text_tokens) "
        "SELECT id, title_tokens, text_tokens FROM search_entry WHERE id IN ({})",
        entries,
    )


async def delete_entries(entries: Collection[int]) -> None:
    """Delete many entries, in a transaction. For few, `SearchEntry.filter(…).delete()` is enough."""
    if not entries:
        return
    await _execute_fts5(
        "INSERT INTO search_index (search_index, rowid, title_tokens, text_tokens) "
        "SELECT 'delete', id, title_tokens, text_tokens FROM search_entry WHERE id IN ({})",
        entries,
    )
    await _execute_fts5("UPDATE search_entry SET title_tokens = '' WHERE id IN ({})", entries)
    # While a site moves, the new database has no foreign keys that would delete words with their entries.
    await SearchWord.filter(entry_id__in=list(entries)).delete()
    await SearchEntry.filter(id__in=list(entries)).delete()


async def delete_all() -> None:
    """Delete all entries, in a transaction."""
    await _execute_fts5("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    await _execute_fts5("UPDATE search_entry SET title_tokens = ''")
    await SearchWord.all().delete()
    await SearchEntry.all().delete()


async def _execute_fts5(statement: str, entries: Collection[int] = ()) -> None:
    connection = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        marks = ", ".join("?" * len(entries))
        await connection.execute_query(statement.format(marks), list(entries))


class Match(IntEnum):
    """Where an entry matches. Results come in this order."""

    TITLE = 0
    TEXT = 1
    SOUND = 2  # the title, read as pinyin


class Hit(NamedTuple):
    """The sort key of a matching entry: where it matches, and its id."""

    match: Match
    entry: int


Choice = Sequence[Term]  # one of these terms must match


class Question(NamedTuple):
    """What one query to the database looks for: entries that have all `choices`, but not all `excluded`."""

    column: str  # "title" or "text"
    choices: Sequence[Choice]
    excluded: Sequence[Choice] = ()
    excluded_column: str = ""


async def find_hits(
    terms: Sequence[Term],
    facets: Sequence[str],
    after: Hit | None,
    most: int,
    matches: Collection[Match] = tuple(Match),
) -> list[Hit]:
    """At most `most` entries that have all terms and facets, starting after the hit `after`.

    Sorted by where they match, then higher ids before lower ones. There must be a term or a facet. Makes at most a query
    for each of `matches`.
    """
    sounds = sounds_of(terms)
    always = [(Term((facet,)),) for facet in facets]
    literal = [*((term,) for term in terms), *always]
    assert literal
    questions = {Match.TITLE: Question("title", literal)}
    if terms:  # facets are title tokens: the first query found all
        questions[Match.TEXT] = Question("text", literal, literal, "title")
    if sounds:
        questions[Match.SOUND] = Question("title", [*sounds.choices, *always], literal, "text")
    connection = get_connection("default")
    find = _by_fts5 if connection.capabilities.dialect == "sqlite" else _by_tsvector
    found: list[Hit] = []
    for match, question in questions.items():
        is_done = (after is not None and match < after.match) or match not in matches or len(found) >= most
        # One syllable is in many titles, so it is not read as pinyin if it is found as a word.
        has_words = bool(found) or (after is not None and after.match != Match.SOUND)
        if is_done or (match == Match.SOUND and sounds and sounds.is_single and has_words):
            continue
        before = after.entry if after is not None and after.match == match else ABOVE_ALL_IDS
        assert all(is_token(token) for choice in question.choices for term in choice for token in term.tokens)
        ids = await find(connection, question, before, most - len(found))
        found += [Hit(match, id) for id in ids]
    return found


async def _by_fts5(connection: BaseDBAsyncClient, question: Question, before: int, most: int) -> list[int]:
    """Find entries by FTS5: https://sqlite.org/fts5.html#full_text_query_syntax"""
    match = f"{question.column}_tokens : ({_fts5(question.choices)})"
    if question.excluded:
        match = f"({match}) NOT ({question.excluded_column}_tokens : ({_fts5(question.excluded)}))"
    _, rows = await connection.execute_query(
        "SELECT rowid AS id FROM search_index WHERE search_index MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        [match, before, most],
    )
    return [row["id"] for row in rows]


def _fts5(choices: Sequence[Choice]) -> str:
    return " AND ".join(
        "("
        + " OR ".join(f'"{" ".join(term.tokens)}"{" *" if term.is_prefix else ""}' for term in choice)
        + ")"
        for choice in choices
    )


async def _by_tsvector(
    connection: BaseDBAsyncClient, question: Question, before: int, most: int
) -> list[int]:
    """Find entries by the tsvector columns, in two steps, because a GIN index has no token positions.

    The first step finds the entries with all tokens. The second step checks the tokens' positions in these
    entries. OFFSET 0 keeps the steps apart: otherwise PostgreSQL would first check the positions of all
    entries. https://www.postgresql.org/docs/current/textsearch-indexes.html For common tokens, GIN finds far
    more entries than are returned, so the newest entries are scanned first.
    """
    column = f"{question.column}_vector"
    loose, strict = _tsquery(question.choices, "&"), _tsquery(question.choices, "<->")
    checks = []
    if any(len(term.tokens) > 1 for choice in question.choices for term in choice):
        checks.append(f"entry.{column} @@ $q${strict}$q$::tsquery")
    if question.excluded:
        excluded = _tsquery(question.excluded, "<->")
        checks.append(f"NOT entry.{question.excluded_column}_vector @@ $q${excluded}$q$::tsquery")
    # No SQL injection: `find_hits` has checked every token in these statements.
    if question.column == "text":
        _, rows = await connection.execute_query(
            f"""SELECT id FROM (
                    SELECT * FROM search_entry WHERE id < $1 ORDER BY id DESC LIMIT {SCANNED_FIRST}
                ) AS entry WHERE entry.text_vector @@ $q${strict}$q$::tsquery AND {checks[-1]}
                ORDER BY id DESC LIMIT $2""",  # noqa: S608
            [before, most],
        )
        if len(rows) == most:
            return [row["id"] for row in rows]
    check = f"(SELECT {' AND '.join(checks)} FROM search_entry AS entry WHERE entry.id = loose.id)"  # noqa: S608
    _, rows = await connection.execute_query(
        f"""WITH having_all AS MATERIALIZED (
                SELECT id FROM search_entry WHERE {column} @@ $q${loose}$q$::tsquery
            )
            SELECT id FROM (SELECT id FROM having_all WHERE id < $1 ORDER BY id DESC OFFSET 0) AS loose
            {"WHERE " + check if checks else ""} LIMIT $2""",  # noqa: S608 - every token was checked above
        [before, most],
    )
    return [row["id"] for row in rows]


def _tsquery(choices: Sequence[Choice], between: str) -> str:
    """`between`: "&" for the tokens of a term anywhere, "<->" for tokens that follow each other."""
    return " & ".join(
        "("
        + " | ".join(
            f"({f' {between} '.join(_quoted(token, term) for token in term.tokens)})" for term in choice
        )
        + ")"
        for choice in choices
    )


def _quoted(token: str, term: Term) -> str:
    return f"'{token}'{':*' if term.is_prefix else ''}"
