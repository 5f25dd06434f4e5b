"""Writing counts: every second, each process writes its counts in one transaction on a separate connection.

Counts are added to the stored ones, so any number of processes can count the same page. The transaction locks
the rows of the counted works, projects, themes, exhibitions and supporters' links. If another transaction,
such as a withdrawal, has locked a row, the counts of this row wait for the next write.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, NamedTuple

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.expressions import Q
from tortoise.functions import Sum

from gallery.artworks.models import Artwork, Status
from gallery.db.connection import BACKGROUND_CONNECTION, Model, QuerySet, in_transaction, locked
from gallery.db.model_tables import table_name
from gallery.exhibitions.models import Exhibition
from gallery.organisations.models import Project
from gallery.stats.models import (
    CountKind,
    ExhibitionCount,
    OrganisationCount,
    ProjectCount,
    ThemeCount,
    WorkCount,
)
from gallery.stats.visit_counter import AppreciationChange, CountBatch, VisitCounter
from gallery.supporters.models import SupporterLink
from gallery.themes.models import Theme

logger = logging.getLogger("gallery.stats")

WRITE_INTERVAL = 1.0  # seconds; a killed process loses at most the counts of one interval
FINAL_ATTEMPTS = 5  # attempts to write the remaining counts when a process stops
ROWS_PER_STATEMENT = 500  # rows in one INSERT


class CountedPage(NamedTuple):
    """A kind of page that is counted."""

    model: type[Model]  # the model of the counted rows
    name: str  # the field that identifies a row in URLs
    counts: type[Model]
    column: str  # the foreign key in the table of `counts` to the counted row
    summed_kind: CountKind | None = None  # which of these counts OrganisationCount sums up

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a counted row that are needed."""
        return ("id", self.name, *(("organisation_id",) if self.summed_kind else ()))

    def rows(self) -> QuerySet[Any]:
        """All rows whose page views are counted: withdrawn works are left out."""
        return self.model.exclude(status=Status.WITHDRAWN) if self.model is Artwork else self.model.all()


COUNTED_PAGES: Mapping[str, CountedPage] = {
    "works": CountedPage(Artwork, "public_id", WorkCount, "artwork_id", CountKind.SEEN),
    "projects": CountedPage(Project, "slug", ProjectCount, "project_id", CountKind.FOLLOWED),
    "themes": CountedPage(Theme, "slug", ThemeCount, "theme_id"),
    "exhibitions": CountedPage(Exhibition, "slug", ExhibitionCount, "exhibition_id"),
}
COUNTED_PATH = re.compile(rf"/[A-Za-z0-9-]+/({'|'.join(COUNTED_PAGES)})/([A-Za-z0-9_-]{{1,60}})")

CountChanges = Counter[tuple[int, date, CountKind]]  # (id of the counted row, day, kind)


@asynccontextmanager
async def write_periodically(counter: VisitCounter) -> AsyncIterator[None]:
    """Write the counts of `counter` every second, and once more at the end."""
    stopped = asyncio.Event()
    writing = asyncio.create_task(_write_until(stopped, counter))
    try:
        yield
    finally:
        stopped.set()
        await writing


async def _write_until(stopped: asyncio.Event, counter: VisitCounter) -> None:
    while not stopped.is_set():
        try:
            await asyncio.wait_for(stopped.wait(), WRITE_INTERVAL)
        except TimeoutError:
            await _try_to_write(counter)
    for _ in range(FINAL_ATTEMPTS):
        if await _try_to_write(counter):
            return
        await asyncio.sleep(0.2)


async def _try_to_write(counter: VisitCounter) -> bool:
    """Write the counts; returns whether all are written.

    If the database is busy or unreachable, the counts stay in memory.
    """
    try:
        return await write_counts(counter)
    except Exception as fault:
        logger.warning("Counts could not be written and wait: %s", type(fault).__name__)
        return False


