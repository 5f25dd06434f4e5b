"""oEmbed and its frames: only our own pages, only works on view, nothing after a withdrawal."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx
import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.exhibitions.models import Exhibition
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, select


async def ask(site: Site, path: str, **also: str) -> httpx.Response:
    site.app.state.content._checked_at = float("-inf")
    parameters = {"url": site.settings.site_url + path, **also}
    return await (await site.client()).get("/oembed", params=parameters)


async def wall(site: Site, **values: Any) -> tuple[Artwork, Exhibition]:
    consent = await factories.consent(site.cast.organisation, for_sharing=True)
    work = await factories.artwork(
        site.storage, site.cast.organisation, **{"status": Status.ACCEPTED, "consent": consent, **values}
    )
    return work, await factories.exhibition([work])


async def test_a_work_is_a_photo_if_one_asks_for_it(site: Site) -> None:
    work, _ = await wall(site)
    for language, title in (("zh", work.own("title")), ("en", work.title["en"])):
        answer = await ask(site, f"/{language}/works/{work.public_id}", type="photo")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        payload = answer.json()
        assert (payload["type"], payload["version"], payload["title"]) == ("photo", "1.0", title)
        assert payload["author_name"] == (await work.artist).credit_name
        assert (payload["width"], payload["height"]) == (1300, 1000)
        assert (await (await site.client()).get(payload["url"])).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ({"maxwidth": "700"}, (640, 492)),
        ({"maxheight": "500"}, (640, 492)),
        ({"maxwidth": "320"}, (320, 246)),
    ],
)
async def test_a_photo_fits_its_box(site: Site, box: dict[str, str], size: tuple[int, int]) -> None:
    work, _ = await wall(site)
    payload = (await ask(site, f"/zh/works/{work.public_id}", type="photo", **box)).json()
    assert (payload["width"], payload["height"]) == size
    assert f"/{size[0]}.jpg" in payload["url"]


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ({}, (640, 642)),
        ({"maxwidth": "400"}, (400, 458)),
        ({"maxheight": "400"}, (640, 400)),
        ({"maxwidth": "4000", "maxheight": "4000"}, (640, 642)),
    ],
)
async def test_a_frame_is_as_high_as_its_picture_and_label(
    site: Site, box: dict[str, str], size: tuple[int, int]
) -> None:
    work, _ = await wall(site)
    payload = (await ask(site, f"/zh/works/{work.public_id}", **box)).json()
    assert (payload["type"], payload["width"], payload["height"]) == ("rich", *size)
    assert f'width="{size[0]}" height="{size[1]}"' in payload["html"]
    assert payload["thumbnail_width"] <= size[0]
    assert payload["thumbnail_height"] <= size[1]


async def test_what_does_not_fit_or_may_not_be_shared_is_a_link(site: Site) -> None:
    work, _ = await wall(site)
    assert (await ask(site, f"/zh/works/{work.public_id}", maxwidth="100")).json()["type"] == "link"
    unshared, _ = await wall(site, consent=await factories.consent(site.cast.organisation))
    for also in ({}, {"type": "photo"}):
        payload = (await ask(site, f"/zh/works/{unshared.public_id}", **also)).json()
        assert payload["type"] == "link"
        assert "url" not in payload
        assert "html" not in payload
    frame = await (await site.client()).get(f"/zh/works/{unshared.public_id}/frame")
    assert frame.status_code == 404
    assert unshared.own("title") not in frame.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_xml_says_the_same(site: Site) -> None:
    work, exhibition = await wall(site)
    for path in (f"/zh/works/{work.public_id}", f"/en/exhibitions/{exhibition.slug}"):
        payload = (await ask(site, path)).json()
        answer = await ask(site, path, format="xml")
        assert answer.headers["content-type"].startswith("text/xml")
        root = ElementTree.fromstring(answer.text)
        assert root.tag == "oembed"
        assert {child.tag: child.text for child in root} == {
            key: str(value) for key, value in payload.items()
        }


async def test_frames_may_stand_anywhere_and_nothing_else_may(site: Site) -> None:
    work, exhibition = await wall(site, title='"><script>1</script>', title_translation="")
    client = await site.client()
    for path, also in (
        (f"/en/works/{work.public_id}", {}),
        (f"/zh/exhibitions/{exhibition.slug}", {}),
    ):
        payload = (await ask(site, path, **also)).json()
        assert payload["type"] == "rich"
        assert "<script" not in payload["html"]
        (source,) = attributes(payload["html"], "iframe", "src")
        frame = await client.get(source)
        assert urlsplit(source).path == f"{path}/frame"
        assert frame.status_code == 200
        policy = frame.headers["content-security-policy"]
        assert "frame-ancestors *" in policy
        (style,) = select(frame.text, "style")
        digest = base64.b64encode(sha256(style.get_text().encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
        assert "script-src 'none'" in policy
        assert "<script" not in frame.text
        assert frame.headers["x-robots-tag"].startswith("noindex")
        assert f'href="{site.settings.site_url}{path}"' in frame.text
        assert f'alt="{work.own("alt_text") if path[1:3] == "zh" else work.alt_text["en"]}"' in frame.text
        assert "frame-ancestors 'none'" in (await client.get(path)).headers["content-security-policy"]


async def test_pages_lead_to_their_answers(site: Site) -> None:
    work, exhibition = await wall(site)
    client = await site.client()
    for path in (f"/zh/works/{work.public_id}", f"/en/exhibitions/{exhibition.slug}"):
        page = (await client.get(path)).text
        links = attributes(page, "link[type$='+oembed']", "href")
        assert len(links) == 2
        for link in links:
            answer = await client.get(link)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(("application/json", "text/xml"))


async def test_a_withdrawn_work_is_gone(site: Site) -> None:
    work, exhibition = await wall(site)
    client = await site.client()
    frames = [f"/zh/works/{work.public_id}/frame", f"/zh/exhibitions/{exhibition.slug}/frame"]
    assert [(await client.get(path)).status_code for path in frames] == [200, 200]
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert (await ask(site, f"/zh/works/{work.public_id}")).status_code == 410
    answers = [await client.get(path) for path in frames]
    assert [answer.status_code for answer in answers] == [410, 200]
    for answer in answers:
        assert "frame-ancestors *" in answer.headers["content-security-policy"]
        assert work.own("title") not in answer.text
        assert "<img" not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://elsewhere.example/zh/works/{id}",
        "http://127.0.0.1:8000.evil.example/zh/works/{id}",
        "http://user@127.0.0.1:8000/zh/works/{id}",
        "//127.0.0.1:8000/zh/works/{id}",
        "/zh/works/{id}",
        "javascript:alert(1)",
        "http://[",
        "http://127.0.0.1:8000/fr/works/{id}",
        "http://127.0.0.1:8000/zh/works/nothing",
        "http://127.0.0.1:8000/zh/works/{id}/frame",
        "http://127.0.0.1:8000/zh/exhibitions/none",
        "http://127.0.0.1:8000/zh/themes",
        "http://127.0.0.1:8000/desk",
        "http://127.0.0.1:8000/zh/works/{id}?" + "x" * 500,
    ],
)
async def test_addresses_that_are_not_ours_are_not_found(site: Site, address: str) -> None:
    work, _ = await wall(site)
    client = await site.client()
    answer = await client.get("/oembed", params={"url": address.replace("{id}", work.public_id)})
    assert answer.status_code == 404
    assert work.own("title") not in answer.text


@pytest.mark.parametrize(
    ("also", "status"),
    [
        ({"format": "yaml"}, 501),
        ({"maxwidth": "0"}, 400),
        ({"maxwidth": "-5"}, 400),
        ({"maxheight": "²"}, 400),
        ({"maxheight": "9" * 40}, 400),
        ({"maxwidth": "999999"}, 200),
    ],
)
async def test_bad_requests(site: Site, also: dict[str, str], status: int) -> None:
    work, _ = await wall(site)
    assert (await ask(site, f"/zh/works/{work.public_id}", **also)).status_code == status
