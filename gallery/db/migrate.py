"""Applying migrations, and comparing them with the models, in seconds; the ORM alone takes half a minute.

The ORM renders all models twice for each operation. An operation that only adds something needs
one rendering, and a comparison needs none. So here the models are rendered once for each batch of operations.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError
from tortoise.fields.base import Field
from tortoise.fields.relational import OneToOneFieldInstance, RelationalField
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.transactions import in_transaction

ROWS_AT_ONCE = 500
Row = Mapping[str, Any]  # column → value

# Decision 21: the operations of a migration only add; all other changes are SQL or Python. None of these
# operations reads the models' state from before the operation.
ADDITIVE_OPERATIONS = (
    ops.CreateModel,
    ops.AddField,
    ops.AddIndex,
    ops.AlterModelOptions,
    ops.RunSQL,
    ops.RunPython,
)

QUERYING_OPERATIONS = (ops.RunPython,)


class DropFieldIndex(ops.AlterField):
    """Drop the index of a column; `field` is the field without index. The ORM's own operation renders the
    models twice.
    """

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        assert state_editor is not None
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        await state_editor.remove_index(model, Index(fields=(self.name,)))


class RenameTable(ops.RenameModel):
    """Rename a model and its table. The ORM's own RenameModel derives the table's name from the model's name."""

    def __init__(self, old_name: str, new_name: str, *, table: str, related_names: Mapping[str, str]) -> None:
        """`related_names`: field name → new related name."""
        super().__init__(old_name, new_name)
        self.table, self.related_names = table, related_names
        self.old_table = ""

    def state_forward(self, app_label: str, state: State) -> None:
        self.old_table = state.models[app_label, self.old_name].table
        super().state_forward(app_label, state)
        model = state.models[app_label, self.new_name]
        model.table = model.options["table"] = self.table
        for name, related_name in self.related_names.items():
            relation = copy(model.fields[name])
            assert isinstance(relation, OneToOneFieldInstance)
            relation.related_name = related_name
            model.fields[name] = relation

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        assert state_editor is not None
        model = new_state.apps.get_model(f"{app_label}.{self.new_name}")
        await state_editor.rename_table(model, self.old_table, self.table)


