"""`gallery demo`: a complete example site, filled on first use and then served."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import click
from rich.markup import escape

from gallery.artworks.models import Artwork
from gallery.cli.common import ProgressReporter, console, open_database, progress_bar, set_up
from gallery.cli.processes import open_socket, port_option, run, serve_site, settings_with_port
from gallery.demo.content import CURATOR, EXHIBITIONS, KEEPER, MEMBERS, PASSWORD
from gallery.demo.data_entry import DemoContent, EntryRefused, enter_demo, form_key
from gallery.settings import Settings

PICTURE_SECONDS = 180  # for one picture: our own drawings are harmless, and drawing keeps the machine busy


@click.command()
@port_option
@click.option("--no-serve", is_flag=True, help="Fill the site and stop.")
def demo(port: int, no_serve: bool) -> None:
    """Fill an example site in the folder `demo`, and serve it.

    The first time takes a minute or two, because all pictures are drawn. Later starts take seconds and
    add nothing. To start again from nothing, delete the folder. GALLERY_HOME names another folder.
    """
    if not os.environ.get("GALLERY_HOME", "").strip():
        os.environ["GALLERY_HOME"] = str(
            Path.cwd() / "demo"
        )  # in the environment, where the worker process finds it too
    os.environ.setdefault("GALLERY_CHECK_LINKS", "0")  # its links are examples
    os.environ.pop("GALLERY_SMTP_URL", None)  # its people are invented: no mail may be sent to them
    os.environ.setdefault("GALLERY_SECOND_FACTOR", "offered")  # its password is printed for everybody
    settings = settings_with_port(port)
    settings = dataclasses.replace(settings, image_seconds=max(settings.image_seconds, PICTURE_SECONDS))
    listening = None if no_serve else open_socket("127.0.0.1", port)
    try:
        welcome = run(prepare(settings))
    except EntryRefused as refusal:
        raise click.ClickException(f"The demo could not be filled. {refusal}") from refusal
    console.print(welcome, soft_wrap=True)  # keep addresses on one line
    if listening is not None:
        run(serve_site(settings, listening, with_worker=settings.worker, on_start=print_serving))


def print_serving() -> None:
    console.print("\nServing · Ctrl-C stops it.")


async def prepare(settings: Settings, chosen: DemoContent | None = None) -> str:
    """Set up the site and fill in what is missing; returns the text with addresses and passwords."""
    await set_up(settings)
    async with open_database(settings):
        with progress_bar() as bar:
            await enter_demo(settings, ProgressReporter(bar), chosen)
        return await welcome_text(settings)


async def welcome_text(settings: Settings) -> str:
    works = {work.slug: form_key(work) for work in DemoContent().works}
    pages = [("Home", "/zh/"), ("", "/en/")]
    pages += [(exhibition.title.en, f"/zh/exhibitions/{exhibition.slug}") for exhibition in EXHIBITIONS]
    touchstone = await Artwork.get_or_none(form_key=works["dumpling-wrappers"])
    if touchstone is not None:
        pages.append(("A work", f"/zh/works/{touchstone.public_id}"))
    agreed = await Artwork.get_or_none(form_key=works["tangyuan"]).prefetch_related("consent")
    if agreed is not None and agreed.consent is not None:
        pages.append(("A consent link", f"/c/{agreed.consent.code}"))
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
