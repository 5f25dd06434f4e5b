"""The command line: what each command does, and its one-line errors."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gallery.accounts.invitations import open_invitation
from gallery.accounts.models import AuthenticatorApp, Invitation, Membership
from gallery.artists.models import Artist, Consent, Withdrawal
from gallery.artworks.import_models import Import, ImportState
from gallery.artworks.models import Artwork, Status
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.cli import main
from gallery.cli.file_checks import UPLOAD_GRACE
from gallery.cli.findings import InspectionFinding
from gallery.cli.inspection import inspect
from gallery.clock import now
from gallery.db.connection import Database
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import make_public, public_key, rendition_key
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.search.models import SearchEntry
from gallery.storage import Store
from gallery.storage.local import LocalFolder
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.accounts.second_factor import set_up_app
from tests.artworks.sheets import csv_bytes, two_works, zipped
from tests.command_line import environment, gallery, on_site
from tests.conftest import Site
from tests.factories import photograph
from tests.live import children_of, free_port, is_running, needs_proc
from tests.seaweedfs import SeaweedFS

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes


async def put_long_ago(store: Store, key: str) -> None:
    """Store a file old enough not to count as being written just now."""
    assert isinstance(store, LocalFolder)
    await factories.put(store, key)
    then = time.time() - UPLOAD_GRACE.total_seconds() - 5
    os.utime(store.folder / key, (then, then))


async def findings(site: Site) -> list[InspectionFinding]:
    database = Database(site.settings)  # the site's own connection is used
    return await inspect(database, site.storage)


# Help


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_says_what_it_does(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert main.commands[command].get_short_help_str(200) in " ".join(result.output.split())


# Mistakes of a keeper end in one line


def one_complaint(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    return lines[0]


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    assert "GALLERY_UPLOAD_MAX_BYTES" in one_complaint(gallery(tmp_path, "init", UPLOAD_MAX_BYTES="much"), 2)
    assert "mysql" in one_complaint(gallery(tmp_path, "init", DATABASE_URL="mysql://localhost/gallery"), 2)


@pytest.mark.parametrize(
    "words", [["serve", "--no-worker"], ["worker"], ["invite", "a@example.org", "--role", "keeper"]]
)
def test_a_database_that_was_not_set_up_sends_to_init(tmp_path: Path, words: list[str]) -> None:
    port = ["--port", str(free_port())] if words[0] == "serve" else []
    assert "gallery init" in one_complaint(gallery(tmp_path, *words, *port), 1)


def test_an_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://somebody:secret-word@127.0.0.1:{free_port()}/gallery"
    result = gallery(tmp_path, "init", DATABASE_URL=url)
    assert "127.0.0.1" in one_complaint(result, 1)
    assert "secret-word" not in result.stdout + result.stderr


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "gallery.sqlite3").write_text("This is a letter, not a database. " * 200)
    assert "gallery.sqlite3" in one_complaint(gallery(tmp_path, "init"), 1)


@pytest.mark.parametrize("words", [["init"], ["check"], ["serve", "--no-worker"]])
def test_a_store_with_wrong_keys_is_said(seaweedfs: SeaweedFS, tmp_path: Path, words: list[str]) -> None:
    assert gallery(tmp_path, "init").returncode == 0
    port = ["--port", str(free_port())] if words[0] == "serve" else []
    values = {**seaweedfs.settings("cli"), "storage_secret": "a-wrong-word"}
    result = gallery(tmp_path, *words, *port, **{name.upper(): value for name, value in values.items()})
    assert "GALLERY_STORAGE_SECRET" in one_complaint(result, 1)
    assert "a-wrong-word" not in result.stdout + result.stderr


def test_a_store_that_is_away_is_said(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    assert gallery(tmp_path, "init").returncode == 0
    url = f"s3://pictures?endpoint=http://127.0.0.1:{free_port()}"
    values = {**seaweedfs.settings("cli"), "storage_url": url}
    result = gallery(tmp_path, "check", **{name.upper(): value for name, value in values.items()})
    assert "cannot be reached" in one_complaint(result, 1)


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in one_complaint(gallery(tmp_path, "serve", "--port", str(port)), 1)
        assert str(port) in one_complaint(gallery(tmp_path, "demo", "--port", str(port)), 1)
    assert not (tmp_path / "gallery.sqlite3").exists()


# init


def test_init_makes_everything_and_can_be_repeated(tmp_path: Path) -> None:
    first, key = gallery(tmp_path, "init"), (tmp_path / "secret_key").read_text()
    assert first.returncode == 0, first.stderr
    assert "0001_initial" in first.stdout or "migration(s) applied" in first.stdout
    assert (tmp_path / "media/private").is_dir()
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    second = gallery(tmp_path, "init")
    assert second.returncode == 0
    assert "up to date" in second.stdout
    assert (tmp_path / "secret_key").read_text() == key
    checked = gallery(tmp_path, "check", LANGUAGES="zh-Hant,en")
    assert checked.returncode == 0
    assert "zh-Hant 100 %, en 100 %." in checked.stdout


# invite


async def test_an_invitation_opens_with_the_printed_link(site: Site) -> None:
    result = on_site(site, "invite", "Neu@Example.org", "--role", "curator", "--language", "en")
    assert result.returncode == 0, result.stderr
    found = re.search(r"/desk/invitations/(\S+)", result.stdout)
    assert found
    invitation = await open_invitation(found[1])
    assert invitation is not None
    assert (invitation.email, invitation.role, invitation.language) == ("neu@example.org", "curator", "en")
    page = await (await site.client()).get(f"/desk/invitations/{found[1]}")
    assert page.status_code == 200


async def test_an_invitation_is_in_a_language_of_the_site(site: Site) -> None:
    words = ("invite", "neu@example.org", "--role", "curator")
    assert "none of the site's languages: zh, en." in one_complaint(
        on_site(site, *words, "--language", "fr"), 2
    )
    assert on_site(site, *words).returncode == 0
    assert (await Invitation.get()).language == "zh"


async def test_owners_are_replaced_only_by_that_word_and_are_told(site: Site) -> None:
    slug = site.cast.organisation.slug
    owner = await Membership.get(person=site.cast.partner)
    await Membership.filter(id=owner.id).update(role="owner", joined_as="first_owner")
    words = ("invite", "neu@example.org", "--role", "member", "--organisation", slug)
    assert "--replace-owners" in one_complaint(on_site(site, *words), 2)
    assert not await Invitation.exists()
    result = on_site(site, *words, "--replace-owners")
    found = re.search(r"/desk/invitations/(\S+)", result.stdout)
    assert found, result.stderr
    mail = await Mail.get(kind="owner_requested")
    assert (mail.email, mail.facts["email"], mail.facts["keeper"]) == (
        "partner@example.org",
        "neu@example.org",
        "",
    )
    assert "The administrator of the server" in compose(mail, site.settings).text
    assert await Entry.exists(verb="owner_request.took_effect", organisation_id=owner.organisation_id)
    guest = await site.client()
    values = {"name": "Neu", "password": "a long password"}
    assert (await guest.post(f"/desk/invitations/{found[1]}", data=values)).status_code == 303
    joined = await Membership.get(person__email="neu@example.org")
    assert (joined.role, joined.joined_as) == ("owner", "requested")


async def test_a_member_is_invited_to_an_organisation(site: Site) -> None:
    slug = site.cast.organisation.slug
    result = on_site(site, "invite", "neu@example.org", "--role", "member", "--organisation", slug)
    found = re.search(r"/desk/invitations/(\S+)", result.stdout)
    assert found, result.stderr
    invitation = await open_invitation(found[1])
    assert invitation is not None
    assert invitation.organisation_id == site.cast.organisation.id


async def test_an_invitation_that_cannot_be_is_refused(site: Site) -> None:
    slug = site.cast.organisation.slug
    assert "--organisation" in one_complaint(on_site(site, "invite", "a@example.org", "--role", "member"), 2)
    assert "--organisation" in one_complaint(
        on_site(site, "invite", "a@example.org", "--role", "keeper", "--organisation", slug), 2
    )
    unknown = on_site(site, "invite", "a@example.org", "--role", "member", "--organisation", "nobody")
    assert slug in one_complaint(unknown, 2)
    assert "not-an-address" in one_complaint(on_site(site, "invite", "not-an-address", "--role", "keeper"), 2)


# second-factor


async def test_a_second_factor_that_was_lost_is_removed_on_the_server(site: Site) -> None:
    keeper, client = site.cast.keeper, await site.client(site.cast.keeper)
    words = ["second-factor", " Keeper@example.org"]
    assert "has no second factor" in on_site(site, *words, "--reset").stdout
    await set_up_app(client)
    assert "--reset" in on_site(site, *words).stdout
    assert await AuthenticatorApp.exists(person=keeper)
    assert "is removed" in on_site(site, *words, "--reset").stdout
    assert not await AuthenticatorApp.exists(person=keeper)
    assert (await client.get("/desk")).headers["location"].startswith("/desk/sign-in")
    entry = await Entry.get(verb=Verb.ACCOUNT_SECOND_FACTOR_RESET)
    assert (entry.thing_id, entry.person_id) == (keeper.id, None)
    assert "nobody@example.org" in one_complaint(on_site(site, "second-factor", "nobody@example.org"), 2)


# check


async def test_a_sound_site_has_nothing_wrong(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    await factories.exhibition([work])
    await site.work()
    assert await findings(site) == []
    assert on_site(site, "check").returncode == 0


async def test_files_of_no_image_are_found_and_deleted(site: Site) -> None:
    await put_long_ago(site.storage.private, "originals/nobody")
    await put_long_ago(site.storage.private, "renditions/nobody/640.webp")
    await put_long_ago(site.storage.public, "nobody/640.webp")
    result = on_site(site, "check")
    assert result.returncode == 1
    assert "originals/nobody" in result.stdout
    assert await site.storage.private.exists("originals/nobody")
    mended = on_site(site, "check", "--mend")
    assert mended.returncode == 0, mended.stdout
    assert not await site.storage.private.exists("originals/nobody")
    assert not await site.storage.private.exists("renditions/nobody/640.webp")
    assert not await site.storage.public.exists("nobody/640.webp")
    assert on_site(site, "check").returncode == 0


async def test_a_file_that_is_just_being_taken_in_is_left(site: Site) -> None:
    await factories.put(site.storage.private, "originals/arriving")
    assert on_site(site, "check", "--mend").returncode == 0
    assert await site.storage.private.exists("originals/arriving")


async def test_public_files_of_a_work_that_is_not_on_view_are_taken_down(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    await make_public(site.storage, work.image)
    result = on_site(site, "check", "--mend")
    assert "not on view" in result.stdout
    assert not await site.storage.public.exists(public_key(work.image.token, work.image.file_names()[0]))
    assert await site.storage.private.exists(rendition_key(work.image.token, work.image.file_names()[0]))


async def test_missing_files_are_found_and_not_called_mended(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    await site.storage.private.delete(rendition_key(work.image.token, work.image.file_names()[0]))
    await site.storage.private.delete(f"originals/{work.image.token}")
    result = on_site(site, "check", "--mend")
    assert result.returncode == 1
    assert "original is missing" in result.stdout
    assert "renditions are missing or cut" in result.stdout


async def test_a_missing_public_file_is_brought_out_again(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    assert work.image is not None
    lost = public_key(work.image.token, work.image.file_names()[0])
    await site.storage.public.delete(lost)
    assert on_site(site, "check").returncode == 1
    assert on_site(site, "check", "--mend").returncode == 0
    await site.work()
    assert await site.storage.public.exists(lost)
    assert await findings(site) == []


async def test_a_withdrawal_that_was_cut_short_is_finished(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    consent = await Consent.get(id=work.consent_id)
    await withdraw(consent, site.storage)
    await put_long_ago(site.storage.private, f"originals/{work.image.token}")
    await Withdrawal.filter(consent=consent).update(files_deleted_at=None)
    result = on_site(site, "check", "--mend")
    assert "withdrawal" in result.stdout
    assert not await site.storage.private.exists(f"originals/{work.image.token}")
    assert (await Withdrawal.get(consent=consent)).files_deleted_at is not None


async def test_refused_and_waiting_pictures_are_named(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    other = await factories.artwork(site.storage, site.cast.organisation)
    await Image.filter(id=work.image_id).update(state=ImageState.REFUSED, refusal="damaged")
    await Image.filter(id=other.image_id).update(
        state=ImageState.RECEIVED, created_at=now().replace(year=now().year - 1)
    )
    sentences = {finding.sentence for finding in await findings(site)}
    assert sentences >= {"A picture was refused: damaged", "A picture waits to be developed"}


async def test_curators_who_are_members_are_named_and_nothing_is_wrong(site: Site) -> None:
    membership = await Membership.create(
        person=site.cast.curator, organisation=site.cast.organisation, joined_as="invited"
    )
    (finding,) = await findings(site)
    assert finding.is_notice
    assert finding.sentence == "A curator is also a member, invited by an owner"
    result = on_site(site, "check")
    assert result.returncode == 0
    assert "nothing is wrong" in result.stdout
    assert "A curator is also a member" in " ".join(result.stdout.split())
    await Membership.filter(id=membership.id).update(joined_as="unknown")
    assert on_site(site, "check").returncode == 1
    assert "mended" in on_site(site, "check", "--mend").stdout
    assert (await Membership.get(id=membership.id)).awaits_confirmation
    assert "suspended until an owner" in " ".join(on_site(site, "check").stdout.split())


# serve and worker


def started(home: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "gallery.cli", *words], env=environment(home), cwd=home)


def until(is_so: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.1)
    return False


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@needs_proc
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_worker_starts_again_and_ends_with_the_server(tmp_path: Path, ending: signal.Signals) -> None:
    gallery(tmp_path, "init")
    port = free_port()
    server = started(tmp_path, "serve", "--port", str(port))
    try:
        assert until(lambda: answers(port) and len(children_of(server.pid)) == 1)
        first = children_of(server.pid)[0]
        os.kill(first, signal.SIGKILL)
        assert until(lambda: children_of(server.pid) not in ([], [first]))
        second = children_of(server.pid)[0]
        server.send_signal(ending)
        code = server.wait(90)
        assert code == (0 if ending == signal.SIGTERM else -signal.SIGKILL)
        assert until(lambda: not is_running(second))
    finally:
        server.kill()


def test_a_worker_finishes_when_it_is_asked_to(tmp_path: Path) -> None:
    gallery(tmp_path, "init")
    process = subprocess.Popen(
        [sys.executable, "-m", "gallery.cli", "worker"], env=environment(tmp_path), stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        status = Path(f"/proc/{process.pid}/status")
        for _ in range(300):  # an idle worker prints nothing, but handles the signal
            caught = re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.MULTILINE)
            if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
                break
            time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0
        assert b"Traceback" not in process.stderr.read()
    finally:
        process.kill()


async def test_all_pictures_are_developed_once_more(site: Site) -> None:
    await factories.image(site.storage, site.cast.organisation)
    await factories.received(site.storage, site.cast.organisation)
    assert "developed: 1; once more: 0." in on_site(site, "develop").stdout
    assert "developed: 1; once more: 1." in on_site(site, "develop", "--again").stdout
    await site.work()
    assert "developed: 0; once more: 0." in on_site(site, "develop").stdout


async def test_the_search_index_is_written_anew(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    result = on_site(site, "reindex")
    assert result.returncode == 0, result.stderr
    assert "5 entries" in result.stdout
    assert await SearchEntry.exists(artwork_id=work.id)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "作品.zip"
    path.write_bytes(two_works())
    return path


async def test_import_tries_a_bundle_and_leaves_the_yes_to_the_desk(site: Site, bundle: Path) -> None:
    own = bundle.read_bytes()
    done = on_site(site, "import", str(bundle), "--for", site.cast.partner.email)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Good +2 work\(s\), with 2 new artist\(s\)\n", done.stdout)
    job = await Import.get()
    assert (job.state, job.by_id, job.file_name) == (ImportState.CHECKED, site.cast.partner.id, "作品.zip")
    assert f"/desk/sheets/{job.id}\n" in done.stdout
    assert await Artwork.all().count() == 0
    assert (await Entry.get(verb=Verb.IMPORT_SENT)).person_id == site.cast.partner.id
    client = await site.client(site.cast.partner)
    assert (await client.post(f"/desk/sheets/{job.id}/confirmation")).status_code == 303
    await site.work()
    assert {work.own("title") for work in await Artwork.all()} == {"饺子皮", "汤圆"}
    assert bundle.read_bytes() == own  # the keeper's file must stay


async def test_import_with_a_yes_makes_drafts(site: Site, bundle: Path) -> None:
    consent = await factories.consent(site.cast.organisation)
    artist = await Artist.get(id=consent.artist_id)
    rows = [["一.jpg", "饺子皮", "", artist.credit_name], ["二.jpg", "汤圆", "", artist.credit_name]]
    bundle.write_bytes(
        zipped(
            ("works.csv", csv_bytes(["图片", "标题", "故事", "作者"], *rows)),
            ("一.jpg", photograph(1200, 900)),
        )
    )
    words = ("--for", site.cast.partner.email, "--consent", str(consent.id), "--language", "en", "--yes")
    done = on_site(site, "import", str(bundle), *words)
    assert done.returncode == 1  # not all rows are valid
    assert re.search(
        r"^3 +Picture +二.jpg +There is no file of this name in the ZIP", done.stdout, re.MULTILINE
    )
    assert re.search(r"Made +1 work\(s\)", done.stdout)
    work = await Artwork.get()
    assert (work.own("title"), work.status, work.consent_id) == ("饺子皮", Status.DRAFT, consent.id)
    assert (work.language, work.created_by_id) == ("en", site.cast.partner.id)


async def test_import_refuses_what_cannot_be(site: Site, bundle: Path) -> None:
    elsewhere = await factories.consent(site.cast.elsewhere)
    ours = ("--for", site.cast.partner.email)
    for words, sentence in (
        (("--for", "nobody@example.org"), "no member of an organisation signs in as 'nobody@example.org'."),
        (("--for", site.cast.curator.email), "no member of an organisation signs in as"),
        (
            (*ours, "--organisation", site.cast.elsewhere.slug),
            f"belongs to {site.cast.organisation.slug}. Please",
        ),
        ((*ours, "--consent", str(elsewhere.id)), f"has no consent {elsewhere.id} in force."),
        (ours[:1], "requires an argument"),
    ):
        refused = on_site(site, "import", str(bundle), *words)
        assert refused.returncode == 2
        assert sentence in refused.stderr
    assert not await Import.exists()
    bundle.write_bytes(bundle.read_bytes()[:-200])
    refused = on_site(site, "import", str(bundle), *ours, "--yes")
    assert refused.returncode == 1
    assert "This ZIP is damaged or was not copied completely." in refused.stdout
    assert await Artwork.all().count() == 0


STOPPED = """
import os, signal
from gallery.artworks import import_chores
from gallery.cli import main
looked_at, looks = import_chores._import_picture, []
async def stopped_at_the_third(*given):
    looks.append(given)
    if len(looks) == 3: os.kill(os.getpid(), signal.SIGINT)
    return await looked_at(*given)
