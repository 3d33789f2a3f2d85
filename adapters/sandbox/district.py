"""
The synthetic district that all sandboxes serve: deterministic from a seed, and of any size.

All people are fictional. The special cases of real data are assigned to students first, so that every later
step can add their data. `facts.special_cases` names the students of each case for tests.
"""

from __future__ import annotations

from random import Random

from student_graph.adapters.sandbox.academics import add_assessments, add_grades, add_transcripts
from student_graph.adapters.sandbox.classes import add_classes, add_leaders
from student_graph.adapters.sandbox.events import add_attendance, add_incidents
from student_graph.adapters.sandbox.facts import DistrictFacts, SchoolFact, StudentFact
from student_graph.adapters.sandbox.homes import add_homes
from student_graph.adapters.sandbox.online import add_accounts, add_lms_courses
from student_graph.adapters.sandbox.people import (
    GRADES,
    add_contacts,
    add_enrollments,
    add_schools,
    add_students,
    rename,
)
from student_graph.adapters.sandbox.schedule import add_schedule
from student_graph.adapters.sandbox.services import add_buses, add_caseloads, add_programs, add_section_504
from student_graph.adapters.sandbox.years import NOW, SCHOOL_YEAR

MIN_STUDENTS, MAX_STUDENTS = 10, 100_000
_STUDENTS_OF_CASE: dict[str, tuple[tuple[str, int], ...]] = {
    "re_entry": (("Elementary", 0),),
    "withdrawn": (("Elementary", 1),),
    "nothing_recorded": (("Elementary", 2),),
    "future_exit": (("Elementary", 3),),
    "dual_enrollment": (("Middle", -1),),
    "no_lms_link": (("High", 0), ("Middle", 0), ("High", 30)),
    "crossed_lms_ids": (("High", 1), ("High", 2)),
    "several_events_a_day": (("High", 3),),
    "unmapped_descriptor": (("High", 4),),
    "attendance_elsewhere": (("Middle", 4),),
    "two_state_ids": (("High", 5),),
    "no_email": (("High", 6),),
    "ssn_code": (("High", 7), ("Elementary", 5)),
    "leading_zeros": (("High", 8),),
    "unicode_name": (*(("High", 9 + n) for n in range(6)), ("Elementary", 8), ("Elementary", 9)),
}
"""The students of each special case: the level of their school, and their position among its students by grade."""


def make_district(
    students: int = 1000,
    seed: int = 1,
    name: str = "Cedar Hollow School District",
    lea: int = 390042,
    *,
    towns: int | None = None,
) -> DistrictFacts:
    """
    Build a district with `students` students. Equal arguments build equal districts.

    Each of its towns has a high, a middle and an elementary school; there is one town for each thousand students,
    unless `towns` says how many. All districts use the same student numbers.

    Raises:
        ValueError: there are fewer than 10 or more than 100,000 students.
    """
    if not MIN_STUDENTS <= students <= MAX_STUDENTS:
        raise ValueError(f"a district has {MIN_STUDENTS} to {MAX_STUDENTS} students, not {students}")

    def rng(part: str) -> Random:
        return Random(f"{seed} {part}")

    facts = DistrictFacts(lea=lea, name=name, year=SCHOOL_YEAR, now=NOW)
    add_schools(facts, towns or max(1, round(students / 1000)))
    assignments = add_students(facts, students, rng("students"))
    _assign_special_cases(facts, assignments)
    add_enrollments(facts, assignments, rng("enrollments"))
    add_leaders(facts, rng("leaders"))
    add_classes(facts, rng("classes"))
    add_schedule(facts)
    add_attendance(facts, rng("attendance"))
    add_incidents(facts, rng("incidents"))
    add_grades(facts, rng("grades"))
    add_transcripts(facts)
    add_assessments(facts, rng("assessments"))
    add_contacts(facts, rng("contacts"))
    add_programs(facts, rng("programs"))
    add_homes(facts)
    add_section_504(facts, rng("section 504"))
    add_buses(facts, rng("buses"))
    add_accounts(facts)
    add_lms_courses(facts, rng("lms"))
    add_caseloads(facts, rng("caseloads"))
    return facts


def _assign_special_cases(facts: DistrictFacts, assignments: dict[str, tuple[SchoolFact, str]]) -> None:
    """Choose the students of each special case; in a small district one student may have several."""
    levels: dict[str, list[StudentFact]] = {"High": [], "Middle": [], "Elementary": []}
    for student in sorted(facts.students, key=lambda student: GRADES.index(assignments[student.id][1])):
        levels[assignments[student.id][0].name.split()[-2]].append(student)
    for case, positions in _STUDENTS_OF_CASE.items():
        chosen = [levels[level][position % len(levels[level])] for level, position in positions]
        facts.special_cases[case] = list(dict.fromkeys(student.id for student in chosen))
    by_id = {student.id: student for student in facts.students}
    for number, student_id in enumerate(facts.special_cases["unicode_name"]):
        rename(by_id[student_id], number)
    for case, code in (
        ("two_state_ids", ("State", "7399999999")),
        ("ssn_code", ("SSN", "900-45-6789")),
        ("leading_zeros", ("Local", "000412")),
    ):
        for student_id in facts.special_cases[case]:
            by_id[student_id].codes += (code,)
    for student_id in facts.special_cases["no_email"]:
        by_id[student_id].email = ""
    first, second = (by_id[student_id] for student_id in facts.special_cases["crossed_lms_ids"])
    if first.birth == second.birth:
        second.birth = second.birth.replace(day=second.birth.day % 28 + 1)
