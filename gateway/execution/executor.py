"""
The breadth-first executor, which replaces one method of graphql-core's executor.

graphql-core selects the operation, coerces variables, collects the root fields and makes the response. Operations
that cannot be planned are executed by graphql-core, and counted by reason.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.pyutils import AwaitableOrValue

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.concurrency.coroutines import StartedCoroutine, start
from student_graph.gateway.concurrency.observation import span
from student_graph.gateway.concurrency.time_slices import hold_event_loop
from student_graph.gateway.execution.column import Invalid
from student_graph.gateway.execution.compiler import Compiler, find_conditions
from student_graph.gateway.execution.complete import complete_column
from student_graph.gateway.execution.paths import RootPath
from student_graph.gateway.execution.plan import Counters, ObjectPlan, PlanCache, UnplannableError
from student_graph.gateway.execution.row_cache import RowCache
from student_graph.gateway.execution.run import Run
from student_graph.gateway.execution.size import AnswerSize, AnswerTooLargeError
from student_graph.gateway.execution.stock import StockExecutor
from student_graph.resolvers.operation import AnswerLimits

VARIABLE = "STUDENT_GRAPH_EXECUTOR"
"""Environment variable that chooses the executor."""
INTROSPECTION_LIMITS = AnswerLimits(mebibytes=1)
"""How much of the schema one operation shows, counted generously: all of it twice."""


class BreadthExecutor(StockExecutor):
    """Executes operations breadth first, by plan; for a schema's `execution_context_class`."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    slow: ClassVar[bool] = False
    """Whether every level takes the slow path; for tests."""
    row_cache: ClassVar[RowCache | None] = None
    """Encoded rows of earlier operations; None to build each row."""
    encoded: ClassVar[bool] = False
    """Whether the data of a response is JSON in a `msgspec.Raw` instead of dicts."""
    gives_way: ClassVar[bool] = False
    """Whether other tasks may run before the operation first waits. If so, `execute_sync` may fail."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """
        Execute the root fields, by plan if possible.

        As with graphql-core, the result is awaitable if a resolver returned an awaitable.

        Raises:
            TypeError: the schema has types of records, and the context has no `Operation` to note them in.
        """
        self._check_context()
        try:
            self._check_plannable(position_context)
            plan = self.plan(root_type, grouped_field_set)
        except UnplannableError as reason:
            self.counters.count_stock(str(reason))
            return super().execute_root_grouped_field_set(
                root_type, root_value, grouped_field_set, serially, position_context
            )
        self.counters.planned += 1
        run = Run(
            self,
            self.counters,
            complete_column,
            slow=self.slow,
            encoded=self.encoded,
            row_cache=self.row_cache,
        )
        with nullcontext() if self.gives_way else hold_event_loop():
            row = start(self._root_row(run, plan, root_value, serially=serially))
        if row.__class__ is StartedCoroutine:
            return _data_later(row)
        return _data_later(_finished(row)) if run.fields.met_awaitables else _data(row)

    def plan(self, root_type: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        Return the plan of the operation for the values of its conditions.

        Raises:
            UnplannableError: the operation must be executed by graphql-core.
        """

        def make_plan() -> ObjectPlan:
            self.counters.compiled += 1
            try:
                with span("plan"):
                    return Compiler(self).object_plan(root_type, grouped)
            except RecursionError:  # without the frames of the recursion, which the error would keep alive
                raise UnplannableError("selections that are nested too deeply") from None

        return self.plans.plan(
            self.schema, self.operation, self.variable_values.coerced, lambda: find_conditions(self), make_plan
        )

    def _check_plannable(self, position_context: Any) -> None:
        if position_context is not None:
            raise UnplannableError("defer")
        if self.middleware_manager and self.middleware_manager.middlewares:
            raise UnplannableError("an extension that resolves fields")
        if self.abort_signal is not None:
            raise UnplannableError("an abort signal")
        if asyncio._get_running_loop() is None:  # noqa: SLF001 - the public function raises if there is none
            raise UnplannableError("no event loop")

    async def _root_row(self, run: Run, plan: ObjectPlan, root_value: Any, *, serially: bool) -> Any:
        size, self.size = self.size, AnswerSize(INTROSPECTION_LIMITS)  # graphql-core executes nothing else
        try:
            [row] = await run.rows(plan, [root_value], RootPath(), size, serially=serially)
        except AnswerTooLargeError as error:
            return Invalid(error)
        return row


def _data(row: Any) -> dict[str, Any]:
    """Return the row of the root object; raises the error that took its place."""
    if isinstance(row, Invalid):
        raise row.error
    data: dict[str, Any] = row
    return data


async def _data_later(row: Awaitable[Any]) -> dict[str, Any]:
    return _data(await row)


async def _finished(row: Any) -> Any:
    return row


class EncodingExecutor(BreadthExecutor):
    """
    The breadth-first executor of the service: it encodes rows as soon as they are built.

    Other tasks may run while it builds rows. Its result may therefore be awaitable although no resolver is.
    """

    plans: ClassVar[PlanCache] = PlanCache()
    encoded: ClassVar[bool] = True
    gives_way: ClassVar[bool] = True
    row_cache: ClassVar[RowCache | None] = RowCache()


def configured_executor(environ: Mapping[str, str] = os.environ) -> str:
    """
    Return the name of the executor that the environment chooses: `breadth`, or `stock` for graphql-core's own.

    Raises:
        SettingsError: the variable has another value.
    """
    name = environ.get(VARIABLE) or "breadth"
    if name not in ("breadth", "stock"):
        raise SettingsError(f"{VARIABLE}: must be 'breadth' or 'stock'")
    return name


def executor_class(name: str) -> type[StockExecutor]:
    """Return the class of the service's executor by its name: `breadth` or `stock`."""
    return EncodingExecutor if name == "breadth" else StockExecutor
