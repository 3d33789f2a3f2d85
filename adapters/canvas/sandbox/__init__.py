"""Canvas as a small web application that serves the LMS part of a district's facts."""

from student_graph.adapters.canvas.sandbox.server import CanvasSandbox

__all__ = ["CanvasSandbox"]
