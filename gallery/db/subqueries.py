"""How databases go through subqueries."""

from __future__ import annotations

from typing import Any

from tortoise.connection import get_connection
from tortoise.expressions import Q, RawSQL


def is_sqlite() -> bool:
    return get_connection("default").capabilities.dialect == "sqlite"


def looked_up(column: str, outer_column: str) -> Q:
    """The condition that makes SQLite look a subquery up for each row of the query around it.

    Without it, SQLite computes the whole set of the subquery first. PostgreSQL chooses between both, and would count
    such a condition twice: it would expect next to no rows, and compare each row with each. `outer_column`: such as
    `"artwork"."image_id"`.
    """
    same_row: dict[str, Any] = {column: RawSQL(outer_column)}
    return Q(**same_row) if is_sqlite() else Q()
