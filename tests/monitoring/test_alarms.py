"""Mails to keepers: once a day for each thing, also when the worker that sends mails is the silent one."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gallery.accounts.models import Person
from gallery.clock import frozen_at, now
from gallery.db.models import WorkerBeat
from gallery.mail.models import Mail, MailState
from gallery.monitoring import chores
from gallery.monitoring.alarms import WORKER_MISSED_AFTER, tell_of_silent_workers
from gallery.monitoring.certificate import certificate_dates
from gallery.monitoring.maintenance import record_run
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun
from gallery.monitoring.state import ALARM_MAIL
from gallery.settings import Settings
from gallery.worker import ChoreContext
from tests.conftest import Site, settings_for
from tests.mail.post_office import PostOffice, text_of

DAY = timedelta(days=1)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    yield office
    office.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path, office: PostOffice) -> Settings:
    return settings_for(tmp_path, database_url, smtp_url=office.url, site_url="https://gallery.example")


def context(site: Site) -> ChoreContext:
    return ChoreContext(site.settings, site.storage)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_backup_that_is_too_old_is_told_once_a_day(site: Site, office: PostOffice) -> None:
    await record_run(MaintenanceKind.BACKUP, damaged=0)
    await site.work()
    assert office.mails == []
    later = now() + 2 * DAY
    with frozen_at(later):
        await site.work()
        await site.work()
    (mail,) = office.mails
    assert mail["to"] == site.cast.keeper.email
    assert "backup is more than a day old" in str(mail["subject"]) + text_of(mail)
    assert "https://gallery.example/desk/worker#backup" in text_of(mail)
    with frozen_at(later + DAY):
        await site.work()
    assert len(office.mails) == 2
    await record_run(MaintenanceKind.BACKUP, at=later + 2 * DAY, damaged=0)
    with frozen_at(later + 2 * DAY):
        await site.work()
    assert len(office.mails) == 2


async def test_each_keeper_reads_it_in_their_language(site: Site) -> None:
    await Person.filter(id=site.cast.keeper.id).update(language="zh")
    await record_run(MaintenanceKind.CHECK, problems=3)
    await chores.notify_of_signals(context(site))
    mail = await Mail.get(kind=ALARM_MAIL)
    assert mail.facts["sentence"]["zh"].startswith("上次核对发现 3 个问题")
    assert mail.facts["sentence"]["en"].startswith("The last check found problems: 3")


async def test_only_keepers_are_told(site: Site) -> None:
    await record_run(MaintenanceKind.CHECK, problems=1)
    await chores.notify_of_signals(context(site))
    assert [mail.email for mail in await Mail.filter(kind=ALARM_MAIL)] == [site.cast.keeper.email]


async def test_a_silent_worker_is_told_by_the_serving_process(site: Site, office: PostOffice) -> None:
    long_ago = now() - DAY
    await Mail.create(kind="digest", email="a@example.org", due_at=long_ago, facts={"count": 1})
    await tell_of_silent_workers(context(site), started_at=now())
    assert office.mails == [], "a process that has just started waits for its worker"
    await WorkerBeat.create(host="here", process=1, started_at=long_ago, seen_at=now())
    await tell_of_silent_workers(context(site), long_ago)
    assert office.mails == []
    await WorkerBeat.all().update(seen_at=now() - WORKER_MISSED_AFTER)
    for _ in range(2):
        await tell_of_silent_workers(context(site), long_ago)
    (mail,) = office.mails
    assert "No worker has been seen since" in str(mail["subject"])
    assert await Mail.filter(state=MailState.UNSENT).count() == 1, "other mails are left to the worker"


async def test_the_worker_does_not_tell_of_itself(site: Site) -> None:
    await record_run(MaintenanceKind.BACKUP, damaged=0)
    await chores.notify_of_signals(context(site))
    assert not await Mail.exists(kind=ALARM_MAIL)


class TlsServer:
    """Presents a self-signed certificate that ends at `ends_at`."""

    def __init__(self, folder: Path, ends_at: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(ends_at - 90 * DAY)
            .not_valid_after(ends_at)
            .sign(key, hashes.SHA256())
        )
        pem = folder / "certificate.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pem)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                with suppress(OSError), self.tls.wrap_socket(connection, server_side=True) as wrapped:
                    wrapped.recv(1)


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path, datetime(2026, 1, 31, 12, tzinfo=UTC))
    yield server
    server.listening.close()


async def test_the_certificate_is_read_although_it_has_expired(expired: TlsServer) -> None:
    _, ends_at = await certificate_dates(expired.url)
    assert ends_at == datetime(2026, 1, 31, 12, tzinfo=UTC)


async def test_the_certificate_is_read_once_a_day_and_its_end_is_told(site: Site, expired: TlsServer) -> None:
    reaching = dataclasses.replace(site.settings, site_url=expired.url, check_links=True)
    there = ChoreContext(reaching, site.storage)
    await chores.read_certificate(there)
    first = await MaintenanceRun.get(kind=MaintenanceKind.CERTIFICATE)
    await chores.read_certificate(there)
    assert (await MaintenanceRun.get(kind=MaintenanceKind.CERTIFICATE)).ended_at == first.ended_at
    with frozen_at(now() + DAY):
        await chores.read_certificate(there)
    assert (await MaintenanceRun.get(kind=MaintenanceKind.CERTIFICATE)).ended_at > first.ended_at
    await record_run(MaintenanceKind.BACKUP, damaged=0)
    await chores.notify_of_signals(there)
    mail = await Mail.get(kind=ALARM_MAIL)
    assert "The certificate ended at 31 Jan 2026" in mail.facts["sentence"]["en"]


async def test_a_certificate_that_cannot_be_read_is_no_alarm(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    there = dataclasses.replace(site.settings, site_url=f"https://127.0.0.1:{port}", check_links=True)
    await chores.read_certificate(ChoreContext(there, site.storage))
    assert not await MaintenanceRun.exists()
    await record_run(MaintenanceKind.BACKUP, damaged=0)
    await chores.notify_of_signals(ChoreContext(there, site.storage))
    assert not await Mail.exists(kind=ALARM_MAIL)
