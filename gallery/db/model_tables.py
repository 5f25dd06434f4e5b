"""What the ORM keeps in private attributes: the tables of the models and the foreign keys between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tortoise import Tortoise
from tortoise.fields.relational import ReverseRelation
from tortoise.models import Model


class ForeignKeyColumn(NamedTuple):
    table: str
    column: str
    target_table: str
    target_column: str


def table_name(model: type[Model]) -> str:
    return model._meta.db_table


def foreign_key_columns(app: str) -> Iterator[ForeignKeyColumn]:
    """Every foreign key of the app's models, including those of many-to-many tables."""
    assert Tortoise.apps is not None
    for model in Tortoise.apps[app].values():
        meta = model._meta
        columns: list[tuple[str, str, Any]] = []
        for name in sorted(meta.fk_fields | meta.o2o_fields):
            field: Any = meta.fields_map[name]
            columns.append((meta.db_table, field.source_field or name, field.related_model))
        for name in sorted(meta.m2m_fields):
            relation: Any = meta.fields_map[name]
            columns.append((relation.through, relation.backward_key, model))
            columns.append((relation.through, relation.forward_key, relation.related_model))
        for table, column, target in columns:
            yield ForeignKeyColumn(table, column, target._meta.db_table, target._meta.db_pk_column)


def preload(relation: ReverseRelation[Any], rows: Iterable[Model]) -> None:
    """Set the rows of a relation in memory, as if they had been prefetched."""
    relation._set_result_for_query(list(rows))
