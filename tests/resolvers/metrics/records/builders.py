"""Records and requests for tests of metrics, with as few words as possible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters.model import (
    AcademicRecord,
    AcademicSubject,
    AssignmentWork,
    Course,
    CourseGrade,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    GradeLevel,
    GradePointAverage,
    GradeSource,
    GradeType,
    SchoolEnrollment,
    SchoolId,
    SectionId,
    StudentId,
    SubmissionStatus,
)
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings, StudentFacts
from student_graph.resolvers.metrics.measure import Measure, Metric
from student_graph.resolvers.metrics.registry import METRICS, PRESETS

STUDENT = StudentId("1")
SCHOOL = SchoolId("10")
YEAR_START = date(2021, 7, 1)
LAST_DAY = date(2022, 5, 27)
FALL = date(2021, 9, 1)
SUBJECT_OF_SECTION = {
    SectionId("math"): AcademicSubject.MATHEMATICS,
    SectionId("reading"): AcademicSubject.READING,
    SectionId("art"): AcademicSubject.FINE_ARTS,
}


def facts(**records: Any) -> StudentFacts:
    """A student with some records."""
    courses = {
        section: Course(
            vendor_id=section,
            section_id=section,
            course_code=section,
            course_title=section,
            subjects=[subject],
            subject_descriptors=[],
        )
        for section, subject in SUBJECT_OF_SECTION.items()
    }
    return StudentFacts(STUDENT, courses=courses, **records)


def measure(
    metric: Metric, of: StudentFacts, preset: str = "ews_sample", as_of: date = LAST_DAY, **choices: Any
) -> Measure:
    """A metric of a student."""
    return METRICS[metric].measure(of, MetricRequest(metric, PRESETS[preset], as_of, YEAR_START, **choices))


def settings(**values: Any) -> MetricSettings:
    """The settings of a district."""
    return MetricSettings(**values)


def codes(*texts: str) -> list[Descriptor]:
    """Codes of a vendor."""
    return [Descriptor(code_value=text) for text in texts]


def incident(
    identifier: str, *behaviors: str, day: date = FALL, part: str | None = "Perpetrator", school: SchoolId = SCHOOL
) -> DisciplineIncident:
    """An incident of the student."""
    return DisciplineIncident(
        vendor_id=identifier,
        student_id=STUDENT,
        school_id=school,
        incident_identifier=identifier,
        date=day,
        behaviors=codes(*behaviors),
        participation=codes(part) if part else [],
    )


def action(
    identifier: str, *kinds: str, incidents: tuple[str, ...] = (), day: date = FALL, **lengths: Any
) -> DisciplineAction:
    """A disciplinary action."""
    return DisciplineAction(
        vendor_id=identifier,
        student_id=STUDENT,
        school_id=SCHOOL,
        discipline_action_identifier=identifier,
        date=day,
        disciplines=codes(*kinds),
        incident_identifiers=[*incidents],
        **lengths,
    )


def grade(
    section: str | None, numeric: float | None = None, letter: str | None = None, **attributes: Any
) -> CourseGrade:
    """A grade of a grading period, posted in the SIS, unless the attributes say otherwise."""
    defaults: dict[str, Any] = {
        "vendor_id": "1",
        "source": GradeSource.SIS,
        "grade_type": GradeType.GRADING_PERIOD,
        "school_year": 2022,
    }
    return CourseGrade(
        student_id=STUDENT,
        section_id=SectionId(section) if section else None,
        numeric=numeric,
        letter=letter,
        **(defaults | attributes),
    )


def academic_record(
    credits_earned: float | None = None,
    *averages: GradePointAverage,
    year: int = 2022,
    term: str = "Fall Semester",
) -> AcademicRecord:
    """Credits and averages at the end of a term."""
    return AcademicRecord(
        vendor_id=f"{year}{term}",
        student_id=STUDENT,
        school_year=year,
        term=Descriptor(code_value=term),
        cumulative_earned_credits=credits_earned,
        grade_point_averages=[*averages],
    )


def enrollment(
    school: str,
    entry: date,
    exit_day: date | None = None,
    *,
    level: GradeLevel = GradeLevel.NINTH,
    **attributes: Any,
) -> SchoolEnrollment:
    """An enrollment."""
    return SchoolEnrollment(
        vendor_id=f"{school} {entry}",
        student_id=STUDENT,
        school_id=SchoolId(school),
        entry_date=entry,
        exit_withdraw_date=exit_day,
        grade_level=level,
        grade_level_descriptor=Descriptor(code_value=level.value),
        **attributes,
    )


def work(assignment: str, **attributes: Any) -> AssignmentWork:
    """An assignment that was due at noon on a day of fall, unless the attributes say otherwise."""
    defaults: dict[str, Any] = {
        "vendor_id": assignment,
        "due_at": datetime(2021, 9, 1, 12, tzinfo=UTC),
        "points_possible": 10.0,
        "status": SubmissionStatus.UNSUBMITTED,
        "missing": False,
    }
    return AssignmentWork(
        student_id=STUDENT, assignment_id=assignment, title=assignment, **(defaults | attributes)
    )
