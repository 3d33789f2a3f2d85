"""Converts Canvas submissions and their assignments to `AssignmentWork` records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from student_graph.adapters.canvas.api import Assignment, Course, Submission
from student_graph.adapters.canvas.mapping.courses import CourseContents, lms_course_id
from student_graph.adapters.canvas.mapping.enrollments import KeyedEnrollment
from student_graph.adapters.errors import listed_and_unknown
from student_graph.adapters.lookup import Batch, value_of
from student_graph.adapters.model import AssignmentWork, SubmissionStatus
from student_graph.adapters.reading import leave_out_unreadable

_STATUSES = {
    "unsubmitted": SubmissionStatus.UNSUBMITTED,
    "submitted": SubmissionStatus.SUBMITTED,
    "pending_review": SubmissionStatus.PENDING_REVIEW,
    "graded": SubmissionStatus.GRADED,
}
"""Status by Canvas `workflow_state`."""
_LATEST = datetime.max.replace(tzinfo=UTC)


def assignment_work(
    keyed: KeyedEnrollment, submission: Submission, assignment: Assignment, course: Course | None
) -> AssignmentWork:
    """A student's work on an assignment, without score and grade until the teacher has posted them."""
    return AssignmentWork(
        vendor_id=str(submission.id),
        subject=keyed.subject,
        student_id=keyed.student_id,
        section_id=keyed.section_id,
        lms_course_id=lms_course_id(keyed.enrollment.course_id),
        is_repeated=keyed.is_repeated,
        assignment_id=str(assignment.id),
        title=assignment.name,
        course_name=course.name if course else None,
        due_at=submission.due_at(assignment),
        points_possible=assignment.points_possible,
        status=submission_status(submission),
        score=None if submission.unposted else submission.score,
        grade=None if submission.unposted else submission.grade,
        late=submission.late,
        missing=submission.missing,
        excused=submission.is_excused,
        submitted_at=submission.submitted_at,
        graded_at=submission.graded_at,
    )


def submission_status(submission: Submission) -> SubmissionStatus:
    """Canvas `excused` decides before `missing`, and `missing` before `workflow_state`."""
    if submission.excused:
        return SubmissionStatus.EXCUSED
    if submission.missing:
        return SubmissionStatus.MISSING
    return _STATUSES.get(submission.workflow_state or "", SubmissionStatus.UNMAPPED)


def sort_by_due_time(records: Iterable[AssignmentWork]) -> list[AssignmentWork]:
    """Work in the order of its due time; work without a due time comes last."""
    return sorted(records, key=due_order)


def due_order(work: AssignmentWork) -> tuple[datetime, str]:
    """The place of work in the order of `sort_by_due_time`."""
    return work.due_at or _LATEST, work.vendor_id


@dataclass(frozen=True, slots=True)
class Coursework:
    """Assignments and submissions of several courses, read from Canvas and not yet joined."""

    courses: Batch[int, CourseContents]
    """With their assignments, by course id."""
    submissions: Batch[tuple[int, int], list[Submission]]
    """By course id and user id."""

    def records(self, enrollments: Iterable[KeyedEnrollment]) -> Iterator[AssignmentWork]:
        """
        The work of the given enrollments; submissions of unpublished assignments are left out.

        A course that Canvas does not know although an enrollment names it is left out and reported.

        Raises:
            AdapterError: A read that these enrollments need has failed.
        """
        for keyed in enrollments:
            yield from self._records_of_enrollment(keyed)

    def _records_of_enrollment(self, keyed: KeyedEnrollment) -> Iterator[AssignmentWork]:
        course_id, user_id = keyed.enrollment.course_id, keyed.enrollment.user_id
        contents = value_of(self.courses, course_id)
        if contents is None:
            leave_out_unreadable(listed_and_unknown("a course"), str(course_id))
            return
        for submission in value_of(self.submissions, (course_id, user_id)) or ():
            if assignment := contents.assignments.get(submission.assignment_id):
                yield assignment_work(keyed, submission, assignment, contents.course)
