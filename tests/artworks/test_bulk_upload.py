"""Many pictures at once: one draft for each, with and without JavaScript, and common fields set together."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from gallery.artists.models import Artist
from gallery.artworks import bulk_upload
from gallery.artworks.models import Artwork, Status, Submission
from gallery.images.models import Image
from gallery.images.uploads import MalformedForm, MultiFileFormReader
from gallery.web.texts import Texts
from tests import factories
from tests.artworks.forms import NEW_CHILD, files, shown_fields
from tests.conftest import Site
from tests.factories import in_zh
from tests.images.multipart import BOUNDARY, END, Sender, in_chunks, part
from tests.markup import attributes, select, texts_in
from tests.queries import counted_queries

PICTURE = factories.photograph(800, 620)
OTHERS = [factories.photograph(800 + n, 620) for n in range(1, 4)]


async def drafts(site: Site, number: int, **values: Any) -> list[Artwork]:
    return [
        await Artwork.create(
            organisation=site.cast.organisation,
            created_by=site.cast.partner,
            title=in_zh(f"Nr {n}"),
            **values,
        )
        for n in range(number)
    ]


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_plain_form_takes_several_files(site: Site) -> None:
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works/many")).text
    assert len(select(page, "input[type=file][name=pictures][multiple]")) == 2
    answer = await client.post("/desk/works/many", files=files(PICTURE, *OTHERS[:2]))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/works/many#drafts")
    works = await Artwork.all()
    assert [(each.status, each.created_by_id) for each in works] == [(Status.DRAFT, site.cast.partner.id)] * 3
    assert await Image.all().count() == 3
    page = (await client.get("/desk/works/many")).text
    assert page.count('class="row many-draft"') == 3


async def test_what_cannot_be_taken_is_named_and_the_rest_is_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_upload, "MAX_FORM_PICTURES", 4)
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/works/many", files=files(PICTURE, b"%PDF-1.7 no picture", b"", *OTHERS))
    assert answer.status_code == 422
    assert "2 pictures have arrived" in answer.text
    refused = [name for name in texts_in(answer.text, "strong") if name.startswith("IMG_")]
    assert refused == ["IMG_2.jpg", "IMG_3.jpg"]
    assert "IMG_5.jpg, IMG_6.jpg" in answer.text
    assert await Artwork.all().count() == 2
    nothing = await client.post("/desk/works/many", files={"other": b""})
    assert nothing.status_code == 422
    assert "choose one picture or more" in nothing.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_small_form_changes_its_fields_and_no_others(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, created_by=site.cast.partner)
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works/many")).text
    row = page[page.index('class="many-words"') :].replace(
        'class="many-words"', 'enctype="multipart/form-data"'
    )
    fields = shown_fields(row[: row.index("</form>")].join(['<form enctype="multipart/form-data">', ""]))
    before = (await Artwork.filter(id=work.id).values())[0]
    answer = await client.post(f"/desk/works/{work.id}/edit", data={**fields, "title": "新题"})
    assert answer.status_code == 303
    after = (await Artwork.filter(id=work.id).values())[0]
    assert {**after, "updated_at": 0} == {
        **before,
        "title": Texts({**work.title, "zh": "新题"}),
        "updated_at": 0,
    }
    assert await work.themes.all().count() == 1
    row_alone = await client.get(f"/desk/works/many/{work.id}")
    assert row_alone.text.strip().startswith("<li")
    assert (
        await (await site.client(site.cast.stranger)).get(f"/desk/works/many/{work.id}")
    ).status_code == 404


async def test_common_values_are_set_and_refusals_are_listed(site: Site) -> None:
    works = await drafts(site, 3)
    consent = await factories.consent(site.cast.organisation)
    theme, project = await factories.theme(), await factories.project(site.cast.organisation)
    await Artwork.filter(id=works[2].id).update(status=Status.SUBMITTED)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/works/many/common",
        data={
            "work": [str(each.id) for each in works],
            "artist": str(consent.artist_id),
            "consent": str(consent.id),
            "project": str(project.id),
            "themes": [str(theme.id)],
            "date_made": "2021",
            "medium": "蜡笔",
        },
    )
    assert answer.status_code == 422
    assert "Set on 2 drafts" in answer.text
    (refused,) = [tag.parent for tag in select(answer.text, "strong") if tag.get_text() == "Nr 2"]
    assert "Nr 2: It is with the curators" in " ".join(refused.get_text().split())
    for work in works[:2]:
        held = await Artwork.get(id=work.id).prefetch_related("themes")
        assert (held.artist_id, held.consent_id, held.project_id) == (
            consent.artist_id,
            consent.id,
            project.id,
        )
        assert (held.year, held.own("medium"), held.own("title")) == (2021, "蜡笔", work.own("title"))
        assert [each.id for each in held.themes] == [theme.id]
    assert (await Artwork.get(id=works[2].id)).year is None
    # Only the year of the chosen works changes.
    answer = await client.post(
        "/desk/works/many/common", data={"work": [str(works[0].id)], "date_made": "1999"}
    )
    assert answer.status_code == 200
    held = await Artwork.get(id=works[0].id)
    assert (held.year, held.own("medium"), held.consent_id) == (1999, "蜡笔", consent.id)
    assert (await Artwork.get(id=works[1].id)).year == 2021


@pytest.mark.engines("sqlite", "postgresql")
async def test_marked_drafts_are_submitted_and_what_lacks_is_said(site: Site) -> None:
    ready = [await factories.artwork(site.storage, site.cast.organisation) for _ in range(2)]
    lacking = await factories.artwork(
        site.storage, site.cast.organisation, title="没有故事", story="", created_by=site.cast.partner
    )
    foreign = await factories.artwork(site.storage, site.cast.elsewhere)
    left = await factories.artwork(site.storage, site.cast.organisation, created_by=site.cast.partner)
    client = await site.client(site.cast.partner)
    path = "/desk/works/many/submissions"
    marked = {"work": [str(each.id) for each in (*ready, lacking, foreign)]}
    answer = await client.post(path, data=marked)
    assert answer.status_code == 422
    assert "2 works are submitted" in answer.text
    assert "没有故事: It still needs: Story." in texts_in(answer.text, "li:has(> strong)")
    assert attributes(answer.text, ".notice-error a", "href") == [f"#story-{lacking.id}"]
    assert select(answer.text, f"#story-{lacking.id}[aria-invalid]")
    boxes = "[name=work][form=common]"
    assert attributes(answer.text, boxes, "value") == [str(left.id), str(lacking.id)]
    assert attributes(answer.text, f"{boxes}[checked]", "value") == [str(lacking.id)]  # it stays marked
    for work in (*ready, lacking, foreign, left):
        expected = Status.SUBMITTED if work in ready else Status.DRAFT
        assert (await Artwork.get(id=work.id)).status == expected
    again = await client.post(path, data={"work": [str(ready[0].id)]})
    assert "It has been submitted already" in again.text
    assert await Submission.all().count() == 2
    for data in ({}, {"work": ["x", "99999999999999"]}):
        none = await client.post(path, data=data)
        assert (none.status_code, "Please choose at least one draft." in none.text) == (422, True)
    assert (await (await site.client(site.cast.curator)).post(path, data=marked)).status_code == 404


async def test_common_values_must_make_sense(site: Site) -> None:
    works = await drafts(site, 1)
    client = await site.client(site.cast.partner)
    chosen = {"work": [str(works[0].id)]}
    for data in ({"date_made": "2020"}, chosen, {**chosen, "date_made": "3000"}, {**chosen, "artist": "999"}):
        answer = await client.post("/desk/works/many/common", data=data)
        assert answer.status_code == 422, data
        assert "error-summary" in answer.text
    stranger = await site.client(site.cast.stranger)
    await stranger.post("/desk/works/many/common", data={**chosen, "date_made": "2020"})
    assert (await Artwork.get(id=works[0].id)).year is None
    assert (await (await site.client(site.cast.curator)).get("/desk/works/many")).status_code == 404
    assert (await (await site.client()).get("/desk/works/many")).status_code == 303


async def read(body: bytes, size: int, folder: Path, most_files: int = 3, most_bytes: int = 3000) -> Any:
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    reader = MultiFileFormReader(
        Request(scope, Sender(in_chunks(body, size))), folder, 1000, most_files, most_bytes
    )
    return await reader.read()


@settings(max_examples=60)
@given(lengths=st.lists(st.integers(0, 1050), max_size=5), size=st.integers(1, 4000))
async def test_several_files_in_chunks_of_any_size(
    lengths: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    contents = [bytes([65 + n]) * length for n, length in enumerate(lengths)]
    body = b"".join(part("pictures", each, f"{n}.jpg") for n, each in enumerate(contents)) + END
    form = await read(body, size, tmp_path_factory.mktemp("many"))
    taken = {file.name: file for file in form.files}
    assert sorted([*taken, *form.too_large, *form.left_out]) == [f"{n}.jpg" for n in range(len(lengths))]
    for name, file in taken.items():
        content = contents[int(name[0])]
        assert (file.size, file.head) == (len(content), content[:64])
        if content:
            assert file.path.read_bytes() == content
    assert all(lengths[int(name[0])] > 1000 for name in form.too_large)
    assert len(taken) <= 3


async def test_far_too_much_is_not_read(tmp_path: Path) -> None:
    body = b"".join(part("pictures", b"x" * 900, f"{n}.jpg") for n in range(50)) + END
    with pytest.raises(MalformedForm):
        await read(body, 500, tmp_path)


async def test_somebody_new_is_entered_in_the_small_form(site: Site) -> None:
    work = await Artwork.create(
        organisation=site.cast.organisation, created_by=site.cast.partner, title=in_zh("雪落在屋顶")
    )
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works/many")).text
    row = page[page.index(f'id="draft-{work.id}"') :]
    seen = row.split('name="seen" value="')[1].split('"')[0]
    assert f'id="credit_name-{work.id}"' in row
    values = {**NEW_CHILD, "seen": seen, "title": "雪落在屋顶", "then": "save"}
    assert (await client.post(f"/desk/works/{work.id}/edit", data=values)).status_code == 303
    work = await Artwork.get(id=work.id).prefetch_related("artist", "consent", "project")
    assert work.artist is not None
    assert work.consent is not None
    assert work.project is not None
    assert (work.artist.credit_name, work.consent.for_web) == ("小石头", True)
    assert work.project.title["zh"] == "山里的画室"


TYPED = {
    **NEW_CHILD,
    "title": "雪落在屋顶",
    "story": "奶奶家的屋顶。",
    "alt_text": "白色的屋顶和一只猫。",
    "medium": "蜡笔",
}


async def typed(site: Site, **values: Any) -> Artwork:
    """A draft whose words were typed and saved by themselves, never by hand."""
    image = await factories.image(site.storage, site.cast.organisation)
    work = await Artwork.create(
        organisation=site.cast.organisation, created_by=site.cast.partner, image=image
    )
    fields = {**TYPED, "themes": str((await factories.theme()).id), **values}
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/typing", data=fields)
    assert answer.status_code == 200
    return work


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_is_typed_is_taken_when_it_is_submitted(site: Site) -> None:
    works = [await typed(site, credit_name=f"小石头{n}") for n in range(2)]
    assert not await Artist.exists(credit_name="小石头0")
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works/many")).text
    assert texts_in(page, ".many-draft .state-ready") == ["complete"] * 2
    answer = await client.post(
        "/desk/works/many/submissions", data={"work": [str(each.id) for each in works]}
    )
    assert (answer.status_code, "2 works are submitted" in answer.text) == (200, True)
    for number, work in enumerate(works):
        sent = await Artwork.get(id=work.id).prefetch_related("artist", "consent", "project")
        assert (sent.status, sent.unfinished) == (Status.SUBMITTED, {})
        assert sent.artist is not None
        assert sent.consent is not None
        assert (sent.artist.credit_name, sent.consent.scope) == (f"小石头{number}", ["web"])


async def test_a_name_spelled_in_several_ways_is_one_artist(site: Site) -> None:
    works = [await typed(site, credit_name=name) for name in ("小石头A", "小 石头a", "小石头Ａ")]
    client = await site.client(site.cast.partner)
    await client.post("/desk/works/many/submissions", data={"work": [str(each.id) for each in works]})
    sent = await Artwork.all()
    assert {each.status for each in sent} == {Status.SUBMITTED}
    assert len({(each.artist_id, each.consent_id) for each in sent}) == await Artist.all().count() == 1


async def test_only_what_lacks_is_named_and_nothing_is_made_of_the_rest(site: Site) -> None:
    works = [await typed(site, story="", title=f"画{n}") for n in range(2)]
    other = await typed(site, scopes="print", title="没有网页")
    client = await site.client(site.cast.partner)
    ids = {"work": [str(each.id) for each in (*works, other)]}
    answer = await client.post("/desk/works/many/submissions", data=ids)
    assert answer.status_code == 422
    assert texts_in(answer.text, ".notice-error li") == [
        "没有网页: It still needs: What was agreed to.",
        "画1, 画0: It still needs: Story.",
    ]
    links = [f"#scopes-{other.id}-0", f"#story-{works[1].id}", f"#story-{works[0].id}"]
    assert attributes(answer.text, ".notice-error a", "href") == links
    assert all(select(answer.text, link) for link in links)
    assert not await Artist.exists(credit_name="小石头")
    # A typed value that is not valid is named at its field, and what else was typed counts.
    wrong = await typed(site, ends_on="2001-01-01")
    answer = await client.post(f"/desk/works/{wrong.id}/submissions")
    assert answer.status_code == 422
    assert len(texts_in(answer.text, ".error-summary li")) == 1
    assert "last day is before the first" in answer.text


async def test_a_name_that_two_artists_have_is_asked_for_at_the_row(site: Site) -> None:
    two = [await Artist.create(organisation=site.cast.organisation, credit_name="小石头") for _ in range(2)]
    works = [await typed(site, title=f"画{n}") for n in range(2)]
    client = await site.client(site.cast.partner)
    ids = {"work": [str(each.id) for each in works]}
    answer = await client.post("/desk/works/many/submissions", data=ids)
    assert answer.status_code == 422
    (line,) = texts_in(answer.text, ".notice-error li")
    assert line.startswith("画1, 画0: Several of your artists")
    assert f"numbers {two[0].id}, {two[1].id}" in line
    first = f"#credit_name-{works[1].id}"
    assert attributes(answer.text, ".notice-error a", "href")[0] == first
    assert select(answer.text, f"{first}[aria-invalid]")


async def test_a_row_is_saved_without_leaving_the_page(site: Site) -> None:
    work = await typed(site)
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/edit", data={**TYPED, "then": "row"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/works/many#draft-{work.id}")
    assert (await Artwork.get(id=work.id)).artist_id is not None


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_same_picture_is_never_made_twice(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await client.post("/desk/works/many", files=files(PICTURE))
    again = await client.post("/desk/works/many", files=files(PICTURE, OTHERS[0], OTHERS[0]))
    assert again.status_code == 200
    assert "1 picture has arrived" in again.text
    assert "2 pictures were here already and were skipped: IMG_1.jpg, IMG_3.jpg" in again.text
    assert await Artwork.all().count() == await Image.all().count() == 2
    # Another organisation may have it, too.
    stranger = await site.client(site.cast.stranger)
    answer = await stranger.post("/desk/works/many", files=files(PICTURE))
    assert (answer.status_code, await Artwork.all().count()) == (303, 3)


async def test_a_script_asks_which_pictures_are_here(site: Site) -> None:
    digest, unknown = hashlib.sha256(PICTURE).hexdigest(), "0" * 64
    client = await site.client(site.cast.partner)
    await client.post("/desk/works/many", files=files(PICTURE))
    asked = {"sha256": [digest, unknown, "x"]}
    assert (await client.post("/desk/works/many/check", data=asked)).json() == {"here": [digest]}
    stranger = await site.client(site.cast.stranger)
    assert (await stranger.post("/desk/works/many/check", data=asked)).json() == {"here": []}
    curator = await site.client(site.cast.curator)
    assert (await curator.post("/desk/works/many/check", data=asked)).status_code == 404


async def test_terms_of_a_consent_are_set_on_many_new_children(site: Site) -> None:
    known = await typed(site, credit_name="", agreed_by="", scopes="", title="没有名字")
    named = await typed(site, agreed_by="", scopes="")
    covered = await factories.artwork(site.storage, site.cast.organisation, created_by=site.cast.partner)
    consent_before = covered.consent_id
    client = await site.client(site.cast.partner)
    terms = {"agreed_by": "guardian", "scopes": ["web", "print"], "starts_on": "2022-12-01"}
    works = {"work": [str(each.id) for each in (known, named, covered)]}
    answer = await client.post("/desk/works/many/common", data={**works, **terms})
    assert (answer.status_code, "Set on 3 drafts" in answer.text) == (200, True)
    first = await Artwork.get(id=known.id)
    assert first.consent_id is None
    assert first.unfinished["scopes"] == ["web", "print"]
    second = await Artwork.get(id=named.id).prefetch_related("consent", "artist")
    assert second.consent is not None
    assert (second.consent.scope, second.consent.agreed_by) == (["web", "print"], "guardian")
    assert (await Artwork.get(id=covered.id)).consent_id == consent_before
    # Incomplete terms are named, and nothing is set.
    answer = await client.post("/desk/works/many/common", data={**works, "agreed_by": "parent"})
    assert answer.status_code == 422
    assert "tick at least one thing" in answer.text
    # The last ones are offered.
    page = (await client.get("/desk/works/many")).text
    assert json.loads(attributes(page, ".many-last", "data-values")[0])["scopes"] == ["web"]


async def test_as_many_queries_for_one_draft_as_for_many(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await typed(site)
    await factories.artwork(site.storage, site.cast.organisation, created_by=site.cast.partner)
    with counted_queries() as one:
        await client.get("/desk/works/many")
    for number in range(3):
        await typed(site, credit_name=f"小石头{number}")
        await factories.artwork(site.storage, site.cast.organisation, created_by=site.cast.partner)
    with counted_queries() as many:
        page = await client.get("/desk/works/many")
    assert len(select(page.text, ".many-draft")) == 8
    assert len(many) == len(one)
