"""The routes and chores of exhibitions."""

from __future__ import annotations

from gallery.exhibitions import (
    chores,
    copy_views,
    cover_views,
    credit_logo_views,
    edition_views,
    programme_views,
    views,
)

ROUTES = [
    *views.routes,
    *edition_views.routes,
    *copy_views.routes,
    *credit_logo_views.routes,
    *programme_views.routes,
    *cover_views.routes,
]
CHORES = chores.CHORES
