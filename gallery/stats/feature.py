"""The routes and chores of statistics."""

from __future__ import annotations

from gallery.stats import appreciation_views, chores, support_links, views

ROUTES = [
    *appreciation_views.routes,
    *support_links.routes,
    *views.routes,
]
CHORES = chores.CHORES
