"""/healthz, /readyz and /metrics: what they answer, and to whom."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gallery.artists.models import Withdrawal
from gallery.clock import now
from gallery.db.connection import Database
from gallery.db.models import WorkerBeat
from gallery.mail.models import Mail
from gallery.monitoring import readiness, state
from gallery.monitoring.monitor import Monitor
from gallery.monitoring.state import Remembered
from gallery.sounds.models import Sound, SoundState
from gallery.storage import StoreUnavailable
from tests import factories
from tests.conftest import Site

PATHS = ("/healthz", "/readyz", "/metrics")
OPERATING = (Path(__file__).parents[2] / "docs/operating.md").read_text()


async def alive() -> None:
    await WorkerBeat.create(host="here", process=1, started_at=now(), seen_at=now())


def at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered from one question to the next."""
    remembered = [site.app.state.monitor.state]
    remembered += [getattr(site.app.state.monitor.readiness, name) for name in ("_database", "_store")]
    for each in remembered:
        monkeypatch.setattr(each, "_seconds", 0)


async def visitor_from(site: Site, address: str, **headers: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(site.app, client=(address, 4711)),
        base_url="http://gallery.test",
        headers=headers,
    )
    await site._clients.enter_async_context(client)
    return client


async def figures(client: httpx.AsyncClient) -> dict[str, float]:
    """name{labels without the process} → value"""
    found = {}
    for family in text_string_to_metric_families((await client.get("/metrics")).text):
        for sample in family.samples:
            labels = [f'{name}="{value}"' for name, value in sample.labels.items() if name != "process"]
            found[sample.name + (f"{{{','.join(labels)}}}" if labels else "")] = sample.value
    return found


async def test_a_process_says_that_it_lives(site: Site) -> None:
    answer = await (await site.client()).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("path", PATHS)
async def test_no_cache_and_no_search_engine_keeps_an_answer(site: Site, path: str) -> None:
    client = await site.client()
    for language in ("/zh", "/en"):
        assert (await client.get(f"{language}{path}")).status_code == 404
    answer = await client.get(path)
    assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")
    assert "set-cookie" not in answer.headers
    assert path not in (await client.get("/zh/")).text + (await client.get("/robots.txt")).text
    assert (await client.post(path)).status_code == 405


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_site_whose_parts_all_answer_is_ready(site: Site) -> None:
    await alive()
    answer = await (await site.client()).get("/readyz?all")
    parts = ("database", "migrations", "store", "worker", "disk")
    assert answer.json()["checks"] | {"disk": "ok"} == dict.fromkeys(parts, "ok")


async def test_a_silent_worker_is_named_and_takes_no_process_off_the_net(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "used_disks", lambda settings: {"home": 0.5})
    client = await site.client()
    for query, status in (("", 200), ("?all", 503)):
        answer = await client.get(f"/readyz{query}")
        assert (answer.status_code, answer.json()["status"]) == (status, "degraded")
        assert answer.json()["checks"]["worker"] == "silent"


async def test_a_full_disk_and_a_store_that_is_away_are_named(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: object) -> None:
        raise StoreUnavailable("The store at s3.example.org with the key KEYID does not answer.")

    monkeypatch.setattr(state, "used_disks", lambda settings: {"home": 0.99})
    monkeypatch.setattr(type(site.storage), "check", away)
    answer = await (await site.client()).get("/readyz")
    checks = answer.json()["checks"]
    assert (checks["store"], checks["disk"]) == ("does not answer", "nearly full")
    assert answer.status_code == 200
    assert "KEYID" not in answer.text
    assert "example.org" not in answer.text


