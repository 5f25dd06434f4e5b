"""Migrations: a database migrated through all releases equals a new one, and keeps its rows.

On SQLite the ORM alters or removes a column by recreating the table, which loses its indexes and unique
constraints and, through foreign keys, rows of other tables. So a migration only adds (tables, columns that
may be empty or have a default in the database, indexes); anything else it does in its own SQL for each
engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from gallery.accounts.members import has_had_owner
from gallery.accounts.models import FormerOwner, Membership
from gallery.app import create_app
from gallery.artists.models import Artist
from gallery.artworks.as_sent import _project_as_sent
from gallery.artworks.models import Artwork, Submission
from gallery.artworks.release_before import take_over_years
from gallery.artworks.works import set_texts
from gallery.db.connection import Database, in_transaction
from gallery.db.migrate import ROWS_AT_ONCE
from gallery.exhibitions.credits import credits_of
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.exhibitions.talks import talks_of
from gallery.images.models import Image
from gallery.images.profile_image_models import ProfileImage, ProfileImageState
from gallery.migrations import WORKS_FROM
from gallery.organisations.models import Application, Organisation, Project
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.models import Hint, ReadyReason, WavedOff
from gallery.settings import Settings
from gallery.themes.models import Theme
from gallery.web import site_settings
from gallery.web.models import Site
from gallery.web.texts import NO_TEXTS, Texts
from tests.conftest import PostgreSQL, run_in_thread, settings_for
from tests.markup import attributes, texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")

Rows = list[dict[str, Any]]
FIRST = "0001_initial"

COLUMNS = {
    "sqlite": """
        SELECT m.name AS "table", c.name AS "column", lower(c.type) AS "type", c."notnull" AS required
        FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'""",
    "postgres": """
        SELECT table_name AS "table", column_name AS "column", data_type AS "type", is_nullable = 'NO' AS required
        FROM information_schema.columns WHERE table_schema = 'public'""",
}
REFERENCES = {
    "sqlite": """
        SELECT m.name AS "table", f."from" AS "column", f."table" AS target, f.on_delete AS ending
        FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'""",
    "postgres": """
        SELECT k.conrelid::regclass::text AS "table", a.attname AS "column", k.confrelid::regclass::text AS target,
            k.confdeltype::text AS ending
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f'""",
}
INDEXES = {
    "sqlite": """
        SELECT m.name AS "table", i."unique" AS single, (
            SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)
        ) AS columns
        FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table'""",
    "postgres": """
        SELECT i.indrelid::regclass::text AS "table", i.indisunique AS single, (
            SELECT string_agg(a.attname, ',' ORDER BY o.place)
            FROM unnest(i.indkey) WITH ORDINALITY o(number, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = o.number
        ) AS columns
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public'""",
}
# The ORM's list of what was applied, and SQLite's tables of the search index
OWN = ("tortoise_migrations", "search_index")


def dialect(connection: BaseDBAsyncClient) -> str:
    return "sqlite" if connection.capabilities.dialect == "sqlite" else "postgres"


async def ask(question: dict[str, str]) -> Rows:
    connection = get_connection("default")
    rows = [dict(row) for row in (await connection.execute_query(question[dialect(connection)]))[1]]
    return [row for row in rows if not row["table"].startswith(OWN)]


async def shape() -> dict[str, set[tuple[Any, ...]]]:
    """All that an upgrade could get wrong: columns, references, indexes and unique constraints."""
    columns = {
        (row["table"], row["column"], row["type"], bool(row["required"])) for row in await ask(COLUMNS)
    }
    references = {tuple(row.values()) for row in await ask(REFERENCES)}
    indexes = {(row["table"], row["columns"], bool(row["single"])) for row in await ask(INDEXES)}
    return {"columns": columns, "references": references, "indexes": indexes}


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    async with Database(settings) as database:
        yield database


@pytest.fixture
def empty(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Settings]]:
    """The settings of an empty database by name: "grown", "made" or "old"."""
    if engine == "sqlite":
        yield lambda name: settings_for(tmp_path, f"sqlite:///{tmp_path / name}.sqlite3")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    names = ("grown", "made", "old")
    run_in_thread(lambda: server.execute(*(f"CREATE DATABASE {name}" for name in names)))
    yield lambda name: settings_for(tmp_path, server.url(name))
    run_in_thread(lambda: server.execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in names)))


