"""
The synthetic district that all sandboxes serve: deterministic from a seed, of any size.

Everybody is fictional. The awkward cases of real data are cast first, so that every later step can play them;
`facts.special_cases` tells a test who shows which.
"""

from __future__ import annotations

from random import Random

from student_graph.adapters.sandbox.academics import add_assessments, add_grades, add_transcripts
from student_graph.adapters.sandbox.classes import add_classes, add_leaders
from student_graph.adapters.sandbox.events import add_attendance, add_incidents
from student_graph.adapters.sandbox.facts import DistrictFacts, SchoolFact, StudentFact
from student_graph.adapters.sandbox.online import add_accounts, add_lms_courses
from student_graph.adapters.sandbox.people import (
    GRADES,
    add_contacts,
    add_enrollments,
    add_schools,
    add_students,
    rename,
)
from student_graph.adapters.sandbox.services import add_buses, add_caseloads, add_programs
from student_graph.adapters.sandbox.years import NOW, YEAR

SMALLEST, LARGEST = 10, 50_000
_CAST: dict[str, tuple[tuple[str, int], ...]] = {
    "re_entry": (("Elementary", 0),),
    "withdrawn": (("Elementary", 1),),
    "nothing_recorded": (("Elementary", 2),),
    "future_exit": (("Elementary", 3),),
    "dual_enrollment": (("Middle", -1),),
    "no_lms_link": (("High", 0), ("Middle", 0), ("High", 30)),
    "crossed_lms_ids": (("High", 1), ("High", 2)),
    "several_events_a_day": (("High", 3),),
    "unmapped_descriptor": (("High", 4),),
    "two_state_ids": (("High", 5),),
    "no_email": (("High", 6),),
    "ssn_code": (("High", 7), ("Elementary", 5)),
    "leading_zeros": (("High", 8),),
    "unicode_name": (*(("High", 9 + n) for n in range(6)), ("Elementary", 8), ("Elementary", 9)),
}
"""Awkward case to the places of its players in the list of their level's students, youngest first."""


def make_district(
    students: int = 1000, seed: int = 1, name: str = "Cedar Hollow School District", lea: int = 390042
) -> DistrictFacts:
    """
    A district of so many students; equal arguments make equal districts. All districts number alike.

    Raises:
        ValueError: fewer than 10 students or more than 50,000.
    """
    if not SMALLEST <= students <= LARGEST:
        raise ValueError(f"a district has {SMALLEST} to {LARGEST} students, not {students}")

    def dice(part: str) -> Random:
        return Random(f"{seed} {part}")

    facts = DistrictFacts(lea=lea, name=name, year=YEAR, now=NOW)
    add_schools(facts, students)
    belongs = add_students(facts, students, dice("students"))
    _cast(facts, belongs)
    add_enrollments(facts, belongs, dice("enrollments"))
    add_leaders(facts, dice("leaders"))
    add_classes(facts, dice("classes"))
    add_attendance(facts, dice("attendance"))
    add_incidents(facts, dice("incidents"))
    add_grades(facts, dice("grades"))
    add_transcripts(facts)
    add_assessments(facts, dice("assessments"))
    add_contacts(facts, dice("contacts"))
    add_programs(facts, dice("programs"))
    add_buses(facts, dice("buses"))
    add_accounts(facts)
    add_lms_courses(facts, dice("lms"))
    add_caseloads(facts, dice("caseloads"))
    return facts


def _cast(facts: DistrictFacts, belongs: dict[str, tuple[SchoolFact, str]]) -> None:
    """Choose who shows which awkward case; in a small district one child may show several."""
    levels: dict[str, list[StudentFact]] = {"High": [], "Middle": [], "Elementary": []}
    for student in sorted(facts.students, key=lambda one: GRADES.index(belongs[one.id][1])):
        levels[belongs[student.id][0].name.split()[-2]].append(student)
    for case, players in _CAST.items():
        chosen = [levels[level][place % len(levels[level])] for level, place in players]
        facts.special_cases[case] = list(dict.fromkeys(student.id for student in chosen))
    by_id = {student.id: student for student in facts.students}
    for number, player in enumerate(facts.special_cases["unicode_name"]):
        rename(by_id[player], number)
    for case, code in (
        ("two_state_ids", ("State", "7399999999")),
        ("ssn_code", ("SSN", "900-45-6789")),
        ("leading_zeros", ("Local", "000412")),
    ):
        for player in facts.special_cases[case]:
            by_id[player].codes += (code,)
    for player in facts.special_cases["no_email"]:
        by_id[player].email = ""
    one, two = (by_id[player] for player in facts.special_cases["crossed_lms_ids"])
    if one.birth == two.birth:
        two.birth = two.birth.replace(day=two.birth.day % 28 + 1)
