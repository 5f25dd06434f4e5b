"""Queries that the ORM writes once and that are then asked many times.

To build a query of the size of our walls and to write it out as SQL takes the ORM several times as long as the database
takes to answer it. Such a query is a function under `@prepared`: it says in the ORM's words what is asked, and its
arguments are all that changes from one time to the next, beside the moment and the day.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import update_wrapper
from types import LambdaType
from typing import Any, ParamSpec

from tortoise.connection import get_connection
from tortoise.queryset import ValuesQuery

from gallery import clock

P = ParamSpec("P")
Row = dict[str, Any]

# Any two moments whose days differ too.
MOMENTS = (datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC), datetime(2002, 3, 4, 5, 6, 7, 8, tzinfo=UTC))


class NotPreparable(TypeError):
    """The query holds something that changes and is neither an argument nor the moment nor the day."""


@dataclass(frozen=True, slots=True)
class Written:
    """A query in the SQL of one database."""

    sql: str
    parameters: list[Any]
    places: list[tuple[int, int]]  # which parameter is which of: the moment, the day, the arguments
    columns: list[tuple[str, Callable[[Any], Any]]]  # those whose values the database keeps in another form


def prepared(build: Callable[P, ValuesQuery[Any]]) -> Callable[P, Awaitable[list[Row]]]:
    """Let `build`, which makes a query out of whole numbers and strings (by position), answer with its rows.

    It is called twice, with different marks for its arguments and for the time, to see which parameters of the SQL they
    become. Raises NotPreparable where that cannot be seen, at the first call.
    """
    written: dict[str, Written] = {}  # by dialect

    async def rows(*values: P.args, **_nothing: P.kwargs) -> list[Row]:
        connection = get_connection("default")
        dialect = connection.capabilities.dialect
        if dialect not in written:
            written[dialect] = _write(build, values)
        query = written[dialect]
        moment = clock.now()
        given = (moment, clock.local(moment).date(), *values)
        parameters = query.parameters.copy()
        for place, which in query.places:
            parameters[place] = given[which]
        found: list[Row] = await connection.execute_query_dict(query.sql, parameters)
        for row in found:
            for column, to_python in query.columns:
                row[column] = to_python(row[column])
        return found

    update_wrapper(rows, build)
    return rows


def _write(build: Callable[..., ValuesQuery[Any]], values: tuple[Any, ...]) -> Written:
    marks, others = (_marks(values, variant) for variant in range(len(MOMENTS)))
    (query, sql, parameters), (_, same_sql, otherwise) = (_built(build, given) for given in (marks, others))
    if sql != same_sql:
        raise NotPreparable(f"{build.__qualname__} asks differently each time")
    pairs = list(zip(marks, others, strict=True))
    places = []
    for place, pair in enumerate(zip(parameters, otherwise, strict=True)):
        if pair in pairs:
            places.append((place, pairs.index(pair)))
        elif pair[0] != pair[1]:
            raise NotPreparable(f"{build.__qualname__} makes a value of its own: {pair[0]!r}")
    if set(range(2, len(pairs))) - {which for _, which in places}:
        raise NotPreparable(f"{build.__qualname__} does not ask for all that it is given")
    columns = [
        (column, query.resolve_to_python_value(query.model, field))
        for column, field in query._fields_for_select.items()
    ]
    # As the ORM itself tells those that need no conversion.
    return Written(sql, parameters, places, [each for each in columns if not isinstance(each[1], LambdaType)])


def _marks(values: tuple[Any, ...], variant: int) -> tuple[Any, ...]:
    """The moment, the day and a mark for each value: of its type, and like nothing that stands in a query itself."""
    moment = MOMENTS[variant]
    marks: list[Any] = [moment, clock.local(moment).date()]
    for number, value in enumerate(values):
        if type(value) not in (int, str):
            raise NotPreparable(f"{type(value).__name__} cannot be an argument of a prepared query")
        mark = 1_987_654_321 + 1_000 * variant + number
        marks.append(mark if type(value) is int else f" A mark {mark} ")  # neither stripped nor lowered
    return tuple(marks)


def _built(
    build: Callable[..., ValuesQuery[Any]], marks: tuple[Any, ...]
) -> tuple[ValuesQuery[Any], str, list[Any]]:
    with clock.standing_at(marks[0]):
        query = build(*marks[2:])
    query._choose_db_if_not_chosen()
    query._make_query()
    sql, parameters = query.query.get_parameterized_sql()
    return query, sql, parameters
