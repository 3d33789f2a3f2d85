"""The Aeries sandbox."""

from student_graph.adapters.aeries.sandbox.server import AeriesSandbox

__all__ = ["AeriesSandbox"]
