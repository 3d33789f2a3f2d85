"""
The executors: graphql-core's own, and the breadth-first one, which replaces one of its methods.

graphql-core selects the operation, coerces variables, collects the root fields and makes the response. What cannot
be planned is executed by graphql-core too, and counted by its reason.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.execution.column import Invalid
from student_graph.gateway.execution.compiler import Compiler, find_conditions
from student_graph.gateway.execution.complete import complete_column
from student_graph.gateway.execution.paths import RootPath
from student_graph.gateway.execution.plan import Counters, ObjectPlan, PlanCache, UnplannableError
from student_graph.gateway.execution.run import Run
from student_graph.resolvers.fields.record import is_student_record_type

VARIABLE = "STUDENT_GRAPH_EXECUTOR"
"""Environment variable that chooses the executor."""


class StockExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes operations with graphql-core, and notes the records of students in the response."""

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[FieldDetails],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Complete an object; graphql-core calls this once for each, when it has checked the object's type."""
        if is_student_record_type(return_type):
            self.context_value.operation.disclosures.records.append((result,))
        return super().collect_and_execute_subfields(
            return_type, field_details_list, path, result, position_context
        )


class BreadthExecutor(StockExecutor):
    """Executes operations breadth first, by plan; for a schema's `execution_context_class`."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    slow: ClassVar[bool] = False
    """Whether every level takes the slow path; for tests."""
    structs: ClassVar[bool] = False
    """Whether rows are structs instead of dicts. Only msgspec's encoder reads structs."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the root fields, by plan if possible."""
        try:
            self._check_plannable(position_context)
            plan = self.plan(root_type, grouped_field_set)
        except UnplannableError as reason:
            self.counters.count_stock(str(reason))
            return super().execute_root_grouped_field_set(
                root_type, root_value, grouped_field_set, serially, position_context
            )
        self.counters.planned += 1
        return self._run(plan, root_value, serially=serially)

    def plan(self, root_type: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        Return the plan of the operation for the values of its conditions.

        Raises:
            UnplannableError: the operation must be executed by graphql-core.
        """

        def make_plan() -> ObjectPlan:
            self.counters.compiled += 1
            return Compiler(self).object_plan(root_type, grouped)

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

    async def _run(self, plan: ObjectPlan, root_value: Any, *, serially: bool) -> dict[str, Any]:
        run = Run(self, self.counters, complete_column, slow=self.slow, structs=self.structs)
        [row] = await run.rows(plan, [root_value], RootPath(), serially=serially)
        if isinstance(row, Invalid):
            raise row.error
        data: dict[str, Any] = row
        return data


class StructExecutor(BreadthExecutor):
    """The breadth-first executor with struct rows, which can only be encoded. The service uses it."""

    plans: ClassVar[PlanCache] = PlanCache()
    structs: ClassVar[bool] = True


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
    return StructExecutor if name == "breadth" else StockExecutor
