"""Generated districts: few days, so that shares often equal the edges, and every fault that records have."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from student_graph.adapters.model import (
    AttendanceCategory,
    AttendanceEvent,
    AttendanceScope,
    CalendarDay,
    Descriptor,
    GradeLevel,
    SchoolEnrollment,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    Session,
    StudentId,
)

YEAR_START = date(2021, 7, 1)
SESSIONS = (("Fall", date(2021, 8, 23), date(2021, 10, 15)), ("Winter", date(2021, 10, 18), date(2021, 12, 17)))
HOLIDAYS = frozenset({date(2021, 9, 6), date(2021, 11, 25), date(2021, 11, 26)})
RANGE = [YEAR_START + timedelta(days=offset) for offset in range(40, 180)]
"""The days on which something is recorded: some before and after the sessions."""
DURATIONS = (None, None, None, 1.0, 1.0, 0.5, 0.5, 0.25, 0.1, 0.0, -1.0, 2.0, float("nan"))
PERIODS = ("01 - Traditional", "First", "2", "07")


@dataclass
class GeneratedSchool:
    """What a school records about its days."""

    school_id: SchoolId
    calendar: list[CalendarDay]
    sessions: list[Session]


@dataclass
class GeneratedStudent:
    """What is recorded of a student."""

    student_id: StudentId
    enrollments: list[SchoolEnrollment] = field(default_factory=list)
    events: list[AttendanceEvent] = field(default_factory=list)
    class_events: list[AttendanceEvent] = field(default_factory=list)
    section_enrollments: list[SectionEnrollment] = field(default_factory=list)


@dataclass
class GeneratedDistrict:
    """Four schools: with a complete calendar, with a part of one, with sessions only, and with days of two."""

    schools: dict[SchoolId, GeneratedSchool]
    sections: dict[SectionId, Section]
    students: list[GeneratedStudent]


def generate(seed: int, students: int) -> GeneratedDistrict:
    """A district of so many students; equal seeds give equal districts."""
    random = Random(seed)  # noqa: S311 - a repeatable sample, no secret
    schools = {
        SchoolId(name): _school(random, SchoolId(name)) for name in ("full", "partly", "stated", "two-days")
    }
    sections = {
        SectionId(f"{school}-{number}"): _section(random, school, number)
        for school in schools
        for number in range(3)
    }
    rows = [_student(random, StudentId(str(number)), list(schools), sections) for number in range(students)]
    return GeneratedDistrict(schools, sections, rows)


def _school(random: Random, school: SchoolId) -> GeneratedSchool:
    days = [day for day in RANGE if SESSIONS[0][1] <= day <= SESSIONS[1][2] and day.weekday() < 5]
    days = [day for day in days if day not in HOLIDAYS]
    if school == "partly":
        days = [day for day in days if day <= SESSIONS[0][2]]
    elif school == "two-days":
        days = [days[0], days[-1]]
    elif school == "stated":
        days = []
    calendar = [
        CalendarDay(
            vendor_id="day",
            school_id=school,
            calendar_code="main",
            date=day,
            events=[],
            instructional=True,
        )
        for day in days
    ]
    sessions = [
        Session(
            vendor_id="session",
            school_id=school,
            school_year=2022,
            session_name=name,
            term=Descriptor(code_value=name),
            begin_date=first,
            end_date=last,
            total_instructional_days=random.choice((38, 39, 40)) if school != "two-days" else None,
        )
        for name, first, last in SESSIONS
    ]
    return GeneratedSchool(school, calendar, sessions)


def _section(random: Random, school: SchoolId, number: int) -> Section:
    return Section(
        vendor_id="section",
        section_id=SectionId(f"{school}-{number}"),
        school_id=school,
        section_identifier=str(number),
        session_name=SESSIONS[number % 2][0],
        school_year=2022,
        local_course_code="MATH",
        class_periods=random.choice(([], [PERIODS[0]], [PERIODS[1]], [PERIODS[2]], [PERIODS[2], PERIODS[3]])),
    )


def _student(
    random: Random, student: StudentId, schools: list[SchoolId], sections: dict[SectionId, Section]
) -> GeneratedStudent:
    own = random.sample(schools, random.choice((1, 1, 1, 2)))
    row = GeneratedStudent(student)
    if random.random() < 0.85:
        row.enrollments = [enrollment for school in own for enrollment in _enrollments(random, student, school)]
    event_schools = [*own, random.choice(schools)] if random.random() < 0.2 else own
    rate = random.choice((0.0, 0.05, 0.1, 0.1, 0.2, 0.5, 0.9))
    for day in RANGE:
        while random.random() < rate * (0.2 if day.weekday() > 4 else 1):
            row.events.append(_event(random, student, random.choice(event_schools), day, None))
            if random.random() < 0.9:
                break
    if random.random() < 0.3:
        tail = [day for day in RANGE if day.weekday() < 5][-40:-25]
        row.events += [_absence(student, own[0], day) for day in tail if random.random() < 0.9]
    for section_id in random.sample(list(sections), 3):
        section = sections[section_id]
        if random.random() < 0.7:
            row.section_enrollments.append(
                SectionEnrollment(
                    vendor_id="enrollment",
                    student_id=student,
                    section_id=section_id,
                    begin_date=random.choice((None, None, date(2021, 9, 10))),
                    end_date=random.choice((None, None, date(2021, 12, 1))),
                )
            )
        for day in random.sample(RANGE, 12):
            row.class_events.append(_event(random, student, section.school_id, day, section_id))
    random.shuffle(row.events)
    return row


def _enrollments(random: Random, student: StudentId, school: SchoolId) -> list[SchoolEnrollment]:
    """One enrollment, or one with a re-entry on the same day or later."""
    entry = random.choice(
        (date(2021, 7, 1), SESSIONS[0][1], SESSIONS[0][1], date(2021, 9, 20), date(2021, 10, 18))
    )
    if random.random() < 0.5:
        return [_enrollment(random, student, school, entry, None)]
    leaves = entry + timedelta(days=random.choice((0, 10, 40, 60)))
    rows = [_enrollment(random, student, school, entry, leaves)]
    if random.random() < 0.6:
        returns = leaves + timedelta(days=random.choice((0, 0, 1, 12)))
        rows.append(_enrollment(random, student, school, returns, random.choice((None, date(2021, 12, 3)))))
    return rows


def _enrollment(
    random: Random, student: StudentId, school: SchoolId, entry: date, leaves: date | None
) -> SchoolEnrollment:
    derived = random.random() < 0.05
    return SchoolEnrollment(
        vendor_id="enrollment",
        student_id=student,
        school_id=school,
        entry_date=entry,
        exit_withdraw_date=leaves,
        entry_type=Descriptor(code_value="Derived from other records") if derived else None,
        grade_level=GradeLevel.NINTH,
        grade_level_descriptor=Descriptor(code_value="Ninth grade"),
    )


def _event(
    random: Random, student: StudentId, school: SchoolId, day: date, section: SectionId | None
) -> AttendanceEvent:
    event = _absence(student, school, day)
    event.category = random.choice(
        (
            *(AttendanceCategory.EXCUSED_ABSENCE,) * 3,
            *(AttendanceCategory.UNEXCUSED_ABSENCE,) * 3,
            *(AttendanceCategory.TARDY,) * 2,
            AttendanceCategory.IN_ATTENDANCE,
            AttendanceCategory.EARLY_DEPARTURE,
            AttendanceCategory.PARTIAL,
            AttendanceCategory.UNMAPPED,
        )
    )
    event.duration = random.choice(DURATIONS)
    if section is not None:
        event.scope, event.section_id = AttendanceScope.SECTION, section
    return event


def _absence(student: StudentId, school: SchoolId, day: date) -> AttendanceEvent:
    return AttendanceEvent(
        vendor_id="event",
        student_id=student,
        school_id=school,
        date=day,
        scope=AttendanceScope.SCHOOL,
        category=AttendanceCategory.UNEXCUSED_ABSENCE,
        raw=Descriptor(code_value="code"),
        school_year=2022,
        session_name="Fall",
    )