async def test_a_migrated_database_is_like_one_made_today(empty: Callable[[str], Settings]) -> None:
    async with opened(empty("grown")) as database:
        await database.migrate()
        grown = await shape()
    async with opened(empty("made")):
        await Tortoise.generate_schemas()
        made = await shape()
    for what in made:
        assert made[what] - grown[what] == set(), (
            f"{what} that the models have and the migrations do not make"
        )


async def test_an_upgrade_keeps_every_row(empty: Callable[[str], Settings]) -> None:
    async with opened(empty("old")) as database:
        await database.migrate(upto=FIRST)
        await fill()
        before = await contents()
        assert all(before.values()), "a table without a row shows nothing"
        await database.migrate()
        after = await contents()
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            assert {name: old_value(name, new) for name in old} == old, table


def old_value(column: str, row: dict[str, Any]) -> Any:
    """The value that a column of the first release had, read from the text that took its place."""
    if column == "credit_name_translation":
        return json.loads(row["credit_translations"])["en"]
    name = re.sub("_(translation|zh|en)$", "", column)
    if isinstance(text := row.get(name), str) and text.startswith('{"'):
        return json.loads(text)["en" if column.endswith(("_translation", "_en")) else "zh"]
    return "x" if column == "language" else row[column]  # the first release's row has a language that is none


DAY = "'2026-01-02 03:04:05+00:00'"


async def test_the_texts_of_works_keep_their_words(empty: Callable[[str], Settings]) -> None:
    """Both columns of each text, snapshots, unfinished values and hints, of a Chinese and an English work."""
    own = {
        "title": '"雪" \\ snow',
        "story": "第一段。\n\n第二段。",
        "alt_text": "雪",
        "medium": "",
        "assistance": "x",
    }
    other = {f"{name}_translation": f"{name}!" for name in own} | {"medium_translation": ""}
    sent = {
        "language": "zh",
        "title": "雪",
        "title_translation": "Snow",
        "story_translation": "",
        "year": "2022",
    }
    key = CheckFinding("wording", "title_translation", "r", "it's").key
    async with opened(empty("old")) as database:
        await database.migrate(upto="0040_monitoring")
        await insert(
            "organisation",
            {
                "id": 1,
                "slug": "s",
                **dict.fromkeys(["name_zh", "name_en", "about_zh", "about_en", "registration_number"], ""),
                "website": "",
                "is_active": True,
                "created_at": DAY,
            },
        )
        for id, language in ((1, "zh"), (2, "en")):
            values = {
                "id": id,
                "public_id": f"p{id}",
                "organisation_id": 1,
                "status": "draft",
                "language": language,
            }
            unfinished = {"title_translation": ["x" * 200], "year": ["?"]}
            times = {"created_at": DAY, "updated_at": DAY}
            await insert("artwork", {**values, **own, **other, "unfinished": json.dumps(unfinished), **times})
        await insert(
            "submission",
            {
                "id": 1,
                "artwork_id": 1,
                "number": 1,
                "at": DAY,
                "sent": json.dumps(sent),
                "replaces": json.dumps({**sent, "title_translation": "Ice"}),
            },
        )
        hint = {"submission_id": 1, "artwork_id": 1, "check": "wording", "is_quoted": False, "is_open": False}
        for id, field in ((1, "title_translation"), (2, "title")):
            of_field = CheckFinding("wording", field, "r", "it's").key
            facts = json.dumps({"rule": "r"})
            await insert(
                "hint", {"id": id, **hint, "field": field, "excerpt": "it's", "facts": facts, "key": of_field}
            )
        await insert("waved_off", {"id": 1, "artwork_id": 1, "key": key, "at": DAY, "reason": "a quotation"})
        await database.migrate()

        for work in await Artwork.all():
            translated = "en" if work.language == "zh" else "zh"
            for name, words in own.items():
                texts = {work.language: words, translated: other[f"{name}_translation"]}
                assert getattr(work, name) == Texts(texts), name
            assert work.unfinished == {f"title[{translated}]": ["x" * 200], "year": ["?"]}
        submission = await Submission.get()
        assert submission.sent == {"language": "zh", "title": "雪", "title[en]": "Snow", "year": "2022"}
        assert submission.replaces == {**submission.sent, "title[en]": "Ice"}
        hints = {hint.field: hint for hint in await Hint.all()}
        assert set(hints) == {"title[en]", "title"}
        for name, found in hints.items():
            assert found.key == CheckFinding("wording", name, "r", "it's").key
        assert (await WavedOff.get()).key == hints["title[en]"].key


