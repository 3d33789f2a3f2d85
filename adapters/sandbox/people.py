"""Adds schools, students, enrollments and contacts to a synthetic district."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from student_graph.adapters.sandbox.facts import (
    ContactFact,
    DistrictFacts,
    EnrollmentFact,
    SchoolFact,
    StudentFact,
)
from student_graph.adapters.sandbox.names import UNUSUAL, first_name, last_name, mailbox
from student_graph.adapters.sandbox.years import (
    FALL_DAYS,
    SCHOOL_YEAR,
    add_year,
    calendar_code,
    instructional_days,
)

GRADES = (
    "Kindergarten",
    "First grade",
    "Second grade",
    "Third grade",
    "Fourth grade",
    "Fifth grade",
    "Sixth grade",
    "Seventh grade",
    "Eighth grade",
    "Ninth grade",
    "Tenth grade",
    "Eleventh grade",
    "Twelfth grade",
)
"""Grade levels, by number of years at school."""
LEVELS = (("High", 1, GRADES[9:], 0.30), ("Middle", 101, GRADES[6:9], 0.25), ("Elementary", 201, GRADES[:6], 0.45))
"""(level, first school number, grade levels, share of the students)"""
_TOWNS = ("Cedar Hollow", "Juniper Creek", "Alder Ridge", "Willow Bend", "Larkspur", "Stonebridge", "Foxglove")
_SIDES = ("", "North ", "South ", "East ", "West ", "Upper ", "Lower ")
"""Parts of a town, for districts whose town is not listed."""
_RACES = ("White", "Black or African American", "Asian", "American Indian or Alaska Native", "Other")


def add_schools(facts: DistrictFacts, towns: int) -> None:
    """Add a high, a middle and an elementary school for each town, each with its school year."""
    names = _towns(facts.name)
    for number in range(towns):
        suffix = f" {number // len(names) + 1}" if number >= len(names) else ""
        town = names[number % len(names)] + suffix
        for level, first, grades, _ in LEVELS:
            school = SchoolFact(
                id=facts.lea * 1000 + first + number,
                name=f"{town} {level} School",
                short_name=f"{town} {level[0]}S",
                grades=grades,
            )
            facts.schools.append(school)
            thin = level == "Middle" and number == 0
            add_year(facts, school, thin=thin)
            if thin:
                facts.special_cases["thin_calendar"] = [str(school.id)]


def _towns(district: str) -> Sequence[str]:
    """The names of the towns in a district: the listed ones in the first district, parts of its own in another."""
    town = district.removesuffix(" School District")
    return _TOWNS if town in _TOWNS else [f"{side}{town}" for side in _SIDES]


def _seats(facts: DistrictFacts, students: int) -> Iterator[tuple[SchoolFact, str]]:
    """Yield a school and a grade level for each student."""
    groups = len(facts.schools) // len(LEVELS)
    for group in range(groups):
        size = students // groups + (group < students % groups)
        shares = [round(size * share) for _, _, _, share in LEVELS[1:]]
        for school, count in zip(
            facts.schools[group * 3 : group * 3 + 3], [size - sum(shares), *shares], strict=True
        ):
            for seat in range(count):
                yield school, school.grades[seat * len(school.grades) // count]


def add_students(facts: DistrictFacts, students: int, rng: Random) -> dict[str, tuple[SchoolFact, str]]:
    """Add students with names and identifiers, and return the school and grade level of each."""
    seats = list(_seats(facts, students))
    rng.shuffle(seats)
    assignments = {}
    for number, (school, grade) in enumerate(seats):
        student = _student(f"{401001 + number}", GRADES.index(grade), rng)
        facts.students.append(student)
        assignments[student.id] = (school, grade)
    return assignments


def _student(number: str, years: int, rng: Random) -> StudentFact:
    sex = rng.choice(("Female", "Male"))
    first, last = first_name(rng, sex), last_name(rng)
    return StudentFact(
        id=number,
        first=first,
        last=last,
        middle=first_name(rng, sex) if rng.random() < 0.6 else None,
        suffix="Jr" if sex == "Male" and rng.random() < 0.02 else None,
        preferred_first=first[:3] if rng.random() < 0.05 else None,
        birth=date(2020 - years, 9, 2) + timedelta(days=rng.randrange(365)),
        sex=sex,
        races=(rng.choices(_RACES, (55, 20, 14, 3, 8))[0],),
        hispanic=rng.random() < 0.28,
        email=f"{mailbox(first, last, number)}@students.cedarhollow.example",
        codes=(("District", number), ("State", f"{7_300_000_000 + int(number) * 37 % 99_999_989}")),
    )


def rename(student: StudentFact, number: int) -> None:
    """Give a student one of the unusual names."""
    student.first, student.last = UNUSUAL[number % len(UNUSUAL)]
    student.middle = student.preferred_first = None
    student.email = f"{mailbox(student.first, student.last, student.id)}@students.cedarhollow.example"


def add_enrollments(facts: DistrictFacts, assignments: dict[str, tuple[SchoolFact, str]], rng: Random) -> None:
    """Add an enrollment for each student, and the enrollments of the special cases."""
    cases, days = facts.special_cases, instructional_days(*FALL_DAYS)
    for student, (school, grade) in assignments.items():
        late = rng.random() < 0.03
        enrollment = EnrollmentFact(
            student=student,
            school=school.id,
            year=SCHOOL_YEAR,
            grade=grade,
            entry=days[rng.randrange(5, 30)] if late else days[0],
            entry_type="Transfer" if late else "Next year school",
            calendar=calendar_code(school.id),
        )
        if student in cases["nothing_recorded"]:
            continue
        facts.enrollments.append(enrollment)
        if student in cases["re_entry"] + cases["withdrawn"]:
            enrollment.entry, enrollment.entry_type = days[0], "Next year school"
            enrollment.exit, enrollment.exit_type = date(2026, 9, 18), "Transferred"
        if student in cases["re_entry"]:
            facts.enrollments.append(
                _second_enrollment(enrollment, school.id, entry=date(2026, 10, 12), entry_type="Re-entry")
            )
        if student in cases["future_exit"]:
            enrollment.exit, enrollment.exit_type = date(2027, 1, 15), "Transferred"
        if student in cases["dual_enrollment"]:
            high = next(other for other in facts.schools if "Ninth grade" in other.grades)
            enrollment.fte, enrollment.entry = 0.8, days[0]
            facts.enrollments.append(
                _second_enrollment(enrollment, high.id, entry=days[0], entry_type="Other", primary=False, fte=0.2)
            )


def _second_enrollment(
    first: EnrollmentFact, school: int, *, entry: date, entry_type: str, primary: bool = True, fte: float = 1.0
) -> EnrollmentFact:
    """Build another enrollment of the same student."""
    return EnrollmentFact(
        student=first.student,
        school=school,
        year=SCHOOL_YEAR,
        grade=first.grade,
        entry=entry,
        entry_type=entry_type,
        primary=primary,
        calendar=calendar_code(school),
        fte=fte,
    )


def add_contacts(facts: DistrictFacts, rng: Random) -> None:
    """Add one or two contacts for most students; two students with one last name may share a contact."""
    families: dict[str, str] = {}
    for student in facts.students:
        if student.id in facts.special_cases["nothing_recorded"]:
            continue
        for number, relation in enumerate(
            rng.choice((("Mother", "Father"), ("Mother",), ("Father",), ("Guardian",)))
        ):
            key = f"{student.last}-{relation}"
            shared = families.get(key) if rng.random() < 0.1 else None
            contact = families[key] = shared or f"C{student.id}{number}"
            mother = relation == "Mother" or (relation == "Guardian" and int(contact[1:]) % 2)
            personal, rights = Random(contact), Random(f"{contact} rights")
            first = first_name(personal, "Female" if mother else "Male")
            facts.contacts.append(
                ContactFact(
                    id=contact,
                    student=student.id,
                    first=first,
                    last=student.last,
                    relation=relation,
                    email=f"{mailbox(first, student.last, contact)}@home.example",
                    phone=f"(555) 01{personal.randrange(10)}-{personal.randrange(10_000):04}",
                    primary=number == 0,
                    lives_with=number == 0 or rng.random() < 0.7,
                    legal_guardian=relation != "Guardian" or rights.random() < 0.8,
                    restrictions="By order of the court" if number and rights.random() < 0.05 else None,
                    unlisted=rights.random() < 0.05,
                )
            )
