"""The routes and chores of artworks."""

from __future__ import annotations

from gallery.artworks import (
    answer_views,
    autosave_views,
    bulk_upload,
    consent_request_views,
    finished_uploads,
    form_views,
    framing_views,
    further_picture_views,
    import_chores,
    import_views,
    picture_views,
    private_shares,
    proposal_views,
    screening,
    tus,
    views,
    voice_views,
    worker_status_views,
)

ROUTES = [
    *worker_status_views.routes,
    *picture_views.routes,
    *tus.routes,
    *autosave_views.routes,
    *import_views.routes,
    *framing_views.routes,
    *further_picture_views.routes,
    *voice_views.routes,
    *bulk_upload.routes,
    *consent_request_views.routes,
    *answer_views.routes,
    *private_shares.routes,
    *views.routes,
    *form_views.routes,
    *proposal_views.routes,
]
CHORES = [*screening.CHORES, *finished_uploads.CHORES, *import_chores.CHORES]
