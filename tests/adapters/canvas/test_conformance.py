"""Runs the conformance suite for the Canvas adapter."""

from __future__ import annotations

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestCanvas(AdapterSuite):
    """The conformance suite; engagement has null page views if the token may not see analytics."""

    sandbox_type = CanvasSandbox
    students = 24  # each has courses of its own: more students only take more time
    optional_when_refused = frozenset({"course_engagement_by_student"})
    case_step = size(6, 1)
    odd_values = 3  # `test_odd_values` plays thousands
    yearless = frozenset({"course_grades_by_student"})  # Canvas keeps terms, not school years
