"""If a consent does not cover machine use, pages, pictures, pieces and manifests say so to robots."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Status
from tests import factories
from tests.conftest import Site

TOLD = "noai, noimageai"
META = f'<meta name="robots" content="{TOLD}">'


@pytest.mark.parametrize("is_for_machines", [True, False])
async def test_robots_are_told(site: Site, is_for_machines: bool) -> None:
    consent = await factories.consent(site.cast.organisation, for_machine_use=is_for_machines)
    theme = await factories.theme()
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, consent=consent, themes=[theme]
    )
    exhibition = await factories.exhibition([work], theme=theme)
    token = (await work.image).token
    client = await site.client()
    for path in (
        f"/zh/works/{work.public_id}",
        f"/en/exhibitions/{exhibition.slug}",
        "/en/",
        "/zh/feed.atom",
        f"/media/{token}/640.jpg",
        f"/iiif/{token}/info.json",
        f"/iiif/{token}/0,0,512,512/512,512/0/default.jpg",
        f"/iiif/works/{work.public_id}/manifest.json",
        f"/iiif/exhibitions/{exhibition.slug}/collection.json",
        f"/iiif/themes/{theme.slug}/collection.json",
    ):
        for _ in range(2):  # when made, and from storage
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert answer.headers.get("x-robots-tag") == (None if is_for_machines else TOLD), path
        again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers.get("x-robots-tag")) == (
            304,
            None if is_for_machines else TOLD,
        )
        if answer.headers["content-type"].startswith("text/html"):
            assert (META in answer.text) is not is_for_machines
    nowhere = await client.get("/zh/nowhere")
    assert f"/media/{token}/" in nowhere.text
    assert nowhere.headers.get("x-robots-tag") == (None if is_for_machines else TOLD)


async def test_one_work_without_it_is_enough(site: Site) -> None:
    works = [
        await factories.artwork(
            site.storage,
            site.cast.organisation,
            status=Status.ACCEPTED,
            consent=await factories.consent(site.cast.organisation, for_machine_use=covers),
        )
        for covers in (True, False, True)
    ]
    beside, _, apart = works
    exhibition = await factories.exhibition(works[:2])
    await factories.exhibition([apart])
    client = await site.client()
    for path, values in (
        (f"/zh/exhibitions/{exhibition.slug}", TOLD),
        (f"/iiif/exhibitions/{exhibition.slug}/collection.json", TOLD),
        (f"/zh/works/{beside.public_id}", TOLD),  # its page shows its neighbours
        (f"/zh/works/{apart.public_id}", None),
        ("/zh/themes", TOLD),  # each theme with a work
        ("/zh/organisations", None),
    ):
        assert (await client.get(path)).headers.get("x-robots-tag") == values, path
