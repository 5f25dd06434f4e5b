"""A grown site for the bench of scale: rows as people and the worker would leave them, inserted in bulk.

No picture has a file. Fingerprints are empty, so that no sandbox has to compute them.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

import asyncpg
from tortoise import fields
from tortoise.models import Model

from gallery.accounts.models import MemberRole, Membership, Person, Role, Session
from gallery.accounts.sessions import token_hash
from gallery.artists.models import AgreedBy, Artist, Consent
from gallery.artworks.models import PUBLIC_ID_ALPHABET, Artwork, Status, Submission
from gallery.audit.chain import ChainedEntry, digest_of
from gallery.audit.models import ChainHead, Entry
from gallery.audit.verbs import Verb, kind_of
from gallery.clock import now, today
from gallery.db.connection import Database, sqlite_file
from gallery.db.content_version import bump, current_number
from gallery.db.models import ContentVersion
from gallery.exhibitions.first_showings import date_missed_works
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.exhibitions.schedule import next_change
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.mail.models import Mail, MailState
from gallery.organisations.models import CheckedLink, LinkState, Organisation, Project
from gallery.reviews.checks import CHECK_WORDS, CHECKS_VERSION
from gallery.reviews.checks.duplicates import NearDuplicate, duplicate_finding, hash_bands
from gallery.reviews.models import Decision, HashBand, Hint, NearPair, Review
from gallery.search import indexing, tokenizer
from gallery.search.engine import ABOVE_ALL_IDS
from gallery.search.models import EntryKind, IndexPass, SearchEntry, entry_id
from gallery.settings import Settings
from gallery.stats.models import CountKind, ExhibitionCount, ProjectCount, ThemeCount, WorkCount
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from tests.bench.search import FILLING, MEDIA, SUBJECTS, random_english_text, random_text
from tests.cast import password_hash

THEMES = 40
DAYS_COUNTED = 365
WORKS_OF_ARTIST = 5
ROOM_WORKS, MOST_ROOMS = 20, 30
COUNTED_PAGES = 200  # of projects and of exhibitions, each day
NEAR_PAIRS = 200
CHAINED = (
    "at",
    "kind",
    "organisation_id",
    "person_id",
    "position",
    "previous",
    "thing_id",
    "verb",
    "with_id",
)

CURATOR, KEEPER, PARTNER = 1, 2, 3  # ids of people
BIG_MEMBER = 1  # the id of the organisation of one in 20 artists
EXHIBITION_OF_60, BIGGEST_EXHIBITION, UNPUBLISHED_EXHIBITION = 1, 2, 3  # ids


@dataclass(frozen=True)
class Scale:
    """How many rows a site has for its number of works."""

    works: int
    counts: int  # for each work
    hangings: int = 2  # for each work, in drafts, present and earlier editions
    audit_entries: int = 5
    mails: int = 1

    @property
    def organisations(self) -> int:
        return max(5, self.works // 200)

    @property
    def artists(self) -> int:
        return self.works // WORKS_OF_ARTIST

    @property
    def projects(self) -> int:
        return 3 * self.organisations

    @property
    def biggest_exhibition(self) -> int:
        return max(200, self.works * 6 // 100)

    @property
    def unpublished_exhibition(self) -> int:
        """Works in a draft that was never published; most organisations have one there."""
        return min(1000, self.works // 5)


class Inserts(Protocol):
    async def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None: ...


class SQLiteInserts:
    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA synchronous = OFF")

    async def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        with self.connection:
            self.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)


class PostgreSQLInserts:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        await self.connection.copy_records_to_table(table, columns=list(columns), records=rows)
        if "id" in columns and table != SearchEntry._meta.db_table:
            await self.connection.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), max(id)) FROM \"{table}\""
            )


@asynccontextmanager
async def bulk_inserts(database_url: str) -> AsyncIterator[Inserts]:
    if (path := sqlite_file(database_url)) is not None:
        inserts = SQLiteInserts(path)
        try:
            yield inserts
        finally:
            inserts.connection.close()
        return
    url = urlsplit(database_url)
    connection = await asyncpg.connect(
        host=parse_qs(url.query)["host"][0], user="postgres", database=url.path[1:]
    )
    try:
        yield PostgreSQLInserts(connection)
    finally:
        await connection.close()


async def insert(
    inserts: Inserts, model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert `rows` with the fields `names`; the model's defaults fill in the others."""
    columns = model._meta.fields_db_projection
    others = [
        name
        for name in columns
        if name not in names and not (name == "id" and model._meta.fields_map["id"].generated)
    ]
    constants = tuple(_stored(_default(model._meta.fields_map[name])) for name in others)
    await inserts.insert(
        model._meta.db_table,
        [columns[name] for name in (*names, *others)],
        ((*map(_stored, row), *constants) for row in rows),
    )


