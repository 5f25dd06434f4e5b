"""A site with passkeys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gallery.app import create_app
from tests.accounts.second_factor import (
    ADDRESS,
)
from tests.cast import assemble
from tests.conftest import Site, settings_for


@pytest.fixture
async def named(database_url: str, tmp_path: Any) -> AsyncIterator[Site]:
    """A site with a host name, so that browsers allow passkeys; it requires a second factor of curators."""
    settings = settings_for(tmp_path, database_url, site_url=ADDRESS, second_factor="required")
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        site = Site(app, settings, await assemble(), app.state.storage)
        async with site._clients:
            yield site
