"""A work in any language: its form, autosave, proposals, sheets by program, and what visitors and searches find."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.works import text_values
from gallery.reviews.decisions import accept
from gallery.search.indexing import refresh
from gallery.web.texts import Texts
from tests import factories
from tests.api.programs import V1, program
from tests.artworks.forms import save, shown_fields
from tests.conftest import Site
from tests.markup import attribute, attributes, text_in

CAT, SUN = "مۈشۈك ئىسسىق جاينى بىلىدۇ", "ཉི་མ་ཤར་སོང་།"
BOTH = pytest.mark.engines("sqlite", "postgresql")


async def send(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await client.post("/desk/works", data=fields, files={"other": b""})


@BOTH
async def test_a_work_in_uyghur_with_translations(site: Site) -> None:
    client = await site.client(site.cast.partner)
    texts = {"title": CAT, "title[zh]": "猫", "title[en]": "The cat", "story[bo]": SUN, "medium[en]": ""}
    assert (await send(client, language="ug", **texts)).status_code == 303
    work = await Artwork.get()
    assert work.language == "ug"
    assert work.title == Texts({"ug": CAT, "zh": "猫", "en": "The cat"})
    assert (work.story, work.medium) == (Texts({"bo": SUN}), Texts())
    page = (await client.get(f"/desk/works/{work.id}/edit")).text
    fields = shown_fields(page)
    assert {name: fields[name] for name in texts} == texts
    assert fields["language"] == "ug"
    assert (attribute(page, "[name=title]", "lang"), attribute(page, "[name=title]", "dir")) == ("ug", "auto")
    assert attribute(page, "[name='title[zh]']", "lang") == "zh-Hans"
    # Emptied, a translation is gone; the others stay.
    assert (await save(client, work, {**fields, "title[zh]": ""})).status_code == 303
    await work.refresh_from_db()
    assert work.title == Texts({"ug": CAT, "en": "The cat"})


@BOTH
async def test_visitors_read_their_language_first_then_the_artists_words(site: Site) -> None:
    work = await factories.accepted(
        site,
        language="ug",
        title=Texts({"ug": CAT, "en": "The cat"}),
        story=Texts({"ug": CAT, "en": "It knows.", "bo": SUN}),
        alt_text=Texts({"ug": CAT}),
    )
    await factories.exhibition([work])
    client = await site.client()
    page = (await client.get(f"/en/works/{work.public_id}")).text
    assert text_in(page, "h1") == "The cat"
    assert text_in(page, ".other-title[lang=ug][dir=rtl]") == CAT
    assert text_in(page, ".own-words > summary") == "In the artist's own words: Uyghur"
    assert attributes(page, "details.story .prose", "lang") == ["ug", "bo"]
    assert page.index("It knows.") < page.index("own-words") < page.index(SUN)
    assert attribute(page, ".hero img", "lang") == "ug"
    # Nobody translated it into Chinese: there the artist's words come first.
    page = (await client.get(f"/zh/works/{work.public_id}")).text
    assert (text_in(page, "h1[lang=ug][dir=rtl]"), text_in(page, ".other-title[lang=en]")) == (CAT, "The cat")
    manifest = (await client.get(f"/iiif/works/{work.public_id}/manifest.json")).json()
    assert manifest["label"] == {"ug": [CAT], "en": ["The cat"]}

    await refresh()
    for words in ("مۈشۈك", "ཉི་མ་ཤར", "knows", "cats"):
        found = (await client.get("/en/search", params={"q": words})).text
        assert f"/en/works/{work.public_id}" in found, words
    assert (
        "没有找到" in (await client.get("/zh/search", params={"q": "ཉི་མེ"})).text
    )  # a vowel makes another word


async def test_a_language_that_is_not_in_the_list_is_named_or_tagged(site: Site) -> None:
    client = await site.client(site.cast.partner)
    for typed, language in (("法语", "fr"), ("pt-br", "pt-BR"), ("Tibetan", "bo"), ("zh-Hans", "zh")):
        assert (await send(client, title=typed, language="en", language_other=typed)).status_code == 303
        assert (await Artwork.all().order_by("-id").first()).language == language  # type: ignore[union-attr]
    refused = await send(client, title="雪", language="en", language_other="Martian", **{"title[bo]": SUN})
    assert refused.status_code == 422
    assert "No language has this name or tag." in refused.text
    fields = shown_fields(refused.text)
    assert (fields["title"], fields["language_other"], fields["title[bo]"]) == ("雪", "Martian", SUN)


async def test_a_language_is_added_without_a_script(site: Site) -> None:
    client = await site.client(site.cast.partner)
    typed = {"language": "zh", "title": "雪", "title[en]": "Snow", "story": "第一段。", "then": "language"}
    for choice in ({"add_language": "bo"}, {"add_language": "", "add_language_other": "藏文"}):
        answer = await send(client, **typed, **choice)
        assert answer.status_code == 200
        fields = shown_fields(answer.text)
        assert (fields["title"], fields["title[en]"], fields["story"]) == ("雪", "Snow", "第一段。")
        assert fields["title[bo]"] == ""
        assert attribute(answer.text, "#translation-bo", "open") is not None
    unknown = await send(client, **typed, add_language_other="Martian")
    assert unknown.status_code == 422
    assert shown_fields(unknown.text)["title"] == "雪"
    assert await Artwork.all().count() == 0


async def test_the_same_language_twice_is_refused_and_nothing_is_lost(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await send(client, language="en", title="Snow", **{"title[en]": "雪", "title[xx]": "?"})
    assert answer.status_code == 422
    assert "There are words in English twice" in answer.text
    assert shown_fields(answer.text)["title[en]"] == "雪"
    work = await factories.artwork(site.storage, site.cast.organisation)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    assert (await save(client, work, {**fields, "language": "en"})).status_code == 422
    await work.refresh_from_db()
    assert (work.language, set(work.title)) == ("zh", {"zh", "en"})


async def test_marks_of_direction_are_taken_out(site: Site) -> None:
    client = await site.client(site.cast.partner)
    turned = {"title": f"\u202e{CAT}\u202c", "story": f"\u2066{CAT}\u2069", "title[bo]": f"\u202e{SUN}"}
    assert (await send(client, language="ug", **turned)).status_code == 303
    work = await Artwork.get()
    assert (work.own("title"), work.own("story"), work.title["bo"]) == (CAT, CAT, SUN)


@BOTH
async def test_translations_are_saved_while_typing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, title_translation="")
    mine, theirs = await site.client(site.cast.partner), await site.client(site.cast.colleague)
    window = shown_fields((await mine.get(f"/desk/works/{work.id}/edit")).text)
    other = shown_fields((await theirs.get(f"/desk/works/{work.id}/edit")).text)
    # The page had no field for Tibetan: it was added in the window.
    window |= {"title[bo]": SUN, "story[bo]": "x" * 20_001}
    answer = (await mine.post(f"/desk/works/{work.id}/typing", data=window)).json()
    await work.refresh_from_db()
    assert (work.title["bo"], "bo" in work.story, list(work.unfinished)) == (SUN, False, ["story[bo]"])
    assert answer["conflicts"] == []
    again = shown_fields((await mine.get(f"/desk/works/{work.id}/edit")).text)
    assert (again["title[bo]"], len(again["story[bo]"])) == (SUN, 20_001)
    # A colleague whose page was made before adds the same language: nothing is overwritten unseen.
    other |= {"title[bo]": "ཁ་བ།", "title[es]": "Nieve"}
    answer = (await theirs.post(f"/desk/works/{work.id}/typing", data=other)).json()
    assert [each["field"] for each in answer["conflicts"]] == ["title[bo]"]
    assert answer["conflicts"][0]["theirs"] == [SUN]
    await work.refresh_from_db()
    assert (work.title["bo"], work.title["es"]) == (SUN, "Nieve")
    # The window goes on with the answer, and empties the translation.
    other["seen"] = answer["seen"]
    answer = (await theirs.post(f"/desk/works/{work.id}/typing", data={**other, "title[es]": ""})).json()
    await work.refresh_from_db()
    assert "es" not in work.title


@BOTH
async def test_the_list_finds_words_of_every_language(site: Site) -> None:
    words = 'Sie sagt: "Schnee" \\ 100 %'
    work = await factories.artwork(
        site.storage, site.cast.organisation, title=Texts({"bo": SUN, "de": words})
    )
    client = await site.client(site.cast.partner)
    for query, is_found in (
        ("ཤར", True),
        ('"schnee"', True),
        ("\\ 100 %", True),
        ("Eis", False),
        ("_", False),
    ):
        page = (await client.get("/desk/works", params={"q": query})).text
        assert (f"/desk/works/{work.id}" in page) == is_found, query


@BOTH
async def test_a_translation_is_proposed_and_accepted(site: Site) -> None:
    work = await factories.accepted(site)
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/works/{work.id}/proposal")).text
    assert shown_fields(page)["title[en]"] == work.title["en"]
    texts = {**text_values(work), "title[bo]": SUN, "story[en]": ""}
    sent = await client.post(f"/desk/works/{work.id}/proposal", data={**texts, "date_made": "2022"})
    assert sent.status_code == 303
    curator = await site.client(site.cast.curator)
    shown = (await curator.get(f"/desk/queue/{work.id}")).text
    assert "Title (Tibetan)" in shown
    submission = await Submission.filter(artwork=work).order_by("-number").first()
    assert submission is not None
    await accept(work, submission, site.cast.curator)
    await work.refresh_from_db()
    assert (work.status, work.title["bo"], set(work.story)) == (Status.ACCEPTED, SUN, {"zh"})


@BOTH
async def test_programs_read_and_write_every_language(site: Site) -> None:
    client = await program(site)
    body = {
        "language": "bo",
        "title": SUN,
        "title_translation": "太阳出来了",
        "texts": {"title": {"en": "The sun has risen"}, "story": {"bo": SUN, "zh-hant": "太陽"}},
    }
    made = await client.post(f"{V1}/works", json=body)
    assert made.status_code == 201, made.text
    payload = (await client.get(made.json()["self"])).json()
    assert payload["texts"]["title"] == {"bo": SUN, "zh": "太阳出来了", "en": "The sun has risen"}
    assert payload["texts"]["story"] == {"bo": SUN, "zh-Hant": "太陽"}
    assert (payload["title"], payload["title_translation"], payload["language"]) == (SUN, "太阳出来了", "bo")
    # What is left out stays; null empties.
    change = {"texts": {"title": {"en": None, "ug": CAT}}}
    assert (await client.patch(payload["self"], json=change)).status_code == 200
    work = await Artwork.get()
    assert work.title == Texts({"bo": SUN, "zh": "太阳出来了", "ug": CAT})
    assert work.story == Texts({"bo": SUN, "zh-Hant": "太陽"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"language": "xx"}, "/language"),
        ({"texts": {"title": {"xx": "?"}}}, "/texts/title/xx"),
        ({"texts": {"title": {"zh": "雪"}}}, "/texts/title/zh"),  # `title` says it already
        ({"title_translation": "Snow", "texts": {"title": {"en": "Ice"}}}, "/texts/title/en"),
        ({"texts": {"story": {"bo": SUN, "bod": SUN}}}, "/texts/story/bod"),
        ({"texts": {"medium": {"bo": "x" * 121}}}, "/texts/medium/bo"),
        ({"texts": {"title": {"bo": ["x"]}}}, "/texts/title/bo"),
        ({"texts": {"year": {"bo": "x"}}}, "/texts/year"),
        ({"texts": "x"}, "/texts"),
    ],
)
async def test_what_a_program_sends_wrong_is_pointed_at(
    site: Site, body: dict[str, Any], pointer: str
) -> None:
    client = await program(site)
    answer = await client.post(f"{V1}/works", json={"title": "雪", "language": "zh", **body})
    assert answer.status_code == 422, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await Artwork.all().count() == 0
