"""
Converts Google Classroom course work and submissions to `AssignmentWork` records.

Classroom has one flag, `late`: after the due time it is true for work that was handed in late, and for work that
was not handed in at all. The state and the history of a submission tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from student_graph.adapters.google_classroom.api import Course, CourseWork, StudentSubmission
from student_graph.adapters.google_classroom.mapping.accounts import KeyedStudent
from student_graph.adapters.model import AssignmentWork, LmsCourseId, SectionId, SubmissionStatus

ASSIGNED_GRADE_CHANGE = "ASSIGNED_GRADE_POINTS_EARNED_CHANGE"
_NOT_HANDED_IN = frozenset({"NEW", "CREATED", "RECLAIMED_BY_STUDENT"})
_HAND_OVERS = frozenset({"TURNED_IN", "RECLAIMED_BY_STUDENT"})
"""States in the history by which work goes to the teacher, and back to the student."""
_LAST_HOUR, _LAST_MINUTE = 23, 59
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Coursework:
    """A course with its published work and with submissions."""

    course: Course
    section_id: SectionId | None
    """The section that the course teaches; None if it names none or several."""
    work: Mapping[str, CourseWork]
    """By id."""

    def records(self, keyed: KeyedStudent, submissions: Iterable[StudentSubmission]) -> Iterator[AssignmentWork]:
        """The work of a student; submissions of work that is not published, or not any more, are left out."""
        for submission in submissions:
            if (work := self.work.get(submission.courseWorkId)) is not None:
                yield self._record(keyed, submission, work)

    def _record(self, keyed: KeyedStudent, submission: StudentSubmission, work: CourseWork) -> AssignmentWork:
        course_id = self.course.id
        handed_in, missing = was_handed_in(submission), is_missing(submission)
        is_late = submission.late
        return AssignmentWork(
            vendor_id=f"{course_id}.{work.id}.{submission.id}",
            subject=keyed.subject,
            student_id=keyed.student_id,
            section_id=self.section_id,
            lms_course_id=LmsCourseId(course_id),
            assignment_id=work.id,
            title=work.title,
            course_name=self.course.name,
            due_at=due_at(work),
            points_possible=work.maxPoints or None,
            status=submission_status(submission),
            score=submission.assignedGrade,
            grade=None if submission.assignedGrade is None else f"{submission.assignedGrade:g}",
            late=handed_in if is_late else is_late,
            missing=missing,
            submitted_at=handed_in_at(submission) if handed_in else None,
            graded_at=graded_at(submission),
        )


def submission_status(submission: StudentSubmission) -> SubmissionStatus:
    """A returned or graded submission is graded; one that is missing is so before its own state counts."""
    if submission.assignedGrade is not None:
        return SubmissionStatus.GRADED
    if is_missing(submission):
        return SubmissionStatus.MISSING
    if submission.state == "RETURNED":
        return SubmissionStatus.GRADED
    if submission.state == "TURNED_IN":
        return SubmissionStatus.SUBMITTED
    return SubmissionStatus.UNSUBMITTED if submission.state in _NOT_HANDED_IN else SubmissionStatus.UNMAPPED


def was_handed_in(submission: StudentSubmission) -> bool | None:
    """
    Whether the teacher has it, or has returned it.

    A teacher can also return work that was never handed in, or that the student has reclaimed: the history tells.
    None for returned work without a history, and in a state that is not known.
    """
    if submission.state in _NOT_HANDED_IN:
        return False
    if submission.state != "RETURNED":
        return True if submission.state == "TURNED_IN" else None
    changes = [entry.stateHistory for entry in submission.submissionHistory if entry.stateHistory]
    by_student = [change for change in changes if change.state in _HAND_OVERS]
    by_student.sort(key=lambda change: change.stateTimestamp or _EARLIEST)
    return None if not changes else bool(by_student) and by_student[-1].state == "TURNED_IN"


def is_missing(submission: StudentSubmission) -> bool | None:
    """Whether it is past due, not handed in and not graded; None if Classroom does not say one of them."""
    if submission.late is None or submission.state is None:
        return None
    if not submission.late or submission.assignedGrade is not None:
        return False
    handed_in = was_handed_in(submission)
    return None if handed_in is None else not handed_in


def handed_in_at(submission: StudentSubmission) -> datetime | None:
    """When the student last handed it in; None if the history does not say."""
    changes = (entry.stateHistory for entry in submission.submissionHistory if entry.stateHistory)
    return max((c.stateTimestamp for c in changes if c.state == "TURNED_IN" and c.stateTimestamp), default=None)


def graded_at(submission: StudentSubmission) -> datetime | None:
    """When the teacher last assigned the grade that counts; None if it is not graded."""
    if submission.assignedGrade is None:
        return None
    changes = (entry.gradeHistory for entry in submission.submissionHistory if entry.gradeHistory)
    moments = (
        c.gradeTimestamp for c in changes if c.gradeChangeType == ASSIGNED_GRADE_CHANGE and c.gradeTimestamp
    )
    return max(moments, default=None)


def due_at(work: CourseWork) -> datetime | None:
    """When work is due, in UTC; without a time, at the end of the day; None without a complete date."""
    day, time = work.dueDate, work.dueTime
    if day is None:
        return None
    hours, minutes = (_LAST_HOUR, _LAST_MINUTE) if time is None else (time.hours, time.minutes)
    try:
        return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def sort_by_due_time(records: Iterable[AssignmentWork]) -> list[AssignmentWork]:
    """Work in the order of its due time; work without a due time comes last."""
    return sorted(records, key=due_order)


def due_order(work: AssignmentWork) -> tuple[datetime, str]:
    """The position of work in the order of `sort_by_due_time`."""
    return work.due_at or _LATEST, work.vendor_id
