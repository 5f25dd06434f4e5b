"""Numbers from outside: no text in place of a number breaks a page."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from wtforms.fields.core import UnboundField

from gallery.numbers import MAX_NUMBER, page_number, row_id, whole_number
from gallery.settings import Settings
from gallery.web.forms import Form
from gallery.web.languages import PACKAGE
from tests.conftest import Site
from tests.web.routes import broken_by, path_of, routes_of, stage, whom_it_answers

LARGE = ("9" * 5000, str(2**63))  # more than Python reads, and more than a column holds
HOSTILE = (*LARGE, "-1", "0", "²")
# Paging parameters, which shared modules read on any page.
EVERYWHERE = {"page", "theme", "organisation"}


@given(st.text(max_size=12) | st.integers().map(str), st.integers(0, 50), st.integers(0, MAX_NUMBER))
def test_a_whole_number_is_read_or_refused(text: str, least: int, most: int) -> None:
    number = whole_number(text, least, most)
    plain = text.strip()
    if number is None:
        assert (
            not re.fullmatch("[0-9]+", plain)
            or not least <= int(plain) <= most
            or len(plain) > len(str(most))
        )
    else:
        assert least <= number <= most
        assert int(plain) == number


@pytest.mark.parametrize(
    ("text", "page"),
    [("", 1), ("1", 1), ("0", 1), ("-3", 1), ("x", 1), ("7", 7), ("101", 100), ("9" * 5000, 100), ("２", 1)],
)
def test_a_page_is_the_nearest_that_there_may_be(text: str, page: int) -> None:
    assert page_number({"page": text}, most=100) == page
    assert page_number({}) == 1


@pytest.mark.parametrize(
    ("text", "id"), [("", 0), ("17", 17), ("-1", 0), ("²", 0), ("9" * 5000, 0), (None, 0)]
)
def test_what_is_no_id_is_that_of_no_row(text: str | None, id: int) -> None:
    assert row_id(text) == id


def test_no_handler_or_form_reads_a_number_by_itself() -> None:
    """Numbers of an address or a form are read by gallery/numbers.py, which knows what fits a column."""
    own = [
        f"{path}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts
        for line in path.read_text().splitlines()
        if re.search(
            r"\bint\([^)]*(?:query_params|path_params|headers|posted)"
            r"|\.isdigit\(\) and|(?<!class Whole)= IntegerField\(|type=int\b(?!, hidden)",
            line,
        )
    ]
    assert own == []


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 30, "-1", "²"])
def test_a_setting_that_is_no_number_is_named(text: str, tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="GALLERY_SESSION_DAYS"):
        Settings.from_env({"GALLERY_HOME": str(tmp_path), "GALLERY_SESSION_DAYS": text})


def module_of(route: Route) -> ModuleType:
    endpoint = route.endpoint
    while isinstance(endpoint, functools.partial):
        endpoint = endpoint.func
    return sys.modules[inspect.unwrap(endpoint).__module__]


@functools.cache
def read_in(module: ModuleType) -> frozenset[str]:
    """The names of parameters and fields that a module reads, as its text has them."""
    return frozenset(re.findall(r'\.get(?:list)?\(\s*"([a-z_]+)"', inspect.getsource(module)))


@functools.cache
def fields_in(module: ModuleType) -> frozenset[str]:
    """The fields of the forms that a module uses."""
    forms = [each for each in vars(module).values() if inspect.isclass(each) and issubclass(each, Form)]
    return frozenset(
        name for form in forms for name in dir(form) if isinstance(getattr(form, name), UnboundField)
    )


def hostile_paths(route: Route, values: dict[str, str]) -> Iterator[str]:
    for name in route.param_convertors:
        for text in HOSTILE:
            yield path_of(route, values, **{name: text})


@pytest.mark.engines("sqlite", "postgresql")
async def test_no_number_in_an_address_breaks_a_page(site: Site) -> None:
    values, broken = await stage(site), {}
    for route in routes_of(site, "GET"):
        client = await site.client(await whom_it_answers(site, path_of(route, values)))
        for path in hostile_paths(route, values):
            if found := await broken_by(client, "GET", path):
                broken[path[:80]] = found
    assert broken == {}


async def test_no_number_in_a_query_breaks_a_page(site: Site) -> None:
    values, broken = await stage(site), {}
    for route in routes_of(site, "GET"):
        if "query_params" not in inspect.getsource(module_of(route)):
            continue
        path = path_of(route, values)
        client = await site.client(await whom_it_answers(site, path))
        for name in sorted(read_in(module_of(route)) | EVERYWHERE):
            for text in LARGE:
                if found := await broken_by(client, "GET", path, params={name: text}):
                    broken[route.path, name, text[:30]] = found
    assert broken == {}


@pytest.mark.engines("sqlite", "postgresql")
async def test_no_number_in_a_form_breaks_a_page(site: Site) -> None:
    values, broken = await stage(site), {}
    for route in routes_of(site, "POST"):
        path = path_of(route, values)
        person = await whom_it_answers(site, path)
        for text in LARGE:
            client = await site.client(person)  # some of them end a session
            names = read_in(module_of(route)) | fields_in(module_of(route))
            data = dict.fromkeys(names, text)
            if found := await broken_by(client, "POST", path, data=data):
                broken[route.path, text[:30]] = found
    assert broken == {}
