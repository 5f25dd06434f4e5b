"""The search query for each database: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Both give the same results.

Tokens contain only letters, digits and underscores, so they can be part of the SQL statement. PostgreSQL then
knows how common each token is when it plans the query.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from gallery.search.models import EntryKind, SearchEntry, entry_id
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
    await SearchEntry.filter(id__in=list(entries)).delete()


async def delete_all() -> None:
    """Delete all entries, in a transaction."""
    await _execute_fts5("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    await _execute_fts5("UPDATE search_entry SET title_tokens = ''")
    await SearchEntry.all().delete()


async def _execute_fts5(statement: str, entries: Collection[int] = ()) -> None:
    connection = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        marks = ", ".join("?" * len(entries))
        await connection.execute_query(statement.format(marks), list(entries))


class Hit(NamedTuple):
    """The sort key of a matching entry: whether its title matches, and its id."""

    in_title: bool
    entry: int


async def find_hits(terms: Sequence[Term], facets: Sequence[str], after: Hit | None, most: int) -> list[Hit]:
    """At most `most` entries that have all terms and facets, starting after the hit `after`.

    Matches in the title come first, then higher ids before lower ones. There must be a term or a facet. Makes
    one or two queries.
    """
    all_terms = [*terms, *(Term((facet,)) for facet in facets)]
    assert all_terms
    assert all(is_token(token) for term in all_terms for token in term.tokens)
    connection = get_connection("default")
    find = _by_fts5 if connection.capabilities.dialect == "sqlite" else _by_tsvector
    matches: list[Hit] = []
    for in_title in (True, False):
        if after is not None and in_title and not after.in_title:
            continue
        if not in_title and not terms:  # facets are title tokens: the first query found all
            continue
        before = after.entry if after is not None and after.in_title == in_title else ABOVE_ALL_IDS
        if len(matches) < most:
            ids = await find(connection, all_terms, in_title, before, most - len(matches))
            matches += [Hit(in_title, id) for id in ids]
    return matches


async def _by_fts5(
    connection: BaseDBAsyncClient, terms: Sequence[Term], in_title: bool, before: int, most: int
) -> list[int]:
    """Find entries by FTS5: https://sqlite.org/fts5.html#full_text_query_syntax"""
    query = " AND ".join(f'"{" ".join(term.tokens)}"{" *" if term.is_prefix else ""}' for term in terms)
    match = f"title_tokens : ({query})"
    if not in_title:
        match = f"(text_tokens : ({query})) NOT ({match})"
    _, rows = await connection.execute_query(
        "SELECT rowid AS id FROM search_index WHERE search_index MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        [match, before, most],
    )
    return [row["id"] for row in rows]


async def _by_tsvector(
    connection: BaseDBAsyncClient, terms: Sequence[Term], in_title: bool, before: int, most: int
) -> list[int]:
    """Find entries by the tsvector columns, in two steps, because a GIN index has no token positions.

    The first step finds the entries with all tokens. The second step checks the tokens' positions in these
    entries. OFFSET 0 keeps the steps apart: otherwise PostgreSQL would first check the positions of all
    entries. https://www.postgresql.org/docs/current/textsearch-indexes.html For common tokens, GIN finds far
    more entries than are returned, so the newest entries are scanned first.
    """
    column = "title_vector" if in_title else "text_vector"
    loose = " & ".join(_quoted(token, term) for term in terms for token in term.tokens)
    strict = " & ".join(f"({' <-> '.join(_quoted(token, term) for token in term.tokens)})" for term in terms)
    checks = []
    if any(len(term.tokens) > 1 for term in terms):
        checks.append(f"entry.{column} @@ $q${strict}$q$::tsquery")
    if not in_title:
        checks.append(f"NOT entry.title_vector @@ $q${strict}$q$::tsquery")
    # No SQL injection: `find_hits` has checked every token in these statements.
    if not in_title:
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


def _quoted(token: str, term: Term) -> str:
    return f"'{token}'{':*' if term.is_prefix else ''}"
