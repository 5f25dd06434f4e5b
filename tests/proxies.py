"""Real proxies in front of a live site, configured as in docs/operating.md."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.live import free_port

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
REQUIRED = os.environ.get("GALLERY_TEST_PROXIES") == "required"
OPERATING = (Path(__file__).parents[1] / "docs/operating.md").read_text()


def program(name: str) -> str:
    """The path of a proxy's program; without it the test is skipped."""
    found = shutil.which(name, path=PATH)
    if found is None:
        sentence = f"No {name} was found on this machine, so the test of that cache is left out."
        if REQUIRED:
            pytest.fail(sentence + " GALLERY_TEST_PROXIES=required forbids that.")
        pytest.skip(sentence)
    return found


def in_docs(language: str, mark: str) -> str:
    """The only code block in docs/operating.md in `language` that contains `mark`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", OPERATING, re.MULTILINE | re.DOTALL)
    (block,) = [each for each in blocks if mark in each]
    return str(block)


@asynccontextmanager
async def nginx(origin: str, home: Path) -> AsyncIterator[str]:
    """nginx with a cache, as in the docs; x-cache shows whether an answer came from it. Yields its address."""
    port, folder = free_port(), home / "nginx"
    folder.mkdir()
    cache, server = in_docs("nginx", "proxy_cache_path").split("\n\n")
    cache = cache.replace("/var/cache/nginx/gallery", str(folder / "cache"))
    command = _configured(
        folder,
        f"""{cache}
server {{
listen 127.0.0.1:{port};
proxy_set_header Host $http_host;
add_header x-cache $upstream_cache_status always;
{server}
location / {{ proxy_pass {origin}; }}
}}""",
    )
    async with _running(command, port, folder):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def nginx_with_https(origin: str, home: Path) -> AsyncIterator[tuple[int, int, Path]]:
    """nginx as in the docs. Yields its ports for http and https, and the certificate of gallery.example.org."""
    plain, secure, folder = free_port(), free_port(), home / "nginx"
    folder.mkdir()
    certificate, key = _certificate(folder)
    configuration = in_docs("nginx", "listen 443")
    for said, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "http2 on;": "",  # which nginx knows from 1.25.1 on
        "/etc/letsencrypt/live/gallery.example.org/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/gallery.example.org/privkey.pem": str(key),
        "http://127.0.0.1:8000": origin,
    }.items():
        assert said in configuration
        configuration = configuration.replace(said, here)
    async with _running(_configured(folder, configuration), secure, folder):
        yield plain, secure, certificate


def _configured(folder: Path, configuration: str) -> list[str]:
    """The command of an nginx that keeps everything in `folder`; `configuration` goes inside its `http`."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"""{"user root;" if os.getuid() == 0 else ""}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
access_log off; default_type application/octet-stream;
{temporary}{configuration}
}}
"""
    )
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gallery.example.org")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("gallery.example.org")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    kept = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(kept)
    return folder / "certificate.pem", folder / "key.pem"


@asynccontextmanager
async def varnish(origin: str, home: Path, port: int) -> AsyncIterator[str]:
    """Varnish as in the docs: it caches pictures for a long time, and a request empties it. Yields its
    address.
    """
    folder = home / "varnish"
    folder.mkdir(exist_ok=True)
    configuration = in_docs("vcl", "ban(").replace('.port = "8000"', f'.port = "{httpx.URL(origin).port}"')
    (folder / "gallery.vcl").write_text(
        configuration + 'sub vcl_deliver { set resp.http.x-hits = "" + obj.hits; }\n'
    )
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