PAIRS: dict[str, tuple[Any, tuple[str, ...], dict[str, Any]]] = {
    "organisation": (
        Organisation,
        ("name", "about"),
        {"slug": "s", "registration_number": "", "website": "", "is_active": True, "created_at": DAY},
    ),
    "application": (
        Application,
        ("name",),
        {
            **dict.fromkeys(("registration_number", "website", "about", "contact_name", "reason"), ""),
            **{"contact_email": "a@example.org", "language": "zh", "state": "waiting", "created_at": DAY},
        },
    ),
    "project": (
        Project,
        ("title", "summary"),
        {"organisation_id": 1, "slug": "p", "link": "https://example.org", "created_at": DAY},
    ),
    "theme": (
        Theme,
        ("title", "text"),
        {"slug": "t", "accent": "#a8322a", "accent_night": "#e4755f", "created_at": DAY},
    ),
    "artist": (
        Artist,
        ("about",),
        {"organisation_id": 1, "created_at": DAY},
    ),
    "site": (Site, ("name", "home", "about", "footer"), {}),
    "ready_reason": (ReadyReason, ("text",), {"field": ""}),
}


NAMES = (("派派", "Paipai"), ("Paipai", "派派"), ("Eva", "Ava"), ("派派", ""))  # of artists, in two languages


async def test_pairs_of_columns_keep_their_words(empty: Callable[[str], Settings]) -> None:
    """In both languages, in one, and in none; more rows than are written at once."""
    words: list[dict[str, str]] = [
        {"zh": '"雪" \\ it\'s', "en": "Snow\n\nand ice"},
        {"zh": "雪"},
        {"en": "Snow"},
        {},
    ]
    words += [{"en": f"Number {number}"} for number in range(ROWS_AT_ONCE)]
    sent = {
        "project": "计划 · Plan · x",
        "project_title_zh": "计划",
        "project_title_en": "Plan",
        "project_summary_zh": "",
        "project_summary_en": "x",
        "project_link": "https://example.org",
        "credit_name": "派派",
        "credit_name_translation": "Paipai",
    }
    async with opened(empty("old")) as database:
        await database.migrate(upto="0049_texts_of_works")
        for table, (_model, names, values) in PAIRS.items():
            for id, texts in enumerate(words if table == "theme" else words[:4], 1):
                own = {"slug": f"{table}{id}"} if "slug" in values else {}
                if table == "artist":
                    own = dict(zip(("credit_name", "credit_name_translation"), NAMES[id - 1], strict=True))
                pairs = {
                    f"{name}_{language}": texts.get(language, "")
                    for name in names
                    for language in ("zh", "en")
                }
                await insert(table, {"id": id, **values, **own, **pairs})
        work = {"id": 1, "public_id": "p1", "organisation_id": 1, "status": "draft", "language": "zh"}
        await insert("artwork", {**work, "created_at": DAY, "updated_at": DAY})
        submission = {"id": 1, "artwork_id": 1, "number": 1, "at": DAY}
        await insert("submission", {**submission, "sent": json.dumps(sent), "replaces": "{}"})
        await database.migrate()

        for table, (model, names, _values) in PAIRS.items():
            found = await model.all().order_by("id")
            expected = [Texts(texts) for texts in (words if table == "theme" else words[:4])]
            for name in names:
                assert [getattr(row, name) for row in found] == expected, (table, name)
        translated = [dict(artist.credit_translations) for artist in await Artist.all().order_by("id")]
        assert translated == [{"en": "Paipai"}, {"zh": "派派"}, {"en": "Ava"}, {}]
        snapshot = (await Submission.get()).sent
        assert snapshot == {
            "project": "计划 · Plan · x",
            "project_title[zh]": "计划",
            "project_title[en]": "Plan",
            "project_summary[en]": "x",
            "project_link": "https://example.org",
            "credit_name": "派派",
            "credit_translations[en]": "Paipai",
        }
        project = _project_as_sent(snapshot)
        assert project is not None
        assert (project.title, project.summary) == (Texts({"zh": "计划", "en": "Plan"}), Texts({"en": "x"}))


