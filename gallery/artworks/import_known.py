"""Rows of a sheet that name a work which the organisation already has."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tortoise.expressions import Subquery

from gallery.artworks.archive_names import comparable_file_name
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.import_models import Import, ImportedPicture, ImportedWork
from gallery.artworks.models import EDITABLE_STATUSES, Artwork, Status
from gallery.artworks.sheet_columns import normalised_name
from gallery.artworks.sheet_rows import ParsedRow
from gallery.db.connection import locked

NamedPictures = Sequence[tuple[str, str | None]]  # see import_lookup.RowBatch.pictures


@dataclass(frozen=True)
class KnownWorks:
    by_number: Mapping[str, int]  # inventory number → id of the work
    by_picture: Mapping[tuple[str, str], int]  # key of the first picture and normalised title → id
    by_file: Mapping[str, set[int]]  # comparable name of the first picture's file → ids of the drafts

    def find(self, row: ParsedRow, pictures: NamedPictures) -> int | None:
        if (id := self.by_number.get(row.inventory_number)) is not None:
            return id
        name, key = pictures[0] if pictures else ("", None)
        if key is None:
            drafts = self._drafts_of(name)
            return next(iter(drafts)) if len(drafts) == 1 else None
        titles = (normalised_name(words) for field, words in row.texts.items() if field.startswith("title"))
        found = (self.by_picture.get((key, title)) for title in titles if title)
        return next((id for id in found if id is not None), None)

    def is_unsure(self, pictures: NamedPictures) -> bool:
        """Whether several drafts have a picture of the name that a row has for its first one."""
        name, key = pictures[0] if pictures else ("", None)
        return key is None and len(self._drafts_of(name)) > 1

    def _drafts_of(self, name: str) -> set[int]:
        return self.by_file.get(comparable_file_name(posixpath.basename(name)), set())

    def find_all(self, rows: Iterable[ParsedRow], pictures: Mapping[int, NamedPictures]) -> set[int]:
        found = (self.find(row, pictures.get(row.number, ())) for row in rows)
        return {id for id in found if id is not None}


async def find_known_works(
    job: Import, rows: Sequence[ParsedRow], pictures: Mapping[int, NamedPictures]
) -> KnownWorks:
    """The works that rows name by number, by picture and title, or by the file of a draft's picture.

    Works that this import created are left out. `pictures`: by row number.
    """
    ours = Artwork.filter(organisation_id=job.organisation_id)
    made_now = ImportedWork.filter(of_id=job.id).values("artwork_id")
    made_before = ours.exclude(id__in=Subquery(made_now))
    numbers = [row.inventory_number for row in rows if row.inventory_number]
    by_number = await ours.filter(inventory_number__in=numbers).values_list("inventory_number", "id")
    named = [each for several in pictures.values() for each in several]
    stored = ImportedPicture.filter(of_id=job.id, name__in={key for _name, key in named if key})
    keys: dict[str, str] = dict(await stored.exclude(digest="").values_list("digest", "name"))
    same_file = made_before.filter(image__source_sha256__in=list(keys))
    by_picture = {
        (keys[digest], normalised_name(words)): id
        for id, digest, title in await same_file.values_list("id", "image__source_sha256", "title")
        for words in title.values()
    }
    has_missing = any(key is None for _name, key in named)
    return KnownWorks(dict(by_number), by_picture, await _drafts_by_file(job) if has_missing else {})


async def _drafts_by_file(job: Import) -> dict[str, set[int]]:
    """The organisation's drafts by the name of the file that their first picture was sent as."""
    drafts = Artwork.filter(organisation_id=job.organisation_id, status=Status.DRAFT, image_id__isnull=False)
    found: dict[str, set[int]] = {}
    for id, name in await drafts.exclude(image__source_name="").values_list("id", "image__source_name"):
        found.setdefault(comparable_file_name(name), set()).add(id)
    return found


async def load_editable(ids: Iterable[int]) -> dict[int, Artwork]:
    """The works among `ids` that can be changed, by id, with row locks and with their further pictures."""
    editable = Artwork.filter(status__in=EDITABLE_STATUSES, id__in=list(ids))
    works = await locked(editable).order_by("id")
    await load_further_pictures(works)
    return {work.id: work for work in works}
