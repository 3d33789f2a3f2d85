"""Behavior that only the OneRoster adapter has, with what real servers were observed to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    RefusedError,
)
from student_graph.adapters.lookup import StudentFilter, Window
from student_graph.adapters.model import DistrictId, SectionId, StaffId, StudentId
from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.oneroster.sandbox.server import Version
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.scripted_sandbox import connected
from tests.long_runs import LONG_RUNS, size

FACTS = make_district(size(24, 60))
DISTRICT_IDS = [DistrictId("here")]
SERVERS: dict[str, tuple[Version, Quirks]] = {
    "published 1.2": ("1.2", PUBLISHED_12),
    "published 1.1": ("1.1", PUBLISHED_11),
    "1.1 with tokens": ("1.1", replace(PUBLISHED_11, auth="oauth2")),
    "1.1 with SHA-256": ("1.1", replace(PUBLISHED_11, signature="HMAC-SHA256")),
    "legacy 1.1": ("1.1", LEGACY_11),
    "Ed-Fi service": ("1.2", EDFI_SERVICE),
    "unusual gradebook": ("1.2", UNUSUAL_GRADEBOOK),
    "deleted rows": ("1.2", replace(PUBLISHED_12, deleted_status="tobedeleted")),
    "ten rows per page": ("1.2", replace(PUBLISHED_12, max_rows_per_page=10, totals=False, links=False)),
}
SAMPLE_SERVERS = list(SERVERS) if LONG_RUNS else ["published 1.2", "legacy 1.1", "Ed-Fi service"]
"""The servers that are compared: without long runs, one of each way to read."""
SAMPLE_GRADEBOOKS = list(SERVERS) if LONG_RUNS else ["published 1.2", "unusual gradebook"]


def sandbox_of(name: str) -> OneRosterSandbox:
    version, quirks = SERVERS[name]
    return OneRosterSandbox(FACTS, version=version, quirks=quirks)


@pytest.mark.long_run
@pytest.mark.parametrize("name", SAMPLE_SERVERS)
async def test_every_server_has_the_same_students(name: str) -> None:
    """
    Names of keys, nulls, booleans, short pages, deleted rows and two users of one student make no difference.
    """
    sandbox = sandbox_of(name)
    async with connected(sandbox) as adapter:
        (students,) = (await adapter.roster_by_district(DISTRICT_IDS)).values()

    assert isinstance(students, list)
    assert sorted(sandbox.known_keys("student")) == [student.student_id for student in students]


@pytest.mark.long_run
@pytest.mark.parametrize("name", SAMPLE_SERVERS)
async def test_every_server_has_the_same_section_enrollments(name: str) -> None:
    """By student and by class, whether the server supports filters, nested routes or neither."""
    expected = {(fact.student, fact.begin) for fact in FACTS.section_enrollments}
    sandbox = sandbox_of(name)
    async with connected(sandbox) as adapter:
        keys = [StudentId(key) for key in sandbox.known_keys("student")]
        by_student = await adapter.section_enrollments_by_student(keys)
        by_section = await adapter.section_enrollments_by_section(
            [SectionId(s) for s in sandbox.known_keys("section")]
        )

    for batch in (by_student, by_section):
        rows = [row for answer in batch.values() for row in answer] if isinstance(batch, dict) else []
        assert len(FACTS.section_enrollments) == len(rows)
        assert expected == {(row.student_id, row.begin_date) for row in rows}


@pytest.mark.long_run
@pytest.mark.parametrize("name", [name for name in SAMPLE_GRADEBOOKS if name != "Ed-Fi service"])
async def test_every_gradebook_has_the_same_work(name: str) -> None:
    """By class and by student, whatever the form of responses, references, filters and routes."""
    sandbox = sandbox_of(name)
    async with connected(sandbox, students=size(24, 5000)) as adapter:
        by_section = await adapter.assignment_work_by_section(
            [SectionId(s) for s in sandbox.known_keys("section")]
        )
        by_student = await adapter.assignment_work_by_student(
            [StudentId(s) for s in sandbox.known_keys("student")]
        )
    works = [
        sorted((work.student_id, work.vendor_id, work.score) for answer in batch.values() for work in answer)  # type: ignore[union-attr]
        for batch in (by_section, by_student)
    ]

    assert works[0]
    assert works[0] == works[1]


async def test_a_student_with_two_users_is_one_student_at_two_schools() -> None:
    """Two users with one student number are one student with an enrollment at each school."""
    (student_id,) = FACTS.special_cases["dual_enrollment"][:1]
    async with connected(sandbox_of("Ed-Fi service")) as adapter:
        student = (await adapter.students_by_id([StudentId(student_id)]))[StudentId(student_id)]
        enrollments = (await adapter.school_enrollments_by_student([StudentId(student_id)]))[StudentId(student_id)]
        identity = (await adapter.student_identities_by_id([StudentId(student_id)]))[StudentId(student_id)]

    assert not isinstance(student, AdapterError)
    assert not isinstance(enrollments, AdapterError)
    assert not isinstance(identity, AdapterError)
    assert {str(fact.school) for fact in FACTS.enrollments if fact.student == student_id} == {
        enrollment.school_id for enrollment in enrollments
    }
    assert len([identifier for identifier in identity.identifiers if identifier.system == "sourcedId"]) == 2


async def test_pages_have_no_duplicates_and_apply_the_filter_by_ids() -> None:
    """The users of one student may be on different pages, so each page is cut from the complete list."""
    async with connected(sandbox_of("Ed-Fi service")) as adapter:
        filter_ids = tuple(StudentId(student.id) for student in FACTS.students[:3])
        batch = await adapter.students_by_district(
            DISTRICT_IDS, window=Window(2), filter=StudentFilter(ids=(*filter_ids, StudentId("0")))
        )
    page = batch[DISTRICT_IDS[0]]

    assert not isinstance(page, AdapterError)
    assert (2, 3, frozenset({"ids"})) == (len(page.items), page.total, page.applied)


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("published 1.2", "OneRoster 1.2, rostering + gradebook + assessments"),
        ("published 1.1", "OneRoster 1.1, rostering + gradebook"),
        ("Ed-Fi service", "OneRoster 1.2, rostering"),
    ],
)
async def test_the_check_returns_the_services_that_the_client_may_read(name: str, services: str) -> None:
    """Services that the server does not have or that the credentials may not read are left out."""
    async with connected(sandbox_of(name)) as adapter:
        assert services == await adapter.check()


async def test_refused_demographics_fail_only_their_own_lookup() -> None:
    """Demographics have a scope of their own: without it birth dates are unknown and all other lookups succeed."""
    quirks = replace(PUBLISHED_12, granted_scopes=PUBLISHED_12.granted_scopes - {"roster-demographics.readonly"})
    key = StudentId(FACTS.students[0].id)
    async with connected(OneRosterSandbox(FACTS, quirks=quirks), birth_dates=False) as adapter:
        student = (await adapter.students_by_id([key]))[key]
        identity = (await adapter.student_identities_by_id([key]))[key]
        demographics = (await adapter.demographics_by_student([key]))[key]

    assert not isinstance(student, AdapterError)
    assert not isinstance(identity, AdapterError)
    assert identity.birth_date is None
    assert isinstance(demographics, RefusedError)


async def test_version_1_1_offers_no_assessments() -> None:
    """The lookup fails without a request."""
    sandbox = sandbox_of("published 1.1")
    async with connected(sandbox) as adapter:
        with pytest.raises(NotOfferedError):
            await adapter.assessment_results_by_student([StudentId("1")])

    assert sandbox.requests == []


async def test_course_grades_are_not_offered_without_a_category() -> None:
    """Without a configured category no line item is known to be a course grade: an empty list would be wrong."""
    async with connected(sandbox_of("published 1.2"), course_grade_categories=()) as adapter:
        with pytest.raises(NotOfferedError):
            await adapter.course_grades_by_section([SectionId("x")])


async def test_records_of_a_linked_source_have_all_identifiers() -> None:
    """
    For a key of field and value, records have every id, the birth date, the e-mail address and the family name.
    """
    fact = FACTS.students[0]
    key = StudentId(f"identifier:{fact.id}")
    async with connected(sandbox_of("published 1.2")) as adapter:
        students = await adapter.students_by_id(
            [key, StudentId("userIds.District:" + fact.id), StudentId(fact.id)]
        )
    student, plain = students[key], students[StudentId(fact.id)]

    assert not isinstance(student, AdapterError)
    assert student.subject is not None
    assert (key, fact.birth, fact.last) == (
        student.student_id,
        student.subject.birth_date,
        student.subject.family_name,
    )
    assert {("identifier", fact.id), ("sourcedId", student.vendor_id), ("userIds.District", fact.id)} <= {
        *student.subject.ids
    }
    assert not isinstance(plain, AdapterError)
    assert plain.subject is None


async def test_a_server_is_probed_once() -> None:
    """The second lookup uses the result of the first probe."""
    sandbox = sandbox_of("published 1.2")
    async with connected(sandbox) as adapter:
        key = StudentId(FACTS.students[0].id)
        await adapter.students_by_id([key])
        sandbox.requests.clear()
        await adapter.students_by_id([key])

    assert len(sandbox.requests) == 1


async def test_an_id_with_a_quote_is_in_no_filter() -> None:
    """Servers do not agree how to escape a quote: such an id is found in the complete list, or in none."""
    key = StudentId(FACTS.students[0].id)
    sandbox = sandbox_of("published 1.2")
    async with connected(sandbox) as adapter:
        batch = await adapter.students_by_id([StudentId("O'Neil"), key])
        staff = await adapter.staff_by_id([StaffId("O'Neil")])

    assert batch.keys() == {key}
    assert staff == {}
    assert not isinstance(batch[key], AdapterError)
    assert [line for line in sandbox.requests if "filter" in line and "Neil" in line] == []
