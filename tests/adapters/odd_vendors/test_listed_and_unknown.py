"""A learning system lists a course for a student, and does not know it: this is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.schoology.sandbox import SchoologySandbox
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.oddities.documents import DocumentTransport, with_rows

FACTS = make_district(24)
WORK = lookup_of(Adapter.assignment_work_by_student)
UNKNOWN = 987654321
"""A number that no object has."""


def first_with(mark: str, id: str, value: Any) -> Callable[[Any], Any]:
    """Return a change of documents: the first row of a list whose rows have the property `mark` has another id."""

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**rows[0], id: value}, *rows[1:]] if mark in rows[0] else rows

    return lambda document: with_rows(document, change)


VENDORS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "canvas": (CanvasSandbox, first_with("enrollment_state", "course_id", UNKNOWN)),
    "moodle": (MoodleSandbox, first_with("enablecompletion", "id", UNKNOWN)),
    "google_classroom": (GoogleClassroomSandbox, first_with("courseState", "id", str(UNKNOWN))),
    "schoology": (SchoologySandbox, first_with("course_title", "id", f"0{UNKNOWN}")),
}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_course_that_is_listed_and_not_known_is_reported(vendor: str) -> None:
    """The answer has the work of the other courses, and says that something is missing from it."""
    sandbox_type, change = VENDORS[vendor]
    sandbox = sandbox_type(FACTS)
    keys = sandbox.known_keys("student")[:4]
    async with open_adapter(sandbox) as adapter:
        healthy = await run_lookup(adapter, WORK, keys, sandbox.arguments())
    key = max(healthy, key=lambda key: len({record.lms_course_id for record in healthy[key]}))
    async with open_adapter(sandbox, DocumentTransport(sandbox, change)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            answer = (await run_lookup(adapter, WORK, [key], sandbox.arguments()))[key]

    assert isinstance(answer, list)
    assert 0 < len(answer) < len(healthy[key])
    assert {record.vendor_id for record in answer} <= {record.vendor_id for record in healthy[key]}
    errors = unreadable.errors_by_key([key])[key]
    assert [type(error) for error in errors] == [PayloadError]
    assert errors[0].reason.endswith("that is listed and not known")
