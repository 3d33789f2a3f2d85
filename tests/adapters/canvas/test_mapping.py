"""Canvas payloads, also sparse ones, become records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from student_graph.adapters.canvas.api import (
    Activity,
    Assignment,
    Course,
    Enrollment,
    StudentSubmissions,
    Submission,
    Summary,
)
from student_graph.adapters.canvas.mapping.courses import course_engagement, course_grades, summary_since
from student_graph.adapters.canvas.mapping.enrollments import (
    keyed_by_section,
    keyed_by_student,
    names_another,
    subject,
)
from student_graph.adapters.canvas.mapping.submissions import assignment_work, sort_by_due_time, submission_status
from student_graph.adapters.model import GradeType, SectionId, StudentId, Subject, SubmissionStatus
from tests.subcases import subcases

STUDENT = StudentId("sis_user_id:604822")
ENROLLMENT = {
    "id": 1,
    "course_id": 23,
    "course_section_id": 31,
    "user_id": 108,
    "type": "StudentEnrollment",
    "enrollment_state": "active",
    "sis_user_id": "604822",
    "last_activity_at": "2026-01-14T20:11:00Z",
    "total_activity_time": 5210,
    "grades": {"current_score": 81.2, "final_score": 74.0, "current_grade": "B-", "final_grade": "C"},
}
GROUPED_SUBMISSIONS = """[{"user_id":108,"section_id":31,"sis_user_id":"604822","integration_id":null,
  "computed_current_score":81.2,"submissions":[{"id":901,"assignment_id":23,"user_id":108,"score":13.5,"grade":"13.5","workflow_state":"graded",
  "late":false,"missing":false,"excused":false,"submitted_at":"2026-01-12T16:02:00Z",
  "graded_at":"2026-01-13T08:00:00Z","posted_at":"2026-01-13T08:00:00Z"}]}]"""


def enrollment(**changes: Any) -> Enrollment:
    """An enrollment as Canvas sends it, with some properties changed."""
    return Enrollment.model_validate({**ENROLLMENT, **changes})


def submission(**changes: Any) -> Submission:
    """A submission with the properties that every server sends, and with some of them changed."""
    return Submission.model_validate({"id": 901, "assignment_id": 23, "workflow_state": "graded", **changes})


def test_a_grouped_submission_becomes_work() -> None:
    """A submission in the shape that Canvas documents becomes work of the requested student."""
    [grouped] = TypeAdapter(list[StudentSubmissions]).validate_json(GROUPED_SUBMISSIONS)
    assignment = Assignment(id=23, name="Linear equations", points_possible=15)
    work = assignment_work(keyed_by_student(STUDENT, enrollment()), grouped.submissions[0], assignment, None)

    assert (work.vendor_id, work.assignment_id, work.title) == ("901", "23", "Linear equations")
    assert (work.student_id, work.section_id, work.course_name) == (STUDENT, None, None)
    assert (work.score, work.grade, work.points_possible) == (13.5, "13.5", 15.0)
    assert (work.late, work.missing, work.excused) == (False, False, False)
    assert work.submitted_at == datetime(2026, 1, 12, 16, 2, tzinfo=UTC)
    assert work.graded_at == datetime(2026, 1, 13, 8, 0, tzinfo=UTC)
    assert work.due_at is None


@pytest.mark.row("B05")
@subcases(
    ("changes", "expected"),
    [
        ({"excused": True, "missing": True}, SubmissionStatus.EXCUSED),
        ({"missing": True, "workflow_state": "graded"}, SubmissionStatus.MISSING),
        ({"workflow_state": "unsubmitted"}, SubmissionStatus.UNSUBMITTED),
        ({"workflow_state": "submitted", "excused": None}, SubmissionStatus.SUBMITTED),
        ({"workflow_state": "pending_review"}, SubmissionStatus.PENDING_REVIEW),
        ({"workflow_state": "graded"}, SubmissionStatus.GRADED),
        ({"workflow_state": "deleted"}, SubmissionStatus.UNMAPPED),
    ],
)
def test_excused_decides_before_missing_and_missing_before_the_state(
    changes: dict[str, Any], expected: SubmissionStatus
) -> None:
    """A state that is not in the table is `UNMAPPED`."""
    assert submission_status(submission(**changes)) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"score": 9, "posted_at": "2026-01-13T08:00:00Z"}, 9.0),
        ({"score": 9, "posted_at": None}, None),
        ({"score": 9}, 9.0),
    ],
)
def test_a_score_is_withheld_until_it_is_posted(changes: dict[str, Any], expected: float | None) -> None:
    """A null `posted_at` means not posted; a server that does not send `posted_at` posts at once."""
    keyed, assignment = keyed_by_student(STUDENT, enrollment()), Assignment(id=23, name="Essay")

    assert assignment_work(keyed, submission(**changes), assignment, None).score == expected


@subcases(
    ("changes", "expected"),
    [
        ({}, "2026-01-12T05:59:00+00:00"),
        ({"cached_due_date": "2026-01-19T05:59:00Z"}, "2026-01-19T05:59:00+00:00"),
        ({"cached_due_date": None}, None),
    ],
)
def test_work_is_due_when_canvas_says_so_for_the_student(changes: dict[str, Any], expected: str | None) -> None:
    """An extension or a date of the section counts before that of all; only a server that says neither has it."""
    keyed = keyed_by_student(STUDENT, enrollment())
    assignment = Assignment.model_validate({"id": 23, "name": "Essay", "due_at": "2026-01-12T05:59:00Z"})

    due = assignment_work(keyed, submission(**changes), assignment, None).due_at
    assert (due and due.isoformat()) == expected


def test_work_is_sorted_by_due_time() -> None:
    """Work without a due time comes last."""
    keyed = keyed_by_student(STUDENT, enrollment())
    due = (None, "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z")
    assignments = [Assignment.model_validate({"id": n, "name": f"{n}", "due_at": at}) for n, at in enumerate(due)]
    work = [assignment_work(keyed, submission(id=row.id), row, None) for row in assignments]

    assert [row.title for row in sort_by_due_time(work)] == ["2", "1", "0"]


def test_the_subject_of_an_enrollment_has_every_id() -> None:
    """It has all ids of the user, the e-mail address, and the family name before the comma."""
    user = {
        "id": 108,
        "sortable_name": "Woods, Lisa",
        "login_id": "lwoods",
        "integration_id": "X-1",
        "email": "lisa.woods@gbisd.example",
    }
    student = subject(enrollment(user=user))

    assert student.ids == (
        ("sis_user_id", "604822"),
        ("sis_login_id", "lwoods"),
        ("sis_integration_id", "X-1"),
        ("id", "108"),
    )
    assert (student.email, student.family_name, student.birth_date) == ("lisa.woods@gbisd.example", "Woods", None)


def test_the_subject_of_a_sparse_enrollment_has_the_canvas_id() -> None:
    """A token that may not read SIS data gets the Canvas id only; a name without a comma has no family name."""
    student = subject(enrollment(sis_user_id=None, user={"id": 108, "sortable_name": "Pelé", "email": ""}))

    assert student.ids == (("id", "108"),)
    assert (student.email, student.family_name) == (None, None)


def test_an_enrollment_of_a_section_gets_a_student_key() -> None:
    """The key is the SIS id, or Canvas's own id if there is no other."""
    section = SectionId("sis_section_id:ALG-1")

    assert keyed_by_section(section, enrollment()).student_id == STUDENT
    assert keyed_by_section(section, enrollment(sis_user_id=None)).student_id == "id:108"
    assert keyed_by_section(section, enrollment()).section_id == section


