"""Generated students: few values, so that counts and means often equal the edges, and every fault of records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

from student_graph.adapters.model import (
    AcademicRecord,
    AcademicSubject,
    Assessment,
    AssessmentId,
    AssessmentResult,
    AssignmentWork,
    Course,
    CourseEngagement,
    CourseGrade,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    GradeLevel,
    GradePointAverage,
    GradeSource,
    GradeType,
    GradingPeriod,
    LmsCourseId,
    ObjectiveResult,
    PerformanceLevel,
    ResultDatatype,
    SchoolEnrollment,
    SchoolId,
    Score,
    Section,
    SectionId,
    StudentId,
    SubmissionStatus,
)
from student_graph.resolvers.metrics.facts import SchoolDays, SessionDays, StudentFacts

YEAR_START = date(2021, 7, 1)
LAST_DAY = date(2022, 5, 27)
SCHOOLS = (SchoolId("1"), SchoolId("2"), SchoolId("3"))
SECTIONS = tuple(SectionId(str(number)) for number in range(7))
SUBJECTS: tuple[list[AcademicSubject], ...] = (
    [AcademicSubject.MATHEMATICS],
    [AcademicSubject.READING],
    [AcademicSubject.ENGLISH_LANGUAGE_ARTS],
    [AcademicSubject.SCIENCE, AcademicSubject.MATHEMATICS],
    [AcademicSubject.FINE_ARTS],
    [AcademicSubject.UNMAPPED],
)
"""Subjects of the sections; the last section has no course."""
LETTERS = ("A", "B", "C", "D", "F", "I", "A-", "f ", None)
NUMBERS = (55.0, 64.9, 65.0, 71.99, 72.0, 80.0, 99.5, 100.0, None)
LENGTHS = (None, -1.0, 0.0, 0.5, 1.0, 3.0, 10.0)
PERCENTILES = ("29.9", "30", "70", "70.5", "< 5", "101", "ND", "55")
BEHAVIORS = ("State Offense", "state offense", "School Violation", "School Code of Conduct", "Other")
PARTS = ("Perpetrator", "perpetrator ", "Victim", "Witness")
KINDS = ("In School Suspension", "Out of School Suspension", "Expulsion", "Detention")
TESTS = (
    ("ACT Reading", None, [AcademicSubject.READING]),
    ("ACT Math", None, [AcademicSubject.MATHEMATICS]),
    ("ACT Both", None, [AcademicSubject.MATHEMATICS, AcademicSubject.READING]),
    ("SA-2011", None, [AcademicSubject.MATHEMATICS]),
    ("Other test", "Elsewhere", [AcademicSubject.MATHEMATICS]),
    ("Nameless", None, [AcademicSubject.WRITING]),
)
LEVELS = ("Met Standard", "Did Not Meet Standard", "met standard", "Advanced", "Nowhere")

T = TypeVar("T")


def students(seed: int, count: int) -> list[StudentFacts]:
    """Generated students with everything that metrics of records read."""
    random = Random(seed)  # noqa: S311 - the students must be the same in each run
    return [_student(random, StudentId(str(number))) for number in range(count)]


def _student(random: Random, student: StudentId) -> StudentFacts:
    sections = {
        section: Section(
            vendor_id=section,
            section_id=section,
            school_id=SCHOOLS[index % 2],
            section_identifier=section,
            session_name="Fall",
            school_year=2022,
            local_course_code=section,
        )
        for index, section in enumerate(SECTIONS)
    }
    courses = {
        section: Course(
            vendor_id=section,
            section_id=section,
            course_code=section,
            course_title=section,
            subjects=subjects,
            subject_descriptors=[],
        )
        for section, subjects in zip(SECTIONS[:-1], SUBJECTS, strict=True)
    }
    sessions = (SessionDays("Year", date(2021, 8, 23), LAST_DAY, 169),)
    return StudentFacts(
        student,
        school_days={SCHOOLS[0]: SchoolDays(days=(), sessions=sessions)},
        enrollments=_many(random, _enrollment, student, 4),
        incidents=_many(random, _incident, student, 7),
        actions=_many(random, _action, student, 6),
        grades=_many(random, _grade, student, 10),
        academic_records=_many(random, _record, student, 4),
        sections=sections,
        courses=courses,
        work=_many(random, _work, student, 8),
        engagement=_many(random, _engagement, student, 3),
        results=_many(random, _result, student, 6),
        assessments={("", name): _assessment(name, family, subjects) for name, family, subjects in TESTS},
    )


def _many(random: Random, make: object, student: StudentId, limit: int) -> list[T]:
    count = random.choice((0, random.randint(0, limit)))
    return [make(random, student, f"{number:03}") for number in range(count)]  # type: ignore[operator]


def _day(random: Random) -> date:
    """A day around the school year, its edges more often than others."""
    return random.choice((YEAR_START, LAST_DAY, YEAR_START + timedelta(days=random.randint(-40, 350))))


def _instant(random: Random) -> datetime | None:
    if random.random() < 0.2:
        return None
    return datetime.combine(_day(random), datetime.min.time(), UTC) + timedelta(hours=random.choice((0, 12, 23)))


def _codes(random: Random, codes: tuple[str, ...], limit: int = 2) -> list[Descriptor]:
    return [Descriptor(code_value=random.choice(codes)) for _ in range(random.randint(0, limit))]


def _enrollment(random: Random, student: StudentId, number: str) -> SchoolEnrollment:
    entry = _day(random)
    return SchoolEnrollment(
        vendor_id=number,
        student_id=student,
        school_id=random.choice(SCHOOLS),
        entry_date=entry,
        exit_withdraw_date=random.choice((None, entry + timedelta(days=random.choice((0, 1, 30, 90))))),
        grade_level=random.choice((GradeLevel.EIGHTH, GradeLevel.NINTH, GradeLevel.TENTH, GradeLevel.TWELFTH)),
        grade_level_descriptor=Descriptor(code_value="?"),
        primary_school=random.choice((None, None, True, False)),
    )


def _incident(random: Random, student: StudentId, number: str) -> DisciplineIncident:
    return DisciplineIncident(
        vendor_id=number,
        student_id=student,
        school_id=random.choice(SCHOOLS[:2]),
        incident_identifier=str(random.randint(1, 5)),
        date=_day(random),
        behaviors=_codes(random, BEHAVIORS),
        participation=_codes(random, PARTS),
    )


def _action(random: Random, student: StudentId, number: str) -> DisciplineAction:
    return DisciplineAction(
        vendor_id=number,
        student_id=student,
        school_id=random.choice((*SCHOOLS[:2], None)),
        discipline_action_identifier=number,
        date=random.choice((date(2021, 9, 1), date(2021, 9, 2), _day(random))),
        disciplines=_codes(random, KINDS),
        length=random.choice(LENGTHS),
        actual_length=random.choice(LENGTHS),
        incident_identifiers=random.sample(("1", "2", "3"), random.randint(0, 2)),
    )


def _grade(random: Random, student: StudentId, number: str) -> CourseGrade:
    sequence = random.choice((None, 1, 2))
    period = GradingPeriod(
        descriptor=Descriptor(code_value="Six Weeks"), sequence=sequence, name=str(sequence), school_year=2022
    )
    return CourseGrade(
        vendor_id=number,
        student_id=student,
        section_id=random.choice((*SECTIONS, None)),
        lms_course_id=random.choice((LmsCourseId("9"), None)),
        school_id=random.choice((*SCHOOLS, None, None)),
        school_year=random.choice((2022, 2022, None, 2021)),
        source=random.choice((GradeSource.SIS, GradeSource.SIS, GradeSource.LMS)),
        grade_type=random.choice(tuple(GradeType)),
        grading_period=random.choice((None, period)),
        course_name=random.choice((None, "Algebra")),
        letter=random.choice(LETTERS),
        numeric=random.choice(NUMBERS),
        current=random.choice((None, None, True, False)),
        as_of=random.choice((None, _day(random))),
    )


def _record(random: Random, student: StudentId, number: str) -> AcademicRecord:
    averages = [
        GradePointAverage(
            type=random.choice(
                (None, *(Descriptor(code_value=kind) for kind in ("Weighted", "unweighted", "Other")))
            ),
            value=random.choice((1.9, 2.0, 2.5, 3.0, 4.0)),
            max_value=random.choice((None, 4.0, 4.0, 5.0)),
            cumulative=random.choice((True, True, False, None)),
        )
        for _ in range(random.randint(0, 3))
    ]
    return AcademicRecord(
        vendor_id=number,
        student_id=student,
        school_year=random.choice((2020, 2021, 2022, 2022, 2023)),
        term=Descriptor(code_value=random.choice(("Spring Semester", "Fall Semester", "Summer", "Odd"))),
        cumulative_earned_credits=random.choice((None, 0.0, 4.5, 5.0, 12.0, 26.0)),
        grade_point_averages=averages,
    )


def _work(random: Random, student: StudentId, number: str) -> AssignmentWork:
    missing = random.choice((None, True, False, False))
    return AssignmentWork(
        vendor_id=number,
        student_id=student,
        section_id=random.choice((*SECTIONS, None)),
        lms_course_id=LmsCourseId("9"),
        assignment_id=str(random.randint(1, 12)),
        title="?",
        due_at=_instant(random),
        points_possible=random.choice((None, 0.0, 10.0, 100.0)),
        status=random.choice(tuple(SubmissionStatus)),
        score=random.choice((None, 0.0, 0.0, 5.0, 10.0, 103.0)),
        late=random.choice((None, True, False)),
        missing=missing,
        excused=random.choice((None, True, False, False)),
        submitted_at=_instant(random),
        graded_at=_instant(random),
    )


def _engagement(random: Random, student: StudentId, number: str) -> CourseEngagement:
    return CourseEngagement(
        vendor_id=number,
        student_id=student,
        page_views=random.choice((None, 0, 12)),
        participations=random.choice((None, 0, 3)),
    )


def _assessment(name: str, family: str | None, subjects: list[AcademicSubject]) -> Assessment:
    return Assessment(
        vendor_id=name,
        assessment_id=AssessmentId(name),
        assessment_identifier=name,
        title=name,
        family=family,
        subjects=subjects,
        subject_descriptors=[],
    )


def _result(random: Random, student: StudentId, number: str) -> AssessmentResult:
    name = random.choice([name for name, _, _ in TESTS])
    text = random.choice(PERCENTILES)
    score = Score(
        reporting_method=Descriptor(code_value="National Percentile"),
        result=text,
        numeric=float(text) if text.replace(".", "").isdigit() else None,
        datatype=ResultDatatype.PERCENTILE,
    )
    return AssessmentResult(
        vendor_id=number,
        student_id=student,
        assessment_id=AssessmentId(name),
        administration_date=random.choice((_instant(random), datetime(9999, 1, 1, tzinfo=UTC))),
        retest=random.choice((None, True, False)),
        scores=random.choice(([], [score])),
        performance_levels=[PerformanceLevel(level=level) for level in _codes(random, LEVELS)],
        objectives=[
            ObjectiveResult(
                identification_code=str(part),
                scores=[],
                performance_levels=[PerformanceLevel(level=level) for level in _codes(random, LEVELS, 1)],
            )
            for part in range(random.randint(0, 3))
        ],
    )
