"""How many calls a page takes through the gateway's fetch pipeline, and who is linked there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import LmsCourseFact
from tests.scenarios.helpers.sandbox_district import SandboxDistrict, sandbox_district

KIND = "google_classroom"
FACTS = make_district(120)
OWNERS = {account.id: account.owner for account in FACTS.accounts}


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district of 120 students on Ed-Fi and Google Classroom."""
    async with sandbox_district(FACTS, ("edfi", KIND)) as district:
        yield district


def students_of(course: LmsCourseFact) -> list[StudentId]:
    """The numbers of a course's students in the student information system."""
    return [StudentId(OWNERS[member]) for member in course.members]


def courses_of(students: Sequence[StudentId]) -> list[LmsCourseFact]:
    """The courses of students."""
    return [course for course in FACTS.lms_courses if {*students_of(course)} & {*students}]


async def work_of(district: SandboxDistrict, students: Sequence[StudentId]) -> Answers:
    """The work of students in an operation of its own, without cached answers."""
    district.new_calls()
    ask = Ask(lookup_of(Adapter.assignment_work_by_student), tuple(students))
    return await district.start_operation().sources.fetch(district.source(KIND), ask)


async def test_a_class_is_read_by_course(district: SandboxDistrict) -> None:
    """A class takes two calls for each student and four for each course, and not one for each pair of them."""
    course = max((course for course in FACTS.lms_courses if course.section), key=lambda fact: len(fact.members))
    students = students_of(course)
    answers = await work_of(district, students)
    calls = {name: count for name, count in district.new_calls().items() if name.startswith(KIND)}
    pairs = sum(len({*students_of(fact)} & {*students}) for fact in courses_of(students))

    assert len(students) > 8
    assert calls[f"{KIND} studentSubmissions"] == len(courses_of(students)) < pairs
    assert sum(calls.values()) <= 2 * len(students) + 4 * len(courses_of(students)) + 2  # a token, the list
    assert {len(records_in(answer.value)) > 0 for answer in answers.values()} == {True}


async def test_one_student_is_read_alone(district: SandboxDistrict) -> None:
    """The submissions of the student's classmates are not read."""
    student = next(s.id for s in FACTS.students if len(courses_of([StudentId(s.id)])) > 2)
    await work_of(district, [StudentId(student)])
    submissions = [line for line in district.sandboxes[KIND].requests if "studentSubmissions?" in line]

    assert len(submissions) == len(courses_of([StudentId(student)]))
    assert all("userId=" in line for line in submissions)


async def test_an_address_links_a_student_only_with_the_family_name(district: SandboxDistrict) -> None:
    """An address that was given to somebody else later shows nobody's work to the student who had it."""
    account = next(a for a in FACTS.accounts if a.owner == courses_of_members()[0])
    name, account.sortable_name = account.sortable_name, "Somebody, Else"
    try:
        answers = await work_of(district, [StudentId(account.owner)])
    finally:
        account.sortable_name = name

    error = answers[StudentId(account.owner)].value
    assert isinstance(error, AdapterError)
    assert error.code == "IDENTITY_CONFLICT"


def courses_of_members() -> list[str]:
    """The numbers of students who are linked and in a course, in order."""
    unlinked = {*FACTS.special_cases["no_lms_link"], *FACTS.special_cases["no_email"]}
    unlinked |= {*FACTS.special_cases["nothing_recorded"]}
    members = {student for course in FACTS.lms_courses if course.section for student in students_of(course)}
    return sorted(members - unlinked)


async def test_the_letter_case_of_addresses_does_not_matter() -> None:
    """Addresses in other letters in the student information system link the same accounts."""
    facts = make_district(12)
    owners = {account.id: account.owner for account in facts.accounts}
    for student in facts.students:
        student.email = student.email.title()
    async with sandbox_district(facts, ("edfi", KIND)) as district:
        answers = await work_of(district, [StudentId(student.id) for student in facts.students])
    linked = {key for key, answer in answers.items() if not isinstance(answer.value, AdapterError)}
    unlinked = {*facts.special_cases["no_lms_link"], *facts.special_cases["no_email"]}
    members = {owners[member] for course in facts.lms_courses for member in course.members}

    assert linked >= members - unlinked - {*facts.special_cases["nothing_recorded"], ""}
