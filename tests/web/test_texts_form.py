"""Texts in any number of languages in a form: its fields, what is read from them, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import ImmutableMultiDict

from gallery.web.forms import LineField, Required, TextBlockField
from gallery.web.languages import site_languages, template_folder, use_language
from gallery.web.rendering import spoken_attribute
from gallery.web.texts import LIKELY_LANGUAGES, MAX_LANGUAGES, NO_TEXTS, Texts, language_name
from gallery.web.texts_form import TextsForm
from tests.markup import attribute, attributes, select, text_in

UNKNOWN = "No language has this name or tag. Please write its name, or a tag such as fr or pt-BR."
SUN = "ཉི་མ་ཤར་སོང་།"


class RoomForm(TextsForm):
    texts: ClassVar = {"title": "Please write a title.", "text": ""}

    title = LineField("Title", 20)
    text = TextBlockField("Text", 100, description="In Markdown.")
    slug = LineField("Slug", 20, [Required("Please write a slug.")])


def sent(*pairs: tuple[str, str], prefix: str = "", **more: Any) -> RoomForm:
    with use_language("en"):
        posted = ImmutableMultiDict([(prefix + name, words) for name, words in [*pairs, ("slug", "s")]])
        return RoomForm(posted, prefix=prefix.rstrip("-"), **more)


def errors(form: RoomForm) -> dict[str, Any]:
    with use_language("en"):
        return {} if form.validate() else {name: str(each[0]) for name, each in form.errors.items()}


def test_a_new_form_has_the_languages_of_the_site() -> None:
    form = RoomForm()
    assert form.languages == list(site_languages())
    assert [each.name for each in form][2:6] == ["title[zh]", "title[en]", "text[zh]", "text[en]"]
    with use_language("en"):
        assert str(form["title[zh]"].label.text) == "Title (Chinese)"
    assert form.values("title", "slug") == {"title": NO_TEXTS, "slug": ""}


@pytest.mark.parametrize("prefix", ["", "new-"])
def test_texts_are_read(prefix: str) -> None:
    form = sent(("title[bo]", SUN), ("title[en]", " The  sun "), ("text[zh]", "一\r\n二"), prefix=prefix)
    assert errors(form) == {}
    assert form.languages == ["zh", "en", "bo"]
    assert form.values("title", "text", "slug") == {
        "title": Texts({"bo": SUN, "en": "The sun"}),
        "text": Texts({"zh": "一\n二"}),
        "slug": "s",
    }
    assert form["title[bo]"].name == f"{prefix}title[bo]"


def test_a_record_fills_the_form() -> None:
    room = SimpleNamespace(title=Texts({"zh": "雪", "bo": SUN}), text=NO_TEXTS, slug="snow")
    form = RoomForm(obj=room)
    assert form.languages == ["zh", "en", "bo"]
    assert (form["title[zh]"].data, form["title[en]"].data, form["title[bo]"].data) == ("雪", "", SUN)
    assert form.text_of("title") == room.title
    # What the posted form has no field for stays; what was emptied goes.
    assert sent(("title[zh]", ""), obj=room).text_of("title") == Texts({"bo": SUN})


@pytest.mark.parametrize(
    ("pairs", "field", "sentence"),
    [
        ([("title[zh]", " "), ("text[en]", "x")], "title[zh]", "Please write a title."),
        ([("title[xx]", "x")], "title[xx]", UNKNOWN),
        ([("title[en]", "x"), ("title[EN]", "y")], "title[EN]", "There are words in English twice."),
        ([("title[zh]", "x"), ("title[zh-Hans]", "x")], "title[zh-Hans]", "There are words in"),
        ([("title[en]", "x"), ("title[en]", "y")], "title[en]", "There are words in English twice."),
        ([("title[en]", "x" * 21)], "title[en]", "This has 21 characters; please keep it to 20."),
    ],
)
def test_what_is_refused_is_not_lost(pairs: list[tuple[str, str]], field: str, sentence: str) -> None:
    form = sent(*pairs)
    assert errors(form)[field].startswith(sentence)
    for name, words in dict(reversed(pairs)).items():
        assert form[name].data == words.strip()


def test_too_many_languages() -> None:
    tags = ["zh", "en", *list(LIKELY_LANGUAGES)[2:], "fr", "de", "it", "pt", "nl", "pl", "ru", "ja", "vi"]
    assert len(tags) == MAX_LANGUAGES + 1
    assert errors(sent(*((f"title[{tag}]", "x") for tag in tags[1:]))) == {}
    form = sent(*((f"title[{tag}]", "x") for tag in tags))
    assert list(errors(form).values()) == [f"Please keep it to {MAX_LANGUAGES} languages."]


@pytest.mark.parametrize("prefix", ["", "room-7-"])
@pytest.mark.parametrize(
    "typed", [{"add_language": "bo"}, {"add_language_other": "藏文", "add_language": "es"}]
)
def test_a_language_is_added(prefix: str, typed: dict[str, str]) -> None:
    form = sent(("text[en]", "x"), ("adds_language", "1"), *typed.items(), prefix=prefix)
    # The missing title is no error yet, and what the view finds is none either.
    assert errors(form) == {"": "There are fields for Tibetan now. Nothing is saved yet."}
    form.refuse("slug", "It is taken.")
    assert not form["slug"].errors
    assert (form.added, form.languages, form["text[en]"].data) == ("bo", ["zh", "en", "bo"], "x")
    assert (form["add_language"].data, form["add_language_other"].data) == ("", "")
    assert "bo" not in {each.value for each in form["add_language"].choices}


def test_a_language_that_does_not_exist_is_not_added() -> None:
    form = sent(("adds_language", "1"), ("add_language_other", "Martian"))
    assert errors(form) == {"add_language_other": UNKNOWN}
    assert (form.languages, form["add_language_other"].data) == (["zh", "en"], "Martian")


def test_enter_saves_the_form() -> None:
    """A browser then presses the first button, which is the one that adds a language."""
    assert errors(sent(("title[en]", "x"), ("adds_language", "1"), ("add_language", ""))) == {}


def test_the_page() -> None:
    environment = Environment(
        loader=FileSystemLoader(template_folder()),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        autoescape=True,
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(spoken=spoken_attribute, language_name=language_name)
    environment.globals["languages"] = site_languages
    template = environment.from_string(
        '{% from "shared/texts.html" import texts, add_language %}'
        '{{ texts(form, ["title", "text"], optional=["text"]) }}{{ add_language(form) }}'
    )
    form = sent(("title[bo]", SUN), ("adds_language", "1"), ("add_language", "ug"))
    with use_language("en"):
        page = template.render(form=form)
    assert attributes(page, ".text-languages > div [lang][dir=auto]", "lang") == ["zh-Hans"] * 2 + ["en"] * 2
    assert attribute(page, "details#title-bo-language [name='title[bo]']", "value") == SUN
    assert attribute(page, "[name='title[bo]']", "lang") == "bo"
    assert text_in(page, "#title-ug-language summary") == "Uyghur · ئۇيغۇرچە"
    assert attribute(page, "#title-ug-language", "open") is not None
    assert [each["id"] for each in select(page, "[id$=-hint]")] == ["text-zh-hint"]
    assert attribute(page, ".add-language button", "name") == "adds_language"
    ids = attributes(page, "[id]", "id")
    assert len(ids) == len(set(ids))
