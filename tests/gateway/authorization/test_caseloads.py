"""Students whom the system of record gives to somebody beside classes, as it does to a speech therapist."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError, NotOfferedError, RefusedError, UnavailableError
from student_graph.adapters.model import CaseloadId, CaseloadStaff, CaseloadStudent, ContactId, StaffId, StudentId
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.authorization.test_reach import PARENT, TEACHER, Office, shelf, viewer
from tests.resolvers.two_districts import CEDAR

ALWAYS = date(2026, 8, 20)
BEFORE, AFTER = date(2027, 2, 28), date(2027, 3, 2)


def charge(caseload: str, begin: date = ALWAYS, end: date | None = None) -> CaseloadStaff:
    return CaseloadStaff(
        vendor_id=caseload,
        staff_id=StaffId("7"),
        caseload_id=CaseloadId(caseload),
        begin_date=begin,
        end_date=end,
    )


def place(number: str, caseload: str, begin: date = ALWAYS, end: date | None = None) -> CaseloadStudent:
    return CaseloadStudent(
        vendor_id=f"{number}@{caseload}",
        student_id=StudentId(number),
        caseload_id=CaseloadId(caseload),
        begin_date=begin,
        end_date=end,
    )


def office(**failing: AdapterError) -> Office:
    """A district that keeps caseloads: one of today, one that is over, one that is to come."""
    held = shelf()
    held.answers["caseload_staff_by_staff"] = {
        "7": [charge("speech"), charge("over", end=BEFORE), charge("later", AFTER)]
    }
    held.answers["caseload_students_by_caseload"] = {
        "speech": [place("21", "speech"), place("22", "speech", end=BEFORE), place("23", "speech", AFTER)],
        "over": [place("24", "over")],
        "later": [place("25", "later")],
    }
    held.failing.update(failing)
    return Office(shelf=held)


@pytest.mark.parametrize(("who", "seen"), [
    (TEACHER, {"1", "4", "5", "21"}),
    (viewer(ViewerRole.PRINCIPAL, staff_id=StaffId("7")), {"1", "2", "21"}),
    (viewer(ViewerRole.COUNSELOR, staff_id=StaffId("7")), {"1", "2", "21"}),
    (viewer(ViewerRole.TEACHER, staff_id=StaffId("8")), set()),
    (PARENT, {"1", "6"}),
    (viewer(ViewerRole.PARENT, contact_id=ContactId("C1"), staff_id=StaffId("7")), {"1", "6"}),
    (viewer(ViewerRole.STUDENT, student_id=StudentId("1"), staff_id=StaffId("7")), {"1"}),
])  # fmt: skip
async def test_staff_see_who_is_on_their_caseloads_today(who: Viewer, seen: set[str]) -> None:
    """Beside their own; who left, who comes later, and caseloads of other days are not seen, nor by others."""
    here = office()
    for number in ("7", "8"):
        for answers in ("section_staff_by_staff", "caseload_staff_by_staff"):
            here.shelf.answers[answers].setdefault(number, [])
    assert await here.seen(who) == seen


async def test_a_caseload_is_the_reason_that_is_told() -> None:
    """By the system of record's own id of it, which is shown to nobody."""
    reach = (await office().scopes.find(TEACHER, CEDAR)).reach
    assert reach.why(StudentId("21")) == [Ref("caseload", "speech")]


@pytest.mark.parametrize("lookup", ["caseload_staff_by_staff", "caseload_students_by_caseload"])
@pytest.mark.parametrize("refusal", [
    RefusedError("access refused (403)", code="SOURCE_FORBIDDEN"),
    NotOfferedError("not offered by the vendor (404)"),
])  # fmt: skip
async def test_where_caseloads_are_not_told_nobody_has_one(
    lookup: str, refusal: AdapterError, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is seen all the same; the operator is told, and it is tried again after a quarter of an hour."""
    here = office(**{lookup: refusal})
    with caplog.at_level(logging.WARNING):
        assert await here.seen(TEACHER) == {"1", "4", "5"}
        asked = len(here.desk.asks)
        assert await here.seen(TEACHER) == {"1", "4", "5"}
    assert len(here.desk.asks) == asked  # what was found is kept, though it does not rest on all that was asked
    assert [record.message for record in caplog.records] == [
        f"district cedar: caseloads are not told, and nobody has one ({refusal.code})"
    ]
    here.shelf.failing.clear()
    here.clock.now += 15 * 60
    assert await here.seen(TEACHER) == {"1", "4", "5", "21"}


async def test_while_caseloads_cannot_be_had_nobody_is_seen() -> None:
    """What is not told at all is another matter than what fails: a part of one's students is no answer."""
    with pytest.raises(UnavailableError):
        await office(caseload_students_by_caseload=UnavailableError("failing (503)")).seen(TEACHER)


@pytest.mark.row("K09")
async def test_without_the_system_of_record_a_caseload_counts_for_an_hour() -> None:
    """As sections do."""
    here = office()
    await here.seen(TEACHER)
    here.down = UnavailableError("no answer in time")
    here.clock.now += 59 * 60
    assert await here.seen(TEACHER) == {"1", "4", "5", "21"}
    here.clock.now += 60
    with pytest.raises(UnavailableError):
        await here.seen(TEACHER)
