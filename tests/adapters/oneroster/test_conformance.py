"""
Runs the conformance suite for the OneRoster adapter with three servers.

A long run plays every case with the server of the standard, and a third of the cases with each of the two others:
they differ in how a few requests are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.oneroster.adapter import OneRoster
from student_graph.adapters.oneroster.sandbox import EDFI_SERVICE, PUBLISHED_11, OneRosterSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.testing import AdapterSuite
from tests.long_runs import size

STUDENTS = size(24, 60)
SECTION_STEP = size(10, 1)
"""One of so many sections is a known key."""
ESTIMATED_STUDENTS = size(STUDENTS, 5000)
"""The setting `students`: with the default the adapter reads line items one by one, else in one list."""


class SampledSandbox(OneRosterSandbox):
    """A server of the standard with fewer known sections, because each of them takes several requests."""

    def settings(self) -> dict[str, Any]:
        """The settings of the adapter, with an estimated number of students."""
        return super().settings() | {"students": ESTIMATED_STUDENTS}

    def known_keys(self, kind: str) -> list[str]:
        """The known keys of a kind; of sections only a sample."""
        keys = super().known_keys(kind)
        return keys[::SECTION_STEP] if kind == "section" else keys


class Published11(SampledSandbox):
    """A server of version 1.1, which has signatures and no token endpoint."""

    token_path = None

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, version="1.1", quirks=PUBLISHED_11)


class EdFiService(SampledSandbox):
    """The Ed-Fi service."""

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts, quirks=EDFI_SERVICE)


class OneRosterSuite(AdapterSuite):
    """The conformance suite for one server."""

    sandbox_type: ClassVar[Any] = SampledSandbox
    students = STUDENTS
    optional_objects = frozenset({"demographics"})
    not_served: ClassVar[frozenset[str]] = frozenset()
    """Lookups for which the server has no records."""
    list_parameters = frozenset({"filter", "limit", "offset", "orderBy", "sort"})

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The OneRoster adapter, whether or not it is installed."""
        return OneRoster

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """The cases of the suite without lookups for which the server has no records."""
        return {
            argument: [(name, case) for name, case in cases if cls.not_served.isdisjoint(name.split("-"))]
            for argument, cases in super().cases().items()
        }


@pytest.mark.long_run
class TestPublished12(OneRosterSuite):
    """OneRoster 1.2 exactly as published."""

    case_step = size(12, 1)
    odd_values = 3  # `test_odd_values` plays thousands


@pytest.mark.long_run
class TestPublished11(OneRosterSuite):
    """OneRoster 1.1 exactly as published, with signed requests."""

    sandbox_type = Published11
    case_step = size(24, 6)
    odd_values = 3  # `test_odd_values` plays thousands
    not_served = frozenset(
        {
            "assessment_results_by_district",
            "assessment_results_by_student",
            "assessments_by_id",
        }
    )  # 1.1 has no assessments
    exempt: ClassVar[Mapping[str, str]] = {
        "the_cost_of_a_key_is_about_right": "results do not name their class: line items by id take more calls",
    }


@pytest.mark.long_run
class TestEdFiService(OneRosterSuite):
    """The Ed-Fi OneRoster service."""

    sandbox_type = EdFiService
    case_step = size(24, 6)
    odd_values = 3  # `test_odd_values` plays thousands
    not_served = frozenset(
        {
            "assessment_results_by_district",
            "assessment_results_by_student",
            "assessments_by_id",
            "assignment_work_by_section",
            "assignment_work_by_student",
            "contacts_by_contact",  # its users have no agents
            "contacts_by_district",  # its users have no agents
            "contacts_by_student",  # its users have no agents
            "course_grades_by_section",
            "course_grades_by_student",
        }
    )  # it has rostering only
    exempt: ClassVar[Mapping[str, str]] = {
        "the_cost_of_a_key_is_about_right": "without totals, lists of schools and sessions take one more call",
    }
