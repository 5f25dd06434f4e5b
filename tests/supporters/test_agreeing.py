"""A curator asks a supporter, who reads, corrects and agrees, or not, with the link in the mail, and takes it back."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from gallery.audit.models import Entry
from gallery.clock import now
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.supporters.models import Supporter, SupporterState
from gallery.web.texts import NO_TEXTS
from tests import factories
from tests.conftest import Site
from tests.supporters.people import ANSWER, FIELDS, agreed, ask, mailed_path

pytestmark = pytest.mark.engines("sqlite", "postgresql")


def public(supporter: Supporter) -> str:
    return f"/en/supporters/{supporter.public_id}"


async def test_nothing_is_public_until_they_agree(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    supporter, path = await ask(site)
    visitor = await site.client()
    assert (await visitor.get(public(supporter))).status_code == 404
    page = await visitor.get(path)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "Lin Yi" in page.text
    assert "Because they paint." in page.text
    corrected = {**ANSWER, "name[en]": "Lin Yi the painter", "answer": "yes", "confirms": "y"}
    assert (await visitor.post(path, data=corrected)).status_code == 303
    page = await visitor.get(public(supporter))
    assert page.status_code == 200
    assert page.headers["cache-control"] == "public, no-cache"
    assert "Lin Yi the painter" in page.text
    assert "https://linyi.example/" in page.text
    told = await Mail.get(kind="supporter_answered")
    assert (told.email, told.facts) == (site.cast.curator.email, {})
    logged = [each.getMessage() for each in caplog.records if each.name.startswith("gallery")]
    seen = str([*await Entry.all().values(), *logged]) + page.text
    assert "lin@example.org" not in seen
    assert path.rpartition("/")[2] not in seen


async def test_looking_changes_nothing(site: Site) -> None:
    supporter, path = await ask(site)
    visitor = await site.client()
    page = await visitor.post(path, data={**ANSWER, "reason[en]": "For the children.", "answer": "look"})
    assert page.status_code == 200
    assert page.text.count("For the children.") >= 2  # in the form, and as visitors would see it
    await supporter.refresh_from_db()
    assert supporter.reason["en"] == FIELDS["reason[en]"]
    assert supporter.state == SupporterState.WAITING


async def test_only_the_button_agrees(site: Site) -> None:
    supporter, path = await ask(site)
    visitor = await site.client()
    for chosen in ({}, {"answer": "save"}, {"answer": "maybe"}):
        page = await visitor.post(path, data={**ANSWER, "confirms": "y", **chosen})
        assert page.status_code == 200
    await supporter.refresh_from_db()
    assert supporter.state == SupporterState.WAITING


async def test_who_refuses_is_forgotten(site: Site) -> None:
    supporter, path = await ask(site)
    visitor = await site.client()
    assert (await visitor.post(path, data={"answer": "no"})).status_code == 303
    page = await visitor.get(path)
    assert page.status_code == 410
    assert "You did not agree" in page.text
    await supporter.refresh_from_db()
    assert (supporter.state, supporter.name, supporter.email) == (SupporterState.REFUSED, NO_TEXTS, "")
    assert not await Mail.filter(email="lin@example.org").exists()
    for _ in range(2):  # a second answer changes nothing
        assert (
            await visitor.post(path, data={**ANSWER, "answer": "yes", "confirms": "y"})
        ).status_code == 410
    assert (await visitor.get(public(supporter))).status_code == 404


async def test_taking_it_back_leaves_nothing(site: Site) -> None:
    supporter, path = await agreed(site)
    visitor = await site.client()
    assert (await visitor.get(public(supporter))).status_code == 200
    assert (await visitor.post(f"{path}/end")).status_code == 303
    page = await visitor.get(path)
    assert page.status_code == 410
    assert "Lin Yi" not in page.text
    for language in ("zh", "en"):
        page = await visitor.get(f"/{language}/supporters/{supporter.public_id}")
        assert page.status_code == 410
        assert "Lin Yi" not in page.text
        assert "林一" not in page.text
    row: dict[str, Any] = (await Supporter.filter(id=supporter.id).values())[0]
    assert not [each for each in ("林一", "Lin Yi", "lin@example.org", "linyi.example") if each in str(row)]
    assert not await Mail.filter(email="lin@example.org").exists()
    curator = await site.client(site.cast.curator)
    assert "Lin Yi" not in (await curator.get("/desk/supporters")).text


async def test_a_link_used_twice_shows_the_first_answer(site: Site) -> None:
    supporter, path = await agreed(site)
    visitor = await site.client()
    for second in ("no", "yes"):
        assert (
            await visitor.post(path, data={**ANSWER, "reason[en]": "", "answer": second})
        ).status_code == 303
    assert "Because they paint." in (await visitor.get(public(supporter))).text
    await supporter.refresh_from_db()
    assert supporter.state == SupporterState.AGREED
    page = await visitor.post(path, data={**ANSWER, "reason[en]": "Still.", "answer": "save"})
    assert page.status_code == 303
    assert "Still." in (await visitor.get(f"{public(supporter)}?again")).text  # not the page as it was cached


async def test_under_18_a_guardian_is_asked(site: Site) -> None:
    curator = await site.client(site.cast.curator)
    refused = await curator.post("/desk/supporters", data={**FIELDS, "is_minor": "y"})
    assert refused.status_code == 422
    assert "a parent or guardian must agree" in refused.text
    assert "Lin Yi" in refused.text
    assert not await Supporter.exists()
    _supporter, path = await ask(site, is_minor="y", guardian_email="mother@example.org")
    assert {mail.email for mail in await Mail.filter(kind="supporter_asked")} == {"mother@example.org"}
    page = await (await site.client()).get(path)
    assert "I am a parent or guardian" in page.text
    unticked = await (await site.client()).post(path, data={**ANSWER, "answer": "yes"})
    assert unticked.status_code == 422
    assert "Please tick this box" in unticked.text


@pytest.mark.parametrize(
    "fields",
    [
        {"name[zh]": " ", "name[en]": ""},
        {"email": ""},
        {"email": "no address"},
        {"kind": "king"},
        {"addresses": "javascript:alert(1)"},
        {"addresses": "\n".join(f"https://{number}.example/" for number in range(6))},
        {"reason[en]": "x" * 301},
        {"language": "tlh"},
    ],
)
async def test_bad_input_is_kept_in_the_form(site: Site, fields: dict[str, str]) -> None:
    curator = await site.client(site.cast.curator)
    answer = await curator.post("/desk/supporters", data={**FIELDS, **fields})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not await Supporter.exists()


@pytest.mark.parametrize("kind", ["supporter_asked", "supporter_link", "supporter_answered"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_each_mail_can_be_read(site: Site, kind: str, language: str) -> None:
    _supporter, _path = await ask(site, is_minor="y", guardian_email="mother@example.org")
    mail = await Mail.get(kind="supporter_asked")
    mail.kind, mail.language = kind, language
    content = compose(mail, site.settings)
    assert content.subject
    assert f"{site.settings.site_url}/{language}/supporter/{mail.secret}" in content.text
    if kind == "supporter_asked":
        assert {"zh": "未满18岁", "en": "They are under 18"}[language] in content.text.replace("\u2060", "")


async def test_a_name_with_tags_is_a_name(site: Site) -> None:
    supporter, path = await ask(site)
    visitor = await site.client()
    name = "<script>alert(1)</script>"
    await visitor.post(path, data={**ANSWER, "name[en]": name, "answer": "yes", "confirms": "y"})
    for page in (await visitor.get(public(supporter)), await visitor.get(path)):
        assert name not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


async def test_an_expired_link_is_over_and_later_forgotten(site: Site) -> None:
    supporter, path = await ask(site)
    await Supporter.filter(id=supporter.id).update(expires_at=now() - timedelta(days=1))
    visitor = await site.client()
    page = await visitor.get(path)
    assert page.status_code == 410
    assert "Lin Yi" not in page.text
    assert (await visitor.post(path, data={**ANSWER, "answer": "yes", "confirms": "y"})).status_code == 410
    await Supporter.filter(id=supporter.id).update(expires_at=now() - timedelta(days=31))
    await site.work()
    await supporter.refresh_from_db()
    assert (supporter.state, supporter.name) == (SupporterState.TAKEN_BACK, NO_TEXTS)
    assert (await visitor.get(public(supporter))).status_code == 404  # it was never public
    assert not await Mail.filter(kind="supporter_answered").exists()


async def test_a_new_link_ends_the_one_before(site: Site) -> None:
    supporter, path = await agreed(site)
    visitor = await site.client()
    assert "on its way" in (await visitor.post(f"{path}/link")).text
    assert (await visitor.get(path)).status_code == 404
    renewed = await mailed_path()
    assert (await visitor.get(renewed)).status_code == 200
    curator = await site.client(site.cast.curator)
    assert (await curator.post(f"/desk/supporters/{supporter.id}/link")).status_code == 303
    assert (await visitor.get(renewed)).status_code == 404
    assert (await visitor.get(public(supporter))).status_code == 200


async def test_another_address_gets_another_link(site: Site) -> None:
    supporter, path = await ask(site)
    curator = await site.client(site.cast.curator)
    page = f"/desk/supporters/{supporter.id}"
    await curator.post(page, data={**FIELDS, "reason[en]": "Corrected."})
    assert (await (await site.client()).get(path)).status_code == 200
    await curator.post(page, data={**FIELDS, "email": "other@example.org"})
    assert (await (await site.client()).get(path)).status_code == 404
    mail = await Mail.get(kind="supporter_asked")
    assert mail.email == "other@example.org"
    assert "Lin Yi" in (await (await site.client()).get(await mailed_path())).text


async def test_curators_change_nothing_that_was_agreed_to_but_can_end_it(site: Site) -> None:
    supporter, _path = await agreed(site)
    curator = await site.client(site.cast.curator)
    page = f"/desk/supporters/{supporter.id}"
    answer = await curator.post(page, data={**FIELDS, "name[en]": "Another"}, follow_redirects=True)
    assert "nothing was changed" in answer.text
    assert "Another" not in (await curator.get(public(supporter))).text
    await curator.post(f"{page}/end")
    assert (await curator.get(public(supporter))).status_code == 410


async def test_others_see_nothing_at_the_desk(site: Site) -> None:
    supporter, path = await ask(site)
    for address in ("", "/new", f"/{supporter.id}", f"/{supporter.id}/picture.jpg"):
        assert (await (await site.client()).get(f"/desk/supporters{address}")).status_code == 303
        partner = await site.client(site.cast.partner)
        assert (await partner.get(f"/desk/supporters{address}")).status_code == 404
    partner = await site.client(site.cast.partner)
    for address in ("", f"/{supporter.id}", f"/{supporter.id}/end", f"/{supporter.id}/link"):
        assert (await partner.post(f"/desk/supporters{address}", data=FIELDS)).status_code == 404
    assert (await (await site.client()).get(f"{path}X")).status_code == 404
    assert (await (await site.client(site.cast.curator)).get("/desk/supporters/999")).status_code == 404


async def test_their_picture_is_public_once_they_agree(site: Site) -> None:
    supporter, path = await ask(site)
    visitor = await site.client()
    picture = {"picture": ("me.jpg", factories.photograph(), "image/jpeg")}
    looked = await visitor.post(path, data={**ANSWER, "answer": "look"}, files=picture)
    assert looked.status_code == 200, looked.text
    await supporter.refresh_from_db()
    address = f"/logos/{supporter.picture_token}.jpg"
    assert (await visitor.get(address)).status_code == 404
    assert (await visitor.get(f"{path}/picture.jpg")).status_code == 200
    sent = {**ANSWER, "answer": "yes", "confirms": "y"}
    changed = await visitor.post(path, data={**sent, "picture_seen": "another"})
    assert changed.status_code == 422
    assert "just changed" in changed.text
    await visitor.post(path, data={**sent, "picture_seen": supporter.picture_token})
    assert address in (await visitor.get(public(supporter))).text
    assert (await visitor.get(address)).status_code == 200
    await visitor.post(f"{path}/end")
    assert (await visitor.get(address)).status_code == 404
    with pytest.raises(FileNotFoundError):
        async with site.storage.private.local_copy(f"logos/{supporter.picture_token}"):
            pass


async def test_no_picture_is_no_error_but_a_broken_one_is(site: Site) -> None:
    _supporter, path = await ask(site)
    visitor = await site.client()
    broken = {"picture": ("me.jpg", b"no picture", "image/jpeg")}
    page = await visitor.post(path, data={**ANSWER, "answer": "yes", "confirms": "y"}, files=broken)
    assert page.status_code == 422
    assert "Lin Yi" in page.text
    assert 'id="picture-error"' in page.text
