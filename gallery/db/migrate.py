"""How migrations are applied and compared with the models: in seconds where the ORM itself takes half a minute.

It renders every model anew, twice, for each operation, though an operation that adds something needs to see the models
but once, and a comparison not at all. Here they are rendered once for a run of such operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tortoise.connection import get_connection
from tortoise.migrations import operations as ops
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.transactions import in_transaction

# Decision 21: a migration adds, or says in SQL or Python what else it does. None of these looks at an older state.
ADDITIVE_OPERATIONS = (
    ops.CreateModel,
    ops.AddField,
    ops.AddIndex,
    ops.AlterModelOptions,
    ops.RunSQL,
    ops.RunPython,
)


class UnrenderedState(State):
    """What the models are after some operations; they become classes only in the `clone` of it."""

    def reload_model(self, app_label: str, model_name: str) -> None:
        pass

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        pass

    def move(self, app_label: str, operations: Iterable[ops.Operation]) -> None:
        """On to what the models are after `operations`."""
        for operation in operations:
            operation.state_forward(app_label, self)


class Executor(MigrationExecutor):
    """Applies what a database lacks, each migration with its record in one transaction."""

    def __init__(self, apps: dict[str, dict[str, Any]]) -> None:
        super().__init__(get_connection("default"), apps)

    async def missing(self) -> list[str]:
        """The names of the migrations that the database lacks, in their order."""
        return [step.migration.name for step in await self.plan() if not step.backward]

    async def apply(self, upto: str | None = None) -> list[str]:
        """Apply all that is missing, or no more than `upto`; returns the names of what was applied."""
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
            for run in operation_batches(migration.operations):
                state.move(key.app_label, run)
                rendered = state.clone()
                rendered.validate_relations_initialized()
                for operation in run:
                    await operation.database_forward(key.app_label, rendered, rendered, editor)
            await MigrationRecorder(connection).record_applied(key.app_label, key.name)


class Detector(MigrationAutodetector):
    """Says what the models have and the migrations do not yet."""

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
    """`operations` in runs that may all see the models as they are after the last of them.

    A model that is made is made with all that it has in that state, so what is added to it begins a new run, and so
    does code, which may ask for rows. Raises TypeError for what does more than add.
    """
    run: list[ops.Operation] = []
    made: set[str] = set()
    for operation in operations:
        if not isinstance(operation, ADDITIVE_OPERATIONS):
            raise TypeError(f"A migration only adds, or says it in SQL: {operation.describe()}")
        to = getattr(operation, "model_name", None) or getattr(operation, "name", "")
        if run and (to in made or isinstance(operation, ops.RunPython)):
            yield run
            run, made = [], set()
        run.append(operation)
        if isinstance(operation, ops.CreateModel):
            made.add(operation.name)
    if run:
        yield run
