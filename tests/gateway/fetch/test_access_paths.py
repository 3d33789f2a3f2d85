"""The choice between point reads and a coarse read changes the cost, never the answer."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.gateway.fetch.access_paths import RoutedFetch
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.gateway.small_district import YEAR, Ledger, Sis, enrollment, error_code, event, source

EVENTS = lookup_of(Adapter.attendance_events_by_student)


def school(students: int) -> Ledger:
    """A school whose first student also attends a second school; the student's events are not in date order."""
    numbers = [f"s{n}" for n in range(students)]
    ledger = Ledger(students=numbers, enrollments=[enrollment(n, "1") for n in numbers])
    ledger.events = [event(n, "1", 3) for n in numbers[: students - 1]] + [event(numbers[0], "1", 9)]
    ledger.enrollments.append(enrollment(numbers[0], "2"))
    ledger.events.append(event(numbers[0], "2", 5))
    return ledger


async def events_by_student(ledger: Ledger, keys: list[str], *, use_access_paths: bool) -> dict[str, Any]:
    """The day and school of each event by student, or the code of an error."""
    sis = source(Sis, ledger, "sis")
    batcher = Batcher(fetch_from_vendor)
    fetch = RoutedFetch(batcher) if use_access_paths else fetch_from_vendor
    answers = await fetch(sis, Ask(EVENTS, tuple(keys), {"school_year": YEAR}))
    return {
        key: error_code(answer) or [(event.date.day, event.school_id) for event in answer.value]
        for key, answer in answers.items()
    }


async def test_a_coarse_read_gives_the_same_answers_as_point_reads() -> None:
    """Including a student of two schools and a student without events."""
    ledger = school(28)
    by_point_reads = await events_by_student(ledger, ledger.students, use_access_paths=False)
    ledger.calls.clear()
    by_coarse_read = await events_by_student(ledger, ledger.students, use_access_paths=True)
    assert by_coarse_read == by_point_reads
    assert by_coarse_read["s0"] == [(3, "1"), (5, "2"), (9, "1")]
    assert by_coarse_read["s27"] == []
    assert [name for name, _ in ledger.calls] == [
        "school_enrollments_by_district",
        "attendance_events_by_school",
        "attendance_events_by_student",
    ]


async def test_a_student_of_two_schools_gets_a_point_read_if_only_one_school_is_read() -> None:
    """The coarse read of the second school would cost more than it saves."""
    ledger = school(28)
    await events_by_student(ledger, ledger.students, use_access_paths=True)
    assert ("attendance_events_by_school", ("1",)) in ledger.calls
    assert ("attendance_events_by_student", ("s0",)) in ledger.calls


async def test_few_keys_get_point_reads() -> None:
    """Two point reads cost less than the read of a school."""
    ledger = school(28)
    await events_by_student(ledger, ledger.students[:2], use_access_paths=True)
    assert ledger.calls == [("attendance_events_by_student", ("s0", "s1"))]


async def test_a_student_without_an_enrollment_gets_a_point_read() -> None:
    """The student's schools are not known, so no coarse read answers for the student."""
    ledger = school(28)
    ledger.enrollments = [e for e in ledger.enrollments if e.student_id != "s5"]
    by_coarse_read = await events_by_student(ledger, ledger.students, use_access_paths=True)
    assert by_coarse_read == await events_by_student(ledger, ledger.students, use_access_paths=False)
    assert ("attendance_events_by_student", ("s0", "s5")) in ledger.calls


async def test_a_coarse_read_that_fails_is_not_repeated_by_point_reads() -> None:
    """A vendor that is down does not get one more call for each key."""
    ledger = school(28)
    ledger.failing["attendance_events_by_school"] = UnavailableError("failing (503)")
    answers = await events_by_student(ledger, ledger.students, use_access_paths=True)
    assert answers["s3"] == "SOURCE_UNAVAILABLE"
    assert ("attendance_events_by_student", tuple(ledger.students)) not in ledger.calls


async def test_point_reads_answer_if_the_coarse_keys_cannot_be_read() -> None:
    """Only the lookup of the students' schools fails."""
    ledger = school(28)
    ledger.failing["school_enrollments_by_district"] = UnavailableError("failing (503)")
    answers = await events_by_student(ledger, ledger.students, use_access_paths=True)
    assert answers["s3"] == [(3, "1")]


@pytest.mark.parametrize("arguments", [{"school_year": YEAR}, {"school_year": YEAR - 1}])
async def test_a_coarse_read_gets_the_arguments_that_its_lookup_has(arguments: dict[str, Any]) -> None:
    """The lookup of the coarse keys has no arguments."""
    calls: list[tuple[str, dict[str, Any]]] = []

    async def recording_fetch(source: Any, ask: Ask[Any], /) -> Any:
        calls.append((ask.lookup.name, dict(ask.arguments)))
        return await fetch_from_vendor(source, ask)

    ledger = school(28)
    fetch = RoutedFetch(Batcher(recording_fetch))
    await fetch(source(Sis, ledger, "sis"), Ask(EVENTS, tuple(ledger.students), arguments))
    assert calls == [
        ("school_enrollments_by_district", {}),
        ("attendance_events_by_school", arguments),
        ("attendance_events_by_student", arguments),
    ]


async def test_keys_whose_schools_came_too_late_get_no_point_reads() -> None:
    """Their request goes on, so that asking again continues; hundreds of point reads would only add to it."""
    ledger = school(28)
    ledger.failing["school_enrollments_by_district"] = UnavailableError("too late", code="DEADLINE")

    answers = await events_by_student(ledger, ledger.students, use_access_paths=True)

    assert set(answers.values()) == {"DEADLINE"}
    assert [name for name, _ in ledger.calls] == ["school_enrollments_by_district"]
