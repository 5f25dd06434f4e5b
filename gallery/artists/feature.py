"""The routes and chores of artists."""

from __future__ import annotations

from gallery.artists import artist_views, chores, consent_views, withdrawal_views

ROUTES = [
    *consent_views.routes,
    *artist_views.routes,
    *withdrawal_views.routes,
]
CHORES = chores.CHORES