class ReplaceColumns(ops.TortoiseOperation):
    """Replace columns of a table by others, whose values are computed from each row.

    It uses SQL that both engines understand. The old columns must have no index, because SQLite could not
    drop them. The previous release cannot work with the new columns: set `WORKS_FROM` to this migration.
    """

    def __init__(
        self,
        model_name: str,
        old: Sequence[str],
        new: Mapping[str, Field[Any]],
        values: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        """`new`: column → its field, whose default must be text. `values`: the new values of a row, by column.

        A new column may have the name of an old one.
        """
        self.model_name, self.old, self.new, self.values = model_name, old, new, values

    def describe(self) -> str:
        return f"Replace columns of {self.model_name}: {', '.join(self.new)}"

    def state_forward(self, app_label: str, state: State) -> None:
        fields = state.models[app_label, self.model_name].fields
        for column in self.old:
            del fields[column]
        for column, field in self.new.items():
            fields[column] = copy(field)

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        assert state_editor is not None
        client = state_editor.client
        dialect = client.capabilities.dialect
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        table = model._meta.db_table
        for column, field in self.new.items():
            kind = field.get_for_dialect(dialect, "SQL_TYPE")
            default = str(field.db_default if field.has_db_default() else field.default or "")
            await client.execute_query(
                f'ALTER TABLE "{table}" ADD COLUMN "new_{column}" {kind} NOT NULL DEFAULT \'{default}\''
            )
        marks = ["?" if dialect == "sqlite" else f"${number}" for number in range(1, len(self.new) + 2)]
        changes = ", ".join(f'"new_{column}" = {mark}' for column, mark in zip(self.new, marks, strict=False))
        update = f'UPDATE "{table}" SET {changes} WHERE "id" = {marks[-1]}'  # noqa: S608
        # The comment makes the statement unique for each operation. asyncpg reuses prepared statements, and
        # fails if the columns of `*` have changed.
        select = f'SELECT * FROM "{table}" WHERE "id" > %d ORDER BY "id" LIMIT {ROWS_AT_ONCE} /* for {", ".join(self.new)} */'  # noqa: S608
        after = 0
        while rows := await client.execute_query_dict(select % after):
            values = [self.values(row) for row in rows]
            await client.execute_many(
                update,
                [
                    [field.to_db_value(each[column], model) for column, field in self.new.items()]
                    + [row["id"]]
                    for row, each in zip(rows, values, strict=True)
                ],
            )
            after = rows[-1]["id"]
        for column in self.old:
            await client.execute_query(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
        for column in self.new:
            await client.execute_query(f'ALTER TABLE "{table}" RENAME COLUMN "new_{column}" TO "{column}"')


class SchemaApps(StateApps):
    """Rendered models that can create tables but cannot be queried, which takes half the time."""

    def _build_initial_querysets(self) -> None:
        for model in self.get_models_iterable():
            for index in model._meta.indexes:
                if isinstance(index, Index):
                    index.resolve_expressions(model)


class UnrenderedState(State):
    """The state of the models after some operations. Model classes are made only by `rendered`."""

    def reload_model(self, app_label: str, model_name: str) -> None:
        pass

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        pass

    def move(self, app_label: str, operations: Iterable[ops.Operation]) -> None:
        """Apply `operations` to the state."""
        for operation in operations:
            operation.state_forward(app_label, self)

    def rendered(self, batch: Sequence[ops.Operation]) -> State:
        """The state with its models as classes: those that `batch` changes, and what they refer to.

        If an operation of `batch` queries rows, all models are rendered, and can be queried.
        """
        is_queried = any(isinstance(operation, QUERYING_OPERATIONS) for operation in batch)
        wanted = set(self.models) if is_queried else self._with_references(map(changed_model, batch))
        models = {key: model.clone() for key, model in self.models.items() if key in wanted}
        apps = (StateApps if is_queried else SchemaApps)(dict.fromkeys({app for app, _ in models}, "default"))
        state = State(models=models, apps=apps.clone(models))
        state.validate_relations_initialized()
        return state

    def _with_references(self, names: Iterable[str]) -> set[tuple[str, str]]:
        """The keys of the models with these names, and of all to which they refer, directly or not."""
        names = {*names}
        waiting = [key for key in self.models if key[1] in names]
        found: set[tuple[str, str]] = set()
        while waiting:
            if (key := waiting.pop()) not in found:
                found.add(key)
                for field in self.models[key].fields.values():
                    if isinstance(field, RelationalField) and "." in (to := getattr(field, "model_name", "")):
                        app, _, name = to.partition(".")
                        waiting.append((app, name))
        return found


class Recorder(MigrationRecorder):
    async def applied_migrations(self) -> list[MigrationKey]:
        """The applied migrations. Raises DBConnectionError, which Tortoise would mistake for an empty database."""
        query = "SELECT app, name FROM tortoise_migrations ORDER BY applied_at, app, name"
        try:
            _, rows = await self.connection.execute_query(query)
        except OperationalError:  # the table does not exist
            return []
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


class Executor(MigrationExecutor):
    """Applies missing migrations, each together with its record in one transaction."""

    def __init__(self, apps: dict[str, dict[str, Any]]) -> None:
        super().__init__(get_connection("default"), apps)
        self.recorder = self.loader.recorder = Recorder(self.connection)

    async def missing(self) -> list[str]:
        """The names of the migrations that are not yet applied, in order."""
        return [step.migration.name for step in await self.plan() if not step.backward]

    async def apply(self, upto: str | None = None) -> list[str]:
        """Apply the missing migrations, up to and including `upto`; returns their names."""
        with garbage_collected_seldom():
            return await self._apply_missing(upto)

    async def _apply_missing(self, upto: str | None) -> list[str]:
        await self.recorder.ensure_schema(self._schema_editor(atomic=False))
        await self.loader.build_graph()
        applied = set(await self.recorder.applied_migrations())
        state = UnrenderedState(models={}, apps=StateApps())
        names = []
        for key in self._full_plan():
            migration = self.loader.graph.nodes[key]
            assert isinstance(migration, Migration)
            if key in applied:
                state.move(key.app_label, migration.operations)
            else:
                await self._apply(key, migration, state)
                names.append(key.name)
            if key.name == upto:
                break
        return names

    async def _apply(self, key: MigrationKey, migration: Migration, state: UnrenderedState) -> None:
        async with in_transaction("default") as connection:
            editor = self._schema_editor()
            editor.client = connection
            for batch in operation_batches(migration.operations):
                state.move(key.app_label, batch)
                rendered = state.rendered(batch)
                for operation in batch:
                    await operation.database_forward(key.app_label, rendered, rendered, editor)
            await MigrationRecorder(connection).record_applied(key.app_label, key.name)


async def change_json(
    client: BaseDBAsyncClient, table: str, column: str, change: Callable[[Any, Row], Any], more: str = ""
) -> None:
    """Replace a JSON column in each row by the result of `change`, `ROWS_AT_ONCE` rows at a time.

    `change` gets the value, never NULL, and the row with `id` and the columns of `more`, which begins with a
    comma. Unchanged values are not written.
    """
    marks = ("?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2")
    after = 0
    while rows := await client.execute_query_dict(
        f'SELECT "id", "{column}" AS found{more} FROM "{table}"'  # noqa: S608
        f' WHERE "id" > {after} AND "{column}" IS NOT NULL ORDER BY "id" LIMIT {ROWS_AT_ONCE}'
    ):
        changed = []
        for row in rows:
            value = json.loads(row["found"]) if isinstance(row["found"], str) else row["found"]
            if (replaced := change(value, row)) != value:
                changed.append([json.dumps(replaced, ensure_ascii=False), row["id"]])
        if changed:
            await client.execute_many(
                f'UPDATE "{table}" SET "{column}" = {marks[0]} WHERE "id" = {marks[1]}',  # noqa: S608
                changed,
            )
        after = rows[-1]["id"]


@contextmanager
def garbage_collected_seldom() -> Iterator[None]:
    """Run the garbage collector less often. Rendering makes thousands of classes, which it would search all
    the time.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class Detector(MigrationAutodetector):
    """Finds the changes of the models that no migration has yet."""

    async def _project_state(self) -> State:
        state = UnrenderedState(models={}, apps=StateApps())
        for key in self._full_plan():
            migration = self.loader.graph.nodes[key]
            assert isinstance(migration, Migration)
            state.move(key.app_label, migration.operations)
        return without_descriptions(state)

    def _current_state(self) -> State:
        return without_descriptions(super()._current_state())


def without_descriptions(state: State) -> State:
    """`state` without the models' docstrings, so that rewording one needs no migration."""
    for model in state.models.values():
        model.options.pop("table_description", None)
    return state


def changed_model(operation: ops.Operation) -> str:
    """The name of the model that an operation changes, after it; empty for SQL and Python."""
    names = (getattr(operation, name, None) for name in ("new_name", "model_name", "name"))
    return next(filter(None, names), "")


def operation_batches(operations: Iterable[ops.Operation]) -> Iterator[list[ops.Operation]]:
    """Split `operations` into batches. It is enough to render the models once per batch, after it.

    CreateModel creates a table with all fields that its model has after the batch. So an operation that adds
    to this model begins a new batch. RunPython also begins a new batch, because it may query rows. Raises
    TypeError for operations that are not allowed.
    """
    batch: list[ops.Operation] = []
    created: set[str] = set()
    for operation in operations:
        if not isinstance(operation, (*ADDITIVE_OPERATIONS, DropFieldIndex, RenameTable, ReplaceColumns)):
            raise TypeError(f"A migration only adds, or uses SQL: {operation.describe()}")
        to = changed_model(operation)
        if batch and (to in created or isinstance(operation, (ops.RunPython, RenameTable, ReplaceColumns))):
            yield batch
            batch, created = [], set()
        batch.append(operation)
        if isinstance(operation, ops.CreateModel):
            created.add(operation.name)
    if batch:
        yield batch
