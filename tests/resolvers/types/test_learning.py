"""Assessment results, assignments and engagement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from student_graph.adapters import model
from student_graph.adapters.model import AcademicSubject
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import ME, World, record_ids, student, student_fields


def result(name: str, assessment: str, at: datetime | None) -> model.AssessmentResult:
    return model.AssessmentResult(
        vendor_id=name,
        student_id=ME,
        assessment_id=model.AssessmentId(assessment),
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
async def test_assessment_results_are_filtered_by_assessment_and_day(arguments: str, expected: list[str]) -> None:
    """Subject and family are the assessment's; a result without a date is in no range, and is the oldest."""
    assessments = {
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
    sis = VendorData(
        {
            "students_by_id": {"1": student("1")},
            "assessments_by_id": assessments,
            "assessment_results_by_student": {"1": results},
        }
    )
    fields = f"n: assessments({arguments}) {{provenance {{recordId}} assessment {{title}}}}"
    data = await World([third_party_source("sis", sis)]).data(f'{{student(studentUniqueId: "1") {{{fields}}}}}')

    assert record_ids(data["student"]) == expected


async def test_work_is_filtered_by_status_and_due_time() -> None:
    """`dueAfter` leaves out work without a due time; a time without a zone is UTC."""
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
    data = await student_fields(
        """missing: assignments(status: [MISSING]) {provenance {recordId}}
        due: assignments(dueAfter: "2027-02-01T12:00:00") {provenance {recordId}}""",
        assignment_work_by_student=works,
    )

    assert (record_ids(data, "missing"), record_ids(data, "due")) == (["a", "c"], ["b"])


async def test_engagement_is_the_sum_of_all_courses() -> None:
    """A number that no course reports is null, not zero."""
    courses = [
        model.CourseEngagement(
            vendor_id="x", student_id=ME, page_views=3, last_activity_at=datetime(2027, 2, 1, tzinfo=UTC)
        ),
        model.CourseEngagement(vendor_id="y", student_id=ME, page_views=4),
    ]
    data = await student_fields(
        """n: engagement {since pageViews participations lastActivityAt courses {provenance {recordId}}}
        week: engagement(window: ONE_WEEK) {since} year: engagement(window: SCHOOL_YEAR) {since}""",
        course_engagement_by_student=courses,
    )

    assert (data["n"]["pageViews"], data["n"]["participations"]) == (7, None)
    assert [data[name]["since"] for name in ("n", "week", "year")] == ["2027-02-02", "2027-02-23", "2026-07-01"]
    assert record_ids(data["n"], "courses") == ["x", "y"]


async def test_a_student_in_no_course_has_no_engagement() -> None:
    """The field is null, not an object of zeros."""
    assert await student_fields("engagement {since}", course_engagement_by_student=[]) == {"engagement": None}
