"""The routes and chores of mails."""

from __future__ import annotations

from starlette.routing import Route

from gallery.mail import chores

ROUTES: list[Route] = []
CHORES = chores.CHORES
