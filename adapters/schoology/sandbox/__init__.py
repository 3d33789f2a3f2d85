"""The Schoology sandbox."""

from student_graph.adapters.schoology.sandbox.server import SchoologySandbox

__all__ = ["SchoologySandbox"]
