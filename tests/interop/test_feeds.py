"""Atom feeds, read by feedparser: works on view, newest first, with permanent ids."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition, Hanging
from gallery.interop import feeds
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.queries import counted_queries


async def read(site: Site, path: str) -> Any:
    site.app.state.content._checked_at = float("-inf")
    answer = await (await site.client()).get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo, (path, feed.get("bozo_exception"))
    assert feed.version == "atom10"
    return feed


async def wall(site: Site, count: int, **values: Any) -> list[Artwork]:
    return [
        await factories.artwork(site.storage, site.cast.organisation, **{"status": Status.ACCEPTED, **values})
        for _ in range(count)
    ]


@pytest.fixture
async def winter() -> Theme:
    return await factories.theme(slug="winter", title=Texts({"zh": "冬至", "en": "Winter"}))


def feeds_of(slug: str) -> list[str]:
    beside = ("", f"exhibitions/{slug}/", "themes/winter/", "organisations/xiaogeng/")
    return [f"/{language}/{path}feed.atom" for language in ("zh", "en") for path in beside]


async def test_each_feed_tells_of_its_works_in_its_language(site: Site, winter: Theme) -> None:
    consent = await factories.consent(site.cast.organisation, for_sharing=True)
    first, second = await wall(site, 2, themes=[winter], consent=consent)
    earlier = await factories.exhibition(
        [first], opens_at=now() - timedelta(days=9), published_at=now() - timedelta(days=9)
    )
    later = await factories.exhibition([second], theme=winter)
    client = await site.client()
    for path in feeds_of(later.slug):
        document = await read(site, path)
        zh = path.startswith("/zh/")
        assert document.feed.language == ("zh-Hans" if zh else "en")
        own = {entry.link: entry for entry in document.entries}
        entry = own[f"{site.settings.site_url}{path[:4]}works/{second.public_id}"]
        assert entry.title == (second.own("title") if zh else second.title["en"])
        assert (second.own("story") if zh else second.story["en"]) in entry.summary
        alt = second.own("alt_text") if zh else second.alt_text["en"]
        assert f'alt="{alt}"' in entry.summary
        assert "/640.jpg" in entry.summary
        assert entry.author == (await second.artist).credit_name
        moments = [each.published_parsed for each in document.entries]
        assert moments == sorted(moments, reverse=True)
        assert document.feed.updated_parsed == max(each.updated_parsed for each in document.entries)
        # Its page leads to it, and back; the page of each entry is there.
        (page,) = [link.href for link in document.feed.links if link.rel == "alternate"]
        shown = (await client.get(page)).text
        assert f'<link rel="alternate" type="application/atom+xml" title="{document.feed.title}"' in shown
        assert f'href="{site.settings.site_url}{path}"' in shown
        assert {(await client.get(link)).status_code for link in own} == {200}
    whole = await read(site, "/en/feed.atom")
    assert {entry.link.rpartition("/")[2] for entry in whole.entries} == {
        first.public_id,
        second.public_id,
        earlier.slug,
        later.slug,
    }
    only = await read(site, f"/en/exhibitions/{later.slug}/feed.atom")
    assert [entry.link.rpartition("/")[2] for entry in only.entries] == [second.public_id]


@pytest.mark.engines("sqlite", "postgresql")
async def test_ids_stay_and_pictures_need_consent_for_sharing(site: Site, winter: Theme) -> None:
    (work,) = await wall(site, 1, themes=[winter])
    await factories.exhibition([work])
    before = (await read(site, "/zh/themes/winter/feed.atom")).entries[0]
    assert "<img" not in before.summary
    assert before.id == f"tag:127.0.0.1,2026:/zh/works/{work.public_id}"
    await Artwork.filter(id=work.id).update(title=in_zh("改过的题目"), updated_at=now())
    await factories.exhibition([work])  # hung once more
    await bump()
    after = (await read(site, "/zh/themes/winter/feed.atom")).entries[0]
    assert (after.id, after.published) == (before.id, before.published)
    assert after.title == "改过的题目"
    assert after.updated_parsed >= before.updated_parsed


async def test_a_withdrawn_work_leaves_every_feed(site: Site, winter: Theme) -> None:
    gone, staying = await wall(site, 2, themes=[winter])
    exhibition = await factories.exhibition([gone, staying], theme=winter)
    for path in feeds_of(exhibition.slug):
        assert gone.public_id in str((await read(site, path)).entries)
    await withdraw(await Consent.get(id=gone.consent_id), site.storage)
    for path in feeds_of(exhibition.slug):
        document = str(await read(site, path))
        assert staying.public_id in document
        assert gone.public_id not in document
        assert gone.own("title") not in document


async def test_what_is_not_on_view_is_in_no_feed(site: Site, winter: Theme) -> None:
    shown, hidden = (
        await wall(site, 1, themes=[winter]),
        await wall(site, 1, themes=[winter], status=Status.SUBMITTED),
    )
    exhibition = await factories.exhibition([*shown, *hidden], theme=winter)
    soon = await factories.exhibition(shown, opens_at=now() + timedelta(days=2))
    for path in feeds_of(exhibition.slug):
        document = str(await read(site, path))
        assert hidden[0].public_id not in document
        assert soon.slug not in document
    client = await site.client()
    for path in (f"exhibitions/{soon.slug}", "exhibitions/none", "themes/none", "organisations/none"):
        assert (await client.get(f"/zh/{path}/feed.atom")).status_code == 404
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    await bump()
    site.app.state.content._checked_at = float("-inf")
    assert (await client.get("/zh/organisations/xiaogeng/feed.atom")).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_is_new_when_visitors_first_saw_it(site: Site, winter: Theme) -> None:
    earlier, later = await wall(site, 2, themes=[winter])
    opens_at, before = now() - timedelta(hours=1), now() - timedelta(days=9)
    await factories.exhibition([earlier], opens_at=before, published_at=before)
    await factories.exhibition([later], opens_at=opens_at, published_at=before - timedelta(days=9))
    for path in ("/en/themes/winter/feed.atom", "/en/organisations/xiaogeng/feed.atom"):
        entries = (await read(site, path)).entries
        assert [entry.link.rpartition("/")[2] for entry in entries] == [later.public_id, earlier.public_id]
        assert entries[0].published_parsed == opens_at.utctimetuple()


async def test_hidden_works_do_not_push_others_out_of_the_feed(
    site: Site, winter: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_WORKS", 1)
    works = await wall(site, 7, themes=[winter])
    for work in works:
        await factories.exhibition([work])
    await Artwork.filter(id__in=[work.id for work in works[1:]]).update(is_vetoed=True)
    (entry,) = (await read(site, "/en/themes/winter/feed.atom")).entries
    assert entry.link.endswith(works[0].public_id)


async def test_an_empty_site_has_a_feed(site: Site) -> None:
    feed = await read(site, "/en/feed.atom")
    assert feed.entries == []
    assert feed.feed.updated_parsed is not None


async def test_text_that_xml_cannot_carry_breaks_no_feed(site: Site) -> None:
    title = "画\x0b]]>&lt;<b>\u202e\ufffe尾"
    (work,) = await wall(site, 1, title=title, title_translation="", story="**x** <script>\x08")
    await factories.exhibition([work])
    feed = await read(site, "/zh/feed.atom")
    assert "script" not in "".join(entry.get("summary_detail", {}).get("value", "") for entry in feed.entries)
    answer = await (await site.client()).get("/zh/feed.atom")
    titles = [each.text for each in ElementTree.fromstring(answer.text).iterfind(".//{*}entry/{*}title")]
    assert "画]]>&lt;<b>\u202e尾" in titles


@pytest.mark.engines("sqlite", "postgresql")
async def test_feeds_are_kept_and_their_queries_do_not_grow(site: Site, winter: Theme) -> None:
    works = await wall(site, 1, themes=[winter])
    exhibition = await factories.exhibition(works, theme=winter)
    paths = feeds_of(exhibition.slug)[:4]
    with_one = [await queries(site, path) for path in paths]
    room = await (await Edition.get(exhibition=exhibition, is_current=True)).rooms.all().first()
    assert room is not None
    for position, work in enumerate(await wall(site, 5, themes=[winter]), 2):
        await Hanging.create(room=room, artwork=work, position=position)
        await factories.exhibition([work])
    assert [await queries(site, path) for path in paths] == with_one
    assert max(with_one) <= 4
    client = await site.client()
    answer = await client.get(paths[0])
    again = await client.get(paths[0], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def queries(site: Site, path: str) -> int:
    await bump()
    site.app.state.content._checked_at = float("-inf")
    with counted_queries() as ran:
        assert (await (await site.client()).get(path)).status_code == 200
    # Without what each process reads once whenever the content version moved.
    return len([query for query in ran if "content_" not in query and 'FROM "site"' not in query])
