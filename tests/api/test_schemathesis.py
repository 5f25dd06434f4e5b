"""The API under generated requests from its own description: no crash, and only documented answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from tests import factories
from tests.api.programs import token_for
from tests.live import LiveSite

AT_MOST = 540  # seconds for the whole run
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.engines("sqlite", "postgresql")
async def test_schemathesis_finds_no_fault(live: LiveSite, tmp_path: Path) -> None:
    live.settings = replace(live.settings, api_requests_per_minute=1_000_000)
    own = live.cast.organisation
    await factories.theme()
    for _ in range(3):  # among the numbers that are tried first are some that name something
        await factories.artwork(live.storage, own)
    address = await live.serve(worker=False)
    token = await token_for(live.cast.partner)
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={CONFIGURATION}",
        "run",
        f"{address}/api/openapi.json",
        f"--header=Authorization: Bearer {token}",
        "--header=Accept-Language: en",
        "--phases=examples,coverage,fuzzing,stateful",
        "--suppress-health-check=all",
        "--request-timeout=20",
        "--continue-on-failure",
        "--warnings=off",
        "--no-color",
    ]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "110", "PYTHONPATH": str(CONFIGURATION.parents[2])},
        capture_output=True,
        text=True,
        timeout=AT_MOST,
        check=False,
    )
    log = "".join(path.read_text() for path in live.settings.home.glob("serve-*.log"))
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:] + log[-5_000:]
    assert "Traceback" not in log
    assert await Entry.filter(verb=Verb.WORK_MADE).exists()
