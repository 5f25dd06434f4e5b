"""The routes and chores of the search."""

from __future__ import annotations

from gallery.search import chores, views

ROUTES = views.routes
CHORES = chores.CHORES
