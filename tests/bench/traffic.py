"""People who use a site during a drill, and the account of what they were told.

Three partners upload works with pictures, save, submit and withdraw them, a curator accepts and publishes, and visitors
open pages, all over HTTP. Who gets no answer, or one from 500 on, asks again, as people in a browser do.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
from tortoise.exceptions import BaseORMException
from tortoise.expressions import Subquery

from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.artists.models import Withdrawal
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now, today
from gallery.db.models import WorkerBeat
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.exhibitions.stored_files import delete_orphans, private_orphans
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.themes.models import Theme
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.forms import shown_fields
from tests.cast import assemble
from tests.live import LiveSite, free_port

PARTNERS = 3
FIRST = "the first"  # a work that hangs before anybody does anything
ACTIONS = ("upload", "save", "autosave", "submit", "accept", "publish", "withdraw")
PUBLIC_PAGES = ("/zh/", "/en/", "/zh/exhibitions", "/en/themes", "/zh/search?q=Story", "/zh/feed.atom")
WAIT_SECONDS = 120  # for one answer

Result = TypeVar("Result")


async def insist(ask: Callable[[], Awaitable[Result]]) -> Result:
    """Ask the database, again and again while it is away."""
    while True:
        try:
            return await ask()
        except (BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await asyncio.sleep(0.3)


@dataclass
class Outcomes:
    """What the server acknowledged to the clients."""

    # By action: the acknowledged works, editions or consents.
    acknowledged: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    unanswered: Counter[str] = field(default_factory=Counter)  # requests that broke off; they were sent again
    failed: dict[str, Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )  # statuses from 500 on
    refused: Counter[str] = field(
        default_factory=Counter
    )  # such as a submission that a lost answer had confirmed
    last_refusal: dict[str, str] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=lambda: defaultdict(float))  # seconds until an answer
    saved: dict[int, list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )  # every story sent since an answer
    shown_after_withdrawal: list[str] = field(default_factory=list)


@dataclass
class Traffic:
    live: LiveSite
    chance: random.Random
    theme: Theme
    exhibition: Exhibition
    outcomes: Outcomes = field(default_factory=Outcomes)
    is_over: bool = False
    is_open: asyncio.Event = field(default_factory=asyncio.Event)  # nobody acts before a server has answered
    port: int = field(default_factory=free_port)
    logs: Path | None = None  # the folder of the processes' logs; None: the site's home
    under: Sequence[str] = ()  # a command that runs each process
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)  # processes that stay to the end
    began: float = field(default_factory=time.monotonic)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def say(self, sentence: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {sentence}", flush=True)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with ((self.logs or self.live.settings.home) / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*self.under, sys.executable, "-m", "gallery.cli", *words],
                env=self.live.environment(self.address),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(60)

    async def serve(self, *options: str) -> subprocess.Popen[bytes]:
        """A server that answers. It is started again if it ends, as systemd would."""
        process = self.start("serve", "--port", str(self.port), *options)
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                if process.poll() is not None:
                    await asyncio.sleep(1)
                    process = self.start("serve", "--port", str(self.port), *options)
                try:
                    await client.get(f"{self.address}/healthz")
                    self.is_open.set()
                    return process
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def work(self) -> subprocess.Popen[bytes]:
        """A worker that has begun. It is started again if it ends."""
        process = self.start("worker")
        while not await insist(WorkerBeat.filter(process=process.pid).exists):
            if process.poll() is not None:
                await asyncio.sleep(1)
                process = self.start("worker")
            await asyncio.sleep(0.1)
        return process

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Everybody acts inside the `with` block, and finishes the last thing at its end."""
        cast = self.live.cast
        clients = [await signed_in(cast.partner) for _ in range(PARTNERS)]
        tasks = [
            *(asyncio.create_task(self.partner(client)) for client in clients),
            asyncio.create_task(self.curator(await signed_in(cast.curator))),
            asyncio.create_task(self.visitor()),
        ]
        try:
            yield
            self.is_over = True
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def send(
        self, client: httpx.AsyncClient, action: str, path: str, method: str = "POST", **form: Any
    ) -> httpx.Response:
        """Send a request until the server answers with something below 500."""
        while True:
            began = time.monotonic()
            try:
                answer = await client.request(method, f"{self.address}{path}", **form)
            except httpx.TransportError as broken:
                # Where no server runs, nothing was sent.
                self.outcomes.unanswered[action] += not isinstance(broken, httpx.ConnectError)
                await asyncio.sleep(0.2)
                continue
            finally:
                took = time.monotonic() - began
                self.outcomes.slowest[action] = max(self.outcomes.slowest[action], took)
            session = client.cookies.get(COOKIE, "")
            client.cookies = httpx.Cookies({COOKIE: session or ""})  # unread flash messages would accumulate
            if answer.status_code < 500:
                return answer
            self.outcomes.failed[action][answer.status_code] += 1
            await asyncio.sleep(0.5)

    async def post(
        self, client: httpx.AsyncClient, action: str, path: str, **form: Any
    ) -> httpx.Response | None:
        """Send a form until the server answers; returns the answer if it is a success."""
        answer = await self.send(client, action, path, **form)
        if answer.status_code in {200, 303}:
            return answer
        self.outcomes.refused[action] += 1
        sentences = unescape(" ".join(re.findall(r"error[^>]*>([^<]+)<", answer.text)))
        self.outcomes.last_refusal[action] = f"{answer.status_code} {' '.join(sentences.split())[:300]}"
        await asyncio.sleep(0.2)
        return None

    async def partner(self, client: httpx.AsyncClient) -> None:
        """Upload, save and submit one work after the other, and sometimes withdraw an earlier one."""
        mine: list[int] = []
        await self.is_open.wait()
        async with client:
            while not self.is_over:
                name, key = secrets.token_hex(4), secrets.token_hex(16)
                picture = factories.photograph(1300, 1000 + self.chance.randrange(40))
                answer = await self.post(
                    client,
                    "upload",
                    "/desk/works",
                    data={**texts(name), "form_key": key, "themes": [str(self.theme.id)]},
                    files={"picture": ("photo.jpg", picture, "image/jpeg")},
                )
                if answer is None:
                    continue
                id = int(re.findall(r"/desk/works/(\d+)", answer.headers["location"])[0])
                self.outcomes.acknowledged["upload"].append(id)
                mine.append(id)
                for _ in range(self.chance.randrange(1, 4)):
                    await self.save(client, id)
                if await self.post(client, "submit", f"/desk/works/{id}/submissions") is not None:
                    self.outcomes.acknowledged["submit"].append(id)
                if self.chance.random() < 0.3:
                    await self.withdraw(client, mine.pop(self.chance.randrange(len(mine))))
                await asyncio.sleep(self.chance.uniform(0, 0.5))

    async def save(self, client: httpx.AsyncClient, id: int) -> None:
        """Change the story, and send the whole form as its page would, by hand or by itself."""
        page = (await self.send(client, "open form", f"/desk/works/{id}/edit", "GET")).text
        story = f"Story {secrets.token_hex(8)}"
        self.outcomes.saved[id].append(story)
        data = {**shown_fields(page), "story": story}
        if self.chance.random() < 0.5:
            answer = await self.post(client, "autosave", f"/desk/works/{id}/typing", data=data)
            if answer is not None and not answer.json()["conflicts"]:
                self.outcomes.saved[id] = [story]
                self.outcomes.acknowledged["autosave"].append(id)
        elif await self.post(client, "save", f"/desk/works/{id}/edit", data=data, files={"other": b""}):
            self.outcomes.saved[id] = [story]
            self.outcomes.acknowledged["save"].append(id)

    async def withdraw(self, client: httpx.AsyncClient, id: int) -> None:
        """Withdraw a work, and look at once whether its page is gone."""
        work = await insist(lambda: Artwork.get(id=id).select_related("consent"))
        assert work.consent is not None
        path = f"/zh/consent/{work.consent.code}"
        if await self.post(client, "withdraw", path) is not None:
            self.outcomes.acknowledged["withdraw"].append(work.consent.id)
            answer = await self.send(client, "page after withdrawal", f"/zh/works/{work.public_id}", "GET")
            if answer.status_code == 200:
                self.outcomes.shown_after_withdrawal.append(f"work {id}")

    async def curator(self, client: httpx.AsyncClient) -> None:
        """Accept the waiting works that are ready, hang them and publish."""
        exhibition = self.exhibition
        room = await Room.get(edition__exhibition_id=exhibition.id, edition__number=None)
        here = f"/desk/exhibitions/{exhibition.id}"
        waiting = Submission.filter(
            is_waiting=True, artwork__status=Status.SUBMITTED, artwork__image__state=ImageState.READY
        )
        await self.is_open.wait()
        async with client:
            while not self.is_over:
                submission = await insist(lambda: waiting.order_by("id").first())
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
                    current = await insist(lambda: Edition.get(exhibition_id=exhibition.id, is_current=True))
                    self.outcomes.acknowledged["publish"].append(current.number)

    async def visitor(self) -> None:
        """Open pages, and the pictures on the home page."""
        await self.is_open.wait()
        async with httpx.AsyncClient(timeout=WAIT_SECONDS) as client:
            while not self.is_over:
                path = self.chance.choice(PUBLIC_PAGES)
                answer = await self.send(client, "visit", path, "GET")
                self.outcomes.acknowledged["visit"].append(path)
                pictures = re.findall(r"/media/[^\s\",]+", answer.text)
                if pictures:
                    await self.picture(client, self.chance.choice(pictures))
                await asyncio.sleep(0.1)

    async def picture(self, client: httpx.AsyncClient, path: str) -> None:
        began = time.monotonic()
        try:
            answer = await client.get(f"{self.address}{path}", follow_redirects=True)
        except httpx.TransportError as broken:
            self.outcomes.unanswered["picture"] += not isinstance(broken, httpx.ConnectError)
            return
        self.outcomes.slowest["picture"] = max(self.outcomes.slowest["picture"], time.monotonic() - began)
        if answer.status_code >= 500:
            self.outcomes.failed["picture"][answer.status_code] += 1
        else:
            self.outcomes.acknowledged["picture"].append(path)


