"""Counts what a student handed in, in a course: all that Google Classroom says about a student's activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from student_graph.adapters.google_classroom.api import StudentSubmission
from student_graph.adapters.google_classroom.mapping.accounts import KeyedStudent
from student_graph.adapters.google_classroom.mapping.submissions import Coursework, is_missing, was_handed_in
from student_graph.adapters.model import CourseEngagement

_CHANGES_BY_STUDENTS = frozenset({"TURNED_IN", "RECLAIMED_BY_STUDENT", "STUDENT_EDITED_AFTER_TURN_IN"})
"""States in the history of a submission that only the student can cause."""


def course_engagement(
    coursework: Coursework, keyed: KeyedStudent, submissions: Sequence[StudentSubmission], since: date | None
) -> CourseEngagement:
    """
    What a student handed in on time, late and not at all, over the published work of a course.

    Participations are how often the student handed in work, from midnight UTC of `since` on. The last activity is
    when the student last handed in, reclaimed or edited work.
    """
    rows = [row for row in submissions if row.courseWorkId in coursework.work]
    handed_in = [row for row in rows if was_handed_in(row)]
    changes = [
        (entry.stateHistory.state, entry.stateHistory.stateTimestamp)
        for row in rows
        for entry in row.submissionHistory
        if entry.stateHistory and entry.stateHistory.stateTimestamp
    ]
    begin = datetime.min.replace(tzinfo=UTC) if since is None else datetime.combine(since, time(), UTC)
    course = coursework.course
    return CourseEngagement(
        vendor_id=f"{course.id}.{keyed.user_id}",
        subject=keyed.subject,
        student_id=keyed.student_id,
        course_name=course.name,
        participations=sum(state == "TURNED_IN" and at >= begin for state, at in changes),
        on_time=sum(row.late is False for row in handed_in),
        late=sum(row.late is True for row in handed_in),
        missing=sum(is_missing(row) is True for row in rows),
        last_activity_at=max((at for state, at in changes if state in _CHANGES_BY_STUDENTS), default=None),
    )
