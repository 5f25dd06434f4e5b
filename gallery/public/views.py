"""The routes of the pages that visitors open.

A page depends only on its address and the content version. Only `/` uses the browser's language.
"""

from __future__ import annotations

from gallery.public import (
    artists,
    artworks,
    cases,
    exhibitions,
    home,
    organisations,
    projects,
    support,
    supporters,
    themes,
)

routes = [
    *home.routes,
    *exhibitions.routes,
    *artworks.routes,
    *themes.routes,
    *organisations.routes,
    *projects.routes,
    *support.routes,
    *cases.routes,
    *artists.routes,
    *supporters.routes,
]
