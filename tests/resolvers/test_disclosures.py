"""The records of students that an executor notes for the disclosure log."""

from __future__ import annotations

from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, noted_records, school, school_enrollment, student

ADA, BO = (encode(GlobalId("Student", CEDAR, number)) for number in ("1", "2"))
SCHOOL = encode(GlobalId("School", CEDAR, "101"))


def small_district() -> World:
    """Return a district with two students at one school."""
    data = VendorData(
        {
            "students_by_id": {number: student(number) for number in ("1", "2")},
            "schools_by_id": {"101": school()},
            "school_enrollments_by_student": {"1": [school_enrollment("1")], "2": []},
        },
        roster=[student(number) for number in ("1", "2")],
    )
    return World([third_party_source("sis", data)])


async def test_a_record_is_noted_once() -> None:
    """A single record, records in a list and a record behind an interface are noted; a school is not."""
    world = small_district()
    query = "query($a: ID!, $ids: [ID!]!) {student(id: $a) {id enrollments {entryDate}} nodes(ids: $ids) {id}}"
    await world.data(query, a=ADA, ids=[BO, SCHOOL])

    assert noted_records(world.operation.disclosures) == {
        ("Student", "row-1"): 1,
        ("SchoolEnrollment", "1@101"): 1,
        ("Student", "row-2"): 1,
    }


async def test_records_of_a_connection_are_noted() -> None:
    """The students of a page are noted, and their own records too."""
    world = small_district()
    await world.data("{students(filter: {}) {edges {node {id enrollments {entryDate}}}}}")

    assert noted_records(world.operation.disclosures) == {
        ("Student", "row-1"): 1,
        ("Student", "row-2"): 1,
        ("SchoolEnrollment", "1@101"): 1,
    }


async def test_a_record_that_occurs_twice_is_noted_twice() -> None:
    """The log counts the records of the response, not the distinct ones."""
    world = small_district()
    await world.data("query($a: ID!) {a: node(id: $a) {id} b: node(id: $a) {id} c: student(id: $a) {id}}", a=ADA)

    assert noted_records(world.operation.disclosures) == {("Student", "row-1"): 3}


async def test_a_record_that_is_not_in_the_response_is_not_noted() -> None:
    """An unknown student is null and not noted."""
    world = small_district()
    await world.data('{student(studentUniqueId: "9") {id}}')

    assert noted_records(world.operation.disclosures) == {}
