"""Runs the conformance suite for Schoology."""

from __future__ import annotations

import pytest

from student_graph.adapters.schoology.sandbox import SchoologySandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestSchoology(AdapterSuite):
    """The conformance suite."""

    sandbox_type = SchoologySandbox
    students = 16
    yearless = frozenset({"course_grades_by_student"})
    case_step = size(3, 1)
    odd_values = size(1, 12)
