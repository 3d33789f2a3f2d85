"""Which students a district's facts show as enrolled today, at its schools and in the sections of a teacher."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.sandbox.facts import DistrictFacts


def current_enrollments(facts: DistrictFacts) -> list[Any]:
    """Return the school enrollments on the day of the facts."""
    today = facts.now.date()
    return [row for row in facts.enrollments if row.entry <= today and (not row.exit or today < row.exit)]


def students_of_teacher(facts: DistrictFacts, teacher: str) -> set[str]:
    """Return the students who are today in a section that the teacher teaches today."""
    today = facts.now.date()

    def is_current(begin: Any, end: Any) -> bool:
        return bool(begin <= today and (end is None or today <= end))

    return {
        enrollment.student
        for enrollment in facts.section_enrollments
        if is_current(enrollment.begin, enrollment.end)
        and any(staff == teacher and is_current(begin, end) for staff, _, begin, end in enrollment.section.staff)
    }
