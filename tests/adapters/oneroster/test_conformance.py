"""The OneRoster adapter behaves as every adapter must, whichever server it speaks to."""

from __future__ import annotations

from typing import Any, ClassVar

from student_graph.adapters.contract import Adapter
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_11, OneRosterSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.testing import AdapterSuite


class Published11(OneRosterSandbox):
    """Serves 1.1, whose requests are signed: there is no token."""

    token_path = None

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, version="1.1", quirks=PUBLISHED_11)


class EdFiService(OneRosterSandbox):
    """Serves what the Ed-Fi service does."""

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, quirks=EDFI_SERVICE)


class Served(AdapterSuite):
    """The suite for one server."""

    sandbox_type: ClassVar[Any] = OneRosterSandbox
    not_served: ClassVar[frozenset[str]] = frozenset()
    """Lookups of which the server can have no record."""

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """Whether or not it is installed."""
        return OneRoster

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        return {
            about: [(name, case) for name, case in cases if name not in cls.not_served]
            for about, cases in super().cases().items()
        }


class TestPublished12(Served):
    """OneRoster 1.2 to the letter."""


class TestPublished11(Served):
    """OneRoster 1.1 to the letter, each request signed."""

    sandbox_type = Published11
    not_served = frozenset({"assessment_results_by_student", "assessments_by_id"})  # 1.1 has no assessments


class TestEdFiService(Served):
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
    test_a_point_read_costs_what_it_says = None  # without totals, lists of schools and sessions take a call more
