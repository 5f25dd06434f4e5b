"""The routes and chores of the contact form."""

from __future__ import annotations

from gallery.contact import chores, views

ROUTES = views.routes
CHORES = chores.CHORES
