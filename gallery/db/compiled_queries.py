"""Compiled queries: the ORM writes their SQL once, and they are executed many times.

For the large queries of the public pages, the ORM takes several times as long to build a query and write its
SQL as the database takes to answer.

A compiled query is a function with the decorator `@compiled_query` that returns an ORM query. Only its
arguments, the current time and the current day may differ between calls.
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
ArgumentShape = tuple[int, ...]  # per argument: the padded length if it is a list, else 0

# Two arbitrary moments on different days.
SAMPLE_MOMENTS = (datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC), datetime(2002, 3, 4, 5, 6, 7, 8, tzinfo=UTC))


class QueryNotCompilable(TypeError):
    """The query contains a changing value other than an argument, the current time or the current day."""


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query as SQL, for either SQLite or PostgreSQL."""

    sql: str
    parameters: list[Any]
    # (index of the SQL parameter, index of its value). The values are the current time, the current day and
    # the arguments, with lists flattened.
    positions: list[tuple[int, int]]
    columns: list[tuple[str, Callable[[Any], Any]]]  # the columns whose values need a conversion to Python


def compiled_query(build: Callable[P, ValuesQuery[Any]]) -> Callable[P, Awaitable[list[QueryRow]]]:
    """Decorate `build`, a function that returns an ORM query, to return the query's rows.

    The arguments of `build` are positional: whole numbers, strings and lists of numbers. A list may only be
    used with `in`, so an empty list gives no rows. The first call runs `build` twice with different sample
    values for the arguments and the time, to find out which SQL parameter comes from which argument. If this
    is not clear, the first call raises QueryNotCompilable.
    """
    compiled: dict[tuple[str, ArgumentShape], CompiledQuery] = {}

    async def rows(*values: P.args, **_nothing: P.kwargs) -> list[QueryRow]:
        if [] in values:
            return []
        connection = get_connection("default")
        shape = tuple(_padded_length(len(value)) if isinstance(value, list) else 0 for value in values)
        key = (connection.capabilities.dialect, shape)
        if key not in compiled:
            compiled[key] = _compile(build, values, shape)
        query = compiled[key]
        moment = clock.now()
        arguments: list[Any] = [moment, clock.to_local(moment).date()]
        for value, length in zip(values, shape, strict=True):
            arguments += [*value, *value[-1:] * (length - len(value))] if isinstance(value, list) else [value]
        parameters = query.parameters.copy()
        for position, index in query.positions:
            parameters[position] = arguments[index]
        result: list[QueryRow] = await connection.execute_query_dict(query.sql, parameters)
        for row in result:
            for column, to_python in query.columns:
                row[column] = to_python(row[column])
        return result

    update_wrapper(rows, build)
    return rows


def _padded_length(length: int) -> int:
    """The length to which a list of `length` numbers is padded, so that few list lengths are compiled.

    The padding repeats the last number.
    """
    return max(8, 1 << (length - 1).bit_length())


def _compile(
    build: Callable[..., ValuesQuery[Any]], values: tuple[Any, ...], shape: ArgumentShape
) -> CompiledQuery:
    samples, other_samples = (
        _sample_values(values, shape, variant) for variant in range(len(SAMPLE_MOMENTS))
    )
    (query, sql, parameters), (_, same_sql, other_parameters) = (
        _build_sql(build, arguments) for arguments in (samples, other_samples)
    )
    if sql != same_sql:
        raise QueryNotCompilable(f"{build.__qualname__} writes different SQL each time")
    pairs = list(zip(_flatten(samples), _flatten(other_samples), strict=True))
    positions = []
    for position, pair in enumerate(zip(parameters, other_parameters, strict=True)):
        if pair in pairs:
            positions.append((position, pairs.index(pair)))
        elif pair[0] != pair[1] or isinstance(pair[0], date):  # includes datetime, a subclass of date
            raise QueryNotCompilable(f"{build.__qualname__} holds a value that is no argument: {pair[0]!r}")
    if set(range(2, len(pairs))) - {index for _, index in positions}:
        raise QueryNotCompilable(f"{build.__qualname__} does not use all of its arguments")
    columns = [
        (column, query.resolve_to_python_value(query.model, field))
        for column, field in query._fields_for_select.items()
    ]
    # The ORM's converter is a lambda if the column needs no conversion.
    columns = [each for each in columns if not isinstance(each[1], LambdaType)]
    return CompiledQuery(sql, parameters, positions, columns)


def _sample_values(values: tuple[Any, ...], shape: ArgumentShape, variant: int) -> list[Any]:
    """A sample time, its day, and for each argument a sample value that occurs in no query as a constant."""
    moment = SAMPLE_MOMENTS[variant]
    samples: list[Any] = [moment, clock.to_local(moment).date()]
    number = 1_987_654_321 + 100_000_000 * variant
    for value, length in zip(values, shape, strict=True):
        if type(value) is list:
            samples.append([number + position for position in range(length)])
        elif type(value) is int:
            samples.append(number)
        elif type(value) is str:
            samples.append(f" A sample {number} ")  # a query must not strip it or change its case
        else:
            raise QueryNotCompilable(f"{type(value).__name__} cannot be an argument of a compiled query")
        number += length or 1
    return samples


def _flatten(samples: list[Any]) -> list[Any]:
    return [sample for each in samples for sample in (each if isinstance(each, list) else [each])]


def _build_sql(
    build: Callable[..., ValuesQuery[Any]], samples: list[Any]
) -> tuple[ValuesQuery[Any], str, list[Any]]:
    with clock.frozen_at(samples[0]):
        query = build(*samples[2:])
    query._choose_db_if_not_chosen()
    query._make_query()
    sql, parameters = query.query.get_parameterized_sql()
    return query, sql, parameters
