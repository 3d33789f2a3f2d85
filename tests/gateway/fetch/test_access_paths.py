"""Which way is taken changes the cost, never the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.gateway.fetch.access_paths import routed
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import YEAR, Ledger, Sis, enrollment, error_code, event, source

EVENTS = lookup_of(Adapter.attendance_events_by_student)


def school(students: int) -> Ledger:
    """A school of so many; the first is at a second school too and was late at both, out of order."""
    numbers = [f"s{n}" for n in range(students)]
    ledger = Ledger(students=numbers, enrollments=[enrollment(n, "1") for n in numbers])
    ledger.events = [event(n, "1", 3) for n in numbers[: students - 1]] + [event(numbers[0], "1", 9)]
    ledger.enrollments.append(enrollment(numbers[0], "2"))
    ledger.events.append(event(numbers[0], "2", 5))
    return ledger


async def days(ledger: Ledger, keys: list[str], *, coarse: bool, **settings: Any) -> dict[str, Any]:
    """Event days by student, by access paths or by point reads alone."""
    sis = source(Sis, ledger, "sis", **settings)
    once = Batcher(fetch_from_vendor)
    fetch = routed(once, once) if coarse else fetch_from_vendor
    told = await fetch(sis, Ask(EVENTS, tuple(keys), {"school_year": YEAR}))
    return {k: error_code(a) or [(e.date.day, e.school_id) for e in a.value] for k, a in told.items()}


async def test_a_coarse_answer_equals_point_reads_key_for_key() -> None:
    """Every key, the child of two schools and the child without events included, has the same list either way."""
    ledger = school(28)
    by_point = await days(ledger, ledger.students, coarse=False)
    ledger.calls.clear()
    by_school = await days(ledger, ledger.students, coarse=True)
    assert by_school == by_point
    assert by_school["s0"] == [(3, "1"), (5, "2"), (9, "1")]
    assert by_school["s27"] == []
    assert [name for name, _ in ledger.calls] == [
        "school_enrollments_by_district",
        "attendance_events_by_school",
        "attendance_events_by_student",
    ]


async def test_a_child_of_two_schools_is_read_by_itself_when_the_second_does_not_pay() -> None:
    """Half of a child's schools never stands in for the child."""
    ledger = school(28)
    await days(ledger, ledger.students, coarse=True)
    assert ("attendance_events_by_school", ("1",)) in ledger.calls
    assert ("attendance_events_by_student", ("s0",)) in ledger.calls


async def test_few_keys_are_read_one_by_one() -> None:
    """Two students cost two calls, not a school."""
    ledger = school(28)
    await days(ledger, ledger.students[:2], coarse=True)
    assert ledger.calls == [("attendance_events_by_student", ("s0", "s1"))]


async def test_a_child_enrolled_nowhere_is_read_by_itself() -> None:
    """Nothing stands in for a child whose schools are not known."""
    ledger = school(28)
    ledger.enrollments = [e for e in ledger.enrollments if e.student_id != "s5"]
    assert await days(ledger, ledger.students, coarse=True) == await days(ledger, ledger.students, coarse=False)
    assert ("attendance_events_by_student", ("s0", "s5")) in ledger.calls


@pytest.mark.parametrize("failing", ["attendance_events_by_school", "school_enrollments_by_district"])
async def test_an_outage_is_not_asked_again_one_by_one(failing: str) -> None:
    """A vendor that is down is not asked once for each key; where only coverage fails, point reads answer."""
    ledger = school(28)
    ledger.failing[failing] = UnavailableError("failing (503)")
    told = await days(ledger, ledger.students, coarse=True)
    if failing == "attendance_events_by_school":
        assert told["s3"] == "SOURCE_UNAVAILABLE"
        assert ("attendance_events_by_student", tuple(ledger.students)) not in ledger.calls
    else:
        assert told["s3"] == [(3, "1")]


async def test_what_the_coarse_way_is_asked_for_is_what_was_asked() -> None:
    """Arguments travel to the coarse lookup, as far as it has them."""
    asked: list[Ask[Any]] = []

    async def spy(source: Any, ask: Ask[Any], /) -> Any:
        asked.append(ask)
        return await fetch_from_vendor(source, ask)

    ledger = school(28)
    sis = source(Sis, ledger, "sis")
    await routed(spy, spy)(sis, replace(Ask(EVENTS, tuple(ledger.students)), arguments={"school_year": YEAR}))
    assert [(a.lookup.name, dict(a.arguments)) for a in asked] == [
        ("school_enrollments_by_district", {}),
        ("attendance_events_by_school", {"school_year": YEAR}),
        ("attendance_events_by_student", {"school_year": YEAR}),
    ]
