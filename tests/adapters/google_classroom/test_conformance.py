"""Runs the conformance suite for the Google Classroom adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestGoogleClassroom(AdapterSuite):
    """The conformance suite."""

    sandbox_type = GoogleClassroomSandbox
    exempt: ClassVar[Mapping[str, str]] = {
        "a_list_under_another_name_is_not_an_empty_list": "Google leaves out lists that are empty",
    }
    students = 24  # each has courses of its own: more students only take more time
    case_step = size(12, 1)
    odd_values = 3  # `test_odd_values` plays thousands
