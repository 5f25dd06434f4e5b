"""The routes and chores of images."""

from __future__ import annotations

from gallery.images import chores, profile_image_views

ROUTES = profile_image_views.routes
CHORES = chores.CHORES
