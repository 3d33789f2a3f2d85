"""Runs the conformance suite for the file source."""

from __future__ import annotations

from student_graph.adapters.files.sandbox import FilesSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


class TestFiles(AdapterSuite):
    """The conformance suite; what is about HTTP is inapplicable, and `test_faults` plays the faults of files."""

    sandbox_type = FilesSandbox
    students = 24
    odd_values = size(3, 12)
