"""A district of generated children: plain facts about each, and the records that a system has of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import AttendanceCategory, GradeLevel, Sensitivity, StudentId
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import ViewerRole
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CODE, VIEWER, World, school, school_enrollment, student

TODAY = date(2027, 3, 1)
FIRST_DAY = date(2026, 8, 20)
SCHOOL_DAYS = [
    day for n in range((TODAY - FIRST_DAY).days + 1) if (day := FIRST_DAY + timedelta(days=n)).weekday() < 5
]
SCHOOLS = ["101", "102", "103"]
GRADES = [GradeLevel.SIXTH, GradeLevel.SEVENTH, GradeLevel.EIGHTH]
PROGRAMS = ["LANGUAGE_INSTRUCTION", "TITLE_I", "GIFTED_AND_TALENTED"]
MEALS = {"FREE": "Free Lunch", "REDUCED": "Reduced Price Lunch", "FULL_PRICE": "Full Price Lunch"}
ROUTES = ["North", "South"]
UNREADABLE = [
    "program_participations_by_student",
    "food_service_by_student",
    "transportation_by_student",
    "attendance_events_by_student",
    "discipline_incidents_by_student",
]
"""Lookups that fail for some children."""


@dataclass
class Child:
    """What is true of one child."""

    number: str
    last_name: str
    school: str
    grade: GradeLevel
    entered: date
    left: date | None
    programs: dict[str, tuple[date, date | None]]
    """First day, and the first day after the last, of each program."""
    meal: str | None
    route: str | None
    absences: dict[date, bool]
    """Days of absence, and whether each is excused."""
    incidents: int
    sections: set[str]
    unreadable: set[str] = field(default_factory=set)
    """Lookups that fail for this child."""


def children(count: int, seed: int, *, with_failures: bool = True) -> list[Child]:
    """Return so many generated children; the same for a seed."""
    rng = random.Random(seed)  # noqa: S311 - the same children each time
    return [_child(str(1000 + n), rng, with_failures=with_failures) for n in range(count)]


def _child(number: str, rng: random.Random, *, with_failures: bool) -> Child:
    entered = rng.choice([FIRST_DAY, FIRST_DAY, FIRST_DAY, rng.choice(SCHOOL_DAYS[:-5])])
    left = rng.choice([None, None, None, None, rng.choice([day for day in SCHOOL_DAYS if day > entered])])
    enrolled = [day for day in SCHOOL_DAYS if day >= entered and (left is None or day < left)]
    # Many shares are at the edge of 10 %: one absence in ten days, or one more or less.
    absent = min(len(enrolled), max(0, len(enrolled) // 10 + rng.choice([-9, -2, -1, 0, 0, 1, 2, 9])))
    begin = rng.choice([FIRST_DAY, TODAY, TODAY + timedelta(days=1)])
    end = rng.choice([None, None, TODAY, TODAY + timedelta(days=1)])
    return Child(
        number=number,
        last_name=rng.choice(["Abbot", "Brook", "Élan"]),
        school=rng.choice(SCHOOLS),
        grade=rng.choice(GRADES),
        entered=entered,
        left=left,
        programs={name: (begin, end) for name in PROGRAMS if rng.random() < 0.25},
        meal=rng.choice([None, *MEALS]),
        route=rng.choice([None, *ROUTES]),
        absences={day: rng.random() < 0.5 for day in rng.sample(enrolled, absent)},
        incidents=rng.choice([0, 0, 0, 1, 2, 5]),
        sections={name for name in ("a", "b") if rng.random() < 0.3},
        unreadable={name for name in UNREADABLE if with_failures and rng.random() < 0.03},
    )


def is_enrolled(child: Child) -> bool:
    """Whether a child is enrolled today."""
    return child.entered <= TODAY and (child.left is None or child.left > TODAY)


def vendor_data(population: Iterable[Child]) -> VendorData:
    """Return the records of the children, as a system has them."""
    by_number = {child.number: child for child in population}

    def lookup(name: str, records: Callable[[Child], Any]) -> dict[str, Any]:
        return {
            number: UnavailableError("no answer in time") if name in child.unreadable else records(child)
            for number, child in by_number.items()
        }

    by_student = {
        name: lookup(name, records)
        for name, records in (
            ("school_enrollments_by_student", lambda child: [_enrollment(child)]),
            ("program_participations_by_student", _participations),
            ("food_service_by_student", _meals),
            ("transportation_by_student", _transportation),
            ("attendance_events_by_student", _events),
            ("discipline_incidents_by_student", _incidents),
            ("section_enrollments_by_student", _sections),
        )
    }
    days = [
        model.CalendarDay(
            vendor_id=f"{day}",
            school_id=model.SchoolId("101"),
            calendar_code="1",
            date=day,
            events=[CODE],
            instructional=True,
        )
        for day in SCHOOL_DAYS
    ]
    return VendorData(
        {
            "students_by_id": {n: student(n, "Kim", child.last_name) for n, child in by_number.items()},
            "roster_by_district": {
                "cedar": [student(n, "Kim", child.last_name) for n, child in by_number.items()]
            },
            "schools_by_district": {"cedar": [school(number) for number in SCHOOLS]},
            "schools_by_id": {number: school(number) for number in SCHOOLS},
            "school_enrollments_by_school": {
                at: [_enrollment(child) for child in by_number.values() if child.school == at] for at in SCHOOLS
            },
            "section_enrollments_by_section": {
                name: [row for child in by_number.values() for row in _sections(child) if row.section_id == name]
                for name in ("a", "b")
            },
            "calendar_days_by_school": {at: [_at(day, at) for day in days] for at in SCHOOLS},
            "sessions_by_school": {at: [_session(at)] for at in SCHOOLS},
            **by_student,
        }
    )


LISTED = ("program_participations", "food_service", "transportation", "discipline_incidents")
"""Lookups by student that the system also answers as a list of the district."""


def with_lists(data: VendorData) -> VendorData:
    """Return the same records, also as lists of the district; no child's records may be unreadable."""
    for name in LISTED:
        by_student = data.answers[f"{name}_by_student"]
        data.answers[f"{name}_by_district"] = {"cedar": [row for rows in by_student.values() for row in rows]}
    return data


