"""Entering a work: one form, lenient for drafts, strict for submissions; no typed text is lost."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from gallery.artists.models import Artist, Consent
from gallery.artworks import works
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import today
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Project
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, select

PICTURE = {"picture": ("photo.jpg", factories.photograph(), "image/jpeg")}
TEXTS = {
    "language": "zh",
    "title": "饺子皮",
    "story": "派派照着报纸上的照片，\r\n画了一个球员。",
    "alt_text": "一个踢球的人",
    "medium": "蜡笔",
    "date_made": "2022",
}
NEW_PEOPLE = {
    "credit_name": "派派",
    "agreed_by": "parent",
    "scopes": ["web", "print"],
    "starts_on": "2022-11-20",
    "assent": "好的！",
}
NEW_PROJECT = {
    "project_title": "画出联系",
    "project_summary": "教孩子画画。",
    "project_link": "https://example.org/give",
}


async def send(client: httpx.AsyncClient, fields: dict[str, Any], picture: bool = True) -> httpx.Response:
    return await client.post("/desk/works", data=fields, files=PICTURE if picture else {"other": b""})


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_everything_at_once_is_submitted(site: Site) -> None:
    client = await site.client(site.cast.partner)
    theme = await factories.theme()
    answer = await send(
        client, {**TEXTS, **NEW_PEOPLE, **NEW_PROJECT, "themes": [str(theme.id)], "then": "submit"}
    )
    work = await Artwork.get().prefetch_related("artist", "consent", "project", "image", "themes")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/works/{work.id}")
    assert work.status == Status.SUBMITTED
    assert work.own("story") == "派派照着报纸上的照片，\n画了一个球员。"
    assert work.artist
    assert work.artist.credit_name == "派派"
    assert work.consent
    assert work.consent.scope == ["web", "print"]
    assert work.consent.assent == "好的！"
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{20}", work.consent.code)
    assert work.project
    assert work.project.title["zh"] == "画出联系"
    assert work.project.slug.startswith("p-")
    assert work.image
    assert (work.image.width, work.image.state) == (1300, ImageState.RECEIVED)
    assert [each.id for each in work.themes] == [theme.id]
    assert await Submission.filter(artwork=work, number=1, by=site.cast.partner).count() == 1

    page = await client.get(f"/desk/works/{work.id}")
    assert "is being prepared" in page.text
    assert "data-look-again" in page.text
    await site.work()
    page = await client.get(f"/desk/works/{work.id}")
    assert "data-look-again" not in page.text
    preview = f"/desk/images/{work.image_id}/960.jpg"
    assert preview in page.text
    picture = await client.get(preview)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "private, no-cache"


async def test_a_title_is_enough_for_a_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {"language": "en", "title": "Tangyuan"}, picture=False)
    assert answer.status_code == 303
    work = await Artwork.get()
    assert (work.own("title"), work.status, work.image_id) == ("Tangyuan", Status.DRAFT, None)


async def test_a_picture_is_enough_for_a_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    assert (await send(client, {"language": "zh"})).status_code == 303
    assert (await Artwork.get()).image_id is not None


async def test_submitting_names_all_that_lacks_and_saves_the_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {"language": "zh", "title": "圆", "then": "submit"}, picture=False)
    assert answer.status_code == 422
    work = await Artwork.get()
    assert work.status == Status.DRAFT
    assert f'action="/desk/works/{work.id}/edit"' in answer.text
    assert 'value="圆"' in answer.text
    for name in ("picture", "story", "alt_text", "medium", "artist", "consent", "project", "themes"):
        assert f'href="#{name}"' in answer.text, name
    assert await Submission.all().count() == 0


async def test_a_form_sent_twice_makes_one_work(site: Site) -> None:
    client = await site.client(site.cast.partner)
    key = attribute((await client.get("/desk/works/new")).text, "[name=form_key]", "value")
    assert re.fullmatch("[0-9a-f]{32}", key)
    fields = {**TEXTS, **NEW_PEOPLE, "form_key": key}
    answers = [await send(client, fields) for _ in range(2)]
    assert {each.status_code for each in answers} == {303}
    assert answers[0].headers["location"] == answers[1].headers["location"]
    counts = [await model.all().count() for model in (Artwork, Artist, Consent, Image)]
    assert counts == [1, 1, 1, 1]


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_what_was_typed_and_uploaded_outlives_a_mistake(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {**TEXTS, "date_made": "1066"})
    assert answer.status_code == 422
    assert "1900" in answer.text
    assert "画了一个球员" in answer.text
    assert await Artwork.all().count() == 0
    token = attribute(answer.text, "[name=image]", "value")
    assert token
    answer = await send(client, {**TEXTS, "image": token}, picture=False)
    assert answer.status_code == 303
    image = await Image.get()
    assert image.token == token
    assert (await Artwork.get()).image_id == image.id


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"date_made": "last"}, "date_made"),
        ({"date_made": "99999999999999999999"}, "date_made"),
        ({"language": "xx"}, "language"),
        ({"language_other": "Martian"}, "language_other"),
        ({"title[zh]": "球", "title[bo]": "x" * 121}, "title-bo"),
        ({"title": "长" * 121}, "title"),
        ({"title": ""}, "title"),
        ({"artist": "4711"}, "artist"),
        ({"consent": "x"}, "consent"),
        ({"themes": ["4711"]}, "themes"),
        ({"project": "4711"}, "project"),
        ({**NEW_PROJECT, "project_link": "javascript:alert(1)"}, "project_link"),
        ({**NEW_PROJECT, "project_link": ""}, "project_link"),
        ({"project_link": "https://example.org"}, "project_title"),
        ({**NEW_PEOPLE, "agreed_by": ""}, "agreed_by"),
        ({**NEW_PEOPLE, "agreed_by": "uncle"}, "agreed_by"),
        ({**NEW_PEOPLE, "scopes": ["everything"]}, "scopes"),
        ({**NEW_PEOPLE, "starts_on": ""}, "starts_on"),
        ({**NEW_PEOPLE, "starts_on": "tomorrow"}, "starts_on"),
        ({**NEW_PEOPLE, "ends_on": "2022-11-19"}, "ends_on"),
        ({**NEW_PEOPLE, "credit_name": ""}, "artist"),
    ],
)
async def test_what_is_given_must_be_right(site: Site, fields: dict[str, Any], field: str) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {**TEXTS, **fields}, picture=False)
    assert answer.status_code == 422
    assert {f"#{field}", f"#{field}-0"} & set(attributes(answer.text, "a", "href"))
    assert "画了一个球员" in answer.text
    counts = [await model.all().count() for model in (Artwork, Artist, Consent, Project)]
    assert counts == [0, 0, 0, 0]


async def test_a_missing_field_gets_a_sentence(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {"title": "圆"}, picture=False)
    assert answer.status_code == 422
    assert "Please choose a language." in answer.text


async def test_nothing_of_another_organisation_can_be_chosen(site: Site) -> None:
    client = await site.client(site.cast.partner)
    theirs = await factories.consent(site.cast.elsewhere)
    project = await factories.project(site.cast.elsewhere)
    for fields in ({"artist": theirs.artist_id}, {"consent": theirs.id}, {"project": project.id}):
        answer = await send(client, {**TEXTS, **fields}, picture=False)
        assert answer.status_code == 422, fields
        assert "Please choose something that is in the list." in answer.text
    their_image = await factories.image(site.storage, site.cast.elsewhere)
    await send(client, {**TEXTS, "image": their_image.token}, picture=False)
    assert (await Artwork.get()).image_id is None


async def test_a_consent_belongs_to_its_artist(site: Site) -> None:
    client = await site.client(site.cast.partner)
    consent = await factories.consent(site.cast.organisation)
    other = await Artist.create(organisation=site.cast.organisation, credit_name="另一位")
    answer = await send(client, {**TEXTS, "artist": other.id, "consent": consent.id}, picture=False)
    assert answer.status_code == 422
    assert "another artist" in answer.text
    assert (await send(client, {**TEXTS, "consent": consent.id}, picture=False)).status_code == 303
    assert (await Artwork.get()).artist_id == consent.artist_id


@pytest.mark.engines("sqlite", "postgresql")
async def test_expired_consent_is_no_ground_for_submitting(site: Site) -> None:
    client = await site.client(site.cast.partner)
    theme = await factories.theme(call_closes_on=today())
    past = {**NEW_PEOPLE, "ends_on": "2022-12-31"}
    answer = await send(client, {**TEXTS, **past, **NEW_PROJECT, "themes": [str(theme.id)], "then": "submit"})
    assert answer.status_code == 422
    assert attributes(answer.text, "li > a[href^='#']", "href") == ["#consent"]


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("notes.txt", b"not a picture at all", "not a picture"),
        ("photo.jpg", b"%PDF-1.7 " + b"x" * 100, "cannot be shown here"),
        ("photo.jpg", factories.photograph()[:20_000], "damaged"),
        ("photo.jpg", b"", "0 bytes"),
        ("small.png", factories.photograph(200, 100, "PNG"), "too small"),
    ],
)
async def test_a_file_that_is_no_picture(site: Site, name: str, body: bytes, sentence: str) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/works", data=TEXTS, files={"picture": (name, body, "image/jpeg")})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "画了一个球员" in answer.text
    assert await Artwork.all().count() == await Image.all().count() == 0
    assert [key async for key in site.storage.private.keys("originals")] == []


async def test_a_picture_over_the_limit(site: Site) -> None:
    client = await site.client(site.cast.partner)
    body = factories.photograph() + b"\0" * 61_000_000
    files = {"picture": ("photo.jpg", body, "image/jpeg")}
    answer = await client.post("/desk/works", data=TEXTS, files=files)
    assert answer.status_code == 413
    assert "larger than 60\N{NO-BREAK SPACE}MB" in answer.text
    assert "画了一个球员" in answer.text
    assert [key async for key in site.storage.private.keys("originals")] == []


async def test_a_form_that_breaks_off(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/works",
        content=b'--x\r\nContent-Disposition: form-data; name="title"\r\nno colon here\r\n\r\n',
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 400


async def test_script_in_a_story_is_shown_as_letters(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, {**TEXTS, "story": "<script>alert(1)</script> *圆*"}, picture=False)
    page = await client.get(answer.headers["location"])
    assert "<script>alert" not in page.text
    assert "<em>圆</em>" in page.text


async def test_a_member_of_two_organisations_says_which(site: Site) -> None:
    from gallery.accounts.models import Membership

    await Membership.create(person=site.cast.partner, organisation=site.cast.elsewhere)
    client = await site.client(site.cast.partner)
    assert 'name="organisation"' in (await client.get("/desk/works/new")).text
    mine = await factories.project(site.cast.organisation)
    fields = {**TEXTS, "organisation": site.cast.elsewhere.id}
    refused = await send(client, {**fields, "project": mine.id})
    assert refused.status_code == 422
    assert "another organisation than the work" in refused.text
    assert (await send(client, fields)).status_code == 303
    work = await Artwork.get().prefetch_related("image")
    assert work.organisation_id == site.cast.elsewhere.id
    assert work.image
    assert work.image.organisation_id == site.cast.elsewhere.id


async def test_who_may_not_enter_works(site: Site) -> None:
    guest = await (await site.client()).get("/desk/works/new")
    assert guest.headers["location"].startswith("/desk/sign-in")
    curator = await site.client(site.cast.curator)
    assert (await curator.get("/desk/works/new")).status_code == 404
    assert (await send(curator, TEXTS)).status_code == 404


async def many_artists(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Consent]:
    """Three artists with a consent each, of which the form lists the newest two; and one elsewhere."""
    monkeypatch.setattr(works, "MOST_ARTISTS", 2)
    consents = [await factories.consent(site.cast.organisation) for _ in range(3)]
    for consent, name in zip(consents, ("派派", "小林", "Lin"), strict=True):
        await Artist.filter(id=consent.artist_id).update(credit_name=name)
    elsewhere = await factories.consent(site.cast.elsewhere)
    await Artist.filter(id=elsewhere.artist_id).update(credit_name="派派 elsewhere")
    return consents


def offered(page: str, field: str) -> set[str]:
    return set(attributes(page, f'select[name="{field}"] option', "value")) - {""}


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_form_lists_the_newest_artists_and_finds_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, *newer = await many_artists(site, monkeypatch)
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works/new")).text
    assert offered(page, "artist") == {str(each.artist_id) for each in newer}
    assert offered(page, "consent") == {str(each.id) for each in newer}
    assert "The list has the newest artists." in page
    typed = {**TEXTS, "form_key": attribute(page, "input[name=form_key]", "value"), "date_made": "soon"}
    found = await send(client, {**typed, "find": " 派 ", "then": "find"})
    assert found.status_code == 200
    assert offered(found.text, "artist") == {str(old.artist_id)}
    assert offered(found.text, "consent") == {str(old.id)}
    assert not select(found.text, ".error-summary"), "nothing is checked yet"
    assert attribute(found.text, "input[name=date_made]", "value") == "soon"
    assert not await Artwork.all().exists()
    token = attribute(found.text, "input[name=image]", "value")
    assert (await Image.get()).token == token, "the picture that was sent along is kept"
    typed |= {"date_made": "2022", "image": token, "artist": str(old.artist_id), "consent": str(old.id)}
    assert (await send(client, {**typed, "then": "save"}, picture=False)).status_code == 303
    work = await Artwork.get()
    assert (work.artist_id, work.consent_id) == (old.artist_id, old.id)
    assert work.image_id is not None
    page = (await client.get(f"/desk/works/{work.id}/edit")).text
    assert str(old.artist_id) in offered(page, "artist")
    assert str(old.id) in offered(page, "consent")


async def test_an_artist_who_is_not_found_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _old, *newer = await many_artists(site, monkeypatch)
    client = await site.client(site.cast.partner)
    for words in ("elsewhere", "%", "x" * 200):
        page = (await send(client, {**TEXTS, "find": words, "then": "find"}, picture=False)).text
        assert "No artist with this in the credit name was found." in page
        assert offered(page, "artist") == {str(each.artist_id) for each in newer}
    answer = await send(client, {**TEXTS, "find": " ", "then": "find"}, picture=False)
    assert answer.status_code == 303, "without words it is saved: Enter in a field presses the first button"


async def test_few_artists_are_all_listed(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    page = (await (await site.client(site.cast.partner)).get("/desk/works/new")).text
    assert offered(page, "artist") == {str(consent.artist_id)}
    assert not select(page, "input[name=find]")
