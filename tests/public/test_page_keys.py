"""Whatever changes, a page or picture from the cache is the same as one that is made now."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gallery.artists.consents import set_artist_page
from gallery.artists.models import Artist, Consent
from gallery.artworks.models import Artwork, Status, Submission, has_theme
from gallery.artworks.submissions import propose
from gallery.artworks.works import text_values
from gallery.clock import now
from gallery.db import content_version
from gallery.db.content_version import current_number
from gallery.exhibitions import drafts
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.models import Image
from gallery.public.queries import count_by_edition, count_by_organisation, count_by_theme, count_works
from gallery.reviews import decisions
from gallery.reviews.coverage import count_coverage
from gallery.reviews.vetoes import lift_veto, veto
from gallery.themes.models import Theme
from gallery.web.page_keys import edition_key, keys_of_works, work_key
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_en
from tests.themes.themes import WINTER

STEPS = 30


class Changes:
    """Random changes of what visitors see, by the verbs of the desk."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.random = random.Random(seed)
        self.made: set[str] = set()

    async def make_one(self) -> str:
        """Make one change, or none if it is not possible now; returns its name."""
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.hang, self.hang, self.take_down, self.publish, self.publish, self.publish,
            self.unpublish, self.credit, self.propose, self.veto, self.lift, self.withdraw,
            self.rename_theme, self.change_organisation, self.page_of_artist,
        ]  # fmt: skip
        kind = self.random.choice(kinds)
        await kind()
        self.made.add(kind.__name__)
        return kind.__name__

    async def a_work(self) -> Artwork:
        works = await Artwork.filter(status=Status.ACCEPTED).order_by("id")
        return self.random.choice(works)

    async def an_exhibition(self) -> Exhibition:
        return self.random.choice(await Exhibition.all().order_by("id"))

    async def hang(self) -> None:
        work, exhibition = await self.a_work(), await self.an_exhibition()
        room = await Room.get(edition_id=(await drafts.draft_of(exhibition)).id)
        if not await Hanging.exists(room_id=room.id, artwork_id=work.id) and work.may_hang:
            await drafts.hang(room, work, self.site.cast.curator)

    async def take_down(self) -> None:
        exhibition = await self.an_exhibition()
        hangings = await Hanging.filter(room__edition_id=(await drafts.draft_of(exhibition)).id)
        if len(hangings) > 1:
            await drafts.take_down(self.random.choice(hangings), by=self.site.cast.curator)

    async def publish(self) -> None:
        exhibition = await self.an_exhibition()
        await drafts.change_draft(exhibition, None, title=in_en(f"Title {self.random.random()}"))
        with contextlib.suppress(drafts.NotPublishable):  # all of its works were withdrawn
            await drafts.publish(exhibition, self.site.cast.curator)

    async def unpublish(self) -> None:
        await drafts.unpublish(await self.an_exhibition(), self.site.cast.curator)

    async def credit(self) -> None:
        artist = (await self.a_work()).artist_id
        client = await self.site.client(self.site.cast.partner)
        data = {"credit_name": f"Name {self.random.random()}"}
        assert (await client.post(f"/desk/artists/{artist}", data=data)).status_code == 303

    async def propose(self) -> None:
        work = await self.a_work()
        if not work.may_hang or await Submission.exists(artwork_id=work.id, is_waiting=True):
            return
        texts = {**text_values(work), "title[en]": f"Work {self.random.random()}"}
        sent = await propose(work, texts, self.site.cast.partner)
        await decisions.accept(work, sent, self.site.cast.curator)

    async def veto(self) -> None:
        work = await self.a_work()
        if work.may_hang:
            await veto(work, self.site.storage, self.site.cast.curator, "It may harm somebody.")

    async def lift(self) -> None:
        if work := await Artwork.filter(is_vetoed=True).first():
            sent = await lift_veto(work, self.site.cast.curator, "It does not.")
            await decisions.accept(work, sent, self.site.cast.curator)

    async def withdraw(self) -> None:
        if await Artwork.filter(status=Status.ACCEPTED).count() > 5:
            consent = await Consent.get(artworks__id=(await self.a_work()).id)
            await withdraw(consent, self.site.storage)

    async def rename_theme(self) -> None:
        theme = self.random.choice(await Theme.all().order_by("id"))
        client = await self.site.client(self.site.cast.curator)
        data = WINTER | {"slug": theme.slug, "title[en]": f"Theme {self.random.random()}"}
        assert (await client.post(f"/desk/themes/{theme.id}/edit", data=data)).status_code == 303

    async def change_organisation(self) -> None:
        client = await self.site.client(self.site.cast.curator)
        organisation = self.site.cast.organisation
        data = {"name[zh]": organisation.name["zh"], "slug": organisation.slug, "is_active": "y"}
        data["about[en]"] = f"We are {self.random.random()}"
        path = f"/desk/organisations/{organisation.id}/edit"
        assert (await client.post(path, data=data)).status_code == 303

    async def page_of_artist(self) -> None:
        artist = await Artist.get(id=(await self.a_work()).artist_id)
        await set_artist_page(artist, artist.page_id is None)


