"""Statistics as CSV: a row per day and work or project, in UTF-8 with a BOM, with formulas escaped."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Status
from gallery.organisations.models import Project
from gallery.stats import totals
from gallery.stats.access import StatsScope
from gallery.stats.totals import DateRange
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.rendering import Pages

DAYS_PER_CHUNK = 31
IDS_PER_QUERY = 5_000
HEADINGS = (
    _l("Date"),
    _l("What"),
    _l("Title"),
    _l("Address"),
    _l("Themes"),
    _l("Project"),
    _l("Seen"),
    _l("Thanks"),
    _l("Links followed"),
)

# Spreadsheet programs read a cell that begins with these as a formula; some accept full-width forms, too.
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """`text` escaped, so that no spreadsheet program reads the cell as a formula."""
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text


async def export_csv(scope: StatsScope, span: DateRange, pages: Pages, language: str) -> AsyncIterator[bytes]:
    """The CSV file in chunks; days without any count have no row."""
    yield codecs.BOM_UTF8 + csv_lines([str(word) for word in HEADINGS])
    for piece in span.split(DAYS_PER_CHUNK):
        works = await totals.by_work_and_day(scope.ids, piece)
        projects = await totals.by_project_and_day(scope.ids, piece)
        about_works = await _describe_works(
            {id for _day, id in works}, pages, language, is_member=scope.is_member
        )
        about_projects = await _describe_projects({id for _day, id in projects}, pages, language)
        rows = [
            [day.isoformat(), *about[id], counted.seen, counted.appreciated, counted.followed]
            for counts_by_key, about in ((works, about_works), (projects, about_projects))
            for (day, id), counted in sorted(counts_by_key.items())
            if id in about
        ]
        rows.sort(key=lambda row: str(row[0]))
        if rows:
            yield csv_lines(*rows)


def csv_lines(*rows: list[Any]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(
        [escape_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return written.getvalue().encode()


async def _describe_works(
    ids: Collection[int], pages: Pages, language: str, *, is_member: bool
) -> Mapping[int, list[str]]:
    """Work id → the cells that describe it, in batches, because databases limit the ids in one query."""
    cells_by_id: dict[int, list[str]] = {}
    every = sorted(ids)
    for start in range(0, len(every), IDS_PER_QUERY):
        some = Artwork.filter(id__in=every[start : start + IDS_PER_QUERY]).exclude(status=Status.WITHDRAWN)
        works = await some.prefetch_related("themes", "project")
        if not is_member:
            await load_as_sent(works)
        for work in works:
            cells_by_id[work.id] = [
                _("Work"),
                work.localized("title", language).text,
                pages.absolute(pages.url("public:artwork", language=language, public_id=work.public_id)),
                ", ".join(localized(theme, "title").text for theme in work.themes),
                localized(work.project, "title").text if work.project else "",
            ]
    return cells_by_id


async def _describe_projects(ids: Collection[int], pages: Pages, language: str) -> Mapping[int, list[str]]:
    return {
        project.id: [
            _("Project"),
            title := localized(project, "title").text,
            pages.absolute(pages.url("public:project", language=language, slug=project.slug)),
            "",
            title,
        ]
        for project in await Project.filter(id__in=list(ids))
    }
