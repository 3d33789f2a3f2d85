"""The costs and the order of the Ed-Fi adapter's access paths."""

from __future__ import annotations

import math
from typing import Any

import pytest

from student_graph.adapters.contract import Adapter, CallCost, LookupMethod
from student_graph.adapters.edfi.adapter import EdFi, EdFiSettings
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.edfi.scripted_sandbox import connected


def cost(method: LookupMethod, **estimates: Any) -> CallCost:
    """The cost of a lookup's access path with these settings."""
    client = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    return EdFi.paths[method][0].cost(EdFiSettings.model_validate(client | estimates))


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
def test_a_list_costs_its_pages(method: LookupMethod, expected: CallCost) -> None:
    """Pages have 500 rows; by default a district has 5000 students, and a school 600."""
    assert expected == cost(method)


def test_smaller_pages_cost_more() -> None:
    """The cost depends on the page size and on the estimated number of students."""
    assert CallCost(1, 100) == cost(Adapter.students_by_id, page_size=50)
    assert CallCost(1, 2) == cost(Adapter.students_by_id, students=960)


def test_a_list_that_is_too_long_has_an_infinite_cost() -> None:
    """A list of more than 20,000 rows cannot be read, so that students are always read one by one."""
    assert CallCost(1, math.inf) == cost(Adapter.students_by_id, students=20_001)
    assert CallCost(2, math.inf) == cost(Adapter.student_identities_by_id, students=10_001)


async def test_events_of_two_schools_have_the_order_of_the_lookup_by_student() -> None:
    """The events of a student of two schools, read by school and merged, are sorted as by student."""
    sandbox = EdFiSandbox(make_district(120))
    path, year = EdFi.paths[Adapter.attendance_events_by_student][0], sandbox.facts.year
    assert path.sort_key is not None
    schools = [SchoolId(key) for key in sandbox.known_keys("school")]
    async with connected(sandbox) as adapter:
        batch = await adapter.attendance_events_by_school(schools, school_year=year)
        events = [event for answer in batch.values() if isinstance(answer, list) for event in answer]
        for key in map(StudentId, sandbox.facts.special_cases["dual_enrollment"]):
            by_student = await adapter.attendance_events_by_student([key], school_year=year)
            student_events = [event for event in events if path.key_of(event) == key]

            assert len({event.school_id for event in student_events}) == 2
            assert sorted(student_events, key=path.sort_key) == by_student[key]
