"""The routes and chores of public pages."""

from __future__ import annotations

from gallery.public import calendar, chores, media, page_fonts, previews, views, voices

ROUTES = [
    *media.routes,
    *voices.routes,
    *page_fonts.routes,
    *previews.routes,
    *calendar.routes,
    *views.routes,
]
CHORES = [*chores.CHORES, *voices.CHORES]
