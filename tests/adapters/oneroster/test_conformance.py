"""Runs the conformance suite for the OneRoster adapter with three servers."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_11, OneRosterSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size


class Published11(OneRosterSandbox):
    """A server of version 1.1, which has signatures and no token endpoint."""

    token_path = None

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, version="1.1", quirks=PUBLISHED_11)


class EdFiService(OneRosterSandbox):
    """The Ed-Fi service."""

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, quirks=EDFI_SERVICE)


class OneRosterSuite(AdapterSuite):
    """The conformance suite for one server."""

    sandbox_type: ClassVar[Any] = OneRosterSandbox
    students = size(24, 60)
    not_served: ClassVar[frozenset[str]] = frozenset()
    """Lookups for which the server has no records."""

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The OneRoster adapter, whether or not it is installed."""
        return OneRoster

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """The cases of the suite, without lookups for which the server has no records."""
        return {
            argument: [(name, case) for name, case in cases if name not in cls.not_served]
            for argument, cases in super().cases().items()
        }


@pytest.mark.long_run
class TestPublished12(OneRosterSuite):
    """OneRoster 1.2 exactly as published."""


@pytest.mark.long_run
class TestPublished11(OneRosterSuite):
    """OneRoster 1.1 exactly as published, with signed requests."""

    sandbox_type = Published11
    not_served = frozenset({"assessment_results_by_student", "assessments_by_id"})  # 1.1 has no assessments


@pytest.mark.long_run
class TestEdFiService(OneRosterSuite):
    """The Ed-Fi OneRoster service."""

    sandbox_type = EdFiService
    not_served = frozenset(
        {
            "assessment_results_by_student",
            "assessments_by_id",
            "assignment_work_by_section",
            "assignment_work_by_student",
            "contacts_by_student",  # its users have no agents
            "course_grades_by_section",
            "course_grades_by_student",
        }
    )  # it has rostering only
    test_the_cost_of_a_key_is_about_right = (
        None  # without totals, lists of schools and sessions take one more call
    )
