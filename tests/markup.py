"""Pages in tests: parsed, and read by CSS selectors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bs4 import BeautifulSoup, Tag
from lxml import etree

Page = str | Tag  # a page's source, or a part of a page that was found before


@lru_cache(maxsize=16)
def _parsed(source: str) -> BeautifulSoup:
    return BeautifulSoup(source, "xml" if source.startswith("<?xml") else "lxml")


def select(page: Page, selector: str) -> list[Tag]:
    """All elements that match, in the order of the page."""
    return list((_parsed(page) if isinstance(page, str) else page).select(selector))


def first(page: Page, selector: str) -> Tag:
    """The first element that matches; AssertionError if there is none."""
    matching = select(page, selector)
    assert matching, f"no element matches {selector}"
    return matching[0]


def attribute(page: Page, selector: str, name: str) -> str:
    """An attribute of the first element that matches."""
    return str(first(page, selector)[name])


def attributes(page: Page, selector: str, name: str) -> list[str]:
    """An attribute of each element that matches and has it."""
    return [str(tag[name]) for tag in select(page, selector) if tag.has_attr(name)]


def values_of(source: str, *names: str) -> list[tuple[str, str]]:
    """Name and value of these attributes, of every element.

    Tests that follow all links read hundreds of pages: lxml alone takes a tenth of the time of BeautifulSoup.
    """
    parser = (
        etree.XMLParser(recover=True) if source.startswith("<?xml") else etree.HTMLParser(encoding="utf-8")
    )
    tree = etree.fromstring(source.encode(), parser) if source.strip() else None
    if tree is None:
        return []
    return [(name, str(value)) for name in names for value in tree.xpath(f"//@{name}")]


def text_in(page: Page, selector: str) -> str:
    """The text of the first element that matches; white space is one space."""
    return _text(first(page, selector))


def texts_in(page: Page, selector: str) -> list[str]:
    """The text of each element that matches; white space is one space."""
    return [_text(tag) for tag in select(page, selector)]


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def form_fields(page: Page, selector: str) -> dict[str, Any]:
    """What a browser sends of the first form that matches, if nobody touches it; checkboxes as lists, no files."""
    fields: dict[str, Any] = {}
    form = first(page, selector)
    for tag in select(form, "input[name]:not([type=file])"):
        kind, name, value = tag.get("type", "text"), str(tag["name"]), str(tag.get("value", ""))
        if kind in {"checkbox", "radio"} and not tag.has_attr("checked"):
            continue
        if kind == "checkbox":
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    for tag in select(form, "textarea[name]"):
        fields[str(tag["name"])] = tag.get_text().removeprefix("\n")
    for tag in select(form, "select[name]"):
        chosen = select(tag, "option[selected]")
        fields[str(tag["name"])] = str(chosen[0]["value"]) if chosen else ""
    return fields
