"""Small districts for random queries of the product's own schema: well, partly down, and stale."""

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
    """A district of two sources, after a change."""
    one, two = sis(), lms()
    change(one, two)
    return World([third_party_source("sis", one), third_party_source("lms", two)], VIEWER)


def lms_down(_: VendorData, two: VendorData) -> None:
    for lookup in two.answers:
        two.failing[lookup] = UnavailableError("no answer in time", retry_after=3)


def sis_down(one: VendorData, _: VendorData) -> None:
    for lookup in one.answers:
        one.failing[lookup] = UnavailableError("no answer in time")


def one_student_unlinked(_: VendorData, two: VendorData) -> None:
    for held in two.answers.values():
        held["1"] = IdentityError("no link")


def stale(one: VendorData, _: VendorData) -> None:
    one.stale = True


WORLDS: dict[str, Callable[[], World]] = {
    "well": world,
    "lms down": lambda: world(lms_down),
    "sis down": lambda: world(sis_down),
    "one student unlinked": lambda: world(one_student_unlinked),
    "stale": lambda: world(stale),
}
"""Ways that a district can be, by name."""