def world(population: Iterable[Child], data: VendorData | None = None, **viewer: Any) -> World:
    """Return the district with a viewer who may see everything, unless `viewer` changes that."""
    source = third_party_source("sis", data or vendor_data(population))
    everything = World([source], VIEWER).as_viewer(role=ViewerRole.SERVICE, grants=unlimited_grants(*Sensitivity))
    return everything.as_viewer(**viewer)


def _at(day: model.CalendarDay, at: str) -> model.CalendarDay:
    return model.CalendarDay(
        vendor_id=day.vendor_id,
        school_id=model.SchoolId(at),
        calendar_code=day.calendar_code,
        date=day.date,
        events=day.events,
        instructional=True,
    )


def _session(at: str) -> model.Session:
    return model.Session(
        vendor_id=f"{at}-year",
        school_id=model.SchoolId(at),
        school_year=2027,
        session_name="Year",
        term=CODE,
        begin_date=FIRST_DAY,
        end_date=TODAY,
        total_instructional_days=len(SCHOOL_DAYS),
    )


def _enrollment(child: Child) -> model.SchoolEnrollment:
    return school_enrollment(
        child.number, child.school, child.grade, entry_date=child.entered, exit_withdraw_date=child.left
    )


def _participations(child: Child) -> list[model.ProgramParticipation]:
    return [
        model.ProgramParticipation(
            vendor_id=f"{child.number}-{name}",
            student_id=StudentId(child.number),
            program_name=name,
            program_type=model.ProgramType[name],
            program_type_descriptor=CODE,
            begin_date=begin,
            end_date=end,
            services=[],
        )
        for name, (begin, end) in child.programs.items()
    ]


def _meals(child: Child) -> list[model.FoodService]:
    if child.meal is None:
        return []
    return [
        model.FoodService(
            vendor_id=f"{child.number}-meals",
            student_id=StudentId(child.number),
            program_name="Meals",
            begin_date=FIRST_DAY,
            services=[model.Descriptor(code_value=MEALS[child.meal])],
        )
    ]


def _transportation(child: Child) -> list[model.Transportation]:
    if child.route is None:
        return []
    return [
        model.Transportation(
            vendor_id=f"{child.number}-bus",
            student_id=StudentId(child.number),
            bus_route=model.Descriptor(code_value=child.route),
            travel_days=[],
            travel_directions=[],
        )
    ]


def _events(child: Child) -> list[model.AttendanceEvent]:
    return [
        model.AttendanceEvent(
            vendor_id=f"{child.number}#{day}",
            student_id=StudentId(child.number),
            school_id=model.SchoolId(child.school),
            date=day,
            scope=model.AttendanceScope.SCHOOL,
            category=AttendanceCategory.EXCUSED_ABSENCE if excused else AttendanceCategory.UNEXCUSED_ABSENCE,
            raw=CODE,
            school_year=2027,
            session_name="Year",
        )
        for day, excused in sorted(child.absences.items())
    ]


def _incidents(child: Child) -> list[model.DisciplineIncident]:
    return [
        model.DisciplineIncident(
            vendor_id=f"{child.number}-{n}",
            student_id=StudentId(child.number),
            school_id=model.SchoolId(child.school),
            incident_identifier=f"{child.number}-{n}",
            date=child.entered,
            behaviors=[CODE],
            participation=[model.Descriptor(code_value="Perpetrator")],
        )
        for n in range(child.incidents)
    ]


def _sections(child: Child) -> list[model.SectionEnrollment]:
    return [
        model.SectionEnrollment(
            vendor_id=f"{child.number}@{name}",
            student_id=StudentId(child.number),
            section_id=model.SectionId(name),
        )
        for name in sorted(child.sections)
    ]
