"""Runs the conformance suite for Aeries."""

from __future__ import annotations

import pytest

from student_graph.adapters.aeries.sandbox import AeriesSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestAeries(AdapterSuite):
    """The conformance suite."""

    sandbox_type = AeriesSandbox
    students = 60
    case_step = size(9, 3)
    odd_values = size(1, 12)