async def test_every_public_page_says_what_it_said(empty: Callable[[str], Settings]) -> None:
    """`release_before.json` has rows of the last release, and which of their texts each page shows.

    Not the home page: the work of the day is another one each day.
    """
    stored = json.loads((Path(__file__).parent / "release_before.json").read_text())
    settings = empty("old")
    async with opened(settings) as database:
        await database.migrate(upto="0049_texts_of_works")
        booleans = {
            (row["table"], row["column"]) for row in await ask(COLUMNS) if row["type"] in ("boolean", "bool")
        }
        async with in_transaction() as connection:
            is_sqlite = dialect(connection) == "sqlite"
            await connection.execute_query(
                "PRAGMA defer_foreign_keys = ON"
                if is_sqlite
                else "SET LOCAL session_replication_role = 'replica'"
            )
            for table, rows in stored["rows"].items():
                for row in rows:
                    values = {
                        column: bool(value) if (table, column) in booleans else value
                        for column, value in row.items()
                    }
                    await insert(table, values)
        await database.migrate()
    known = sorted({words for texts in stored["pages"].values() for words in texts})
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gallery.test") as client:
            for path, texts in stored["pages"].items():
                page = (await client.get(path)).text
                words = " ".join([*texts_in(page, "html"), *attributes(page, "img", "alt")])
                found = [each for each in known if each in words]
                # Today exhibitions also have a sentence of a story and what projects do, the calendar has pictures.
                if "/exhibitions/" in path or path.endswith("/calendar"):
                    assert set(texts) <= set(found), path
                else:
                    assert found == texts, path


# Rows of `fill` become a work on view, hung in edition 2 of an exhibition.
ON_VIEW = (
    """UPDATE artwork SET public_id = 'w234567abc', status = 'accepted', language = 'zh', is_vetoed = false,
        title = '{"en":"Snow","zh":"雪"}', story = '{}', alt_text = '{"zh":"雪地"}', medium = '{}',
        assistance = '{}', transcript = '{}', sound_id = NULL, size = '', date_made = '', made_from = NULL,
        made_until = NULL""",
    "UPDATE image SET state = 'ready', mean_colour = '#888888', width = 1300, height = 1000, refusal = ''",
    "UPDATE consent SET agreed_by = 'parent', for_web = true, for_archive = true, withdrawn_at = NULL, ends_on = NULL",
    "UPDATE organisation SET is_active = true, trust = 'every'",
    "UPDATE exhibition SET slug = 'winter'",
    """UPDATE edition SET number = 2, is_current = true, shown_until = NULL, closes_at = NULL,
        leaves_when_closed = false, title_zh = '冬至 "圆"', title_en = 'Winter \\ round', introduction_zh = '',
        introduction_en = 'First.

Second.'""",
    """UPDATE room SET layout = 'wall', rule = NULL, without = NULL, title_zh = '一号厅', title_en = 'Room one',
        text_zh = '墙上的字', text_en = ''""",
    "UPDATE hanging SET caption_zh = '门边', caption_en = ''",
)
OLD_CREDIT = {"key": "0a1b2c3d", "kind": "donor", "name_zh": "", "name_en": "Glow Fund", "link": ""}
OLD_TALK = {
    "key": "0a1b2c3e",
    "title_zh": "夜话",
    "title_en": "An evening",
    "text_zh": "不需要报名。",
    "text_en": "",
    "starts_at": "2036-12-20T11:00:00+00:00",
    "ends_at": "2036-12-20T12:00:00+00:00",
    "place_zh": "",
    "place_en": "The library",
    "link": "",
}
# What visitors read of it: the words in the language of the page or else in the other.
WORDS = {
    "zh": [
        "冬至 &#34;圆&#34;",
        "First.",
        "一号厅",
        "墙上的字",
        "门边",
        "Glow Fund",
        "夜话",
        "不需要报名。",
        "The library",
    ],
    "en": [
        "Winter \\ round",
        "First.",
        "Room one",
        "墙上的字",
        "门边",
        "Glow Fund",
        "An evening",
        "不需要报名。",
    ],
}


