"""The routes and chores of themes."""

from __future__ import annotations

from gallery.themes import extensions, views
from gallery.worker import Chore

ROUTES = [
    *views.routes,
    *extensions.routes,
]
CHORES: list[Chore] = []
