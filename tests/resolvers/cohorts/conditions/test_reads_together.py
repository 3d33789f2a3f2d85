"""A population reads what it needs anyway at once: one list of enrollments, and its order with its conditions."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.cohorts.conditions.ordering import Placed, Position
from student_graph.resolvers.cohorts.conditions.planner import Plan, Planner, Start
from student_graph.resolvers.cohorts.conditions.population import judge_batch
from student_graph.resolvers.cohorts.conditions.read_calls import ReadCalls
from student_graph.resolvers.cohorts.conditions.tree import Parts, Reading
from tests.patience import SOURCE_SECONDS
from tests.scenarios.helpers.demo_gateway import demo_districts, demo_gateway
from tests.scenarios.helpers.enrolled_students import current_enrollments

QUERY = """query ($school: ID!) {
  students(filter: { school: $school }, orderBy: { metric: CHRONIC_ABSENCE }, first: 50) {
    totalCount undecided edges { node { studentUniqueId } }
  }
}"""
STUDENTS = 60
REQUEST = httpx.Request("GET", "http://127.0.0.1/")


@pytest.fixture(scope="module")
def district() -> Iterator[DemoDistrict]:
    """A district of several schools."""
    [district] = demo_districts("edfi", STUDENTS)
    with served(*district.sandboxes.values()):
        yield district


def listed(district: DemoDistrict) -> tuple[set[str], set[str], list[str]]:
    """The students of the largest school as the gateway lists them and as the facts have them; its requests."""
    enrolled = current_enrollments(district.facts)
    [(school, _)] = Counter(row.school for row in enrolled).most_common(1)
    requests = district.sandboxes["edfi"].requests
    with demo_gateway([district]) as gateway:
        requests.clear()
        page = gateway.post(QUERY, school=str(school))["data"]["students"]
    students = {edge["node"]["studentUniqueId"] for edge in page["edges"]}
    assert (page["undecided"], page["totalCount"]) == (0, len(students))
    return students, {row.student for row in enrolled if row.school == school}, list(requests)


def test_students_of_a_school_come_from_the_list_that_has_all_their_enrollments(
    district: DemoDistrict,
) -> None:
    """Metrics need the enrollments at other schools, too: the list of the school would be read besides."""
    students, expected, requests = listed(district)
    assert students == expected
    enrollments = [request for request in requests if "/studentSchoolAssociations" in request]
    assert enrollments
    assert not any("schoolId=" in request for request in enrollments)


def test_a_list_of_the_district_that_cannot_be_read_is_replaced_by_that_of_the_school(
    district: DemoDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No student is missed."""
    adapter: Any = type(district.connect().sources[0].adapter)

    async def refused(*_: Any, **__: Any) -> Any:
        raise httpx.HTTPStatusError("", request=REQUEST, response=httpx.Response(403, request=REQUEST))

    monkeypatch.setattr(adapter, "school_enrollments_by_district", refused)
    students, expected, _ = listed(district)
    assert students == expected


def test_a_list_that_is_too_long_is_no_start(district: DemoDistrict) -> None:
    """An adapter says so by infinite costs; the list then is not taken for one of a single call."""
    source = district.connect().sources[0]
    adapter: Any = source.adapter
    adapter.count_students(1_000_000)
    estimates: Any = SimpleNamespace(
        prices=SimpleNamespace(mean_calls=lambda _source, _lookup, guess: guess), list_length=lambda *_: 1.0
    )
    calls = ReadCalls(cast("Any", SimpleNamespace(sources_for=lambda _: [source])), estimates)
    assert math.isinf(calls.list_calls(Adapter.school_enrollments_by_district))
    assert math.isfinite(calls.list_calls(Adapter.school_enrollments_by_school))


class Barrier:
    """A condition and an order that each end only when the other one has begun."""

    def __init__(self) -> None:
        self.begun = {"condition": asyncio.Event(), "order": asyncio.Event()}

    async def judge(self, _: Reading, students: Sequence[StudentId]) -> list[bool]:
        """Every second student meets the condition."""
        self.begun["condition"].set()
        await self.begun["order"].wait()
        return [index % 2 == 0 for index in range(len(students))]

    async def positions(self, _: Reading, students: Sequence[StudentId]) -> list[Placed]:
        """All students by number."""
        self.begun["order"].set()
        await self.begun["condition"].wait()
        return [Placed(Position.by_number(student), ()) for student in students]


async def test_the_order_is_read_together_with_the_condition() -> None:
    """One wait for the source in place of two; who does not meet the condition is in no list."""
    barrier: Any = Barrier()
    plan = Plan(Start("all", 4, 0), barrier, [], orders_all=True)
    students = [StudentId(number) for number in "1234"]
    async with asyncio.timeout(SOURCE_SECONDS):
        verdicts, placed = await judge_batch(cast("Reading", None), plan, barrier, students)
    assert verdicts == [True, False, True, False]
    assert [position.student_id for position, _ in placed] == ["1", "3"]


@pytest.mark.parametrize(("is_list", "orders_all"), [(True, True), (False, False)])
def test_the_order_is_read_of_all_candidates_only_if_that_needs_no_call_more(
    is_list: bool, orders_all: bool
) -> None:
    """A list has all of them; single reads are made for those who meet the condition."""
    costs: Any = SimpleNamespace(calls=lambda _method, keys, _read=(): 7.0 if is_list else keys)
    half: Any = SimpleNamespace(text="half", lookups=(), share=0.5)
    order: Any = SimpleNamespace(text="order", lookups=(Adapter.attendance_events_by_student,))
    plan = Planner(costs).plan_from(Start("all", 100, 0), Parts((half,), needs_all=True), order)
    assert plan.orders_all is orders_all
