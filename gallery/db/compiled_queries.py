"""Queries that the ORM writes once and that are then asked many times.

To build a query of the size of our walls and to write it out as SQL takes the ORM several times as long as the database
takes to answer it. Such a query is a function under `@prepared`: it says in the ORM's words what is asked, and its
arguments are all that changes from one time to the next, beside the moment and the day.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import update_wrapper
from types import LambdaType
from typing import Any, ParamSpec

from tortoise.connection import get_connection
from tortoise.queryset import ValuesQuery

from gallery import clock

P = ParamSpec("P")
QueryRow = dict[str, Any]
ArgumentShape = tuple[int, ...]  # for each argument how many numbers a list of it has, or 0

# Any two moments whose days differ too.
SAMPLE_MOMENTS = (datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC), datetime(2002, 3, 4, 5, 6, 7, 8, tzinfo=UTC))


class QueryNotCompilable(TypeError):
    """The query holds something that changes and is neither an argument nor the moment nor the day."""


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query in the SQL of one database."""

    sql: str
    parameters: list[Any]
    # Which parameter is which of these: the moment, the day, the arguments; of a list each number is one.
    places: list[tuple[int, int]]
    columns: list[tuple[str, Callable[[Any], Any]]]  # those whose values the database keeps in another form


def compiled_query(build: Callable[P, ValuesQuery[Any]]) -> Callable[P, Awaitable[list[QueryRow]]]:
    """Let `build` answer with the rows of the query that it makes out of whole numbers, strings and lists of numbers.

    They are given by position; what the query asks for must be `in` each list, so with an empty one there is no row.
    `build` is called twice, with different marks for its arguments and for the time, to see which parameters of the
    SQL they become.
    Raises NotPreparable where that cannot be seen, at the first call.
    """
    written: dict[tuple[str, ArgumentShape], CompiledQuery] = {}

    async def rows(*values: P.args, **_nothing: P.kwargs) -> list[QueryRow]:
        if [] in values:
            return []
        connection = get_connection("default")
        shape = tuple(_padded_length(len(value)) if isinstance(value, list) else 0 for value in values)
        key = (connection.capabilities.dialect, shape)
        if key not in written:
            written[key] = _compile(build, values, shape)
        query = written[key]
        moment = clock.now()
        given: list[Any] = [moment, clock.to_local(moment).date()]
        for value, length in zip(values, shape, strict=True):
            given += [*value, *value[-1:] * (length - len(value))] if isinstance(value, list) else [value]
        parameters = query.parameters.copy()
        for place, which in query.places:
            parameters[place] = given[which]
        found: list[QueryRow] = await connection.execute_query_dict(query.sql, parameters)
        for row in found:
            for column, to_python in query.columns:
                row[column] = to_python(row[column])
        return found

    update_wrapper(rows, build)
    return rows


def _padded_length(length: int) -> int:
    """As many numbers as a list of `length` is written for: its last stands there more than once, so that few differ."""
    return max(8, 1 << (length - 1).bit_length())


def _compile(
    build: Callable[..., ValuesQuery[Any]], values: tuple[Any, ...], shape: ArgumentShape
) -> CompiledQuery:
    marks, others = (_sample_values(values, shape, variant) for variant in range(len(SAMPLE_MOMENTS)))
    (query, sql, parameters), (_, same_sql, otherwise) = (
        _build_sql(build, given) for given in (marks, others)
    )
    if sql != same_sql:
        raise QueryNotCompilable(f"{build.__qualname__} asks differently each time")
    pairs = list(zip(_flatten(marks), _flatten(others), strict=True))
    places = []
    for place, pair in enumerate(zip(parameters, otherwise, strict=True)):
        if pair in pairs:
            places.append((place, pairs.index(pair)))
        elif pair[0] != pair[1] or isinstance(pair[0], date):  # a moment is a date, too
            raise QueryNotCompilable(f"{build.__qualname__} makes a value of its own: {pair[0]!r}")
    if set(range(2, len(pairs))) - {which for _, which in places}:
        raise QueryNotCompilable(f"{build.__qualname__} does not ask for all that it is given")
    columns = [
        (column, query.resolve_to_python_value(query.model, field))
        for column, field in query._fields_for_select.items()
    ]
    # As the ORM itself tells those that need no conversion.
    columns = [each for each in columns if not isinstance(each[1], LambdaType)]
    return CompiledQuery(sql, parameters, places, columns)


def _sample_values(values: tuple[Any, ...], shape: ArgumentShape, variant: int) -> list[Any]:
    """The moment, the day and a mark for each value: of its type, and like nothing that stands in a query itself."""
    moment = SAMPLE_MOMENTS[variant]
    marks: list[Any] = [moment, clock.to_local(moment).date()]
    number = 1_987_654_321 + 100_000_000 * variant
    for value, length in zip(values, shape, strict=True):
        if type(value) is list:
            marks.append([number + place for place in range(length)])
        elif type(value) is int:
            marks.append(number)
        elif type(value) is str:
            marks.append(f" A mark {number} ")  # neither stripped nor lowered
        else:
            raise QueryNotCompilable(f"{type(value).__name__} cannot be an argument of a prepared query")
        number += length or 1
    return marks


def _flatten(marks: list[Any]) -> list[Any]:
    return [mark for each in marks for mark in (each if isinstance(each, list) else [each])]


def _build_sql(
    build: Callable[..., ValuesQuery[Any]], marks: list[Any]
) -> tuple[ValuesQuery[Any], str, list[Any]]:
    with clock.frozen_at(marks[0]):
        query = build(*marks[2:])
    query._choose_db_if_not_chosen()
    query._make_query()
    sql, parameters = query.query.get_parameterized_sql()
    return query, sql, parameters
