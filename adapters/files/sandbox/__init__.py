"""A folder of files as a district receives them, with the facts of a made-up district."""

from student_graph.adapters.files.sandbox.folder import FilesSandbox

__all__ = ["FilesSandbox"]
