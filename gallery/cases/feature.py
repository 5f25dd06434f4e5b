"""The routes of cases at the desk. Visitors' pages are in gallery/public."""

from __future__ import annotations

from gallery.cases import views
from gallery.worker import Chore

ROUTES = views.routes
CHORES: list[Chore] = []
