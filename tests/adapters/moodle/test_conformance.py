"""Runs the conformance suite for the Moodle adapter."""

from __future__ import annotations

import pytest

from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestMoodle(AdapterSuite):
    """The conformance suite."""

    sandbox_type = MoodleSandbox
    students = 24  # each has courses of its own: more students only take more time
    case_step = size(10, 1)
    odd_values = 3  # `test_odd_values` plays thousands
    yearless = frozenset({"course_grades_by_student"})  # Moodle has no school years
