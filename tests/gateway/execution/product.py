"""Small districts for random queries of the product's own schema: healthy, with an outage, and stale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters import model
from student_graph.adapters.errors import IdentityError, UnavailableError
from student_graph.adapters.model import SectionId, StudentId
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import VIEWER, World, attendance_event, school, school_enrollment, student

STUDENTS = ("1", "2", "3")


def grade(number: str, source: model.GradeSource) -> model.CourseGrade:
    return model.CourseGrade(
        vendor_id=f"{source.name}-{number}",
        student_id=StudentId(number),
        course_name="Algebra",
        section_id=SectionId("101/2027/Fall"),
        grade_type=model.GradeType.GRADING_PERIOD,
        source=source,
        numeric=91.5,
    )


def work(number: str) -> model.AssignmentWork:
    return model.AssignmentWork(
        vendor_id=f"work-{number}",
        student_id=StudentId(number),
        assignment_id=f"a-{number}",
        title="Essay",
        status=model.SubmissionStatus.SUBMITTED,
        due_at=datetime(2027, 2, 1, tzinfo=UTC),
    )


def sis() -> VendorData:
    return VendorData(
        {
            "students_by_id": {number: student(number) for number in STUDENTS},
            "schools_by_id": {"101": school("101")},
            "schools_by_district": {"cedar": [school("101")]},
            "school_enrollments_by_student": {
                "1": [school_enrollment("1"), school_enrollment("1", at="102", entry_date=date(2026, 9, 1))],
                "2": [school_enrollment("2", grade=model.GradeLevel.TENTH)],
            },
            "school_enrollments_by_school": {"101": [school_enrollment("1"), school_enrollment("2")]},
            "attendance_events_by_student": {"1": [attendance_event("1", date(2027, 1, n)) for n in (11, 12)]},
            "section_attendance_events_by_student": {},
            "course_grades_by_student": {n: [grade(n, model.GradeSource.SIS)] for n in STUDENTS},
        },
        roster=[student(number) for number in STUDENTS],
    )


def lms() -> VendorData:
    return VendorData(
        {
            "course_grades_by_student": {n: [grade(n, model.GradeSource.LMS)] for n in ("1", "3")},
            "assignment_work_by_student": {"1": [work("1")], "2": []},
        }
    )


def world(change: Callable[[VendorData, VendorData], Any] = lambda _sis, _lms: None) -> World:
    """Return a district with an SIS and an LMS, after a change of their data."""
    sis_data, lms_data = sis(), lms()
    change(sis_data, lms_data)
    return World([third_party_source("sis", sis_data), third_party_source("lms", lms_data)], VIEWER)


def stop_lms(_: VendorData, lms: VendorData) -> None:
    for lookup in lms.answers:
        lms.failing[lookup] = UnavailableError("no answer in time", retry_after=3)


def stop_sis(sis: VendorData, _: VendorData) -> None:
    for lookup in sis.answers:
        sis.failing[lookup] = UnavailableError("no answer in time")


def unlink_a_student(_: VendorData, lms: VendorData) -> None:
    for answers in lms.answers.values():
        answers["1"] = IdentityError("no link")


def make_stale(sis: VendorData, _: VendorData) -> None:
    sis.stale = True


WORLDS: dict[str, Callable[[], World]] = {
    "healthy": world,
    "LMS outage": lambda: world(stop_lms),
    "SIS outage": lambda: world(stop_sis),
    "one student unlinked": lambda: world(unlink_a_student),
    "stale": lambda: world(make_stale),
}
"""Districts by their state."""
