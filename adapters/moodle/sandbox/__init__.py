"""Moodle as a small web application that serves the LMS part of a district's facts."""

from student_graph.adapters.moodle.sandbox.server import MoodleSandbox

__all__ = ["MoodleSandbox"]
