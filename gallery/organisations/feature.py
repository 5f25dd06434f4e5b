"""The routes and chores of organisations."""

from __future__ import annotations

from gallery.organisations import application_views, chores, merging, owner_request_views, views

ROUTES = [
    *views.routes,
    *merging.routes,
    *application_views.routes,
    *owner_request_views.routes,
]
CHORES = chores.CHORES
