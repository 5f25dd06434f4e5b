"""The routes and chores of accounts."""

from __future__ import annotations

from gallery.accounts import (
    address_views,
    audit_views,
    chores,
    link_views,
    outbox_views,
    people_views,
    second_factor_views,
    second_step_views,
    site_views,
    views,
)

ROUTES = [
    *views.routes,
    *second_step_views.routes,  # before link_views, because /desk/sign-in/{token} also matches these paths
    *second_factor_views.routes,
    *address_views.routes,
    *link_views.routes,
    *outbox_views.routes,
    *audit_views.routes,
    *site_views.routes,
    *people_views.routes,
]
CHORES = chores.CHORES
