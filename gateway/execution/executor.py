"""
Where planned execution takes the place of graphql-core's: one method of one class.

Selecting the operation, coercing variables, collecting root fields and making the response stay as they are. What
cannot be planned goes to graphql-core, counted by its reason.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.pyutils import AwaitableOrValue
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.execution.compiler import Compiler, conditions_of
from student_graph.gateway.execution.complete import Completion
from student_graph.gateway.execution.plan import Counters, ObjectPlan, PlanCache, UnplannableError
from student_graph.gateway.execution.positions import Root
from student_graph.gateway.execution.run import Invalid, Run

VARIABLE = "STUDENT_GRAPH_EXECUTOR"
"""Environment variable that chooses the executor."""


class BreadthExecutor(StrawberryGraphQLCoreExecutionContext):
    """Carries out operations breadth first, by plans; give it to a schema as `execution_context_class`."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    careful: ClassVar[bool] = False
    """Whether every scope goes the careful way; for tests."""
    structs: ClassVar[bool] = False
    """Whether rows are structs, which only an encoder of msgspec reads, instead of dicts."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The root fields, by plan where one can be made."""
        try:
            self._check_plannable(position_context)
            plan = self.plan(root_type, grouped_field_set)
        except UnplannableError as reason:
            self.counters.to_stock(str(reason))
            return super().execute_root_grouped_field_set(
                root_type, root_value, grouped_field_set, serially, position_context
            )
        self.counters.planned += 1
        if self.context_value is not None:
            self.context_value.operation.planned = True
        return self._run(plan, root_value, serially=serially)

    def plan(self, root_type: GraphQLObjectType, grouped: GroupedFieldSet) -> ObjectPlan:
        """
        The plan of the operation, under the values of its conditions.

        Raises:
            UnplannableError: the operation asks for something that stock execution does.
        """

        def make() -> ObjectPlan:
            self.counters.compiled += 1
            return Compiler(self).object_plan(root_type, grouped)

        return self.plans.plan(
            self.schema, self.operation, self.variable_values.coerced, lambda: conditions_of(self), make
        )

    def _check_plannable(self, position_context: Any) -> None:
        if position_context is not None:
            raise UnplannableError("defer")
        if self.middleware_manager and self.middleware_manager.middlewares:
            raise UnplannableError("an extension that resolves fields")
        if self.abort_signal is not None:
            raise UnplannableError("an abort signal")
        if asyncio._get_running_loop() is None:  # noqa: SLF001 - the public one raises where there is none
            raise UnplannableError("no event loop")

    async def _run(self, plan: ObjectPlan, root_value: Any, *, serially: bool) -> dict[str, Any]:
        run = Run(self, self.counters, self.careful, self.structs)
        Completion(run)
        [row] = await run.objects(plan, [root_value], Root(), serially=serially)
        if isinstance(row, Invalid):
            raise row.error
        found: dict[str, Any] = row
        return found


def configured_executor(environ: Mapping[str, str] = os.environ) -> str:
    """
    Which executor the environment asks for: `breadth`, or `stock` for graphql-core's own.

    Raises:
        SettingsError: it asks for another.
    """
    name = environ.get(VARIABLE) or "breadth"
    if name not in ("breadth", "stock"):
        raise SettingsError(f"{VARIABLE}: must be 'breadth' or 'stock'")
    return name


class StructExecutor(BreadthExecutor):
    """The same with rows that are only good for being encoded: what the service uses."""

    plans: ClassVar[PlanCache] = PlanCache()
    structs: ClassVar[bool] = True


def executor_class(name: str) -> type[BreadthExecutor] | None:
    """The class of the service's executor by its name; None for graphql-core's own."""
    return StructExecutor if name == "breadth" else None
