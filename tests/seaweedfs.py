"""A real S3 server for the tests: SeaweedFS in one process, on free ports, with its own folder."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from obstore.store import S3Store

BUCKET = "pictures"
KEY_ID, SECRET = "gallery", "a-secret-of-the-tests"
PUBLIC = "anyone-may-read"  # below this prefix, public/ is readable without keys
OPEN = "everything-is-open"  # below this one, everything is: a bucket that was set up wrongly

TRIES = 3  # another process may take a port that was free a moment ago


class SeaweedFS:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.ports: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, prefix: str, **values: Any) -> dict[str, Any]:
        """The settings of a site whose pictures are under `prefix`."""
        return {
            "storage_url": f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}",
            "storage_key_id": KEY_ID,
            "storage_secret": SECRET,
            **values,
        }

    def public_url(self, prefix: str) -> str:
        return f"{self.endpoint}/{BUCKET}/{prefix}/public"

    def start(self) -> None:
        """Start an empty store; or, after `kill`, the same one on the same ports."""
        if self.ports:
            self.process = self._launch()
            assert self._answers_in_time(), (self.home / "log").read_text()
            return
        for _ in range(TRIES):
            self.ports = free_ports(8)
            shutil.rmtree(self.home / "data", ignore_errors=True)
            self.process = self._launch()
            if self._answers_in_time():
                store = S3Store(
                    BUCKET,
                    endpoint=self.endpoint,
                    access_key_id=KEY_ID,
                    secret_access_key=SECRET,
                    client_options={"allow_http": True},
                )
                store.put("first", b"the bucket is made with its first file")
                return
            self.stop()
        raise AssertionError((self.home / "log").read_text())

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _launch(self) -> subprocess.Popen[bytes]:
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, self.port, s3_grpc = self.ports
        data = self.home / "data"
        data.mkdir(exist_ok=True)
        configuration = self.home / "s3.json"
        configuration.write_text(json.dumps(identities()))
        beside = Path(sys.executable).with_name("weed")
        command = [str(beside) if beside.exists() else "weed", "-logtostderr=true", "server"]
        options = {
            "dir": data,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": master,
            "master.port.grpc": master_grpc,
            "master.volumeSizeLimitMB": 64,
            "volume.port": volume,
            "volume.port.grpc": volume_grpc,
            "volume.max": 100,
            "volume.minFreeSpace": "10MiB",
            "filer": "true",
            "filer.port": filer,
            "filer.port.grpc": filer_grpc,
            "filer.localSocket": self.home / "filer.sock",
            "s3": "true",
            "s3.port": self.port,
            "s3.port.grpc": s3_grpc,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": self.home / "s3.sock",
            "s3.config": configuration,
        }
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, *(f"-{name}={value}" for name, value in options.items())],
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _answers_in_time(self) -> bool:
        for _ in range(600):
            assert self.process is not None
            if self.process.poll() is not None:
                return False
            try:
                with urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=5) as answer:
                    if answer.status == 200:
                        return True
            except OSError:
                time.sleep(0.1)
        return False


def identities() -> dict[str, Any]:
    """Permissions: our key may do everything, strangers read public files."""
    ours = {
        "name": "gallery",
        "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    everybody = {
        "name": "anonymous",
        "actions": [f"Read:{BUCKET}/{PUBLIC}/public/*", f"Read:{BUCKET}/{OPEN}/*"],
    }
    return {"identities": [ours, everybody]}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment, all different."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
