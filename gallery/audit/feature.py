"""The routes and chores of the audit log."""

from __future__ import annotations

from starlette.routing import Route

from gallery.audit import chores

ROUTES: list[Route] = []
CHORES = chores.CHORES
