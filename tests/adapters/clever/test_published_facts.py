"""Holds the declaration and the sandbox against Clever's published documents."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import httpx

from student_graph.adapters.clever.adapter import Clever
from student_graph.adapters.clever.sandbox import CleverSandbox
from student_graph.adapters.clever.sandbox.rows import Objects
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.adapters.rest.declaration.models import LinkPaging
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.clever.published_facts import (
    CONTACT_TYPES,
    GET_PARAMETERS,
    GRADES,
    LINK_RELATIONS,
    LMS_GET_PATHS,
    MAX_ATTENDANCE_ROWS,
    OBJECTS,
    RACES,
    RELATIONSHIPS,
    STATUSES,
    SUBJECTS,
    TYPES,
)
from tests.subcases import subcases

PLAN = Clever.plan
assert PLAN is not None
DECLARATION = PLAN.declaration
REQUESTS = {
    **{name: str(part.get) for name, part in DECLARATION.lookups.items() if part.get is not None},
    **{f"first {name}": part.get for name, part in DECLARATION.first.items()},
}


@subcases("name", REQUESTS)
def test_a_request_is_in_the_published_documents(name: str) -> None:
    """Path and parameters, those of the pages included."""
    path, _, query = REQUESTS[name].partition("?")
    published = re.sub(r"\{\w+\}", "{id}", path.removeprefix("/v3.1"))
    parameters = {pair.partition("=")[0] for pair in query.split("&") if pair}
    if published not in ("/districts", "/sections/{id}"):
        assert isinstance(DECLARATION.paging, LinkPaging)
        parameters.add(str(DECLARATION.paging.size))
        assert DECLARATION.paging.rows <= MAX_ATTENDANCE_ROWS

    assert parameters <= GET_PARAMETERS[published]


def test_tables_have_the_codes_of_the_documents() -> None:
    """Each grade level and subject has a meaning, and each table has no code that Clever does not have."""
    assert DECLARATION.codes["grades"].keys() == GRADES
    assert DECLARATION.codes["subjects"].keys() == SUBJECTS
    assert DECLARATION.codes["attendance"].keys() == STATUSES


def test_assignments_have_no_list() -> None:
    """Why they are not read: each address of LMS Connect needs the id of an assignment."""
    assert all("{assignment_id}" in path for path in LMS_GET_PATHS)
    assert not [lookup for lookup in DECLARATION.lookups if "assignment_work" in lookup]


def test_objects_of_the_sandbox_have_published_properties_and_values() -> None:
    """Of every kind, with the enumerations."""
    objects = Objects(make_district(40))

    def check(kind: str, rows: list[dict[str, Any]]) -> None:
        assert rows, kind
        assert {name for row in rows for name in row} <= OBJECTS[kind], kind

    students = [row["roles"]["student"] for row in objects.students]
    contacts = [row["roles"]["contact"] for row in objects.contacts]
    relations = [part for contact in contacts for part in contact["student_relationships"]]
    users = [*objects.students, *objects.teachers, *objects.contacts]
    check("District", objects.districts)
    check("School", objects.schools)
    check("Term", objects.terms)
    check("Section", objects.sections)
    check("User", users)
    check("Name", [row["name"] for row in users])
    check("Student", students)
    check("SchoolEnrollment", [part for student in students for part in student["enrollments"]])
    check("Teacher", [row["roles"]["teacher"] for row in objects.teachers])
    check("Contact", contacts)
    check("StudentRelationship", relations)
    check("Attendance", objects.attendance)
    assert {row["attendance_status"] for row in objects.attendance} <= STATUSES
    assert {row["attendance_type"] for row in objects.attendance} == TYPES
    assert {row["subject"] for row in objects.sections} <= SUBJECTS
    assert {student["grade"] for student in students} <= GRADES
    assert {student["race"] for student in students} <= RACES | {None}
    assert {part["relationship"] for part in relations} <= RELATIONSHIPS
    assert {part["type"] for part in relations} <= CONTACT_TYPES
    assert all(re.fullmatch("[0-9a-f]{24}", row["id"]) for row in users)


async def test_pages_of_the_sandbox_are_as_the_document_says() -> None:
    """A link to the next page in the body, an error beyond the limit, and no answer without a token."""
    sandbox = CleverSandbox(make_district(30))
    transport = httpx.ASGITransport(app=sandbox.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://clever.example") as client:
        refused = await client.get("/v3.1/users?role=student")
        client.headers["Authorization"] = f"Bearer {sandbox.settings()['token']}"
        url, ids, relations = "/v3.1/users?role=student&limit=12", list[str](), set[str]()
        while url:
            page = (await client.get(url)).json()
            ids += [row["data"]["id"] for row in page["data"]]
            links = {link["rel"]: link["uri"] for link in page["links"]}
            relations |= links.keys()
            url = links.get("next", "")
        school = Objects(make_district(30)).schools[0]["id"]
        too_many = await client.get(f"/v3.1/attendance/schools/{school}?limit={MAX_ATTENDANCE_ROWS + 1}")

    assert refused.status_code == 401
    assert (len(ids), len(set(ids))) == (30, 30)
    assert relations <= LINK_RELATIONS
    assert too_many.status_code == 400


async def test_attendance_of_all_schools_is_split_by_student() -> None:
    """A request for each school, and the lists of ids once, for any number of students."""
    facts = make_district(40)
    sandbox = CleverSandbox(facts)
    keys = [StudentId(fact.id) for fact in facts.students]
    async with open_adapter(sandbox) as adapter:
        sandbox.requests.clear()
        by_student: Any = await adapter.attendance_events_by_student(keys, school_year=facts.year)
        requests = [request.partition("?")[0] for request in sandbox.requests]
        schools = [SchoolId(str(fact.id)) for fact in facts.schools]
        by_school: Any = await adapter.attendance_events_by_school(schools, school_year=facts.year)

    expected = {fact.student: 0 for fact in facts.attendance}
    for fact in facts.attendance:
        expected[fact.student] += fact.section is None
    assert {key: len(events) for key, events in by_student.items() if events} == {
        student: count for student, count in expected.items() if count
    }
    assert sum(map(len, by_school.values())) == sum(expected.values())
    assert sorted(requests) == sorted([
        "GET /v3.1/users",
        "GET /v3.1/schools",
        *(f"GET /v3.1/attendance/schools/{row['id']}" for row in Objects(facts).schools),
    ])  # fmt: skip


async def test_a_school_year_ends_with_july() -> None:
    """A term that ends with June may have the day after it as its end, and some schools end in July."""
    facts = make_district(12)
    end = max(fact.end for fact in facts.sessions)
    july = date(facts.year, 7, 1)
    facts.sessions = [replace(fact, end=july) if fact.end == end else fact for fact in facts.sessions]
    schools = [SchoolId(str(fact.id)) for fact in facts.schools]
    async with open_adapter(CleverSandbox(facts)) as adapter:
        terms: Any = await adapter.sessions_by_school(schools)
        sections: Any = await adapter.sections_by_school(schools, school_year=facts.year)

    assert {term.school_year for rows in terms.values() for term in rows} == {facts.year}
    assert sum(map(len, sections.values())) == len(facts.sections)


async def test_a_student_is_in_all_their_sections() -> None:
    """Clever names an enrollment by its section and its student: neither alone tells two enrollments apart."""
    facts = make_district(12)
    keys = [StudentId(fact.id) for fact in facts.students]
    async with open_adapter(CleverSandbox(facts)) as adapter:
        enrollments: Any = await adapter.section_enrollments_by_student(keys)

    expected = {(fact.student, fact.section.key) for fact in facts.section_enrollments if fact.end is None}
    assert len(expected) > len(keys)
    assert sum(map(len, enrollments.values())) == len(expected)
    assert len({record.vendor_id for part in enrollments.values() for record in part}) == len(expected)
