"""A teacher's page with indicators makes no more vendor calls than without them, and its response is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from student_graph.adapters.model import StaffId
from student_graph.adapters.sandbox.demo_people import demo_people
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cache import Limits
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.warm.calendars import CalendarReader
from student_graph.gateway.warm.schedule import claim_by
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.operation import Operation
from student_graph.resolvers.schema import make_schema
from tests.long_runs import size
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

SCHEMA = make_schema(BreadthExecutor)
FACTS = make_district(size(60, 1000))
TEACHER = demo_people(FACTS, demo_student(FACTS)).teacher
VIEWER = Viewer("teacher", ViewerRole.TEACHER, frozenset({DISTRICT_ID}), staff_id=StaffId(str(TEACHER)))
PAGE = """{ viewer { sections { courseTitle roster { student {
    name { lastName } gradeLevel
    attendanceEvents(first: 20) { totalCount edges { node { date category } } }
    sections { beginDate } courseGrades { numeric letter }
    %s
} } } } }"""
METRICS = """
    attendance { rate { value } chronicAbsence { value level } trend { value } affordableDays { value } }
    courses { failingCourses { value } currentAverage { value } }
    indicators(preset: "ews_balfanz") { domain level points reasons measures { metric value level } }
"""
ONCE_FOR_A_PROCESS = {"edfi token", "edfi ", "edfi availableChangeVersions"}
"""Calls for credentials, discovery and change versions."""


@dataclass
class Gateway:
    """A pipeline with a cache that pages are read through."""

    district: SandboxDistrict
    pipeline: FetchPipeline

    async def read_calendars(self) -> Counter[str]:
        """Read the calendars of the district, as a gateway does after its start; returns vendor calls by kind."""
        self.district.new_calls()
        district = self.district.district
        assert await CalendarReader([district], self.pipeline.background_fetch, claim_by(None)).read(district)
        return Counter(self.district.new_calls())

    async def read(self, fields: str) -> tuple[Any, Counter[str], Operation]:
        """Read the page with some more fields; returns its data, vendor calls by kind, and bookkeeping."""
        self.district.new_calls()
        context = self.pipeline.start_operation(VIEWER)
        result: Any = await SCHEMA.execute(PAGE % fields, context_value=context)
        assert result.errors is None
        calls = Counter(
            {path: count for path, count in self.district.new_calls().items() if path not in ONCE_FOR_A_PROCESS}
        )
        return result.data, calls, context.operation


def new_gateway(district: SandboxDistrict) -> Gateway:
    """Return a gateway with an empty cache."""
    pipeline = FetchPipeline(
        [district.district], HmacSigner(b"0" * 32), Limits(), operation_seconds=OPERATION_SECONDS
    )
    return Gateway(district, pipeline)


@pytest.mark.long_run
async def test_metrics_add_no_vendor_calls_to_a_page() -> None:
    """After the calendars were read, the page with indicators makes exactly the calls of the page without them."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        data, without, _ = await new_gateway(district).read("")
        gateway = new_gateway(district)
        calendars = await gateway.read_calendars()
        _, with_metrics, _ = await gateway.read(METRICS)

    assert any(section["roster"] for section in data["viewer"]["sections"])
    assert with_metrics == without
    assert calendars["edfi calendarDates"] == calendars["edfi sessions"] == len(FACTS.schools)


@pytest.mark.long_run
async def test_a_page_before_the_calendars_were_read_reads_the_calendars_of_its_schools() -> None:
    """Right after the start, the page with indicators makes two calls more for each school, for its calendar."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        _, without, _ = await new_gateway(district).read("")
        _, with_metrics, _ = await new_gateway(district).read(METRICS)

    assert set(with_metrics - without) <= {"edfi calendarDates", "edfi sessions"}
    assert max((with_metrics - without).values()) <= len(FACTS.schools)
    assert not without - with_metrics


@pytest.mark.long_run
async def test_a_response_with_metrics_is_kept() -> None:
    """Read again, it makes no call, is equal, and follows from cached answers alone: its response is kept."""
    async with sandbox_district(FACTS, ("edfi",), students=len(FACTS.students)) as district:
        gateway = new_gateway(district)
        first, _, _ = await gateway.read(METRICS)
        again, calls, operation = await gateway.read(METRICS)

    assert (again, calls) == (first, Counter())
    assert operation.dependencies.complete  # type: ignore[attr-defined] # the cache's own bookkeeping
