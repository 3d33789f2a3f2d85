"""A small server that behaves like PowerSchool SIS with the plugin installed."""

from student_graph.adapters.powerschool.sandbox.server import PowerSchoolSandbox

__all__ = ["PowerSchoolSandbox"]