def _default(field: Any) -> Any:
    if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        return now()
    default = field.default() if callable(field.default) else field.default
    return "{}" if isinstance(field, fields.JSONField) and default == {} else default


def _stored(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Texts):
        return value.to_json()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


class Work(NamedTuple):
    """The facts of a work from which several tables are made."""

    id: int
    organisation_id: int
    artist_id: int
    project_id: int
    status: Status
    title: Texts
    story: Texts
    alt_text: Texts
    medium: Texts
    year: int
    themes: tuple[int, ...]
    may_be_exhibited: bool


def in_both(zh: str, en: str) -> Texts:
    return Texts({"zh": zh, "en": en})


class Hung(NamedTuple):
    """An edition with the ids of its works."""

    id: int
    exhibition_id: int
    number: int | None
    is_current: bool
    opens_at: datetime
    closes_at: datetime | None
    leaves_when_closed: bool
    published_at: datetime | None
    shown_until: datetime | None
    works: list[int]

    @property
    def is_shown(self) -> bool:
        has_left = self.leaves_when_closed and self.closes_at is not None and self.closes_at <= now()
        return self.is_current and self.opens_at <= now() and not has_left


def numbered_id(number: int) -> str:
    """A public id for each number, in the alphabet of public ids."""
    letters = []
    for _ in range(10):
        number, digit = divmod(number, len(PUBLIC_ID_ALPHABET))
        letters.append(PUBLIC_ID_ALPHABET[digit])
    return "".join(letters)


def image_token(id: int) -> str:
    return f"{id:022d}"


def consent_code(id: int) -> str:
    return f"{id:020d}"


def consent_values(id: int) -> tuple[bool, date, date | None]:
    """For the web, first day, last day: one consent in 100 has expired, one in 100 is not for the web."""
    ends_on = today() - timedelta(days=100) if id % 100 == 50 else None
    return (
        id % 100 != 70,
        today() - timedelta(days=400),
        today() + timedelta(days=700) if id % 10 == 3 else ends_on,
    )


def organisation_of(artist: int, scale: Scale) -> int:
    return BIG_MEMBER if artist % 20 == 0 else 2 + artist % (scale.organisations - 1)


def works_of(scale: Scale, chance: random.Random) -> list[Work]:
    """All works. 90 % are accepted, 5 % wait for a review."""
    stories = [random_text(chance, chance.randint(60, 400)) for _ in range(4000)]
    english = [random_english_text(chance, chance.randint(0, 120)) for _ in range(2000)]
    alt_texts = [random_text(chance, 40) for _ in range(2000)]
    states = [Status.ACCEPTED] * 90 + [Status.SUBMITTED] * 5 + [Status.DRAFT] * 2
    states += [Status.RETURNED] + [Status.DECLINED] * 2
    works = []
    for id in range(1, scale.works + 1):
        artist = 1 + id % scale.artists
        organisation = organisation_of(artist, scale)
        status = chance.choice(states)
        for_web, _starts, ends = consent_values(artist)
        zh, en = chance.choice(MEDIA)
        works.append(
            Work(
                id,
                organisation,
                artist,
                3 * (organisation - 1) + 1 + id % 3,
                status,
                in_both(f"{chance.choice(SUBJECTS)}与{chance.choice(SUBJECTS)}", f"No {id}"),
                in_both(chance.choice(stories), chance.choice(english)),
                in_both(chance.choice(alt_texts), chance.choice(english)[:200]),
                in_both(zh, en),
                chance.randint(2010, 2025),
                tuple(sorted(chance.sample(range(1, THEMES + 1), chance.choice((1, 1, 2))))),
                status == Status.ACCEPTED and for_web and (ends is None or ends >= today()),
            )
        )
    return works


