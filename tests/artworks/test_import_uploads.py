"""Sheets and their ZIPs in pieces, by tus."""

from __future__ import annotations

import base64

import httpx
import pytest

from gallery.artworks import finished_uploads
from gallery.artworks.import_models import Import, ImportState, bundle_key
from gallery.artworks.models import Artwork
from gallery.images.models import Upload
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.sheets import two_works
from tests.artworks.tus import TUS, begin, leave_complete, pieces_in_store, send
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

BUNDLE = two_works()


def metadata(**values: str) -> str:
    given = {"kind": "sheet", "filename": "作品.zip", "language": "zh", **values}
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in given.items() if value
    )


async def begun(client: httpx.AsyncClient, length: int = len(BUNDLE), **values: str) -> httpx.Response:
    return await begin(client, length, **{"upload-metadata": metadata(**values)})


async def test_a_bundle_arrives_in_pieces_and_becomes_an_import(site: Site) -> None:
    client = await site.client(site.cast.partner)
    consent = await factories.consent(site.cast.organisation)
    path = (await begun(client, consent=str(consent.id))).headers["location"]
    assert (await send(client, path, 0, BUNDLE[:1000])).headers["upload-offset"] == "1000"
    assert not await Import.exists()
    # The line broke; the client asks how much is there.
    assert (await client.head(path, headers=TUS)).headers["upload-offset"] == "1000"
    answer = await send(client, path, 1000, BUNDLE[1000:])
    job = await Import.get()
    assert (answer.status_code, answer.headers["gallery-sheet"]) == (204, f"/desk/sheets/{job.id}")
    assert (job.file_name, job.language, job.consent_id, job.by_id) == (
        "作品.zip",
        "zh",
        consent.id,
        site.cast.partner.id,
    )
    assert not await pieces_in_store(site)
    assert (await client.head(path, headers=TUS)).headers["gallery-sheet"] == f"/desk/sheets/{job.id}"
    await site.work()
    await job.refresh_from_db()
    assert (job.state, job.report["good"]) == (ImportState.CHECKED, 2)
    assert (await Import.all().count(), await Artwork.all().count()) == (1, 0)


async def test_an_upload_whose_server_was_killed_is_finished_once(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = (await begun(client)).headers["location"]
    await leave_complete(site, path, BUNDLE)
    assert await finished_uploads.finish_next(ChoreContext(site.settings, site.storage))
    job = await Import.get()
    async with site.storage.private.local_copy(bundle_key(job.token)) as file:
        assert file.read_bytes() == BUNDLE
    await Upload.all().update(completed_at=None, lease_until=None)  # killed before it noted the end
    assert await finished_uploads.finish_next(ChoreContext(site.settings, site.storage))
    assert await Import.all().count() == 1


async def test_what_cannot_be_a_sheet_is_refused_before_it_is_sent(site: Site) -> None:
    client = await site.client(site.cast.partner)
    foreign = await factories.consent(site.cast.elsewhere)
    assert (await begun(client, consent=str(foreign.id))).status_code == 422
    assert (await begun(client, language="xx")).status_code == 422
    assert (await begun(client, language="")).status_code == 422
    assert (await begun(client, organisation=str(site.cast.elsewhere.id))).status_code == 403
    assert (await begun(client, 0)).status_code == 400
    object.__setattr__(site.settings, "upload_max_bytes", 1000)  # of pictures
    assert (await begun(client)).status_code == 201
    object.__setattr__(site.settings, "import_max_bytes", 1000)
    refused = await begun(client)
    assert (refused.status_code, "larger than" in refused.text) == (413, True)
    assert (await begun(await site.client())).status_code == 401
    assert (await begun(await site.client(site.cast.curator))).status_code in {403, 404}
    path = (await begun(client, 900)).headers["location"]
    assert (await (await site.client(site.cast.stranger)).head(path, headers=TUS)).status_code == 404
    assert (await client.delete(path, headers=TUS)).status_code == 204
    assert not await Import.exists()