def test_computed_grades_become_two_records() -> None:
    """The current and the final grade have score and letter; unposted grades are not parsed."""
    grades = course_grades(
        keyed_by_student(STUDENT, enrollment(sis_section_id="ALG-1")), Course(id=23, name="Algebra")
    )

    assert [(g.vendor_id, g.grade_type, g.numeric, g.letter) for g in grades] == [
        ("1:current", GradeType.COMPUTED_CURRENT, 81.2, "B-"),
        ("1:final", GradeType.COMPUTED_FINAL, 74.0, "C"),
    ]
    assert {(g.section_id, g.course_name) for g in grades} == {("sis_section_id:ALG-1", "Algebra")}


def test_an_enrollment_without_grades_has_no_records() -> None:
    """A computed grade without score and letter is left out."""
    keyed = keyed_by_student(STUDENT, enrollment(grades={"html_url": "", "unposted_current_score": 90.0}))

    assert course_grades(keyed, None) == []


def test_two_sections_of_one_course_become_one_record() -> None:
    """The record has the later activity and the longer time of the two."""
    enrollments = [
        keyed_by_student(STUDENT, enrollment()),
        keyed_by_student(
            STUDENT, enrollment(id=2, last_activity_at="2026-01-15T08:00:00Z", total_activity_time=60)
        ),
    ]
    engagement = course_engagement(enrollments, None, None)

    assert engagement.last_activity_at == datetime(2026, 1, 15, 8, tzinfo=UTC)
    assert engagement.total_activity_seconds == 5210
    assert (engagement.page_views, engagement.on_time) == (None, None)


