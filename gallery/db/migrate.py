"""Applying migrations, and comparing them with the models, in seconds; the ORM alone takes half a minute.

The ORM renders all models twice for each operation. An operation that only adds something needs
one rendering, and a comparison needs none. So here the models are rendered once for each batch of operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any

from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError
from tortoise.fields.relational import OneToOneFieldInstance
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


class DropFieldIndex(ops.AlterField):
    """Drop the index of a column; `field` is the field without it. The ORM's operation renders the models twice."""

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
    """Rename a model and its table. The ORM's RenameModel always names the table after the model."""

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


class UnrenderedState(State):
    """The state of the models after some operations. Only its `clone` renders them as classes."""

    def reload_model(self, app_label: str, model_name: str) -> None:
        pass

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        pass

    def move(self, app_label: str, operations: Iterable[ops.Operation]) -> None:
        """Apply `operations` to the state."""
        for operation in operations:
            operation.state_forward(app_label, self)


class Recorder(MigrationRecorder):
    async def applied_migrations(self) -> list[MigrationKey]:
        """Raises DBConnectionError, which Tortoise would take for a database without migrations."""
        query = "SELECT app, name FROM tortoise_migrations ORDER BY applied_at, app, name"
        try:
            _, rows = await self.connection.execute_query(query)
        except OperationalError:  # there is no such table
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
        await self.recorder.ensure_schema(self._schema_editor(atomic=False))
        await self.loader.build_graph()
        applied = set(await self.recorder.applied_migrations())
        connections = dict.fromkeys(self.loader.apps_config, "default")
        state = UnrenderedState(models={}, apps=StateApps(default_connections=connections))
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
                rendered = state.clone()
                rendered.validate_relations_initialized()
                for operation in batch:
                    await operation.database_forward(key.app_label, rendered, rendered, editor)
            await MigrationRecorder(connection).record_applied(key.app_label, key.name)


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


def operation_batches(operations: Iterable[ops.Operation]) -> Iterator[list[ops.Operation]]:
    """Split `operations` into batches. It is enough to render the models once per batch, after it.

    CreateModel creates a table with all fields that its model has after the batch. So an operation that adds
    to this model begins a new batch. RunPython also begins a new batch, because it may query rows. Raises
    TypeError for operations that are not allowed.
    """
    batch: list[ops.Operation] = []
    created: set[str] = set()
    for operation in operations:
        if not isinstance(operation, (*ADDITIVE_OPERATIONS, DropFieldIndex, RenameTable)):
            raise TypeError(f"A migration only adds, or uses SQL: {operation.describe()}")
        to = getattr(operation, "model_name", None) or getattr(operation, "name", "")
        if batch and (to in created or isinstance(operation, (ops.RunPython, RenameTable))):
            yield batch
            batch, created = [], set()
        batch.append(operation)
        if isinstance(operation, ops.CreateModel):
            created.add(operation.name)
    if batch:
        yield batch
