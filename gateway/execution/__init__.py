"""
The breadth-first executor: one call for each field with all its parents, and rows built by generated code.

`executor` replaces one method of graphql-core. `plan` and `compiler` prepare an operation, `run` executes it,
`codegen` generates code, and `complete` is the slow path, which implements every rule of the specification.
"""

from student_graph.gateway.execution.executor import (
    BreadthExecutor,
    StockExecutor,
    StructExecutor,
    configured_executor,
    executor_class,
)
from student_graph.gateway.execution.plan import Counters

__all__ = [
    "BreadthExecutor",
    "Counters",
    "StockExecutor",
    "StructExecutor",
    "configured_executor",
    "executor_class",
]
