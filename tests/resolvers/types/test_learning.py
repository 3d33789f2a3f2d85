"""Tests taken, work assigned, and engagement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from student_graph.adapters import model
from student_graph.adapters.model import AcademicSubject
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import ME, World, ask, student, titles


def result(name: str, test: str, at: datetime | None) -> model.AssessmentResult:
    return model.AssessmentResult(
        vendor_id=name,
        student_id=ME,
        assessment_id=model.AssessmentId(test),
        administration_date=at,
        scores=[],
        performance_levels=[],
        objectives=[],
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("subject: [READING], families: []", []),
        ("subject: [READING]", ["r", "u"]),
        ('families: ["act"]', ["n", "o"]),
        ('from: "2026-10-01"', ["n", "r"]),
        ('to: "2026-10-01"', ["n", "o"]),
        ("latestOnly: true", ["n", "r"]),
    ],
)
async def test_assessments_are_narrowed_by_test_and_day(arguments: str, expected: list[str]) -> None:
    """Subject and family are the test's; a result without a day is in no span, and the oldest of its test."""
    tests = {
        key: model.Assessment(
            vendor_id=key,
            assessment_id=model.AssessmentId(key),
            assessment_identifier=key,
            title=key,
            family=family,
            subjects=[subject],
            subject_descriptors=[],
        )
        for key, family, subject in (
            ("act", "ACT", AcademicSubject.MATHEMATICS),
            ("map", "MAP", AcademicSubject.READING),
        )
    }
    results = [
        result("n", "act", datetime(2026, 10, 1, 9, tzinfo=UTC)),
        result("r", "map", datetime(2026, 11, 1, tzinfo=UTC)),
        result("o", "act", datetime(2025, 10, 1, tzinfo=UTC)),
        result("u", "map", None),
    ]
    shelf = Shelf(
        {
            "students_by_id": {"1": student("1")},
            "assessments_by_id": tests,
            "assessment_results_by_student": {"1": results},
        }
    )
    fields = f"n: assessments({arguments}) {{provenance {{recordId}} assessment {{title}}}}"
    told = await World([stranger("sis", shelf)]).data(f'{{student(studentUniqueId: "1") {{{fields}}}}}')

    assert titles(told["student"]) == expected


async def test_work_is_narrowed_by_status_and_due_time() -> None:
    """Work without a due time is due after nothing; an instant without a zone is UTC."""
    works = [
        model.AssignmentWork(
            vendor_id=name, student_id=ME, assignment_id=name, title=name, due_at=due, status=status
        )
        for name, due, status in (
            ("a", datetime(2027, 2, 1, 12, tzinfo=UTC), model.SubmissionStatus.MISSING),
            ("b", datetime(2027, 2, 2, 12, tzinfo=UTC), model.SubmissionStatus.GRADED),
            ("c", None, model.SubmissionStatus.MISSING),
        )
    ]
    told = await ask(
        """missing: assignments(status: [MISSING]) {provenance {recordId}}
        due: assignments(dueAfter: "2027-02-01T12:00:00") {provenance {recordId}}""",
        assignment_work_by_student=works,
    )

    assert (titles(told, "missing"), titles(told, "due")) == (["a", "c"], ["b"])


async def test_engagement_sums_what_courses_tell() -> None:
    """Sums of what is known; null, not zero, for what no course tells."""
    courses = [
        model.CourseEngagement(
            vendor_id="x", student_id=ME, page_views=3, last_activity_at=datetime(2027, 2, 1, tzinfo=UTC)
        ),
        model.CourseEngagement(vendor_id="y", student_id=ME, page_views=4),
    ]
    told = await ask(
        """n: engagement {since pageViews participations lastActivityAt courses {provenance {recordId}}}
        week: engagement(window: ONE_WEEK) {since} year: engagement(window: SCHOOL_YEAR) {since}""",
        course_engagement_by_student=courses,
    )

    assert (told["n"]["pageViews"], told["n"]["participations"]) == (7, None)
    assert [told[name]["since"] for name in ("n", "week", "year")] == ["2027-02-02", "2027-02-23", "2026-07-01"]
    assert titles(told["n"], "courses") == ["x", "y"]


async def test_a_student_in_no_course_has_no_engagement() -> None:
    """Null, not a row of zeros."""
    assert await ask("engagement {since}", course_engagement_by_student=[]) == {"engagement": None}
