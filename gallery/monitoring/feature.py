"""The routes and chores of monitoring."""

from __future__ import annotations

from gallery.monitoring import chores, views

ROUTES = views.routes
CHORES = chores.CHORES
