"""The curator's queue with 20,000 waiting works, on SQLite and on PostgreSQL: how long its pages take, and their queries.

Run: python -m tests.bench.queue [number of works]
"""

from __future__ import annotations

import asyncio
import logging
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import httpx
from tortoise.connection import get_connection

from gallery.accounts.models import Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.app import create_app
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.db.connection import Database
from gallery.organisations.models import Organisation
from gallery.reviews.checks import CHECK_WORDS, CHECKS_VERSION
from gallery.reviews.models import Hint
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.themes.models import Theme
from tests import factories
from tests.bench.search import engines
from tests.cast import assemble
from tests.factories import in_zh

WORKS = 20_000
TIMES = 7


class Queries(logging.Handler):
    """Counts what the ORM asks the database."""

    number = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.number += 1


async def fill(storage: Storage, works: int) -> str:
    """Many waiting works of two organisations and five themes, one in three with a hint; a curator's session."""
    cast = await assemble()
    consent = await factories.consent(cast.organisation)
    image = await factories.image(storage, cast.organisation)
    themes = [await factories.theme() for _ in range(5)]
    chance = random.Random(1)
    await Artwork.bulk_create(
        (
            Artwork(
                organisation_id=(cast.organisation if number % 3 else cast.elsewhere).id,
                artist_id=consent.artist_id,
                consent_id=consent.id,
                title=in_zh(f"No {number}"),
                language="zh" if number % 4 else "en",
                status=Status.SUBMITTED,
            )
            for number in range(works)
        ),
        batch_size=2000,
    )
    ids = [int(str(id)) for id in await Artwork.all().order_by("id").values_list("id", flat=True)]
    await Artwork.filter(id=ids[0]).update(image_id=image.id)
    await Submission.bulk_create(
        (
            Submission(
                artwork_id=id,
                number=1,
                at=now() - timedelta(minutes=chance.randrange(60 * 24 * 40)),
                checked_with=CHECKS_VERSION,
            )
            for id in ids
        ),
        batch_size=2000,
    )
    sent = await Submission.all().order_by("id").values_list("id", "artwork_id")
    await Hint.bulk_create(
        (
            Hint(
                submission_id=id,
                artwork_id=artwork_id,
                check=list(CHECK_WORDS)[int(str(id)) % len(CHECK_WORDS)],
                field="story",
                key=str(id),
                facts={"rule": "mobile"},
            )
            for id, artwork_id in sent
            if int(str(id)) % 3 == 0
        ),
        batch_size=2000,
    )
    for place, theme in enumerate(themes):
        await theme.artworks.add(*(await Artwork.filter(id__in=ids[place:works:50])))
    await get_connection("default").execute_script("ANALYZE")  # as the worker does it
    token = "bench"
    await Session.create(
        token_hash=token_hash(token), person=cast.curator, seen_at=now(), expires_at=now() + timedelta(days=1)
    )
    return token


async def measure(label: str, settings: Settings, works: int) -> None:
    async with Database(settings) as database:
        await database.migrate()
        token = await fill(Storage(settings), works)
    app = create_app(settings)
    queries = Queries()
    log = logging.getLogger("tortoise.db_client")
    log.setLevel(logging.DEBUG)
    log.addHandler(queries)
    log.propagate = False
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gallery.test") as client,
    ):
        client.cookies.set(COOKIE, token, domain="gallery.test", path="/desk")
        middle = await Submission.filter(is_waiting=True).order_by("at").offset(works // 2).first()
        theme = await Theme.all().order_by("id").first()
        organisation = await Organisation.all().order_by("id").first()
        assert middle is not None
        assert theme is not None
        assert organisation is not None
        print(f"{works:,} waiting works, {label}, {TIMES} times each:")
        for name, path in (
            ("the queue", "/desk/queue?filter=none"),
            ("its last page", f"/desk/queue?filter=none&page={works // 50}"),
            ("narrowed by hint", "/desk/queue?hint=wording"),
            ("narrowed to what has no hint", "/desk/queue?hint=none"),
            ("narrowed by theme and age", f"/desk/queue?age=old&theme={theme.slug}"),
            ("narrowed by organisation", f"/desk/queue?organisation={organisation.slug}"),
            ("a work in the middle", f"/desk/queue/{middle.artwork_id}"),
            ("the same, narrowed", f"/desk/queue/{middle.artwork_id}?organisation={organisation.slug}"),
        ):
            seconds, asked = [], 0
            for _ in range(TIMES):
                queries.number = 0
                began = time.perf_counter()
                answer = await client.get(path)
                seconds.append(time.perf_counter() - began)
                assert answer.status_code == 200, (path, answer.status_code)
                asked = queries.number
            print(f"  {name}: {statistics.median(seconds) * 1000:.0f} ms, {asked} queries")
    log.removeHandler(queries)


def main() -> None:
    works = int(sys.argv[1]) if len(sys.argv) > 1 else WORKS
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as urls:
        for label, url in urls.items():
            settings = Settings(
                home=Path(folder), database_url=url, media=Path(folder) / "media", secret_key="bench"
            )
            asyncio.run(measure(label, settings, works))


if __name__ == "__main__":
    main()
