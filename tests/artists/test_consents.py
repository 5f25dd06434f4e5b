"""Consents at the desk, their slips and their codes."""

from __future__ import annotations

import html
from datetime import date

import pytest

from gallery.artists.consents import CODE_ALPHABET, SCOPE_WORDS, grouped_code, new_code, normalised_code
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.organisations.models import Organisation
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, select, text_in, texts_in
from tests.queries import counted_queries


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


async def test_a_slip_names_the_organisation_and_shows_a_work(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    page = (await (await site.client(site.cast.partner)).get(f"/desk/consents/{work.consent_id}/slip")).text
    assert texts_in(page, ".slip-site b") == ["晓更基金会", "Xiaogeng Foundation"]
    assert attribute(page, ".slip-picture img", "src").startswith(f"/desk/images/{work.image_id}/")
    assert attribute(page, ".share input", "value") in page
    bare = await factories.consent(site.cast.organisation)
    page = (await (await site.client(site.cast.partner)).get(f"/desk/consents/{bare.id}/slip")).text
    assert not select(page, ".slip-picture")


@pytest.mark.engines("sqlite", "postgresql")
async def test_slips_of_a_class_are_on_sheets_of_six_or_eight(site: Site) -> None:
    consents = [await factories.consent(site.cast.organisation) for _ in range(7)]
    withdrawn = await factories.consent(site.cast.organisation)
    await withdraw(withdrawn, site.storage)
    query = "&".join(f"consent={each.id}" for each in [*consents, withdrawn])
    client = await site.client(site.cast.partner)
    for number, sheets in ((6, [6, 1]), (8, [7])):
        with counted_queries() as ran:
            page = (await client.get(f"/desk/consents/slips?{query}&number={number}")).text
        assert [len(select(sheet, "article.slip")) for sheet in select(page, ".slip-sheet")] == sheets
        assert "1 is left out" in text_in(page, ".slip-advice")
        assert len(ran) < 30
    for each in consents:
        assert f"/c/{each.code}" in page
    assert withdrawn.code not in page
    assert await Entry.filter(verb=Verb.CONSENT_SLIP_READ, thing_id=consents[0].id).count() == 2


async def test_nobody_prints_slips_of_others(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    address = f"/desk/consents/slips?consent={consent.id}"
    stranger = await site.client(site.cast.stranger)
    assert (await stranger.get(address)).headers["location"] == "/desk/consents"
    assert (await (await site.client(site.cast.curator)).get(address)).status_code == 404
    assert (await (await site.client()).get(address)).status_code == 303
    client = await site.client(site.cast.partner)
    for query in ("", "?consent=x", "?consent=-1&number=7", "?consent=999999999999999999999"):
        answer = await client.get(f"/desk/consents/slips{query}")
        assert answer.headers["location"] == "/desk/consents"
    assert len(select((await client.get(f"{address}&number=7")).text, "article.slip")) == 1


async def test_slips_are_printed_from_the_list_of_works(site: Site) -> None:
    theme = await factories.theme()
    shown = await factories.artwork(site.storage, site.cast.organisation, themes=[theme])
    other = await factories.artwork(site.storage, site.cast.organisation)
    await factories.artwork(site.storage, site.cast.elsewhere, themes=[theme])
    client = await site.client(site.cast.partner)
    answer = await client.get(f"/desk/works/slips?theme={theme.slug}")
    assert answer.headers["location"] == f"/desk/consents/slips?consent={shown.consent_id}"
    every = (await client.get("/desk/works/slips")).headers["location"]
    assert {f"consent={each.consent_id}" for each in (shown, other)} == set(
        every.partition("?")[2].split("&")
    )
    assert "/desk/works/slips" in attributes((await client.get("/desk/works")).text, "a", "href")
    assert (await (await site.client(site.cast.curator)).get("/desk/works/slips")).status_code == 404


async def test_a_blank_form_is_in_the_organisations_languages(site: Site) -> None:
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/consents/form")).text
    assert attributes(page, ".paper-form", "lang") == ["zh-Hans", "en"]
    assert texts_in(page, ".paper-form b") == ["晓更基金会", "Xiaogeng Foundation"]
    assert len(select(page, ".paper-form .boxes li")) == 2 * (len(SCOPE_WORDS) + 3)
    await Organisation.filter(id=site.cast.organisation.id).update(name=factories.in_zh("晓更"))
    page = (await client.get("/desk/consents/form?organisation=4711")).text
    assert attributes(page, ".paper-form", "lang") == ["zh-Hans"]
    assert "作品展出同意书" in page
    assert (await (await site.client(site.cast.curator)).get("/desk/consents/form")).status_code == 404
