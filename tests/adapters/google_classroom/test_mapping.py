"""What Classroom's values mean in the graph."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.google_classroom import api
from student_graph.adapters.google_classroom.api.masks import field_mask
from student_graph.adapters.google_classroom.client.addresses import SectionNames, user_of
from student_graph.adapters.google_classroom.mapping.accounts import keyed_by_user, lms_account, subject
from student_graph.adapters.google_classroom.mapping.engagement import course_engagement
from student_graph.adapters.google_classroom.mapping.submissions import Coursework, due_at
from student_graph.adapters.model import AssignmentWork, SectionId, StudentId
from student_graph.adapters.reading import read
from tests.subcases import subcases

HANDED_IN = {"stateHistory": {"state": "TURNED_IN", "stateTimestamp": "2026-01-12T16:02:00Z"}}
HANDED_IN_AGAIN = {"stateHistory": {"state": "TURNED_IN", "stateTimestamp": "2026-01-13T09:00:00.5Z"}}
EDITED = {"stateHistory": {"state": "STUDENT_EDITED_AFTER_TURN_IN", "stateTimestamp": "2026-01-14T08:00:00Z"}}
RECLAIMED = {"stateHistory": {"state": "RECLAIMED_BY_STUDENT", "stateTimestamp": "2026-01-12T20:00:00Z"}}
RETURNED = {"stateHistory": {"state": "RETURNED", "stateTimestamp": "2026-01-15T10:00:00Z"}}
DRAFTED = {
    "gradeHistory": {
        "gradeChangeType": "DRAFT_GRADE_POINTS_EARNED_CHANGE",
        "gradeTimestamp": "2026-01-20T10:00:00Z",
    }
}
GRADED = {
    "gradeHistory": {
        "gradeChangeType": "ASSIGNED_GRADE_POINTS_EARNED_CHANGE",
        "gradeTimestamp": "2026-01-15T09:59:00Z",
    }
}
ADA = keyed_by_user("1099", api.UserProfile(id="1099", emailAddress="Ada@Hill.example"), None)


def payload(model: type[Any], **values: Any) -> Any:
    """A payload as it is read from a response."""
    response = httpx.Response(200, json=values, request=httpx.Request("GET", "https://classroom.example"))
    return read(response, TypeAdapter(model))


def record(submission: dict[str, Any], **work: Any) -> AssignmentWork:
    """The record of a submission."""
    published = payload(api.CourseWork, id="77", title="Essay", **{"maxPoints": 10, **work})
    row = payload(
        api.StudentSubmission, id="Cg4I", courseId="5512", courseWorkId="77", userId="1099", **submission
    )
    [result] = Coursework(api.Course(id="5512", name="Algebra"), None, {"77": published}).records(ADA, [row])
    return result


@subcases(
    ("submission", "status", "late", "missing"),
    [
        ({"state": "NEW"}, "UNSUBMITTED", False, False),
        ({"state": "CREATED"}, "UNSUBMITTED", False, False),
        ({"state": "NEW", "late": True}, "MISSING", False, True),
        (
            {"state": "RECLAIMED_BY_STUDENT", "late": True, "submissionHistory": [HANDED_IN]},
            "MISSING",
            False,
            True,
        ),
        ({"state": "RECLAIMED_BY_STUDENT"}, "UNSUBMITTED", False, False),
        ({"state": "TURNED_IN"}, "SUBMITTED", False, False),
        ({"state": "TURNED_IN", "late": True}, "SUBMITTED", True, False),
        ({"state": "RETURNED", "submissionHistory": [HANDED_IN, RETURNED]}, "GRADED", False, False),
        ({"state": "RETURNED", "late": True, "submissionHistory": [HANDED_IN, RETURNED]}, "GRADED", True, False),
        ({"state": "RETURNED", "late": True, "submissionHistory": [RETURNED]}, "MISSING", False, True),
        ({"state": "RETURNED", "late": True, "assignedGrade": 8}, "GRADED", None, False),
        ({"state": "RETURNED", "late": True}, "GRADED", None, None),
        ({"state": "RETURNED"}, "GRADED", False, False),
        (
            {"state": "RETURNED", "late": True, "submissionHistory": [HANDED_IN, RECLAIMED, RETURNED]},
            "MISSING",
            False,
            True,
        ),
        (
            {"state": "RETURNED", "late": True, "submissionHistory": [RETURNED, HANDED_IN_AGAIN, RECLAIMED]},
            "GRADED",
            True,
            False,
        ),
        ({"state": "CREATED", "late": True, "assignedGrade": 0}, "GRADED", False, False),
        ({"state": "HANDED_OVER"}, "UNMAPPED", False, False),
        ({"state": "HANDED_OVER", "late": True}, "UNMAPPED", None, None),
        ({}, "UNMAPPED", False, None),
        ({"state": "NEW", "late": None}, "UNSUBMITTED", None, None),
        ({"state": "NEW", "late": "maybe"}, "UNSUBMITTED", None, None),
    ],
    ids=json.dumps,
)
def test_the_state_and_the_history_say_what_late_means(
    submission: dict[str, Any], status: str, late: bool | None, missing: bool | None
) -> None:
    """Classroom's `late` is also true for work that was never handed in, which is missing and not late."""
    result = record(submission)

    assert (result.status.name, result.late, result.missing) == (status, late, missing)
    assert result.excused is None


