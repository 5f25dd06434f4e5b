"""The routes and chores of archives."""

from __future__ import annotations

from starlette.routing import Route

from gallery.archives import chores

ROUTES: list[Route] = []
CHORES = chores.CHORES
