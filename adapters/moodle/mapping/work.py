"""
Converts Moodle's assignments, submissions and grades to `AssignmentWork` and `CourseEngagement` records.

Moodle does not say what is late or missing: both follow from times, as in Moodle's own pages. The time of a
submission is that of its last change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from student_graph.adapters.model import AssignmentWork, CourseEngagement, LmsCourseId, SectionId, SubmissionStatus
from student_graph.adapters.moodle.api import Assignment, GradeItem, Submission
from student_graph.adapters.moodle.mapping.accounts import KeyedStudent
from student_graph.adapters.moodle.mapping.courses import CourseContents, course_name, is_hidden
from student_graph.adapters.moodle.mapping.values import grade_text, moment

SUBMITTED = "submitted"
NOT_GRADED = 0
"""The maximum of points of an assignment that is not graded."""
EXCLUDED = "excluded"
"""The status of a grade that does not count, which is how teachers excuse students."""
_NOT_HANDED_IN = frozenset({None, "new", "draft", "reopened"})
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Work:
    """A student's work on an assignment, as Moodle has it in several places."""

    assignment: Assignment
    submission: Submission | None
    extension: int | None
    """Due time of the student alone, in seconds since 1970; None if it is that of all."""
    item: GradeItem | None
    now: datetime

    @property
    def is_by_student(self) -> bool:
        """Whether the student hands it in online, and not a group, and not on paper."""
        return not self.assignment.teamsubmission and not self.assignment.nosubmissions

    @property
    def due_at(self) -> datetime | None:
        """When the work of the student is due."""
        return moment(self.extension) or moment(self.assignment.duedate)

    @property
    def is_handed_in(self) -> bool:
        """Whether the latest attempt is handed in."""
        return self.submission is not None and self.submission.status == SUBMITTED

    @property
    def handed_in_at(self) -> datetime | None:
        """When the latest attempt was handed in; None if it was not."""
        return moment(self.submission.timemodified) if self.submission and self.is_handed_in else None

    @property
    def is_state_known(self) -> bool:
        """Whether its state says if it is handed in; work that nobody began has no state."""
        return self.is_handed_in or self.submission is None or self.submission.status in _NOT_HANDED_IN

    @property
    def late(self) -> bool | None:
        """Whether it was handed in after it was due; None if it is not handed in online by the student."""
        if not self.is_by_student or not self.is_state_known:
            return None
        at, due = self.handed_in_at, self.due_at
        return at is not None and due is not None and at > due

    @property
    def is_excused(self) -> bool | None:
        """Whether the teacher excluded the grade, which then counts nowhere; None if Moodle does not say."""
        status = self.item.status if self.item is not None else None
        return None if status is None else status == EXCLUDED

    @property
    def missing(self) -> bool | None:
        """Whether it is past due, not handed in, not graded and not excused; None if Moodle does not show it."""
        if self.is_excused:
            return False
        if not self.is_by_student:
            return None
        has_grade = self.item is not None and self.item.graderaw is not None
        if self.is_handed_in or has_grade or self.due_at is None or self.due_at >= self.now:
            return False
        return True if self.is_column_shown and self.is_state_known else None

    @property
    def is_column_shown(self) -> bool:
        """
        Whether an empty column says that there is no grade; also if the work is not graded and has no column.

        Without the capability to view hidden grades, Moodle leaves their columns out or empties them. The teacher
        may have graded or excused the student there.
        """
        if self.assignment.grade == NOT_GRADED:
            return True
        item = self.item
        return (
            item is not None
            and "graderaw" in item.model_fields_set
            and not is_hidden(item)
            and not item.gradeneedsupdate
        )

    @property
    def has_scale(self) -> bool:
        """Whether its grade is a word of a scale; the number of the grade is then the position of the word."""
        return (self.assignment.grade or 0.0) < 0 or (self.item is not None and self.item.scaleid is not None)

    @property
    def grade(self) -> GradeItem | None:
        """The grade that the student sees; None without one."""
        item = self.item
        return None if item is None or item.graderaw is None or is_hidden(item) else item

    @property
    def status(self) -> SubmissionStatus:
        """Excused counts first, then a grade that the student sees, then missing, then the state of the work."""
        if self.is_excused:
            return SubmissionStatus.EXCUSED
        if self.grade is not None:
            return SubmissionStatus.GRADED
        if self.missing:
            return SubmissionStatus.MISSING
        if self.is_handed_in:
            return SubmissionStatus.SUBMITTED
        status = self.submission.status if self.submission else None
        if self.assignment.teamsubmission or status not in _NOT_HANDED_IN:
            return SubmissionStatus.UNMAPPED
        return SubmissionStatus.UNSUBMITTED


