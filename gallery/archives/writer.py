"""Archives: exhibitions as folders of plain pages that need no server and can be kept after the season.

An archive holds the current edition of an exhibition, even if the exhibition has closed or was taken off the
site. It contains only works that may be exhibited and whose consent covers an archive. The folder is in the
site's home. The worker keeps it up to date: a work whose consent ends is removed from the archive, too.

Each run writes the list of works to the index file before their pages, and deletes every file that does not
belong to the archive. So after an interruption, the next run still finds every work that must be removed.
"""

from __future__ import annotations

import asyncio
import hashlib
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
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, edition_has_opened, may_be_exhibited
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow
from gallery.db.content_version import current_number
from gallery.exhibitions.blocks import blocks_of
from gallery.exhibitions.credit_logos import ShownLogo
from gallery.exhibitions.credits import Supporters, credits_of, supporters_of
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.exhibitions.schedule import next_change
from gallery.images.models import Image
from gallery.images.picture_element import FALLBACK_WIDTH
from gallery.images.profile_image_models import CreditLogo
from gallery.images.renditions import file_name, width_at_least
from gallery.images.storage_keys import logo_key, rendition_key
from gallery.organisations.links import find_dead_links
from gallery.organisations.models import Project
from gallery.public.blocks import with_blocks
from gallery.public.page_fonts import FontFile, faces_of, headings_of, packed, style_of, with_style
from gallery.public.pagination import ROOM_COLUMNS
from gallery.public.queries import cards_of
from gallery.public.rooms import (
    STORY_COLUMNS,
    HangingTexts,
    RoomText,
    ShownRoom,
    detailed_work,
    leading_sentence,
    shown_room,
)
from gallery.public.view_models import (
    EDITION_COLUMNS,
    Counts,
    ShownExhibition,
    ShownWork,
    leaves_of,
    style_sheet,
)
from gallery.public.voices import may_be_heard
from gallery.settings import Settings
from gallery.sounds.models import voice_may_be_heard
from gallery.sounds.player import add_voices
from gallery.sounds.storage_keys import FILE_NAMES, sound_key
from gallery.storage import Storage
from gallery.storage.disk import LOCK_NAME, atomic_write, lock_folder
from gallery.supporters.models import Supporter, SupporterState
from gallery.web.languages import (
    current_language,
    default_language,
    site_languages,
    use_language,
)
from gallery.web.rendering import Pages
from gallery.web.static_files import StaticFiles

FOLDER = "archives"  # in the site's home; has one folder for each exhibition, named by its slug
# JSON: the works and logos in the archive, its content version, and until when the archive is valid.
INDEX_FILE = "archive.json"
UNKNOWN_VERSION = -1  # instead of a content version: the archive may be out of date
STYLE_SHEET = "public.css"
FONTS = "fonts"  # the folder of the fonts of titles
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MIN_INTERVAL = timedelta(minutes=10)  # shortest time between two runs that write all pages

logger = logging.getLogger("gallery.archives")


class NothingToArchive(Exception):
    """No exhibition with this slug is published, or it has not opened yet."""


@dataclass(frozen=True)
class ArchiveResult:
    folder: Path
    works: int
    left_out: int  # number of works whose consent does not cover an archive


@dataclass
class ArchiveContents:
    """The contents of an archive.

    `pages`: path → function that renders the page. `files`: path → key in private storage.
    """

    pages: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    works: list[str] = field(default_factory=list)  # public ids
    logos: list[str] = field(default_factory=list)  # tokens of logos of credits, and public ids of supporters
    voices: list[str] = field(default_factory=list)  # tokens of sounds
    left_out: int = 0
    fonts: dict[str, tuple[FontFile, frozenset[str]]] = field(default_factory=dict)  # filled by rendering

    @property
    def paths(self) -> set[str]:
        return {*self.pages, *self.files, *self.fonts}


