"""Works as curators see them."""

from __future__ import annotations

from datetime import timedelta

import httpx

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from tests import factories
from tests.conftest import Site


async def work_on_view(site: Site) -> tuple[Artwork, str]:
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, story="外婆画的。"
    )
    await factories.exhibition([work])
    return work, f"/zh/works/{work.public_id}"


async def propose(client: httpx.AsyncClient, work: Artwork, **changed: str) -> httpx.Response:
    names = ("title", "story", "alt_text", "medium", "title_translation", "story_translation")
    data = {name: getattr(work, name) for name in names} | {"date_made": "2022"} | changed
    return await client.post(f"/desk/works/{work.id}/proposal", data=data)


async def submitted_work(site: Site, *, days: int = 0, **values: object) -> Artwork:
    organisation = values.pop("organisation", site.cast.organisation)
    work = await factories.artwork(site.storage, organisation, **{"status": Status.SUBMITTED, **values})
    await Submission.filter(artwork=work).update(at=now() - timedelta(days=days, minutes=1))
    return work


async def decision_on(work: Artwork, decision: str, **typed: str) -> dict[str, str]:
    latest = await Submission.filter(artwork=work).order_by("-number").first()
    assert latest is not None
    return {"submission": str(latest.id), "decision": decision, **typed}
