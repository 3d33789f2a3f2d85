"""Runs the conformance suite for Clever."""

from __future__ import annotations

import pytest

from student_graph.adapters.clever.sandbox import CleverSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


@pytest.mark.long_run
class TestClever(AdapterSuite):
    """The conformance suite, for the declaration that ships."""

    sandbox_type = CleverSandbox
    students = size(30, 60)
    case_step = size(12, 3)
    odd_values = size(2, 12)
