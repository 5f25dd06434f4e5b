"""Sending to a real mail server, with every kind of reply, in the recipient's language."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta

import aiosmtplib
import pytest

from gallery.accounts.models import Person
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.mail.chores import GIVEN_UP_AFTER, KEYS_KEPT_FOR, MAILS_KEPT_FOR, RETRY_DELAYS
from gallery.mail.messages import compose
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, next_digest_at, notify, queue_mail
from gallery.settings import MailServer, Settings, SettingsError
from tests.conftest import Site
from tests.live import LiveSite
from tests.mail.post_office import PostOffice, html_of, text_of

TITLE = "冬至吃汤圆啦"


async def accepted(site: Site, title: str = TITLE, *people: Person) -> Mail:
    news = Notification("work_off_the_wall", "/desk/works/7", {"work": title})
    await notify(people or (site.cast.partner,), news)
    return await Mail.all().order_by("-id").first()  # type: ignore[return-value]


async def due_again() -> None:
    await Mail.filter(state=MailState.UNSENT).update(due_at=now() - timedelta(seconds=1))


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_mail_is_sent_with_both_parts(site: Site, office: PostOffice) -> None:
    mail = await accepted(site)
    await site.work()
    (sent,) = office.mails
    assert office.recipients == ["partner@example.org"]
    assert sent["subject"] == f"Not shown at present: “{TITLE}”"
    assert str(sent["from"]) == "In the Light <gallery@gallery.example>"
    assert sent["auto-submitted"] == "auto-generated"
    assert "https://gallery.example/desk/works/7" in text_of(sent)
    assert '<a href="https://gallery.example/desk/works/7">' in html_of(sent)
    assert TITLE in html_of(sent)
    await mail.refresh_from_db()
    assert mail.state == MailState.SENT
    await site.work()
    assert len(office.mails) == 1


async def test_it_is_signed_with_the_name_that_a_keeper_has_just_given(
    site: Site, office: PostOffice
) -> None:
    await accepted(site)
    names = {"name[zh]": "冬日画廊", "name[en]": "Winter <Gallery>"}
    await (await site.client(site.cast.keeper)).post("/desk/site/texts", data=names)
    await site.work()
    (sent,) = office.mails
    assert text_of(sent).rstrip().endswith("\n\nWinter <Gallery>")
    assert "<p>Winter &lt;Gallery&gt;</p>" in html_of(sent)
    assert str(sent["from"]) == '"Winter <Gallery>" <gallery@gallery.example>'


async def test_it_speaks_the_readers_language(site: Site, office: PostOffice) -> None:
    await Person.filter(id=site.cast.partner.id).update(language="zh")
    await accepted(site)
    await site.work()
    assert office.mails[0]["subject"] == f"目前不展出：《{TITLE}》"
    assert '<html lang="zh-Hans">' in html_of(office.mails[0])
    assert str(office.mails[0]["from"]) == "见光 <gallery@gallery.example>"


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_was_rolled_back_is_not_told(site: Site, office: PostOffice) -> None:
    with pytest.raises(RuntimeError):
        async with in_transaction():
            await accepted(site)
            raise RuntimeError
    await site.work()
    assert office.mails == []


async def test_a_server_that_is_away_is_asked_again_later(site: Site, office: PostOffice) -> None:
    office.close()
    mail = await accepted(site)
    waits = []
    for _ in range(len(RETRY_DELAYS) + 1):
        await site.work()
        await mail.refresh_from_db()
        assert (mail.state, mail.answer) == (MailState.UNSENT, "SMTPConnectError")
        assert mail.lease_until is None
        waits.append(round((mail.due_at - now()) / timedelta(minutes=1)))
        await due_again()
    assert waits == [1, 5, 15, 60, 240, 240]
    office.open()
    await site.work()
    assert len(office.mails) == 1


@pytest.mark.parametrize("answers", ["for_address", "for_message"])
async def test_not_now_is_not_never(site: Site, office: PostOffice, answers: str) -> None:
    getattr(office, answers).append("451 Try again later")
    mail = await accepted(site)
    await site.work()
    await mail.refresh_from_db()
    assert mail.state == MailState.UNSENT
    assert mail.answer.startswith("451")
    assert office.mails == []
    await due_again()
    await site.work()
    assert len(office.mails) == 1


@pytest.mark.parametrize("answers", ["for_address", "for_message"])
async def test_a_refusal_for_good_is_taken_and_told_to_the_keepers(
    site: Site, office: PostOffice, answers: str
) -> None:
    getattr(office, answers).append("550 No such person partner@example.org here")
    mail = await accepted(site)
    await site.work()
    await mail.refresh_from_db()
    assert mail.state == MailState.GIVEN_UP
    assert mail.answer.startswith("550")
    assert "partner" not in mail.answer
    assert office.recipients == ["keeper@example.org"]
    assert "https://gallery.example/desk/outbox" in text_of(office.mails[0])
    await site.work()
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        aiosmtplib.SMTPAuthenticationError(535, "Wrong password"),
        aiosmtplib.SMTPConnectResponseError(554, "No service"),
        aiosmtplib.SMTPHeloError(550, "Who are you?"),
        aiosmtplib.SMTPSenderRefused(550, "Not from here", "gallery@gallery.example"),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
async def test_a_server_that_refuses_the_gallery_gives_up_no_mail(
    site: Site, office: PostOffice, monkeypatch: pytest.MonkeyPatch, refusal: aiosmtplib.SMTPResponseException
) -> None:
    async def refuse(*_args: object, **_options: object) -> None:
        raise refusal

    mail = await accepted(site)
    with monkeypatch.context() as patched:
        patched.setattr(aiosmtplib, "send", refuse)
        await site.work()
    await mail.refresh_from_db()
    assert mail.state == MailState.UNSENT
    assert mail.answer == f"{refusal.code} {type(refusal).__name__}"
    await due_again()
    await site.work()
    assert office.recipients == ["partner@example.org"]


async def test_after_some_days_it_is_given_up(site: Site, office: PostOffice) -> None:
    office.for_message.append("421 Closing")
    mail = await accepted(site)
    await Mail.all().update(created_at=now() - GIVEN_UP_AFTER - timedelta(minutes=1))
    await site.work()
    await mail.refresh_from_db()
    assert mail.state == MailState.GIVEN_UP


async def test_one_that_is_refused_does_not_hold_up_others(site: Site, office: PostOffice) -> None:
    office.for_address.append("450 Mailbox busy")
    await accepted(site, TITLE, site.cast.partner, site.cast.colleague)
    await site.work()
    assert office.recipients == ["colleague@example.org"]


async def test_a_worker_killed_in_the_middle_leaves_the_mail_to_the_next(
    live: LiveSite, office: PostOffice
) -> None:
    """At least once: the server may get it twice, then with the same Message-ID."""
    import asyncio
    import threading

    await notify([live.cast.partner], Notification("work_off_the_wall", "/desk/works/7", {"work": TITLE}))
    office.holds = threading.Event()
    environment = {**live.environment("https://gallery.example"), "GALLERY_SMTP_URL": office.url}
    command = [sys.executable, "-m", "gallery.cli", "worker"]
    with (live.settings.home / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            assert await asyncio.to_thread(office.arrived.wait, 60)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
    office.holds.set()
    mail = await Mail.get()
    assert mail.state == MailState.UNSENT
    assert mail.lease_until is not None
    await Mail.all().update(lease_until=now() - timedelta(seconds=1))
    from gallery.app import CHORES
    from gallery.worker import ChoreContext, Worker

    await Worker(ChoreContext(live.settings, live.storage), CHORES).run_dry()
    assert (await Mail.get()).state == MailState.SENT
    first, second = office.mails
    assert first["message-id"] == second["message-id"]


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\n\n"])
async def test_a_title_adds_no_header_and_no_paragraph(site: Site, office: PostOffice, mark: str) -> None:
    await accepted(site, f"Dumplings{mark}Bcc: everybody@example.org{mark}https://evil.example/")
    await site.work()
    (sent,) = office.mails
    assert sent["bcc"] is None
    assert office.recipients == ["partner@example.org"]
    assert "\n" not in sent["subject"]
    assert 'href="https://evil.example' not in html_of(sent)


async def test_a_title_adds_no_markup(site: Site, office: PostOffice) -> None:
    await accepted(site, "<script>alert(1)</script>{{ 7 * 7 }}")
    await site.work()
    assert "<script" not in html_of(office.mails[0])
    assert "{{ 7 * 7 }}" in html_of(office.mails[0])
    assert "<script>alert(1)</script>" in text_of(office.mails[0])


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b\r\nBcc: c@d", "a b@example.org", "@", "画家@example.org"]
)
async def test_an_address_that_is_none_is_given_up(site: Site, office: PostOffice, address: str) -> None:
    await queue_mail(address, "en", "work_off_the_wall", facts={"work": "x"})
    await site.work()
    assert (await Mail.filter(email=address).get()).state == MailState.GIVEN_UP
    assert office.recipients == ["keeper@example.org"]


async def test_facts_of_another_version_do_not_stop_the_others(site: Site, office: PostOffice) -> None:
    await queue_mail("old@example.org", "en", "work_off_the_wall")
    await accepted(site)
    await site.work()
    assert "partner@example.org" in office.recipients
    assert (await Mail.get(email="old@example.org")).answer == "cannot be written"
    keeper = await site.client(site.cast.keeper)
    assert (await keeper.get("/desk/outbox")).status_code == 200


async def test_a_secret_is_erased_when_it_was_sent(site: Site, office: PostOffice) -> None:
    await queue_mail(
        "guest@example.org", "en", "sign_in_link", "/desk/sign-in/", facts={"minutes": 30}, secret="s3cret"
    )
    await site.work()
    assert "https://gallery.example/desk/sign-in/s3cret" in text_of(office.mails[0])
    assert (await Mail.get()).secret == ""


async def test_a_link_that_has_run_out_is_not_sent(site: Site, office: PostOffice) -> None:
    late = now() - timedelta(seconds=1)
    await queue_mail(
        "guest@example.org", "en", "sign_in_link", facts={"minutes": 30}, secret="s3cret", useless_after=late
    )
    await site.work()
    assert office.mails == []
    assert (await Mail.get()).secret == ""


async def test_news_of_a_day_come_in_one_mail(site: Site, office: PostOffice) -> None:
    await Person.filter(id=site.cast.partner.id).update(wants_digest=True)
    partner = await Person.get(id=site.cast.partner.id)
    await accepted(site, "Dumplings", partner, site.cast.colleague)
    await notify([partner], Notification("work_returned", "/desk/works/8", {"work": TITLE}))
    await notify([partner], Notification("password_changed", "/desk/password", is_for_digest=False))
    await site.work()
    assert sorted(office.recipients) == ["colleague@example.org", "partner@example.org"]
    assert all(mail["subject"] != "News from In the Light" for mail in office.mails)
    await due_again()
    await site.work()
    digest = office.mails[-1]
    assert digest["subject"] == "News from In the Light"
    text = text_of(digest)
    assert "Not shown at present: “Dumplings”\nhttps://gallery.example/desk/works/7" in text
    assert f"Returned for changes: “{TITLE}”\nhttps://gallery.example/desk/works/8" in text
    assert html_of(digest).count("<a href=") == 2
    await site.work()
    assert len(office.mails) == 3


@pytest.mark.engines("sqlite", "postgresql")
async def test_whoever_wants_it_at_once_after_all_gets_it_at_once(site: Site, office: PostOffice) -> None:
    client = await site.client(site.cast.partner)
    account = {"name": "partner", "language": "en"}
    assert (await client.post("/desk/account", data={**account, "wants_digest": "y"})).status_code == 303
    assert "checked" in (await client.get("/desk/account")).text
    await accepted(site, "x", await Person.get(id=site.cast.partner.id))
    await site.work()
    assert office.mails == []
    assert (await client.post("/desk/account", data=account)).status_code == 303
    await site.work()
    assert len(office.mails) == 1


def test_the_daily_mail_goes_out_at_eight() -> None:
    from datetime import UTC, datetime

    before = datetime(2026, 12, 21, 23, 59, tzinfo=UTC)  # 7:59 in Shanghai
    assert next_digest_at(before) == datetime(2026, 12, 22, 0, 0, tzinfo=UTC)
    assert next_digest_at(before + timedelta(minutes=1)) == datetime(2026, 12, 23, 0, 0, tzinfo=UTC)


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_is_told_once_is_told_once(site: Site, office: PostOffice) -> None:
    for _ in range(3):
        news = Notification("work_off_the_wall", "/desk", {"work": "x"}, key="once")
        await notify([site.cast.partner, site.cast.colleague], news)
    await site.work()
    assert len(office.mails) == 2


async def test_old_mails_are_forgotten(site: Site, office: PostOffice) -> None:
    await accepted(site)
    await site.work()
    await Mail.all().update(created_at=now() - timedelta(days=31))
    await site.work()
    assert await Mail.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_was_told_once_in_a_daily_mail_is_not_told_again_a_month_later(
    site: Site, office: PostOffice
) -> None:
    await Person.filter(id=site.cast.partner.id).update(wants_digest=True)
    partner = await Person.get(id=site.cast.partner.id)
    once = Notification("work_off_the_wall", "/desk", {"work": "x"}, key="once")
    await notify([partner], once)
    await notify([partner], Notification("report_waiting", "/desk", {"work": "y"}))
    await due_again()
    await site.work()
    assert len(office.mails) == 1
    await Mail.all().update(created_at=now() - MAILS_KEPT_FOR - timedelta(days=1))
    await site.work()
    await notify([partner], once)
    await due_again()
    await site.work()
    assert len(office.mails) == 1
    assert not await Mail.exists(kind="report_waiting")  # this one can be deleted
    await Mail.all().update(created_at=now() - KEYS_KEPT_FOR - timedelta(days=1))
    await site.work()
    assert not await Mail.all().exists()


async def test_without_a_server_mails_are_kept_and_the_log_is_silent_about_people(
    unserved: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await accepted(unserved)
    await queue_mail("guest@example.org", "en", "sign_in_link", facts={"minutes": 30}, secret="s3cret")
    with caplog.at_level(logging.INFO, "gallery.mail"):
        await unserved.work()
    assert {mail.state for mail in await Mail.all()} == {MailState.KEPT}
    assert "is kept in the outbox" in caplog.text
    assert not {"partner", "guest", "s3cret", TITLE} & set(caplog.text.replace("@", " ").split())
    assert await Mail.exclude(secret="").count() == 0


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", False, None)),
        ("smtp+starttls://u%40x:p%2Fw@mail.example.org", ("mail.example.org", 587, "u@x", False, True)),
        ("smtps://u:p@mail.example.org:4650", ("mail.example.org", 4650, "u", True, False)),
        ("smtp://u:p@127.0.0.1:2525", ("127.0.0.1", 2525, "u", False, None)),
    ],
)
def test_mail_servers_are_named_by_address(url: str, server: tuple[object, ...]) -> None:
    found = MailServer.of(url)
    assert (found.host, found.port, found.user, found.use_tls, found.start_tls) == server


@pytest.mark.parametrize(
    "variables",
    [
        {"GALLERY_SMTP_URL": "mail.example.org"},
        {"GALLERY_SMTP_URL": "http://mail.example.org"},
        {"GALLERY_SMTP_URL": "smtp://"},
        {"GALLERY_SMTP_URL": "smtp://user:tops3cret@mail.example.org"},
        {"GALLERY_SMTP_URL": "smtps://mail.example.org:port"},
        {"GALLERY_MAIL_FROM": "Gallery <a@b>"},
        {"GALLERY_MAIL_FROM": "nobody"},
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_shows_no_password(
    variables: dict[str, str], tmp_path
) -> None:
    with pytest.raises(SettingsError, match=next(iter(variables))) as caught:
        Settings.from_env({"GALLERY_HOME": str(tmp_path), **variables})
    assert "tops3cret" not in str(caught.value)


async def test_each_kind_can_be_written_in_both_languages(site: Site) -> None:
    """Every template of templates/mail, with every fact that its kind is given."""
    from gallery.web.languages import template_folder

    both = {"zh": "冬至", "en": "Solstice"}
    facts = {
        "work": TITLE, "exhibition": both, "organisation": both, "inviter": "王老师", "until": now().isoformat(),
        "minutes": 30, "count": 2, "days": 14, "ends_on": "2026-12-22", "opens_at": now().isoformat(),
        "is_to_open": True, "reason": "需要登记号。", "words": "这是谁画的？", "change": "app_added", "keeper": "李老师",
        "at": now().isoformat(), "email": "b@example.org", "member": "李老师", "role": "curator", "is_owner": True,
        "joined_as": "invited", "awaits_confirmation": False, "effective_at": now().isoformat(), "what": "logo",
        "name": both, "why": "withdrawn", "sentence": both, "advice": both, "agreed": True,
        "project": both, "accepted": True, "is_minor": True,
    }  # fmt: skip
    kinds = sorted(path.stem for path in (template_folder() / "mail").glob("*.txt"))
    assert len(kinds) > 10
    for kind in kinds:
        for language in ("zh", "en"):
            mail = Mail(
                kind=kind,
                email="a@example.org",
                language=language,
                path="/desk/x/",
                secret="token",
                facts=facts,
            )
            letter = compose(mail, site.settings)
            assert letter.subject
            signature = site.settings.site_name(language)
            assert letter.text.removesuffix(f"\n\n{signature}\n").strip() not in ("", letter.text.strip())
            assert "token" not in compose(mail, site.settings, hide_secret=True).text
            words = letter.text.replace(site.settings.site_url, "").replace("In the Light", "")
            assert ("Solstice" not in words) if language == "zh" else ("冬至" not in words.replace(TITLE, ""))
