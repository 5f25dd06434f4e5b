"""The routes and chores of withdrawals."""

from __future__ import annotations

from gallery.withdrawals import chores, views

ROUTES = views.routes
CHORES = chores.CHORES
