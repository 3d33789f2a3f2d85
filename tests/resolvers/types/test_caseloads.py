"""The viewer's caseloads: their days and students, and nothing that tells what kind of group they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import CaseloadId, DistrictId, GradeLevel, SchoolId, StaffId, StudentId
from student_graph.resolvers.access import AssignedStudents, Emergency, Reach
from student_graph.resolvers.context import ViewerRole
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, VIEWER, World, school_enrollment, student

CASELOADS = """query($filter: StudentFilter, $first: Int! = 25, $after: String) {viewer {caseloads {
    key origin beginDate endDate
    students(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo {hasNextPage endCursor} edges {node {studentUniqueId}}
    }
}}}"""
SPEECH = "program/390042/Special Education/Speech"
READING = "cohort/390042/READ"
TEACHER = replace(VIEWER, role=ViewerRole.TEACHER, staff_id=StaffId("7"))


def staffing(caseload: str, begin: date, end: date | None = None) -> model.CaseloadStaff:
    return model.CaseloadStaff(
        vendor_id=f"{caseload} {begin}",
        staff_id=StaffId("7"),
        caseload_id=CaseloadId(caseload),
        begin_date=begin,
        end_date=end,
    )


def numbers(*students: str) -> frozenset[StudentId]:
    return frozenset(map(StudentId, students))


def therapist(*assigned: AssignedStudents, **changes: Any) -> tuple[VendorData, World]:
    """A member of staff with two caseloads in the system of record, a section, and students of the settings."""
    data = VendorData(
        {
            "students_by_id": {number: student(number) for number in ("1", "2", "3", "4", "5")},
            "caseload_staff_by_staff": {
                "7": [
                    staffing(SPEECH, date(2026, 8, 20)),
                    staffing(SPEECH, date(2025, 8, 20), date(2026, 6, 1)),
                    staffing(READING, date(2026, 9, 1), date(2027, 5, 1)),
                ]
            },
            "school_enrollments_by_school": {
                "101": [school_enrollment("3"), school_enrollment("4", grade=GradeLevel.TENTH)]
            },
        }
    )
    reach = Reach(
        groups={
            Ref("caseload", SPEECH): numbers("1", "2", "3"),
            Ref("caseload", READING): numbers("3"),
            Ref("section", "s"): numbers("5"),
            Ref("caseload", VIEWER.subject): numbers("4"),
        },
        staff_id=StaffId("7"),
    )
    viewer = replace(TEACHER, assigned=frozenset(assigned), **changes)
    return data, World([third_party_source("sis", data)], viewer, reach=reach)


def members(caseload: Any) -> list[str]:
    return [edge["node"]["studentUniqueId"] for edge in caseload["students"]["edges"]]


async def caseloads(world: World, **variables: Any) -> Any:
    return (await world.data(CASELOADS, **variables))["viewer"]["caseloads"]


async def test_caseloads_have_their_days_and_students() -> None:
    """Days are those of the current work; students of sections are on no caseload."""
    _, world = therapist()
    by_days = {(c["beginDate"], c["endDate"]): (c["origin"], members(c)) for c in await caseloads(world)}

    assert by_days == {
        ("2026-08-20", None): ("SYSTEM_OF_RECORD", ["1", "2", "3"]),
        ("2026-09-01", "2027-05-01"): ("SYSTEM_OF_RECORD", ["3"]),
    }


async def test_assigned_students_are_a_caseload_of_the_settings() -> None:
    """Named ones, and those of a grade level of a school; only while the assignment lasts and within the reach."""
    current = AssignedStudents(
        CEDAR,
        schools=frozenset({SchoolId("101")}),
        grade_levels=frozenset({GradeLevel.NINTH}),
        students=numbers("4", "99"),
        begin=date(2026, 9, 1),
        until=date(2027, 6, 1),
    )
    over = AssignedStudents(CEDAR, students=numbers("5"), until=date(2026, 9, 1))
    elsewhere = AssignedStudents(DistrictId("juniper"), students=numbers("5"))
    _, world = therapist(current, over, elsewhere)
    [assigned] = [c for c in await caseloads(world) if c["origin"] == "SETTINGS"]

    assert members(assigned) == ["3", "4"]
    assert (assigned["beginDate"], assigned["endDate"]) == ("2026-09-01", "2027-06-01")
    assert assigned["students"]["totalCount"] == 2


async def test_a_caseload_does_not_tell_its_kind() -> None:
    """Its key is equal in every answer, has one length, and holds nothing of the source's key."""
    _, world = therapist()
    first, again = await caseloads(world), await caseloads(world)
    keys = [caseload["key"] for caseload in first]

    assert keys == [caseload["key"] for caseload in again]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {24}
    assert not any(word in str(first).casefold() for word in ("speech", "special", "read", "program", "cohort"))