async def write_counts(counter: VisitCounter) -> bool:
    """Write all counts of `counter`; False if some are left for the next time."""
    batch = counter.take()
    if not batch:
        return True
    try:
        left = await write_batch(batch)
    except BaseException:
        counter.restore(batch)
        raise
    counter.restore(left)
    return not left


async def write_batch(batch: CountBatch) -> CountBatch:
    """Add a batch to the stored counts; returns the counts whose rows another transaction has locked.

    Counts of deleted rows are dropped.
    """
    left = CountBatch()
    async with in_transaction(BACKGROUND_CONNECTION) as connection:
        for name in COUNTED_PAGES:  # the same order in every process, so that no deadlock is possible
            await _write_page(connection, batch, left, name)
        await _write_visits_through_links(connection, batch, left)
    return left


async def _write_page(connection: BaseDBAsyncClient, batch: CountBatch, left: CountBatch, name: str) -> None:
    page = COUNTED_PAGES[name]
    opened = _opened_in(batch, name)
    followed = {key: number for key, number in batch.followed.items() if key[1] == name}
    appreciation_changes = batch.appreciation_changes if page.model is Artwork else {}
    ids = {id for _, _, id in followed} | {press.artwork_id for press in appreciation_changes.values()}
    if not opened and not ids:
        return
    by_name: dict[str, Any] = {f"{page.name}__in": list(opened)}
    rows = page.rows().filter(Q(**by_name) | Q(id__in=list(ids)))
    locked_rows, busy_rows = await _lock_rows(connection, rows.only(*page.columns))
    numbers: CountChanges = Counter()
    for row in locked_rows:
        for day, _path, number in opened.get(getattr(row, page.name), ()):
            numbers[row.id, day, CountKind.SEEN] += number
    for row in busy_rows:
        for day, path, number in opened.get(getattr(row, page.name), ()):
            left.opened[day, path] += number
    locked_ids, busy_ids = {row.id for row in locked_rows}, {row.id for row in busy_rows}
    for key, number in followed.items():
        if key[2] in locked_ids:
            numbers[key[2], key[0], CountKind.FOLLOWED] += number
        elif key[2] in busy_ids:
            left.followed[key] += number
    await _add_counts(connection, page.counts, page.column, numbers)
    if page.summed_kind is not None:
        await _add_sums(connection, numbers, page.summed_kind, locked_rows)
    await _write_appreciations(
        connection,
        {token: each for token, each in appreciation_changes.items() if each.artwork_id in locked_ids},
    )
    left.appreciation_changes.update(
        {token: each for token, each in appreciation_changes.items() if each.artwork_id in busy_ids}
    )


def _opened_in(batch: CountBatch, kind: str) -> dict[str, list[tuple[date, str, int]]]:
    """The views of pages of `kind`: slug or public id → [(day, path, views)], for all languages."""
    views: dict[str, list[tuple[date, str, int]]] = defaultdict(list)
    for (day, path), number in batch.opened.items():
        matched = COUNTED_PATH.fullmatch(path)
        if matched is not None and matched[1] == kind:
            views[matched[2]].append((day, path, number))
    return views


async def _lock_rows(connection: BaseDBAsyncClient, rows: QuerySet[Any]) -> tuple[list[Any], list[Any]]:
    """Lock `rows`; returns the rows that are locked now, and the rows that another transaction has locked."""
    all_rows = await rows.using_db(connection)
    locked_rows = await locked(rows.using_db(connection), skip_locked=True)
    locked_ids = {row.id for row in locked_rows}
    return locked_rows, [row for row in all_rows if row.id not in locked_ids]


async def _add_counts(
    connection: BaseDBAsyncClient, counts: type[Model], column: str, numbers: CountChanges
) -> None:
    table = table_name(counts)
    rows = [(id, day, kind.value, number) for (id, day, kind), number in sorted(numbers.items())]
    await _insert(
        connection,
        f'INSERT INTO "{table}" ("{column}", "day", "kind", "number") VALUES {{}} '  # noqa: S608 - names of our own
        f'ON CONFLICT ("{column}", "day", "kind") '
        f'DO UPDATE SET "number" = "{table}"."number" + excluded."number"',
        rows,
    )


