"""Staff, courses, sections, and who sits in them."""

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
from student_graph.adapters.sandbox.names import family_name, given_name, mailbox
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.years import FALL, FALL_DAYS, SPRING, SPRING_DAYS, YEAR

CLASS_SIZE = 28
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
    """The teachers of one school, who take on sections until they have enough."""

    school: SchoolFact
    facts: DistrictFacts
    rng: Random
    loads: dict[str, tuple[str, int]] = field(default_factory=dict)

    def teacher(self, subject: str, sections: int) -> str:
        """Who teaches the next section of a subject, at most `sections` each."""
        person, load = self.loads.get(subject, ("", sections))
        if load >= sections:
            person, load = hire(self.facts, self.school.id, "Teacher", f"{subject} teacher", self.rng), 0
        self.loads[subject] = (person, load + 1)
        return person


def hire(facts: DistrictFacts, organization: int, classification: str, title: str, rng: Random) -> str:
    """A new member of staff; the answer is the person's number."""
    number = f"{20001 + len(facts.staff)}"
    first, last = given_name(rng, rng.choice(("Female", "Male"))), family_name(rng)
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
    """The superintendent, and a principal and a counselor for each school."""
    hire(facts, facts.lea, "Superintendent", "Superintendent of schools", rng)
    for school in facts.schools:
        hire(facts, school.id, "Principal", "Principal", rng)
        hire(facts, school.id, "Counselor", "School counselor", rng)


def add_classes(facts: DistrictFacts, rng: Random) -> None:
    """Courses, sections of both terms, and the places of the term that is under way."""
    stays: dict[tuple[int, str], list[EnrollmentFact]] = defaultdict(list)
    for stay in facts.enrollments:
        stays[stay.school, stay.grade].append(stay)
    for school in facts.schools:
        faculty = _Faculty(school, facts, rng)
        for grade in school.grades:
            if children := stays[school.id, grade]:
                _add_grade(facts, faculty, grade, children)
    _add_dual_places(facts)
    _share_an_identifier(facts)


def _add_grade(facts: DistrictFacts, faculty: _Faculty, grade: str, stays: list[EnrollmentFact]) -> None:
    """The courses of one grade level of one school."""
    years, school = GRADES.index(grade), faculty.school.id
    elementary = years < 6
    groups: dict[str, int] = {}
    for child in stays:
        groups.setdefault(child.student, len(groups))
    subjects = (("HR", "Other"), *_CORE) if elementary else (*_CORE, *_MORE)
    for shift, (stem, subject) in enumerate(subjects):
        title = (
            _TITLES[stem][years - 9] if years >= 9 and stem in _TITLES else f"{_NAMES.get(stem, subject)}, {grade}"
        )
        course = CourseFact(code=f"{stem}-{years:02}", title=title, subject=subject, school=school)
        facts.courses.append(course)
        sections = []
        for number in range(-(-len(groups) // CLASS_SIZE)):
            room = f"{grade} {number + 1}" if elementary else stem
            teacher = faculty.teacher(room, 3 if elementary else 6)
            sections.append([_section(course, number, teacher, term) for term in _TERMS])
            facts.sections.extend(sections[-1])
        for stay in stays:
            seat = (groups[stay.student] + (0 if elementary else shift * 9)) % len(groups)
            facts.section_enrollments.append(_place(stay, sections[seat // CLASS_SIZE][0], homeroom=stem == "HR"))


def _section(
    course: CourseFact, number: int, teacher: str, term: tuple[str, str, tuple[date, date]]
) -> SectionFact:
    session, letter, (first, last) = term
    return SectionFact(
        identifier=f"{course.school}-{letter}{YEAR % 100}-{course.code}-{number + 1:02}",
        school=course.school,
        year=YEAR,
        session=session,
        course=course.code,
        name=f"{course.title} ({number + 1})",
        staff=((teacher, "Teacher of Record", first, last),),
    )


def _place(stay: EnrollmentFact, section: SectionFact, *, homeroom: bool = False) -> SectionEnrollmentFact:
    exit_in_term = stay.exit if stay.exit and stay.exit <= FALL_DAYS[1] else None
    return SectionEnrollmentFact(
        student=stay.student,
        section=section,
        begin=max(stay.entry, FALL_DAYS[0]),
        end=exit_in_term,
        homeroom=homeroom,
    )


def _add_dual_places(facts: DistrictFacts) -> None:
    """Who visits a second school sits in one mathematics section there."""
    for stay in facts.enrollments:
        if not stay.primary:
            section = next(s for s in facts.sections if s.school == stay.school and s.course.startswith("MATH"))
            if not any(p.student == stay.student and p.section is section for p in facts.section_enrollments):
                facts.section_enrollments.append(_place(stay, section))


def _share_an_identifier(facts: DistrictFacts) -> None:
    """One section of the spring has the identifier of its sister in the fall, and the same children."""
    fall, spring = next(
        (one, two)
        for one, two in zip(facts.sections[::2], facts.sections[1::2], strict=True)
        if one.course.startswith("SCI")
    )
    spring.identifier = fall.identifier
    facts.special_cases["shared_section_identifier"] = [fall.identifier]
    for place in [place for place in facts.section_enrollments if place.section is fall and place.end is None]:
        facts.section_enrollments.append(
            SectionEnrollmentFact(student=place.student, section=spring, begin=SPRING_DAYS[0])
        )
