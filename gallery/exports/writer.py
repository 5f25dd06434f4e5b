"""Writing an export: ZIP files of limited size, one after the other. Each is put into the store when it is complete.

`records-1.zip` has the organisation's records: profile, projects, artists, consents with their signed forms,
and statistics. `works-1.zip` has the works, with a sheet that the import reads. They are separate, so that
nobody sends signed forms to another gallery together with the works. If one ZIP is full, the next one
continues. Memory holds a batch of rows and the names in one ZIP.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent, ConsentRequest, SignedForm
from gallery.artists.private_details import form_key
from gallery.artworks.bundles import MAX_ENTRIES
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import MAX_PICTURES, Artwork, NumberedPicture, Status
from gallery.artworks.sheets import MAX_ROWS
from gallery.artworks.works import TRANSLATED_FIELDS
from gallery.cases.models import Case
from gallery.clock import now, to_local, today
from gallery.exports.exports import keep_lease
from gallery.exports.models import Export, ExportFile, export_key
from gallery.exports.sheet import columns_for, has_enough, sheet_row, write_sheet
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import ProfileImage
from gallery.images.sandbox.parent import read_head
from gallery.images.sandbox.sound_parent import sniff_sound
from gallery.images.storage_keys import original_key
from gallery.organisations.models import LINK_FIELDS, Organisation, Project
from gallery.public import feature as public_feature
from gallery.settings import Settings
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import ORIGINAL_NAME, sound_key
from gallery.stats.access import StatsScope
from gallery.stats.csv_export import export_csv
from gallery.stats.totals import DateRange
from gallery.storage import Storage
from gallery.web.languages import default_language, use_language
from gallery.web.languages import gettext as _
from gallery.web.rendering import Pages

MAX_ZIP_BYTES = 1_000_000_000  # of the files in one ZIP; one work may exceed it. Stores accept 5 GB at once
MAX_WORDS = 20_000_000  # characters of the works in one ZIP; the import accepts a sheet of 64 MB
BATCH_SIZE = 100  # works in memory
RECORDS, WORKS = "records", "works"
README, SHEET = "README.md", "works.xlsx"  # .md: the import takes any CSV, TXT or XLSX file for a sheet
ERASED_NAME = "#{}"  # name of an artist without any consent left; see artists/forgetting.py


@dataclass
class ZipWriter:
    """A ZIP that grows in a scratch folder. Files are not compressed: pictures and sounds already are."""

    path: Path
    archive: zipfile.ZipFile
    storage: Storage
    size: int = 0  # bytes of files from the store

    async def add(self, name: str, path: Path) -> None:
        await asyncio.to_thread(self.archive.write, path, name)

    async def add_text(self, name: str, text: str) -> None:
        await asyncio.to_thread(self.archive.writestr, name, text, zipfile.ZIP_DEFLATED)

    async def add_stored(self, key: str, name: str) -> bool:
        """Copy a file of the private store; False if it is gone."""
        try:
            async with self.storage.private.local_copy(key) as source:
                await self.add(name, source)
                self.size += source.stat().st_size
        except FileNotFoundError:
            return False
        return True


class JsonArray:
    """A JSON file with a list, written item by item, one on each line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.count = 0
        self.characters = 0

    def add(self, item: Mapping[str, Any]) -> None:
        line = json.dumps(item, ensure_ascii=False)
        self._file.write(",\n" + line if self.count else line)
        self.count += 1
        self.characters += len(line)


@contextmanager
def json_array(path: Path) -> Iterator[JsonArray]:
    with path.open("w") as file:
        file.write("[\n")
        yield JsonArray(file)
        file.write("\n]\n")


@dataclass
class SheetRows:
    """The rows of one sheet, in a scratch file until all its columns are known."""

    file: IO[str]
    columns: Counter[str] = field(default_factory=Counter)
    digests: set[str] = field(
        default_factory=set
    )  # SHA-256 of the pictures in the rows; the import takes each only once
    entries: int = 0  # pictures and voices in the ZIP

    def add(self, row: Mapping[str, str]) -> None:
        if has_enough(row):
            self.columns.update(row.keys())
            self.file.write(json.dumps(row) + "\n")


async def write_export(job: Export, settings: Settings, storage: Storage) -> list[ExportFile]:
    """Write all files of an export into the store. Raises LeaseLost, StoreUnavailable."""
    organisation = await Organisation.get(id=job.organisation_id)
    person = await Person.get_or_none(id=job.by_id) if job.by_id else None
    with use_language(person.language if person is not None else default_language()):
        export = ExportWriter(job, organisation, person, settings, storage)
        await keep_lease(job, work_count=await export.works().count(), done_works=0)
        await export.write_records()
        await export.write_works()
        return export.files


