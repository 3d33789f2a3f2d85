"""Adds programs, meals, caseloads and buses to a synthetic district."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from student_graph.adapters.sandbox.classes import hire
from student_graph.adapters.sandbox.facts import BusFact, CohortFact, DistrictFacts, ProgramFact, ProgramStaffFact
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.years import FALL_DAYS

_DISABILITIES = (
    "Specific Learning Disability",
    "Speech or Language Impairment",
    "Autism Spectrum Disorders",
    "Other",
)
_SETTINGS = ("Inside regular class 80% or more of the day", "Separate class")
_RESIDENCES = (
    "Doubled-up (i.e., living with another family)",
    "Shelters, transitional housing, awaiting foster care",
)
_MEALS = (("Free Breakfast", "Free Lunch"), ("Reduced Price Lunch",), ("Full Price Lunch",))
_PROGRAMS = (
    ("special education", "Special Education", "Special Education", 0.10, ("Speech Therapy",)),
    ("language", "English as a Second Language (ESL)", "English as a Second Language (ESL)", 0.06, ()),
    ("title i", "Title I Part A", "Title I Part A", 0.12, ()),
    ("homeless", "Homeless", "Homeless", 0.012, ()),
    ("migrant", "Migrant Education", "Migrant Education", 0.02, ()),
    ("food service", "School Food Service", "Other", 0.45, ()),
    ("other", "Gifted and Talented", "Gifted and Talented", 0.05, ()),
)
"""(kind, program, program type code, share of the students, services)"""
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def add_programs(facts: DistrictFacts, rng: Random) -> None:
    """Add each program for its share of the students; some participations have ended."""
    for student in facts.students:
        if student.id in facts.special_cases["nothing_recorded"]:
            continue
        for kind, program, program_type, share, services in _PROGRAMS:
            if rng.random() < share:
                facts.programs.append(
                    ProgramFact(
                        student=student.id,
                        kind=kind,
                        program=program,
                        program_type=program_type,
                        begin=FALL_DAYS[0],
                        end=date(2026, 10, 16) if rng.random() < 0.05 else None,
                        services=rng.choice(_MEALS) if kind == "food service" else services,
                        details=_details(kind, rng),
                    )
                )


def add_section_504(facts: DistrictFacts, rng: Random) -> None:
    """Add Section 504 programs for one student in twenty, and for the first student of the district."""
    for number, student in enumerate(facts.students):
        if student.id not in facts.special_cases["nothing_recorded"] and (rng.random() < 0.05 or number == 0):
            facts.programs.append(
                ProgramFact(
                    student=student.id,
                    kind="section 504",
                    program="Section 504",
                    program_type="Section 504 Placement",
                    begin=FALL_DAYS[0],
                    details={"disability": rng.choice(("Medical Condition", "Sensory Impairment"))},
                )
            )


def _details(kind: str, rng: Random) -> dict[str, str]:
    match kind:
        case "special education":
            return {"disability": rng.choice(_DISABILITIES), "setting": rng.choice(_SETTINGS)}
        case "homeless":
            return {"residence": rng.choice(_RESIDENCES)}
        case _:
            return {}


COUNSELED_STUDENTS = 12
"""Number of students that a counselor sees, at most."""


def add_caseloads(facts: DistrictFacts, rng: Random) -> None:
    """
    Add staff who serve students outside classes: a therapist, and at each school a reading group and a counselor.

    One specialist has left all reading groups. It is not recorded whether one aide may see the students' records.
    """
    therapist = hire(facts, facts.lea, "Specialist/Consultant", "Speech therapist", rng)
    aide = hire(facts, facts.lea, "Specialist/Consultant", "Program aide", rng)
    for member, records in ((therapist, True), (aide, None)):
        facts.program_staff.append(
            ProgramStaffFact(
                staff=member,
                program="Special Education",
                program_type="Special Education",
                begin=FALL_DAYS[0],
                records=records,
            )
        )
    former = hire(facts, facts.lea, "Specialist/Consultant", "Reading specialist", rng)
    for school in facts.schools:
        students = [
            enrollment.student
            for enrollment in facts.enrollments
            if enrollment.school == school.id and enrollment.exit is None
        ]
        reader = hire(facts, school.id, "Specialist/Consultant", "Reading specialist", rng)
        chosen = rng.sample(students, min(6, len(students)))
        left = date(2026, 10, 16)
        facts.cohorts.append(
            CohortFact(
                id=f"READ-{school.id}",
                organization=school.id,
                staff=((reader, FALL_DAYS[0], None, True), (former, FALL_DAYS[0], left, True)),
                students=tuple(
                    (student, FALL_DAYS[0], None if position else left) for position, student in enumerate(chosen)
                ),
            )
        )
        _add_counselor(facts, school.id, students)


def _add_counselor(facts: DistrictFacts, school: int, students: Sequence[str]) -> None:
    """Give the counselor of a school the students spread evenly over its list."""
    counselors = [
        member.id
        for member in facts.staff
        if member.classification == "Counselor" and member.organization == school
    ]
    if not counselors:
        return
    step = max(1, len(students) // COUNSELED_STUDENTS)
    facts.cohorts.append(
        CohortFact(
            id=f"COUNSEL-{school}",
            organization=school,
            staff=((counselors[0], FALL_DAYS[0], None, True),),
            students=tuple((student, FALL_DAYS[0], None) for student in students[::step][:COUNSELED_STUDENTS]),
        )
    )


def add_buses(facts: DistrictFacts, rng: Random) -> None:
    """Add a school bus for every third student."""
    numbers = {school.id: 100 + 10 * number for number, school in enumerate(facts.schools)}
    for enrollment in facts.enrollments:
        if (
            enrollment.primary
            and enrollment.exit is None
            and enrollment.entry_type != "Re-entry"
            and rng.random() < 0.33
        ):
            number = numbers[enrollment.school] + rng.randrange(1, 10)
            days = _WEEK if GRADES.index(enrollment.grade) < 9 or rng.random() < 0.7 else _WEEK[::2]
            facts.buses.append(
                BusFact(
                    student=enrollment.student,
                    bus=f"Bus {number}",
                    route=f"{number}",
                    miles=round(rng.uniform(0.8, 14), 1),
                    days=days,
                    direction=rng.choice(("To and From School", "To School", "From School")),
                )
            )
