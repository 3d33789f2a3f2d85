"""Adds staff, courses, sections, and enrollments in sections to a synthetic district."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from random import Random

from student_graph.adapters.sandbox.facts import (
    CourseFact,
    DistrictFacts,
    EnrollmentFact,
    SchoolFact,
    SectionEnrollmentFact,
    SectionFact,
    StaffFact,
)
from student_graph.adapters.sandbox.names import first_name, last_name, mailbox
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.years import FALL, FALL_DAYS, SCHOOL_YEAR, SPRING, SPRING_DAYS

MAX_STUDENTS_PER_SECTION = 28
_CORE = (("ELA", "English Language Arts"), ("MATH", "Mathematics"))
_MORE = (
    ("SCI", "Science"),
    ("SOC", "Social Studies"),
    ("ART", "Fine and Performing Arts"),
    ("PE", "Physical, Health, and Safety Education"),
)
_TITLES = {
    "ELA": ("English I", "English II", "English III", "English IV"),
    "MATH": ("Algebra I", "Geometry", "Algebra II", "Precalculus"),
    "SCI": ("Biology", "Chemistry", "Physics", "Environmental Science"),
    "SOC": ("World Geography", "World History", "United States History", "Government"),
}
_NAMES = {
    "HR": "Homeroom",
    "ELA": "Language Arts",
    "MATH": "Mathematics",
    "SCI": "Science",
    "SOC": "Social Studies",
}
_TERMS = ((FALL, "F", FALL_DAYS), (SPRING, "S", SPRING_DAYS))


@dataclass(slots=True)
class _Faculty:
    """The teachers of one school, and the number of sections that each teaches."""

    school: SchoolFact
    facts: DistrictFacts
    rng: Random
    loads: dict[str, tuple[str, int]] = field(default_factory=dict)

    def teacher(self, subject: str, sections: int) -> str:
        """Return the teacher of the next section of a subject; a teacher has at most `sections` of them."""
        person, load = self.loads.get(subject, ("", sections))
        if load >= sections:
            person, load = hire(self.facts, self.school.id, "Teacher", f"{subject} teacher", self.rng), 0
        self.loads[subject] = (person, load + 1)
        return person


def hire(facts: DistrictFacts, organization: int, classification: str, title: str, rng: Random) -> str:
    """Add a staff member and return the new number."""
    number = f"{20001 + len(facts.staff)}"
    first, last = first_name(rng, rng.choice(("Female", "Male"))), last_name(rng)
    facts.staff.append(
        StaffFact(
            id=number,
            first=first,
            last=last,
            email=f"{mailbox(first, last, number)}@cedarhollow.example",
            classification=classification,
            organization=organization,
            title=title,
            begin=FALL_DAYS[0].replace(year=2021),
        )
    )
    return number


def add_leaders(facts: DistrictFacts, rng: Random) -> None:
    """Add the superintendent, and a principal and a counselor for each school."""
    hire(facts, facts.lea, "Superintendent", "Superintendent of schools", rng)
    for school in facts.schools:
        hire(facts, school.id, "Principal", "Principal", rng)
        hire(facts, school.id, "Counselor", "School counselor", rng)


def add_classes(facts: DistrictFacts, rng: Random) -> None:
    """Add courses, sections of both terms, and the section enrollments of the current term."""
    enrollments: dict[tuple[int, str], list[EnrollmentFact]] = defaultdict(list)
    for enrollment in facts.enrollments:
        enrollments[enrollment.school, enrollment.grade].append(enrollment)
    for school in facts.schools:
        faculty = _Faculty(school, facts, rng)
        for grade in school.grades:
            if of_grade := enrollments[school.id, grade]:
                _add_grade(facts, faculty, grade, of_grade)
    _add_second_school_sections(facts)
    _share_an_identifier(facts)


def _add_grade(facts: DistrictFacts, faculty: _Faculty, grade: str, enrollments: list[EnrollmentFact]) -> None:
    """Add the courses of one grade level of one school."""
    years, school = GRADES.index(grade), faculty.school.id
    elementary = years < 6
    positions: dict[str, int] = {}
    for enrollment in enrollments:
        positions.setdefault(enrollment.student, len(positions))
    subjects = (("HR", "Other"), *_CORE) if elementary else (*_CORE, *_MORE)
    for shift, (stem, subject) in enumerate(subjects):
        title = (
            _TITLES[stem][years - 9] if years >= 9 and stem in _TITLES else f"{_NAMES.get(stem, subject)}, {grade}"
        )
        course = CourseFact(code=f"{stem}-{years:02}", title=title, subject=subject, school=school)
        facts.courses.append(course)
        sections = []
        for number in range(-(-len(positions) // MAX_STUDENTS_PER_SECTION)):
            room = f"{grade} {number + 1}" if elementary else stem
            teacher = faculty.teacher(room, 3 if elementary else 6)
            sections.append([_section(course, number, teacher, term) for term in _TERMS])
            facts.sections.extend(sections[-1])
        for enrollment in enrollments:
            seat = (positions[enrollment.student] + (0 if elementary else shift * 9)) % len(positions)
            facts.section_enrollments.append(
                _section_enrollment(
                    enrollment, sections[seat // MAX_STUDENTS_PER_SECTION][0], homeroom=stem == "HR"
                )
            )


def _section(
    course: CourseFact, number: int, teacher: str, term: tuple[str, str, tuple[date, date]]
) -> SectionFact:
    session, letter, (first, last) = term
    return SectionFact(
        identifier=f"{course.school}-{letter}{SCHOOL_YEAR % 100}-{course.code}-{number + 1:02}",
        school=course.school,
        year=SCHOOL_YEAR,
        session=session,
        course=course.code,
        name=f"{course.title} ({number + 1})",
        staff=((teacher, "Teacher of Record", first, last),),
    )


def _section_enrollment(
    enrollment: EnrollmentFact, section: SectionFact, *, homeroom: bool = False
) -> SectionEnrollmentFact:
    exit_in_term = enrollment.exit if enrollment.exit and enrollment.exit <= FALL_DAYS[1] else None
    return SectionEnrollmentFact(
        student=enrollment.student,
        section=section,
        begin=max(enrollment.entry, FALL_DAYS[0]),
        end=exit_in_term,
        homeroom=homeroom,
    )


def _add_second_school_sections(facts: DistrictFacts) -> None:
    """Enroll a student of two schools in one mathematics section at the second school."""
    for enrollment in facts.enrollments:
        if not enrollment.primary:
            section = next(
                s for s in facts.sections if s.school == enrollment.school and s.course.startswith("MATH")
            )
            if not any(
                p.student == enrollment.student and p.section is section for p in facts.section_enrollments
            ):
                facts.section_enrollments.append(_section_enrollment(enrollment, section))


def _share_an_identifier(facts: DistrictFacts) -> None:
    """Give one spring section the identifier and the students of the same section in the fall."""
    fall, spring = next(
        (first, second)
        for first, second in zip(facts.sections[::2], facts.sections[1::2], strict=True)
        if first.course.startswith("SCI")
    )
    spring.identifier = fall.identifier
    facts.special_cases["shared_section_identifier"] = [fall.identifier]
    for section_enrollment in [e for e in facts.section_enrollments if e.section is fall and e.end is None]:
        facts.section_enrollments.append(
            SectionEnrollmentFact(student=section_enrollment.student, section=spring, begin=SPRING_DAYS[0])
        )
