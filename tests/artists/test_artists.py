"""Artists at the desk, and the details that they publish by choice."""

from __future__ import annotations

import pytest

from gallery.artists.models import Artist
from gallery.artworks.models import Status
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

TOLD = {
    "credit_name": "派派",
    "credit_name_translation": "Paipai",
    "about[zh]": "他喜欢画球员。",
    "about[en]": "He likes to paint players.",
    "born": "2000s",
}


async def test_visitors_read_what_was_chosen(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await Artist.filter(id=work.artist_id).update(page_id="abcdefghjk")
    client, visitor = await site.client(site.cast.partner), await site.client()
    pages = (f"/en/works/{work.public_id}", "/en/artists/abcdefghjk")
    for page in pages:
        assert "born in" not in (await visitor.get(page)).text
    await client.post(f"/desk/artists/{work.artist_id}", data=TOLD)
    site.app.state.content._checked_at = float("-inf")
    for page in pages:
        text = (await visitor.get(page)).text
        assert "Paipai" in text
        assert "born in" not in text
    assert "He likes to paint players." in (await visitor.get(pages[1])).text
    assert "他喜欢画球员。" in (await visitor.get("/zh/artists/abcdefghjk")).text
    await client.post(f"/desk/artists/{work.artist_id}", data={**TOLD, "shows_born": "y"})
    site.app.state.content._checked_at = float("-inf")
    for page in pages:
        assert "born in the 2000s" in (await visitor.get(page)).text
    assert "2000年代出生" in (await visitor.get(f"/zh/works/{work.public_id}")).text


async def test_the_list_is_the_organisations_own(site: Site) -> None:
    await Artist.create(organisation=site.cast.organisation, credit_name="派派")
    await Artist.create(organisation=site.cast.elsewhere, credit_name="瞿俊杰")
    page = (await (await site.client(site.cast.partner)).get("/desk/artists")).text
    assert "派派" in page
    assert "瞿俊杰" not in page
    assert (await (await site.client(site.cast.curator)).get("/desk/artists")).status_code == 404


async def test_strangers_change_nothing(site: Site) -> None:
    artist = await Artist.create(organisation=site.cast.organisation, credit_name="派派")
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.post(f"/desk/artists/{artist.id}", data=TOLD)).status_code == 404


async def test_what_is_wrong_is_said_and_what_was_typed_stays(site: Site) -> None:
    artist = await Artist.create(organisation=site.cast.organisation, credit_name="派派")
    client = await site.client(site.cast.partner)
    wrong = {**TOLD, "credit_name": " ", "born": "2012-03-04"}
    answer = await client.post(f"/desk/artists/{artist.id}", data=wrong)
    assert answer.status_code == 422
    assert "Please write the name under which the works are shown." in answer.text
    assert TOLD["about[zh]"] in answer.text
    assert (await Artist.get(id=artist.id)).born == ""
