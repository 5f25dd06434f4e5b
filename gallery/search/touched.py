"""Which entries of the search index may have changed since the last pass, by edits or by time alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from gallery.artworks.models import Artwork, has_theme
from gallery.clock import now, to_local, today
from gallery.db.connection import QuerySet
from gallery.db.content_version import EDITION, ORGANISATION, PROJECT, THEME, WORK, changes_between
from gallery.exhibitions.models import Edition, Exhibition, Hanging
from gallery.organisations.models import Project
from gallery.search import tokenizer
from gallery.search.models import EntryKind, IndexPass, entry_id

MAX_TOUCHED = 20_000  # entries; if more are affected, the pass covers all entries


async def touched_entries(last: IndexPass, number: int) -> list[int] | None:
    """The ids of entries that may have changed between the last pass and content version `number`, descending.

    None if any entry may have changed: the changes are unknown or not stored any more, they affect too many
    entries, or the tokenizer changed.
    """
    changes = await changes_between(last.content_version, number)
    if changes is None or last.words_version != tokenizer.VERSION or last.holds_until is None:
        return None
    if any(change.keys is None and change.rows is None for change in changes):
        return None
    shown = _ids_by_prefix(key for change in changes for key in change.keys or ())
    changed = _ids_by_prefix(key for change in changes for key in change.rows or ())
    works, editions = shown[WORK] | changed[WORK], shown[EDITION] | changed[EDITION]
    projects, organisations, themes = changed[PROJECT], changed[ORGANISATION], changed[THEME]
    works |= await _first_ids(Artwork.filter(project_id__in=[*projects]))
    works |= await _first_ids(Artwork.filter(organisation_id__in=[*organisations]))
    for theme in themes:
        works |= await _first_ids(Artwork.filter(has_theme(theme)))
    if now() >= last.holds_until:
        opened = await _editions_changed_by_time(last.holds_until)
        editions |= opened
        hangings = Hanging.filter(room__edition_id__in=[*opened])
        works |= await _first_ids(hangings, "artwork_id")
        works |= await _first_ids(Artwork.filter(_consent_changed_by_time(last.holds_until)))
    if len(works) > MAX_TOUCHED:
        return None
    # Organisations and projects are in the index while they have a work on view.
    organisations |= await _first_ids(Artwork.filter(id__in=[*works]), "organisation_id")
    projects |= await _first_ids(Project.filter(organisation_id__in=[*organisations]))
    exhibitions = await _first_ids(Edition.filter(id__in=[*editions]), "exhibition_id")
    exhibitions |= await _first_ids(Exhibition.filter(theme_id__in=[*themes]))
    found = {
        EntryKind.WORK: works,
        EntryKind.PROJECT: projects,
        EntryKind.ORGANISATION: organisations,
        EntryKind.THEME: themes,
        EntryKind.EXHIBITION: exhibitions,
    }
    entries = sorted((entry_id(kind, id) for kind, ids in found.items() for id in ids), reverse=True)
    return entries if len(entries) <= MAX_TOUCHED else None


def _ids_by_prefix(keys: Iterable[str]) -> defaultdict[str, set[int]]:
    ids = defaultdict[str, set[int]](set)
    for key in keys:
        prefix, separator, id = key.partition(":")
        ids[prefix + separator].add(int(id))
    return ids


async def _first_ids(rows: QuerySet[Any], column: str = "id") -> set[int]:
    """The values of a column. If there are more than MAX_TOUCHED, only so many that the caller notices it."""
    values = rows.distinct().order_by(column).limit(MAX_TOUCHED + 1)
    found: list[Any] = await values.values_list(column, flat=True)
    return set(found)


async def _editions_changed_by_time(since: datetime) -> set[int]:
    """The current editions of the exhibitions that opened or closed since that moment."""
    passed = Q(opens_at__gte=since, opens_at__lte=now()) | Q(closes_at__gte=since, closes_at__lte=now())
    exhibitions = await _first_ids(Edition.filter(passed, is_current=True), "exhibition_id")
    return await _first_ids(Edition.filter(exhibition_id__in=[*exhibitions], is_current=True))


def _consent_changed_by_time(since: datetime) -> Q:
    """The filter for works whose consent began or ended since that moment."""
    # A consent ends after the last day on which it is in force.
    first, last = to_local(since).date() - timedelta(days=1), today()
    begins = Q(consent__starts_on__gte=first, consent__starts_on__lte=last)
    return begins | Q(consent__ends_on__gte=first, consent__ends_on__lte=last)
