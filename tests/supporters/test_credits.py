"""Credits of exhibitions that name a supporter's record: its name and picture, while the supporter agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.archives.writer import write_archive_folder
from gallery.exhibitions.models import Edition, Exhibition
from gallery.images.profile_image_models import CreditLogo
from gallery.supporters.models import Supporter
from tests import factories
from tests.conftest import Site
from tests.supporters.people import ANSWER, FIELDS, agreed, mailed_path

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def exhibition(site: Site, **values: object) -> Exhibition:
    return await factories.exhibition([await factories.accepted(site)], slug="winter", **values)


async def publish(site: Site, shown: Exhibition) -> None:
    """Copy the draft's credits into the edition that visitors see."""
    draft = await Edition.get(exhibition=shown, number=None)
    await Edition.filter(exhibition=shown, number=1).update(credits=draft.credits)


async def test_a_credit_has_the_name_that_the_supporter_agreed_to(site: Site) -> None:
    shown = await exhibition(site)
    supporter, path = await agreed(site)
    curator, visitor = await site.client(site.cast.curator), await site.client()
    added = await curator.post(f"/desk/exhibitions/{shown.id}/supporters", data={"supporter": supporter.id})
    assert added.status_code == 303
    assert "Lin Yi" in (await curator.get(f"/desk/exhibitions/{shown.id}/credits")).text
    await publish(site, shown)
    page = (await visitor.get("/en/exhibitions/winter")).text
    assert "Lin Yi" in page
    assert f"/en/supporters/{supporter.public_id}" in page
    assert "/en/exhibitions/winter" in (await visitor.get(f"/en/supporters/{supporter.public_id}")).text
    await visitor.post(f"{path}/end")
    assert "Lin Yi" not in (await visitor.get("/en/exhibitions/winter")).text
    assert not await Edition.filter(credits__not_isnull=True).exists()
    assert supporter.public_id not in (await curator.get(f"/desk/exhibitions/{shown.id}/credits")).text


async def test_an_entry_becomes_a_record_in_one_press(site: Site) -> None:
    entry = {
        "key": "0a1b2c3d",
        "kind": "ambassador",
        "name": {"zh": "林一"},
        "link": "https://linyi.example/",
    }
    shown = await exhibition(site, credits=[entry])
    await CreditLogo.create(exhibition=shown, key=entry["key"], token="t" * 32, width=9, height=9)
    curator, visitor = await site.client(site.cast.curator), await site.client()
    credits = await curator.get(f"/desk/exhibitions/{shown.id}/credits")
    address = f"/desk/supporters/new?exhibition={shown.id}&entry={entry['key']}"
    assert address.replace("&", "&amp;") in credits.text
    form = (await curator.get(address)).text
    assert "林一" in form
    assert "https://linyi.example/" in form
    made = await curator.post(address.replace("/new", ""), data=FIELDS)
    assert made.status_code == 303
    supporter = await Supporter.get()
    assert supporter.picture_token == "t" * 32
    draft = await Edition.get(exhibition=shown, number=None)
    assert draft.credits == [
        {"key": entry["key"], "kind": "ambassador", "name": {}, "link": "", "supporter": supporter.public_id}
    ]
    await publish(site, shown)
    assert "林一" not in (await visitor.get("/zh/exhibitions/winter")).text  # nobody has agreed yet
    await visitor.post(
        await mailed_path(), data={**ANSWER, "answer": "yes", "confirms": "y", "picture_seen": "t" * 32}
    )
    assert "林一" in (await visitor.get("/zh/exhibitions/winter?again")).text


async def test_taking_back_takes_the_plain_name_of_older_editions(site: Site) -> None:
    plain = {"key": "0a1b2c3d", "kind": "media", "name": {"zh": "林一"}, "link": ""}
    shown = await exhibition(site, credits=[plain, {**plain, "key": "11111111", "name": {"zh": "别人"}}])
    supporter, path = await agreed(site)
    linked = [{**plain, "name": {}, "supporter": supporter.public_id}]
    await Edition.filter(exhibition=shown, number=None).update(
        credits=linked
    )  # the edition has the plain name
    await (await site.client()).post(f"{path}/end")
    editions = await Edition.filter(exhibition=shown).order_by("id")
    assert [edition.credits for edition in editions if edition.is_draft] == [None]
    (published,) = [edition for edition in editions if not edition.is_draft]
    assert [each["name"] for each in published.credits] == [{"zh": "别人"}]
    assert "林一" not in (await (await site.client()).get("/zh/exhibitions/winter")).text


async def test_an_archive_loses_the_name_too(site: Site, tmp_path: Path) -> None:
    supporter, path = await agreed(site)
    entry = {
        "key": "0a1b2c3d",
        "kind": "ambassador",
        "name": {},
        "link": "",
        "supporter": supporter.public_id,
    }
    await exhibition(site, credits=[entry])
    result = await write_archive_folder("winter", site.settings, site.storage)
    page = result.folder / "en" / "index.html"
    assert "Lin Yi" in page.read_text()
    await (await site.client()).post(f"{path}/end")
    await site.work()
    assert "Lin Yi" not in page.read_text()


async def test_the_link_is_checked_and_an_unknown_supporter_refused(site: Site) -> None:
    shown = await exhibition(site)
    curator = await site.client(site.cast.curator)
    for id in ("", "999", "x"):
        answer = await curator.post(
            f"/desk/exhibitions/{shown.id}/supporters", data={"supporter": id}, follow_redirects=True
        )
        assert "Please choose a supporter." in answer.text
    assert (await curator.get("/desk/supporters/new?exhibition=999&entry=0a1b2c3d")).status_code == 404
    assert (
        await curator.get(f"/desk/supporters/new?exhibition={shown.id}&entry=0a1b2c3d")
    ).status_code == 404
    partner = await site.client(site.cast.partner)
    answer = await partner.post(f"/desk/exhibitions/{shown.id}/supporters", data={"supporter": "1"})
    assert answer.status_code == 404
