"""Server and worker are killed with SIGKILL at random moments while people work; acknowledged changes must survive.

Three partners upload works with pictures, save, submit and withdraw them, and a curator accepts and publishes, all over
HTTP. A client that gets no response asks again, as a browser does. It prints what was acknowledged, lost and
half-made.

Run: python -m tests.bench.kills [--kills 60] [--engine sqlite|postgresql] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from tortoise.expressions import Subquery

from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.artists.models import Consent, Withdrawal
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now, today
from gallery.db.connection import Database
from gallery.db.models import WorkerBeat
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.exhibitions.stored_files import delete_orphans, private_orphans
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key
from gallery.reviews.models import Review
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.worker import ChoreContext
from tests import factories
from tests.bench.search import engines
from tests.cast import Cast, assemble
from tests.live import LiveSite, eventually, free_port

PARTNERS = 3
FIRST = "the first"  # a work that hangs before anybody does anything
ACTIONS = ("upload", "save", "submit", "accept", "publish", "withdraw")


@dataclass
class Outcomes:
    """What the server acknowledged to the clients."""

    # By action: the acknowledged works, editions or consents with the saved values.
    acknowledged: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    unanswered: Counter[str] = field(default_factory=Counter)  # requests that broke off; they were sent again
    refused: Counter[str] = field(
        default_factory=Counter
    )  # such as a submission that a lost answer had confirmed
    last_refusal: dict[str, str] = field(default_factory=dict)
    saved: dict[int, list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )  # every story sent since an answer


@dataclass
class Loop:
    live: LiveSite
    chance: random.Random
    outcomes: Outcomes = field(default_factory=Outcomes)
    is_over: bool = False
    port: int = field(default_factory=free_port)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.live.settings.home / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gallery.cli", *words],
                env=self.live.environment(self.address),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def serve(self) -> subprocess.Popen[bytes]:
        """A server that answers."""
        process = self.start("serve", "--no-worker", "--port", str(self.port))
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                assert process.poll() is None, "the server ended by itself; see serve.log"
                try:
                    await client.get(f"{self.address}/zh/")
                    return process
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def work(self) -> subprocess.Popen[bytes]:
        """A worker that has begun."""
        process = self.start("worker")
        await eventually(WorkerBeat.filter(process=process.pid).exists)
        return process

    async def keep_killing(self, name: str, count: int) -> None:
        start = self.serve if name == "serve" else self.work
        for _ in range(count):
            process = await start()
            await asyncio.sleep(self.chance.uniform(0.2, 4.0))
            assert process.poll() is None, f"the {name} ended by itself"
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.kills[name] += 1

    async def post(
        self, client: httpx.AsyncClient, action: str, path: str, **form: Any
    ) -> httpx.Response | None:
        """Send a form until the server answers; returns the answer if it is a success."""
        while True:
            try:
                answer = await client.post(f"{self.address}{path}", **form)
            except httpx.TransportError as broken:
                # Where no server runs, nothing was sent.
                self.outcomes.unanswered[action] += not isinstance(broken, httpx.ConnectError)
                await asyncio.sleep(0.2)
                continue
            session = client.cookies.get(COOKIE, "")
            client.cookies = httpx.Cookies({COOKIE: session})  # unread flash messages would accumulate
            if answer.status_code >= 500:
                self.outcomes.unanswered[action] += 1
                await asyncio.sleep(0.3)
                continue
            if answer.status_code == 303:
                return answer
            self.outcomes.refused[action] += 1
            self.outcomes.last_refusal[action] = unescape(
                " ".join(re.findall(r"error[^>]*>([^<]+)<", answer.text))[:300]
            )
            return None

    async def get(self, client: httpx.AsyncClient, path: str) -> str:
        while True:
            try:
                answer = await client.get(f"{self.address}{path}")
                if answer.status_code < 500:
                    return answer.text
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.3)

    async def partner(self, person: Person, theme_id: int) -> None:
        """Upload, save, submit and sometimes withdraw one work after the other."""
        async with await signed_in(person) as client:
            while not self.is_over:
                name, key = secrets.token_hex(4), secrets.token_hex(16)
                picture = factories.photograph(1300, 1000 + self.chance.randrange(40))
                answer = await self.post(
                    client,
                    "upload",
                    "/desk/works",
                    data={**texts(name), "form_key": key, "themes": [str(theme_id)]},
                    files={"picture": ("photo.jpg", picture, "image/jpeg")},
                )
                if answer is None:
                    continue
                id = int(re.findall(r"/desk/works/(\d+)", answer.headers["location"])[0])
                self.outcomes.acknowledged["upload"].append(id)
                for _ in range(self.chance.randrange(1, 4)):
                    await self.save(client, id)
                if await self.post(client, "submit", f"/desk/works/{id}/submissions") is not None:
                    self.outcomes.acknowledged["submit"].append(id)
                if self.chance.random() < 0.3:
                    await self.withdraw(client, id)
                await asyncio.sleep(self.chance.uniform(0, 0.5))

    async def save(self, client: httpx.AsyncClient, id: int) -> None:
        """Change the story, and send the whole form as its page would."""
        page = await self.get(client, f"/desk/works/{id}/edit")
        seen = re.search(r'name="seen" value="([^"]*)"', page)
        work = await Artwork.get(id=id).prefetch_related("themes")
        story = f"Story {secrets.token_hex(8)}"
        self.outcomes.saved[id].append(story)
        data = {
            **{name: getattr(work, name) for name in ("language", "title", "alt_text", "medium")},
            **{name: str(getattr(work, f"{name}_id")) for name in ("artist", "consent", "project")},
            "themes": [str(theme.id) for theme in work.themes],
            "story": story,
            "seen": seen[1] if seen else "",
        }
        if await self.post(client, "save", f"/desk/works/{id}/edit", data=data, files={"other": b""}):
            self.outcomes.saved[id] = [story]
            self.outcomes.acknowledged["save"].append(id)

    async def withdraw(self, client: httpx.AsyncClient, id: int) -> None:
        consent = await Consent.get(artworks__id=id)
        if await self.post(client, "withdraw", f"/zh/consent/{consent.code}") is not None:
            self.outcomes.acknowledged["withdraw"].append(consent.id)

    async def curator(self, person: Person, exhibition: Exhibition) -> None:
        """Accept the waiting works that are ready, hang them and publish."""
        room = await Room.get(edition__exhibition_id=exhibition.id, edition__number=None)
        here = f"/desk/exhibitions/{exhibition.id}"
        async with await signed_in(person) as client:
            while not self.is_over:
                waiting = Submission.filter(
                    is_waiting=True, artwork__status=Status.SUBMITTED, artwork__image__state=ImageState.READY
                )
                submission = await waiting.order_by("id").first()
                if submission is None:
                    await asyncio.sleep(0.3)
                    continue
                id = submission.artwork_id
                decision = {"submission": str(submission.id), "decision": "accepted"}
                if await self.post(client, "accept", f"/desk/queue/{id}", data=decision) is None:
                    continue
                self.outcomes.acknowledged["accept"].append(id)
                hanging = {"room": str(room.id), "artwork": str(id)}
                await self.post(client, "hang", f"{here}/hangings", data=hanging)
                if await self.post(client, "publish", f"{here}/editions") is not None:
                    edition = await Edition.filter(exhibition_id=exhibition.id).order_by("-number").first()
                    current = await Edition.get(exhibition_id=exhibition.id, is_current=True)
                    assert edition is not None
                    self.outcomes.acknowledged["publish"].append(current.number)


def texts(name: str) -> dict[str, Any]:
    """All that a work needs to be submitted, with an artist and a consent of its own."""
    return {
        "language": "zh",
        "title": name,
        "story": "一家人围着吃汤圆。",
        "alt_text": "一只蓝碗里有汤圆",
        "medium": "水彩",
        "credit_name": f"Artist {name}",
        "agreed_by": "parent",
        "scopes": ["web"],
        "starts_on": today().isoformat(),
        "assent": "好的！",
        "project_title": f"Project {name}",
        "project_summary": "教孩子画画。",
        "project_link": "https://example.org/give",
    }


async def signed_in(person: Person) -> httpx.AsyncClient:
    token = secrets.token_urlsafe(16)
    await Session.create(
        token_hash=token_hash(token), person=person, seen_at=now(), expires_at=now() + timedelta(days=1)
    )
    return httpx.AsyncClient(timeout=60, cookies={COOKIE: token})


async def lost(loop: Loop) -> dict[str, list[str]]:
    """What was acknowledged and is missing, by action."""
    outcomes, storage = loop.outcomes, loop.live.storage
    found = defaultdict[str, list[str]](list)
    for id in outcomes.acknowledged["upload"]:
        work = await Artwork.get_or_none(id=id).prefetch_related("image")
        if work is None:
            found["upload"].append(f"work {id} is not there")
        elif work.status != Status.WITHDRAWN and (
            work.image is None
            or work.image.state != ImageState.READY
            or not await storage.private.exists(original_key(work.image.token))
        ):
            found["upload"].append(f"work {id} has lost its picture")
    for id in set(outcomes.acknowledged["save"]):
        work = await Artwork.get_or_none(id=id)
        if work is not None and work.status != Status.WITHDRAWN and work.story not in outcomes.saved[id]:
            found["save"].append(f"work {id} has an older story")
    for id in outcomes.acknowledged["submit"]:
        if not await Submission.exists(artwork_id=id):
            found["submit"].append(f"work {id} was not submitted")
    for id in outcomes.acknowledged["accept"]:
        accepted = Artwork.filter(id=id, status__in=[Status.ACCEPTED, Status.WITHDRAWN])
        if not await accepted.exists() or not await Review.exists(artwork_id=id, decision=Status.ACCEPTED):
            found["accept"].append(f"work {id} is not accepted")
    for number in outcomes.acknowledged["publish"]:
        if not await Edition.exists(number=number):
            found["publish"].append(f"edition {number} is not there")
    for id in outcomes.acknowledged["withdraw"]:
        if await Artwork.filter(consent_id=id).exclude(status=Status.WITHDRAWN).exists():
            found["withdraw"].append(f"consent {id} still covers a work")
        for image in await Image.filter(artwork__consent_id=id):
            if [key async for key in storage.public.keys(image.token)] or await storage.private.exists(
                original_key(image.token)
            ):
                found["withdraw"].append(f"consent {id} left files of image {image.id}")
    return found


async def half_made(storage: Storage) -> dict[str, int]:
    """Counts of incomplete things after the worker has finished: each should be 0."""
    submitted = Artwork.filter(status=Status.SUBMITTED)
    waiting = Submission.filter(is_waiting=True).values("artwork_id")
    titles = Counter(await Artwork.all().values_list("title", flat=True))
    return {
        "works that one form made twice": sum(count - 1 for count in titles.values()),
        "works without the picture they came with": await Artwork.filter(image_id=None).count(),
        "works without artist or consent": await Artwork.filter(consent_id=None).count(),
        "submitted works without a submission": await submitted.exclude(id__in=Subquery(waiting)).count(),
        "accepted works without a review": await Artwork.filter(status=Status.ACCEPTED, reviews__id=None)
        .exclude(title=FIRST)
        .count(),
        "pictures that are not developed": await Image.filter(state=ImageState.RECEIVED).count(),
        "pictures that were refused": await Image.filter(state=ImageState.REFUSED).count(),
        "withdrawals whose files are left": await Withdrawal.filter(files_deleted_at=None).count(),
        "editions without works": await Edition.exclude(
            id__in=Subquery(Hanging.all().values("room__edition_id"))
        )
        .filter(number__not_isnull=True)
        .count(),
        "exhibitions with several current editions": await Edition.filter(is_current=True).count() - 1,
    }


async def settled() -> bool:
    """Whether a worker has nothing left to do."""
    return not (
        await Image.filter(state=ImageState.RECEIVED).exists()
        or await Withdrawal.filter(files_deleted_at=None).exists()
        or await Artwork.all().on_view().filter(image__has_tiles=False).exists()
    )


async def run(settings: Settings, kills: int, seed: int) -> bool:
    """Whether everything is complete and nothing was lost."""
    async with Database(settings) as database:
        await database.migrate()
        storage = Storage(settings)
        cast: Cast = await assemble()
        theme = await factories.theme()
        exhibition = await factories.exhibition(
            [await factories.artwork(storage, cast.organisation, status=Status.ACCEPTED, title=FIRST)]
        )
        loop = Loop(LiveSite(settings, cast, storage), random.Random(seed))
        began = time.monotonic()
        people = [
            *(loop.partner(cast.partner, theme.id) for _ in range(PARTNERS)),
            loop.curator(cast.curator, exhibition),
        ]
        tasks = [asyncio.create_task(each) for each in people]
        await asyncio.gather(
            loop.keep_killing("serve", kills - kills // 2), loop.keep_killing("worker", kills // 2)
        )
        loop.is_over = True
        server, worker = await loop.serve(), await loop.work()
        try:
            await asyncio.gather(*tasks)
            await eventually(settled)
        finally:
            for process in (server, worker):
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        took = time.monotonic() - began
        missing, parts = await lost(loop), await half_made(storage)
        orphans = await private_orphans(storage, timedelta(0))
        await delete_orphans(ChoreContext(settings, storage), settling=timedelta(0), pause=0)
        left = [*(settings.media / "scratch").iterdir()]
    check = subprocess.run(
        [sys.executable, "-m", "gallery.cli", "check", "--deep"],
        env=loop.live.environment(loop.address),
        capture_output=True,
        text=True,
    )
    print(f"{sum(loop.kills.values())} kills ({dict(loop.kills)}) in {took:.0f} s, seed {seed}\n")
    print(f"{'action':<10}{'acknowledged':>14}{'unanswered':>12}{'refused':>9}{'lost':>6}")
    for action in ACTIONS:
        counts = (
            len(loop.outcomes.acknowledged[action]),
            loop.outcomes.unanswered[action],
            loop.outcomes.refused[action],
            len(missing[action]),
        )
        print(f"{action:<10}{counts[0]:>14}{counts[1]:>12}{counts[2]:>9}{counts[3]:>6}")
    for action, sentence in loop.outcomes.last_refusal.items():
        print(f"  refused, such as {action}: {sentence}")
    for each in [each for found in missing.values() for each in found]:
        print(f"  lost: {each}")
    print("\nhalf-made, after the worker had its time:")
    for name, count in parts.items():
        print(f"  {count:>4}  {name}")
    print(
        f"\nleft for the daily chores: {len(orphans)} private file(s) without a row, {len(left)} scratch folder(s)"
    )
    print(f"gallery check --deep ends with {check.returncode}:")
    print("  " + "\n  ".join((check.stdout.strip() or check.stderr.strip()).splitlines()))
    return not any(missing.values()) and not any(parts.values()) and check.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)

        def measure(url: str) -> bool:
            settings = Settings(
                home=home,
                database_url=url,
                media=home / "media",
                secret_key="bench",
                check_links=False,
                image_lease_seconds=5,
            )
            return asyncio.run(run(settings, asked.kills, asked.seed))

        if asked.engine == "sqlite":
            is_whole = measure(f"sqlite:///{home / 'g.sqlite3'}")
        else:
            with engines(home) as urls:
                is_whole = measure(urls["PostgreSQL"])
    raise SystemExit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
