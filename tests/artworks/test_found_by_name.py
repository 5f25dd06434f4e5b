"""One artist, one consent, one project: what an organisation has is found by name and taken, in form, API and sheet."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.artists.models import Artist, Consent
from gallery.artworks import import_rows
from gallery.artworks.import_models import Import
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.organisations.models import Project
from tests.api.programs import V1, program
from tests.artworks.forms import NEW_CHILD
from tests.artworks.sheets import csv_bytes, sent_import
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

FIRST = {**NEW_CHILD, "title": "第一幅"}


async def enter(site: Site, **values: Any) -> tuple[int, str, Artwork | None]:
    """Save a new work by the form: the status, the page, and the work if one was made."""
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/works", data={**FIRST, **values, "then": "save"})
    made = await Artwork.all().order_by("-id").first() if answer.status_code == 303 else None
    return answer.status_code, answer.text, made


async def test_a_second_work_has_the_same_artist_consent_and_project(site: Site) -> None:
    _, _, first = await enter(site)
    _, _, second = await enter(site, title="第二幅", credit_name=" 小 石头", starts_on="2023-05-01")
    assert first is not None
    assert second is not None
    for name in ("artist_id", "consent_id", "project_id"):
        assert getattr(first, name) == getattr(second, name) is not None
    assert await Artist.all().count() == await Consent.all().count() == await Project.all().count() == 1
    # Other terms, or words of the artist's own, are another agreement of the same artist.
    for terms in ({"scopes": ["web", "print"]}, {"agreed_by": "guardian"}, {"assent": "我想让大家看到。"}):
        _, _, other = await enter(site, **terms)
        assert other is not None
        assert (other.artist_id, other.consent_id != first.consent_id) == (first.artist_id, True)


# One name: with a full-width form, with spaces, with é as two characters, as one, and in capitals.
SPELLINGS = ["Rene\u0301 Ａ", " René A", "RenéA", "rene\u0301\u3000a", "RENÉ A"]


async def test_a_sheet_that_spells_a_name_in_several_ways_makes_one_artist(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_rows, "BATCH_SIZE", 3)
    rows = [[f"第{number}幅", name] for number, name in enumerate([*SPELLINGS, "Renée A"])]
    job = await sent_import(site, csv_bytes(["标题", "作者"], *rows))
    assert (job.report["new_artists"], job.report["artist_names"][1]) == (2, "Renée A")
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/sheets/{job.id}/confirmation")
    await site.work()
    works = await Artwork.all().order_by("id")
    assert len({each.artist_id for each in works[:5]}) == 1
    assert await Artist.all().count() == 2
    assert (await Import.get(id=job.id)).report["new_artists"] == 2
    await client.post(f"/desk/sheets/{job.id}/deletion")
    assert not await Artist.exists()


async def test_a_program_that_spells_a_name_in_several_ways_makes_one_artist(site: Site) -> None:
    client = await program(site)
    for number, name in enumerate(SPELLINGS):
        values = {**NEW_CHILD, "title": f"第{number}幅", "credit_name": name, "scopes": ["web"]}
        assert (await client.post(f"{V1}/works", json=values)).status_code == 201
    assert await Artist.all().count() == await Consent.all().count() == 1


async def test_a_consent_that_ended_is_not_taken_again(site: Site) -> None:
    _, _, first = await enter(site)
    assert first is not None
    await Consent.filter(id=first.consent_id or 0).update(withdrawn_at=now())
    _, _, second = await enter(site)
    assert second is not None
    assert second.consent_id not in {None, first.consent_id}


async def test_another_organisation_has_artists_and_projects_of_its_own(site: Site) -> None:
    await Artist.create(organisation=site.cast.elsewhere, credit_name="小石头")
    _, _, work = await enter(site)
    assert work is not None
    assert await Artist.exists(id=work.artist_id, organisation_id=site.cast.organisation.id)


async def test_it_asks_when_it_is_not_sure(site: Site) -> None:
    two = [await Artist.create(organisation=site.cast.organisation, credit_name="小石头") for _ in range(2)]
    status, page, _ = await enter(site)
    assert status == 422
    assert f"numbers {two[0].id}, {two[1].id}" in page
    status, _, _ = await enter(site, credit_name="", artist=str(two[1].id))
    assert status == 303
    status, page, _ = await enter(site, credit_name="新来的", project_link="https://example.org/elsewhere")
    assert status == 422
    assert "has another address: https://example.org/mountain" in page
    assert await Project.all().count() == 1
    assert not await Artist.exists(credit_name="新来的")
