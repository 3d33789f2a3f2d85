"""A small server that behaves like Clever."""

from student_graph.adapters.clever.sandbox.server import CleverSandbox

__all__ = ["CleverSandbox"]
