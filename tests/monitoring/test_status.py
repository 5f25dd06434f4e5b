"""`gallery status`, `gallery check --json`, and what the commands record; the keepers' page shows the same."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gallery.cli.backup_folder import list_copies
from gallery.clock import now
from gallery.db.models import WorkerBeat
from gallery.monitoring.maintenance import forget_runs_before_restore, record_run
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun
from gallery.storage import StoreUnavailable
from tests import factories
from tests.command_line import gallery, on_site
from tests.conftest import Site
from tests.markup import texts_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def in_order(site: Site) -> None:
    await WorkerBeat.create(host="here", process=1, started_at=now(), seen_at=now())
    await record_run(MaintenanceKind.BACKUP, damaged=0)


async def test_status_says_what_is_in_order_and_what_is_not(site: Site) -> None:
    await in_order(site)
    lights = {each["name"]: each["light"] for each in status(site)["signals"]}
    assert {**lights, "disk": "green"} == dict.fromkeys(lights, "green")
    assert {"worker", "backup", "store", "disk", "certificate"} <= set(lights)
    await WorkerBeat.all().delete()
    await record_run(MaintenanceKind.BACKUP, at=now() - timedelta(days=2), damaged=0)
    await factories.received(site.storage, site.cast.organisation)
    done = on_site(site, "status")
    assert done.returncode == 1
    assert "No worker has been seen recently." in done.stdout
    assert "act now" in done.stdout
    assert "pictures 1 (oldest" in done.stdout
    found = status(site)
    assert found["light"] == "red"
    assert found["waiting"]["pictures"]["count"] == 1


def status(site: Site) -> dict[str, Any]:
    done = on_site(site, "status", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["light"] == "green" else 1), done.stderr
    assert site.cast.keeper.email not in done.stdout
    return found


async def test_check_says_the_same_to_programs_and_is_remembered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = on_site(site, "check", "--json")
    assert done.stderr == ""  # no terminal, no progress
    found = json.loads(done.stdout)
    assert (done.returncode, found["problems"], found["findings"]) == (0, 0, []), done.stderr
    assert found["audit_log"].startswith("The audit log is whole")
    run = await MaintenanceRun.get(kind=MaintenanceKind.CHECK)
    assert run.facts == {"problems": 0}
    picture = await factories.received(site.storage, site.cast.organisation)
    await site.storage.private.delete(f"originals/{picture.token}")
    await type(picture).filter(id=picture.id).update(created_at=now() - timedelta(days=2))
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes standard error a terminal
    done = on_site(site, "check", "--json", "--deep")
    assert "References" in done.stderr
    found = json.loads(done.stdout)
    assert (done.returncode, found["problems"]) == (1, len(found["findings"]))
    assert found["problems"] >= 1
    assert {"sentence", "where", "advice", "is_notice", "is_mended"} == set(found["findings"][0])
    assert (await MaintenanceRun.get(kind=MaintenanceKind.CHECK)).facts == {"problems": found["problems"]}


def test_exit_codes(tmp_path: Path) -> None:
    assert gallery(tmp_path, "status").returncode == 1  # there is no database yet
    assert gallery(tmp_path, "status", "--no-such-option").returncode == 2
    refused = gallery(tmp_path, "status", METRICS_ALLOW="everybody")
    assert (refused.returncode, "GALLERY_METRICS_ALLOW" in refused.stderr) == (2, True)
    for name, value in (("LOG_FORMAT", "xml"), ("SLOW_REQUEST_MS", "-1"), ("METRICS_ALLOW", "10.0.0.1/8")):
        refused = gallery(tmp_path, "status", **{name: value})
        assert (refused.returncode, f"GALLERY_{name}" in refused.stderr) == (2, True)


@pytest.mark.engines("sqlite")  # pg_dump may be older than the tests' server
async def test_a_backup_is_remembered_and_a_failed_one_is_not(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    done = on_site(site, "backup", str(folder))
    assert done.returncode == 0, done.stderr
    run = await MaintenanceRun.get(kind=MaintenanceKind.BACKUP)
    assert run.facts == {"damaged": 0}
    assert len(list_copies(folder)) == 1
    assert on_site(site, "backup", str(folder), "--only-withdrawals").returncode == 0
    assert on_site(site, "backup", "/proc/no-such-folder").returncode == 1
    assert (await MaintenanceRun.get(kind=MaintenanceKind.BACKUP)).ended_at == run.ended_at


async def test_a_restored_site_knows_its_copy_and_nothing_of_its_former_machine(site: Site) -> None:
    await record_run(MaintenanceKind.BACKUP, at=now() - timedelta(days=9), damaged=1)
    await record_run(MaintenanceKind.CHECK, problems=3)
    copied_at = now() - timedelta(hours=1)
    await forget_runs_before_restore(copied_at)
    setup, run = await MaintenanceRun.all().order_by("id")
    assert setup.kind == MaintenanceKind.SETUP
    assert (run.kind, run.ended_at, run.facts) == (MaintenanceKind.BACKUP, copied_at, {"damaged": 0})


async def test_the_keepers_page_shows_the_light_in_words(site: Site) -> None:
    await in_order(site)
    client = await site.client(site.cast.keeper)
    page = (await client.get("/desk/worker")).text
    assert texts_in(page, ".traffic-light strong") == ["Everything is in order."]
    assert set(texts_in(page, ".signals .state")) == {"in order"}
    await record_run(MaintenanceKind.CHECK, problems=2)
    page = (await client.get("/desk/worker")).text
    assert texts_in(page, ".traffic-light strong") == ["Something needs a keeper now."]
    assert texts_in(page, ".signals .state")[0] == "act now"  # first what needs a keeper
    assert "The last check found problems: 2" in texts_in(page, "#check")[0]


async def test_the_store_is_examined_by_status(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from gallery.cli.status import store_signal

    async def away(self: object) -> None:
        raise StoreUnavailable("away")

    assert (await store_signal(site.storage)).light == "green"
    monkeypatch.setattr(type(site.storage), "check", away)
    assert (await store_signal(site.storage)).light == "red"
