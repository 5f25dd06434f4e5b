"""Archives: exhibitions as folders of plain pages that need no server, and outlive the season without it.

An archive holds the current edition of an exhibition, whether or not it has closed or left the site, and of its works
those that may be shown at all and whose consent covers an archive. It lies in the site's home, where the worker keeps
it true: a work whose consent ends leaves it as it leaves the walls.

The works of an archive are written down before they are written, and whatever else lies in the folder is deleted each
time: whatever stops its making, the next one finds what must leave.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tortoise.queryset import QuerySet

from gallery.artists.consents import birth_decade
from gallery.artworks.models import Artwork, edition_has_opened, may_be_exhibited
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow
from gallery.db.models import ContentVersion
from gallery.exhibitions.credit_logos import ShownLogo
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.exhibitions.schedule import next_change
from gallery.images.models import Image
from gallery.images.profile_image_models import CreditLogo
from gallery.images.renditions import file_name
from gallery.images.storage_keys import logo_key, rendition_key
from gallery.organisations.links import find_dead_links
from gallery.public.pagination import ROOM_COLUMNS
from gallery.public.queries import (
    EDITION_COLUMNS,
    FALLBACK_WIDTH,
    Counts,
    ShownExhibition,
    ShownWork,
    spoken_column,
    style_sheet,
)
from gallery.public.rooms import STORY_COLUMNS, RoomText, ShownRoom, shown_room
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import LOCK_NAME, atomic_write, lock_folder
from gallery.web.languages import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    current_language,
    other_language,
    use_language,
)
from gallery.web.rendering import Pages
from gallery.web.static_files import StaticFiles

FOLDER = "archives"  # in the site's home, with a folder for each exhibition, named as its address
# Which works the archive holds or held until now, as of which content version, and until when that holds.
INDEX_FILE = "archive.json"
UNKNOWN_VERSION = -1  # as a content version: it is not known to be true
STYLE_SHEET = "public.css"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MIN_INTERVAL = timedelta(minutes=10)  # between two writings of all pages

logger = logging.getLogger("gallery.archives")


class NothingToArchive(Exception):
    """No exhibition of that address is published and has opened."""


@dataclass(frozen=True)
class ArchiveResult:
    folder: Path
    works: int
    left_out: int  # works on its walls that may be shown, but not in an archive


@dataclass
class ArchiveContents:
    """What belongs into an archive: how its pages are made, by their paths within it, and keys of private storage."""

    pages: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    works: list[str] = field(default_factory=list)  # public ids
    logos: list[str] = field(default_factory=list)  # tokens of credits' logos
    left_out: int = 0

    @property
    def paths(self) -> set[str]:
        return {*self.pages, *self.files}


async def write_archive_folder(slug: str, settings: Settings, storage: Storage) -> ArchiveResult:
    """Write the archive of an exhibition, or bring it up to date. Raises NothingToArchive, StoreAway."""
    if await _edition_of(slug) is None:
        raise NothingToArchive
    folder = settings.home / FOLDER / slug
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder, waits=True):
        return await _write_folder(folder, settings, storage)


async def update_archives(settings: Settings, storage: Storage) -> int:
    """Bring archives up to date; returns how many were.

    At once where a work must leave; other changes come PATIENCE after the last, for each writes all pages anew.
    """
    lists = sorted((settings.home / FOLDER).glob(f"*/{INDEX_FILE}"))
    version, kept = await _content_version() if lists else UNKNOWN_VERSION, 0
    for path in lists:
        try:
            with lock_folder(path.parent) as is_ours:
                if is_ours and await _is_due(path.parent, version):
                    await _write_folder(path.parent, settings, storage)
                    kept += 1
        except Exception:  # whatever is wrong with one archive, it must not keep others from being true
            logger.exception("The archive %s cannot be kept true", path.parent.name)
    return kept


async def _is_due(folder: Path, version: int) -> bool:
    listed = _read_index(folder)
    if listed["version"] == version and now() < datetime.fromisoformat(listed["holds_until"]):
        return False
    is_fresh = now() - datetime.fromisoformat(listed["written_at"]) < MIN_INTERVAL
    return not is_fresh or bool({*listed["works"], *listed["logos"]} - await _allowed_ids(folder.name))


async def _content_version() -> int:
    version = await ContentVersion.get_or_none(id=1)
    return version.number if version else 0


def _read_index(folder: Path) -> dict[str, Any]:
    """What was said of the archive when it was written; where nothing can be read of it, that it was long ago."""
    long_ago = LONG_AGO.isoformat()
    told: dict[str, Any] = {
        "version": UNKNOWN_VERSION,
        "holds_until": long_ago,
        "written_at": long_ago,
        "works": [],
        "logos": [],
    }
    with suppress(FileNotFoundError, ValueError):
        told |= json.loads((folder / INDEX_FILE).read_text())
    return told


async def _write_folder(folder: Path, settings: Settings, storage: Storage) -> ArchiveResult:
    """Take out what no longer belongs, then write what is new; the caller holds the folder."""
    # Before anything is read: what changes meanwhile, by somebody or by the clock alone, is seen next time.
    version, holds_until = await _content_version(), await next_change()
    contents = await _collect_contents(folder.name, settings)
    before = _read_index(folder)
    works, logos = {*before["works"], *contents.works}, {*before["logos"], *contents.logos}
    _write_index(folder, UNKNOWN_VERSION, holds_until, works, logos)
    _delete_leftovers(folder, contents.paths)
    # Pages before pictures: they name what must leave, and need no store, which may be away.
    for path, made in contents.pages.items():
        await asyncio.to_thread(
            _write_file, folder / path, made()
        )  # other chores must not wait for all of them
    for path, key in contents.files.items():
        if not (folder / path).exists():
            try:
                async with storage.private.local_copy(key) as source:
                    await asyncio.to_thread(_copy_file, source, folder / path)
            except FileNotFoundError:  # deleted this very moment, by a withdrawal perhaps
                version = UNKNOWN_VERSION  # the next time sees it
    _write_index(folder, version, holds_until, contents.works, contents.logos)
    return ArchiveResult(folder, len(contents.works), contents.left_out)


def _write_index(
    folder: Path, version: int, holds_until: datetime, works: Collection[str], logos: Collection[str]
) -> None:
    told = {
        "version": version,
        "holds_until": holds_until.isoformat(),
        "written_at": now().isoformat(),
        "works": sorted(works),
        "logos": sorted(logos),
    }
    _write_file(folder / INDEX_FILE, json.dumps(told, indent=1).encode())


def _write_file(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        new.write_bytes(body)


def _copy_file(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        shutil.copyfile(source, new)


def _delete_leftovers(folder: Path, paths: Collection[str]) -> None:
    """Delete everything that does not belong, whoever put it there: a copy that was not finished, too."""
    belonging = {INDEX_FILE, LOCK_NAME, *paths}
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in belonging:
            path.unlink()


async def _edition_of(slug: str) -> QueryRow | None:
    """The current edition of an exhibition that has opened, also where it has left the site since."""
    found = Edition.filter(edition_has_opened(), exhibition__slug=slug)
    rows = await found.values(*EDITION_COLUMNS)
    return rows[0] if rows else None


def _showable_works(edition: QueryRow | None) -> QuerySet[Artwork]:
    """Works that hang in the edition and may be shown at all."""
    return Artwork.filter(may_be_exhibited(), hangings__room__edition_id=edition["id"] if edition else 0)


async def _allowed_ids(slug: str) -> set[str]:
    """The public ids of works, and the tokens of logos, that the archive of an exhibition may hold."""
    stays = _showable_works(await _edition_of(slug)).filter(consent__for_archive=True)
    ids: list[Any] = await stays.values_list("public_id", flat=True)
    tokens: list[Any] = await CreditLogo.filter(exhibition__slug=slug).values_list("token", flat=True)
    return {*ids, *tokens}


async def _collect_contents(slug: str, settings: Settings) -> ArchiveContents:
    contents = ArchiveContents()
    edition = await _edition_of(slug)
    if edition is None:  # it was taken down
        return contents
    works = _showable_works(edition).filter(consent__for_archive=True)
    rows = {row["id"]: row for row in await works.values(*STORY_COLUMNS)}
    artworks = {
        work.id: work
        for work in await works.select_related("organisation", "project", "artist", "image")
        if work.id in rows
    }
    contents.works = [work.public_id for work in artworks.values()]
    contents.left_out = await _showable_works(edition).count() - len(artworks)
    for work in artworks.values():
        assert work.image is not None
        contents.files |= _picture_files(work.image)
    hall = ArchivedExhibition(
        slug=slug,
        edition=edition,
        rooms=await Room.filter(edition_id=edition["id"]).order_by("position", "id").values(*ROOM_COLUMNS),
        hung=await Hanging.filter(room__edition_id=edition["id"], artwork_id__in=list(artworks) or [0])
        .order_by("position", "id")
        .values("room_id", "artwork_id", "caption_zh", "caption_en"),
        rows=rows,
        artworks=artworks,
        logos=await CreditLogo.filter(exhibition__slug=slug, key__in=_credit_keys(edition) or [""]),
        dead=await find_dead_links(_outside_links(edition, artworks.values())),
    )
    contents.logos = [logo.token for logo in hall.logos]
    contents.files |= {f"logos/{logo.token}.jpg": logo_key(logo.token) for logo in hall.logos}
    paper = ArchivePages(settings)
    contents.pages[f"static/{STYLE_SHEET}"] = lambda: paper.style
    contents.pages["index.html"] = partial(
        paper.page, DEFAULT_LANGUAGE, "entrance.html", "", exhibition=ShownExhibition.of(edition)
    )
    for language in LANGUAGES:
        with use_language(language):
            contents.pages |= _pages_in_language(hall, paper)
    return contents


def _picture_files(image: Image) -> dict[str, str]:
    """Its renditions; of JPEG only the one that a page names for browsers that know no other format."""
    plain = next((width for width in image.widths() if width >= FALLBACK_WIDTH), image.widths()[-1])
    names = [
        name for name in image.file_names() if not name.endswith(".jpg") or name == file_name(plain, "jpg")
    ]
    return {f"media/{image.token}/{name}": rendition_key(image.token, name) for name in names}


def _credit_keys(edition: QueryRow) -> list[str]:
    return [credit.key for credit in ShownExhibition.of(edition).credits]


def _outside_links(edition: QueryRow, artworks: Iterable[Artwork]) -> set[str]:
    links = {credit.link for credit in ShownExhibition.of(edition).credits if credit.link}
    return links.union(*(work.project.links.values() for work in artworks if work.project))


@dataclass(frozen=True)
class ArchivedExhibition:
    """All that the pages of an archive tell, in whichever language."""

    slug: str
    edition: QueryRow
    rooms: Sequence[QueryRow]
    hung: Sequence[QueryRow]
    rows: Mapping[int, QueryRow]  # of works, by their ids
    artworks: Mapping[int, Artwork]
    logos: Sequence[CreditLogo]
    dead: Collection[str]

    def shown(self, up: str) -> list[ShownRoom]:
        """The rooms in which something hangs; `up` leads to the archive's folder."""
        shown: list[ShownRoom] = []
        for room in self.rooms:
            here = [one for one in self.hung if one["room_id"] == room["id"]]
            if here:
                wall = RoomText(spoken_column(room, "title"), spoken_column(room, "text"), room["layout"])
                rows = [self.rows[one["artwork_id"]] for one in here]
                captions = {one["artwork_id"]: spoken_column(one, "caption") for one in here}
                shelf = f"{up}media/"
                shown.append(shown_room(len(shown) + 1, wall, rows, captions, shelf.__add__))
        return shown


