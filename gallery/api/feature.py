"""The routes and chores of the API."""

from __future__ import annotations

from gallery.api import chores, guide, openapi, operations, token_views

ROUTES = [
    *operations.routes,
    *openapi.routes,
    *guide.routes,
    *token_views.routes,
]
CHORES = chores.CHORES
