"""Google Classroom as a small web application that serves the LMS part of a district's facts."""

from student_graph.adapters.google_classroom.sandbox.server import GoogleClassroomSandbox

__all__ = ["GoogleClassroomSandbox"]
