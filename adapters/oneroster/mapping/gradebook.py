"""Line items and results as assigned work and course grades."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from student_graph.adapters.model import (
    AssignmentWork,
    CourseGrade,
    Descriptor,
    GradeSource,
    GradeType,
    GradingPeriod,
    SectionId,
)
from student_graph.adapters.oneroster.api.gradebook import LineItem, Result
from student_graph.adapters.oneroster.mapping.codes import grade_type, submission_status
from student_graph.adapters.oneroster.mapping.people import Person

EXEMPT = "exempt"


def section_of(item: LineItem) -> SectionId | None:
    """The class of a line item."""
    return SectionId(item.class_.sourcedId) if item.class_ else None


def assignment_work(item: LineItem, result: Result, section: SectionId | None, person: Person) -> AssignmentWork:
    """A student's result in a line item that is no course grade."""
    state = None if result.scoreStatus is None else result.scoreStatus.strip().lower()
    return AssignmentWork(
        vendor_id=result.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        section_id=section,
        assignment_id=item.sourcedId,
        title=item.title or "",
        due_at=item.dueDate,
        points_possible=item.resultValueMax,
        status=submission_status(state, missing=bool(result.missing)),
        score=result.score,
        grade=result.textScore,
        late=result.late,
        missing=result.missing,
        excused=None if state is None else state == EXEMPT,
        graded_at=result.scoreDate if graded(result) else None,
    )


def by_due_time(work: Iterable[AssignmentWork]) -> list[AssignmentWork]:
    """By due time, work without one last."""
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(work, key=lambda each: (each.due_at or latest, each.vendor_id))


def course_grade(
    item: LineItem,
    result: Result,
    section: SectionId | None,
    person: Person,
    *,
    category: str,
    period: GradingPeriod | None,
) -> CourseGrade:
    """
    A student's result in a line item that is a course grade.

    What it stands for is told by the start of its title, such as `Final: Algebra I`, by its category, or by
    the grading period that it has.
    """
    told = (item.title or category).partition(":")[0].strip() or category
    kind = next((k for name in (told, category) if (k := grade_type(name)) is not GradeType.UNMAPPED), None)
    fallback = GradeType.GRADING_PERIOD if item.gradingPeriod else GradeType.UNMAPPED
    return CourseGrade(
        vendor_id=result.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        section_id=section,
        source=GradeSource.SIS,
        grade_type=kind or fallback,
        grade_type_descriptor=Descriptor(code_value=told),
        grading_period=period,
        letter=result.textScore,
        numeric=result.score,
        as_of=result.scoreDate.date() if result.scoreDate else None,
    )


def graded(result: Result) -> bool:
    """Whether a result holds a grade at all."""
    return result.score is not None or result.textScore is not None