def _pages_in_language(hall: ArchivedExhibition, paper: ArchivePages) -> dict[str, Callable[[], bytes]]:
    """The pages of an archive in the language that is spoken: the exhibition's own, and one for each work."""
    language, twin = current_language(), other_language(current_language())
    exhibition = ShownExhibition.of(hall.edition)
    rooms = hall.shown("../")
    works = [work for room in rooms for work in room.works]
    pages: dict[str, Callable[[], bytes]] = {
        f"{language}/index.html": partial(
            paper.page,
            language,
            "exhibition.html",
            "../",
            works,
            exhibition=exhibition,
            rooms=rooms,
            cover=works[0] if works else None,
            counts=Counts.of(works),
            logos={
                logo.key: ShownLogo(f"../logos/{logo.token}.jpg", logo.width, logo.height)
                for logo in hall.logos
            },
            dead=hall.dead,
            twin=f"../{twin}/index.html",
        )
    }
    for room in hall.shown("../../"):
        for place, work in enumerate(room.works):
            pages[f"{language}/works/{work.public_id}.html"] = partial(
                paper.page,
                language,
                "artwork.html",
                "../../",
                [work],
                exhibition=exhibition,
                room=room,
                work=work,
                previous=room.works[place - 1] if place else None,
                next=room.works[place + 1] if place + 1 < len(room.works) else None,
                dead=hall.dead,
                twin=f"../../{twin}/works/{work.public_id}.html",
                artwork=hall.artworks[work.id],
                born=birth_decade(hall.artworks[work.id].artist),
            )
    return pages


