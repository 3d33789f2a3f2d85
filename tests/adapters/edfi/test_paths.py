"""What the coarser ways of the Ed-Fi adapter cost."""

from __future__ import annotations

import math
from typing import Any

import pytest

from adapters.contract import Adapter, Calls, LookupMethod
from adapters.edfi.adapter import EdFi, EdFiSettings


def calls(method: LookupMethod, **estimates: Any) -> Calls:
    client = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    return EdFi.paths[method].calls(EdFiSettings.model_validate(client | estimates))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Adapter.students_by_id, Calls(1, 10)),
        (Adapter.school_enrollments_by_student, Calls(1, 10)),
        (Adapter.student_identities_by_id, Calls(2, 30)),
        (Adapter.attendance_events_by_student, Calls(1, 12)),
        (Adapter.discipline_actions_by_student, Calls(1, 1)),
        (Adapter.discipline_incidents_by_student, Calls(1.1, 2)),
        (Adapter.schools_by_id, Calls(1, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_prices_are_pages(method: LookupMethod, expected: Calls) -> None:
    """Of 500 rows, for a district of 5000 students with 600 at a school."""
    assert expected == calls(method)


def test_smaller_pages_cost_more() -> None:
    """The district's settings make the price."""
    assert Calls(1, 100) == calls(Adapter.students_by_id, page_size=50)
    assert Calls(1, 2) == calls(Adapter.students_by_id, students=960)


def test_a_list_that_is_never_read_whole_is_no_way() -> None:
    """Lists end at 20,000 rows: beyond, students are read one by one whatever it costs."""
    assert Calls(1, math.inf) == calls(Adapter.students_by_id, students=20_001)
    assert Calls(2, math.inf) == calls(Adapter.student_identities_by_id, students=10_001)