def work_of(contents: CourseContents, user_id: int, now: datetime) -> Iterator[Work]:
    """The work of a student in a course; an assignment whose submissions cannot be read is left out."""
    report = contents.grades.get(user_id)
    items = {item.iteminstance: item for item in report.gradeitems if _is_grade_of_work(item)} if report else {}
    for assignment in contents.assignments:
        submissions = contents.submissions.get(assignment.id)
        if submissions is not None:
            extension = contents.extensions.get(assignment.id, {}).get(user_id)
            yield Work(assignment, submissions.get(user_id), extension, items.get(assignment.id), now)


def _is_grade_of_work(item: GradeItem) -> bool:
    return item.itemtype == "mod" and item.itemmodule == "assign" and item.itemnumber in (None, 0)


def assignment_work(
    contents: CourseContents, student: KeyedStudent, section_id: SectionId | None, now: datetime
) -> Iterator[AssignmentWork]:
    """The work of a student in a course."""
    course_id = contents.course.id
    for work in work_of(contents, student.user_id, now):
        assignment, grade = work.assignment, work.grade
        points = assignment.grade or 0.0
        yield AssignmentWork(
            vendor_id=f"{course_id}.{assignment.id}.{student.user_id}",
            subject=student.subject,
            student_id=student.student_id,
            section_id=section_id,
            lms_course_id=LmsCourseId(str(course_id)),
            assignment_id=str(assignment.id),
            title=assignment.name,
            course_name=course_name(contents.course),
            due_at=work.due_at,
            points_possible=points if points > 0 else None,
            status=work.status,
            score=grade.graderaw if grade is not None and not work.has_scale else None,
            grade=grade_text(grade.gradeformatted) if grade is not None else None,
            late=work.late,
            missing=work.missing,
            excused=work.is_excused,
            submitted_at=work.handed_in_at,
            graded_at=moment(grade.gradedategraded) if grade is not None else None,
        )


def course_engagement(
    contents: CourseContents, student: KeyedStudent, since: date | None, now: datetime
) -> CourseEngagement:
    """
    What a student handed in on time, late and not at all in a course, and when the student last opened it.

    Participations are the assignments whose latest attempt was handed in from midnight UTC of `since` on.
    """
    rows = [work for work in work_of(contents, student.user_id, now) if work.is_by_student]
    begin = datetime.min.replace(tzinfo=UTC) if since is None else datetime.combine(since, time(), UTC)
    return CourseEngagement(
        vendor_id=f"{contents.course.id}.{student.user_id}",
        subject=student.subject,
        student_id=student.student_id,
        course_name=course_name(contents.course),
        participations=sum(work.handed_in_at is not None and work.handed_in_at >= begin for work in rows),
        on_time=sum(work.is_handed_in and work.late is False for work in rows),
        late=sum(work.late is True for work in rows),
        missing=sum(work.missing is True for work in rows),
        last_activity_at=moment(contents.students[student.user_id].lastcourseaccess),
    )


def sort_by_due_time(records: Iterable[AssignmentWork]) -> list[AssignmentWork]:
    """Work in the order of its due time; work without a due time comes last."""
    return sorted(records, key=due_order)


def due_order(work: AssignmentWork) -> tuple[datetime, str]:
    """The position of work in the order of `sort_by_due_time`."""
    return work.due_at or _LATEST, work.vendor_id