async def test_without_database_or_migrations_a_process_is_not_ready(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(site, monkeypatch)
    client = await site.client()

    async def lacks(self: object) -> list[str]:
        return ["0099_later"]

    async def breaks(self: object) -> list[str]:
        raise OSError("postgresql://user:word@host")

    for missing, checks in (
        (lacks, {"database": "ok", "migrations": "missing"}),
        (breaks, {"database": "does not answer", "migrations": "unknown"}),
    ):
        monkeypatch.setattr(Database, "missing_migrations", missing)
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert answer.json()["checks"].items() >= checks.items()
        assert "word" not in answer.text


async def test_parts_are_examined_seldom_however_often_it_is_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    examined = 0

    async def check(self: object) -> None:
        nonlocal examined
        examined += 1

    monkeypatch.setattr(type(site.storage), "check", check)
    client = await site.client()
    for _ in range(5):
        await client.get("/readyz")
    assert examined == 1
    assert readiness.STORE_SECONDS >= readiness.DATABASE_SECONDS


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_figures_of_the_site(site: Site) -> None:
    await alive()
    await factories.received(site.storage, site.cast.organisation)
    await Mail.create(kind="digest", email="a@example.org", due_at=now() - timedelta(minutes=5))
    await Mail.create(kind="digest", email="b@example.org", due_at=now() + timedelta(days=1))
    for minutes in (30, 20, 10):
        consent = await factories.consent(site.cast.organisation)
        at = now() - timedelta(minutes=minutes)
        took = None if minutes == 10 else at + timedelta(seconds=minutes)
        await Withdrawal.create(consent=consent, at=at, files_deleted_at=took)
    for sound_state, failures in ((SoundState.RECEIVED, 1), (SoundState.REFUSED, 0), (SoundState.READY, 0)):
        await Sound.create(
            organisation=site.cast.organisation,
            source_bytes=1,
            source_sha256="x",
            state=sound_state,
            failures=failures,
        )
    client = await site.client()
    await client.get("/zh/")
    await client.get("/zh/")
    await client.get("/desk/works")
    found = await figures(client)
    assert found["gallery_pictures_waiting"] == 1
    assert [found[f"gallery_sounds_{name}"] for name in ("waiting", "late", "refused")] == [1, 1, 1]
    assert found["gallery_mails_waiting"] == 1
    assert 300 <= found["gallery_mails_waiting_seconds"] < 900
    assert (found["gallery_withdrawals_waiting"], found["gallery_withdrawals_last_day"]) == (1, 2)
    assert found["gallery_withdrawals_waiting_seconds"] >= 600
    assert (found["gallery_withdrawal_median_seconds"], found["gallery_withdrawal_longest_seconds"]) == (
        30,
        30,
    )
    assert found["gallery_workers_alive"] == 1
    assert found["gallery_database_up"] == 1
    assert found['gallery_cache_hits_total{cache="pages"}'] == 1
    assert found['gallery_requests_total{kind="page",status="200"}'] == 1
    assert found['gallery_requests_total{kind="desk",status="303"}'] == 1
    assert found['gallery_request_seconds_count{kind="page"}'] == 1
    assert found['gallery_signal{name="worker"}'] == 0


async def test_nothing_private_is_among_the_figures(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.keeper)
    await client.get(f"/zh/works/{work.public_id}")
    await client.get("/c/SECRETSECRET")
    text = (await client.get("/metrics")).text
    for private in (work.public_id, "SECRET", "@", str(site.settings.home), site.settings.secret_key + '"'):
        assert private not in text


async def test_a_database_that_is_away_leaves_the_figures_of_the_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks() -> Any:
        raise OSError("gone")

    monkeypatch.setattr(site.app.state.monitor, "state", Remembered(breaks, 0))
    found = await figures(await site.client())
    assert found["gallery_database_up"] == 0
    assert "gallery_pictures_waiting" not in found
    assert found['gallery_cache_hits_total{cache="pages"}'] == 0


@pytest.mark.parametrize(
    ("allow", "address", "headers", "status"),
    [
        ("127.0.0.1,::1", "127.0.0.1", {}, 200),
        ("127.0.0.1,::1", "::1", {}, 200),
        ("127.0.0.1,::1", "::ffff:127.0.0.1", {}, 200),
        ("127.0.0.1,::1", "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1,::1", "127.0.0.1", {"via": "1.1 proxy"}, 404),
        ("127.0.0.1,::1", "192.0.2.7", {}, 404),
        ("127.0.0.1,::1", "testclient", {}, 404),
        ("127.0.0.1, 10.1.0.0/16", "10.1.2.3", {"x-forwarded-for": "10.1.2.3"}, 200),
        ("10.1.0.0/16", "127.0.0.1", {}, 404),
        ("10.1.0.0/16", "10.2.0.1", {}, 404),
    ],
)
async def test_only_allowed_addresses_read_the_figures(
    site: Site, allow: str, address: str, headers: dict[str, str], status: int
) -> None:
    site.app.state.pages.settings = dataclasses.replace(site.settings, metrics_allow=allow)
    answer = await (await visitor_from(site, address, **headers)).get("/metrics")
    assert answer.status_code == status
    assert ("gallery_" in answer.text) == (status == 200)


async def test_a_keeper_who_is_signed_in_is_no_exception(site: Site) -> None:
    client = await visitor_from(site, "192.0.2.7")
    client.cookies = (await site.client(site.cast.keeper)).cookies
    assert (await client.get("/metrics")).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_number_of_queries_is_small_and_does_not_grow(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def queries() -> int:
        with caplog.at_level("DEBUG", logger="tortoise.db_client"):
            caplog.clear()
            await state.read_state(site.settings)
            return sum(record.name == "tortoise.db_client" for record in caplog.records)

    few = await queries()
    for _ in range(5):
        await factories.received(site.storage, site.cast.organisation)
        await alive_elsewhere()
        consent = await factories.consent(site.cast.organisation)
        await Withdrawal.create(consent=consent, at=now(), files_deleted_at=now())
    assert await queries() == few <= 15


async def alive_elsewhere() -> None:
    number = await WorkerBeat.all().count()
    await WorkerBeat.create(host=f"host-{number}", process=number, started_at=now(), seen_at=now())


async def test_a_state_is_read_once_for_all_who_ask(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    client = await site.client()
    await client.get("/metrics")
    with caplog.at_level("DEBUG", logger="tortoise.db_client"):
        caplog.clear()
        await client.get("/metrics")
        assert [each for each in caplog.records if "mail" in each.getMessage()] == []


async def test_every_figure_is_documented(site: Site) -> None:
    site.app.state.monitor.metrics._lag.labels("1").observe(0)
    client = await site.client()
    await client.get("/zh/")
    text = (await client.get("/metrics")).text
    families = {family.name for family in text_string_to_metric_families(text)}
    named = set(re.findall(r"^\| `(gallery_\w+?)(?:_total)?`", OPERATING, re.MULTILINE))
    assert families == named


async def test_the_lag_of_the_event_loop_is_measured(site: Site) -> None:
    monitor: Monitor = site.app.state.monitor
    clock = iter((0.0, 100.0))

    class Loop:
        @staticmethod
        def time() -> float:
            return next(clock)

    with pytest.MonkeyPatch.context() as patch:
        from gallery.monitoring import metrics

        patch.setattr(metrics.asyncio, "get_running_loop", Loop)
        patch.setattr(metrics, "LAG_INTERVAL", 0)
        with pytest.raises((StopIteration, RuntimeError)):
            await monitor.metrics.measure_lag()
    found = await figures(await site.client())
    assert found["gallery_event_loop_lag_seconds_sum"] >= 100
