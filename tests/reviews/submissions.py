"""A submission and the decisions on it."""

from __future__ import annotations

from gallery.artworks.models import Artwork, Status, Submission
from gallery.web.languages import set_language
from tests import factories
from tests.conftest import Site


async def work_with_submission(site: Site, **values: object) -> tuple[Artwork, Submission]:
    set_language("en")  # refusals are in the curator's language
    work = await factories.artwork(
        site.storage, site.cast.organisation, **{"status": Status.SUBMITTED, **values}
    )
    return work, await Submission.get(artwork=work)
