"""Compiled queries return what the ORM would return, also for other arguments and at another time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tortoise.queryset import ValuesQuery

from gallery import clock
from gallery.clock import now, today
from gallery.db.compiled_queries import QueryNotCompilable, compiled_query
from gallery.db.connection import in_transaction
from gallery.exhibitions.models import Edition, Exhibition
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from tests.conftest import Site
from tests.factories import in_en

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@compiled_query
def _published(slug: str, most: int) -> ValuesQuery[Any]:
    rows = Edition.filter(exhibition__slug=slug, opens_at__lte=now()).order_by("number").limit(most)
    return rows.values("number", "opens_at", "credits", "exhibition__slug")


async def _edition(slug: str, number: int, **values: Any) -> Edition:
    exhibition, _ = await Exhibition.get_or_create(slug=slug)
    values = {"title": in_en(slug), "opens_at": now() - timedelta(days=1), **values}
    return await Edition.create(exhibition_id=exhibition.id, number=number, **values)


async def test_it_answers_for_each_argument(site: Site) -> None:
    credit = [{"name": {"en": "A hospital"}}]
    first = await _edition("winter", 1, credits=credit)
    await _edition("winter", 2)
    await _edition("spring", 1)
    assert [(row["exhibition__slug"], row["number"]) for row in await _published("winter", 9)] == [
        ("winter", 1),
        ("winter", 2),
    ]
    assert await _published("spring", 9) != await _published("winter", 9)
    assert [row["number"] for row in await _published("winter", 1)] == [1]
    assert await _published("autumn", 9) == []
    await first.refresh_from_db()
    [row] = await _published("winter", 1)
    assert (row["opens_at"], row["credits"]) == (first.opens_at, credit)


async def test_it_asks_for_this_moment_and_this_day(site: Site) -> None:
    await _edition("tomorrow", 1, opens_at=now() + timedelta(days=1))

    @compiled_query
    def _calls(name: str) -> ValuesQuery[Any]:
        return Theme.filter(slug=name, call_closes_on__gte=today()).values("slug")

    await Theme.create(
        slug="solstice", title=Texts({"en": "Solstice"}), call_closes_on=today() + timedelta(days=1)
    )
    assert await _published("tomorrow", 9) == []
    assert await _calls("solstice") == [{"slug": "solstice"}]
    with clock.frozen_at(now() + timedelta(days=2)):
        assert len(await _published("tomorrow", 9)) == 1
        assert await _calls("solstice") == []
    assert await _published("tomorrow", 9) == []


async def test_it_asks_within_the_transaction(site: Site) -> None:
    with pytest.raises(RuntimeError, match="thought better of it"):
        async with in_transaction():
            await _edition("unsaid", 1)
            assert len(await _published("unsaid", 9)) == 1
            raise RuntimeError("thought better of it")
    assert await _published("unsaid", 9) == []


async def test_an_argument_says_nothing_but_itself(site: Site) -> None:
    await _edition("winter", 1)
    for slug in ("winter' OR '1'='1", "1987654321", "?", "$1", ""):
        assert await _published(slug, 9) == []


async def test_what_changes_unseen_is_refused(site: Site) -> None:
    @compiled_query
    def _soon(slug: str) -> ValuesQuery[Any]:
        return Edition.filter(exhibition__slug=slug, opens_at__lte=now() + timedelta(days=7)).values("id")

    @compiled_query
    def _deaf(slug: str) -> ValuesQuery[Any]:
        return Edition.filter(opens_at__lte=now()).values("id")

    @compiled_query
    def _lowered(slug: str) -> ValuesQuery[Any]:
        return Edition.filter(exhibition__slug=slug.lower().strip()).values("id")

    @compiled_query
    def _either(number: int) -> ValuesQuery[Any]:
        rows = Edition.filter(number=number)
        return (rows.filter(opens_at__isnull=False) if number < 2_000_000_000 else rows).values("id")

    @compiled_query
    def _one(number: int) -> ValuesQuery[Any]:
        return Edition.filter(number=number).values("id")

    began_at = now()

    @compiled_query
    def _frozen(number: int) -> ValuesQuery[Any]:
        return Edition.filter(number=number, opens_at__lte=began_at).values("id")

    for query, value in (
        (_soon, "a"),
        (_deaf, "a"),
        (_lowered, "a"),
        (_either, 1),
        (_one, None),
        (_one, True),
        (_frozen, 1),
    ):
        with pytest.raises(QueryNotCompilable):
            await query(value)  # type: ignore[operator]


@compiled_query
def _among(slug: str, numbers: list[int]) -> ValuesQuery[Any]:
    return Edition.filter(exhibition__slug=slug, number__in=numbers).order_by("number").values("number")


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 16, 40])
async def test_a_list_asks_for_each_of_its_numbers(length: int, site: Site) -> None:
    for number in (1, 2, 8, 9, 17, 40, 41):
        await _edition("long", number)
    wanted = list(range(1, length + 1))
    found = [row["number"] for row in await _among("long", wanted)]
    assert found == [number for number in (1, 2, 8, 9, 17, 40, 41) if number <= length]
    assert await _among("long", [99] * length) == []


async def test_nothing_is_in_an_empty_list(site: Site) -> None:
    assert await _among("long", []) == []
