"""The district of the benchmark `day`: its vendors, its people, and the fewest calls that its pages need."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.support.day_gateway import Plan
from student_graph.adapters.paging import MAX_ROWS
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.gateway.demo.districts import DemoDistrict

MAX_PRINCIPALS = 3
EDFI_PAGE_ROWS = 500
"""Maximum number of rows that Ed-Fi sends in one response."""
CANVAS_USERS_A_CALL = 100
"""Maximum number of students whose submissions Canvas sends in one response."""
CANVAS_COURSES_A_CALL = 20
"""Maximum number of courses that one question to Canvas's GraphQL API may name."""
CANVAS_COURSES_OF_WORK_A_CALL, CANVAS_SUBMISSIONS_A_CALL = 10, 100
"""
Maximum number of courses in a question about submissions, and of submissions of each course in one response.
"""


@dataclass(frozen=True, slots=True)
class ServedDistrict:
    """A district with running sandboxes, and its people."""

    demo: DemoDistrict
    staff: Mapping[str, str]
    """Staff numbers by the name of the person."""

    @property
    def sandboxes(self) -> Sequence[Sandbox]:
        """The vendors."""
        return list(self.demo.sandboxes.values())

    def plan(self, **options: Any) -> Plan:
        """Return the plan of a gateway over the running sandboxes."""
        urls = {name: sandbox.url for name, sandbox in self.demo.sandboxes.items()}
        return Plan(self.demo.size, urls, self.staff, **options)


def current_sections(facts: DistrictFacts) -> dict[str, set[tuple[Any, ...]]]:
    """Return the sections that each teacher teaches on the date of the facts."""
    today = facts.now.date()
    taught: dict[str, set[tuple[Any, ...]]] = {}
    for section in facts.sections:
        for staff, _, begin, end in section.staff:
            if begin <= today and (end is None or today <= end):
                taught.setdefault(staff, set()).add(section.key)
    return taught


def choose_staff(facts: DistrictFacts, teachers: int) -> dict[str, str]:
    """
    Return the staff numbers of teachers and principals, by the name of the person.

    `teacher-0` has the most students. The others follow by number of students, those of the same school first.
    """
    taught = current_sections(facts)
    students = {staff: students_of(facts, keys) for staff, keys in taught.items()}
    busiest = max(taught, key=lambda staff: (len(students[staff]), staff))
    school = min(key[0] for key in taught[busiest])
    elsewhere = {staff: min(key[0] for key in keys) != school for staff, keys in taught.items()}
    order = sorted(taught, key=lambda staff: (elsewhere[staff], -len(students[staff]), staff != busiest, staff))
    principals = [member.id for member in facts.staff if member.classification == "Principal"]
    return {
        **{f"teacher-{number}": staff for number, staff in enumerate(order[:teachers])},
        **{f"principal-{number}": staff for number, staff in enumerate(principals[:MAX_PRINCIPALS])},
    }


def students_of(facts: DistrictFacts, sections: set[tuple[Any, ...]]) -> set[str]:
    """Return the students of some sections."""
    return {e.student for e in facts.section_enrollments if e.section.key in sections}


def largest_school(facts: DistrictFacts) -> int:
    """Return the number of the school with the most enrollments."""
    counts: dict[int, int] = {}
    for enrollment in facts.enrollments:
        counts[enrollment.school] = counts.get(enrollment.school, 0) + 1
    return max(counts, key=lambda school: counts[school])


def least_calls(facts: DistrictFacts, students: set[str]) -> int:
    """
    Return the fewest calls, by the vendors' page sizes, for a page with the work of students in all their classes.

    Ed-Fi filters a list by one school or not at all, or by one section. Canvas has for each course the course
    itself, its enrollments, its assignments, and the submissions of 100 students in a response.
    """
    school = largest_school(facts)
    in_school = {e.student for e in facts.enrollments if e.school == school}
    of_students: list[tuple[Sequence[Any], Sequence[Any]]] = [
        (facts.students, [s for s in facts.students if s.id in in_school]),
        (facts.enrollments, [e for e in facts.enrollments if e.school == school]),
        (facts.section_enrollments, [e for e in facts.section_enrollments if e.section.school == school]),
        (facts.results, facts.results),
        (facts.grades, [g for g in facts.grades if g.enrollment.section.school == school]),
    ]
    daily = [event for event in facts.attendance if event.section is None]
    in_class = [event for event in facts.attendance if event.section is not None]
    edfi = sum(min(_pages(rows), _pages(of_school)) for rows, of_school in of_students)
    edfi += sum(min(_pages(rows), _pages([r for r in rows if r.school == school])) for rows in (daily, in_class))
    edfi += 1 + 2  # the teacher's sections; sections and courses of the school
    keys = {e.section.key for e in facts.section_enrollments if e.student in students}
    courses = [course for course in facts.lms_courses if course.section is not None and course.section.key in keys]
    canvas = sum(3 + math.ceil(max(len(course.members), 1) / CANVAS_USERS_A_CALL) for course in courses)
    return edfi + canvas


