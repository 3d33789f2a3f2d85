"""Runs the conformance suite for the Google Classroom adapter."""

from __future__ import annotations

import pytest

from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestGoogleClassroom(AdapterSuite):
    """The conformance suite."""

    sandbox_type = GoogleClassroomSandbox
    students = 24  # each has courses of its own: more students only take more time
    case_step = size(3, 1)
    odd_values = size(3, 12)
