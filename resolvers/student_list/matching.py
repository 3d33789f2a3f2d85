"""Whether students are those that are looked for: by name, and by grade level on a day."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import GradeLevel, StudentId
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_lists, value_or_raise


async def grades_on(
    info: Info, students: Sequence[model.Student], day: date
) -> dict[StudentId, GradeLevel | None]:
    """
    Grade level of each student on a day; None for those not enrolled then.

    Raises:
        AdapterError: no source could say.
    """
    told = await load_lists(info, Adapter.school_enrollments_by_student, students, "student_id")
    return {
        student.student_id: grade_on(value_or_raise(info, stays), day)
        for student, stays in zip(students, told, strict=True)
    }


def named(student: model.Student, words: Iterable[str]) -> bool:
    """Whether every word begins one of the student's names."""
    names = [
        folded(text)
        for name in (student.name, student.preferred_name)
        if name
        for text in (name.first_name, name.middle_name, name.last_name)
        if text
    ]
    return all(any(part.startswith(word) for name in names for part in (name, *name.split())) for word in words)


def folded(text: str) -> str:
    """Text without case and accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def grade_on(stays: Sequence[model.SchoolEnrollment], day: date) -> model.GradeLevel | None:
    """Grade level on a day: of the main school first, then of the stay that began last."""
    current = [stay for stay in stays if enrolled(stay, day)]
    if not current:
        return None
    if len(current) == 1:
        return current[0].grade_level
    return max(current, key=lambda stay: (bool(stay.primary_school), stay.entry_date)).grade_level


def enrolled(stay: model.SchoolEnrollment, day: date) -> bool:
    """Whether a stay lasts on a day; its last date is the first day no longer enrolled."""
    return stay.entry_date <= day and (stay.exit_withdraw_date is None or day < stay.exit_withdraw_date)
