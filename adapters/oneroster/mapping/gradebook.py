"""Maps line items and results to assigned work and course grades."""

from __future__ import annotations

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
from student_graph.adapters.oneroster.mapping.codes import grade_type, is_exempt, is_graded, submission_status
from student_graph.adapters.oneroster.mapping.people import Person

_LATEST = datetime.max.replace(tzinfo=UTC)


def assignment_work(item: LineItem, result: Result, section: SectionId | None, person: Person) -> AssignmentWork:
    """The result of a student in a line item that is not a course grade."""
    graded = has_grade(result)
    return AssignmentWork(
        vendor_id=result.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        section_id=section,
        assignment_id=item.sourcedId,
        title=item.title or "",
        due_at=item.dueDate,
        points_possible=item.resultValueMax,
        status=submission_status(result.scoreStatus, missing=bool(result.missing)),
        score=result.score if graded else None,
        grade=result.textScore if graded else None,
        late=result.late,
        missing=result.missing,
        excused=is_exempt(result.scoreStatus),
        graded_at=result.scoreDate if graded else None,
    )


def due_time(work: AssignmentWork) -> tuple[datetime, str]:
    """Sorts work by due time; work without a due time is last."""
    return work.due_at or _LATEST, work.vendor_id


def section_and_date(grade: CourseGrade) -> tuple[str, str, str]:
    """Sorts grades by section and date."""
    return grade.section_id or "", str(grade.as_of or ""), grade.vendor_id


def course_grade(
    item: LineItem,
    result: Result,
    section: SectionId | None,
    person: Person,
    *,
    category: str,
    period: GradingPeriod | None,
    school_year: int | None,
) -> CourseGrade:
    """
    The result of a student in a line item that is a course grade.

    Its grade type is the start of the line item's title, as in `Final: Algebra I`, or the title of its
    category. If
    neither names a grade type, a grade with a grading period is a grading period grade.
    """
    type_name = (item.title or category).partition(":")[0].strip() or category
    kind = next((k for name in (type_name, category) if (k := grade_type(name)) is not GradeType.UNMAPPED), None)
    fallback = GradeType.GRADING_PERIOD if item.gradingPeriod else GradeType.UNMAPPED
    return CourseGrade(
        vendor_id=result.sourcedId,
        subject=person.subject,
        student_id=person.student_id,
        section_id=section,
        source=GradeSource.SIS,
        grade_type=kind or fallback,
        grade_type_descriptor=Descriptor(code_value=type_name),
        grading_period=period,
        school_year=school_year,
        letter=result.textScore,
        numeric=result.score,
        as_of=result.scoreDate.date() if result.scoreDate else None,
    )


def has_grade(result: Result) -> bool:
    """Whether a result has a score or a letter that is a grade; see `is_graded`."""
    graded = is_graded(result.scoreStatus, result.score)
    return graded and (result.score is not None or result.textScore is not None)