def test_a_grade_of_zero_is_a_grade() -> None:
    """It is not the absence of one."""
    result = record({"state": "RETURNED", "assignedGrade": 0})

    assert (result.score, result.grade, result.points_possible) == (0.0, "0", 10.0)


def test_a_draft_grade_does_not_count_as_a_grade() -> None:
    """It is not read, whatever is sent, and neither is when it was entered."""
    result = record({"state": "TURNED_IN", "draftGrade": 9.5, "submissionHistory": [HANDED_IN, DRAFTED]})

    assert (result.score, result.grade, result.graded_at, result.status.name) == (None, None, None, "SUBMITTED")
    assert "9.5" not in repr(result)
    assert "draft" not in field_mask(api.SubmissionPage).lower()


def test_work_that_was_reclaimed_before_it_was_returned_was_not_handed_in() -> None:
    """The teacher returned it without the student's work."""
    reclaimed = record({"state": "RETURNED", "assignedGrade": 0, "submissionHistory": [HANDED_IN, RECLAIMED]})
    returned = record({"state": "RETURNED", "assignedGrade": 0, "submissionHistory": [RECLAIMED, HANDED_IN_AGAIN]})

    assert reclaimed.submitted_at is None
    assert returned.submitted_at == datetime(2026, 1, 13, 9, 0, 0, 500_000, tzinfo=UTC)


def test_times_come_from_the_history() -> None:
    """The last hand-in, and the last change of the assigned grade."""
    history = [HANDED_IN, HANDED_IN_AGAIN, GRADED, RETURNED, DRAFTED]
    result = record({"state": "RETURNED", "assignedGrade": 7.25, "submissionHistory": history})

    assert result.submitted_at == datetime(2026, 1, 13, 9, 0, 0, 500_000, tzinfo=UTC)
    assert result.graded_at == datetime(2026, 1, 15, 9, 59, tzinfo=UTC)
    assert (result.score, result.grade) == (7.25, "7.25")


@subcases(
    ("work", "expected"),
    [
        ({}, None),
        ({"dueDate": {"year": 2026, "month": 1, "day": 12}, "dueTime": {"hours": 5, "minutes": 59}}, (12, 5, 59)),
        ({"dueDate": {"year": 2026, "month": 1, "day": 12}, "dueTime": {}}, (12, 0, 0)),
        ({"dueDate": {"year": 2026, "month": 1, "day": 12}, "dueTime": {"minutes": 30}}, (12, 0, 30)),
        ({"dueDate": {"year": 2026, "month": 1, "day": 12}}, (12, 23, 59)),
        ({"dueDate": {"year": 2026, "month": 1}}, None),
        ({"dueDate": {"year": 2026, "month": 2, "day": 30}}, None),
        ({"dueDate": {"year": 2026, "month": 1, "day": 12}, "dueTime": {"hours": 24}}, None),
        ({"dueDate": {"year": 10**12, "month": 1, "day": 12}}, None),
        ({"dueTime": {"hours": 5}}, None),
    ],
    ids=json.dumps,
)
def test_due_times_are_in_utc(work: dict[str, Any], expected: tuple[int, int, int] | None) -> None:
    """JSON leaves out parts that are 0; a date that is not complete is none."""
    due = due_at(payload(api.CourseWork, id="77", title="Essay", **work))

    assert due == (expected and datetime(2026, 1, expected[0], *expected[1:], tzinfo=UTC))


def test_work_without_points_is_ungraded() -> None:
    """A maximum of 0 says the same as none."""
    assert record({"state": "NEW"}, maxPoints=0).points_possible is None
    assert record({"state": "NEW"}, maxPoints=None).points_possible is None


def test_work_that_is_not_published_has_no_records() -> None:
    """The submissions of deleted work are still in the list of submissions."""
    row = payload(api.StudentSubmission, id="Cg4I", courseWorkId="78", userId="1099")

    assert [*Coursework(api.Course(id="5512"), None, {}).records(ADA, [row])] == []


