"""A sandbox whose enrollments and results name all schools and sections, as its settings say."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts

STUDENTS = 20
"""Size of the districts: one in which every special case has a student of its own school."""


class CompleteSandbox(EdFiSandbox):
    """A sandbox with settings that say that all lists are complete."""

    def settings(self) -> dict[str, Any]:
        """The settings of the sandbox, and that enrollments and results name all schools and sections."""
        names = "enrollments_name_all_schools", "enrollments_name_all_sections", "results_name_all_schools"
        return super().settings() | dict.fromkeys(names, True)


def complete_facts() -> DistrictFacts:
    """A district whose enrollments and results name all schools and sections of a student."""
    facts = make_district(STUDENTS)
    elsewhere = facts.special_cases["attendance_elsewhere"]
    enrolled = {(e.student, e.school) for e in facts.enrollments}
    facts.attendance = [
        event
        for event in facts.attendance
        if event.student not in elsewhere or (event.student, event.school) in enrolled
    ]
    facts.results = [result for result in facts.results if result.year == facts.year]
    return facts
