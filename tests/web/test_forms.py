"""What all forms share: kept text, lengths and web addresses."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import ImmutableMultiDict

import gallery
from gallery.artists.forms import ConsentFields
from gallery.artists.models import SCOPES
from gallery.web.forms import (
    DESK_FORM_BYTES,
    DESK_FORM_FIELDS,
    Form,
    LineField,
    Required,
    Slug,
    TextBlockField,
    WebAddress,
    is_web_address,
    one_line,
    text_block,
)
from gallery.web.languages import lazy_gettext, template_folder, use_language
from tests.conftest import Site


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "http://example.org/path?a=1&b=2#c",
        "https://例子.中国/支持",
        "https://example.org:8443/",
        "HTTPS://EXAMPLE.ORG/",
        "http://[2001:db8::1]/",
    ],
)
def test_web_addresses(address: str) -> None:
    assert is_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "//example.org",
        "/path",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "mailto:a@example.org",
        "ftp://example.org",
        "http:///path",
        "http://",
        "https:example.org",
        "https://user@example.org",
        "https://user:secret@example.org",
        "https://example.org@evil.example",
        "https://example.org /",
        " https://example.org",
        "https://example.org\n",
        "https://exam\tple.org",
        "\x01https://example.org",
        "https://example.org/\x00",
        "https://example.org/\u202egpj.exe",
        "https://example.org/\u200b",
        "https://example.org\\@evil.example",
        'https://example.org/"onmouseover="x',
        "https://example.org/<script>",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:port/",
        "http://[::1",
    ],
)
def test_what_is_no_web_address(address: str) -> None:
    assert not is_web_address(address)


@given(st.text())
def test_is_web_address_never_raises(text: str) -> None:
    assert is_web_address(text) in {True, False}


@given(st.text())
def test_one_line_is_one_line_in_the_direction_it_was_typed(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert not any(unicodedata.category(character) == "Cc" for character in line)
    assert not any(
        unicodedata.bidirectional(character)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        for character in line
    )
    assert one_line(line) == line


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u200e", "\u061c", "\u0085", "\x00"])
def test_one_line_strips(mark: str) -> None:
    assert one_line(f"a{mark}b") == "a b"


def test_a_text_block_keeps_lines_and_loses_control_characters() -> None:
    assert text_block("  one\r\ntwo\rthree\x00\x1b\tend \n\n") == "one\ntwo\nthree\tend"


class Example(Form):
    title = LineField("Title", 5, [Required(lazy_gettext("Please write something."))])
    story = TextBlockField("Story", 8)
    link = LineField("Link", 50, [WebAddress()])
    slug = LineField("Slug", 20, [Slug()])


def filled(**values: str) -> Example:
    return Example(ImmutableMultiDict({"title": "t", "story": "", "link": "", "slug": "a-1", **values}))


def test_a_form_that_is_right() -> None:
    form = filled(title="  五个字题目", story="12345678", link="https://x.example/")
    assert form.validate(), form.errors
    assert form.title.data == "五个字题目"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \t\u3000 "),
        ("title", "123456"),
        ("story", "123456789"),
        ("link", "javascript:alert(1)"),
        ("slug", ""),
        ("slug", "Winter"),
        ("slug", "a--b"),
        ("slug", "-a"),
        ("slug", "冬至"),
        ("slug", "a/b"),
        ("slug", "a\u0661"),
    ],
)
def test_a_form_that_is_wrong_says_so_at_the_field(field: str, value: str) -> None:
    with use_language("en"):
        form = filled(**{field: value})
        assert not form.validate()
        assert set(form.errors) == {field}
        assert len(form.errors[field]) == 1


def test_lengths_are_those_of_what_is_kept() -> None:
    assert filled(title="  12345  ").validate()
    assert filled(story="1234\r\n678").validate()
    with use_language("en"):
        form = filled(title="1234567")
        form.validate()
        assert "7" in form.errors["title"][0]
        assert "5" in form.errors["title"][0]


def test_a_form_without_any_field_does_not_raise() -> None:
    form = Example(ImmutableMultiDict({}))
    assert not form.validate()


def test_what_is_said_of_a_group_is_tied_to_it() -> None:
    environment = Environment(
        loader=FileSystemLoader(template_folder()),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
    )
    environment.globals["_"] = str
    page = environment.from_string(
        '{% from "shared/forms.html" import choices, error_summary %}'
        '{{ error_summary(form) }}{{ choices(form.scopes, note="See.") }}'
    )
    form = ConsentFields(ImmutableMultiDict([("scopes", "nonsense")]))
    assert not form.validate()
    passage = page.render(form=form)
    assert ' id="scopes" aria-describedby="scopes-note scopes-error scopes-hint"' in passage
    for part in ("note", "error", "hint"):
        assert passage.count(f'id="scopes-{part}"') == 1
    assert 'href="#scopes-0"' in passage
    assert passage.count('aria-invalid="true"') == len(SCOPES)
    assert 'role="alert" tabindex="-1" autofocus' in passage


def test_no_browser_cuts_or_refuses_what_a_sentence_of_ours_answers() -> None:
    class Story(Form):
        story = TextBlockField("Story", 10)

    form = Story(ImmutableMultiDict([("story", "x" * 11)]))
    assert "maxlength" not in str(form.story())
    assert not form.validate()
    assert form.story.data == "x" * 11
    assert "11" in form.story.errors[0]


async def test_a_form_of_the_desk_is_bounded_and_takes_no_file(site: Site) -> None:
    client = await site.client(site.cast.partner)
    long = await client.post("/desk/account", data={"name": "x" * DESK_FORM_BYTES})
    many = await client.post("/desk/account", data={f"f{n}": "" for n in range(DESK_FORM_FIELDS + 1)})
    file = await client.post("/desk/account", data={"name": "x"}, files={"file": b"x"})
    assert [answer.status_code for answer in (long, many, file)] == [413, 400, 400]


def test_forms_are_read_by_what_bounds_them() -> None:
    """By default Starlette's form parser keeps a thousand parts of 1 MB each in memory."""
    package = Path(gallery.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "request.form(" in path.read_text()
    }
    assert readers == {"images/uploads.py", "artworks/autosave_views.py"}  # with the bounds of uploads
