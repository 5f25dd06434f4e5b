"""The process that serves the site never imports Pillow, with which only the sandbox opens pictures.

Nor does it import pypinyin for pages: its lists take 50 MB; nor openpyxl, which a start would have to wait for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts a process

PROGRAM = """
import asyncio, json, sys
import httpx
import gallery.cli
from gallery.app import create_app
from gallery.settings import Settings

async def main():
    app = create_app(Settings.from_env())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            paths = ("/zh/", "/en/exhibitions", "/zh/search?q=a", "/desk/sign-in", "/en/about", "/sharing/zh/a/b/c")
            statuses = [(await client.get(path)).status_code for path in paths]
    libraries = {name.partition(".")[0] for name in sys.modules}
    unneeded = {"PIL", "pillow_heif", "pypinyin", "typst", "openpyxl"}
    print(json.dumps([statuses, sorted(libraries & unneeded)]))

asyncio.run(main())
"""


def test_the_site_process_has_not_imported_what_it_does_not_need(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "gallery.sqlite3")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "GALLERY_HOME": str(tmp_path), "GALLERY_SECRET_KEY": "tests"},
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, libraries = json.loads(done.stdout.splitlines()[-1])
    assert statuses == [200, 200, 200, 200, 200, 404]
    assert libraries == []
