"""The routes and chores of interop."""

from __future__ import annotations

from gallery.interop import chores, feeds, icalendar_files, oembed, sitemaps
from gallery.interop.iiif import image_api, presentation

ROUTES = [
    *image_api.routes,
    *icalendar_files.routes,
    *feeds.routes,
    *sitemaps.routes,
    *presentation.routes,
    *oembed.routes,
]
CHORES = chores.CHORES
