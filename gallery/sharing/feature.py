"""The routes and chores of sharing."""

from __future__ import annotations

from gallery.sharing import icons, views, wall_labels
from gallery.worker import Chore

ROUTES = [
    *icons.routes,
    *views.routes,
    *wall_labels.routes,
]
CHORES: list[Chore] = []
