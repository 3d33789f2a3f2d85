"""Canvas's payloads, sparse ones too, as records."""

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
from student_graph.adapters.canvas.mapping import (
    assignment_work,
    by_due_time,
    counted_since,
    course_engagement,
    course_grades,
    place_in,
    place_of,
    subject,
    submission_status,
)
from student_graph.adapters.model import GradeType, SectionId, StudentId, SubmissionStatus

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
GROUPED = """[{"user_id":108,"section_id":31,"sis_user_id":"604822","integration_id":null,
  "computed_current_score":81.2,"submissions":[{"id":901,"assignment_id":23,"user_id":108,"score":13.5,"grade":"13.5","workflow_state":"graded",
  "late":false,"missing":false,"excused":false,"submitted_at":"2026-01-12T16:02:00Z",
  "graded_at":"2026-01-13T08:00:00Z","posted_at":"2026-01-13T08:00:00Z"}]}]"""


def enrollment(**told: Any) -> Enrollment:
    """An enrollment as Canvas sends it, with changes."""
    return Enrollment.model_validate({**ENROLLMENT, **told})


def submission(**told: Any) -> Submission:
    """A submission with the fields that every server sends, with changes."""
    return Submission.model_validate({"id": 901, "assignment_id": 23, "workflow_state": "graded", **told})


def test_work_as_canvas_documents_it() -> None:
    """A grouped answer becomes records about the student who was asked for."""
    [grouped] = TypeAdapter(list[StudentSubmissions]).validate_json(GROUPED)
    assignment = Assignment(id=23, name="Linear equations", points_possible=15)
    work = assignment_work(place_of(STUDENT, enrollment()), grouped.submissions[0], assignment, None)

    assert (work.vendor_id, work.assignment_id, work.title) == ("901", "23", "Linear equations")
    assert (work.student_id, work.section_id, work.course_name) == (STUDENT, None, None)
    assert (work.score, work.grade, work.points_possible) == (13.5, "13.5", 15.0)
    assert (work.late, work.missing, work.excused) == (False, False, False)
    assert work.submitted_at == datetime(2026, 1, 12, 16, 2, tzinfo=UTC)
    assert work.graded_at == datetime(2026, 1, 13, 8, 0, tzinfo=UTC)
    assert work.due_at is None


@pytest.mark.row("B05")
@pytest.mark.parametrize(
    ("told", "expected"),
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
def test_excused_comes_before_missing_before_the_state(told: dict[str, Any], expected: SubmissionStatus) -> None:
    """A state that nobody knows is `UNMAPPED`, not a guess."""
    assert submission_status(submission(**told)) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"score": 9, "posted_at": "2026-01-13T08:00:00Z"}, 9.0),
        ({"score": 9, "posted_at": None}, None),
        ({"score": 9}, 9.0),
    ],
)
def test_a_score_is_told_once_it_is_posted(told: dict[str, Any], expected: float | None) -> None:
    """Null is not posted; a server that knows no posting posts at once."""
    place, assignment = place_of(STUDENT, enrollment()), Assignment(id=23, name="Essay")

    assert assignment_work(place, submission(**told), assignment, None).score == expected


def test_work_is_sorted_by_due_time() -> None:
    """Work that is never due comes last."""
    place = place_of(STUDENT, enrollment())
    due = (None, "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z")
    assignments = [Assignment.model_validate({"id": n, "name": f"{n}", "due_at": at}) for n, at in enumerate(due)]
    work = [assignment_work(place, submission(id=each.id), each, None) for each in assignments]

    assert [each.title for each in by_due_time(work)] == ["2", "1", "0"]


def test_whom_an_enrollment_is_about() -> None:
    """Every id that Canvas tells, the address, and the family name before the comma."""
    user = {
        "id": 108,
        "sortable_name": "Woods, Lisa",
        "login_id": "lwoods",
        "integration_id": "X-1",
        "email": "lisa.woods@gbisd.example",
    }
    told = subject(enrollment(user=user))

    assert told.ids == (
        ("sis_user_id", "604822"),
        ("sis_login_id", "lwoods"),
        ("sis_integration_id", "X-1"),
        ("id", "108"),
    )
    assert (told.email, told.family_name, told.birth_date) == ("lisa.woods@gbisd.example", "Woods", None)


