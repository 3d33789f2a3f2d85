"""
The breadth-first executor: one call for each field with all its parents, and rows built by generated code.

`executor` replaces one method of graphql-core; `stock` leaves all execution to graphql-core. `plan` and `compiler`
prepare an operation, `run` executes it, `codegen` generates code. `complete` is the slow path: it implements every
rule of the specification.
"""

from student_graph.gateway.execution.executor import (
    BreadthExecutor,
    EncodingExecutor,
    configured_executor,
    executor_class,
)
from student_graph.gateway.execution.plan import Counters
from student_graph.gateway.execution.rows import encode_around_rows
from student_graph.gateway.execution.stock import StockExecutor

__all__ = [
    "BreadthExecutor",
    "Counters",
    "EncodingExecutor",
    "StockExecutor",
    "configured_executor",
    "encode_around_rows",
    "executor_class",
]
