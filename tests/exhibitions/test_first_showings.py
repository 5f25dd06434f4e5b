"""The moment at which visitors first saw a work: set when editions come and go, and by no later change."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from tortoise.connection import get_connection

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.exhibitions import drafts
from gallery.exhibitions.first_showings import date_missed_works
from gallery.exhibitions.models import Edition, Exhibition
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

SOON, LATER = timedelta(days=2), timedelta(days=5)


async def first_shown(work: Artwork) -> datetime | None:
    return (await Artwork.get(id=work.id)).first_shown_at


async def publish(site: Site, exhibition: Exhibition, opens_in: timedelta) -> Edition:
    opens_at = now() + opens_in
    await drafts.change_draft(exhibition, None, opens_at=opens_at)
    return await drafts.publish(exhibition, site.cast.curator)


async def test_a_work_is_new_once(site: Site) -> None:
    work = await factories.accepted(site)
    assert await first_shown(work) is None
    first = await factories.exhibition([work], published=False)
    edition = await publish(site, first, -SOON)
    assert await first_shown(work) == edition.published_at
    other = await factories.exhibition([work], published=False)
    await publish(site, other, -LATER)
    await publish(site, first, SOON)
    await drafts.unpublish(first, site.cast.curator)
    await drafts.unpublish(other, site.cast.curator)
    assert await first_shown(work) == edition.published_at


async def test_a_planned_work_is_new_when_its_exhibition_opens(site: Site) -> None:
    work = await factories.accepted(site)
    exhibition = await factories.exhibition([work], published=False)
    planned = await publish(site, exhibition, SOON)
    assert await first_shown(work) == planned.opens_at
    postponed = await publish(site, exhibition, LATER)
    assert await first_shown(work) == postponed.opens_at
    await drafts.cancel_planned(exhibition, site.cast.curator)
    assert await first_shown(work) is None
    await publish(site, exhibition, LATER)
    await drafts.unpublish(exhibition, site.cast.curator)
    assert await first_shown(work) is None
    await publish(site, exhibition, LATER)
    elsewhere = await publish(site, await factories.exhibition([work], published=False), -SOON)
    assert await first_shown(work) == elsewhere.published_at


async def test_a_work_that_leaves_the_plan_is_not_dated(site: Site) -> None:
    stays, leaves = [await factories.accepted(site) for _ in range(2)]
    exhibition = await factories.exhibition([stays, leaves], published=False)
    planned = await publish(site, exhibition, SOON)
    draft = await drafts.draft_of(exhibition)
    hanging = await leaves.hangings.all().get(room__edition_id=draft.id)
    await drafts.take_down(hanging, by=site.cast.curator)
    await drafts.publish(exhibition, site.cast.curator)
    assert await first_shown(stays) == planned.opens_at
    assert await first_shown(leaves) is None


async def test_works_published_by_an_older_release_are_dated_later(site: Site) -> None:
    shown, planned, hidden = [await factories.accepted(site) for _ in range(3)]
    edition = await publish(site, await factories.exhibition([shown], published=False), -SOON)
    await publish(site, await factories.exhibition([planned], published=False), SOON)
    await Artwork.all().update(first_shown_at=None)
    while await date_missed_works():
        pass
    assert await first_shown(shown) == edition.published_at
    assert await first_shown(planned) is None  # it is dated once it is on view
    assert await first_shown(hidden) is None


async def test_the_migration_dates_works_as_publishing_does(site: Site) -> None:
    works = [await factories.accepted(site) for _ in range(4)]
    await publish(site, await factories.exhibition(works[:2], published=False), -SOON)
    await publish(site, await factories.exhibition(works[1:3], published=False), SOON)
    cancelled = await factories.exhibition(works[3:], published=False)
    await publish(site, cancelled, SOON)
    await drafts.unpublish(cancelled, site.cast.curator)
    dated = [await first_shown(work) for work in works]
    assert [moment is not None for moment in dated] == [True, True, True, False]
    await Artwork.all().update(first_shown_at=None)
    migration = import_module("gallery.migrations.0043_first_showings")
    await get_connection("default").execute_query(migration.DATE)
    assert [await first_shown(work) for work in works] == dated