def least_calls_at_once(facts: DistrictFacts, sections: set[tuple[Any, ...]]) -> int:
    """
    Return the fewest calls with which the pages of teachers of one school who come at the same time can be read.

    Unlike the gateway, this reader knows from the start how long each list is and which other pages will come. It
    reads every list of Ed-Fi once (the school's list, if that is shorter and allowed), and the sections of the
    staff. In Canvas each section names its course, each course has pages of submissions, and grades and work are
    questions about 20 courses.
    """
    school = Counter(key[0] for key in sections).most_common(1)[0][0]
    members = [e for e in facts.section_enrollments if e.section.school == school]
    grades = [grade for grade in facts.grades if grade.enrollment.section.school == school]
    daily = [event for event in facts.attendance if event.section is None]
    in_class = [event for event in facts.attendance if event.section is not None]
    lists: list[Sequence[Any]] = [members, grades, daily, in_class, facts.results, facts.enrollments]
    edfi = sum(map(_pages, lists))
    edfi += 2 * _pages(facts.students)  # their names, and the addresses by which accounts are confirmed
    edfi += 4  # who teaches which section, and three lists of caseloads
    edfi += 3  # sections of the school, their courses, and the names of these
    courses = [
        course for course in facts.lms_courses if course.section is not None and course.section.key in sections
    ]
    return edfi + len(sections) + _calls_for_work(facts, courses)


def least_calls_of_single_page(
    facts: DistrictFacts,
    students: set[str],
    sections: set[tuple[Any, ...]],
    max_list_rows: float = MAX_ROWS,
) -> int:
    """
    Return the fewest calls for the page of one teacher in a district that states nothing about its rows.

    Ed-Fi filters by equality alone, and a row of a student may have any school, session, date or assessment. So a
    call either names one student, or selects rows by other values, which must all be read: such lists are
    together as long as the list of the district. So each resource takes the calls of its list, or one for each
    student. `max_list_rows` are those of the longest list that is read.
    """
    daily = [event for event in facts.attendance if event.section is None and event.year == facts.year]
    in_class = [event for event in facts.attendance if event.section is not None and event.year == facts.year]
    # The second list of students has the addresses by which accounts are confirmed.
    lists: list[Sequence[Any]] = [
        facts.students,
        facts.students,
        facts.enrollments,
        daily,
        in_class,
        facts.results,
    ]
    edfi = sum(min(_pages(rows) if len(rows) <= max_list_rows else len(students), len(students)) for rows in lists)
    edfi += 1 + 2 + _pages([row for row in facts.programs if row.kind == "special education"])  # of the teacher
    edfi += _calls_for_classes(facts, sections)
    courses = [
        course for course in facts.lms_courses if course.section is not None and course.section.key in sections
    ]
    return edfi + len(sections) + _calls_for_work(facts, courses)


def _calls_for_classes(facts: DistrictFacts, sections: set[tuple[Any, ...]]) -> int:
    """Calls for sections and their courses, by key or school, and for members and grades, by offering or key."""
    schools = {key[:2] for key in sections}
    of_schools = [section.key for section in facts.sections if section.key[:2] in schools]
    calls = 0
    for parts in (5, 4, 4):  # sections, their offerings, and a course for each offering
        keys = {key[:parts] for key in sections}
        calls += min(len(keys), _pages({key[:parts] for key in of_schools}))
    own = Counter(key[:4] for key in sections)
    members = Counter(e.section.key[:4] for e in facts.section_enrollments)
    grades = Counter(grade.enrollment.section.key[:4] for grade in facts.grades)
    for rows in (members, grades):
        calls += sum(min(count, math.ceil(max(rows[o], 1) / EDFI_PAGE_ROWS)) for o, count in own.items())
    return calls


def _pages(rows: Collection[Any]) -> int:
    """Calls for a list of Ed-Fi."""
    return max(1, math.ceil(len(rows) / EDFI_PAGE_ROWS))


def _calls_for_work(facts: DistrictFacts, courses: Sequence[Any]) -> int:
    """Questions about the contents of courses. Submissions take questions, or one call for each course."""
    published = Counter(assignment.course for assignment in facts.assignments if assignment.published)
    pages = sorted(
        max(1, math.ceil(len(course.members) * published[course.id] / CANVAS_SUBMISSIONS_A_CALL))
        for course in courses
    )
    size = CANVAS_COURSES_OF_WORK_A_CALL
    groups = [pages[start : start + size] for start in range(0, len(pages), size)]
    work = sum(min(len(group), max(group)) for group in groups)
    return math.ceil(len(courses) / CANVAS_COURSES_A_CALL) + work