@pytest.mark.parametrize("first", [1, 2, 100])
async def test_pages_of_a_caseload_neither_skip_nor_repeat_a_student(first: int) -> None:
    """A student who joins or leaves neither repeats nor hides another one."""
    _, world = therapist()
    groups = dict(world.reach.groups)
    listed: list[str] = []
    after, more = None, True
    while more:
        speech = next(c for c in await caseloads(world, first=first, after=after) if c["endDate"] is None)
        listed += members(speech)
        after, more = speech["students"]["pageInfo"]["endCursor"], speech["students"]["pageInfo"]["hasNextPage"]
        groups.pop(Ref("caseload", READING), None)
        world.reach = replace(world.reach, groups=groups | {Ref("caseload", SPEECH): numbers("0", "1", "2", "3")})

    assert listed == ["1", "2", "3"]


async def test_a_caseload_is_filtered_like_any_list() -> None:
    """But not by school or district, and its cursors are those of no other list."""
    _, world = therapist()
    data = await caseloads(world, filter={"ids": ["2", "3", "5"]})

    assert sorted(map(members, data)) == [["2", "3"], ["3"]]
    assert set(await world.codes(CASELOADS, filter={"school": "101"})) == {"BAD_INPUT"}
    cursor = data[0]["students"]["pageInfo"]["endCursor"]
    assert "BAD_ID" in await world.codes(CASELOADS, after=cursor)


async def test_nobody_sees_the_caseloads_of_others() -> None:
    """A viewer without caseloads has none and asks no source; break-glass access has no lists."""
    _, world = therapist()
    world.reach = Reach(groups={Ref("section", "s"): numbers("5")}, staff_id=StaffId("8"))
    emergency = Emergency("e", CEDAR, numbers("1"), frozenset())
    _, in_emergency = therapist(AssignedStudents(CEDAR, students=numbers("1")), emergency=emergency)

    assert await caseloads(world) == await caseloads(in_emergency) == []
    assert "caseload_staff_by_staff" not in world.fetch.names()


async def test_a_caseload_without_an_answer_is_an_error() -> None:
    """An empty list would pass for no caseloads."""
    data, world = therapist()
    data.failing["caseload_staff_by_staff"] = UnavailableError("no answer in time")

    assert await world.codes(CASELOADS) == ["SOURCE_UNAVAILABLE"]


async def test_a_district_that_fails_takes_no_other_caseloads_away() -> None:
    """`degraded` names it."""
    data, world = therapist(AssignedStudents(CEDAR, students=numbers("4")))
    failing = VendorData({"students_by_id": {}, "school_enrollments_by_school": {}})
    failing.failing["school_enrollments_by_school"] = UnavailableError("no answer in time")
    data.answers["caseload_staff_by_staff"] = {"7": []}
    juniper = DistrictId("juniper")
    both = frozenset({CEDAR, juniper})
    at_school = AssignedStudents(juniper, schools=frozenset({SchoolId("101")}))
    sources = [*world.sources, third_party_source("other sis", failing, "juniper")]
    viewer = replace(world.viewer, districts=both, assigned=world.viewer.assigned | {at_school})
    world = World(sources, viewer, reach=Reach(groups={Ref("caseload", VIEWER.subject): numbers("4")}))

    assert [members(caseload) for caseload in await caseloads(world)] == [["4"]]
    assert [missing.code for missing in world.operation.traffic.degraded] == ["SOURCE_UNAVAILABLE"]