def test_activity_is_counted_from_midnight_utc() -> None:
    """Activity before the day does not count; UTC is accepted as `Z` and as `-00:00`."""
    activity = Activity.model_validate(
        {
            "page_views": {"2026-01-11T23:00:00Z": 5, "2026-01-12T00:00:00-00:00": 2},
            "participations": [{"created_at": "2026-01-11T23:59:59Z"}, {"created_at": "2026-01-12T00:00:00Z"}],
        }
    )
    summary = summary_since(Summary(id=108, page_views=7, participations=2), activity, date(2026, 1, 12))

    assert (summary.page_views, summary.participations) == (2, 1)


def test_counts_are_null_without_activity() -> None:
    """The counts of the whole course are not the counts since a day."""
    summary = summary_since(Summary(id=108, page_views=7, participations=2), None, date(2026, 1, 12))

    assert (summary.page_views, summary.participations) == (None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"type": None, "enrollment_state": None}, True),
        ({"type": "TaEnrollment"}, False),
        ({"enrollment_state": "completed"}, False),
    ],
)
def test_only_active_students_are_accepted(changes: dict[str, Any], *, expected: bool) -> None:
    """Some servers ignore the filters of the request; an enrollment without type and state is accepted."""
    assert enrollment(**changes).active_student is expected


def test_a_sparse_course_is_valid() -> None:
    """Some servers send only `id` and `name`."""
    assert Course.model_validate_json('{"id": 23, "name": "Algebra"}').course_code is None


@pytest.mark.parametrize("text", ["2026-01-14T20:11:00", "yesterday"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    """An instant needs a time zone."""
    with pytest.raises(ValidationError):
        enrollment(last_activity_at=text)


def test_a_validation_error_does_not_repeat_the_payload() -> None:
    """Errors are logged, and payloads contain names and addresses."""
    with pytest.raises(ValidationError) as refused:
        enrollment(user={"id": "lisa.woods"})

    assert "lisa" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "ids", "expected"),
    [
        ("sis_user_id:1", (("sis_user_id", "2"), ("id", "1")), True),
        ("sis_user_id:a1", (("sis_user_id", "A1"), ("id", "9")), False),
        ("sis_user_id:1", (("id", "1"),), False),
        ("sis_login_id:ada", (("sis_user_id", "2"),), False),
    ],
)
def test_a_row_names_another_student_by_another_sis_id(
    key: str, ids: tuple[tuple[str, str], ...], expected: bool
) -> None:
    """Canvas need not show SIS ids, and finds users by other ids, too; then nothing is known."""
    assert names_another(StudentId(key), Subject(ids=ids)) is expected
