"""Rows become records, whatever a server leaves out or writes differently."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import GradeLevel, SchoolId, StudentId, SubmissionStatus
from student_graph.adapters.oneroster.api import gradebook as book
from student_graph.adapters.oneroster.api.rostering import (
    AcademicSession,
    Class,
    Demographics,
    Enrollment,
    Org,
    User,
)
from student_graph.adapters.oneroster.mapping.assessments import assessment_results
from student_graph.adapters.oneroster.mapping.codes import grade_level, submission_status
from student_graph.adapters.oneroster.mapping.gradebook import assignment_work, has_grade
from student_graph.adapters.oneroster.mapping.people import Person, demographics, identity, school_enrollments
from student_graph.adapters.oneroster.mapping.schools import Calendar, section
from tests.subcases import subcases

STUDENT = Person(StudentId("1"), [User(sourcedId="u", userIds=[], agents=[], orgs=[], roles=[])])
YEAR = {
    "sourcedId": "y",
    "title": "2025-2026",
    "type": "schoolYear",
    "startDate": "2025-08-20",
    "endDate": "2026-05-29",
}
TODAY = date(2026, 1, 15)


def sessions(*rows: dict[str, Any]) -> Calendar:
    return Calendar((AcademicSession.model_validate(row) for row in rows), "day_after")


@subcases(
    ("sent", "read"), [("true", True), ("false", False), (True, True), (False, False), (None, None), ("", None)]
)
def test_booleans_are_texts_or_booleans(sent: object, read: bool | None) -> None:
    """The standard has texts, its own document has both, and some servers send nothing."""
    row = Demographics.model_validate({"sourcedId": "u", "white": sent})

    assert read is row.white
    assert (["White"] if read else []) == [race.code_value for race in demographics(STUDENT, row).races]


@subcases(
    ("code", "level"),
    [
        ("09", GradeLevel.NINTH),
        ("9", GradeLevel.NINTH),
        ("kg", GradeLevel.KINDERGARTEN),
        ("Tenth grade", GradeLevel.TENTH),
        ("Freshman", GradeLevel.UNMAPPED),
    ],
)
def test_grades_are_codes_or_phrases(code: str, level: GradeLevel) -> None:
    """Other texts are unmapped and never guessed."""
    assert level is grade_level(code)


@pytest.mark.parametrize("sent", ["2026", 2026, {"sourcedId": "y", "href": "/academicSessions/y"}, None])
def test_a_school_year_is_a_text_a_number_or_that_of_the_parent(sent: object) -> None:
    """A session without a school year has that of its parent, or of the date on which it ends."""
    term = {"sourcedId": "t", "title": "Fall", "type": "term", "schoolYear": sent, "parent": {"sourcedId": "y"}}

    assert sessions(YEAR, term).year_of("t") == 2026


@subcases(
    ("sent", "periods", "room"),
    [
        ({"periods": ["2", "1", "2", " "], "location": "220"}, ["1", "2"], "220"),
        ({"periods": "1", "location": ""}, ["1"], None),
        ({"periods": "5, 1,3,"}, ["1", "3", "5"], None),
        ({"periods": None, "location": None}, [], None),
        ({}, [], None),
    ],
)
def test_a_section_has_the_periods_and_the_location_of_the_class(
    sent: dict[str, Any], periods: list[str], room: str | None
) -> None:
    """Some servers send one text instead of a list, or an empty text instead of nothing."""
    row = Class.model_validate({"sourcedId": "c", "terms": [{"sourcedId": "y"}], **sent})
    record = section(row, SchoolId("1"), sessions(YEAR), {})

    assert (record.class_periods, record.room) == (periods, room)


def test_a_cycle_of_sessions_has_no_school_year() -> None:
    """The search for a parent ends."""
    row = {"sourcedId": "t", "title": "Fall", "type": "term", "parent": {"sourcedId": "t"}}

    assert sessions(row).year_of("t") is None


@pytest.mark.parametrize("reference", [{}, None, {"sourcedId": ""}, "undefined/classes/1"])
def test_a_reference_without_an_id_is_none(reference: object) -> None:
    """Only `sourcedId` counts, because an address may lead nowhere."""
    assert Enrollment.model_validate({"sourcedId": "e", "role": "student", "class": reference}).class_ is None


def test_version_1_1_has_one_role_at_every_organization() -> None:
    """A student of two schools has two enrollments, which begin with the school year."""
    row = {"sourcedId": "u", "role": "student", "orgs": [{"sourcedId": "a"}, {"sourcedId": "b"}], "grades": ["09"]}
    orgs = {name: Org.model_validate({"sourcedId": name, "name": name, "type": "school"}) for name in "ab"}
    enrollments = school_enrollments(
        Person(StudentId("1"), [User.model_validate(row)]), orgs, sessions(YEAR), TODAY, "day_after"
    )

    assert [(enrollment.school_id, enrollment.school_year) for enrollment in enrollments] == [
        ("a", 2026),
        ("b", 2026),
    ]
    assert {(date(2025, 8, 20), "Derived from roles", GradeLevel.NINTH)} == {
        (
            enrollment.entry_date,
            enrollment.entry_type.code_value if enrollment.entry_type else "",
            enrollment.grade_level,
        )
        for enrollment in enrollments
    }


def test_sessions_without_dates_are_an_error() -> None:
    """If no session has the first day of the school year, none is invented."""
    with pytest.raises(PayloadError):
        sessions().first_day(TODAY)


def test_a_class_without_a_term_is_an_error() -> None:
    """Its school year is unknown."""
    with pytest.raises(PayloadError):
        section(Class.model_validate({"sourcedId": "c", "terms": None}), SchoolId("a"), sessions(YEAR), {})


def test_social_security_numbers_are_never_returned() -> None:
    """In any spelling of their type; e-mail addresses and all other numbers are returned."""
    numbers = [{"type": kind, "identifier": "123456789"} for kind in ("SSN", "Social Security", "State", None)]
    row = User.model_validate({"sourcedId": "u", "userIds": numbers, "email": "a@x.example"})
    record = identity(Person(StudentId("1"), [row]), None)

    assert [identifier.system for identifier in record.identifiers] == ["State", "Email", "sourcedId"]


@subcases(
    ("state", "missing", "status"),
    [
        ("exempt", True, SubmissionStatus.EXCUSED),
        ("not submitted", True, SubmissionStatus.MISSING),
        ("not submitted", False, SubmissionStatus.UNSUBMITTED),
        ("Fully Graded", False, SubmissionStatus.GRADED),
        ("Turned-In", False, SubmissionStatus.SUBMITTED),
        ("lost", False, SubmissionStatus.UNMAPPED),
        (None, False, SubmissionStatus.UNMAPPED),
    ],
)
def test_excused_work_is_not_missing(state: str | None, missing: bool, status: SubmissionStatus) -> None:
    """Work that is not excused is missing, whatever its status."""
    assert status is submission_status(state, missing=missing)


@pytest.mark.parametrize(
    ("due", "at"),
    [
        ("2026-01-17", datetime(2026, 1, 17, 23, 59, tzinfo=UTC)),
        (" 2026-01-17 ", datetime(2026, 1, 17, 23, 59, tzinfo=UTC)),
        ("2026-01-17T00:00:00.000Z", datetime(2026, 1, 17, tzinfo=UTC)),
        ("2026-01-17T08:00:00.000Z", datetime(2026, 1, 17, 8, tzinfo=UTC)),
        ("2026-01-17T08:00:00-05:00", datetime(2026, 1, 17, 13, tzinfo=UTC)),
        (None, None),
    ],
)
def test_work_is_due_at_an_instant(due: str | None, at: datetime | None) -> None:
    """Servers send dates and instants in the same response. Work that is due on a day is due at its end."""
    item = book.LineItem.model_validate({"sourcedId": "l", "dueDate": due, "resultValueMax": None})
    result = book.Result.model_validate(
        {"sourcedId": "r", "score": 8, "late": "true", "scoreStatus": "fully graded"}
    )
    work = assignment_work(item, result, None, STUDENT)

    assert (at, 8.0, True, None, False) == (work.due_at, work.score, work.late, work.missing, work.excused)


@subcases("status", ["exempt", "not submitted", "submitted", "Not_Submitted", "EXEMPT", "notSubmitted"])
def test_a_result_without_a_grade_has_no_score(status: str) -> None:
    """Servers send a score of 0 with work that is exempt, or that nobody has graded."""
    result = book.Result.model_validate(
        {"sourcedId": "r", "score": 0, "textScore": "F", "scoreStatus": status, "scoreDate": "2026-01-15"}
    )
    work = assignment_work(book.LineItem.model_validate({"sourcedId": "l"}), result, None, STUDENT)

    assert not has_grade(result)
    assert (work.score, work.grade, work.graded_at) == (None, None, None)
    assert work.status is not SubmissionStatus.UNMAPPED
    assert work.excused is (status.lower() == "exempt")


@subcases("status", ["fully graded", "partially graded", "Fully Graded", "fullyGraded", None, "final"])
def test_a_graded_result_has_its_score(status: str | None) -> None:
    """A score of 0 is a grade, also with a status that the standard does not have."""
    assert has_grade(book.Result.model_validate({"sourcedId": "r", "score": 0, "scoreStatus": status}))


@subcases("status", ["pending", "In Progress", "withdrawn", "N/A", "Waived", "needs grading", "???x"])
def test_a_score_of_0_with_another_status_is_no_grade(status: str) -> None:
    """The words of servers have no end: with one that nobody knows, only a score that is not 0 is a grade."""
    row = {"sourcedId": "r", "score": 0, "scoreStatus": status}

    assert not has_grade(book.Result.model_validate(row))
    assert has_grade(book.Result.model_validate(row | {"score": 85, "scoreStatus": "late work"}))


@subcases(
    ("sent", "role"),
    [
        ("Student", "student"),
        ("TEACHER ", "teacher"),
        ("site_administrator", "siteAdministrator"),
        ("System Administrator", "systemAdministrator"),
        ("Parent", "parent"),
        (" Parent/Guardian", "Parent/Guardian"),
        ("substitute", "substitute"),
    ],
)
def test_roles_count_with_any_capitals_and_separators(sent: str, role: str) -> None:
    """A role with a capital letter hid the students and teachers of a server; an unknown role stays unknown."""
    user = User.model_validate({"sourcedId": "u", "role": sent, "orgs": [{"sourcedId": "o"}]})
    enrollment = Enrollment.model_validate({"sourcedId": "e", "role": sent})

    assert [user.all_roles[0].role, enrollment.role] == [role, role]
    assert Org.model_validate({"sourcedId": "o", "name": "Oak", "type": "School"}).type == "school"
    assert AcademicSession.model_validate({"sourcedId": "s", "title": "Q1", "type": "GRADING PERIOD"}).type == (
        "gradingPeriod"
    )


@pytest.mark.parametrize(
    ("status", "item"), [("exempt", "t"), ("not submitted", "t"), ("fully graded", "deleted")]
)
def test_a_test_that_was_not_taken_or_is_deleted_has_no_result(status: str, item: str) -> None:
    """The score is 0 because there is none, or belongs to a line item that is not active."""
    items = {"t": book.AssessmentLineItem.model_validate({"sourcedId": "t", "title": "MAP Growth Math"})}
    row = {"sourcedId": "1", "score": 0, "scoreStatus": status, "assessmentLineItem": {"sourcedId": item}}

    assert assessment_results([book.AssessmentResult.model_validate(row)], items, STUDENT) == []


def test_results_of_parts_belong_to_the_result_of_the_same_date() -> None:
    """Two dates are two results, each with its parts, the latest first."""
    items = {
        "t": book.AssessmentLineItem.model_validate({"sourcedId": "t", "title": "MAP Growth Math"}),
        "p": book.AssessmentLineItem.model_validate(
            {"sourcedId": "p", "title": "Algebra", "parentAssessmentLineItem": {"sourcedId": "t"}}
        ),
    }
    rows = [
        {"sourcedId": "1", "item": "t", "score": 214, "scorePercentile": 61, "scoreDate": "2026-01-15"},
        {"sourcedId": "2", "item": "p", "score": 7.5, "textScore": "High", "scoreDate": "2026-01-15"},
        {"sourcedId": "3", "item": "t", "score": 209, "scoreDate": "2025-09-15"},
    ]
    records = assessment_results(
        [
            book.AssessmentResult.model_validate(row | {"assessmentLineItem": {"sourcedId": row["item"]}})
            for row in rows
        ],
        items,
        STUDENT,
    )

    assert [record.vendor_id for record in records] == ["1", "3"]
    assert [(score.reporting_method.code_value, score.result) for score in records[0].scores] == [
        ("Score", "214"),
        ("Percentile", "61"),
    ]
    assert [
        (part.identification_code, part.scores[0].result, part.performance_levels[0].level.code_value)
        for part in records[0].objectives
    ] == [("Algebra", "7.5", "High")]
    assert records[1].objectives == []