async def prepared(settings: Settings, seed: int) -> Traffic:
    """A new site in an empty database, and the people who will use it."""
    storage = Storage(settings)
    theme = await factories.theme()
    cast = await assemble()
    works = [await factories.artwork(storage, cast.organisation, status=Status.ACCEPTED, title=FIRST)]
    exhibition = await factories.exhibition(works)
    return Traffic(LiveSite(settings, cast, storage), random.Random(seed), theme, exhibition)


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
        token_hash=token_hash(token), person=person, seen_at=now(), expires_at=now() + timedelta(days=30)
    )
    return httpx.AsyncClient(timeout=WAIT_SECONDS, cookies={COOKIE: token})


async def lost(traffic: Traffic) -> dict[str, list[str]]:
    """What was acknowledged and is missing, by action."""
    outcomes, storage = traffic.outcomes, traffic.live.storage
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
    for id in {*outcomes.acknowledged["save"], *outcomes.acknowledged["autosave"]}:
        work = await Artwork.get_or_none(id=id)
        if (
            work is not None
            and work.status != Status.WITHDRAWN
            and work.own("story") not in outcomes.saved[id]
        ):
            found["save"].append(f"work {id} has an older story")
    for id in outcomes.acknowledged["submit"]:
        if not await Submission.exists(artwork_id=id):
            found["submit"].append(f"work {id} was not submitted")
    for id in outcomes.acknowledged["accept"]:
        accepted = Artwork.filter(id=id, status=Status.ACCEPTED, reviews__decision=Status.ACCEPTED)
        if not await accepted.exists() and not await Artwork.exists(id=id, status=Status.WITHDRAWN):
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
    found["withdraw"] += [
        f"{work} was shown after its withdrawal" for work in outcomes.shown_after_withdrawal
    ]
    return found


