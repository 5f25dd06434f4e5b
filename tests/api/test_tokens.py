"""Tokens: made by owners, shown once, kept as a hash, ended at once; limits, scopes, and no cookie below /api/."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gallery.accounts.account_deletion import close_account
from gallery.accounts.members import remove
from gallery.accounts.models import MemberRole, Membership, Person
from gallery.api import access, tokens
from gallery.api.models import Token
from gallery.api.tokens import READ, WRITE, check_letters, is_well_formed, new_token_text
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.organisations.models import Organisation
from tests import factories
from tests.api.programs import V1, bearer, program, token_for
from tests.conftest import Site


async def owner(site: Site) -> Person:
    await Membership.filter(person=site.cast.partner).update(role=MemberRole.OWNER)
    return site.cast.partner


def form(**values: object) -> dict[str, object]:
    return {"name": "Our database", "scopes": [READ, WRITE], "days": "90", **values}


def address(site: Site) -> str:
    return f"/desk/organisations/{site.cast.organisation.id}/tokens"


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_owner_makes_a_token_sees_it_once_and_ends_it(site: Site) -> None:
    client = await site.client(await owner(site))
    assert (
        f'href="{address(site)}"'
        in (await client.get(f"/desk/organisations/{site.cast.organisation.id}/edit")).text
    )
    page = await client.post(address(site), data=form())
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    (text,) = re.findall(r"gallery_[0-9A-Za-z]{38}", page.text)
    token = await Token.get()
    assert text not in f"{token.token_hash} {token.beginning}"
    assert text.startswith(token.beginning)
    assert token.expires_at - now() < timedelta(days=90)

    guest = await site.client(**bearer(text))
    assert (await guest.get(f"{V1}/organisation")).json()["slug"] == "xiaogeng"
    listed = (await client.get(address(site))).text
    assert text not in listed
    assert f"{token.beginning}…" in listed
    assert "last used" in listed

    ended = await client.post(f"{address(site)}/{token.id}/deletion", follow_redirects=True)
    assert "The token has been ended" in ended.text
    assert (await guest.get(f"{V1}/organisation")).status_code == 401


async def test_only_owners_have_to_do_with_tokens(site: Site) -> None:
    await token_for(site.cast.partner)
    token = await Token.get()
    for person in (site.cast.colleague, site.cast.stranger, site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        assert (await client.get(address(site))).status_code == 404, person.name
        assert (await client.post(address(site), data=form())).status_code == 404
        assert (await client.post(f"{address(site)}/{token.id}/deletion")).status_code == 404
    assert (await (await site.client()).get(address(site))).status_code == 303
    # An owner elsewhere cannot end it under the address of their own organisation either.
    await Membership.filter(person=site.cast.stranger).update(role=MemberRole.OWNER)
    elsewhere = await site.client(site.cast.stranger)
    path = f"/desk/organisations/{site.cast.elsewhere.id}/tokens/{token.id}/deletion"
    assert (await elsewhere.post(path)).status_code == 404
    assert await Token.all().count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " "}, "Please write what it is for"),
        ({"name": "x" * 81}, "This has 81 characters"),
        ({"scopes": []}, "Please tick at least one thing"),
        ({"scopes": ["everything"]}, "Please choose something that is in the list."),
        ({"days": "4000"}, "Please choose something that is in the list."),
    ],
)
async def test_what_is_wrong_with_a_token_is_said(
    site: Site, values: dict[str, object], sentence: str
) -> None:
    client = await site.client(await owner(site))
    page = await client.post(address(site), data=form(**values))
    assert page.status_code == 422
    assert sentence in page.text
    assert await Token.all().count() == 0


async def test_there_are_not_too_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client(await owner(site))
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    statuses = [(await client.post(address(site), data=form())).status_code for _ in range(3)]
    assert statuses == [200, 200, 422]
    await Token.all().update(expires_at=now())
    assert (await client.post(address(site), data=form())).status_code == 200


async def test_a_token_ends_with_its_time(site: Site) -> None:
    client = await program(site)
    assert (await client.get(f"{V1}/works")).status_code == 200
    await Token.all().update(expires_at=now())
    refused = await client.get(f"{V1}/works")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    await site.work()
    assert await Token.all().count() == 1  # its owner can still see that it has expired
    await Token.all().update(expires_at=now() - timedelta(days=31))
    await site.work()
    assert await Token.all().count() == 0


async def test_a_token_ends_when_whoever_made_it_leaves(site: Site) -> None:
    client = await program(site)
    await Membership.filter(person=site.cast.colleague).update(role=MemberRole.OWNER)
    await remove(await Membership.get(person_id=site.cast.partner.id))
    assert (await client.get(f"{V1}/works")).status_code == 401
    await Membership.create(
        organisation=site.cast.organisation, person=site.cast.partner, role=MemberRole.OWNER
    )
    assert (await client.get(f"{V1}/works")).status_code == 401
    again = await program(site)
    await close_account(site.cast.partner)
    assert (await again.get(f"{V1}/works")).status_code == 401
    assert await Token.all().count() == 0


async def test_a_token_ends_for_good_when_its_organisation_is_stopped(site: Site) -> None:
    client = await program(site)
    elsewhere = await program(site, person=site.cast.stranger)
    keeper = await site.client(site.cast.keeper)
    path = f"/desk/organisations/{site.cast.organisation.id}/edit"
    profile = {"slug": "xiaogeng", "name[zh]": "晓更基金会", "name[en]": "Xiaogeng Foundation"}
    assert (await keeper.post(path, data=profile)).status_code == 303
    assert not (await Organisation.get(id=site.cast.organisation.id)).is_active
    assert (await client.get(f"{V1}/works")).status_code == 401
    partner = await site.client(site.cast.partner)
    assert (await partner.post(address(site), data=form())).status_code == 404
    assert (await keeper.post(path, data={**profile, "is_active": "y"})).status_code == 303
    assert (await client.get(f"{V1}/works")).status_code == 401
    assert (await elsewhere.get(f"{V1}/works")).status_code == 200


async def test_a_token_does_what_it_covers_and_no_more(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    reader, writer = await program(site, READ), await program(site, WRITE)
    assert (await reader.get(f"{V1}/works/{work.id}")).status_code == 200
    for method, path in (
        ("POST", "/works"),
        ("PATCH", f"/works/{work.id}"),
        ("DELETE", f"/works/{work.id}"),
        ("POST", f"/works/{work.id}/submissions"),
        ("POST", f"/works/{work.id}/takings-back"),
        ("POST", "/uploads"),
        ("HEAD", "/uploads/" + "0" * 32),
    ):
        refused = await reader.request(method, V1 + path, json={"title": "A"})
        assert refused.status_code == 403, path
        assert 'error="insufficient_scope", scope="works:write"' in refused.headers["www-authenticate"]
    assert (await writer.get(f"{V1}/works")).status_code == 403
    assert (await writer.patch(f"{V1}/works/{work.id}", json={"title": "A"})).status_code == 200


async def test_no_cookie_and_no_parameter_opens_anything(site: Site) -> None:
    text = await token_for(site.cast.partner)
    client = await site.client(site.cast.partner)
    client.cookies.set(
        "gallery_session", next(iter(client.cookies.values())), domain="gallery.test", path="/"
    )
    for path in ("/works", "/organisation", f"/works?access_token={text}"):
        refused = await client.get(V1 + path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer realm="gallery"'
    for scheme in (f"Basic {text}", "Bearer", "Bearer ", text, f"Bearer {text} {text}", f"bearer {text}x"):
        assert (await client.get(f"{V1}/works", headers={"authorization": scheme})).status_code == 401
    assert (await client.get(f"{V1}/works", headers={"authorization": f"bearer {text}"})).status_code == 200


async def test_another_sites_page_may_send_what_no_cookie_opens(site: Site) -> None:
    client = await program(site)
    headers = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    made = await client.post(f"{V1}/works", json={"title": "A"}, headers=headers)
    assert made.status_code == 201
    # Yet no browser lets another site's page read an answer.
    assert not {name for name in made.headers if name.startswith("access-control-")}
    partner = await site.client(site.cast.partner)
    assert (await partner.post("/desk/works", data={"title": "A"}, headers=headers)).status_code == 403
    assert await Artwork.all().count() == 1


async def test_who_guesses_is_kept_out_and_who_asks_too_often_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await program(site)
    guesser = await site.client()
    for _ in range(access.MAX_WRONG_TOKENS):
        assert (await guesser.get(f"{V1}/works", headers=bearer(new_token_text()))).status_code == 401
    refused = await guesser.get(f"{V1}/works", headers=bearer(new_token_text()))
    assert (refused.status_code, refused.json()["type"].rpartition("#")[2]) == (429, "too-many")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    site.app.state.api_limits.wrong._events.clear()
    monkeypatch.setattr(site.app.state.api_limits.requests, "times", 3)
    statuses = [(await good.get(f"{V1}/works")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    # Another token of the same organisation is not limited by it.
    assert (await (await program(site)).get(f"{V1}/works")).status_code == 200


async def test_the_last_use_is_not_written_each_time(site: Site) -> None:
    client = await program(site)
    await client.get(f"{V1}/works")
    first = (await Token.get()).used_at
    await client.get(f"{V1}/works")
    assert (await Token.get()).used_at == first
    await Token.all().update(used_at=now() - timedelta(minutes=11))
    await client.get(f"{V1}/works")
    assert (await Token.get()).used_at >= first


def test_a_token_is_recognised_by_its_form() -> None:
    texts = {new_token_text() for _ in range(50)}
    assert len(texts) == 50
    assert all(is_well_formed(text) for text in texts)
    text = texts.pop()
    swapped = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert not any(
        map(is_well_formed, (swapped, text.upper(), text[1:], text + "0", text.replace("_", "-"), ""))
    )
    assert check_letters("0" * 32) == check_letters("0" * 32) != check_letters("0" * 31 + "1")
