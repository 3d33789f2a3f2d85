"""Caseloads of the system of record, such as a speech therapist's, are part of a staff member's reach."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError, UnavailableError
from student_graph.adapters.model import CaseloadId, CaseloadStaff, CaseloadStudent, ContactId, StaffId, StudentId
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.authorization.reach_harness import PARENT, TEACHER, ReachHarness, district_records, viewer

SCHOOL_YEAR_BEGIN = date(2026, 8, 20)
YESTERDAY, TOMORROW = date(2027, 2, 28), date(2027, 3, 2)


def caseload(name: str, begin: date = SCHOOL_YEAR_BEGIN, end: date | None = None) -> CaseloadStaff:
    """The assignment of staff member 7 to a caseload."""
    return CaseloadStaff(
        vendor_id=name,
        staff_id=StaffId("7"),
        caseload_id=CaseloadId(name),
        begin_date=begin,
        end_date=end,
    )


def member(number: str, name: str, begin: date = SCHOOL_YEAR_BEGIN, end: date | None = None) -> CaseloadStudent:
    """A student's membership in a caseload."""
    return CaseloadStudent(
        vendor_id=f"{number}@{name}",
        student_id=StudentId(number),
        caseload_id=CaseloadId(name),
        begin_date=begin,
        end_date=end,
    )


def harness_with_caseloads(**failing: AdapterError) -> ReachHarness:
    """A district with a caseload of today, one that is over and one that begins later; `failing` by lookup."""
    records = district_records()
    records.answers["caseload_staff_by_staff"] = {
        "7": [caseload("speech"), caseload("over", end=YESTERDAY), caseload("later", TOMORROW)]
    }
    records.answers["caseload_students_by_caseload"] = {
        "speech": [
            member("21", "speech"),
            member("22", "speech", end=YESTERDAY),
            member("23", "speech", TOMORROW),
        ],
        "over": [member("24", "over")],
        "later": [member("25", "later")],
    }
    records.failing.update(failing)
    return ReachHarness(records=records)


@pytest.mark.parametrize(("person", "students"), [
    (TEACHER, {"1", "4", "5", "21"}),
    (viewer(ViewerRole.PRINCIPAL, staff_id=StaffId("7")), {"1", "2", "21"}),
    (viewer(ViewerRole.COUNSELOR, staff_id=StaffId("7")), {"1", "2", "21"}),
    (viewer(ViewerRole.TEACHER, staff_id=StaffId("8")), set()),
    (PARENT, {"1", "6"}),
    (viewer(ViewerRole.PARENT, contact_id=ContactId("C1"), staff_id=StaffId("7")), {"1", "6"}),
    (viewer(ViewerRole.STUDENT, student_id=StudentId("1"), staff_id=StaffId("7")), {"1"}),
])  # fmt: skip
async def test_staff_reach_the_students_of_their_current_caseloads(person: Viewer, students: set[str]) -> None:
    """Only memberships of today count, in caseloads of today. Viewers who are not staff get none."""
    harness = harness_with_caseloads()
    for number in ("7", "8"):
        for lookup in ("section_staff_by_staff", "caseload_staff_by_staff"):
            harness.records.answers[lookup].setdefault(number, [])
    assert await harness.visible_students(person) == students


async def test_a_reach_names_the_caseload_of_a_student() -> None:
    """By the id in the system of record, which no viewer sees."""
    reach = await harness_with_caseloads().reach(TEACHER)
    assert reach.refs_of(StudentId("21")) == [Ref("caseload", "speech")]


@pytest.mark.parametrize("lookup", ["caseload_staff_by_staff", "caseload_students_by_caseload"])
@pytest.mark.parametrize("refusal", [
    RefusedError("access refused (403)", code="SOURCE_FORBIDDEN"),
    NotOfferedError("not offered by the vendor (404)"),
])  # fmt: skip
async def test_caseloads_that_cannot_be_read_grant_no_access(
    lookup: str, refusal: AdapterError, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of the reach is unchanged, a warning is logged, and the lookup is tried again after 15 minutes."""
    harness = harness_with_caseloads(**{lookup: refusal})
    with caplog.at_level(logging.WARNING):
        assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
        lookups = list(harness.lookups)
        assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    assert harness.lookups == lookups  # the second reach is cached
    assert [record.message for record in caplog.records] == [
        f"district cedar: caseloads cannot be read and grant no access ({refusal.code})"
    ]
    harness.records.failing.clear()
    harness.clock.now += 15 * 60
    assert await harness.visible_students(TEACHER) == {"1", "4", "5", "21"}


async def test_a_failing_lookup_of_caseloads_is_an_error() -> None:
    """Unlike a refusal: a part of the viewer's students is not shown as if it were all of them."""
    harness = harness_with_caseloads(caseload_students_by_caseload=UnavailableError("failing (503)"))
    with pytest.raises(UnavailableError):
        await harness.visible_students(TEACHER)


@pytest.mark.row("K09")
async def test_in_an_outage_a_caseload_counts_for_an_hour() -> None:
    """The same limit as for sections."""
    harness = harness_with_caseloads()
    await harness.visible_students(TEACHER)
    harness.outage = UnavailableError("no answer in time")
    harness.clock.now += 59 * 60
    assert await harness.visible_students(TEACHER) == {"1", "4", "5", "21"}
    harness.clock.now += 60
    with pytest.raises(UnavailableError):
        await harness.visible_students(TEACHER)