async def test_the_texts_of_exhibitions_keep_their_words(empty: Callable[[str], Settings]) -> None:
    """Both columns of each text, and the credits and talks of every edition; visitors read the same words."""
    settings = empty("old")
    lists = {"credits": json.dumps([OLD_CREDIT]), "talks": json.dumps([OLD_TALK])}
    async with opened(settings) as database:
        await database.migrate(upto="0049_texts_of_works")
        await fill()
        run = get_connection("default").execute_query
        for statement in ON_VIEW:
            await run(statement)
        for name, entries in lists.items():
            await run(f"UPDATE edition SET {name} = {quoted(entries)}")
        texts = {
            "title_zh": "旧",
            "title_en": "",
            **dict.fromkeys(["introduction_zh", "introduction_en"], ""),
        }
        replaced = {"id": 7, "exhibition_id": 1, "number": 1, "is_current": False, **texts, **lists}
        await insert("edition", replaced)
        await insert("edition", {"id": 8, "exhibition_id": 1, "is_current": False, **texts})
        await insert(
            "room",
            {
                "id": 7,
                "edition_id": 7,
                "position": 1,
                **dict.fromkeys(["title_zh", "title_en", "text_zh", "text_en"], ""),
            },
        )
        await database.migrate()

        shown, old, draft = await Edition.all().order_by("id")
        assert shown.title == Texts({"zh": '冬至 "圆"', "en": "Winter \\ round"})
        assert shown.introduction == Texts({"en": "First.\n\nSecond."})
        assert (old.title, old.introduction, draft.title) == (
            Texts({"zh": "旧"}),
            NO_TEXTS,
            Texts({"zh": "旧"}),
        )
        assert (draft.credits, draft.talks) == (None, None)
        for edition in (shown, old):
            (credit,), (talk,) = credits_of(edition.credits), talks_of(edition.talks)
            assert (credit.key, credit.name) == ("0a1b2c3d", Texts({"en": "Glow Fund"}))
            assert (talk.title, talk.text) == (
                Texts({"zh": "夜话", "en": "An evening"}),
                Texts({"zh": "不需要报名。"}),
            )
            assert talk.place == Texts({"en": "The library"})
        first, empty_room = await Room.all().order_by("id")
        assert (first.title, first.text) == (
            Texts({"zh": "一号厅", "en": "Room one"}),
            Texts({"zh": "墙上的字"}),
        )
        assert (empty_room.title, empty_room.text) == (NO_TEXTS, NO_TEXTS)
        assert (await Hanging.get()).caption == Texts({"zh": "门边"})

    app = create_app(settings)
    async with app.router.lifespan_context(app):
        browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gallery.test")
        async with browser as visitor:
            for language, words in WORDS.items():
                page = (await visitor.get(f"/{language}/exhibitions/winter")).text
                assert [each for each in words if each not in page] == []
                calendar = await visitor.get(f"/{language}/exhibitions/winter/talks.ics")
                assert f"SUMMARY:{'夜话' if language == 'zh' else 'An evening'}" in calendar.text
                assert "LOCATION:The library" in calendar.text


