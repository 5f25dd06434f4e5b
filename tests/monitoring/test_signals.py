"""The traffic light, state by state."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.clock import now
from gallery.db.models import WorkerBeat
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun
from gallery.monitoring.signals import Light, Signal, signals, worst
from gallery.monitoring.state import Queue, SiteState, used_disks
from gallery.web.languages import site_languages, use_language
from tests.conftest import settings_for

NOW = now()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTINGS = settings_for(
    Path("/nowhere"), "sqlite:////nowhere", smtp_url="smtp://localhost", site_url="https://gallery.example"
)


def beat(seconds: float, host: str = "one", failed: timedelta | None = None) -> WorkerBeat:
    return WorkerBeat(
        host=host,
        process=int(seconds),
        started_at=NOW - DAY,
        seen_at=NOW - timedelta(seconds=seconds),
        failed_at=NOW - failed if failed else None,
    )


def runs(kind: str, age: timedelta, **facts: Any) -> dict[str, Any]:
    run = MaintenanceRun(kind=MaintenanceKind(kind), ended_at=NOW - age, facts=facts)
    return {"runs": {MaintenanceKind(kind): run}}


def certificate(left: timedelta, life: timedelta = 90 * DAY, read: timedelta = HOUR) -> dict[str, Any]:
    ends_at = NOW + left
    return runs("certificate", read, begins_at=(ends_at - life).isoformat(), ends_at=ends_at.isoformat())


def signal_of(name: str, values: dict[str, Any]) -> Signal:
    (found,) = [each for each in signals(SiteState(NOW, **values), SETTINGS) if each.name == name]
    return found


GREEN, AMBER, RED = Light.GREEN, Light.AMBER, Light.RED

# The name of a signal, a state, its light, and whether keepers get a mail.
STATES: list[tuple[str, dict[str, Any], Light, bool]] = [
    ("worker", {}, RED, True),
    ("worker", {"beats": (beat(10),)}, GREEN, False),
    ("worker", {"beats": (beat(39),)}, GREEN, False),
    ("worker", {"beats": (beat(41),)}, RED, True),
    ("worker", {"beats": (beat(5), beat(600))}, GREEN, False),  # killed, and started again
    ("worker", {"beats": (beat(5), beat(600, "two"))}, AMBER, False),
    ("worker", {"beats": (beat(5, failed=MINUTE),)}, AMBER, False),
    ("worker", {"beats": (beat(5, failed=2 * HOUR),)}, GREEN, False),
    ("withdrawals", {}, GREEN, False),
    ("withdrawals", {"withdrawals": Queue(1, NOW - 9 * MINUTE)}, GREEN, False),
    ("withdrawals", {"withdrawals": Queue(1, NOW - 11 * MINUTE)}, RED, True),
    ("backup", {}, AMBER, False),
    ("backup", runs("setup", DAY), AMBER, False),
    ("backup", runs("setup", 27 * HOUR), RED, True),
    ("backup", runs("backup", 25 * HOUR), GREEN, False),
    ("backup", runs("backup", 27 * HOUR), RED, True),
    ("backup", runs("backup", HOUR, damaged=2), AMBER, True),
    ("check", {}, GREEN, False),
    ("check", runs("check", 90 * DAY, problems=0), GREEN, False),
    ("check", runs("check", HOUR, problems=3), RED, True),
    ("disk", {}, GREEN, False),
    ("disk", {"disks": {"home": 0.85}}, GREEN, False),
    ("disk", {"disks": {"home": 0.1, "pictures": 0.86}}, AMBER, True),
    ("disk", {"disks": {"home": 0.96}}, RED, True),
    ("mails", {"mails": Queue(3, NOW - 59 * MINUTE)}, GREEN, False),
    ("mails", {"mails": Queue(3, NOW - 61 * MINUTE)}, RED, True),
    ("mails", {"mails_given_up": 1}, AMBER, False),
    ("pictures", {"pictures": Queue(9, NOW - MINUTE)}, GREEN, False),
    ("pictures", {"pictures": Queue(9, NOW - 61 * MINUTE)}, AMBER, False),
    ("pictures", {"pictures": Queue(1, NOW), "pictures_late": 1}, AMBER, False),
    ("certificate", {}, GREEN, False),
    ("certificate", certificate(15 * DAY), GREEN, False),
    ("certificate", certificate(13 * DAY), AMBER, True),
    ("certificate", certificate(2 * DAY), RED, True),
    ("certificate", certificate(-DAY), RED, True),
    ("certificate", certificate(2 * DAY, life=6 * DAY), GREEN, False),  # it is renewed every few days
    ("certificate", certificate(DAY, life=6 * DAY), AMBER, True),
    ("certificate", certificate(-DAY, read=4 * DAY), GREEN, False),  # it may have been renewed since
]


@pytest.mark.parametrize(("name", "values", "light", "is_mailed"), STATES)
def test_each_state_has_its_light(name: str, values: dict[str, Any], light: Light, is_mailed: bool) -> None:
    found = signal_of(name, values)
    assert (found.light, found.is_mailed) == (light, is_mailed)
    assert light == GREEN or str(found.advice)
    texts = set()
    for language in site_languages():
        with use_language(language):
            texts.add(str(found.sentence))
            assert "%(" not in f"{found.heading}{found.sentence}{found.advice}{found.light.label}"
    assert len(texts) == len(site_languages())


def test_every_signal_and_every_light_is_among_the_states() -> None:
    named = {each.name for each in signals(SiteState(NOW), SETTINGS)}
    assert {name for name, *_ in STATES} == named
    assert {light for _, _, light, _ in STATES} == set(Light)


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    good = Signal("a", "", GREEN, "")
    assert worst([]) == worst([good]) == GREEN
    assert worst([good, dataclasses.replace(good, light=AMBER)]) == AMBER
    assert worst([dataclasses.replace(good, light=RED), good]) == RED


def test_a_site_without_mail_server_or_https_is_not_accused_of_either() -> None:
    plain = dataclasses.replace(SETTINGS, smtp_url="", site_url="http://127.0.0.1:8000")
    state = SiteState(NOW, mails=Queue(5, NOW - DAY), **certificate(-DAY))
    lights = {each.name: each.light for each in signals(state, plain)}
    assert (lights["mails"], lights["certificate"]) == (GREEN, GREEN)


def test_each_disk_is_named_once_and_missing_folders_are_none(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'gallery.sqlite3'}")
    used = used_disks(settings)
    assert list(used) == ["home"]  # pictures and database are on the same disk
    assert 0 <= used["home"] <= 1
    missing = tmp_path / "missing"
    assert used_disks(settings_for(missing, f"sqlite:///{missing / 'gallery.sqlite3'}")) == {}
