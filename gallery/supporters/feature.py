"""The routes and chores of supporters."""

from __future__ import annotations

from gallery.supporters import chores, link_views, views

ROUTES = [*link_views.routes, *views.routes]
CHORES = chores.CHORES
