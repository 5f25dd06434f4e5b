"""After a withdrawal no table holds a word of the work or, with the last consent, of its artist.

Every text column of the database is marked and looked at again, and every table that refers to works, artists, consents
or pictures, also through another table, must have been changed by the withdrawal or be named here as kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from tortoise import Tortoise, fields
from tortoise.connection import get_connection
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.models import Model

from gallery.artists.consents import NewConsent, grouped_code, predecessors
from gallery.artists.models import (
    Artist,
    Consent,
    ConsentRequest,
    PrivateDetails,
    RequestedWork,
    SignedForm,
)
from gallery.artists.renewal import renew
from gallery.artworks.import_models import Import, ImportedChange, ImportedPicture, ImportedWork, ImportState
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.private_shares import share_of
from gallery.cases.models import Case, CaseVeto
from gallery.clock import now, today
from gallery.db.connection import APP
from gallery.db.model_tables import foreign_key_columns, table_name
from gallery.exhibitions.models import Hanging
from gallery.images.models import Derivative, Image, ImageState, Upload
from gallery.mail.models import Mail, MailState
from gallery.reviews.models import (
    HashBand,
    Hint,
    NearPair,
    Opinion,
    Report,
    Review,
    Risk,
    Score,
    ScoringRound,
    Undo,
    Veto,
    WavedOff,
)
from gallery.search import engine
from gallery.search.models import SearchEntry, SearchWord
from gallery.stats.models import Appreciation, CountKind, WorkCount
from gallery.web.texts import NO_TEXTS, Texts, TextsField
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh

pytestmark = pytest.mark.engines("sqlite", "postgresql")

MARKER = "zzqx"

# Tables and columns that a withdrawal does not touch, and why. A new text column must be erased, or named here or in
# MACHINE; a new table near the works must be erased, changed or named here.
KEPT: dict[str, str] = {
    "address_change": "of a member of staff",
    "application": "of an organisation that wishes to join",
    "artwork_theme": "which occasion a work was made for, which totals of themes need",
    "charity_case.slug": "its address must still say that it was withdrawn",
    "checked_link": "addresses that organisations stored",
    "consent_wording": "what the site asked of families in general",
    "content_change.keys": "numbers of works and editions",
    "content_change.rows": "likewise",
    "consent.code": "the slip must still say that it was withdrawn",
    "deferral": "no words: who put a submission off, and when",
    "edition": "curators' texts of a whole exhibition, which name no work that we could find in them",
    "profile_image": "an organisation's or project's own; a cover that shows the work goes as a whole",
    "exhibition": "curators' own; its hangings lose their captions",
    "extension": "of an organisation",
    "fingerprint": "recognises the picture when somebody uploads it again",
    "hold": "no words: a lease that ends by itself",
    "image.source_format": "the kind of file",
    "import.columns": "what an organisation calls the columns of its sheets",
    "imported_work": "no words: which row of a sheet it was",
    "invitation": "of a member of staff",
    "kept_answer": "numbers and states alone, for 24 hours",
    "last_queue": "how a curator narrowed the queue",
    "later_check": "no words: whether a curator looked at it later",
    "link_request": "of a member of staff",
    "mail.answer": "what the mail server said",
    "mail.email": "of a member of staff",
    "organisation": "its own",
    "message": "a visitor's to the keepers, about no work of the database; deleted within a year",
    "owner_request": "of a member of staff, with a keeper's reason",
    "passkey": "of a member of staff",
    "person": "members of staff and curators",
    "preview_link": "for whom a curator made it",
    "private_share": "no words: a date; nothing is shared any more once the submission has ended",
    "project": "its own",
    "ready_reason": "curators', of no work",
    "room": "curators' texts of a whole room",
    "scoring_round": "of a theme",
    "session": "of a member of staff",
    "supporter": "of a person or firm who lends a name; a picture that shows the work goes with it",
    "supporter_link": "a short link to the work's page, which says that it is no longer shown",
    "supporter_visit": "numbers of a supporter's own link",
    "sheet_column": "what an organisation calls the columns of its sheets",
    "site": "the keeper's",
    "taking_back": "no words: who took a submission back, and when",
    "theme": "curators'",
    "theme_count": "numbers of a theme's own page",
    "token": "an organisation's words for a program",
    "trust_change": "of an organisation",
    "upload_piece": "no words: where the bytes of an upload are until it ends",
    "withdrawal": "the withdrawal itself",
}

# Texts that a program writes: names of things, states, digests, keys.
MACHINE = {
    *(
        "appreciation",
        "audit_chain_head",
        "authenticator_app",
        "recovery_code",
        "spent_challenge",
        "audit_entry",
        "credit_logo",
        "derivative",
        "export",
    ),
    *("mail_link", "sign_in_attempt", "signed_form", "worker_beat", "maintenance_run"),
    "search_entry",  # filled directly: its index is a separate table
    *("artwork.public_id", "artwork.form_key", "artwork.language"),
    *("hint.check", "hint.field", "hint.key", "waved_off.key", "report.language"),
    *("sound.token", "sound.refusal", "consent_request.seed", "consent_request.code_hash"),
    *("image.token", "image.refusal", "image.mean_colour", "image.perceptual_hash"),
    *("import.token", "import.language", "import.refusal", "imported_picture.refusal"),
    *("import.sheets", "import.rows_token"),
    *(
        "mail.kind",
        "mail.key",
        "mail.language",
        "mail.path",
        "mail.secret",
        "upload.token",
        "index_pass.touched",
    ),
}

_numbers = itertools.count(1)


def texts() -> list[tuple[type[Model], str]]:
    """Every column that could hold text, except those named above."""
    assert Tortoise.apps is not None
    found, named = [], {*KEPT, *MACHINE}
    for model in Tortoise.apps.get_models_iterable():
        for name, field in model._meta.fields_map.items():
            is_text = isinstance(field, fields.CharField | fields.TextField | fields.JSONField | TextsField)
            is_enum = isinstance(field, CharEnumFieldInstance)
            table = model._meta.db_table
            if is_text and not is_enum and table not in named and f"{table}.{name}" not in named:
                found.append((model, name))
    return found


def marked(model: type[Model], name: str) -> Any:
    word = f"{MARKER}{next(_numbers)}"
    field = model._meta.fields_map[name]
    if isinstance(field, TextsField):
        return Texts({"bo": word})
    if not isinstance(field, fields.JSONField):
        return word
    lists = {
        "report": {"good": 1, "artist_names": [word], "faults": [{"cell": word}]},
        "facts": {"work": word},
    }
    return lists.get(name, {"story": word})


async def holding() -> set[str]:
    """The columns of the database that contain the marker, as table.column."""
    connection = get_connection("default")
    is_sqlite = connection.capabilities.dialect == "sqlite"
    columns = (
        """SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c
           WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'search_index%'"""
        if is_sqlite
        else """SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
           WHERE table_schema = 'public'"""
    )
    found = set()
    for row in (await connection.execute_query(columns))[1]:
        question = (
            f"""SELECT 1 FROM "{row["table"]}" WHERE CAST("{row["column"]}" AS TEXT) LIKE '%{MARKER}%'"""
        )
        if (await connection.execute_query(question))[1]:
            found.add(f"{row['table']}.{row['column']}")
    return found


def tables_near_works() -> set[str]:
    """The tables of works, artists, consents and pictures, those that refer to them, and those that refer to these."""
    roots = {table_name(model) for model in (Artwork, Artist, Consent, Image)}
    near = {each.table for each in foreign_key_columns(APP) if each.target_table in roots}
    return roots | near | {each.table for each in foreign_key_columns(APP) if each.target_table in near}


async def rows_of(tables: Iterable[str]) -> dict[str, set[str]]:
    """Table → its rows, as text."""
    connection = get_connection("default")
    return {
        table: {str(dict(row)) for row in (await connection.execute_query(f'SELECT * FROM "{table}"'))[1]}
        for table in tables
    }


async def known_everywhere(site: Site, consent: Consent) -> Artwork:
    """A work with rows in every table that can refer to one."""
    cast, storage = site.cast, site.storage
    work = await factories.artwork(storage, cast.organisation, status=Status.ACCEPTED, consent=consent)
    await factories.voice(storage, work)
    await factories.further_pictures(storage, work)
    await factories.exhibition([work])
    submission = await Submission.get(artwork_id=work.id)
    await Submission.filter(id=submission.id).update(replaces={})
    review = await Review.create(
        artwork=work, submission=submission, by=cast.curator, at=now(), decision="accepted"
    )
    decided = {"submission": submission, "by": cast.curator, "at": now(), "decision": "accepted"}
    await Opinion.create(**decided)
    await Undo.create(**decided, decided_at=now())
    await Risk.create(review=review, concern="x")
    await Veto.create(artwork=work, at=now(), concern="x", lifted_at=now())
    round = await ScoringRound.create(theme=await factories.theme(), opened_at=now(), closes_at=now())
    await Score.create(round=round, submission=submission, by=cast.curator, value=3, at=now())
    await Hint.create(submission=submission, artwork=work, check="wording", field="story", key="k")
    await WavedOff.create(artwork=work, key="k", at=now(), reason="x")
    await Report.create(artwork=work, reported_for="other", told="x", language="zh")
    job = await Import.create(
        organisation=cast.organisation, state=ImportState.DONE, finished_at=now(), files_cleared_at=now()
    )
    await ImportedWork.create(of=job, artwork=work, row=2)
    await ImportedChange.create(of=job, artwork=work, row=2, before={}, after={})
    await ImportedPicture.create(of=job, name="x", digest="x", image_id=work.image_id)
    await Upload.create(
        organisation=cast.organisation,
        by=cast.partner,
        artwork=work,
        length=1,
        expires_at=now() + timedelta(days=1),
        completed_at=now(),
    )
    await SearchEntry.create(id=work.id, artwork=work, stamp="s", title_tokens=MARKER, text_tokens=MARKER)
    await engine.index([work.id])
    await SearchWord.create(entry_id=work.id, key="x", backwards="x", text="x", language="zh")
    for state in MailState:
        await Mail.create(
            kind="work_accepted",
            email="a@example.org",
            path=f"/desk/works/{work.id}",
            state=state,
            due_at=now(),
        )
    await WorkCount.create(artwork=work, day=today(), kind=CountKind.SEEN, number=1)
    await Appreciation.create(token="t", artwork=work, day=today(), is_there=True, changed_at=1)
    await HashBand.create(image_id=work.image_id, code=1)
    await Derivative.create(image_id=work.image_id, name="x", file_bytes=1)
    asked = {"artist_id": consent.artist_id, "seed": "s", "asked_at": now(), "expires_at": now()}
    request = await ConsentRequest.create(**asked, code_hash="h", consent=consent, answered_at=now())
    await ConsentRequest.create(**asked, code_hash="of another")
    await RequestedWork.create(request=request, artwork=work)
    await SignedForm.create(consent=consent, token="t", kind="pdf", file_bytes=1)
    other = await factories.image(storage, cast.organisation)
    await NearPair.create(
        earlier=work,
        later=work,
        earlier_image_id=work.image_id,
        later_image_id=other.id,
        distance=1,
    )
    await Image.filter(id=other.id).update(candidate_for_id=work.id)
    await case_of(site, consent)
    await PrivateDetails.create(artist_id=consent.artist_id, changed_at=now())
    await Image.create(
        organisation=cast.organisation,
        candidate_for_id=work.id,
        source_format="jpeg",
        source_bytes=1,
        width=9,
        height=9,
        state=ImageState.READY,
    )
    return work


async def case_of(site: Site, consent: Consent) -> Case:
    """A case under a consent, with a figure and a veto."""
    case = await factories.case(site.cast.organisation, consent=consent)
    await factories.figure(case, 1, 1000)
    await CaseVeto.create(case=case, at=now(), concern="x")
    return case


async def test_no_column_holds_a_word_after_the_last_consent(site: Site) -> None:
    before = await factories.consent(site.cast.organisation, ends_on=today())
    new_consent = NewConsent(
        agreed_by=before.agreed_by, scope=("web",), starts_on=today(), ends_on=None, assent="x"
    )
    consent = await renew(before, new_consent, site.cast.partner)
    work = await known_everywhere(site, consent)
    filled = set()
    for model, name in texts():
        rows = await model.all()
        assert rows, (
            f"{model.__name__} has no row here, so nothing says whether a withdrawal erases its words"
        )
        for row in rows:
            await model.filter(pk=row.pk).update(**{name: marked(model, name)})
        filled.add(f"{model._meta.db_table}.{name}")
    there = await holding()
    assert filled <= there
    assert any(column.startswith("search_entry.") for column in there)
    assert {"artist.credit_name", "consent.assent", "artwork.medium", "hanging.caption"} <= filled

    near = tables_near_works() - set(KEPT)
    before_rows = await rows_of(near)
    assert [table for table in near if not before_rows[table]] == [], (
        "no row shows what a withdrawal does to it"
    )

    await withdraw(consent, site.storage)
    assert await holding() == set()
    await site.work()
    assert await holding() == set()
    after_rows = await rows_of(near)
    assert [table for table in near if before_rows[table] & after_rows[table]] == [], "nobody forgets these"

    held = await Artwork.get(id=work.id).prefetch_related("artist")
    assert (held.status, held.own("title"), held.year) == (Status.WITHDRAWN, "", None)
    assert held.artist is not None
    assert held.artist.credit_name == f"#{held.artist_id}"
    assert [each.id for each in await predecessors(consent)] == [before.id]
    assert await Report.filter(closed_at=None).count() == 0
    assert await Mail.filter(kind="work_accepted").count() == len(MailState) - 1
    assert await share_of(work.id) is None
    keeper = await site.client(site.cast.keeper)
    for mail in await Mail.all():
        assert (await keeper.get(f"/desk/outbox/{mail.id}")).status_code == 200


async def test_every_name_in_the_lists_is_a_column(site: Site) -> None:
    assert Tortoise.apps is not None
    there = {each.table for each in foreign_key_columns(APP)}
    for model in Tortoise.apps.get_models_iterable():
        table = model._meta.db_table
        there |= {table, *(f"{table}.{name}" for name in model._meta.fields_map)}
    assert {*KEPT, *MACHINE} <= there


async def test_another_consent_keeps_the_artist_and_the_other_work(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    artist = await Artist.get(id=consent.artist_id)
    other = await factories.consent(site.cast.organisation, artist, assent="另一句")
    gone = await factories.artwork(site.storage, site.cast.organisation, status="accepted", consent=consent)
    stays = await factories.artwork(site.storage, site.cast.organisation, status="accepted", consent=other)
    await factories.exhibition([gone, stays])
    await Hanging.all().update(caption=in_zh("说明"))
    await withdraw(consent, site.storage)
    assert (await Artist.get(id=artist.id)).credit_name == artist.credit_name
    assert (await Consent.get(id=other.id)).assent == "另一句"
    assert (await Consent.get(id=consent.id)).assent == ""
    assert (await Artwork.get(id=stays.id)).own("title") == stays.own("title")
    assert (await Submission.get(artwork_id=stays.id)).sent["title"] == stays.own("title")
    captions = dict(await Hanging.all().values_list("artwork_id", "caption"))
    assert captions == {gone.id: NO_TEXTS, stays.id: in_zh("说明")}


async def test_drafts_without_a_consent_stay_and_curators_lose_what_they_were_sent(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, status="accepted", consent=consent)
    draft = await factories.artwork(site.storage, site.cast.organisation, status="returned", consent=consent)
    await Artwork.filter(id=draft.id).update(consent_id=None)
    await withdraw(consent, site.storage)
    assert (await Artwork.get(id=draft.id)).own("title") == draft.own("title")
    page = await (await site.client(site.cast.curator)).get(f"/desk/queue/{draft.id}")
    assert page.status_code == 200
    assert draft.own("title") not in page.text


async def test_what_was_sent_under_another_artists_consent_is_erased_with_it(site: Site) -> None:
    """Somebody chose the wrong artist, submitted the work, and corrected the artist when it was returned."""
    artist = await Artist.create(organisation=site.cast.organisation, credit_name=MARKER)
    consent = await factories.consent(site.cast.organisation, artist)
    work = await factories.artwork(
        site.storage, site.cast.organisation, status="returned", consent=consent, title=MARKER
    )
    submission = await Submission.get(artwork=work)
    await Hint.create(
        submission=submission, artwork=work, check="wording", field="title", key="k", excerpt=MARKER
    )
    right = await factories.consent(site.cast.organisation)
    other = await factories.artwork(site.storage, site.cast.organisation, status="returned", consent=right)
    await Artwork.filter(id=work.id).update(
        artist_id=right.artist_id, consent_id=right.id, title=in_zh("饺子皮")
    )
    await withdraw(consent, site.storage)
    assert await holding() == set()
    assert (await Artwork.get(id=work.id)).own("title") == "饺子皮"
    assert (await Submission.get(artwork=other)).sent["title"] == other.own("title")
    page = await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")
    assert (page.status_code, MARKER in page.text) == (200, False)


async def test_the_worker_erases_what_an_earlier_release_kept(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    await Artwork.filter(id=work.id).update(title=in_zh("zzqx"), medium=in_zh("zzqx"))
    await Consent.filter(id=work.consent.id).update(assent="zzqx")
    await site.work()
    assert await holding() == set()


async def test_the_organisation_knows_a_withdrawn_work_by_its_number(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    client = await site.client(site.cast.partner)
    for path in ("/desk/works", f"/desk/works/{work.id}", f"/desk/consents/{work.consent.id}"):
        page = (await client.get(path)).text
        assert work.public_id in page, path
        assert work.own("title") not in page
    assert grouped_code(work.consent.code) in page
