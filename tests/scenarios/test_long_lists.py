"""
Vendor calls where lists of the district are long: those of a district of 20,000, with a twentieth of the rows.

Pages of 25 rows make the lists of a thousand students as long as those of 20,000 are in pages of 500. The students
are those of a teacher's six classes. Each operation starts without cached answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import StudentId
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.long_runs import LONG_RUNS
from tests.scenarios.helpers.sandbox_district import SandboxDistrict, sandbox_district
from tests.scenarios.test_access_paths import (
    PATIENT_SECONDS,
    answers_of,
    calls_for,
    large_district,
    sections,
    without_fetch_time,
)

PAGE_ROWS = 25
LARGE = {"students": 1000, "page_size": PAGE_ROWS, "timeout": PATIENT_SECONDS}
CLASSES = 6
CALLS = {
    "students_by_id": 47,
    "school_enrollments_by_student": 43,
    "attendance_events_by_student": 73,
    "section_attendance_events_by_student": 6,
    "assessment_results_by_student": 91,
}
"""
By lookup: the pages of its list, and one or two calls that count its rows and divide it into parts.

Five special cases that the list of students does not hold are read one by one.
"""
SAMPLE = {"section_attendance_events_by_student"}
"""The row that `make test` plays."""


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district of a thousand students whose Ed-Fi sends 25 rows in a page."""
    async with sandbox_district(large_district()) as district:
        [edfi] = [source for source in district.district.sources if source.kind == "edfi"]
        adapter = edfi.adapter
        large = type(adapter)(adapter.name, adapter.settings.model_copy(update=LARGE), adapter.http)
        others = tuple(source for source in district.district.sources if source is not edfi)
        district.district = replace(district.district, sources=(replace(edfi, adapter=large), *others))
        yield district


def students_of_a_teacher() -> list[StudentId]:
    """The students of six classes, and those that are special cases, such as the one with two schools."""
    rosters = sorted((students for _, students in sections(large_district())), key=len, reverse=True)[:CLASSES]
    special = (student for cases in large_district().special_cases.values() for student in cases)
    return sorted({*(student for roster in rosters for student in roster), *map(StudentId, special)})


@pytest.mark.long_run
@pytest.mark.parametrize("name", [name for name in CALLS if LONG_RUNS or name in SAMPLE])
async def test_a_teachers_students_need_no_more_calls_than_their_shortest_way(
    district: SandboxDistrict, name: str
) -> None:
    """The adapter expects other lengths than the lists have, and the records are those of point reads."""
    students = students_of_a_teacher()
    calls = await calls_for(district, "edfi", name, students)
    assert calls.total() <= CALLS[name] < len(students), dict(calls)

    lookup, source = lookup_of(getattr(Adapter, name)), district.source("edfi")
    arguments = {"school_year": large_district().year} if "school_year" in lookup.argument_names else {}
    ask: Ask[Any] = Ask(lookup, tuple(students), arguments)
    listed = without_fetch_time(await answers_of(district, source, ask))
    assert listed == without_fetch_time(await answers_of(district, source, ask, fetch_from_vendor))
