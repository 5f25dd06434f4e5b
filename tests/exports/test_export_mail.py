"""The mail that an export is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.accounts.models import MemberRole, Membership, Person
from gallery.artists.models import Consent
from gallery.exports import chores
from gallery.exports.models import Export
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.settings import Settings
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site, settings_for

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, database_url, smtp_url="smtp://127.0.0.1:9")


async def test_owners_get_a_mail_that_opens_nothing_by_itself(site: Site) -> None:
    cast = site.cast
    await Membership.filter(person=cast.partner).update(role=MemberRole.OWNER)
    await Person.filter(id=cast.partner.id).update(language="zh")
    work = await factories.artwork(site.storage, cast.organisation)
    client = await site.client(cast.partner)
    path = f"/desk/organisations/{cast.organisation.id}/export"
    await client.post(path)
    assert "所有者会收到邮件" in (await client.get(path)).text
    await chores.make_next(ChoreContext(site.settings, site.storage))
    mail = await Mail.get()  # her colleague owns nothing
    assert (mail.email, mail.path, mail.secret) == (cast.partner.email, path, "")
    content = compose(mail, site.settings)
    assert content.subject == "导出已完成：晓更基金会"
    assert work.own("title") not in content.text
    assert (await (await site.client()).get(path)).status_code == 303  # to the sign-in
    consent = await Consent.get(id=work.consent_id or 0)
    await withdraw(consent, site.storage)
    assert not await Mail.filter(kind="export_ready").exists()
    assert await Export.all().count() == 1