async def _add_sums(
    connection: BaseDBAsyncClient, numbers: CountChanges, summed: CountKind, counted_rows: Sequence[Any]
) -> None:
    """Add the counts of the kind `summed` to the sums of the rows' organisations."""
    organisations = {row.id: row.organisation_id for row in counted_rows}
    sums: CountChanges = Counter()
    for (id, day, kind), number in numbers.items():
        if kind == summed:
            sums[organisations[id], day, kind] += number
    await _add_counts(connection, OrganisationCount, "organisation_id", sums)


async def subtract_from_sums(consent_id: int) -> None:
    """Subtract the views of a consent's works from the sums; call it before their counts are deleted.

    The transaction must have locked the works, so that no process adds to their counts.
    """
    works = WorkCount.filter(artwork__consent_id=consent_id, kind=CountKind.SEEN)
    grouped = works.annotate(sum=Sum("number")).group_by("artwork__organisation_id", "day")
    rows: list[Any] = await grouped.values_list("artwork__organisation_id", "day", "sum")
    taken: CountChanges = Counter({(id, day, CountKind.SEEN): -number for id, day, number in rows})
    await _add_counts(get_connection("default"), OrganisationCount, "organisation_id", taken)


async def _write_appreciations(
    connection: BaseDBAsyncClient, appreciation_changes: Mapping[str, AppreciationChange]
) -> None:
    """Store each visitor's latest change; the order in which processes write does not matter."""
    rows = [
        (token, each.artwork_id, each.day, each.is_there, each.changed_at)
        for token, each in sorted(appreciation_changes.items())
    ]
    await _insert(
        connection,
        'INSERT INTO "appreciation" ("token", "artwork_id", "day", "is_there", "changed_at") VALUES {} '
        'ON CONFLICT ("token") DO UPDATE SET "day" = excluded."day", "is_there" = excluded."is_there", '
        '"changed_at" = excluded."changed_at" WHERE "appreciation"."changed_at" < excluded."changed_at"',
        rows,
    )


async def _write_visits_through_links(
    connection: BaseDBAsyncClient, batch: CountBatch, left: CountBatch
) -> None:
    """Store each visit once, with what was done in it; the order in which processes write does not matter."""
    if not batch.through_links:
        return
    ids = sorted({each.link_id for each in batch.through_links.values()})
    locked_rows, busy_rows = await _lock_rows(connection, SupporterLink.filter(id__in=ids).only("id"))
    locked_ids, busy_ids = {row.id for row in locked_rows}, {row.id for row in busy_rows}
    rows = [
        (token, each.link_id, each.day, each.thanked, each.followed)
        for token, each in sorted(batch.through_links.items())
        if each.link_id in locked_ids
    ]
    await _insert(
        connection,
        'INSERT INTO "supporter_visit" ("token", "link_id", "day", "thanked", "followed") VALUES {} '
        'ON CONFLICT ("token") DO UPDATE SET '
        '"thanked" = "supporter_visit"."thanked" OR excluded."thanked", '
        '"followed" = "supporter_visit"."followed" OR excluded."followed"',
        rows,
    )
    left.through_links.update(
        {token: each for token, each in batch.through_links.items() if each.link_id in busy_ids}
    )


async def _insert(connection: BaseDBAsyncClient, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Execute `statement` with placeholders for `rows` in place of {}, in the database's parameter style."""
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        some = rows[start : start + ROWS_PER_STATEMENT]
        if connection.capabilities.dialect == "sqlite":
            marks: Iterable[str] = ["(" + ", ".join("?" * len(row)) + ")" for row in some]
            values = [each.isoformat() if isinstance(each, date) else each for row in some for each in row]
        else:
            width = len(some[0])
            marks = [
                "(" + ", ".join(f"${row * width + column}" for column in range(1, width + 1)) + ")"
                for row in range(len(some))
            ]
            values = [each for row in some for each in row]
        await connection.execute_query(statement.format(", ".join(marks)), values)
