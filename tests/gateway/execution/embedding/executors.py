"""The breadth-first executor in schemas of others, beside Strawberry's own executor."""

from __future__ import annotations

from typing import Any, ClassVar

import strawberry

from student_graph.gateway.execution import BreadthExecutor, Counters
from student_graph.gateway.execution.plan import PlanCache
from tests.gateway.execution.comparison import differences


class Breadth(BreadthExecutor):
    """A breadth-first executor with its own plans and counters."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


class Slow(Breadth):
    """The same, and every level takes the slow path."""

    plans: ClassVar[PlanCache] = PlanCache()
    slow: ClassVar[bool] = True


async def result_as_strawberry(query: type, document: str, *, context: Any = None, **options: Any) -> Any:
    """Return the result of an operation; with both paths it is that of Strawberry's own executor."""
    expected = await strawberry.Schema(query, **options).execute(document, context_value=context)
    for executor in (Breadth, Slow):
        planned = executor.counters.planned
        schema = strawberry.Schema(query, execution_context_class=executor, **options)
        result = await schema.execute(document, context_value=context)
        assert differences(result, expected) == []
        assert executor.counters.planned == planned + 1
    return expected
