"""
The breadth-first executor: one call per field for all its parents, rows built by code made for the operation.

Read `executor` for where it takes over from graphql-core, `plan` for what is made ready, `run` for how a
scope is carried out, `project` for the code that is generated, and `complete` for the careful path that owns
every rule of the specification.
"""

from student_graph.gateway.execution.executor import (
    BreadthExecutor,
    StructExecutor,
    configured_executor,
    executor_class,
)
from student_graph.gateway.execution.plan import Counters

__all__ = ["BreadthExecutor", "Counters", "StructExecutor", "configured_executor", "executor_class"]