def test_whom_a_sparse_enrollment_is_about() -> None:
    """A token that may not read SIS data learns the number only; a name without a comma has no known parts."""
    told = subject(enrollment(sis_user_id=None, user={"id": 108, "sortable_name": "Pelé", "email": ""}))

    assert told.ids == (("id", "108"),)
    assert (told.email, told.family_name) == (None, None)


def test_a_place_in_a_section_has_the_key_it_would_be_asked_by() -> None:
    """The SIS id first, Canvas's own number when there is no other."""
    section = SectionId("sis_section_id:ALG-1")

    assert place_in(section, enrollment()).student == STUDENT
    assert place_in(section, enrollment(sis_user_id=None)).student == "id:108"
    assert place_in(section, enrollment()).section == section


def test_grades_as_canvas_documents_them() -> None:
    """Both computed grades, each with its letter; what is not posted is not even parsed."""
    grades = course_grades(place_of(STUDENT, enrollment(sis_section_id="ALG-1")), Course(id=23, name="Algebra"))

    assert [(g.vendor_id, g.grade_type, g.numeric, g.letter) for g in grades] == [
        ("1:current", GradeType.COMPUTED_CURRENT, 81.2, "B-"),
        ("1:final", GradeType.COMPUTED_FINAL, 74.0, "C"),
    ]
    assert {(g.section_id, g.course_name) for g in grades} == {("sis_section_id:ALG-1", "Algebra")}


def test_a_course_without_grades_has_none() -> None:
    """A grade that Canvas does not tell is no record."""
    place = place_of(STUDENT, enrollment(grades={"html_url": "", "unposted_current_score": 90.0}))

    assert course_grades(place, None) == []


def test_two_sections_of_one_course_are_one_engagement() -> None:
    """The later activity and the longer time stand for the course."""
    places = [
        place_of(STUDENT, enrollment()),
        place_of(STUDENT, enrollment(id=2, last_activity_at="2026-01-15T08:00:00Z", total_activity_time=60)),
    ]
    told = course_engagement(places, None, None)

    assert told.last_activity_at == datetime(2026, 1, 15, 8, tzinfo=UTC)
    assert told.total_activity_seconds == 5210
    assert (told.page_views, told.on_time) == (None, None)


def test_activity_is_counted_from_midnight_utc() -> None:
    """An hour before the day does not count; both spellings of UTC are read."""
    activity = Activity.model_validate(
        {
            "page_views": {"2026-01-11T23:00:00Z": 5, "2026-01-12T00:00:00-00:00": 2},
            "participations": [{"created_at": "2026-01-11T23:59:59Z"}, {"created_at": "2026-01-12T00:00:00Z"}],
        }
    )
    counted = counted_since(Summary(id=108, page_views=7, participations=2), activity, date(2026, 1, 12))

    assert (counted.page_views, counted.participations) == (2, 1)


def test_activity_that_is_not_told_leaves_counts_open() -> None:
    """A sum over the whole course would be the answer to another question."""
    counted = counted_since(Summary(id=108, page_views=7, participations=2), None, date(2026, 1, 12))

    assert (counted.page_views, counted.participations) == (None, None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, True),
        ({"type": None, "enrollment_state": None}, True),
        ({"type": "TaEnrollment"}, False),
        ({"enrollment_state": "completed"}, False),
    ],
)
def test_only_active_students_count(told: dict[str, Any], *, expected: bool) -> None:
    """Some servers ignore the filters; a server that tells neither is believed."""
    assert enrollment(**told).counts is expected


def test_a_sparse_course_is_a_course() -> None:
    """Some servers send `{id, name}` and no more."""
    assert Course.model_validate_json('{"id": 23, "name": "Algebra"}').course_code is None


@pytest.mark.parametrize("text", ["2026-01-14T20:11:00", "yesterday"])
def test_an_instant_has_a_zone(text: str) -> None:
    """A time of nowhere is not an instant."""
    with pytest.raises(ValidationError):
        enrollment(last_activity_at=text)


def test_a_validation_error_does_not_repeat_what_was_sent() -> None:
    """Payloads hold names and addresses; errors are logged."""
    with pytest.raises(ValidationError) as refused:
        enrollment(user={"id": "lisa.woods"})

    assert "lisa" not in str(refused.value)
