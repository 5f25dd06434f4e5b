"""Style sheets and scripts: read and compressed once, and cached by browsers without limit under a versioned URL.

The files of each folder `static/css/<name>/` are joined in order to one style sheet, `<name>.css`.
Third-party libraries are in `static/vendor/`; they are fetched when the package is built.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
from pathlib import Path

import brotli
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.web.page_cache import best_coding
from gallery.web.rendering import DESK

FOLDER = Path(__file__).parents[1] / "static"
COMPRESSED = {".css", ".js", ".svg", ".json", ".webmanifest", ".txt"}
MEDIA_TYPES = {".js": "text/javascript", ".speculationrules": "application/speculationrules+json"}
NOT_SERVED = {"package.json", "package-lock.json"}  # used by the build: the versions in vendor/


class StaticFiles:
    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._bodies: dict[str, dict[bytes, bytes]] = {}
        self.version = ""
        self.routes = [
            Route("/static/{version}/{path:path}", self.show, name="static", methods=["GET"]),
            Route("/desk/offline-worker.js", self.show_worker, name="offline_worker", methods=["GET"]),
        ]
        self.read()

    def read(self) -> None:
        """Read all files, and set `version` to the digest of their contents."""
        plain: dict[str, bytes] = {}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if not path.is_file() or path.name.startswith(".") or name in NOT_SERVED:
                continue
            if name.startswith("css/") and name.count("/") == 2:
                name = f"{path.parent.name}.css"
                plain[name] = plain.get(name, b"") + path.read_bytes()
            else:
                plain[name] = path.read_bytes()
        digest = hashlib.sha256()
        for name, body in plain.items():
            digest.update(name.encode() + b"\0" + body)
        self.version = digest.hexdigest()[:12]
        self._bodies = {name: {b"": body} for name, body in plain.items()}

    def text(self, name: str) -> bytes:
        """A file without compression. Raises KeyError."""
        return self._bodies[name][b""]

    def _body(self, name: str, coding: bytes) -> bytes:
        bodies = self._bodies[name]
        if coding not in bodies:
            bodies[coding] = (
                brotli.compress(bodies[b""], mode=brotli.MODE_TEXT)
                if coding == b"br"
                else gzip.compress(bodies[b""], 9, mtime=0)
            )
        return bodies[coding]

    async def show(self, request: Request) -> Response:
        name = request.path_params["path"]
        if name not in self._bodies:
            raise HTTPException(404)
        suffix = Path(name).suffix
        accepted = request.headers.get("accept-encoding", "").encode()
        coding = best_coding(accepted) if suffix in COMPRESSED else b""
        is_current = request.path_params["version"] == self.version
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if is_current else "no-cache",
            "vary": "accept-encoding",
        }
        if coding:
            headers["content-encoding"] = coding.decode()
        media_type = MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0]
        # Compressing the largest library takes a second, once. In a thread, it does not block the event loop.
        body = await asyncio.to_thread(self._body, name, coding)
        return Response(body, media_type=media_type, headers=headers)

    async def show_worker(self, request: Request) -> Response:
        """The service worker of the desk, at one address for all releases: browsers ask there for a newer one."""
        headers = {"cache-control": "no-cache", "service-worker-allowed": DESK}
        return Response(self.text("js/offline-worker.js"), media_type="text/javascript", headers=headers)
