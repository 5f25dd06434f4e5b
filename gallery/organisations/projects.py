"""Adding projects, on their own page or while entering a work."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from gallery.artworks.models import PUBLIC_ID_ALPHABET
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.organisations.models import Organisation, Project
from gallery.web.texts import comparable_name


def new_slug(kind: str = "p") -> str:
    """A random slug: `p-`, or another letter, and 8 characters. Automatic pinyin of a title would often be wrong."""
    return f"{kind}-" + "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _ in range(8))


async def project_at(slug: str) -> Project | None:
    """The project of an active organisation with this slug; for a merged project, the project that it was merged into."""
    found = Project.with_merged().get_or_none(slug=slug, organisation__is_active=True)
    project = await found.select_related("organisation", "merged_into__organisation")
    return (project.merged_into or project) if project is not None else None


async def projects_with_title(organisation: Organisation, titles: Iterable[str]) -> list[Project]:
    """The projects of an organisation with one of these titles in any language, oldest first.

    Case, full-width forms and spaces are ignored. Databases differ in such comparisons, so all titles are
    read.
    """
    wanted = {comparable_name(title) for title in titles}
    return [
        each
        for each in await Project.filter(organisation_id=organisation.id).order_by("id")
        if not wanted.isdisjoint(map(comparable_name, each.title.values()))
    ]


async def add_project(organisation: Organisation, values: Mapping[str, Any]) -> Project:
    """Create a project of `organisation`; `values` has title, summary and link."""
    async with in_transaction():
        project = await Project.create(organisation=organisation, slug=new_slug(), **values)
        await record(Verb.PROJECT_MADE, project.id, organisation_id=organisation.id)
        await content_version.bump(rows=())  # a project is not on view until it has works
        return project
