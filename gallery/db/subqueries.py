"""Controls how databases execute subqueries."""

from __future__ import annotations

from typing import Any

from tortoise.connection import get_connection
from tortoise.expressions import Q, RawSQL


def is_sqlite() -> bool:
    return get_connection("default").capabilities.dialect == "sqlite"


def looked_up(column: str, outer_column: str) -> Q:
    """A condition that makes SQLite execute a subquery for each row of the outer query.

    Without it, SQLite computes the whole set of the subquery first. PostgreSQL chooses by itself, so it gets
    no condition: it would misjudge the number of rows. `outer_column`: such as `"artwork"."image_id"`.
    """
    same_row: dict[str, Any] = {column: RawSQL(outer_column)}
    return Q(**same_row) if is_sqlite() else Q()
