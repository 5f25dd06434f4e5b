"""A post office for the tests of mails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from gallery.app import create_app
from gallery.settings import Settings
from tests.cast import assemble
from tests.conftest import Site, settings_for
from tests.mail.post_office import PostOffice


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    yield office
    if office.holds is not None:
        office.holds.set()
    office.close()


@pytest.fixture
def settings(database_url: str, tmp_path, office: PostOffice) -> Settings:
    return settings_for(tmp_path, database_url, smtp_url=office.url, site_url="https://gallery.example")


@pytest.fixture
async def unserved(settings: Settings) -> AsyncIterator[Site]:
    """The same site without a mail server."""
    import dataclasses

    app = create_app(dataclasses.replace(settings, smtp_url=""))
    async with app.router.lifespan_context(app):
        site = Site(app, app.state.settings, await assemble(), app.state.storage)
        async with site._clients:
            yield site
