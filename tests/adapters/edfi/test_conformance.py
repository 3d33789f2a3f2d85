"""Runs the conformance suite for the Ed-Fi adapter."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.edfi.paths.ways import CONDITIONAL_WAYS
from tests.long_runs import size


@pytest.mark.long_run
class TestEdFi(AdapterSuite):
    """The conformance suite in the latest Data Standard of the sandbox."""

    sandbox_type = EdFiSandbox
    students = 60  # the smallest district with a student in the program for homeless students
    case_step = size(5, 1)

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """
        The cases of the suite without the ways that a setting allows, which are in `test_complete_lists`.

        The sandbox has students with rows elsewhere.
        """
        cases = super().cases()
        cases["way"] = [(name, way) for name, way in cases["way"] if way not in CONDITIONAL_WAYS]
        return cases
