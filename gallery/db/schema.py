"""The database's tables and references, read from the ORM's metadata."""

from __future__ import annotations

from typing import Any, NamedTuple

from tortoise import Tortoise
from tortoise.models import Model

from gallery.db.connection import APP


class Reference(NamedTuple):
    """A column that holds the key of a row in another table."""

    table: str
    column: str
    target: str  # the other table
    key: str  # its primary key


def table_of(model: type[Model]) -> str:
    return model._meta.db_table


def references() -> list[Reference]:
    """Every reference between tables, including those of many-to-many tables. The database must be open."""
    assert Tortoise.apps is not None
    found = set()
    for model in Tortoise.apps[APP].values():
        meta = model._meta
        for name in sorted(meta.fk_fields | meta.o2o_fields):
            field: Any = meta.fields_map[name]
            found.add(_reference(meta.db_table, field.source_field or name, field.related_model))
        for name in sorted(meta.m2m_fields):
            relation: Any = meta.fields_map[name]
            found.add(_reference(relation.through, relation.backward_key, model))
            found.add(_reference(relation.through, relation.forward_key, relation.related_model))
    return sorted(found)


def _reference(table: str, column: str, target: type[Model]) -> Reference:
    return Reference(table, column, target._meta.db_table, target._meta.db_pk_column)
