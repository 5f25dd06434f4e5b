"""The walk through an exhibition, as a page without scripts."""

from __future__ import annotations

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Status
from gallery.exhibitions.models import Edition, Hanging, Room
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attribute, attributes, select


async def test_a_walk_is_a_list_of_all_works_and_of_one_room(site: Site) -> None:
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(3)
    ]
    shown = await factories.exhibition(works[:2])
    edition = await Edition.get(exhibition=shown, is_current=True)
    room = await Room.create(edition=edition, position=2, title=in_zh("二号厅"))
    await Hanging.create(room=room, artwork=works[2], position=1)
    client = await site.client()
    for query, seen in [
        ("", works),
        ("?kiosk=1", works),
        ("?room=1", works[:2]),
        ("?room=2", works[2:]),
        ("?pace=x&idle=-1", works),
    ]:
        page = await client.get(f"/zh/exhibitions/{shown.slug}/walk{query}")
        assert page.status_code == 200
        assert [f"/zh/works/{work.public_id}" in page.text for work in works] == [
            work in seen for work in works
        ], query
    for query, onward in (("", "#ending"), ("?room=1", "?room=2"), ("?room=2", "#ending")):
        page = await client.get(f"/zh/exhibitions/{shown.slug}/walk{query}")
        (link,) = attributes(page.text, ".walk-end a", "href")
        assert link == f"/zh/exhibitions/{shown.slug}{onward}"
        assert select((await client.get(link.partition("#")[0])).text, "#ending")
    for number in ("9", "0", "%E4%BA%8C", "-1"):
        assert (await client.get(f"/zh/exhibitions/{shown.slug}/walk?room={number}")).status_code == 404
    assert f"/zh/exhibitions/{shown.slug}/walk" in (await client.get(f"/zh/exhibitions/{shown.slug}")).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_voice_plays_on_request_only(site: Site) -> None:
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(3)
    ]
    sound = await factories.voice(site.storage, works[0])
    await factories.voice(site.storage, works[1])
    assert works[1].consent_id is not None
    await Consent.filter(id=works[1].consent_id).update(for_voice=False)
    shown = await factories.exhibition(works)
    page = (await (await site.client()).get(f"/en/exhibitions/{shown.slug}/walk")).text
    (audio,) = select(page, ".slide audio")
    assert (audio["preload"], audio.has_attr("controls"), audio.has_attr("autoplay")) == ("none", True, False)
    assert attributes(page, ".slide audio source", "src")[0].startswith(f"/media/sounds/{sound.token}/")


async def test_a_screen_names_the_exhibition_and_says_a_sentence_of_each_story(site: Site) -> None:
    work = await factories.artwork(
        site.storage,
        site.cast.organisation,
        status=Status.ACCEPTED,
        story="冬天来了。他说：“我想给每个人画一碗汤圆。”然后他睡着了。",
    )
    shown = await factories.exhibition([work])
    page = (await (await site.client()).get(f"/zh/exhibitions/{shown.slug}/walk?kiosk=1")).text
    (saying,) = select(page, ".slide .saying")
    assert saying.get_text() == "“我想给每个人画一碗汤圆。”"
    (hall,) = select(page, ".hall")
    assert hall.has_attr("hidden")  # until the script makes it a screen in a hall
    assert hall.get_text().strip()
    assert select(page, ".hall svg path")


async def test_an_empty_exhibition_says_so(site: Site) -> None:
    shown = await factories.exhibition([])
    client = await site.client()
    page = await client.get(f"/en/exhibitions/{shown.slug}/walk?kiosk=1")
    assert page.status_code == 200
    assert "Nothing is on view at present." in page.text
    assert "/walk" not in (await client.get(f"/en/exhibitions/{shown.slug}")).text


@pytest.mark.parametrize("published", [True, False])
async def test_what_is_not_there_cannot_be_walked_through(site: Site, published: bool) -> None:
    slug = "nowhere" if published else (await factories.exhibition([], published=False)).slug
    assert (await (await site.client()).get(f"/zh/exhibitions/{slug}/walk")).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_ways_of_passing_on_need_no_script_and_nothing_from_elsewhere(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation, for_sharing=True)
    work = await factories.artwork(
        site.storage,
        site.cast.organisation,
        consent=consent,
        status=Status.ACCEPTED,
        title='饺子"><script>&皮',
        title_translation="",
    )
    await factories.exhibition([work])
    client = await site.client()
    page = (await client.get(f"/zh/works/{work.public_id}")).text
    address = f"{site.settings.site_url}/zh/works/{work.public_id}"
    assert attribute(page, "input[readonly]", "value") == address
    assert "%E9%A5%BA%E5%AD%90%22%3E%3Cscript%3E%26%E7%9A%AE" in page
    assert '"><script>' not in page
    for network in ("service.weibo.com", "sns.qzone.qq.com", "x.com", "facebook.com", "wa.me", "mailto:"):
        assert network in page
    assert 'src="http' not in page
    assert f"/sharing/zh/works/{work.public_id}/poster-" in page
    await type(consent).filter(id=consent.id).update(for_sharing=False)
    (await client.get(f"/en/works/{work.public_id}")).raise_for_status()
    assert "poster-" not in (await client.get(f"/en/works/{work.public_id}")).text
