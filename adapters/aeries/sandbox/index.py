"""An index of a district's facts by the numbers that Aeries has for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from student_graph.adapters.sandbox.facts import (
    ActionFact,
    ContactFact,
    DistrictFacts,
    IncidentFact,
    SectionEnrollmentFact,
    SectionFact,
)

FIRST_SECTION = 1001
"""Number of the first section of each school: the numbers of two schools are the same."""
SectionNumber = tuple[int, int]
"""The school code and the number of a section, which is unique in its school only."""


class Index:
    """Students by school, sections by number, and what Aeries keeps in lists of a student."""

    def __init__(self, facts: DistrictFacts) -> None:
        self.facts = facts
        self.students = {student.id: student for student in facts.students}
        self.schools = {school.id: school for school in facts.schools}
        self.courses = {course.code: course for course in facts.courses}
        self.staff = {member.id: member for member in facts.staff}
        self.schools_of: dict[str, list[int]] = defaultdict(list)
        """Codes of the schools that have a record of a student, the earliest first."""
        for enrollment in facts.enrollments:
            if enrollment.school not in self.schools_of[enrollment.student]:
                self.schools_of[enrollment.student].append(enrollment.school)
        counts: dict[int, int] = defaultdict(int)
        self.number_of: dict[tuple[int, int, str, str, str], SectionNumber] = {}
        self.sections: dict[SectionNumber, SectionFact] = {}
        for section in facts.sections:
            number = section.school, FIRST_SECTION + counts[section.school]
            counts[section.school] += 1
            self.number_of[section.key], self.sections[number] = number, section
        self.contacts: dict[str, list[ContactFact]] = defaultdict(list)
        for contact in facts.contacts:
            self.contacts[contact.student].append(contact)
        self.actions: dict[tuple[str, str], list[ActionFact]] = defaultdict(list)
        """Actions by student and incident; Aeries keeps a decision below the first incident that led to it."""
        for action in facts.actions:
            self.actions[action.student, action.incidents[0][0]].append(action)

    def students_of(self, school: int) -> list[str]:
        """The students that a school has a record of."""
        return [student for student in self.students if school in self.schools_of.get(student, ())]

    def selected(self, school: int, student: str | None) -> list[str]:
        """The students of a request: all of the school, or the requested one if the school has a record."""
        students = self.students_of(school)
        return students if student is None else [student] if student in students else []

    def incidents_of(self, student: str) -> Iterator[tuple[IncidentFact, str]]:
        """The incidents in which a student did something, each with the behavior."""
        for incident in self.facts.incidents:
            for person, behavior, part in incident.parts:
                if person == student and part == "Perpetrator":
                    yield incident, behavior

    def schedule(self, school: int, students: Iterable[str]) -> list[SectionEnrollmentFact]:
        """The classes of students at a school."""
        chosen = set(students)
        return [
            fact
            for fact in self.facts.section_enrollments
            if fact.section.school == school and fact.student in chosen
        ]
