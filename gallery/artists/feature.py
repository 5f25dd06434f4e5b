"""The routes and chores of artists."""

from __future__ import annotations

from gallery.artists import artist_views, chores, consent_views, merging

ROUTES = [
    *consent_views.routes,
    *artist_views.routes,
    *merging.routes,
]
CHORES = chores.CHORES
