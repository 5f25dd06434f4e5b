"""The routes and chores of exports."""

from __future__ import annotations

from gallery.exports import chores, views

ROUTES = views.routes
CHORES = chores.CHORES
