"""Fills the example site, and says what to open. Needs the extra `demo`."""

from __future__ import annotations

from rich.markup import escape

from gallery.artworks.models import Artwork
from gallery.cases.models import Case
from gallery.cli.common import ProgressReporter, open_database, progress_bar, set_up
from gallery.demo.content import CURATOR, EXHIBITIONS, KEEPER, MEMBERS, PASSWORD
from gallery.demo.data_entry import DemoContent, enter_demo, form_key
from gallery.settings import Settings


async def prepare(settings: Settings) -> str:
    """Set up the site and add missing content; returns the text with addresses and passwords."""
    await set_up(settings)
    async with open_database(settings):
        with progress_bar() as bar:
            await enter_demo(settings, ProgressReporter(bar))
        return await welcome_text(settings)


async def welcome_text(settings: Settings) -> str:
    works = {work.slug: form_key(work) for work in DemoContent().works}
    language, *others = settings.languages
    pages = [("Home", f"/{language}/"), *(("", f"/{each}/") for each in others)]
    pages += [
        (exhibition.title.en, f"/{language}/exhibitions/{exhibition.slug}") for exhibition in EXHIBITIONS
    ]
    touchstone = await Artwork.get_or_none(form_key=works["dumpling-wrappers"])
    if touchstone is not None:
        pages.append(("A work", f"/{language}/works/{touchstone.public_id}"))
    agreed = await Artwork.get_or_none(form_key=works["tangyuan"]).prefetch_related("consent")
    if agreed is not None and agreed.consent is not None:
        pages.append(("A consent link", f"/c/{agreed.consent.code}"))
    case = await Case.all().order_by("id").first()
    if case is not None:
        pages.append(("A case", f"/{language}/cases/{case.slug}"))
    pages.append(("The desk", "/desk"))
    people = [(KEEPER, "keeper"), (CURATOR, "curator"), *((member, "partner") for member in MEMBERS[:2])]
    lines = [
        "",
        "[bold]Open[/bold]",
        *(f"  {escape(name):<24}{settings.site_url}{path}" for name, path in pages),
        "",
        f"[bold]Sign in[/bold] at the desk with the password [bold]{PASSWORD}[/bold]",
        *(f"  {role:<24}{person.email}" for person, role in people),
    ]
    return "\n".join(lines)