async def half_made(storage: Storage) -> dict[str, int]:
    """Counts of incomplete things after the worker has finished: each should be 0."""
    submitted = Artwork.filter(status=Status.SUBMITTED)
    waiting = Submission.filter(is_waiting=True).values("artwork_id")
    titles = Counter(await Artwork.exclude(status=Status.WITHDRAWN).values_list("title", flat=True))
    return {
        "works that one form made twice": sum(count - 1 for count in titles.values()),
        "works without the picture they came with": await Artwork.filter(image_id=None).count(),
        "works without artist or consent": await Artwork.filter(consent_id=None).count(),
        "submitted works without a submission": await submitted.exclude(id__in=Subquery(waiting)).count(),
        "accepted works without a review": await Artwork.filter(status=Status.ACCEPTED, reviews__id=None)
        .exclude(title__contains=FIRST)
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


async def report(traffic: Traffic) -> bool:
    """Print what was acknowledged, lost and half-made, once the workers have finished; whether all is well."""
    outcomes, settings = traffic.outcomes, traffic.live.settings
    storage = traffic.live.storage
    missing, parts = await lost(traffic), await half_made(storage)
    orphans = await private_orphans(storage, timedelta(0))
    await delete_orphans(ChoreContext(settings, storage), settling=timedelta(0), pause=0)
    left = list((settings.media / "scratch").iterdir())
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gallery.cli", "check", "--deep"),
        env=traffic.live.environment(traffic.address),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    check = (await process.communicate())[0].decode().strip()
    print(
        f"\n{'':<22}{'acknowledged':>13}{'broken off':>11}{'from 500 on':>20}{'refused':>8}{'lost':>5}{'longest':>9}"
    )
    for action in (*ACTIONS, *sorted(set(outcomes.slowest) - set(ACTIONS))):
        failed = ", ".join(f"{count} × {status}" for status, count in sorted(outcomes.failed[action].items()))
        print(
            f"{action:<22}{len(outcomes.acknowledged[action]):>13}{outcomes.unanswered[action]:>11}{failed:>20}"
            f"{outcomes.refused[action]:>8}{len(missing[action]):>5}{outcomes.slowest[action]:>7.1f} s"
        )
    for action, sentence in outcomes.last_refusal.items():
        print(f"  refused, such as {action}: {sentence}")
    for each in [each for found in missing.values() for each in found]:
        print(f"  lost: {each}")
    print(f"half-made: {sum(parts.values())}")
    for name, count in parts.items():
        if count:
            print(f"  {count} {name}")
    print(
        f"left for the daily chores: {len(orphans)} private file(s) without a row, {len(left)} scratch folder(s)"
    )
    print(f"gallery check --deep ends with {process.returncode}:\n  " + "\n  ".join(check.splitlines()))
    return not any(missing.values()) and not any(parts.values()) and process.returncode == 0
