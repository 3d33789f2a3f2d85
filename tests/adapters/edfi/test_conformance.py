"""Runs the conformance suite for the Ed-Fi adapter."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.edfi.ways import CONDITIONAL_WAYS
from tests.long_runs import size

CASE_STEP = size(5, 1)
"""One of so many cases of a test is run."""


@pytest.mark.long_run
class TestEdFi(AdapterSuite):
    """The conformance suite in the latest Data Standard of the sandbox."""

    sandbox_type = EdFiSandbox
    students = 60  # the smallest district with a student in the program for homeless students

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """
        The cases of the suite, or a sample; each test has another sample.

        The sandbox has students with rows elsewhere: ways that a setting allows are in `test_complete_lists`.
        """
        cases = super().cases()
        cases["way"] = [(name, way) for name, way in cases["way"] if way not in CONDITIONAL_WAYS]
        return {
            argument: named[index % CASE_STEP :: CASE_STEP] or named
            for index, (argument, named) in enumerate(cases.items())
        }