@dataclass
class ExportWriter:
    job: Export
    organisation: Organisation
    person: Person | None  # who asked for it
    settings: Settings
    storage: Storage
    files: list[ExportFile] = field(default_factory=list)

    def works(self) -> Any:
        """All works of the organisation that were not withdrawn."""
        return Artwork.filter(organisation_id=self.organisation.id).exclude(status=Status.WITHDRAWN)

    @asynccontextmanager
    async def zip_file(self, name: str) -> AsyncIterator[ZipWriter]:
        """A ZIP with a README. When the block ends, it is put into the store."""
        async with self.storage.scratch_folder() as folder:
            path = folder / name
            with zipfile.ZipFile(path, "w", strict_timestamps=False) as archive:
                written = ZipWriter(path, archive, self.storage)
                await written.add_text(README, self.readme(name))
                yield written
            await keep_lease(self.job)
            size = path.stat().st_size
            await self.storage.private.put_file(export_key(self.job.token, self.job.attempts, name), path)
            self.files.append({"name": name, "size": size})

    def readme(self, name: str) -> str:
        lines = [
            f"# {self.organisation.name.localized().text} · {name}",
            f"{self.settings.site_url} · {now().isoformat(timespec='seconds')}",
            _(
                "These are copies. If an artist or a guardian withdraws a consent, the gallery deletes what it has, "
                "and you delete the work, its pictures and its papers from your copies, too."
            ),
        ]
        if name.startswith(RECORDS):
            lines.append(
                _(
                    "Keep this file to yourself: it has the signed consent forms. Legal names and contacts are not in "
                    "it; they can only be read at the desk."
                )
            )
        else:
            lines.append(
                _(
                    "A gallery that runs the same software imports this file as it is. Consents, projects and "
                    "themes in the sheet are those of this gallery; another one leaves them out with a note, because "
                    "it needs consents of its own. Voices are in works.json. "
                    "Pictures are as you sent them, with the place and time that a camera may have written into them."
                )
            )
        return "\n\n".join(lines) + "\n"

    # Records

    async def write_records(self) -> None:
        """Write ZIPs until every consent is in one. The first ZIP also contains all other records."""
        consents = self._consents()
        consent: Consent | None = await anext(consents, None)
        while consent is not None or not self.files:
            async with self.zip_file(f"{RECORDS}-{len(self.files) + 1}.zip") as written:
                if not self.files:
                    await self._write_profile(written)
                path = written.path.with_name("consents.json")
                with json_array(path) as array:
                    while consent is not None and written.size < MAX_ZIP_BYTES:
                        array.add(await self._consent_facts(consent, written))
                        consent = await anext(consents, None)
                await written.add(path.name, path)

    async def _write_profile(self, written: ZipWriter) -> None:
        of = self.organisation
        profile = {
            "name": dict(of.name),
            "about": dict(of.about),
            "region": dict(of.region),
            "registration_number": of.registration_number,
            "website": of.website,
            "address": of.slug,
            "logo": await self._profile_picture(written, "logo", organisation_id=of.id),
        }
        await written.add_text("organisation.json", json.dumps(profile, ensure_ascii=False, indent=1) + "\n")
        for name, facts in (("projects.json", self._projects(written)), ("artists.json", self._artists())):
            path = written.path.with_name(name)
            with json_array(path) as array:
                async for each in facts:
                    array.add(each)
            await written.add(name, path)
        await self._add_statistics(written)

    async def _profile_picture(self, written: ZipWriter, name: str, **owner: int) -> dict[str, Any] | None:
        picture = await ProfileImage.filter(**owner).select_related("image").first()
        if picture is None:
            return None
        file = f"{name}.{extension(picture.image)}"
        is_there = await written.add_stored(original_key(picture.image.token), file)
        return {"file": file, "alt_text": dict(picture.alt)} if is_there else None

    async def _projects(self, written: ZipWriter) -> AsyncIterator[dict[str, Any]]:
        for project in await Project.filter(organisation_id=self.organisation.id).order_by("id"):
            dates = {name: iso(getattr(project, name)) for name in ("raised_on", "starts_on", "ends_on")}
            yield {
                "id": project.id,
                "address": project.slug,
                "title": dict(project.title),
                "summary": dict(project.summary),
                "effect": dict(project.effect),
                "cause": project.cause,
                **{name: getattr(project, name) for name in LINK_FIELDS},
                **{name: getattr(project, name) for name in ("goal", "raised", "raised_source")},
                **dates,
                "cover": await self._profile_picture(written, f"cover-{project.id}", project_id=project.id),
                "cases": [each async for each in self._cases(project)],
            }

    async def _cases(self, project: Project) -> AsyncIterator[dict[str, Any]]:
        """The cases of a project with their newest words and all figures, unless their consent was withdrawn."""
        texts, links = ("title", "story", "unit", "platform"), ("link", "registration_number")
        cases = Case.filter(project_id=project.id, withdrawn_at__isnull=True).order_by("id")
        for case in await cases.prefetch_related("versions", "figures"):
            version = max(case.versions, key=lambda each: each.number)
            yield {
                "id": case.id,
                "address": case.slug,
                "consent": case.consent_id,
                "ended": case.ending,
                "ended_on": iso(case.ended_on),
                "state": version.state,
                **{name: dict(getattr(version, name)) for name in texts},
                **{name: getattr(version, name) for name in links},
                "registered_until": iso(version.registered_until),
                "currency": version.currency,
                "goal": version.goal,
                "contains": version.contents,
                "figures": [
                    {
                        "day": iso(each.day),
                        "raised": each.raised,
                        "helpers": each.helpers,
                        "source": dict(each.source),
                        "taken_back_at": iso(each.taken_back_at),
                    }
                    for each in sorted(case.figures, key=lambda each: each.id)
                ],
            }

    async def _artists(self) -> AsyncIterator[dict[str, Any]]:
        async for artist in batched(Artist.filter(organisation_id=self.organisation.id)):
            if credit_name_of(artist):
                yield {
                    "id": artist.id,
                    "credit_name": artist.credit_name,
                    "credit_translations": dict(artist.credit_translations),
                    "about": dict(artist.about),
                    "born": artist.born,
                    "page": artist.page_id,
                }

    async def _consents(self) -> AsyncIterator[Consent]:
        """The consents, newest first, without withdrawn consents and the older consents that those had renewed."""
        withdrawn = set[int]()
        of_organisation = Consent.filter(artist__organisation_id=self.organisation.id)
        async for consent in batched(of_organisation, newest_first=True):
            if consent.withdrawn_at is None and consent.id not in withdrawn:
                yield consent
            elif consent.follows_id is not None:
                withdrawn.add(consent.follows_id)

    async def _consent_facts(self, consent: Consent, written: ZipWriter) -> dict[str, Any]:
        """A consent as an entry of consents.json. Its signed forms are written into the ZIP."""
        forms = []
        for number, form in enumerate(await SignedForm.filter(consent_id=consent.id).order_by("id"), 1):
            name = f"forms/consent-{consent.id}-{number}.{form.kind}"
            if await written.add_stored(form_key(form.token), name):
                forms.append(name)
        by_link = await ConsentRequest.filter(consent_id=consent.id).select_related("wording").first()
        return {
            "id": consent.id,
            "artist": consent.artist_id,
            "agreed_by": consent.agreed_by,
            "scope": consent.scope,
            "starts_on": iso(consent.starts_on),
            "ends_on": iso(consent.ends_on),
            "assent": consent.assent,
            "renews": consent.follows_id,
            "recorded_at": iso(consent.created_at),
            "by_link": None
            if by_link is None or by_link.wording is None
            else {
                "answered_at": iso(by_link.answered_at),
                "language": by_link.wording.language,
                "wording": by_link.wording.text,
            },
            "forms": forms,
        }

    async def _add_statistics(self, written: ZipWriter) -> None:
        scope = StatsScope(self.person or Person(), [self.organisation], self.organisation, is_member=True)
        span = DateRange(to_local(self.organisation.created_at).date(), today())
        language = self.person.language if self.person is not None else default_language()
        pages = Pages(self.settings, public_feature.ROUTES, "")
        path = written.path.with_name("statistics.csv")
        with path.open("wb") as file:
            async for piece in export_csv(scope, span, pages, language):
                file.write(piece)
        await written.add(path.name, path)

    # Works

    async def write_works(self) -> None:
        """Write ZIPs until every work is in one. Without works there is no ZIP."""
        works = self._loaded_works()
        work: Artwork | None = await anext(works, None)
        number = done = 0
        while work is not None:
            number += 1
            async with self.zip_file(f"{WORKS}-{number}.zip") as written:
                facts, cells = written.path.with_name("works.json"), written.path.with_name("rows")
                with json_array(facts) as array, cells.open("w") as file:
                    rows = SheetRows(file)
                    while work is not None and fits(work, array, rows, written):
                        await self._write_work(work, array, rows, written)
                        done += 1
                        if done % BATCH_SIZE == 0:
                            await keep_lease(self.job, done_works=done)
                        work = await anext(works, None)
                await written.add(facts.name, facts)
                sheet = written.path.with_name(SHEET)
                columns = columns_for(rows.columns)
                await asyncio.to_thread(write_sheet, sheet, columns, read_rows(cells))
                await written.add(SHEET, sheet)

    async def _loaded_works(self) -> AsyncIterator[Artwork]:
        related = self.works().select_related("artist", "consent", "project", "image", "sound")
        async for work in batched(related.prefetch_related("themes")):
            await load_further_pictures([work])
            yield work

    async def _write_work(self, work: Artwork, array: JsonArray, rows: SheetRows, written: ZipWriter) -> None:
        """Add a work with its files, and a row if the import can make it."""
        pictures, named = [], {}
        for picture in work.all_pictures():
            name = f"pictures/{work.public_id}-{picture.number:02}.{extension(picture.image)}"
            if not await written.add_stored(original_key(picture.image.token), name):
                continue
            pictures.append(picture_facts(picture, name))
            digest = picture.image.source_sha256
            if picture.image.state != ImageState.REFUSED and not (digest and digest in rows.digests):
                rows.digests.add(digest)
                named[name] = picture
        voice = await self._add_voice(work.sound, written, work.public_id) if work.sound else None
        rows.entries += len(pictures) + (voice is not None)
        rows.add(sheet_row(work, credit_name_of(work.artist), named, self.settings.site_url))
        array.add(work_facts(work, pictures, voice))

    async def _add_voice(self, sound: Sound, written: ZipWriter, public_id: str) -> str | None:
        if sound.state == SoundState.ERASED:
            return None
        key = sound_key(sound.token, ORIGINAL_NAME)
        try:
            async with self.storage.private.local_copy(key) as source:
                kind = sniff_sound(await asyncio.to_thread(read_head, source)) or "bin"
        except FileNotFoundError:
            return None
        name = f"voices/{public_id}.{kind}"
        return name if await written.add_stored(key, name) else None


