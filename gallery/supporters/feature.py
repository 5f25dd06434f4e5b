"""The routes and chores of supporters."""

from __future__ import annotations

from gallery.supporters import chores, link_views, reach_views, views

ROUTES = [*reach_views.routes, *link_views.routes, *views.routes]
CHORES = chores.CHORES