class ArchivePages:
    """Templates whose addresses lead from file to file instead of from path to path of a site."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._up = ""
        self._environment = Pages(settings, [], "").environment
        self._environment.globals.update(url=self._url, static=self._static)
        self.style = StaticFiles().text(STYLE_SHEET)

    def page(
        self, language: str, template: str, up: str, works: Sequence[ShownWork] = (), **context: Any
    ) -> bytes:
        """A page from whose folder `up` leads to that of the archive."""
        self._up = up
        exhibition: ShownExhibition = context["exhibition"]
        with use_language(language):
            text = self._environment.get_template(f"archives/{template}").render(
                style=style_sheet(works, exhibition.theme),
                style_sheets=[],
                robots="" if all(work.is_for_machines for work in works) else "noai, noimageai",
                **context,
            )
        return text.encode()

    def _static(self, path: str) -> str:
        return f"{self._up}static/{path}"

    def _url(self, name: str, /, *, language: str, **parameters: str) -> str:
        """From the page that is made to a page of the archive, or to a theme's page on the site."""
        if name == "visits:artwork":
            return f"{self._up}{language}/works/{parameters['public_id']}.html"
        if name == "visits:exhibition":
            return f"{self._up}{language}/index.html"
        assert name == "visits:theme"
        return f"{self._settings.site_url}/{language}/themes/{parameters['slug']}"