import_chores._import_picture = stopped_at_the_third
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
main()
"""


async def test_an_import_that_is_stopped_is_gone_on_with_by_the_worker(site: Site, bundle: Path) -> None:
    pictures = [(f"{number}.jpg", photograph(1200 + number, 900)) for number in range(5)]
    rows = [[name, name] for name, _ in pictures]
    bundle.write_bytes(zipped(("works.csv", csv_bytes(["图片", "标题"], *rows)), *pictures))
    stopped = on_site(site, "import", str(bundle), "--for", site.cast.partner.email, program=["-c", STOPPED])
    assert stopped.returncode != 0
    job = await Import.get()
    assert (job.state, job.lease_until) == (ImportState.RECEIVED, None)  # released at once
    assert job.done_pictures < len(pictures)
    await site.work()
    await job.refresh_from_db()
    assert (job.state, job.report["good"]) == (ImportState.CHECKED, len(pictures))
    assert await Image.all().count() == len(pictures)  # none was imported twice


async def test_archive_says_where_it_lies_and_what_it_leaves_out(site: Site) -> None:
    consents = [
        await factories.consent(site.cast.organisation, for_archive=for_archive)
        for for_archive in (True, False)
    ]
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED, consent=consent)
        for consent in consents
    ]
    exhibition = await factories.exhibition(works)
    done = on_site(site, "archive", exhibition.slug)
    folder = site.settings.home / "archives" / exhibition.slug
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
    assert re.search(r"Works +1, without consent to an archive, left out: 1\n", done.stdout)
    assert (folder / "index.html").exists()
    refused = on_site(site, "archive", "no-such")
    assert refused.returncode == 2
    assert "no exhibition 'no-such' is published and has opened." in refused.stderr
