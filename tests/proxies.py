"""Real caching proxies in front of a live site, set up as docs/operating.md says."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.live import free_port

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
REQUIRED = os.environ.get("GALLERY_TEST_PROXIES") == "required"
OPERATING = (Path(__file__).parents[1] / "docs/operating.md").read_text()


def program(name: str) -> str:
    """Where a proxy's program is; the test is left out where there is none."""
    found = shutil.which(name, path=PATH)
    if found is None:
        sentence = f"No {name} was found on this machine, so the test of that cache is left out."
        if REQUIRED:
            pytest.fail(sentence + " GALLERY_TEST_PROXIES=required forbids that.")
        pytest.skip(sentence)
    return found


def in_docs(language: str, mark: str) -> str:
    """The one block of code in docs/operating.md in `language` that holds `mark`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", OPERATING, re.MULTILINE | re.DOTALL)
    (block,) = [each for each in blocks if mark in each]
    return str(block)


@asynccontextmanager
async def nginx(origin: str, home: Path) -> AsyncIterator[str]:
    """nginx with a cache, as in the docs; says in x-cache whether an answer came from it. Yields its address."""
    port, folder = free_port(), home / "nginx"
    folder.mkdir()
    cache, server = in_docs("nginx", "proxy_cache_path").split("\n\n")
    cache = cache.replace("/var/cache/nginx/gallery", str(folder / "cache"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"""{"user root;" if os.getuid() == 0 else ""}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
access_log off; default_type application/octet-stream;
{temporary}{cache}
server {{
listen 127.0.0.1:{port};
proxy_set_header Host $http_host;
add_header x-cache $upstream_cache_status always;
{server}
location / {{ proxy_pass {origin}; }}
}}
}}
"""
    )
    command = [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    async with _running(command, port, folder):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def varnish(origin: str, home: Path, port: int) -> AsyncIterator[str]:
    """Varnish as in the docs: it keeps pictures for long, and is emptied by a request. Yields its address."""
    folder = home / "varnish"
    folder.mkdir(exist_ok=True)
    told = in_docs("vcl", "ban(").replace('.port = "8000"', f'.port = "{httpx.URL(origin).port}"')
    (folder / "gallery.vcl").write_text(told + 'sub vcl_deliver { set resp.http.x-hits = "" + obj.hits; }\n')
    command = [program("varnishd"), "-F", "-j", "none", "-n", str(folder / "work"), "-s", "malloc,64m"]
    async with _running(
        [*command, "-a", f"127.0.0.1:{port}", "-f", str(folder / "gallery.vcl")], port, folder
    ):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _running(command: list[str], port: int, folder: Path) -> AsyncIterator[None]:
    log = (folder / "output.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(600):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.poll() is None, (folder / "output.log").read_text()
                await asyncio.sleep(0.1)
                continue
            writer.close()
            break
        yield
    finally:
        process.terminate()
        process.wait(20)
        log.close()
