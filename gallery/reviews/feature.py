"""The routes and chores of reviews."""

from __future__ import annotations

from gallery.reviews import (
    bulk_review,
    chores,
    coverage,
    hint_views,
    pair_views,
    private_views,
    profile_images,
    queue_views,
    reasons,
    report_views,
    scoring_views,
    trust_views,
    undo_views,
    views,
)

ROUTES = [
    *queue_views.routes,
    *undo_views.routes,
    *hint_views.routes,
    *views.routes,
    *bulk_review.routes,
    *pair_views.routes,
    *private_views.routes,
    *reasons.routes,
    *coverage.routes,
    *report_views.routes,
    *scoring_views.routes,
    *trust_views.routes,
    *profile_images.routes,
]
CHORES = chores.CHORES
