"""Matching students against a filter: by name, and by grade level on a day."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import GradeLevel, StudentId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_lists, value_or_raise


async def grade_levels_on(
    info: Info, students: Sequence[model.Student], day: date
) -> dict[StudentId, GradeLevel | None]:
    """
    Load the grade level of each student on a day; None for students who are not enrolled then.

    Raises:
        AdapterError: no source has a student's enrollments, and one failed.
    """
    outcomes = await load_lists(info, Adapter.school_enrollments_by_student, students, "student_id")
    return {
        student.student_id: grade_level_on(value_or_raise(info, enrollments), day)
        for student, enrollments in zip(students, outcomes, strict=True)
    }


def matches_name(student: model.Student, words: Iterable[str]) -> bool:
    """Return whether each of the folded words is the beginning of one of the student's names."""
    names = [
        fold(text)
        for name in (student.name, student.preferred_name)
        if name
        for text in (name.first_name, name.middle_name, name.last_name)
        if text
    ]
    return all(any(part.startswith(word) for name in names for part in (name, *name.split())) for word in words)


def fold(text: str) -> str:
    """Return a text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def grade_level_on(enrollments: Sequence[model.SchoolEnrollment], day: date) -> model.GradeLevel | None:
    """Return the grade level on a day: that of the main school, or else of the enrollment that began last."""
    current = [enrollment for enrollment in enrollments if is_enrolled(enrollment, day)]
    if not current:
        return None
    if len(current) == 1:
        return current[0].grade_level
    main = max(current, key=lambda enrollment: (bool(enrollment.primary_school), enrollment.entry_date))
    return main.grade_level


def is_enrolled(enrollment: model.SchoolEnrollment, day: date) -> bool:
    """Return whether an enrollment is current on a day. Its exit date is the first day no longer enrolled."""
    return enrollment.entry_date <= day and (
        enrollment.exit_withdraw_date is None or day < enrollment.exit_withdraw_date
    )
