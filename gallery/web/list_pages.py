"""Long lists on pages: fetching the rows of the page that the URL asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tortoise.models import Model

from gallery.db.connection import QuerySet
from gallery.numbers import page_number

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Row]):
    rows: list[Row]
    number: int  # the page number, from 1
    has_next: bool


async def fetch_page(rows: QuerySet[ModelRow], query: Mapping[str, str], size: int) -> ListPage[ModelRow]:
    """The page of `rows` that `?page=` asks for, without a COUNT query."""
    number = page_number(query)
    found = await rows.offset((number - 1) * size).limit(size + 1)
    return ListPage(found[:size], number, len(found) > size)


def page_within(query: Mapping[str, str], count: int, size: int) -> tuple[int, int]:
    """The page number from `?page=`, limited to the last page, and the number of pages for `count` rows."""
    pages = max(1, -(-count // size))
    return page_number(query, most=pages), pages