def editions_of(scale: Scale, works: list[Work], chance: random.Random) -> list[Hung]:
    """Exhibitions of mostly 20 to 200 works, each with a draft and one to five editions."""
    accepted = [work.id for work in works if work.status == Status.ACCEPTED]
    chance.shuffle(accepted)
    editions: list[Hung] = []
    exhibition = taken = hung = 0
    while hung < scale.hangings * scale.works:
        exhibition += 1
        size = round(20 * 10 ** (chance.random() * 1.1))
        size = {
            EXHIBITION_OF_60: 60,
            BIGGEST_EXHIBITION: scale.biggest_exhibition,
            UNPUBLISHED_EXHIBITION: scale.unpublished_exhibition,
        }.get(exhibition, size)
        chosen = [accepted[(taken + place) % len(accepted)] for place in range(size)]
        taken += size
        is_planned = exhibition > 3 and chance.random() < 0.03
        opens_at = now() + timedelta(days=20) if is_planned else now() - timedelta(hours=24 + exhibition * 40)
        is_over = exhibition > 3 and chance.random() < 0.85
        closes_at = min(opens_at + timedelta(days=60), now() - timedelta(hours=1)) if is_over else None
        common = (opens_at, closes_at, is_over and chance.random() < 0.05)
        last = 0 if exhibition == UNPUBLISHED_EXHIBITION else chance.randint(1, 5)
        for number in (None, *range(1, last + 1)):
            published = opens_at + timedelta(hours=(number or 0) - 10)
            replaced = published + timedelta(hours=1) if number and number < last else None
            is_current = number == last
            editions.append(
                Hung(
                    len(editions) + 1,
                    exhibition,
                    number,
                    is_current,
                    *common,
                    published if number else None,
                    replaced,
                    chosen,
                )
            )
            hung += size
    return editions


async def fill(settings: Settings, scale: Scale) -> dict[str, Any]:
    """Fill the empty, migrated database; returns the ids and names that the bench asks for."""
    chance = random.Random(14)
    works = works_of(scale, chance)
    editions = editions_of(scale, works, chance)
    shown_works = {id for edition in editions if edition.is_shown for id in edition.works}
    on_view = {work.id for work in works if work.may_be_exhibited and work.id in shown_works}
    async with Database(settings):
        async with bulk_inserts(settings.database_url) as inserts:
            await _fill_people(inserts, scale)
            await _fill_works(inserts, scale, works, on_view, chance)
            await _fill_exhibitions(inserts, editions)
            while await date_missed_works():
                pass
            await _fill_reviews(inserts, works, chance)
            await _fill_counts(inserts, scale, len({edition.exhibition_id for edition in editions}), chance)
            await _fill_audit_log(inserts, scale, chance)
            await _fill_mails(inserts, scale, chance)
            await bump()
            await _fill_index(inserts, [work for work in works if work.id in on_view])
            if isinstance(inserts, SQLiteInserts):
                inserts.connection.execute(
                    "INSERT INTO search_index (rowid, title_tokens, text_tokens) "
                    "SELECT id, title_tokens, text_tokens FROM search_entry"
                )
                inserts.connection.commit()
            elif isinstance(inserts, PostgreSQLInserts):
                await inserts.connection.execute("VACUUM ANALYZE")  # autovacuum would have done it
        await _finish_index()
        await ContentVersion.all().update(number=await current_number())
    return _facts(works, editions, on_view)


