"""The routes and chores of sharing."""

from __future__ import annotations

from gallery.sharing import icons, short_links, views, wall_labels
from gallery.worker import Chore

ROUTES = [
    *icons.routes,
    *short_links.routes,
    *views.routes,
    *wall_labels.routes,
]
CHORES: list[Chore] = []
