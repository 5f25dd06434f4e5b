"""Calls at the desk: what they ask for and until when, closed calls, and more time for one organisation."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.themes.extension_models import Extension
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_open_calls_stand_first_the_soonest_to_close_on_top(site: Site) -> None:
    await factories.theme(title=Texts({"en": "Late"}), call_closes_on=factories.days_from_now(30))
    await factories.theme(
        title=Texts({"en": "Soon"}),
        text=Texts({"en": "Bowls and lanterns."}),
        call_closes_on=factories.days_from_now(2),
    )
    await factories.theme(title=Texts({"en": "Closed"}), call_closes_on=factories.days_from_now(-1))
    await factories.theme(title=Texts({"en": "To come"}), call_opens_on=factories.days_from_now(1))
    page = (await (await site.client(site.cast.partner)).get("/desk/works")).text
    assert page.index("Soon") < page.index("Bowls and lanterns.") < page.index("Late")
    assert "Closed" not in page
    assert "To come" not in page


async def test_a_closed_call_says_when_it_closed_and_whom_to_ask(site: Site) -> None:
    closed = await factories.theme(
        title=Texts({"en": "Solstice"}), call_closes_on=factories.days_from_now(-1)
    )
    work = await factories.artwork(site.storage, site.cast.organisation, themes=[closed])
    client = await site.client(site.cast.partner)
    assert (await client.get(f"/desk/works/{work.id}/edit")).status_code == 200  # it can be finished
    response = await client.post(f"/desk/works/{work.id}/submissions")
    assert response.status_code == 422
    assert "“Solstice” was open for submissions until" in response.text
    assert f"ask a curator ({site.cast.curator.name}" in response.text

    curator = await site.client(site.cast.curator)
    address = f"/desk/themes/{closed.id}/extensions"
    assert (await curator.get(address)).status_code == 200
    day = factories.days_from_now(3).isoformat()
    fields = {"organisation": str(site.cast.organisation.id), "until": day}
    assert (await curator.post(address, data=fields)).status_code == 303
    assert site.cast.curator.name in (await curator.get(address)).text
    assert (
        "Solstice"
        in (await client.get("/desk/works")).text.partition('id="calls"')[2].partition("</section>")[0]
    )
    assert (await client.post(f"/desk/works/{work.id}/submissions")).status_code == 303
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED
    # Nobody else was given the time.
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, themes=[closed])
    stranger = await site.client(site.cast.stranger)
    assert (await stranger.post(f"/desk/works/{theirs.id}/submissions")).status_code == 422


async def test_a_call_to_come_says_from_when(site: Site) -> None:
    coming = await factories.theme(title=Texts({"en": "Spring"}), call_opens_on=factories.days_from_now(4))
    work = await factories.artwork(site.storage, site.cast.organisation, themes=[coming])
    response = await (await site.client(site.cast.partner)).post(f"/desk/works/{work.id}/submissions")
    assert "“Spring” opens for submissions on" in response.text


async def test_more_time_is_the_curators_to_give(site: Site) -> None:
    theme = await factories.theme()
    address = f"/desk/themes/{theme.id}/extensions"
    partner = await site.client(site.cast.partner)
    assert (await partner.get(address)).status_code == 404
    fields = {"organisation": str(site.cast.organisation.id), "until": factories.days_from_now(3).isoformat()}
    assert (await partner.post(address, data=fields)).status_code == 404
    curator = await site.client(site.cast.curator)
    for wrong in ({"until": "soon"}, {"until": "2020-01-01"}, {"until": ""}, {"organisation": "999"}):
        response = await curator.post(address, data={**fields, **wrong})
        assert response.status_code == 422
        assert "field-error" in response.text
    assert not await Extension.exists()


async def test_search_in_the_list(site: Site) -> None:
    ours = site.cast.organisation
    await factories.artwork(site.storage, ours, title="饺子皮")
    other = await factories.artwork(site.storage, ours, title="汤圆一碗")
    await other.fetch_related("artist")
    await factories.artwork(site.storage, site.cast.elsewhere, title="别家的饺子")
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works?q=饺子&status=draft")).text
    assert "饺子皮" in page
    assert "汤圆一碗" not in page
    assert "别家的饺子" not in page
    assert other.artist is not None
    assert "汤圆一碗" in (await client.get("/desk/works", params={"q": other.artist.credit_name})).text
    assert "There is none here." in (await client.get("/desk/works", params={"q": "100%_'\"<"})).text