async def test_a_cached_page_is_what_would_be_rendered_now(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # the cache asks before each answer
    themes = [await factories.theme(title=Texts({"en": f"Theme {n}"})) for n in range(2)]
    project = await factories.project(site.cast.organisation)
    works = [
        await factories.artwork(
            site.storage,
            site.cast.organisation,
            status=Status.ACCEPTED,
            themes=[themes[n % 2]],
            project=project,
        )
        for n in range(8)
    ]
    for n in range(3):
        await factories.exhibition(works[n * 2 : n * 2 + 4], slug=f"show-{n}", theme=themes[n % 2])
    await site.work()
    pages = [f"/en/exhibitions/show-{n}{rest}" for n in range(3) for rest in ("", "/walk")]
    pages += [f"/en/works/{work.public_id}" for work in works]
    pages += [f"/en/themes/{theme.slug}" for theme in themes]
    pages += ["/en/", "/en/exhibitions", f"/en/organisations/{site.cast.organisation.slug}", "/en/feed.atom"]
    pages += [f"/media/{image.token}/{image.widths()[0]}.jpg" for image in await Image.all().order_by("id")]
    changes, cached = Changes(site, seed=1), await site.client()
    inside = httpx.ASGITransport(partial(Starlette.__call__, site.app))
    async with httpx.AsyncClient(transport=inside, base_url="http://gallery.test") as uncached:
        for _ in range(STEPS):
            kind = await changes.make_one()
            for page in pages:
                answer, now_made = await cached.get(page), await uncached.get(page)
                assert answer.status_code == now_made.status_code, (kind, page)
                if answer.status_code == 200:
                    assert answer.content == now_made.content, (kind, page)
            counts = site.app.state.work_counts
            assert await counts.organisations.all() == await count_by_organisation(None), kind
            assert await counts.themes.all() == await count_by_theme(None), kind
            for edition in await Edition.filter(is_current=True):
                counted = await count_by_edition([edition.id])
                assert await counts.editions.of(edition.id) == counted[edition.id], kind
            assert await site.app.state.coverage.all() == await count_coverage(None), kind
            for theme in themes:
                assert await counts.theme_totals.of(theme.id) == await count_works(has_theme(theme.id)), kind
    assert len(changes.made) > 9


async def test_a_change_drops_only_the_pages_that_show_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)
    here, there = (
        [await factories.accepted(site) for _ in range(2)],
        [await factories.accepted(site) for _ in range(2)],
    )
    await factories.exhibition(here, slug="here")
    exhibition = await factories.exhibition(there, slug="there")
    client = await site.client()
    shown = {path: f"/en/works/{work.public_id}" for path, work in zip("abcd", [*here, *there], strict=True)}
    shown |= {"e": "/en/exhibitions/here", "f": "/en/exhibitions/there", "g": "/en/"}

    async def dropped() -> str:
        """The pages that are no longer cached; then all are cached again."""
        await client.get("/en/about")  # reads the content version
        pages = site.app.page_cache._pages
        gone = "".join(name for name, path in shown.items() if (path, b"") not in pages)
        for path in shown.values():
            assert (await client.get(path)).status_code == 200
        return gone

    assert await dropped() == "abcdefg"
    assert await dropped() == ""
    partner = await site.client(site.cast.partner)
    credited = await partner.post(f"/desk/artists/{here[0].artist_id}", data={"credit_name": "Lin"})
    assert credited.status_code == 303
    assert (
        await dropped() == "abefg"
    )  # its neighbour's page and the other exhibition's ending show the credited work
    await drafts.change_draft(exhibition, None, title=in_en("Another title"))
    await drafts.publish(exhibition, site.cast.curator)
    assert await dropped() == "cdefg"
    await withdraw(await Consent.get(artworks__id=here[0].id), site.storage)
    await client.get("/en/about")
    assert set(site.app.page_cache._pages) == {("/en/about", b"")}


async def test_what_stays_on_view_is_not_counted_again(site: Site) -> None:
    curator, works = site.cast.curator, [await factories.accepted(site) for _ in range(2)]
    exhibition = await factories.exhibition(works[:1], published=False)
    counted = f"organisation:{works[0].organisation_id}"

    async def published(**changed: Any) -> set[str]:
        await drafts.change_draft(exhibition, None, **changed)
        edition = await drafts.publish(exhibition, curator)
        number = await current_number()
        touched = await content_version.keys_changed(number - 1, number)
        assert touched is not None
        assert {edition_key(edition.id), *(work_key(work.id) for work in works[:1])} <= touched
        return set(touched)

    assert counted in await published(title=in_en("Shown first"))
    assert counted not in await published(title=in_en("Renamed"))
    await drafts.hang(
        await Room.get(edition__exhibition_id=exhibition.id, edition__number=None), works[1], curator
    )
    assert counted in await published()
    assert counted not in await published(opens_at=now() + timedelta(days=1))


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_keys_of_works_are_those_of_their_published_editions(site: Site) -> None:
    theme, themes = await factories.theme(), [await factories.theme() for _ in range(2)]
    one = await factories.accepted(site, themes=themes)
    other = await factories.accepted(site, themes=[theme])
    shown = await factories.exhibition([one])
    await factories.exhibition([one], published=False)
    await factories.exhibition([other])
    edition = await Edition.get(exhibition_id=shown.id, number=1)
    of_work = {
        work_key(one.id),
        f"organisation:{one.organisation_id}",
        *(f"theme:{each.id}" for each in themes),
    }
    assert await keys_of_works(id=one.id) == of_work | {edition_key(edition.id)}
    await drafts.unpublish(shown, site.cast.curator)
    assert await keys_of_works(id=one.id) == of_work
    assert await keys_of_works(id=0) == set()