async def write_archive_folder(slug: str, settings: Settings, storage: Storage) -> ArchiveResult:
    """Write the archive of an exhibition, or bring it up to date.

    Raises NothingToArchive, StoreUnavailable.
    """
    if await _edition_of(slug) is None:
        raise NothingToArchive
    folder = settings.home / FOLDER / slug
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder, waits=True):
        return await _write_folder(folder, settings, storage)


async def update_archives(settings: Settings, storage: Storage) -> int:
    """Bring archives up to date; returns how many were written.

    An archive is updated at once if a work must be removed. Other changes wait until MIN_INTERVAL after the
    last run, because each run writes all pages.
    """
    lists = sorted((settings.home / FOLDER).glob(f"*/{INDEX_FILE}"))
    version, written = await current_number() if lists else UNKNOWN_VERSION, 0
    for path in lists:
        try:
            with lock_folder(path.parent) as is_ours:
                if is_ours and await _is_due(path.parent, version):
                    await _write_folder(path.parent, settings, storage)
                    written += 1
        except Exception:  # an error in one archive must not stop the others
            logger.exception("The archive %s could not be brought up to date", path.parent.name)
    return written


async def _is_due(folder: Path, version: int) -> bool:
    index = _read_index(folder)
    if index["version"] == version and now() < datetime.fromisoformat(index["holds_until"]):
        return False
    is_fresh = now() - datetime.fromisoformat(index["written_at"]) < MIN_INTERVAL
    return not is_fresh or bool(
        {*index["works"], *index["logos"], *index["voices"]} - await _allowed_ids(folder.name)
    )


def _read_index(folder: Path) -> dict[str, Any]:
    """The archive's saved index; if it cannot be read, an index that marks the archive as out of date."""
    long_ago = LONG_AGO.isoformat()
    index: dict[str, Any] = {
        "version": UNKNOWN_VERSION,
        "holds_until": long_ago,
        "written_at": long_ago,
        "works": [],
        "logos": [],
        "voices": [],
    }
    with suppress(FileNotFoundError, ValueError):
        index |= json.loads((folder / INDEX_FILE).read_text())
    return index


async def _write_folder(folder: Path, settings: Settings, storage: Storage) -> ArchiveResult:
    """Delete files that no longer belong to the archive, then write the new files.

    The caller must hold the folder's lock.
    """
    # Read before the content, so that the next run sees every change made during this run, including changes
    # that happen only because time passes.
    version, holds_until = await current_number(), await next_change()
    contents = await _collect_contents(folder.name, settings)
    before = _read_index(folder)
    both = ArchiveContents(
        works=[*before["works"], *contents.works],
        logos=[*before["logos"], *contents.logos],
        voices=[*before["voices"], *contents.voices],
    )
    _write_index(folder, UNKNOWN_VERSION, holds_until, both)
    _delete_leftovers(folder, contents.paths, spared=FONTS)
    # Write pages before pictures: old pages may name works that must be removed, and the store may be down.
    for path, make_page in contents.pages.items():
        await asyncio.to_thread(
            _write_file, folder / path, make_page()
        )  # in a thread, so that other chores do not wait
    for path, (file, characters) in contents.fonts.items():
        if not (folder / path).exists():
            await asyncio.to_thread(_write_font, folder / path, file, characters)
    _delete_leftovers(folder, contents.paths)
    for path, key in contents.files.items():
        if not (folder / path).exists():
            try:
                async with storage.private.local_copy(key) as source:
                    await asyncio.to_thread(_copy_file, source, folder / path)
            except FileNotFoundError:  # the file was just deleted, perhaps by a withdrawal
                version = UNKNOWN_VERSION  # the next run writes the archive again
    _write_index(folder, version, holds_until, contents)
    return ArchiveResult(folder, len(contents.works), contents.left_out)


def _write_index(folder: Path, version: int, holds_until: datetime, contents: ArchiveContents) -> None:
    index = {
        "version": version,
        "holds_until": holds_until.isoformat(),
        "written_at": now().isoformat(),
        "works": sorted({*contents.works}),
        "logos": sorted({*contents.logos}),
        "voices": sorted({*contents.voices}),
    }
    _write_file(folder / INDEX_FILE, json.dumps(index, indent=1).encode())


