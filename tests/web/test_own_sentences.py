"""Bad input is answered in the site's own words, beside the field, with what was typed: never by the browser."""

from __future__ import annotations

import re

import pytest

from gallery.web.languages import template_folder
from tests.conftest import Site
from tests.markup import attribute, select, text_in
from tests.web.routes import path_of, routes_of, stage

TEMPLATES = sorted(template_folder().rglob("*.html"))


def test_no_template_turns_the_browsers_check_off_by_itself() -> None:
    """It is done once for all templates (rendering.OwnSentences)."""
    assert [path.name for path in TEMPLATES if "novalidate" in path.read_text()] == []


async def test_each_form_of_each_template_leaves_the_check_to_the_server(site: Site) -> None:
    environment = site.app.state.pages.environment
    forms = 0
    for path in TEMPLATES:
        found = re.findall(r"<form\b[^>]*", environment.preprocess(path.read_text()))
        assert all(each.startswith("<form novalidate") for each in found), path
        forms += len(found)
    assert forms > 100


async def test_each_page_leaves_the_check_to_the_server(site: Site) -> None:
    values = await stage(site)
    forms = 0
    for person in (site.cast.partner, site.cast.curator, site.cast.keeper, None):
        client = await site.client(person)
        for route in routes_of(site, "GET"):
            answer = await client.get(path_of(route, values))
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            forms += len(select(answer.text, "form"))
            assert not select(answer.text, "form:not([novalidate])"), route.path
    assert forms > 100


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_field_of_a_posted_form_is_cut_or_emptied_by_the_browser(path: object) -> None:
    """A field with `maxlength` loses the rest of a pasted text, and one for numbers what is no number. Searches and
    codes are short."""
    for tag in re.findall(r"<(?:input|textarea)\b[^>]*", path.read_text()):  # type: ignore[attr-defined]
        assert 'type="number"' not in tag, tag
        if "maxlength" in tag and 'type="search"' not in tag and 'class="code"' not in tag:
            assert 'name="who"' in tag or 'name="thing"' in tag, tag  # the log's filters


async def test_a_number_that_is_none_stays_in_its_field_with_a_sentence(site: Site) -> None:
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/projects/new")).text
    assert attribute(page, "[name=goal]", "type") == "text"
    assert attribute(page, "[name=goal]", "inputmode") == "numeric"
    fields = {"title[en]": "A pitch", "summary[en]": "For a village.", "goal": "30 万"}
    answer = await client.post("/desk/projects", data=fields)
    assert answer.status_code == 422
    assert attribute(answer.text, "[name=goal]", "value") == "30 万"
    assert text_in(answer.text, "#goal-error")