def test_engagement_counts_hand_ins() -> None:
    """On time, late and missing; participations from a day on; the last change that the student made."""
    submissions = [
        payload(api.StudentSubmission, id=f"s{index}", courseWorkId="77", userId="1099", **values)
        for index, values in enumerate(
            [
                {"state": "TURNED_IN", "submissionHistory": [HANDED_IN, HANDED_IN_AGAIN, EDITED]},
                {"state": "RETURNED", "late": True, "submissionHistory": [HANDED_IN, RETURNED]},
                {"state": "NEW", "late": True},
                {"state": "CREATED"},
            ]
        )
    ]
    work = {"77": payload(api.CourseWork, id="77", title="Essay")}
    coursework = Coursework(api.Course(id="5512", name="Algebra"), None, work)
    result = course_engagement(coursework, ADA, submissions, None)
    later = course_engagement(coursework, ADA, submissions, date(2026, 1, 13))

    assert (result.on_time, result.late, result.missing) == (1, 1, 1)
    assert (result.participations, later.participations) == (3, 1)
    assert result.last_activity_at == later.last_activity_at == datetime(2026, 1, 14, 8, tzinfo=UTC)
    assert (result.page_views, result.total_activity_seconds) == (None, None)


def test_a_user_has_an_address_a_login_and_a_number() -> None:
    """The login counts only in the domain of students: a teacher's address may have the same part before the @."""
    profile = api.UserProfile(
        id="1099", name=api.Name(familyName=" Hill "), emailAddress="604822@Students.example"
    )
    person = subject("1099", profile, "students.example")

    assert person.ids == (("email", "604822@students.example"), ("login", "604822"), ("id", "1099"))
    assert (person.email, person.family_name) == ("604822@students.example", "Hill")
    assert subject("1099", profile, "staff.example").ids == (("email", "604822@students.example"), ("id", "1099"))
    assert subject("1099", None, None).ids == (("id", "1099"),)
    assert keyed_by_user("1099", None, None).student_id == "id:1099"


def test_courses_of_an_account_are_in_the_order_of_their_numbers() -> None:
    """Each once; ids are numbers as texts."""
    assert lms_account(ADA, ["9", "10", "9"]).course_ids == ("9", "10")


@subcases(
    ("key", "user"),
    [
        ("email:ada@hill.example", "ada@hill.example"),
        ("email:o'neil+x@hill.example", "o'neil+x@hill.example"),
        ("id:100000000000000007001", "100000000000000007001"),
        ("login:604822", "604822@students.example"),
        *(
            (key, None)
            for key in ("email:me", "id:me", "email:", "id:-1", "login:a/b", "email:a@b@c", "sis_user_id:1")
        ),
        *(
            (key, None)
            for key in ("email:../x@hill.example", "email:a@hill.example?x=1", "604822", "id:" + "9" * 40)
        ),
    ],
)
def test_only_addresses_and_numbers_name_users(key: str, user: str | None) -> None:
    """The text `me` would name the administrator."""
    if user is None:
        with pytest.raises(BadKeyError):
            user_of(StudentId(key), "students.example")
    else:
        assert user_of(StudentId(key), "students.example") == user


def test_without_a_domain_no_login_names_a_user() -> None:
    """The setting `student_domain` makes an address of it."""
    with pytest.raises(BadKeyError):
        user_of(StudentId("login:604822"), None)


@subcases(
    ("names", "text", "section"),
    [
        (SectionNames("domain_alias"), "d:ALG 1", "ALG 1"),
        (SectionNames("domain_alias", "sis_"), "d:sis_ALG-1", "ALG-1"),
        (SectionNames("project_alias"), "p:ALG-1", "ALG-1"),
        (SectionNames("section"), "ALG-1", "ALG-1"),
        (SectionNames("section", "Section "), "Section ALG-1", "ALG-1"),
        (SectionNames("domain_alias"), "p:ALG-1", None),
        (SectionNames("domain_alias", "sis_"), "d:ALG-1", None),
        (SectionNames("domain_alias"), "d:", None),
        (SectionNames(None), "d:ALG-1", None),
        (SectionNames("section"), None, None),
    ],
)
def test_a_course_names_its_section(names: SectionNames, text: str | None, section: str | None) -> None:
    """By an alias or a text, after a prefix; a text of another form names none."""
    expected = None if section is None else f"sis_section:{section}"

    assert names.section_id(text) == expected
    if expected is not None:
        assert names.text(SectionId(expected)) == text


@subcases("key", ["ALG-1", "d:ALG-1", "sis_section:a/b", "sis_section:..", "sis_section:"])
def test_a_key_that_no_course_can_have_is_refused(key: str) -> None:
    """Nothing is sent for it."""
    with pytest.raises(BadKeyError):
        SectionNames("domain_alias").text(SectionId(key))
