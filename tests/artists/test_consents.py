"""Consents at the desk, their slips and their codes."""

from __future__ import annotations

import html
from datetime import date

import pytest

from gallery.artists.consents import CODE_ALPHABET, grouped_code, new_code, normalised_code
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attributes


def test_codes_are_long_and_survive_being_copied_by_hand() -> None:
    code = new_code()
    assert len(code) == 20
    assert set(code) <= set(CODE_ALPHABET)
    assert len({new_code() for _ in range(200)}) == 200
    assert normalised_code(grouped_code(code).lower().replace("-", " - ")) == code
    assert normalised_code("oil-10 ABC") == "01110ABC"


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_list_says_how_each_stands(site: Site) -> None:
    ours = site.cast.organisation
    await factories.consent(ours, ends_on=factories.days_from_now(10))
    await factories.consent(ours, ends_on=factories.days_from_now(-1))
    await factories.consent(ours, starts_on=factories.days_from_now(1))
    other = await factories.consent(site.cast.elsewhere)
    await other.fetch_related("artist")
    page = (await (await site.client(site.cast.partner)).get("/desk/consents")).text
    for word in ("ends soon", "expired", "not yet in force"):
        assert word in page
    assert other.artist.credit_name not in page


async def test_one_consent_with_its_works(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    page = (await (await site.client(site.cast.colleague)).get(f"/desk/consents/{work.consent_id}")).text
    assert work.own("title") in page
    assert "我愿意。" in page
    assert f"/desk/consents/{work.consent_id}/slip" in page


async def test_the_slip_speaks_both_languages_and_carries_the_code(site: Site) -> None:
    consent = await factories.consent(
        site.cast.organisation, code="0123456789ABCDEFGHJK", starts_on=date(2022, 11, 20)
    )
    answer = await (await site.client(site.cast.partner)).get(f"/desk/consents/{consent.id}/slip")
    page = html.unescape(answer.text)
    assert "01234-56789-ABCDE-FGHJK" in page
    assert f"{site.settings.site_url}/c/0123456789ABCDEFGHJK" in page
    assert 'src="data:image/svg+xml' in page
    assert "20 November 2022" in page
    assert "2022年11月20日" in page
    assert set(attributes(page, "section.slip-text", "lang")) == {"zh-Hans", "en"}
    assert " style=" not in page


async def test_a_withdrawn_consent_has_no_slip(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    await withdraw(consent, site.storage)
    client = await site.client(site.cast.partner)
    answer = await client.get(f"/desk/consents/{consent.id}/slip")
    assert answer.headers["location"] == f"/desk/consents/{consent.id}"
    assert consent.code not in (await client.get(answer.headers["location"])).text


@pytest.mark.parametrize("who", ["stranger", "curator", "keeper"])
async def test_others_find_nothing(site: Site, who: str) -> None:
    consent = await factories.consent(site.cast.organisation)
    client = await site.client(getattr(site.cast, who))
    for path in (f"/desk/consents/{consent.id}", f"/desk/consents/{consent.id}/slip"):
        assert (await client.get(path)).status_code == 404
