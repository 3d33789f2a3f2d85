"""What becomes of Moodle's values: hidden grades, scales, extensions, exclusions, and work of groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from student_graph.adapters.model import AssignmentWork, SubmissionStatus
from student_graph.adapters.moodle import api
from student_graph.adapters.moodle.mapping.accounts import keyed
from student_graph.adapters.moodle.mapping.courses import CourseContents
from student_graph.adapters.moodle.mapping.values import grade_text, moment
from student_graph.adapters.moodle.mapping.work import assignment_work, course_engagement

DUE = datetime(2026, 10, 2, 12, tzinfo=UTC)
NOW = DUE + timedelta(days=7)
USER = api.EnrolledUser(id=3, idnumber="604821", lastcourseaccess=int(NOW.timestamp()))


def contents(
    item: dict[str, Any] | None = None,
    submitted: datetime | None = None,
    extension: datetime | None = None,
    *,
    has_column: bool = True,
    **assignment: Any,
) -> CourseContents:
    """A course with one assignment, and the student's submission of it and column in the gradebook."""
    fields = {"id": 7, "name": "Essay", "duedate": int(DUE.timestamp()), "grade": 20, **assignment}
    submission = api.Submission(userid=3, status="submitted", timemodified=int((submitted or DUE).timestamp()))
    row = {"itemtype": "mod", "itemmodule": "assign", "iteminstance": 7, "itemnumber": 0, "graderaw": None}
    column = api.GradeItem.model_validate({**row, **(item or {})})
    return CourseContents(
        api.Course(id=2, fullname="Algebra I"),
        {3: USER},
        [api.Assignment(**fields)],
        {7: {3: submission} if submitted else {}},
        {7: {3: int(extension.timestamp())} if extension else {}},
        {3: api.UserGrades(courseid=2, userid=3, gradeitems=[column] if has_column else [])},
    )


def work(course: CourseContents) -> AssignmentWork:
    """The student's work on the assignment."""
    [record] = assignment_work(course, keyed(USER), None, NOW)
    return record


@pytest.mark.parametrize("flag", ["gradeishidden", "gradehiddenbydate"])
def test_a_hidden_grade_is_not_shown(flag: str) -> None:
    """The work is not missing either: the teacher has graded it."""
    record = work(contents({"graderaw": 18, "gradeformatted": "18.00", flag: True}))

    assert (record.score, record.grade, record.graded_at) == (None, None, None)
    assert (record.status, record.missing) == (SubmissionStatus.UNSUBMITTED, False)


def test_a_zero_is_a_grade() -> None:
    """It is shown, and the work is graded."""
    record = work(contents({"graderaw": 0, "gradeformatted": "0.00"}))

    assert (record.score, record.grade, record.status) == (0.0, "0.00", SubmissionStatus.GRADED)


@pytest.mark.parametrize("scale", [None, 1])
def test_a_scale_has_a_grade_without_points(scale: int | None) -> None:
    """
    The raw value is the position on the scale, and the maximum the number of the scale below zero.

    The column does not name the scale: Moodle's `scaleid` there holds the id of an outcome.
    """
    grade = {"graderaw": 2, "gradeformatted": "Good &amp; <b>kind</b>", "scaleid": scale}
    record = work(contents(grade, grade=-1))

    assert (record.score, record.grade, record.points_possible) == (None, "Good & kind", None)


def test_an_extension_moves_the_due_time_of_the_student() -> None:
    """Work handed in between the two due times is late without it only; without work it is not missing yet."""
    between, extension = DUE + timedelta(days=1), NOW + timedelta(days=1)

    assert work(contents(submitted=between)).late is True
    assert work(contents(submitted=between, extension=extension)).late is False
    assert work(contents()).missing is True
    assert work(contents(extension=extension)).missing is False
    assert work(contents(extension=extension)).due_at == extension


@pytest.mark.parametrize(
    ("item", "assignment", "status"),
    [
        ({}, {"nosubmissions": True}, SubmissionStatus.UNSUBMITTED),
        ({}, {"teamsubmission": True}, SubmissionStatus.UNMAPPED),
    ],
)
def test_what_moodle_cannot_know_is_not_missing(
    item: dict[str, Any], assignment: dict[str, Any], status: SubmissionStatus
) -> None:
    """Work on paper and work of groups."""
    record = work(contents(item, **assignment))

    assert (record.missing, record.status, record.excused) == (None, status, None)


@pytest.mark.parametrize(
    ("item", "has_column"),
    [
        ({}, False),
        ({"gradeishidden": True}, True),
        ({"gradehiddenbydate": True}, True),
        ({"gradeneedsupdate": True}, True),
    ],
)
def test_work_with_a_hidden_column_is_not_missing_for_certain(item: dict[str, Any], has_column: bool) -> None:
    """Moodle leaves out or empties the column of a hidden grade: the student may be graded or excused there."""
    record = work(contents(item, has_column=has_column))

    assert (record.missing, record.excused, record.status) == (None, None, SubmissionStatus.UNSUBMITTED)
    assert work(contents(item, submitted=DUE, has_column=has_column)).missing is False
    assert work(contents(item, extension=NOW + timedelta(1), has_column=has_column)).missing is False


def test_work_in_a_state_that_is_not_known_is_not_missing() -> None:
    """A plugin of the site may have states of its own, in which the work may be handed in."""
    course = contents()
    course.submissions[7] = {3: api.Submission(userid=3, status="queued", timemodified=int(NOW.timestamp()))}
    record = work(course)

    assert (record.status, record.missing, record.late) == (SubmissionStatus.UNMAPPED, None, None)
    assert work(contents()).missing is True


def test_a_column_without_a_property_for_the_grade_says_nothing() -> None:
    """A course may leave the grades out of its report; work that is not graded has no column and is missing."""
    course = contents()
    column = api.GradeItem(itemtype="mod", itemmodule="assign", iteminstance=7, itemnumber=0)
    course.grades[3] = api.UserGrades(courseid=2, userid=3, gradeitems=[column])

    assert work(course).missing is None
    assert work(contents(grade=0, has_column=False)).missing is True


def test_work_whose_grade_the_teacher_excluded_is_excused() -> None:
    """It is not missing, and a grade that it has is shown although it counts nowhere."""
    excluded = {"status": "excluded"}
    for item in (excluded, excluded | {"graderaw": 0, "gradeformatted": "0.00"}):
        record = work(contents(item))
        assert (record.excused, record.missing, record.status) == (True, False, SubmissionStatus.EXCUSED)
    assert record.score == 0.0
    assert work(contents({"status": "novalue"})).excused is False


def test_engagement_counts_what_was_handed_in() -> None:
    """On time, and from a day on; the last activity is the last access to the course."""
    course = contents(submitted=DUE)
    engagement = course_engagement(course, keyed(USER), DUE.date() + timedelta(days=1), NOW)

    assert (engagement.on_time, engagement.late, engagement.missing) == (1, 0, 0)
    assert engagement.participations == 0
    assert engagement.last_activity_at == NOW


def test_no_time_and_no_grade_have_several_forms() -> None:
    """0 and null are no time, and so is one that no calendar has; a dash is no grade."""
    assert [moment(value) for value in (0, None, -5, 10**18)] == [None] * 4
    assert [grade_text(text) for text in ("-", "", None, "91.50")] == [None, None, None, "91.50"]
