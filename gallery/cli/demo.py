"""`gallery demo`: a complete example site, filled on first use and then served."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import click

from gallery.cli.common import console
from gallery.cli.processes import open_socket, port_option, run, serve_site, settings_with_port

PICTURE_SECONDS = 180  # time limit for processing a picture; long, because drawing keeps the machine busy


@click.command()
@port_option
@click.option("--no-serve", is_flag=True, help="Fill the site and stop.")
def demo(port: int, no_serve: bool) -> None:
    """Fill an example site in the folder `demo`, and serve it.

    The first time takes a minute or two, because all pictures are drawn. Later starts take seconds and
    add nothing. To start again from nothing, delete the folder. GALLERY_HOME names another folder.
    """
    try:
        from gallery.cli.demo_site import prepare
        from gallery.demo.data_entry import EntryRefused
    except ModuleNotFoundError as missing:
        if missing.name != "httpx":
            raise
        raise click.ClickException(
            "`gallery demo` needs the extra “demo”: pip install 'gallery[demo]'"
        ) from None
    if not os.environ.get("GALLERY_HOME", "").strip():
        os.environ["GALLERY_HOME"] = str(Path.cwd() / "demo")  # inherited by the worker process
    os.environ.setdefault("GALLERY_LANGUAGES", "zh,zh-Hant,en")
    os.environ.setdefault("GALLERY_CHECK_LINKS", "0")  # the links on the example site are invented
    os.environ.pop("GALLERY_SMTP_URL", None)  # the people are invented: no mail may be sent to them
    # Not required: the passwords are printed for everybody.
    os.environ.setdefault("GALLERY_SECOND_FACTOR", "offered")
    settings = settings_with_port(port)
    settings = dataclasses.replace(settings, image_seconds=max(settings.image_seconds, PICTURE_SECONDS))
    listening = None if no_serve else open_socket("127.0.0.1", port)
    try:
        welcome = run(prepare(settings))
    except EntryRefused as refusal:
        raise click.ClickException(f"The demo could not be filled. {refusal}") from refusal
    console.print(welcome, soft_wrap=True)  # do not break a URL over two lines
    if listening is not None:
        run(serve_site(settings, listening, with_worker=settings.worker, on_start=print_serving))


def print_serving() -> None:
    console.print("\nServing · Ctrl-C stops it.")
