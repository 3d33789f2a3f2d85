"""Canvas's payloads as records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from student_graph.adapters.canvas.api import Activity, Assignment, Course, Enrollment, Submission, Summary, User
from student_graph.adapters.identity import key_of
from student_graph.adapters.model import (
    AssignmentWork,
    CourseEngagement,
    CourseGrade,
    GradeSource,
    GradeType,
    LmsCourse,
    SectionId,
    StudentId,
    Subject,
    SubmissionStatus,
)

STATES = {
    "unsubmitted": SubmissionStatus.UNSUBMITTED,
    "submitted": SubmissionStatus.SUBMITTED,
    "pending_review": SubmissionStatus.PENDING_REVIEW,
    "graded": SubmissionStatus.GRADED,
}


def subject(enrollment: Enrollment) -> Subject:
    """Whom Canvas says an enrollment is about, under the names by which students can be asked for."""
    user = enrollment.user or User(id=enrollment.user_id)
    told = (
        ("sis_user_id", user.sis_user_id or enrollment.sis_user_id),
        ("sis_login_id", user.login_id),
        ("sis_integration_id", user.integration_id),
        ("id", str(enrollment.user_id)),
    )
    family_name, comma, _ = (user.sortable_name or "").partition(",")
    return Subject(
        ids=tuple((field, text) for field, text in told if text),
        email=user.email or None,
        family_name=family_name.strip() or None if comma else None,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """An enrollment, with the keys of its student and section."""

    enrollment: Enrollment
    student: StudentId
    section: SectionId | None

    @property
    def subject(self) -> Subject:
        """Whom Canvas says it is about."""
        return subject(self.enrollment)


def place_of(student: StudentId, enrollment: Enrollment) -> Place:
    """A place of a student who was asked for; it has no section where no SIS stands behind it."""
    found = enrollment.sis_section_id
    return Place(enrollment, student, SectionId(key_of("sis_section_id", found)) if found else None)


def place_in(section: SectionId, enrollment: Enrollment) -> Place:
    """A place in a section that was asked for; its student has the key by which they would be asked for."""
    return Place(enrollment, StudentId(key_of(*subject(enrollment).ids[0])), section)


def lms_course(course: Course, section: SectionId) -> LmsCourse:
    """A course, as the one in which a section is taught."""
    return LmsCourse(
        vendor_id=str(course.id),
        section_id=section,
        name=course.name,
        course_code=course.course_code,
        state=course.workflow_state,
    )


def assignment_work(
    place: Place, submission: Submission, assignment: Assignment, course: Course | None
) -> AssignmentWork:
    """A submission; what a teacher has not posted yet has no score and no grade."""
    return AssignmentWork(
        vendor_id=str(submission.id),
        subject=place.subject,
        student_id=place.student,
        section_id=place.section,
        assignment_id=str(assignment.id),
        title=assignment.name,
        course_name=course.name if course else None,
        due_at=assignment.due_at,
        points_possible=assignment.points_possible,
        status=submission_status(submission),
        score=None if submission.withheld else submission.score,
        grade=None if submission.withheld else submission.grade,
        late=submission.late,
        missing=submission.missing,
        excused=submission.excused,
        submitted_at=submission.submitted_at,
        graded_at=submission.graded_at,
    )


def submission_status(submission: Submission) -> SubmissionStatus:
    """Excused before missing before Canvas's `workflow_state`."""
    if submission.excused:
        return SubmissionStatus.EXCUSED
    if submission.missing:
        return SubmissionStatus.MISSING
    return STATES.get(submission.workflow_state, SubmissionStatus.UNMAPPED)


def by_due_time(work: Iterable[AssignmentWork]) -> list[AssignmentWork]:
    """By due time, work without one last."""
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(work, key=lambda each: (each.due_at or latest, each.vendor_id))


def course_grades(place: Place, course: Course | None) -> list[CourseGrade]:
    """The computed grades that Canvas tells of a place: current and final."""
    told = place.enrollment.grades
    computed = (
        (GradeType.COMPUTED_CURRENT, "current", told.current_score, told.current_grade),
        (GradeType.COMPUTED_FINAL, "final", told.final_score, told.final_grade),
    )
    return [
        CourseGrade(
            vendor_id=f"{place.enrollment.id}:{name}",
            subject=place.subject,
            student_id=place.student,
            section_id=place.section,
            source=GradeSource.LMS,
            grade_type=grade_type,
            course_name=course.name if course else None,
            letter=letter,
            numeric=score,
        )
        for grade_type, name, score, letter in computed
        if score is not None or letter is not None
    ]


def course_engagement(places: Sequence[Place], course: Course | None, summary: Summary | None) -> CourseEngagement:
    """Engagement in one course; `places` are a student's sections of it, at least one."""
    enrollments = [place.enrollment for place in places]
    activity = [each.last_activity_at for each in enrollments if each.last_activity_at]
    seconds = [each.total_activity_time for each in enrollments if each.total_activity_time is not None]
    tardiness = summary.tardiness_breakdown if summary else None
    return CourseEngagement(
        vendor_id=str(enrollments[0].id),
        subject=places[0].subject,
        student_id=places[0].student,
        course_name=course.name if course else None,
        page_views=summary.page_views if summary else None,
        participations=summary.participations if summary else None,
        on_time=_whole(tardiness.on_time) if tardiness else None,
        late=_whole(tardiness.late) if tardiness else None,
        missing=_whole(tardiness.missing) if tardiness else None,
        last_activity_at=max(activity, default=None),
        total_activity_seconds=max(seconds, default=None),
    )


def counted_since(summary: Summary, activity: Activity | None, since: date) -> Summary:
    """The summary with views and participations from midnight (UTC) of a day on; null where they are not told."""
    start = datetime.combine(since, time(), UTC)
    views = participations = None
    if activity:
        views = sum(count for hour, count in activity.page_views.items() if hour >= start)
        participations = sum(1 for each in activity.participations if each.created_at >= start)
    return summary.model_copy(update={"page_views": views, "participations": participations})


def _whole(count: float | None) -> int | None:
    return None if count is None else round(count)
