"""What the coarser ways of the Ed-Fi adapter cost."""

from __future__ import annotations

import math
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter, CallCost, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi, EdFiSettings
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted import connected


def calls(method: LookupMethod, **estimates: Any) -> CallCost:
    client = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    return EdFi.paths[method].cost(EdFiSettings.model_validate(client | estimates))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Adapter.students_by_id, CallCost(1, 10)),
        (Adapter.school_enrollments_by_student, CallCost(1, 10)),
        (Adapter.student_identities_by_id, CallCost(2, 30)),
        (Adapter.attendance_events_by_student, CallCost(1, 12)),
        (Adapter.discipline_actions_by_student, CallCost(1, 1)),
        (Adapter.discipline_incidents_by_student, CallCost(1.1, 2)),
        (Adapter.schools_by_id, CallCost(1, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_prices_are_pages(method: LookupMethod, expected: CallCost) -> None:
    """Of 500 rows, for a district of 5000 students with 600 at a school."""
    assert expected == calls(method)


def test_smaller_pages_cost_more() -> None:
    """The district's settings make the price."""
    assert CallCost(1, 100) == calls(Adapter.students_by_id, page_size=50)
    assert CallCost(1, 2) == calls(Adapter.students_by_id, students=960)


def test_a_list_that_is_never_read_whole_is_no_way() -> None:
    """Lists end at 20,000 rows: beyond, students are read one by one whatever it costs."""
    assert CallCost(1, math.inf) == calls(Adapter.students_by_id, students=20_001)
    assert CallCost(2, math.inf) == calls(Adapter.student_identities_by_id, students=10_001)


async def test_events_at_two_schools_come_in_the_order_of_the_point_read() -> None:
    """A child of two schools is read at both; the days of either alternate."""
    sandbox = EdFiSandbox(make_district(120))
    split, year = EdFi.paths[Adapter.attendance_events_by_student], sandbox.facts.year
    assert split.sort_key is not None
    schools = [SchoolId(key) for key in sandbox.known_keys("school")]
    async with connected(sandbox) as adapter:
        told = await adapter.attendance_events_by_school(schools, school_year=year)
        events = [event for answer in told.values() if isinstance(answer, list) for event in answer]
        for key in map(StudentId, sandbox.facts.special_cases["dual_enrollment"]):
            point = await adapter.attendance_events_by_student([key], school_year=year)
            own = [event for event in events if split.key_of(event) == key]

            assert len({event.school_id for event in own}) == 2
            assert sorted(own, key=split.sort_key) == point[key]
