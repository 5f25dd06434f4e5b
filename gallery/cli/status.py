"""`gallery status`: the traffic light and what is waiting, in the terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import click
from rich.table import Table

from gallery.cli.common import console, database_address, json_option, open_database
from gallery.cli.processes import run
from gallery.monitoring.readiness import OK, examine_store
from gallery.monitoring.signals import Light, Signal, signals, worst
from gallery.monitoring.state import SiteState, read_state
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.languages import use_language

STYLES = {Light.GREEN: "green", Light.AMBER: "yellow", Light.RED: "bold red"}


@click.command()
@json_option
def status(is_json: bool) -> None:
    """Say whether the site is in order: worker, withdrawals, backup, check, disk, mails, pictures, certificate.

    Changes nothing, but for a small file that is written to the store and deleted again. Ends with 0 if
    everything is in order, with 1 if anything needs attention.
    """
    settings = Settings.from_env()
    with use_language("en"):
        state, found = run(read_signals(settings))
        light = worst(found)
        if is_json:
            click.echo(json.dumps(as_json(state, found)))
        else:
            print_status(settings, state, found)
    if light != Light.GREEN:
        raise SystemExit(1)


async def read_signals(settings: Settings) -> tuple[SiteState, list[Signal]]:
    """Read the signals of the traffic light. Raises DatabaseOutOfDate, RestoreUnfinished, DatabaseUnreachable."""
    async with open_database(settings) as database:
        await database.check()
        state = await read_state(settings)
    return state, [*signals(state, settings), await store_signal(Storage(settings))]


async def store_signal(storage: Storage) -> Signal:
    answer = await examine_store(storage)
    if answer == OK:
        return Signal("store", "Store of pictures", Light.GREEN, "It can be read and written.")
    return Signal(
        "store",
        "Store of pictures",
        Light.RED,
        "It cannot be used from here.",
        f"Look at {storage.location}: pages are served, pictures are not.",
    )


def as_json(state: SiteState, found: list[Signal]) -> dict[str, Any]:
    return {
        "version": version("gallery"),
        "light": worst(found).value,
        "signals": [
            {
                "name": signal.name,
                "light": signal.light.value,
                "sentence": str(signal.sentence),
                "advice": str(signal.advice),
            }
            for signal in found
        ],
        "waiting": {
            name: {"count": queue.count, "age_seconds": round(queue.age(state.at).total_seconds())}
            for name, queue in state.queues().items()
        },
    }


def print_status(settings: Settings, state: SiteState, found: list[Signal]) -> None:
    console.print(f"Gallery   {version('gallery')}, {settings.site_url}")
    console.print(f"Database  {database_address(settings)}")
    table = Table("", "State", "", box=None, padding=(0, 2, 0, 0))
    for signal in found:
        state_word = f"[{STYLES[signal.light]}]{signal.light.label}[/]"
        table.add_row(
            str(signal.heading),
            state_word,
            " ".join(filter(None, [str(signal.sentence), str(signal.advice)])),
        )
    console.print(table)
    waiting = [
        f"{name} {queue.count}" + (f" (oldest {_whole_seconds(queue.age(state.at))})" if queue.count else "")
        for name, queue in state.queues().items()
    ]
    console.print(f"Waiting   {', '.join(waiting)}")


def _whole_seconds(age: timedelta) -> timedelta:
    return timedelta(seconds=round(age.total_seconds()))