def _facts(works: list[Work], editions: list[Hung], on_view: set[int]) -> dict[str, Any]:
    by_id = {work.id: work for work in works}
    shown_of_60 = next(each for each in editions if each.exhibition_id == EXHIBITION_OF_60)
    shown = [by_id[id] for id in shown_of_60.works if id in on_view]
    others = [work for work in works if work.id in on_view and work.artist_id != shown[0].artist_id]
    drafts = [work for work in works if work.status == Status.DRAFT and work.organisation_id == BIG_MEMBER]
    waiting = [work.id for work in works if work.status == Status.SUBMITTED]
    return {
        "exhibition": f"show-{EXHIBITION_OF_60}",
        "exhibition_id": EXHIBITION_OF_60,
        "biggest": f"show-{BIGGEST_EXHIBITION}",
        "biggest_id": BIGGEST_EXHIBITION,
        "unpublished_id": UNPUBLISHED_EXHIBITION,
        "theme": f"theme-{shown[0].themes[0]}",
        "organisation": f"org-{shown[0].organisation_id}",
        "project": f"project-{shown[0].project_id}",
        "work": numbered_id(shown[0].id),
        "artist": numbered_id(shown[0].artist_id),
        "tokens": [image_token(work.id) for work in others[:200]],
        "codes": [consent_code(id) for id in sorted({work.artist_id for work in others[-60:]})],
        "draft": drafts[0].id,
        "waiting": waiting[len(waiting) // 2],
        "on_view": len(on_view),
        "hangings": sum(len(edition.works) for edition in editions),
        "exhibitions": editions[-1].exhibition_id,
    }


async def _fill_people(inserts: Inserts, scale: Scale) -> None:
    roles = {CURATOR: Role.CURATOR, KEEPER: Role.KEEPER}
    members = range(PARTNER, PARTNER + scale.organisations)
    await insert(
        inserts,
        Person,
        ("id", "email", "name", "role", "language", "password_hash"),
        (
            (id, f"person-{id}@example.org", f"人{id}", roles.get(id, Role.MEMBER), "zh", password_hash())
            for id in (CURATOR, KEEPER, *members)
        ),
    )
    await insert(
        inserts,
        Organisation,
        ("id", "slug", "name", "about"),
        (
            (
                id,
                f"org-{id}",
                Texts({"zh": f"{SUBJECTS[id % len(SUBJECTS)]}基金会{id}", "en": f"Organisation {id}"}),
                Texts({"zh": "教孩子画画。"}),
            )
            for id in range(1, scale.organisations + 1)
        ),
    )
    await insert(
        inserts,
        Membership,
        ("organisation_id", "person_id", "role"),
        ((id - PARTNER + 1, id, MemberRole.OWNER) for id in members),
    )
    await insert(
        inserts,
        Session,
        ("token_hash", "person_id", "seen_at", "confirmed_at", "expires_at"),
        (
            (token_hash(f"bench-{id}"), id, now(), now(), now() + timedelta(days=10))
            for id in (CURATOR, KEEPER, PARTNER)
        ),
    )
    await insert(
        inserts,
        Project,
        ("id", "organisation_id", "slug", "title", "summary", "link"),
        (
            (
                id,
                1 + (id - 1) // 3,
                f"project-{id}",
                Texts({"zh": f"{SUBJECTS[id % len(SUBJECTS)]}计划{id}", "en": f"Project {id}"}),
                Texts({"zh": "教孩子画画。"}),
                f"https://example.org/{id}",
            )
            for id in range(1, scale.projects + 1)
        ),
    )
    await insert(
        inserts,
        CheckedLink,
        ("url", "state", "answer", "checked_at", "next_check_at"),
        (
            (f"https://example.org/{id}", LinkState.WORKING, "200", now(), now() + timedelta(days=1))
            for id in range(1, scale.projects + 1)
        ),
    )
    await insert(
        inserts,
        Theme,
        ("id", "slug", "title", "occurs_on", "call_closes_on"),
        (
            (
                id,
                f"theme-{id}",
                Texts({"zh": f"{SUBJECTS[id % len(SUBJECTS)]}{id}", "en": f"Theme {id}"}),
                today() + timedelta(days=30 * (id - 30)),
                today() + timedelta(days=30 * (id - 30)),
            )
            for id in range(1, THEMES + 1)
        ),
    )


async def _fill_works(
    inserts: Inserts, scale: Scale, works: list[Work], on_view: set[int], chance: random.Random
) -> None:
    artists = range(1, scale.artists + 1)
    await insert(
        inserts,
        Artist,
        ("id", "organisation_id", "credit_name", "page_id"),
        (
            (id, organisation_of(id, scale), f"小{FILLING[id % len(FILLING)]}{id}", numbered_id(id))
            for id in artists
        ),
    )
    await insert(
        inserts,
        Consent,
        (
            "id",
            "artist_id",
            "code",
            "agreed_by",
            "for_sharing",
            "for_archive",
            "assent",
            "for_web",
            "starts_on",
            "ends_on",
        ),
        (
            (id, id, consent_code(id), AgreedBy.PARENT, True, True, "我愿意。", *consent_values(id))
            for id in artists
        ),
    )
    hashes = [f"{chance.getrandbits(64):016x}" for _ in works]
    await insert(
        inserts,
        Image,
        (
            "id",
            "token",
            "organisation_id",
            "state",
            "source_format",
            "source_bytes",
            "source_sha256",
            "width",
            "height",
            "placeholder",
            "perceptual_hash",
            "softness",
            "rendition_bytes",
            "ready_at",
            "is_public",
            "has_tiles",
        ),
        (
            (
                work.id,
                image_token(work.id),
                work.organisation_id,
                ImageState.READY,
                "jpeg",
                400_000,
                f"{work.id:064x}",
                1300,
                1000,
                "data:image/webp;base64," + "A" * 200,
                code,
                200,
                {"320.avif": 9000, "640.avif": 20000, "1280.avif": 50000},
                now(),
                work.id in on_view,
                True,
            )
            for work, code in zip(works, hashes, strict=True)
        ),
    )
    await insert(inserts, Fingerprint, ("image_id", "code"), ((work.id, b"") for work in works))
    sent_codes = [(work.id, code) for work, code in zip(works, hashes, strict=True) if was_sent(work)]
    await insert(
        inserts,
        HashBand,
        ("image_id", "code"),
        ((id, code) for id, hash in sent_codes for code in hash_bands(hash)),
    )
    texts = Work._fields[5:10]
    await insert(
        inserts,
        Artwork,
        (
            "id",
            "public_id",
            "organisation_id",
            "artist_id",
            "consent_id",
            "project_id",
            "image_id",
            "status",
            *texts,
            "date_made",
            "made_from",
            "made_until",
        ),
        (
            (
                work.id,
                numbered_id(work.id),
                work.organisation_id,
                work.artist_id,
                work.artist_id,
                work.project_id,
                work.id,
                work.status,
                *work[5:10],
                str(work.year),
                work.year * 10_000 + 101,
                work.year * 10_000 + 1231,
            )
            for work in works
        ),
    )
    await inserts.insert(
        "artwork_theme",
        ("artwork_id", "theme_id"),
        ((work.id, theme) for work in works for theme in work.themes),
    )


def was_sent(work: Work) -> bool:
    return work.status != Status.DRAFT


async def _fill_exhibitions(inserts: Inserts, editions: list[Hung]) -> None:
    exhibitions = range(1, editions[-1].exhibition_id + 1)
    await insert(
        inserts,
        Exhibition,
        ("id", "slug", "theme_id"),
        ((id, f"show-{id}", 1 + id % THEMES) for id in exhibitions),
    )
    await insert(
        inserts,
        Edition,
        (
            "title",
            "introduction",
            "published_by_id",
            "version",
            *Hung._fields[:9],
        ),
        (
            (
                in_both(
                    f"{SUBJECTS[each.exhibition_id % len(SUBJECTS)]}展{each.exhibition_id}",
                    f"Exhibition {each.exhibition_id}",
                ),
                in_both("团圆。" * 30, "Reunion. " * 20),
                CURATOR if each.number else None,
                0 if each.number else 1,
                *each[:9],
            )
            for each in editions
        ),
    )
    rooms = [
        (edition.id, place // size + 1, edition.works[place : place + size])
        for edition in editions
        for size in (max(ROOM_WORKS, len(edition.works) // MOST_ROOMS),)
        for place in range(0, len(edition.works), size)
    ]
    await insert(
        inserts,
        Room,
        ("id", "edition_id", "position", "title"),
        (
            (id, edition, position, in_both(f"{position}号厅", f"Room {position}"))
            for id, (edition, position, _works) in enumerate(rooms, 1)
        ),
    )
    await insert(
        inserts,
        Hanging,
        ("room_id", "artwork_id", "position"),
        (
            (id, work, position)
            for id, (_edition, _position, works) in enumerate(rooms, 1)
            for position, work in enumerate(works, 1)
        ),
    )


def snapshot(work: Work) -> dict[str, str]:
    """What was sent, as `snapshot_of` has it."""
    return {
        "picture": str(work.id),
        "language": "zh",
        **{name: getattr(work, name)["zh"] for name in Work._fields[5:9]},
        **{f"{name}[en]": getattr(work, name)["en"] for name in Work._fields[5:9]},
        "assistance": "",
        "date_made": str(work.year),
        "year": str(work.year),
        "artist": f"小{work.artist_id}",
        "consent": "parent · web",
        "project": f"计划{work.project_id}",
        "themes": " · ".join(map(str, work.themes)),
        "credit_name": f"小{work.artist_id}",
        "project_title[zh]": f"计划{work.project_id}",
        "project_link": f"https://example.org/{work.project_id}",
        "consent_id": str(work.artist_id),
        "theme_ids": " ".join(map(str, work.themes)),
    }


async def _fill_reviews(inserts: Inserts, works: list[Work], chance: random.Random) -> None:
    sent = [(id, work) for id, work in enumerate(filter(was_sent, works), 1)]
    await insert(
        inserts,
        Submission,
        ("id", "artwork_id", "number", "at", "sent", "is_waiting", "checked_with", "checked_on"),
        (
            (
                id,
                work.id,
                1,
                now() - timedelta(minutes=chance.randrange(60 * 24 * 40)),
                snapshot(work),
                work.status == Status.SUBMITTED,
                CHECKS_VERSION,
                today(),
            )
            for id, work in sent
        ),
    )
    decisions = {
        Status.ACCEPTED: Decision.ACCEPTED,
        Status.RETURNED: Decision.RETURNED,
        Status.DECLINED: Decision.DECLINED,
    }
    await insert(
        inserts,
        Review,
        ("artwork_id", "submission_id", "by_id", "at", "decision"),
        (
            (work.id, id, CURATOR, now() - timedelta(days=30), decisions[work.status])
            for id, work in sent
            if work.status in decisions
        ),
    )
    checks = [check for check in CHECK_WORDS if check != "duplicates"]
    await insert(
        inserts,
        Hint,
        ("submission_id", "artwork_id", "check", "field", "excerpt", "key", "facts", "is_open"),
        (
            (
                id,
                work.id,
                checks[id % len(checks)],
                "story",
                "",
                f"{id}",
                {"rule": "mobile"},
                work.status == Status.SUBMITTED,
            )
            for id, work in sent
            if id % 3 == 0
        ),
    )
    waiting = [(id, work) for id, work in sent if work.status == Status.SUBMITTED]
    pairs = [
        (number, chance.choice(works[: work.id - 1] or works[:1]), id, work)
        for number, (id, work) in enumerate(waiting[:NEAR_PAIRS], 1)
    ]
    await insert(
        inserts,
        NearPair,
        ("id", "earlier_id", "later_id", "earlier_image_id", "later_image_id", "distance"),
        ((number, other.id, work.id, other.id, work.id, 6) for number, other, _id, work in pairs),
    )
    findings = [
        (number, id, work, duplicate_finding(NearDuplicate(other.id, other.id, 6, False, True), work.id))
        for number, other, id, work in pairs
    ]
    await insert(
        inserts,
        Hint,
        ("submission_id", "artwork_id", "check", "field", "excerpt", "key", "facts", "pair_id"),
        (
            (id, work.id, each.check, each.field, "", each.key, {"rule": each.rule, **each.facts}, number)
            for number, id, work, each in findings
        ),
    )


async def _fill_counts(inserts: Inserts, scale: Scale, exhibitions: int, chance: random.Random) -> None:
    days = [today() - timedelta(days=back) for back in range(DAYS_COUNTED)]

    def rows(ids: Sequence[int], each_day: int) -> Iterator[tuple[int, date, CountKind, int]]:
        for day in days:
            for id in chance.sample(ids, min(len(ids), each_day)):
                kind = CountKind.FOLLOWED if id % 20 == 0 else CountKind.SEEN
                yield id, day, kind, chance.randint(1, 30)

    names = ("day", "kind", "number")
    each_day = scale.works * scale.counts // DAYS_COUNTED
    works = range(1, scale.works + 1)
    await insert(inserts, WorkCount, ("artwork_id", *names), rows(works, each_day))
    await insert(inserts, ThemeCount, ("theme_id", *names), rows(range(1, THEMES + 1), THEMES))
    projects = range(1, scale.projects + 1)
    await insert(inserts, ProjectCount, ("project_id", *names), rows(projects, COUNTED_PAGES))
    ids = range(1, exhibitions + 1)
    await insert(inserts, ExhibitionCount, ("exhibition_id", *names), rows(ids, COUNTED_PAGES))


async def _fill_audit_log(inserts: Inserts, scale: Scale, chance: random.Random) -> None:
    verbs = [(verb.value, kind_of(verb)) for verb in Verb]
    start, total = now() - timedelta(days=700), scale.works * scale.audit_entries
    digest = ""

    def rows() -> Iterator[ChainedEntry]:
        nonlocal digest
        for position in range(1, total + 1):
            verb, kind = chance.choice(verbs)
            entry = ChainedEntry(
                start + timedelta(seconds=position * 60_000_000 // total),
                kind,
                chance.randint(1, scale.organisations),
                chance.randint(1, scale.organisations + 2),
                position,
                digest,
                chance.randint(1, scale.works),
                verb,
                None,
            )
            digest = digest_of(entry)
            yield entry

    await insert(inserts, Entry, ChainedEntry._fields, rows())
    await insert(inserts, ChainHead, ("id", "position", "digest"), [(1, total, digest)])


async def _fill_mails(inserts: Inserts, scale: Scale, chance: random.Random) -> None:
    states = [MailState.SENT] * 97 + [MailState.KEPT] * 2 + [MailState.GIVEN_UP]

    def rows() -> Iterator[tuple[Any, ...]]:
        for _ in range(scale.works * scale.mails):
            person = chance.randint(PARTNER, PARTNER + scale.organisations - 1)
            at = now() - timedelta(minutes=chance.randint(2000, 60 * 24 * 25))
            facts = {"exhibition": {"zh": "展览", "en": "Exhibition"}, "count": 3}
            yield (
                "works_hung",
                person,
                f"person-{person}@example.org",
                "/zh/",
                facts,
                chance.choice(states),
                at,
                at,
                at,
            )

    names = ("kind", "person_id", "email", "path", "facts", "state", "due_at", "created_at", "settled_at")
    await insert(inserts, Mail, names, rows())


async def _fill_index(inserts: Inserts, works: Iterable[Work]) -> None:
    """The index entries of works, as the chore writes them."""

    def theme_row(id: int) -> Mapping[str, Any]:
        title = f"{SUBJECTS[id % len(SUBJECTS)]}{id}"
        return {
            "themes__slug": f"theme-{id}",
            "themes__title": Texts({"zh": title, "en": f"Theme {id}"}),
        }

    def rows() -> Iterator[tuple[Any, ...]]:
        for work in works:
            columns = dict.fromkeys((*indexing.WORK_TEXTS, *indexing.VOICE_COLUMNS), "") | {
                **work._asdict(),
                "date_made": str(work.year),
                "made_from": work.year * 10_000 + 101,
                "made_until": work.year * 10_000 + 1231,
                "language": "zh",
                "organisation__slug": f"org-{work.organisation_id}",
                "artist__credit_name": f"小{FILLING[work.artist_id % len(FILLING)]}{work.artist_id}",
                "organisation__name": Texts(
                    {
                        "zh": f"{SUBJECTS[work.organisation_id % len(SUBJECTS)]}基金会{work.organisation_id}",
                        "en": f"Organisation {work.organisation_id}",
                    }
                ),
                "project__title": Texts(
                    {
                        "zh": f"{SUBJECTS[work.project_id % len(SUBJECTS)]}计划{work.project_id}",
                        "en": f"Project {work.project_id}",
                    }
                ),
            }
            source = indexing._work_source(columns, (), [theme_row(id) for id in work.themes])
            entry = source.entry(EntryKind.WORK)
            yield entry.id, work.id, entry.stamp, entry.title_tokens, entry.text_tokens

    names = ("id", "artwork_id", "stamp", "title_tokens", "text_tokens")
    await insert(inserts, SearchEntry, names, rows())


async def _finish_index() -> None:
    """Index what is not a work, and say that the pass is complete."""
    before = ABOVE_ALL_IDS
    while before > entry_id(EntryKind.PROJECT, 0):
        before = (await indexing.update_batch(before)).before
    await IndexPass.create(
        id=1,
        content_version=await current_number(),
        words_version=tokenizer.VERSION,
        holds_until=await next_change(),
        before=0,
    )
