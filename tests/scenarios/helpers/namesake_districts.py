"""Data of two districts that use the same numbers for students, schools, sections and staff."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from student_graph.adapters import model
from student_graph.adapters.model import DistrictId, SchoolId, StaffId, StudentId
from tests.resolvers.third_party import VendorData
from tests.resolvers.two_districts import CODE, school, school_enrollment, student
from tests.scenarios.helpers.changing_vendors import State, note

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HILL, DALE = DistrictId("hill"), DistrictId("dale")
NUMBERS = [str(n) for n in range(1, 25)]
SECTIONS = {"a": NUMBERS[:4], "b": NUMBERS[10:15]}
"""The students of each section at first, in both districts."""


def grade(district: DistrictId, number: str) -> float:
    """Return a grade that only one student of one district has."""
    return float(int(number) + (1000 if district == DALE else 0))


def section_enrollment(number: str, section: str) -> model.SectionEnrollment:
    """Return the enrollment of a student in a section."""
    return model.SectionEnrollment(
        vendor_id=f"{number}@{section}", student_id=StudentId(number), section_id=model.SectionId(section)
    )


def vendor_data(district: DistrictId) -> VendorData:
    """Return the data of a district of two schools and two sections; both districts use the same numbers."""
    name = str(district)
    enrollments = {number: school_enrollment(number, "101" if int(number) <= 12 else "102") for number in NUMBERS}
    sections = SECTIONS
    assignment = model.StaffAssignment(
        vendor_id="job",
        staff_id=StaffId("7"),
        education_organization_id="101",
        classification=model.StaffClassification.PRINCIPAL,
        classification_descriptor=CODE,
        begin_date=date(2020, 8, 1),
    )
    return VendorData(
        {
            "students_by_id": {number: student(number, name) for number in NUMBERS},
            "schools_by_district": {name: [school("101"), school("102")]},
            "staff_assignments_by_staff": {"7": [assignment]},
            "school_enrollments_by_school": {
                school_id: [row for row in enrollments.values() if row.school_id == SchoolId(school_id)]
                for school_id in ("101", "102")
            },
            "school_enrollments_by_student": {number: [row] for number, row in enrollments.items()},
            "section_staff_by_staff": {
                staff: [
                    model.SectionStaff(
                        vendor_id=section, staff_id=StaffId(staff), section_id=model.SectionId(section)
                    )
                ]
                for staff, section in (("8", "a"), ("9", "b"))
            },
            "section_enrollments_by_section": {
                section: [section_enrollment(number, section) for number in numbers]
                for section, numbers in sections.items()
            },
            "course_grades_by_student": {
                number: [
                    model.CourseGrade(
                        vendor_id=number,
                        student_id=StudentId(number),
                        source=model.GradeSource.SIS,
                        grade_type=model.GradeType.FINAL,
                        numeric=grade(district, number),
                    )
                ]
                for number in NUMBERS
            },
            "discipline_incidents_by_student": {
                number: [
                    model.DisciplineIncident(
                        vendor_id=number,
                        student_id=StudentId(number),
                        school_id=SchoolId("101"),
                        incident_identifier=f"{name}-{number}",
                        date=date(2027, 1, 5),
                        behaviors=[],
                        participation=[],
                    )
                ]
                for number in NUMBERS
            },
            "demographics_by_student": {
                number: model.Demographics(
                    vendor_id=number, student_id=StudentId(number), birth_date=date(2012, 1, int(number)), races=[]
                )
                for number in NUMBERS
            },
        },
        roster=[student(number, name) for number in NUMBERS],
        max_page_size=50,
    )


@dataclass
class ChangingDistricts:
    """Changes the data of both districts at random, in all copies of their vendors; knows what they held when."""

    copies: Sequence[Mapping[DistrictId, VendorData]]
    clock: Callable[[], float]
    rng: random.Random
    rosters_changed_at: float = -math.inf
    """When the last student entered or left a section."""
    _grades: dict[tuple[DistrictId, str], list[State]] = field(default_factory=dict)
    _rosters: dict[tuple[DistrictId, str], list[State]] = field(default_factory=dict)

    def change_grade(self) -> None:
        """Give a student another grade; its integer part still tells whose it is."""
        district, number = self.rng.choice([HILL, DALE]), self.rng.choice(NUMBERS)
        numeric = grade(district, number) + self.rng.randrange(1, 900) / 1000
        for vendors in self.copies:
            grades = vendors[district].answers["course_grades_by_student"]
            grades[number] = [replace(record, numeric=numeric, fetched=None) for record in grades[number]]
        states = self._grades.setdefault((district, number), [State(grade(district, number))])
        note(states, numeric, self.clock(), self.clock())

    def change_roster(self) -> None:
        """Let a student enter or leave a section."""
        district, section = self.rng.choice([HILL, DALE]), self.rng.choice(list(SECTIONS))
        states = self._rosters.setdefault((district, section), [State(frozenset(SECTIONS[section]))])
        members = states[-1].value
        numbers = members ^ {self.rng.choice(NUMBERS[:20])}
        for vendors in self.copies:
            rosters = vendors[district].answers["section_enrollments_by_section"]
            rosters[section] = [section_enrollment(number, section) for number in sorted(numbers, key=int)]
        note(states, numbers, self.clock(), self.clock())
        self.rosters_changed_at = self.clock()

    def held_grades(self, district: DistrictId, number: str, seconds: float) -> set[float]:
        """Return the grades that a student had at some moment of the last seconds."""
        states = self._grades.get((district, number), [State(grade(district, number))])
        return set(self._held(states, seconds))

    def members(self, district: DistrictId, section: str, seconds: float) -> set[str]:
        """Return the students who were in a section at some moment of the last seconds."""
        states = self._rosters.get((district, section), [State(frozenset(SECTIONS[section]))])
        return set().union(*self._held(states, seconds))

    def _held(self, states: Iterable[State], seconds: float) -> Iterable[Any]:
        return (state.value for state in states if state.until >= self.clock() - seconds)


def without_fractions(data: Any) -> Any:
    """The data with the integer part of each grade, which never changes."""
    if isinstance(data, list):
        return [without_fractions(item) for item in data]
    if isinstance(data, dict):
        return {name: without_fractions(value) for name, value in data.items()}
    return int(data) if isinstance(data, float) else data