async def insert(table: str, values: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    literals = ", ".join(
        value if value == DAY else str(value).upper() if isinstance(value, bool | int) else quoted(value)
        for value in values.values()
    )
    await get_connection("default").execute_query(f'INSERT INTO "{table}" ({names}) VALUES ({literals})')


def quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


async def test_logos_and_covers_keep_their_rows_in_the_renamed_table(
    empty: Callable[[str], Settings],
) -> None:
    async with opened(empty("old")) as database:
        await database.migrate(upto=FIRST)
        await fill()
        await database.migrate(upto="0034_editions_and_pairs")
        connection = get_connection("default")
        await connection.execute_script(
            "INSERT INTO emblem (image_id, organisation_id, alt_zh, alt_en) "
            "SELECT min(image.id), min(organisation.id), '灯', 'A lamp' FROM image, organisation"
        )
        await database.migrate()
        (logo,) = await ProfileImage.all()
        assert (logo.alt, logo.state) == (Texts({"zh": "灯", "en": "A lamp"}), ProfileImageState.SHOWN)
        assert logo.organisation_id is not None
        assert await Image.filter(profile_image__id=logo.id).exists()
        assert "emblem" not in {row["table"] for row in await ask(COLUMNS)}


async def test_every_year_becomes_a_date_also_after_the_way_back(empty: Callable[[str], Settings]) -> None:
    async with opened(empty("old")) as database:
        await database.migrate(upto="0040_monitoring")
        await fill()
        run = get_connection("default").execute_query
        await run("UPDATE artwork SET year = 2019, status = 'draft'")
        await database.migrate()
        (work,) = await Artwork.all()
        assert (work.year, work.date_made, work.made_from, work.made_until) == (
            2019,
            "2019",
            20190101,
            20191231,
        )
        set_texts(work, work.language, {"date_made": "2024年春"})
        await work.save()
        await take_over_years()
        (work,) = await Artwork.all()
        assert (work.year, work.date_made, work.made_until) == (2024, "2024年春", 20240531)
        for year, date in (("2021", "2021"), ("NULL", "")):  # what the release before writes
            await run(f"UPDATE artwork SET year = {year}")
            await take_over_years()
            (work,) = await Artwork.all()
            assert (work.date_made, str(work.made_from or "")[:4]) == (date, date)


@pytest.mark.parametrize("had_people", [True, False])
async def test_a_site_that_had_people_is_not_asked_for_second_factors(
    empty: Callable[[str], Settings], had_people: bool
) -> None:
    async with opened(empty("old")) as database:
        await database.migrate(upto=FIRST)
        if had_people:
            await fill()
        await database.migrate()
        assert (await site_settings.load_site()).asks_second_factor != had_people


async def test_an_upgrade_can_be_taken_back(empty: Callable[[str], Settings]) -> None:
    """What an older release writes and reads is accepted by the database of today, which it may open."""
    async with opened(empty("old")) as database:
        await database.migrate(upto=WORKS_FROM)
        statements = await fill()
        columns, indexes = await ask(COLUMNS), await ask(INDEXES)
    async with opened(empty("made")) as database:
        await database.migrate()
        tables = {row["table"] for row in columns}
        await clear(tables)
        for statement in statements:
            await get_connection("default").execute_query(statement)
        for table in tables:
            names = ", ".join(f'"{row["column"]}"' for row in columns if row["table"] == table)
            rows = await get_connection("default").execute_query(f'SELECT {names} FROM "{table}"')
            assert rows[1], table
        unique = {(row["table"], row["columns"]) for row in indexes if row["single"]}
        written = {(row["table"], row["column"]) for row in columns}
        for row in await ask(INDEXES):  # rows that an older release may write would be refused
            known = (
                row["table"] not in tables
                or not row["single"]
                or (row["table"], row["columns"]) in unique
                # In a column that it does not know, an older release leaves NULL, which is never the same.
                or any((row["table"], column) not in written for column in row["columns"].split(","))
            )
            assert known, f"{row['table']}: {row['columns']} became unique"
        await get_connection("default").execute_query(
            "INSERT INTO tortoise_migrations (app, name, applied_at) "
            "VALUES ('gallery', '9999_next', '2026-11-30 00:00:00+00:00')"
        )
        await database.check()


async def contents() -> dict[str, Rows]:
    connection = get_connection("default")
    tables = sorted({row["table"] for row in await ask(COLUMNS)})
    return {
        table: [dict(row) for row in (await connection.execute_query(f'SELECT * FROM "{table}"'))[1]]
        for table in tables
    }


async def clear(tables: Iterable[str]) -> None:
    """Delete the rows that the migrations wrote."""
    for table in tables:
        await get_connection("default").execute_query(f'DELETE FROM "{table}"')


async def fill() -> list[str]:
    """One row in every table; references point to the other tables' rows. Returns the statements."""
    statements = []
    columns, references = await ask(COLUMNS), await ask(REFERENCES)
    targets = {(row["table"], row["column"]): row["target"] for row in references}
    waiting = sorted({row["table"] for row in columns})
    await clear(waiting)
    filled: set[str] = set()
    while waiting:
        table = next(
            table
            for table in waiting
            if all(t in filled or t == table for (s, _), t in targets.items() if s == table)
        )
        own = [row for row in columns if row["table"] == table]
        values = {
            row["column"]: "1" if (table, row["column"]) in targets else literal(row["type"])
            for row in own
            if row["column"] != "id"
            and (table, row["column"]) not in {(t, c) for (t, c), g in targets.items() if g == t}
        }
        if any(row["column"] == "id" for row in own):
            values["id"] = "1"
        names = ", ".join(f'"{name}"' for name in values)
        statements.append(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(values.values())})')
        await get_connection("default").execute_query(statements[-1])
        filled.add(table)
        waiting.remove(table)
    return statements


