"""The sizes of the site's icon, by the names of their files."""

from __future__ import annotations

FAVICON = "favicon.ico"
TOUCH_ICON = "apple-touch-icon.png"
ICON_SIZES = {TOUCH_ICON: 180, "icon-192.png": 192, "icon-512.png": 512}  # px
FAVICON_SIZES = (16, 32, 48)  # px
ICON_FILES = (*ICON_SIZES, FAVICON)