def fits(work: Artwork, array: JsonArray, rows: SheetRows, written: ZipWriter) -> bool:
    """Whether a work fits into this ZIP: an import has a limit of rows, files and bytes."""
    size = sum(picture.image.source_bytes for picture in work.all_pictures())
    size += work.sound.source_bytes if work.sound is not None else 0
    return not array.count or (
        array.count < MAX_ROWS
        and array.characters < MAX_WORDS
        and rows.entries + MAX_PICTURES < MAX_ENTRIES - 10
        and written.size + size < MAX_ZIP_BYTES
    )


async def batched(query: Any, *, newest_first: bool = False) -> AsyncIterator[Any]:
    """The rows of a query in the order of their ids, at most BATCH_SIZE of them in memory."""
    last: int | None = None
    while True:
        beyond = {} if last is None else {"id__lt" if newest_first else "id__gt": last}
        rows = await query.filter(**beyond).order_by("-id" if newest_first else "id").limit(BATCH_SIZE)
        for row in rows:
            yield row
        if len(rows) < BATCH_SIZE:
            return
        last = rows[-1].id


def work_facts(work: Artwork, pictures: list[dict[str, Any]], voice: str | None) -> dict[str, Any]:
    """A work as an entry of works.json: all texts, and the data that the sheet has no column for."""
    texts = {name: dict(getattr(work, name)) for name in TRANSLATED_FIELDS}
    project = work.project
    return {
        "id": work.public_id,
        "status": work.status,
        "language": work.language,
        **texts,
        "size": work.size,
        "date_made": work.date_made,
        "inventory_number": work.inventory_number,
        "not_yet_valid": work.unfinished,
        "artist": {"id": work.artist_id, "credit_name": credit_name_of(work.artist)} if work.artist else None,
        "consent": work.consent_id,
        "project": {"id": project.id, "title": dict(project.title)} if project else None,
        "themes": [{"address": theme.slug, "title": dict(theme.title)} for theme in work.themes],
        "pictures": pictures,
        "voice": voice,
        "created_at": iso(work.created_at),
        "first_shown_at": iso(work.first_shown_at),
    }


def picture_facts(picture: NumberedPicture, file: str) -> dict[str, Any]:
    return {"file": file, "alt_text": dict(picture.alt_text), "caption": dict(picture.caption)}


def credit_name_of(artist: Artist | None) -> str:
    """The credit name; "" without an artist, or after the withdrawal of the last consent."""
    if artist is None or artist.credit_name == ERASED_NAME.format(artist.id):
        return ""
    return artist.credit_name


def extension(image: Image) -> str:
    return "jpg" if image.source_format == "jpeg" else image.source_format


def iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def read_rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open() as file:
        for line in file:
            yield json.loads(line)