def literal(kind: str) -> str:
    if kind in {"blob", "bytea"}:
        return "x'00'" if kind == "blob" else "'\\x00'"
    if "char" in kind or "text" in kind or kind == "tsvector":
        return "'x'"
    if "timestamp" in kind:
        return "'2026-01-02 03:04:05+00:00'"
    if "date" in kind:
        return "'2026-01-02'"
    if "json" in kind:
        return "'{}'"
    return "true" if "bool" in kind else "1"


async def test_how_members_joined_is_taken_from_their_invitations(empty: Callable[[str], Settings]) -> None:
    """An owner decides on a curator or keeper without a known invitation by an owner; a first owner stays."""
    people = {
        "keeper": (1, "keeper"),  # the first owner of 1
        "owner": (2, "member"),  # the first owner of 2
        "invited": (3, "curator"),  # by that owner
        "own": (4, "curator"),  # by herself
        "second": (5, "member"),  # by that curator
        "left": (6, "member"),  # was the owner of 3
    }
    # (organisation, who, invited by, as)
    invitations = [
        (1, "keeper", "keeper", "owner"),
        (2, "owner", "own", "owner"),
        (2, "invited", "owner", "editor"),
        (2, "own", "own", "owner"),
        (2, "second", "own", "editor"),
        (3, "left", "own", "owner"),
    ]
    async with opened(empty("old")) as database:
        await database.migrate(upto="0027_logos")
        run = get_connection("default").execute_query
        day = "'2026-01-02 03:04:05+00:00'"
        for organisation in (1, 2, 3, 4):  # nobody has accepted an invitation to 4
            await run(
                "INSERT INTO organisation (id, slug, name_zh, name_en, about_zh, about_en, registration_number, website,"
                f" is_active, created_at) VALUES ({organisation}, 's{organisation}', '', '', '', '', '', '', TRUE, {day})"
            )
        for name, (id, role) in people.items():
            await run(
                "INSERT INTO person (id, email, name, password_hash, role, language, is_active, created_at)"
                f" VALUES ({id}, '{name}@example.org', '{name}', 'x', '{role}', 'en', TRUE, {day})"
            )
        for id, (organisation, name, by, member_role) in enumerate(invitations, 1):
            await run(
                "INSERT INTO invitation (id, token_hash, email, role, organisation_id, member_role, language, invited_by_id,"
                f" created_at, expires_at, accepted_at) VALUES ({id}, '{id}', '{name}@example.org', 'member',"
                f" {organisation}, '{member_role}', 'en', {people[by][0]}, {day}, {day}, '2026-02-0{id} 00:00:00+00:00')"
            )
            if name != "left":
                await run(
                    "INSERT INTO membership (id, organisation_id, person_id, role, created_at)"
                    f" VALUES ({id}, {organisation}, {people[name][0]}, '{member_role}', {day})"
                )
        await database.migrate()
        rows = await Membership.all().order_by("id").prefetch_related("person", "invited_by")
        assert [
            (row.person.name, row.joined_as, row.invited_by and row.invited_by.name, row.awaits_confirmation)
            for row in rows
        ] == [
            ("keeper", "first_owner", "keeper", False),
            ("owner", "first_owner", "own", False),
            ("invited", "invited", "owner", False),
            ("own", "unknown", "own", True),
            ("second", "unknown", "own", False),
        ]
        lost = await FormerOwner.all().order_by("id").values_list("organisation_id", "person_id")
        assert (3, 6) in [tuple(each) for each in lost]
        assert [await has_had_owner(id) for id in (1, 2, 3, 4)] == [True, True, True, False]
