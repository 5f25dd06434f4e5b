"""The site's icon in browsers and on phones, and the web app manifest.

The icon comes with the package, unless the site's home has one: `icon.svg`, `icon.png`, `icon.jpg` or `icon.webp`.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery.images.icons import FAVICON, ICON_FILES, ICON_SIZES, TOUCH_ICON
from gallery.images.sandbox.parent import ImageRefused, MachineFault, make_icons
from gallery.images.uploads import request_limits
from gallery.interop.iiif.image_api import RETRY_AFTER, problem
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.themes.accents import DAY_BACKGROUNDS
from gallery.web.languages import bcp47, current_language, set_language
from gallery.web.rendering import direction, pages_of, settings_of, storage_of
from gallery.web.static_files import FOLDER

OWN_NAMES = ("icon.svg", "icon.png", "icon.jpg", "icon.webp")  # the first that is there counts
PAPER = DAY_BACKGROUNDS[0]
MIN_LONG_SIDE = 180  # px
MEDIA_TYPES = {".ico": "image/x-icon", ".png": "image/png"}


class SiteIcons:
    """The files of the icon. They are made at the first request, in the sandbox, and kept in memory."""

    def __init__(self, settings: Settings) -> None:
        own = (settings.home / name for name in OWN_NAMES)
        self._own = next((path for path in own if path.is_file()), None)
        self._source = self._own or FOLDER / "icon.svg"
        self._files: dict[str, bytes] = {}
        self._lock = asyncio.Lock()
        self.version = hashlib.sha256(self._source.read_bytes()).hexdigest()[:12]

    @property
    def is_own(self) -> bool:
        """Whether the keeper has put an icon into the site's home."""
        return self._own is not None

    def path(self, name: str) -> str:
        return f"/icons/{self.version}/{name}"

    async def file(self, name: str, settings: Settings, storage: Storage) -> bytes:
        """Raises ImageRefused, MachineFault."""
        async with self._lock:
            if not self._files:
                limits = replace(request_limits(settings), min_long_side=MIN_LONG_SIDE)
                async with storage.scratch_folder() as folder:
                    self._files = await make_icons(self._source, folder, limits)
        return self._files[name]


async def show(request: Request) -> Response:
    """A browser fetches the icon in one of its sizes. Only the current version is kept for long."""
    icons: SiteIcons = request.app.state.icons
    name = request.path_params.get("name") or request.url.path.strip("/")
    if name not in ICON_FILES:
        raise HTTPException(404)
    try:
        body = await icons.file(name, settings_of(request), storage_of(request))
    except (ImageRefused, MachineFault):
        return problem(503, "The icon could not be made. Please ask again.", RETRY_AFTER)
    is_current = request.path_params.get("version") == icons.version
    age = "max-age=31536000, immutable" if is_current else "max-age=86400"
    media_type = MEDIA_TYPES[Path(name).suffix]
    return Response(body, media_type=media_type, headers={"cache-control": f"public, {age}"})


async def show_manifest(request: Request) -> Response:
    """A phone puts the site on its home screen (https://www.w3.org/TR/appmanifest/)."""
    set_language(request.path_params["language"])
    language, icons = current_language(), request.app.state.icons
    name = settings_of(request).site_name(language)
    manifest = {
        "name": name,
        "short_name": name,
        "lang": bcp47(language),
        "dir": direction(language),
        "start_url": pages_of(request).url("public:home", language=language),
        "scope": "/",
        "display": "minimal-ui",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": [
            {"src": icons.path(file), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for file, size in ICON_SIZES.items()
            if file != TOUCH_ICON
            for purpose in (("any",) if icons.is_own else ("any", "maskable"))
        ],
    }
    headers = {"cache-control": "public, no-cache"}
    return JSONResponse(manifest, media_type="application/manifest+json", headers=headers)


routes = [
    Route("/icons/{version}/{name}", show, name="icons:show", methods=["GET"]),
    Route(f"/{FAVICON}", show, name="icons:favicon", methods=["GET"]),
    Route(f"/{TOUCH_ICON}", show, name="icons:touch", methods=["GET"]),
    Route("/{language:language}/site.webmanifest", show_manifest, name="icons:manifest", methods=["GET"]),
]