def _write_file(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        new.write_bytes(body)


def _write_font(path: Path, file: FontFile, characters: Collection[str]) -> None:
    _write_file(path, file.cut(characters))


def _copy_file(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        shutil.copyfile(source, new)


def _delete_leftovers(folder: Path, paths: Collection[str], spared: str = "") -> None:
    """Delete every file and folder that does not belong to the archive, including unfinished copies.

    Files in the folder `spared` stay, until rendering the pages has shown which of them are needed.
    """
    expected = {INDEX_FILE, LOCK_NAME, *paths}
    for path in sorted(folder.rglob("*"), reverse=True):  # files come before the folder that contains them
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif (name := path.relative_to(folder).as_posix()) not in expected and not (
            spared and name.startswith(f"{spared}/")
        ):
            path.unlink()


async def _edition_of(slug: str) -> QueryRow | None:
    """The current edition of an exhibition, even if it was taken off the site; None if it has not opened."""
    editions = Edition.filter(edition_has_opened(), exhibition__slug=slug)
    rows = await editions.values(*EDITION_COLUMNS)
    return rows[0] if rows else None


def _showable_works(edition: QueryRow | None) -> QuerySet[Artwork]:
    """The works of the edition that may be exhibited, whether or not their consent covers an archive."""
    return Artwork.filter(may_be_exhibited(), hangings__room__edition_id=edition["id"] if edition else 0)


async def _allowed_ids(slug: str) -> set[str]:
    """The public ids of works and supporters, and the tokens of logos and voices, that an archive may hold."""
    works = _showable_works(await _edition_of(slug)).filter(consent__for_archive=True)
    ids: list[Any] = await works.values_list("public_id", flat=True)
    tokens: list[Any] = await CreditLogo.filter(exhibition__slug=slug).values_list("token", flat=True)
    voices: list[Any] = await works.filter(voice_may_be_heard()).values_list("sound__token", flat=True)
    agreed: list[Any] = await Supporter.filter(state=SupporterState.AGREED).values_list(
        "public_id", flat=True
    )
    return {*ids, *tokens, *voices, *agreed}


async def _collect_contents(slug: str, settings: Settings) -> ArchiveContents:
    contents = ArchiveContents()
    edition = await _edition_of(slug)
    if edition is None:  # the exhibition was taken off the site
        return contents
    edition, supporters = await _with_supporters(edition)
    works = _showable_works(edition).filter(consent__for_archive=True)
    rows = {row["id"]: row for row in await works.values(*STORY_COLUMNS)}
    artworks = {
        work.id: work
        for work in await works.select_related(
            "organisation", "project", "artist", "image", "sound", "consent"
        )
        if work.id in rows
    }
    await load_further_pictures(artworks.values())
    contents.works = [work.public_id for work in artworks.values()]
    contents.left_out = await _showable_works(edition).count() - len(artworks)
    for work in artworks.values():
        for picture in work.all_pictures():
            contents.files |= _picture_files(picture.image)
        if work.sound is not None and may_be_heard(work):
            contents.voices.append(work.sound.token)
            contents.files |= {
                f"sounds/{work.sound.token}/{name}": sound_key(work.sound.token, name) for name in FILE_NAMES
            }
    archived = ArchivedExhibition(
        slug=slug,
        edition=edition,
        rooms=await Room.filter(edition_id=edition["id"]).order_by("position", "id").values(*ROOM_COLUMNS),
        hangings=await Hanging.filter(room__edition_id=edition["id"], artwork_id__in=list(artworks) or [0])
        .order_by("position", "id")
        .values("room_id", "artwork_id", "caption", "sentence"),
        rows=rows,
        artworks=artworks,
        logos=await CreditLogo.filter(exhibition__slug=slug, key__in=_credit_keys(edition) or [""]),
        dead=await find_dead_links(_outside_links(edition, artworks.values())),
    )
    contents.logos = [*(logo.token for logo in archived.logos), *supporters]
    contents.files |= {f"logos/{logo.token}.jpg": logo_key(logo.token) for logo in archived.logos}
    pages_of_archive = ArchivePages(settings, contents.fonts)
    contents.pages[f"static/{STYLE_SHEET}"] = lambda: pages_of_archive.style
    contents.pages["index.html"] = partial(
        pages_of_archive.page, default_language(), "entrance.html", "", exhibition=ShownExhibition.of(edition)
    )
    for language in site_languages():
        with use_language(language):
            contents.pages |= _pages_in_language(archived, pages_of_archive)
    return contents


def _picture_files(image: Image) -> dict[str, str]:
    """The renditions of a picture: path in the archive → storage key.

    It includes only one JPEG: the rendition for browsers that support no newer format.
    """
    plain = width_at_least(FALLBACK_WIDTH, image.width)
    names = [
        name for name in image.file_names() if not name.endswith(".jpg") or name == file_name(plain, "jpg")
    ]
    return {f"media/{image.token}/{name}": rendition_key(image.token, name) for name in names}


async def _with_supporters(edition: QueryRow) -> tuple[QueryRow, Supporters]:
    """The edition with the names of the supporters in its credits, as if they were plain text, and these supporters."""
    supporters = await supporters_of(credits_of(edition["credits"]))
    entries = [
        {**entry, "name": dict(supporters[id].name), "supporter": ""} if id else entry
        for entry in edition["credits"] or ()
        if not (id := entry.get("supporter")) or id in supporters
    ]
    return {**edition, "credits": entries}, supporters


def _credit_keys(edition: QueryRow) -> list[str]:
    return [credit.key for credit in ShownExhibition.of(edition).credits]


def _outside_links(edition: QueryRow, artworks: Iterable[Artwork]) -> set[str]:
    links = {credit.link for credit in ShownExhibition.of(edition).credits if credit.link}
    return links.union(*(work.project.links.values() for work in artworks if work.project))


@dataclass(frozen=True)
class ArchivedExhibition:
    """The data of all pages of an archive, in every language."""

    slug: str
    edition: QueryRow
    rooms: Sequence[QueryRow]
    hangings: Sequence[QueryRow]
    rows: Mapping[int, QueryRow]  # work id → row of the work
    artworks: Mapping[int, Artwork]
    logos: Sequence[CreditLogo]
    dead: Collection[str]

    @property
    def projects(self) -> dict[int, Project]:
        return {work.project.id: work.project for work in self.artworks.values() if work.project}

    def shown_rooms(self, up: str) -> list[ShownRoom]:
        """The rooms that are not empty.

        `up` is the relative path from the page's folder to the archive's folder.
        """
        shown: list[ShownRoom] = []
        for room in self.rooms:
            hangings = [hanging for hanging in self.hangings if hanging["room_id"] == room["id"]]
            if hangings:
                text = RoomText(room["title"].localized(), room["text"].localized(), room["layout"])
                rows = [self.rows[hanging["artwork_id"]] for hanging in hangings]
                texts = {
                    hanging["artwork_id"]: HangingTexts(hanging["caption"], hanging["sentence"])
                    for hanging in hangings
                }
                shown.append(shown_room(len(shown) + 1, text, rows, texts, f"{up}media/".__add__))
        return with_blocks(shown, blocks_of(self.edition["blocks"]), self.rows, f"{up}media/".__add__)


def _pages_in_language(
    archived: ArchivedExhibition, pages_of_archive: ArchivePages
) -> dict[str, Callable[[], bytes]]:
    """The pages of an archive in the current language: one for the exhibition and one for each work."""
    language = current_language()
    exhibition = ShownExhibition.of(archived.edition)
    rooms = archived.shown_rooms("../")
    works = [work for room in rooms for work in room.works]
    pages: dict[str, Callable[[], bytes]] = {
        f"{language}/index.html": partial(
            pages_of_archive.page,
            language,
            "exhibition.html",
            "../",
            works,
            exhibition=exhibition,
            rooms=rooms,
            leading=leading_sentence(rooms),
            detailed=detailed_work(works),
            cards=cards_of(archived.projects, works),
            cover=works[0] if works else None,
            counts=Counts.of(works),
            logos={
                logo.key: ShownLogo(f"../logos/{logo.token}.jpg", logo.width, logo.height)
                for logo in archived.logos
            },
            dead=archived.dead,
            twins={each: f"../{each}/index.html" for each in site_languages()},
        )
    }
    for room in archived.shown_rooms("../../"):
        for index, work in enumerate(room.works):
            pages[f"{language}/works/{work.public_id}.html"] = partial(
                pages_of_archive.page,
                language,
                "artwork.html",
                "../../",
                [work],
                exhibition=exhibition,
                room=room,
                work=work,
                previous=room.works[index - 1] if index else None,
                next=room.works[index + 1] if index + 1 < len(room.works) else None,
                dead=archived.dead,
                twins={each: f"../../{each}/works/{work.public_id}.html" for each in site_languages()},
                artwork=archived.artworks[work.id],
                leaves=leaves_of(archived.artworks[work.id], lambda token: f"../../media/{token}"),
                voice=_voice_folder(archived.artworks[work.id]),
                born=birth_decade(archived.artworks[work.id].artist),
            )
    return pages


def _voice_folder(artwork: Artwork) -> str:
    """The path of the voice's folder, relative to the page of a work; "" without a voice."""
    return f"../../sounds/{artwork.sound.token}" if artwork.sound and may_be_heard(artwork) else ""


class ArchivePages:
    """Renders the archive's pages, with relative links between files instead of URLs of the site."""

    def __init__(self, settings: Settings, fonts: dict[str, tuple[FontFile, frozenset[str]]]) -> None:
        self._settings = settings
        self._fonts = fonts
        self._up = ""
        self._pages = Pages(settings, [], "")
        add_voices(self._pages)
        self._pages.environment.globals.update(url=self._url, static=self._static)
        self.style = StaticFiles().text(STYLE_SHEET)

    def page(
        self, language: str, template: str, up: str, works: Sequence[ShownWork] = (), **context: Any
    ) -> bytes:
        """Render a page. `up` is the relative path from the page's folder to the archive's folder."""
        self._up = up
        exhibition: ShownExhibition = context["exhibition"]
        style_sheets: list[str] = []
        with use_language(language):
            text = self._pages.html(
                f"archives/{template}",
                style=style_sheet(
                    works, exhibition.theme, [leaf.picture for leaf in context.get("leaves", ())]
                ),
                style_sheets=style_sheets,
                robots="" if all(work.is_for_machines for work in works) else "noai, noimageai",
                **context,
            )
        fonts = style_of(*faces_of(headings_of(text)), self._font)
        return with_style(text, fonts, style_sheets).encode()

    def _font(self, file: FontFile, characters: Collection[str]) -> str:
        """The path from the rendered page to a font, which is written after the pages."""
        key = hashlib.sha256(file.version + packed(characters).encode()).hexdigest()[:16]
        path = f"{FONTS}/{file.name}-{key}.woff2"
        self._fonts[path] = (file, frozenset(characters))
        return self._up + path

    def _static(self, path: str) -> str:
        return f"{self._up}static/{path}"

    def _url(self, name: str, /, *, language: str, **parameters: str) -> str:
        """A link from the rendered page to a page of the archive, or to a theme's page on the site."""
        if name == "public:artwork":
            return f"{self._up}{language}/works/{parameters['public_id']}.html"
        if name == "public:exhibition":
            return f"{self._up}{language}/index.html"
        assert name == "public:theme"
        return f"{self._settings.site_url}/{language}/themes/{parameters['slug']}"
