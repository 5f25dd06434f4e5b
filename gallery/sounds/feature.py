"""The chores of sounds."""

from __future__ import annotations

from starlette.routing import Route

from gallery.sounds import chores

ROUTES: list[Route] = []
CHORES = chores.CHORES
