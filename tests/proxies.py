"""Real proxies in front of a live site, configured as in docs/operating.md."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
DOCS = Path(__file__).parents[1] / "docs"
OPERATING = (DOCS / "operating.md").read_text()


def program(name: str) -> str:
    """The path of a system's program; without it the test is skipped."""
    found = shutil.which(name, path=PATH)
    if found is None:
        sentence = f"No {name} was found on this machine, so what needs it is not tested."
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
    """nginx with a cache for all pages, as in the docs; x-cache shows whether an answer came from it. Yields its
    address.
    """
    port, folder = free_port(), home / "nginx"
    folder.mkdir()
    cache, server = in_docs("nginx", "proxy_cache gallery").split("\n\n")
    cache = cache.replace("/var/cache/nginx-gallery", str(folder / "cache"))
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


@dataclass(frozen=True)
class Https:
    """A proxy's ports for http and https, its certificate for gallery.example.org, and its folder with its logs."""

    plain: int
    secure: int
    certificate: Path
    folder: Path

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@asynccontextmanager
async def nginx_with_https(origin: str, home: Path) -> AsyncIterator[Https]:
    """nginx with docs/server/nginx.conf, of which only addresses and paths are replaced."""
    https = _https(home / "nginx")
    configuration = _replaced(
        "nginx.conf",
        {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{https.plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{https.secure} ssl",
            "/var/cache/nginx-gallery": str(https.folder / "cache"),
            "/etc/letsencrypt/live/gallery.example.org/fullchain.pem": str(https.certificate),
            "/etc/letsencrypt/live/gallery.example.org/privkey.pem": str(https.folder / "key.pem"),
            "127.0.0.1:8000;": f"{origin.removeprefix('http://')};",
        },
    )
    command = _configured(https.folder, configuration, access_log=https.folder / "access.log")
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    async with _running(command, https.secure, https.folder):
        yield https


@asynccontextmanager
async def caddy_with_https(origin: str, home: Path) -> AsyncIterator[Https]:
    """Caddy with docs/server/Caddyfile, of which only addresses are replaced, and which asks nobody for a certificate."""
    https = _https(home / "caddy")
    configuration = _replaced(
        "Caddyfile",
        {
            "{\n\thttp_port": "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port",
            "\n\t@usual": f"\n\ttls {https.certificate} {https.folder / 'key.pem'}\n\t@usual",
        },
    )
    (https.folder / "Caddyfile").write_text(configuration)
    command = [program("caddy"), "run", "--config", str(https.folder / "Caddyfile")]
    variables = {
        **dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(https.folder)),
        "PROXY_HTTP_PORT": str(https.plain),
        "PROXY_HTTPS_PORT": str(https.secure),
        "SITE_UPSTREAM": origin.removeprefix("http://"),
    }
    async with _running(command, https.secure, https.folder, variables):
        yield https


def _https(folder: Path) -> Https:
    folder.mkdir()
    return Https(free_port(), free_port(), _certificate(folder), folder)


def _replaced(name: str, here: Mapping[str, str]) -> str:
    """The file of docs/server with what differs here."""
    text = (DOCS / "server" / name).read_text()
    for said, instead in here.items():
        assert text.count(said) == 1, said
        text = text.replace(said, instead)
    return text


def _configured(folder: Path, configuration: str, access_log: Path | str = "off") -> list[str]:
    """The command of an nginx that keeps everything in `folder`; `configuration` goes inside its `http`."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"""{"user root;" if os.getuid() == 0 else ""}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
access_log {access_log}; default_type application/octet-stream;
{temporary}{configuration}
}}
"""
    )
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _certificate(folder: Path) -> Path:
    """A self-signed certificate; its key is key.pem in the same folder."""
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
    return folder / "certificate.pem"


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
async def _running(
    command: list[str], port: int, folder: Path, variables: Mapping[str, str] = {}
) -> AsyncIterator[None]:
    log = (folder / "output.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **variables})
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
