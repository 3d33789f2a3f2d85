"""
The rows of PowerQueries, from the facts of a district.

A value is a text also where the database has a number, as PowerSchool sends it, and null where there is none. A
column whose name begins with `_` is not sent: queries select rows by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TypeAlias

from student_graph.adapters.powerschool.sandbox.school_life import attendance, grades, transportation
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact, StudentFact
from student_graph.adapters.sandbox.years import INSTRUCTION

Row: TypeAlias = dict[str, str | None]
SectionKey: TypeAlias = tuple[int, int, str, str, str]

GRADE_NUMBERS = {
    name: number
    for number, name in enumerate((
        "Kindergarten", "First grade", "Second grade", "Third grade", "Fourth grade", "Fifth grade", "Sixth grade",
        "Seventh grade", "Eighth grade", "Ninth grade", "Tenth grade", "Eleventh grade", "Twelfth grade",
    ))
}  # fmt: skip
_CREDIT_TYPES = {
    "English Language Arts": "ENG",
    "Mathematics": "MATH",
    "Science": "SCI",
    "Social Studies": "SS",
    "Fine and Performing Arts": "FA",
    "Physical, Health, and Safety Education": "PE",
    "Other": "ELEC",
}
_DAY_KINDS = {"Instructional day": "R", "Make-up day": "MU", "Holiday": "H", "Weather day": "W"}
MAX_RACES = 5
"""Races of a student that the query has columns for."""


def tables(facts: DistrictFacts) -> dict[str, list[Row]]:
    """Return the rows of each kind of query, in the order of their ids."""
    sections = {section.key: str(3001 + position) for position, section in enumerate(facts.sections)}
    makers: dict[str, Callable[[], Iterator[Row]]] = {
        "people.students": lambda: (_student(fact) | {"dcid": dcid} for dcid, fact in _numbered(facts.students)),
        "people.identities": lambda: (
            _identity(fact) | {"dcid": dcid} for dcid, fact in _numbered(facts.students)
        ),
        "people.demographics": lambda: (
            _demographics(fact) | {"dcid": dcid} for dcid, fact in _numbered(facts.students)
        ),
        "people.staff_assignments": lambda: _staff_assignments(facts),
        "people.staff": lambda: _staff(facts),
        "enrollment.school_enrollments": lambda: _school_enrollments(facts),
        "schools.schools": lambda: _schools(facts),
        "schools.terms": lambda: _terms(facts),
        "schools.calendar_days": lambda: _calendar_days(facts),
        "schedule.sections": lambda: _sections(facts, sections),
        "schedule.section_enrollments": lambda: _section_enrollments(facts, sections),
        "schedule.section_staff": lambda: _section_staff(facts, sections),
        "attendance.daily": lambda: attendance(facts, sections, in_sections=False),
        "attendance.meeting": lambda: attendance(facts, sections, in_sections=True),
        "grades.stored": lambda: grades(facts, sections),
        "transportation.transportation": lambda: transportation(facts),
    }
    return {name: list(make()) for name, make in makers.items()}


def section_ids(facts: DistrictFacts) -> list[str]:
    """Return the ids of all sections."""
    return [str(3001 + position) for position in range(len(facts.sections))]


def _numbered(students: list[StudentFact]) -> Iterator[tuple[str, StudentFact]]:
    return ((str(9001 + position), fact) for position, fact in enumerate(students))


def _student(fact: StudentFact) -> Row:
    return {
        "student_number": fact.id,
        "first_name": fact.first,
        "middle_name": fact.middle,
        "last_name": fact.last,
    }


def _identity(fact: StudentFact) -> Row:
    return {
        "student_number": fact.id,
        "state_number": next((code for system, code in fact.codes if system == "State"), None),
        "last_name": fact.last,
        "birth_date": fact.birth.isoformat(),
        "email": fact.email or None,
    }


def _demographics(fact: StudentFact) -> Row:
    races = sorted(fact.races)
    return {
        "student_number": fact.id,
        "birth_date": fact.birth.isoformat(),
        "gender": fact.sex[:1],
        "hispanic": "1" if fact.hispanic else "0",
        **{f"race_{n + 1}": races[n] if n < len(races) else None for n in range(MAX_RACES)},
    }


def _staff(facts: DistrictFacts) -> Iterator[Row]:
    for position, fact in enumerate(facts.staff):
        yield {
            "dcid": str(501 + position),
            "teacher_number": fact.id,
            "first_name": fact.first,
            "last_name": fact.last,
            "email": fact.email,
        }


def _staff_assignments(facts: DistrictFacts) -> Iterator[Row]:
    """Positions at schools, from the first day of the school year: PowerSchool has no other day."""
    first_days = {fact.school: fact.begin for fact in reversed(facts.sessions)}
    for position, fact in enumerate(facts.staff):
        if fact.organization in first_days:
            yield {
                "dcid": str(1501 + position),
                "teacher_number": fact.id,
                "school_number": str(fact.organization),
                "title": fact.title,
                "first_day": first_days[fact.organization].isoformat(),
            }


def _school_enrollments(facts: DistrictFacts) -> Iterator[Row]:
    dcids = {student.id: dcid for dcid, student in _numbered(facts.students)}
    for fact in facts.enrollments:
        yield {
            "enrollment_id": f"{dcids[fact.student]}-{fact.school}-{fact.entry:%Y%m%d}",
            "student_number": fact.student,
            "school_number": str(fact.school),
            "entry_date": fact.entry.isoformat(),
            "exit_date": (fact.exit or _last_day(facts, fact.school) + timedelta(days=1)).isoformat(),
            "entry_code": fact.entry_type,
            "exit_code": fact.exit_type,
            "grade_level": str(GRADE_NUMBERS[fact.grade]),
            "school_year": str(fact.year),
        }


def _last_day(facts: DistrictFacts, school: int) -> date:
    return max(session.end for session in facts.sessions if session.school == school)


def _schools(facts: DistrictFacts) -> Iterator[Row]:
    for position, fact in enumerate(facts.schools):
        levels = [GRADE_NUMBERS[grade] for grade in fact.grades]
        yield {
            "dcid": str(11 + position),
            "school_number": str(fact.id),
            "name": fact.name,
            "abbreviation": fact.short_name,
            "low_grade": str(min(levels)),
            "high_grade": str(max(levels)),
        }


def _terms(facts: DistrictFacts) -> Iterator[Row]:
    """A term of the whole year for each school, and its parts."""
    terms = []
    for school in facts.schools:
        parts = sorted((fact for fact in facts.sessions if fact.school == school.id), key=lambda fact: fact.begin)
        if parts:
            year = parts[-1].year
            terms.append((school.id, f"{year - 1}-{year}", f"{year - 2001}-{year - 2000}", parts[0], parts[-1]))
        terms += [(school.id, fact.name, f"S{n}", fact, fact) for n, fact in enumerate(parts, 1)]
    for position, (school_id, name, abbreviation, first, last) in enumerate(terms):
        yield {
            "dcid": str(701 + position),
            "school_number": str(school_id),
            "name": name,
            "abbreviation": abbreviation,
            "first_day": first.begin.isoformat(),
            "last_day": last.end.isoformat(),
            "school_year": str(first.year),
        }


def _calendar_days(facts: DistrictFacts) -> Iterator[Row]:
    days = [(fact, day, event) for fact in facts.calendars for day, event in fact.days]
    for position, (fact, day, event) in enumerate(days):
        yield {
            "dcid": str(40001 + position),
            "school_number": str(fact.school),
            "day": day.isoformat(),
            "in_session": "1" if event in INSTRUCTION else "0",
            "kind": _DAY_KINDS.get(event),
            "_school_year": str(fact.year),
        }


def _sections(facts: DistrictFacts, ids: dict[SectionKey, str]) -> Iterator[Row]:
    courses = {(course.school, course.code): course for course in facts.courses}
    for fact in facts.sections:
        course, periods = courses[fact.school, fact.course], sorted(fact.periods)
        yield {
            "dcid": ids[fact.key],
            "school_number": str(fact.school),
            "section_number": fact.identifier,
            "course_number": fact.course,
            "course_name": course.title,
            "credit_type": _CREDIT_TYPES.get(course.subject, course.subject),
            "term_name": fact.session,
            "school_year": str(fact.year),
            "room": fact.room,
            **{f"period_{n + 1}": periods[n] if n < len(periods) else None for n in range(4)},
        }


def _section_enrollments(facts: DistrictFacts, ids: dict[SectionKey, str]) -> Iterator[Row]:
    ends = {(fact.school, fact.year, fact.name): fact.end for fact in facts.sessions}
    for position, fact in enumerate(facts.section_enrollments):
        last = fact.end or ends[_term(fact.section)]
        yield {
            "dcid": str(60001 + position),
            "student_number": fact.student,
            "section_dcid": ids[fact.section.key],
            "first_day": fact.begin.isoformat(),
            "last_day": last.isoformat(),
            "_school_number": str(fact.section.school),
        }


def _term(section: SectionFact) -> tuple[int, int, str]:
    return section.school, section.year, section.session


def _section_staff(facts: DistrictFacts, ids: dict[SectionKey, str]) -> Iterator[Row]:
    lines = [(fact, *line) for fact in facts.sections for line in fact.staff]
    for position, (section, staff, role, first, last) in enumerate(lines):
        yield {
            "id": str(8001 + position),
            "teacher_number": staff,
            "section_dcid": ids[section.key],
            "role": role,
            "first_day": first.isoformat(),
            "last_day": None if last is None else last.isoformat(),
        }
