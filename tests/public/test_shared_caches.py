"""Shared caches between visitors and the site: none shows a withdrawn work."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import httpx
import pytest
from starlette.routing import Match, Route

from gallery.artists.models import Consent, Withdrawal
from gallery.artworks.models import Artwork
from gallery.images.models import Image
from gallery.images.profile_images import remove_profile_image, set_profile_image
from gallery.public.chores import unpublish_images
from gallery.reviews.vetoes import veto
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.supporters.reach import make_link, target_at
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site
from tests.live import LiveSite, crawl, eventually, free_port
from tests.markup import attribute
from tests.proxies import nginx, varnish
from tests.supporters.people import agreed


def is_kept_unasked(answer: httpx.Response) -> bool:
    """Whether a shared cache may reuse this response without asking the site again (RFC 9111, 3 and 4.2)."""
    response = {part.strip() for part in answer.headers.get("cache-control", "").lower().split(",")}
    return not response & {"private", "no-store", "no-cache"}


async def shown(
    storage: Storage, site: Site | LiveSite, **values: object
) -> tuple[Artwork, Consent, list[str]]:
    """A work on view, its consent, and addresses of it that viewers build themselves."""
    consent = await factories.consent(site.cast.organisation, for_sharing=True, code="ABCDEFGHJKMNPQRSTVWX")
    theme = await factories.theme(slug="solstice")
    project = await factories.project(site.cast.organisation, slug="brushes", url="https://example.org/")
    work = await factories.artwork(
        storage,
        site.cast.organisation,
        consent=consent,
        status="accepted",
        themes=[theme],
        project=project,
        **values,
    )
    sound = await factories.voice(storage, work)
    await factories.exhibition([work], theme=theme, slug="winter")
    assert work.image is not None
    token = work.image.token
    return (
        work,
        consent,
        [
            f"/media/{token}/320.jpg",
            *(f"/media/sounds/{sound.token}/{name}" for name in ("voice.ogg", "captions-zh.vtt")),
            *(f"/iiif/{token}{rest}" for rest in ("", "/info.json", "/full/80,/0/default.jpg")),
            f"/iiif/works/{work.public_id}/manifest.json",
            f"/sharing/zh/works/{work.public_id}/poster-000000000000.png",
            *(
                f"/{language}/works/{work.public_id}{end}"
                for language in ("zh", "en")
                for end in ("", "/frame")
            ),
        ],
    )


# Addresses that no crawl of the public pages finds. They need not return 200 to be requested.
NOT_LINKED = (
    "/",
    "/api",
    "/zh/api",
    "/api/openapi.json",
    "/api/v1/organisation",
    "/api/v1/artists",
    "/api/v1/consents",
    "/api/v1/projects",
    "/api/v1/themes",
    "/api/v1/works",
    "/api/v1/works/1",
    "/api/v1/works/1/path",
    "/c/ABCDEFGHJKMNPQRSTVWX",
    "/c/ABCDEFGHJKMNPQRSTVWX/pictures/picture/640.jpg",
    "/c/ABCDEFGHJKMNPQRSTVWX/sounds/sound/voice.m4a",
    "/zh/consent/ABCDEFGHJKMNPQRSTVWX",
    "/zh/join",
    "/zh/join/received",
    "/zh/reported",
    "/zh/contact/received",
    "/zh/search/suggestions",
    "/logos/none.jpg",
    "/media/none/320.jpg",
    "/preview/none/pictures/none/320.jpg",
    "/preview/none/logos/key",
    "/preview/zh/none",
    "/zh/exhibitions/winter/talks.ics",
    "/zh/exhibitions/winter/talks/key.ics",
    "/zh/artists/none",
    "/robots.txt",
    "/sitemap.xml",
    "/zh/sitemap.xml",
    "/zh/sitemap-1.xml",
    "/zh/projects/brushes/support/project",
    "/zh/no-such-page",
    "/static/older/css/base.css",
    "/healthz",
    "/readyz",
    "/metrics",
    "/zh/works/%00",
)


# Files that may be kept for long, because nothing in them is a work's.
WITHOUT_WORKS = ("/static", "/fonts", "/icons", "/favicon", "/apple-touch-icon")


async def test_a_shared_cache_asks_each_time_whatever_the_address(site: Site) -> None:
    work, _, own = await shown(site.storage, site)
    client = await site.client()
    own.append(f"/oembed?url={site.settings.site_url}/zh/works/{work.public_id}")
    also = [
        f"/zh/works/{work.public_id}/{end}" for end in ("report", "appreciation", "appreciation/taken-back")
    ]
    also += [f"/appreciations/zh/{work.public_id}", f"/zh/works/{work.public_id}/support/project"]
    case = await factories.case(site.cast.organisation)
    also += [f"/zh/cases/{case.slug}", f"/zh/cases/{case.slug}/support/link"]
    supporter, answering = await agreed(site)
    _kind, row = await target_at(f"/zh/works/{work.public_id}")
    link = await make_link(supporter, "artwork", row)
    also += [
        f"/zh/supporters/{supporter.public_id}",
        f"/s/{link.code}",
        f"/s/{link.code}/poster/zh",
        answering,
    ]
    also += [f"{answering}/picture.jpg", f"{answering}/reach/{link.code}.svg"]
    answers = await crawl(client, site.settings.site_url, *NOT_LINKED, *own, *also)
    for path in list(answers):
        answers[f"OPTIONS {path}"] = await client.options(path)
        answers[f"POST {path}"] = await client.post(path, headers={"sec-fetch-site": "cross-site"})
    kept = {path for path, answer in answers.items() if is_kept_unasked(answer)}
    assert kept == set()
    page = (await client.get("/zh/")).text
    style = attribute(page, "link[rel=stylesheet]", "href")
    assert is_kept_unasked(await client.get(style))  # its address names its version

    def is_asked(route: Route) -> bool:
        scopes = ({"type": "http", "method": "GET", "path": path.partition("?")[0]} for path in answers)
        return any(route.matches(scope)[0] == Match.FULL for scope in scopes)

    public = [
        route for route in site.app.routes if isinstance(route, Route) and "GET" in (route.methods or ())
    ]
    assert [
        route.path
        for route in public
        if not route.path.startswith(("/desk", *WITHOUT_WORKS)) and not is_asked(route)
    ] == []


@pytest.mark.engines("sqlite", "postgresql-s3")
async def test_nginx_with_a_cache_forgets_a_work_with_its_withdrawal(live: LiveSite, tmp_path: Path) -> None:
    _, consent, own = await shown(live.storage, live)
    origin = await live.serve()
    async with nginx(origin, tmp_path) as address, httpx.AsyncClient(base_url=address) as visitor:
        before = await crawl(visitor, origin, *own)
        again = {path: await visitor.get(path) for path in before}
        assert {path for path, answer in again.items() if answer.headers["x-cache"] == "HIT"} == set()
        style = attribute(before["/zh/"].text, "link[rel=stylesheet]", "href")
        await visitor.get(style)
        assert (await visitor.get(style)).headers["x-cache"] == "HIT"  # the cache is on
        assert {before[path].status_code for path in own} == {200, 303}
        assert (await visitor.post(f"/zh/consent/{consent.code}")).status_code == 303
        after = {path: (await visitor.get(path)).status_code for path in own}
    assert after == dict.fromkeys(own, 410)


async def test_varnish_keeps_pictures_and_is_emptied_before_a_withdrawal_is_confirmed(
    live: LiveSite, tmp_path: Path
) -> None:
    _, consent, own = await shown(live.storage, live)
    token = own[0].split("/")[2]
    port = free_port()
    live.settings = dataclasses.replace(live.settings, purge_url=f"http://127.0.0.1:{port}/purge-everything")
    origin = await live.serve()
    pictures = [
        path
        for path in own
        if path.startswith(("/media/", f"/iiif/{token}/"))
        and not path.endswith(".vtt")  # captions are asked for
    ]
    async with varnish(origin, tmp_path, port) as address, httpx.AsyncClient(base_url=address) as visitor:
        for path in own:
            await visitor.get(path)
        hits = {path: (await visitor.get(path)).headers["x-hits"] for path in own}
        assert {path for path, times in hits.items() if times != "0"} == set(pictures)
        assert (await visitor.post(f"/zh/consent/{consent.code}")).status_code == 303
        assert (await Withdrawal.get()).files_deleted_at is not None
        after = {path: (await visitor.get(path)).status_code for path in own}
    assert after == dict.fromkeys(own, 410)


async def test_a_withdrawal_is_not_complete_until_the_cache_in_front_answers(
    live: LiveSite, tmp_path: Path
) -> None:
    _, consent, own = await shown(live.storage, live)
    port = free_port()
    secret = "secret-in-the-query"
    live.settings = dataclasses.replace(
        live.settings,
        purge_url=f"http://127.0.0.1:{port}/purge-everything?key={secret}",
        purge_token="bearer",
    )
    origin = await live.serve()
    async with httpx.AsyncClient(base_url=origin) as visitor:
        answer = await visitor.post(f"/en/consent/{consent.code}", follow_redirects=True)
        assert (answer.status_code, "are still being deleted" in answer.text) == (200, True)
        assert {(await visitor.get(path)).status_code for path in own} == {410}
        assert (await Withdrawal.get()).files_deleted_at is None
        live.settings = dataclasses.replace(live.settings, purge_token="")
        async with varnish(origin, tmp_path, port):

            async def is_done() -> bool:
                return (await Withdrawal.get()).files_deleted_at is not None

            await eventually(is_done)
        page = await visitor.get(f"/en/consent/{consent.code}")
        assert "are still being deleted" not in page.text
    (log,) = [path.read_text() for path in live.settings.home.glob("serve-*.log")]
    assert "was not emptied" in log
    assert secret not in log
    assert "bearer" not in log


@pytest.mark.engines("sqlite", "postgresql")
async def test_whatever_leaves_the_wall_empties_the_cache(site: Site) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"}"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    purging = dataclasses.replace(
        site.settings, purge_url=f"http://127.0.0.1:{port}/purge?zone=1", purge_token="bearer-token"
    )
    storage, organisation = Storage(purging), site.cast.organisation
    works = [await factories.artwork(storage, organisation, status="accepted") for _ in range(3)]
    await factories.exhibition(works)
    await site.work()
    assert asked == []
    await veto(works[0], storage, site.cast.curator, "a risk")
    assert len(asked) == 1
    await withdraw(await Consent.get(id=works[1].consent_id), storage)
    assert len(asked) == 2
    logo = await factories.image(storage, organisation)
    await set_profile_image(
        organisation, logo, Texts({"zh": "标志", "en": "Logo"}), site.cast.curator, storage
    )
    await remove_profile_image(organisation, site.cast.curator, storage)
    assert len(asked) == 3
    await Artwork.filter(id=works[2].id).update(status="submitted")
    assert await unpublish_images(ChoreContext(purging, storage))
    assert not await unpublish_images(ChoreContext(purging, storage))
    assert len(asked) == 4
    server.close()
    for request in asked:
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /purge?zone=1 HTTP/1.1\r\n")
        assert b"authorization: bearer bearer-token" in head.lower()
        assert json.loads(body) == {"purge_everything": True}


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_could_not_be_emptied_waits_for_the_worker(site: Site) -> None:
    work, _, _ = await shown(site.storage, site)
    assert work.image is not None
    await site.work()
    shut = dataclasses.replace(site.settings, purge_url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(StoreUnavailable, match="not emptied"):
        await veto(work, Storage(shut), site.cast.curator, "a risk")
    image = await Image.get(id=work.image.id)
    assert image.is_public  # so the worker comes back to it
    assert not [key async for key in site.storage.public.keys(image.token)]
    await site.work()
    assert not (await Image.get(id=image.id)).is_public


@pytest.mark.parametrize(
    "value", ["purge", "ftp://cdn.example/", "https://user:word@cdn.example/", "http:///x"]
)
def test_an_address_to_purge_is_an_address_without_a_password(value: str, tmp_path: Path) -> None:
    values = {"GALLERY_HOME": str(tmp_path), "GALLERY_PURGE_URL": value}
    with pytest.raises(ValueError, match="GALLERY_PURGE_URL") as raised:
        Settings.from_env(values)
    assert value not in str(raised.value)
