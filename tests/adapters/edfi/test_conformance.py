"""Runs the conformance suite for the Ed-Fi adapter."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.edfi.paths.ways import CONDITIONAL_WAYS
from tests.long_runs import size


class NewestSandbox(EdFiSandbox):
    """A sandbox in Data Standard 6, which has all resources that the adapter reads."""

    def __init__(self, facts: DistrictFacts) -> None:
        """Serve facts in Data Standard 6."""
        super().__init__(facts, "6.0")


@pytest.mark.long_run
class TestEdFi(AdapterSuite):
    """The conformance suite in Data Standard 5, with the lookups that this standard has."""

    sandbox_type = EdFiSandbox
    optional_when_refused = frozenset({"caseload_staff_by_staff", "caseload_staff_by_district"})
    students = 60  # the smallest district with a student in the program for homeless students
    case_step = size(14, 1)
    odd_values = 3  # `test_odd_values` plays thousands
    not_offered = "section_504_"

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """
        The cases of the suite without the ways that a setting allows, which are in `test_complete_lists`.

        The sandbox has students with rows elsewhere.
        """
        cases = super().cases()
        cases["way"] = [(name, way) for name, way in cases["way"] if way not in CONDITIONAL_WAYS]
        return {
            argument: [case for case in values if not (cls.not_offered and cls.not_offered in case[0])]
            for argument, values in cases.items()
        }


@pytest.mark.long_run
class TestEdFi6(TestEdFi):
    """A sixth of the cases in Data Standard 6, with all lookups: most read what Data Standard 5 has too."""

    sandbox_type = NewestSandbox
    case_step = size(45, 6)
    odd_values = 3  # `test_odd_values` plays thousands
    not_offered = ""

    async def test_the_cost_of_a_key_is_about_right(
        self, way: tuple[LookupMethod, LookupMethod], sandbox: Sandbox
    ) -> None:
        """The declared costs are those of Data Standard 5; two lookups take one call more from 6 on."""
        if way[0] not in {Adapter.student_identities_by_id, Adapter.staff_by_id}:
            await super().test_the_cost_of_a_key_is_about_right(way, sandbox)


@pytest.mark.long_run
class TestSection504(TestEdFi6):
    """All cases of the lookups that begin with Data Standard 6."""

    case_step = size(45, 1)
    odd_values = size(3, 12)

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """The cases of Section 504."""
        return {
            argument: [case for case in values if TestEdFi.not_offered in case[0]]
            for argument, values in super().cases().items()
        }
