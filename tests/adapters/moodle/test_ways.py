"""How many calls a class takes through the gateway's fetch pipeline, and who is linked there."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import LmsCourseFact
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.transports import UNSERVED_URL
from tests.scenarios.helpers.sandbox_district import SandboxDistrict, sandbox_district

KIND = "moodle"
FACTS = make_district(120)
OWNERS = {account.id: account.owner for account in FACTS.accounts}
COURSE = max((course for course in FACTS.lms_courses if course.section), key=lambda fact: len(fact.members))
STUDENTS = [StudentId(OWNERS[member]) for member in COURSE.members]


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district of 120 students on Ed-Fi and Moodle."""
    async with sandbox_district(FACTS, ("edfi", KIND)) as district:
        yield district


def courses_of(students: Sequence[StudentId]) -> list[LmsCourseFact]:
    """The courses of students."""
    return [c for c in FACTS.lms_courses if {OWNERS[member] for member in c.members} & {*students}]


async def fetch(
    district: SandboxDistrict, lookup: LookupMethod, keys: Sequence[str]
) -> tuple[Answers, Counter[str]]:
    """The answers of an operation of its own, without cached answers, and the functions that it called."""
    sandbox = district.sandboxes[KIND]
    sandbox.requests.clear()
    ask = Ask(lookup_of(lookup), tuple(keys))
    answers = await district.start_operation().sources.fetch(district.source(KIND), ask)
    names = [line.partition("wsfunction=")[2].partition("&")[0] for line in sandbox.requests]
    return answers, Counter(names)


async def test_a_class_takes_a_handful_of_calls() -> None:
    """
    The work of a class: the course, its students, assignments, submissions, extensions and gradebook.

    Each student alone takes more than that.
    """
    sandbox = MoodleSandbox(FACTS)
    sandbox.url = UNSERVED_URL
    key = f"sis_section:{COURSE.sis_section}"
    async with open_adapter(sandbox) as adapter:
        batch = await run_lookup(adapter, lookup_of(Adapter.assignment_work_by_section), [key], {})
        calls = Counter(sandbox.called)
        sandbox.called.clear()
        for student in STUDENTS[:2]:
            await run_lookup(adapter, lookup_of(Adapter.assignment_work_by_student), [f"idnumber:{student}"], {})

    assert len(STUDENTS) > 8
    assert {dict(row.subject.ids)["id"] for row in batch[key]} == {*map(str, COURSE.members)}
    assert calls == {
        functions.COURSES: 1,
        functions.ENROLLED_USERS: 1,
        functions.ASSIGNMENTS: 1,
        functions.SUBMISSIONS: 1,
        functions.USER_FLAGS: 1,
        functions.GRADE_ITEMS: 1,
    }
    assert len(sandbox.called) > 2 * 10


async def test_students_of_many_courses_are_read_by_course(district: SandboxDistrict) -> None:
    """Two calls for each course, and not for each pair of a student and a course; the lists of all are shared."""
    answers, calls = await fetch(district, Adapter.assignment_work_by_student, STUDENTS)
    courses = courses_of(STUDENTS)
    pairs = sum(len({OWNERS[member] for member in course.members} & {*STUDENTS}) for course in courses)

    assert {len(records_in(answer.value)) > 0 for answer in answers.values()} == {True}
    assert calls[functions.GRADE_ITEMS] == calls[functions.ENROLLED_USERS] == len(courses) < pairs
    assert calls[functions.USERS] == 1
    assert all(calls[name] <= 2 for name in (functions.ASSIGNMENTS, functions.SUBMISSIONS, functions.USER_FLAGS))


async def test_a_number_links_a_student_only_with_mail_and_family_name(district: SandboxDistrict) -> None:
    """Two students whose numbers are crossed in Moodle see nobody's work."""
    crossed = [StudentId(student) for student in FACTS.special_cases["crossed_lms_ids"]]
    answers, _ = await fetch(district, Adapter.lms_accounts_by_student, crossed)
    errors = [answer.value for answer in answers.values()]

    assert len(errors) == 2
    assert all(isinstance(error, AdapterError) and error.code == "IDENTITY_CONFLICT" for error in errors)
