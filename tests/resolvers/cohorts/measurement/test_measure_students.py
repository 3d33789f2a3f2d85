"""Metrics of many students: each part is read once, and what could not be read is never counted as nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.errors import IdentityError, UnavailableError
from student_graph.resolvers.cohorts.measurement import measure as measurement
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure import (
    DataQuality,
    Metric,
)
from tests.resolvers.cohorts.measurement.counted import Counted, measure, request, world_of
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import World, attendance_event

EVENTS = Counted(Metric.ABSENT_DAYS, frozenset({Part.SCHOOL_ATTENDANCE}), ["school_attendance"])
INCIDENTS = Counted(Metric.INCIDENTS, frozenset({Part.INCIDENTS}), ["incidents"])


@pytest.fixture(autouse=True)
def _metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure with the metrics of the test."""
    monkeypatch.setattr(measurement, "METRICS", {counted.metric: counted.spec for counted in (EVENTS, INCIDENTS)})
    EVENTS.facts.clear()
    INCIDENTS.facts.clear()


def events_of(number: str, count: int) -> list[Any]:
    """Return so many attendance events of a student."""
    return [attendance_event(number, date(2027, 2, day + 1)) for day in range(count)]


async def test_measures_are_in_the_order_of_requests_and_students() -> None:
    """The outcome at an index is that of the student at the index, also for a student who is named twice."""
    _, world = world_of(
        attendance_events_by_student={"1": events_of("1", 3), "2": events_of("2", 1)},
        discipline_incidents_by_student={},
    )
    measures = await measure(world, ["2", "1", "9", "2"], request(Metric.INCIDENTS), request(Metric.ABSENT_DAYS))

    assert measures == [[0, 0, 0, 0], [1, 3, 0, 1]]


async def test_a_part_is_read_once_for_all_students_and_requests() -> None:
    """Three requests that need one part read it once, for all students in one ask."""
    _, world = world_of(attendance_events_by_student={"1": events_of("1", 3)})
    await measure(world, ["1", "2"], *[request(Metric.ABSENT_DAYS)] * 3)

    assert [(ask.lookup.name, ask.keys) for _, ask in world.fetch.asks] == [
        ("attendance_events_by_student", ("1", "2"))
    ]


async def test_requests_of_two_school_years_read_both() -> None:
    """A request for a past year gets the records of that year."""
    _, world = world_of(attendance_events_by_student={"1": events_of("1", 3)})
    past = request(Metric.ABSENT_DAYS, date(2026, 5, 1), date(2025, 7, 1))
    await measure(world, ["1"], request(Metric.ABSENT_DAYS), past)

    assert Counter(ask.arguments["school_year"] for _, ask in world.fetch.asks) == {2027: 1, 2026: 1}


async def test_an_error_replaces_the_measures_that_need_the_part() -> None:
    """A source that is down is no student without incidents; measures of other parts still come."""
    sis, world = world_of(
        attendance_events_by_student={"1": events_of("1", 3)}, discipline_incidents_by_student={}
    )
    sis.failing["discipline_incidents_by_student"] = UnavailableError("no answer in time")
    measures = await measure(world, ["1", "2"], request(Metric.INCIDENTS), request(Metric.ABSENT_DAYS))

    assert measures == [["SOURCE_UNAVAILABLE"] * 2, [3, 0]]


async def test_an_error_of_one_student_leaves_the_others() -> None:
    """Half of a batch may fail, each student with an error of its own."""
    _, world = world_of(
        attendance_events_by_student={
            "1": events_of("1", 3),
            "2": IdentityError("no link"),
            "3": UnavailableError("failing (503)"),
        }
    )

    assert await measure(world, ["1", "2", "3", "4"], request(Metric.ABSENT_DAYS)) == [
        [3, "NO_IDENTITY_LINK", "SOURCE_UNAVAILABLE", 0]
    ]


async def test_a_part_that_no_source_offers_is_an_error() -> None:
    """A district without discipline data does not have students without incidents."""
    _, world = world_of(attendance_events_by_student={})

    assert await measure(world, ["1"], request(Metric.INCIDENTS)) == [["NOT_OFFERED"]]


async def test_a_second_source_that_failed_makes_the_measure_partial() -> None:
    """The value of the other source is there; its data quality and the failure say that it is not complete."""
    sis, lms = (VendorData({"attendance_events_by_student": {"1": events_of("1", 2)}}) for _ in range(2))
    lms.failing["attendance_events_by_student"] = UnavailableError("no answer in time")
    world = World([third_party_source("sis", sis), third_party_source("lms", lms)])
    [[outcome]] = await measure(world, ["1"], request(Metric.ABSENT_DAYS))

    assert isinstance(outcome, Partial)
    assert (outcome.value.value, outcome.value.data_quality) == (2, [DataQuality.SOURCE_MISSING])
    assert [failure.code for failure in outcome.failures] == ["SOURCE_UNAVAILABLE"]


async def test_large_cohorts_are_read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The records of a few students are held at a time, and all students have their measure."""
    monkeypatch.setattr(measurement, "MAX_STUDENTS_PER_BATCH", 2)
    _, world = world_of(attendance_events_by_student={str(n): events_of(str(n), n) for n in range(5)})
    measures = await measure(world, list("01234"), request(Metric.ABSENT_DAYS))

    assert measures == [[0, 1, 2, 3, 4]]
    assert [len(ask.keys) for _, ask in world.fetch.asks] == [2, 2, 1]
