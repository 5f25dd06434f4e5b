"""An artist or a project that was entered twice becomes one; the old addresses lead on."""

from __future__ import annotations

import pytest

from gallery.artists.consents import set_artist_page
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails
from gallery.artworks.models import Artwork, Status
from gallery.audit.models import Entry
from gallery.clock import now
from gallery.db import content_version
from gallery.organisations.models import Project
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def _without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # the page cache asks before each answer


async def two_artists(site: Site) -> tuple[Artist, Artist]:
    ours = site.cast.organisation
    one, other = [
        await Artist.create(organisation=ours, credit_name="小石头", about=Texts({"zh": f"第{n}"}))
        for n in (1, 2)
    ]
    return one, other


async def test_works_consents_and_details_move_to_the_one_that_stays(site: Site) -> None:
    old, kept = await two_artists(site)
    consents = [await factories.consent(site.cast.organisation, each) for each in (old, kept)]
    works = [
        await factories.artwork(site.storage, site.cast.organisation, consent=consent) for consent in consents
    ]
    await PrivateDetails.create(artist=old, legal_name="石某某", changed_at=now())
    request = await ConsentRequest.create(
        artist=old, seed="s", code_hash="h", asked_at=now(), expires_at=now()
    )
    client = await site.client(site.cast.partner)
    path = f"/desk/artists/{old.id}/merge"
    page = (await client.get(path)).text
    assert attributes(page, "[name=into] option", "value")[:2] == ["", str(kept.id)]
    page = (await client.get(path, params={"into": str(kept.id)})).text
    assert attributes(page, "form[method=post] [name=into]", "value") == [str(kept.id)]
    assert texts_in(page, "dl.notes dt") == [
        "Which one stays",
        "Works (1)",
        "Consents (1)",
        "Requests for consent (1)",
        "Private details (1)",
    ]
    label = f"{consents[0].id} · {consents[0].agreed_by.label} · in force"
    assert texts_in(page, "dl.notes li") == [works[0].own("title"), label]
    assert "This cannot be undone" in page
    assert await Artist.exists(id=old.id)  # nothing has happened yet
    answer = await client.post(path, data={"into": str(kept.id)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/artists/{kept.id}")
    for work, consent in zip(works, consents, strict=True):
        assert (await Artwork.get(id=work.id)).artist_id == kept.id
        assert (await Consent.get(id=consent.id)).artist_id == kept.id
    assert (await PrivateDetails.get(artist_id=kept.id)).legal_name == "石某某"
    assert (await ConsentRequest.get(id=request.id)).artist_id == kept.id
    # Of the other one nothing is left but the row.
    assert not await Artist.exists(id=old.id)
    row = await Artist.with_merged().get(id=old.id)
    assert (row.credit_name, dict(row.about), row.merged_into_id) == ("", {}, kept.id)
    assert await Entry.exists(verb="artist.merged", thing_id=old.id, with_id=kept.id)
    assert (await client.get(f"/desk/artists/{old.id}")).status_code == 404
    assert "小石头" in (await client.get(f"/desk/artists/{kept.id}")).text
    # A third is merged into the first: nobody is left who was merged into somebody merged.
    last, _ = await two_artists(site)
    await client.post(f"/desk/artists/{kept.id}/merge", data={"into": str(last.id)})
    assert (await Artist.with_merged().get(id=old.id)).merged_into_id == last.id


async def test_two_private_details_are_not_mixed(site: Site) -> None:
    old, kept = await two_artists(site)
    for each in (old, kept):
        await PrivateDetails.create(artist=each, legal_name="某", changed_at=now())
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/artists/{old.id}/merge", data={"into": str(kept.id)})
    assert answer.status_code == 422
    assert "Both have private details" in answer.text
    assert await Artist.all().count() == 2


async def test_names_that_sound_alike_are_offered_for_a_merge(site: Site) -> None:
    ours, client = site.cast.organisation, await site.client(site.cast.partner)
    names = ["李小明", "派派", "李晓明", "Émile", "EMILE!", "……", "——"]
    artists = {name: (await Artist.create(organisation=ours, credit_name=name)).id for name in names}
    await Artist.create(organisation=site.cast.elsewhere, credit_name="派派")
    page = (await client.get("/desk/artists")).text
    assert attributes(page, "details a", "href") == [
        f"/desk/artists/{artists['EMILE!']}/merge?into={artists['Émile']}",
        f"/desk/artists/{artists['李晓明']}/merge?into={artists['李小明']}",
    ]
    for address in attributes(page, "details a", "href"):
        assert "See what would move" not in (await client.get(address)).text  # both are chosen
    await Artist.filter(id__in=[artists["EMILE!"], artists["李晓明"]]).delete()
    assert "sound alike" not in (await client.get("/desk/artists")).text


async def test_who_may_merge_what(site: Site) -> None:
    old, kept = await two_artists(site)
    foreign = await Artist.create(organisation=site.cast.elsewhere, credit_name="小石头")
    path = f"/desk/artists/{old.id}/merge"
    client = await site.client(site.cast.partner)
    for into in (str(foreign.id), str(old.id), "x", ""):
        assert (await client.post(path, data={"into": into})).status_code == 422
        assert (await client.get(path, params={"into": into})).status_code == 422
    for person in (site.cast.stranger, site.cast.curator):
        someone = await site.client(person)
        assert (await someone.get(path, params={"into": str(kept.id)})).status_code == 404
        assert (await someone.post(path, data={"into": str(kept.id)})).status_code == 404
    assert await Artist.all().count() == 3


async def test_the_address_of_a_page_leads_on_until_the_page_is_taken(site: Site) -> None:
    old, kept = await two_artists(site)
    works = [
        await factories.artwork(
            site.storage,
            site.cast.organisation,
            consent=await factories.consent(site.cast.organisation, each),
            status=Status.ACCEPTED,
        )
        for each in (old, kept)
    ]
    await factories.exhibition(works)
    await set_artist_page(old, True)
    address = f"/zh/artists/{(await Artist.get(id=old.id)).page_id}"
    visitor = await site.client()
    assert (await visitor.get(address)).status_code == 200
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/artists/{old.id}/merge", data={"into": str(kept.id)})
    moved = await visitor.get(address)
    assert moved.status_code == 301
    page = await visitor.get(moved.headers["location"])
    assert (page.status_code, all(each.public_id in page.text for each in works)) == (200, True)
    await set_artist_page(kept, False)
    assert (await visitor.get(address)).status_code == 404


async def test_a_project_that_was_made_twice_becomes_one(site: Site) -> None:
    ours = site.cast.organisation
    old, kept, foreign = (
        await factories.project(ours),
        await factories.project(ours),
        await factories.project(site.cast.elsewhere),
    )
    work = await factories.artwork(site.storage, ours, project=old, status=Status.ACCEPTED)
    await factories.exhibition([work])
    visitor, client = await site.client(), await site.client(site.cast.partner)
    assert (await visitor.get(f"/zh/projects/{old.slug}")).status_code == 200
    path = f"/desk/projects/{old.id}/merge"
    assert (await client.post(path, data={"into": str(foreign.id)})).status_code == 422
    assert (await (await site.client(site.cast.stranger)).get(path)).status_code == 404
    page = (await client.get(path, params={"into": str(kept.id)})).text
    assert texts_in(page, "dl.notes li") == [work.own("title")]
    empty = (await client.get(f"/desk/projects/{kept.id}/merge", params={"into": str(old.id)})).text
    assert "Nothing moves" in empty
    answer = await client.post(path, data={"into": str(kept.id)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/projects/{kept.id}/edit")
    assert (await Artwork.get(id=work.id)).project_id == kept.id
    moved = await visitor.get(f"/zh/projects/{old.slug}")
    assert (moved.status_code, moved.headers["location"]) == (301, f"/zh/projects/{kept.slug}")
    assert (await visitor.get(moved.headers["location"])).status_code == 200
    assert not await Project.exists(id=old.id)
    assert f"/desk/projects/{old.id}/edit" not in (await client.get("/desk/projects")).text
