"""Converts Canvas courses, computed grades and analytics to records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from student_graph.adapters.canvas.api import Activity, Assignment, Course, Enrollment, Grades, Summary
from student_graph.adapters.canvas.client.responses import FORBIDDEN_CODE
from student_graph.adapters.canvas.mapping.enrollments import KeyedEnrollment
from student_graph.adapters.errors import PayloadError, RefusedError
from student_graph.adapters.model import (
    CourseEngagement,
    CourseGrade,
    GradeSource,
    GradeType,
    LmsCourse,
    LmsCourseId,
    SectionId,
)


@dataclass(frozen=True, slots=True)
class CourseContents:
    """A course with the lists that were requested."""

    course: Course
    enrollments: list[Enrollment] = field(default_factory=list)
    """Enrollments of active students, by id."""
    assignments: dict[int, Assignment] = field(default_factory=dict)
    """Published assignments, by id."""


def lms_course(course: Course, section_id: SectionId) -> LmsCourse:
    """
    The Canvas course in which a section is taught.

    Raises:
        RefusedError: Canvas does not show the course outside of its dates.
        PayloadError: The course has neither a name nor a code.
    """
    if (name := course.name or course.course_code) is None:
        if course.access_restricted_by_date:
            raise RefusedError("a course that is restricted by its dates", code=FORBIDDEN_CODE)
        raise PayloadError("a course without a name", code="SOURCE_SCHEMA")
    return LmsCourse(
        vendor_id=str(course.id),
        section_id=section_id,
        lms_course_id=lms_course_id(course.id),
        name=name,
        course_code=course.course_code,
        state=course.workflow_state,
    )


def course_grades(keyed: KeyedEnrollment, course: Course | None) -> list[CourseGrade]:
    """
    The current and the final grade that Canvas computes for an enrollment, without those that it leaves out.

    A grade that a teacher entered for the course replaces both, as students see it in Canvas
    (`effective_current_score` and `effective_final_score` in the published source).
    """
    grades = keyed.enrollment.grades or Grades()
    current, final = (grades.current_score, grades.current_grade), (grades.final_score, grades.final_grade)
    if grades.override_score is not None or grades.override_grade is not None:
        current = final = (grades.override_score, grades.override_grade)
    computed = (
        (GradeType.COMPUTED_CURRENT, "current", *current),
        (GradeType.COMPUTED_FINAL, "final", *final),
    )
    return [
        CourseGrade(
            vendor_id=f"{keyed.enrollment.id}:{name}",
            subject=keyed.subject,
            student_id=keyed.student_id,
            section_id=keyed.section_id,
            lms_course_id=lms_course_id(keyed.enrollment.course_id),
            source=GradeSource.LMS,
            grade_type=grade_type,
            course_name=course.name if course else None,
            letter=letter,
            numeric=score,
        )
        for grade_type, name, score, letter in computed
        if score is not None or letter is not None
    ]


def sort_grades(grades: Iterable[CourseGrade]) -> list[CourseGrade]:
    """Grades by the id of their enrollment, the current grade before the final one."""
    return sorted(grades, key=grade_order)


def grade_order(grade: CourseGrade) -> tuple[int, str]:
    """The place of a grade in the order of `sort_grades`."""
    enrollment_id, _, name = grade.vendor_id.partition(":")
    return int(enrollment_id), name


def lms_course_id(course_id: int) -> LmsCourseId:
    """The key of a course."""
    return LmsCourseId(str(course_id))


def course_engagement(
    enrollments: Sequence[KeyedEnrollment], course: Course | None, summary: Summary | None
) -> CourseEngagement:
    """
    A student's engagement in one course.

    `enrollments` are the student's sections of the course, at least one; the latest activity and the longest
    time of them count. Views, participations and tardiness are None without a `summary`.
    """
    activity_times = [
        keyed.enrollment.last_activity_at for keyed in enrollments if keyed.enrollment.last_activity_at
    ]
    seconds = [
        keyed.enrollment.total_activity_time
        for keyed in enrollments
        if keyed.enrollment.total_activity_time is not None
    ]
    tardiness = summary.tardiness_breakdown if summary else None
    first = enrollments[0]
    return CourseEngagement(
        vendor_id=str(first.enrollment.id),
        subject=first.subject,
        student_id=first.student_id,
        course_name=course.name if course else None,
        page_views=summary.page_views if summary else None,
        participations=summary.participations if summary else None,
        on_time=_rounded(tardiness.on_time) if tardiness else None,
        late=_rounded(tardiness.late) if tardiness else None,
        missing=_rounded(tardiness.missing) if tardiness else None,
        last_activity_at=max(activity_times, default=None),
        total_activity_seconds=max(seconds, default=None),
    )


def summary_since(summary: Summary, activity: Activity | None, since: date) -> Summary:
    """
    The summary with views and participations counted from midnight UTC of a day.

    Both counts are None without `activity`: a count over the whole course would answer another question.
    """
    start = datetime.combine(since, time(), UTC)
    views = participations = None
    if activity:
        views = sum(count for hour, count in activity.page_views.items() if hour >= start)
        participations = sum(1 for action in activity.participations if action.created_at >= start)
    return summary.model_copy(update={"page_views": views, "participations": participations})


def _rounded(count: float | None) -> int | None:
    return None if count is None else round(count)
