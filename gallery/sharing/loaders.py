"""Loading what is on the card and poster of a page, by the kind and name in the page's address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from tortoise.expressions import Q

from gallery.artworks.access import raise_not_on_view
from gallery.artworks.models import hangs_in, has_theme
from gallery.cases.shown import cases_on_view
from gallery.organisations.models import Organisation
from gallery.organisations.projects import project_at
from gallery.public import page_cards, queries, share_images
from gallery.public.access import load_opened
from gallery.public.cases import load_shown_case, works_of_case
from gallery.public.pagination import first_works
from gallery.public.share_images import ShareImages
from gallery.settings import Settings
from gallery.themes.models import Theme

MAX_CANDIDATE_WORKS = 120  # as many works as the page shows; the first one that may be shared is drawn


async def load_work(name: str, settings: Settings) -> ShareImages:
    located = await queries.placement_by_public_id(name)
    if located is None:
        await raise_not_on_view(name)
    work = located.work
    sentences = await queries.sentences_of([work], {work.id: located.chosen_sentence})
    return share_images.of_work(work, located.exhibition.theme, settings, sentences.get(work.id))


async def load_exhibition(name: str, settings: Settings) -> ShareImages:
    shown = await load_opened(name)
    works = await first_works(shown.edition_id)
    counts = await queries.count_works(hangs_in(room__edition_id=shown.edition_id))
    return await page_cards.of_exhibition(shown, works, counts, settings)


async def load_theme(name: str, settings: Settings) -> ShareImages:
    theme = await Theme.get_or_none(slug=name)
    if theme is None:
        raise HTTPException(404)
    covers = await queries.works_by_id([theme.cover_id] if theme.cover_id else [])
    works = await queries.works_on_view(has_theme(theme.id), limit=MAX_CANDIDATE_WORKS)
    return share_images.of_theme(theme, [*covers.values(), *works], settings)


async def load_organisation(name: str, settings: Settings) -> ShareImages:
    organisation = await Organisation.get_or_none(slug=name, is_active=True)
    if organisation is None:
        raise HTTPException(404)
    works = await queries.works_on_view(Q(organisation_id=organisation.id), limit=MAX_CANDIDATE_WORKS)
    return share_images.of_organisation(organisation, works, settings)


async def load_project(name: str, settings: Settings) -> ShareImages:
    project = await project_at(name)
    works = (
        await queries.works_on_view(Q(project_id=project.id), limit=MAX_CANDIDATE_WORKS) if project else []
    )
    cases = await cases_on_view(Q(case__project_id=project.id), limit=1) if project and not works else []
    if project is None or not (works or cases):
        raise HTTPException(404)
    return share_images.of_project(project, works, settings)


async def load_case(name: str, settings: Settings) -> ShareImages:
    shown = await load_shown_case(name)
    return share_images.of_case(shown, await works_of_case(shown, MAX_CANDIDATE_WORKS), settings)


async def load_artist(name: str, settings: Settings) -> ShareImages:
    works = await queries.works_on_view(Q(artist__page_id=name), limit=MAX_CANDIDATE_WORKS)
    if not works:
        raise HTTPException(404)
    return share_images.of_artist(name, works, settings)


LOADERS: Mapping[str, Callable[[str, Settings], Awaitable[ShareImages]]] = {
    "works": load_work,
    "exhibitions": load_exhibition,
    "themes": load_theme,
    "organisations": load_organisation,
    "projects": load_project,
    "cases": load_case,
    "artists": load_artist,
    "pages": page_cards.card_of,
}
