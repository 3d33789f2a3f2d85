"""A long count reads students again if a source failed for a while, and then says that nothing is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.commands.counting import count_district
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.cohorts.aggregates import aggregate, checkpoint, members
from student_graph.resolvers.cohorts.aggregates.aggregate import metric_table
from student_graph.resolvers.cohorts.aggregates.checkpoint import Counted
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.members import Cohort
from student_graph.resolvers.cohorts.aggregates.request import TableRequest
from student_graph.resolvers.cohorts.aggregates.table import MetricTable
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.measure import Metric
from tests.resolvers.cohorts.aggregates.records import DAYS, absence, calendar_day, unavailable
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, school, school_enrollment


@dataclass
class Attempts:
    """A checkpoint that keeps nothing, and what happens before students are read again."""

    before_next: Callable[[], None]
    max_attempts: int = 3
    count: int = field(default=0, init=False)

    def load(self, _: Sequence[StudentId]) -> None:
        """Begin at the first student."""

    def save(self, _: Sequence[StudentId], __: Counted) -> None:
        """Keep nothing."""

    async def may_read_again(self, attempts: int) -> bool:
        """Let the test change the source."""
        self.count += 1
        self.before_next()
        return attempts <= self.max_attempts


def vendor_data() -> VendorData:
    """Student 1 at school 101, whose calendar is complete; 2 at 102, whose calendar has two days."""
    rows = {"101": [school_enrollment("1")], "102": [school_enrollment("2", "102")]}
    events = {"1": [absence("1", DAYS[0])], "2": [absence("2", day, "102") for day in DAYS[:3]]}
    return VendorData(
        {
            "schools_by_district": {CEDAR: [school("101"), school("102")]},
            "school_enrollments_by_school": rows,
            "school_enrollments_by_student": {row.student_id: [row] for [row] in rows.values()},
            "calendar_days_by_school": {
                "101": [calendar_day("101", day) for day in DAYS],
                "102": [calendar_day("102", day) for day in DAYS[:2]],
            },
            "sessions_by_school": {"101": [], "102": []},
            "attendance_events_by_student": events,
            "attendance_events_by_district": {CEDAR: [event for of_one in events.values() for event in of_one]},
        }
    )


async def count(data: VendorData, attempts: Attempts, source: Source | None = None) -> Any:
    """The table of the district by school."""
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    source = source or third_party_source("sis", data)
    district = District(DistrictId(CEDAR), "Cedar", (source,), frozen_on=now)
    request = TableRequest(Metric.ABSENT_DAYS, Choices(), [Dimension.SCHOOL])
    return await count_district(district, request, attempts, settings={}, complete=True)


@pytest.mark.parametrize(
    "lookup",
    [
        "schools_by_district",
        "school_enrollments_by_school",
        "attendance_events_by_district",
        "calendar_days_by_school",
        "attendance_events_by_student",
    ],
)
async def test_a_failed_read_is_tried_again(lookup: str) -> None:
    """Also the days of a school, which are otherwise built once for all students of a count."""
    expected = await count(vendor_data(), Attempts(lambda: None))
    assert isinstance(expected, MetricTable)
    data = vendor_data()
    data.failing = {lookup: unavailable()}
    attempts = Attempts(data.failing.clear)
    assert await count(data, attempts) == expected
    assert attempts.count == 1


async def test_a_list_that_takes_longer_than_a_page_waits_is_no_failure() -> None:
    """Nobody waits for a page: the timeout of the source is for people."""
    data = vendor_data()
    source = third_party_source("sis", data)
    adapter: Any = source.adapter
    adapter.settings = adapter.settings.model_copy(update={"timeout": 0.001})
    read = type(adapter).attendance_events_by_district

    async def slow(self: Any, ids: Sequence[Any], **arguments: Any) -> Any:
        await asyncio.sleep(0.05)
        return await read(self, ids, **arguments)

    type(adapter).attendance_events_by_district = slow
    attempts = Attempts(lambda: None)
    assert isinstance(await count(data, attempts, source), MetricTable)
    assert attempts.count == 0


async def test_a_lasting_failure_is_missing_for_its_students_only() -> None:
    """The student of the other school has a value, and the groups say at which school one is missing."""
    data = vendor_data()
    data.failing = {"attendance_events_by_district": unavailable()}
    attempts = Attempts(lambda: None)
    outcome = await count(data, attempts)
    assert isinstance(outcome, Partial)
    assert attempts.count == attempts.max_attempts + 1
    assert {group.keys[0].group: group.missing for group in outcome.value.groups} == {"101": 0, "102": 1}
    [missing] = outcome.value.missing_sources
    assert (missing.source, missing.code, missing.students) == ("sis", "SOURCE_UNAVAILABLE", 1)


@dataclass
class Failures(dict[str, Any]):
    """Failures of one lookup, the first few times that it is called."""

    lookup: str
    times: int

    def get(self, name: str, default: Any = None) -> Any:
        """Return the failure of a call."""
        if name != self.lookup or not self.times:
            return default
        self.times -= 1
        return unavailable()


@pytest.mark.parametrize(("times", "is_complete"), [(1, True), (100, False)])
async def test_a_request_for_a_long_count_reads_again_a_few_times(
    monkeypatch: pytest.MonkeyPatch, times: int, is_complete: bool
) -> None:
    """One list of three hundred that failed once would make the whole table incomplete."""
    for module in (aggregate, members):
        monkeypatch.setattr(module, "MAX_REMEMBERED_STUDENTS", 0)
    monkeypatch.setattr(checkpoint, "REREAD_PAUSE_SECONDS", 0.0)
    data = vendor_data()
    data.failing = failures = Failures("attendance_events_by_student", times)
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    district = District(DistrictId(CEDAR), "Cedar", (third_party_source("sis", data),), frozen_on=now)
    pipeline = FetchPipeline([district], HmacSigner(b"k" * 32))
    viewer = Viewer("superintendent", ViewerRole.SERVICE, frozenset({district.id}))
    info: Any = SimpleNamespace(context=pipeline.start_operation(viewer), path=SimpleNamespace(as_list=list))
    outcome = await metric_table(info, Cohort(district), TableRequest(Metric.ABSENT_DAYS, Choices()))
    await pipeline.close()
    assert isinstance(outcome, MetricTable) is is_complete
    assert times - failures.times == (1 if is_complete else 1 + checkpoint.MAX_REREADS)
