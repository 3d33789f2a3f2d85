"""
`population`: students of one school of a large district who are at risk by a metric, in the order of that metric.

The records are those of `aggregate`; the list is counted against a loop over the same records. Early-warning
lists are those of the largest school of a district on Ed-Fi, whose lists have pages of 500 rows. The triangulation
is a population of such a district by three sources. The sandbox of Ed-Fi runs in a process of its own.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp

from benchmarks.aggregate import (
    STUDENTS_PER_SCHOOL,
    count_naively,
    make_large_district,
    peak_mib,
    resident_mib,
)
from benchmarks.support.district import DISTRICT
from benchmarks.support.edfi_process import EdFiProcess, edfi_process
from benchmarks.support.figures import Row
from benchmarks.support.in_process import create_app, post
from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.model import StaffId
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.config.districts import connect
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode

STUDENT_COUNT, QUICK_STUDENT_COUNT = 20_000, 2_000
MAX_GROWTH_MIB = 64.0
"""Goal: growth of the process, at its peak."""
MAX_WARM_MS = 60.0
"""Goal: the list once more."""
MAX_CALLS = 60
"""Goal: vendor calls of a school's early-warning list with nothing cached."""
LATENCY_MS, MAX_COLD_SECONDS = 150.0, 4.0
"""How long each vendor call takes, and the goal for the list with nothing cached."""
CLASSES_STUDENTS, QUICK_CLASSES_STUDENTS = 1_000, 300
"""Students of the district of a teacher."""
MAX_CLASSES_MS = 15.0
"""Goal: a teacher's page once more."""
WARM_UP_RUNS, PAGE_RUNS = 5, 30
RUN_COUNT = 10
EDFI_STUDENTS, QUICK_EDFI_STUDENTS = 4_450, 1_000
"""Students of a district with three schools: the largest has 2,000 of 4,450."""
OPERATION_SECONDS = 300.0
"""Longest time for a list, on any machine."""
SOURCE_SECONDS = 60
"""Longest time to wait for a source."""
QUERY = """query Population($school: ID!, $preset: String, $first: Int = 25) {
  students(
    filter: { school: $school, where: { metric: { metric: CHRONIC_ABSENCE, preset: $preset, level: [AT_RISK] } } }
    orderBy: { metric: CHRONIC_ABSENCE }
    first: $first
  ) { totalCount undecided edges { node { studentUniqueId } } }
}"""
EARLY_WARNING = """query EarlyWarning($school: ID!, $first: Int = 25) {
  students(
    filter: { school: $school }, orderBy: { metric: CHRONIC_ABSENCE, preset: "federal_10pct" }, first: $first
  ) { totalCount undecided edges { node { name { lastName } attendance { chronicAbsence { value } } } } }
}"""
WITH_COURSES = """query EarlyWarning($school: ID!, $first: Int = 25) {
  students(
    filter: {
      school: $school
      where: {
        any: [
          { metric: { metric: CHRONIC_ABSENCE, level: [AT_RISK] } }
          { metric: { metric: FAILING_COURSES, atLeast: 1 } }
        ]
      }
    }
    orderBy: { metric: CHRONIC_ABSENCE }
    first: $first
  ) {
    totalCount undecided
    edges { node { name { lastName } gradeLevel riskProfile { level riskScore indicators { level reasons } } } }
  }
}"""
TRIANGULATION = """query Triangulation($first: Int = 50) {
  students(
    filter: {
      where: {
        all: [
          { metric: { metric: CHRONIC_ABSENCE, preset: "federal_10pct", level: [AT_RISK] } }
          { metric: { metric: ASSESSMENT_PROFICIENT, subject: MATHEMATICS, atMost: 0 } }
          { program: { kind: LANGUAGE_INSTRUCTION } }
        ]
      }
    }
    first: $first
  ) { totalCount undecided edges { node { studentUniqueId } } }
}"""
"""English learners who are chronically absent and below the benchmark in mathematics."""
CLASSES = """query Classes {
  viewer { sections { courseTitle roster { student {
    studentUniqueId name { firstName lastName } gradeLevel
    riskProfile { level riskScore indicators { level reasons } }
    attendance(window: LAST_4_WEEKS) { absentDays { value } tardies { value } }
  } } } }
}"""
"""A teacher's page: all classes, with the indicators of each student."""
TWO_SOURCES = TRIANGULATION.replace(
    "{ metric: { metric: ASSESSMENT_PROFICIENT, subject: MATHEMATICS, atMost: 0 } }", ""
)
"""English learners who are chronically absent: the students who remain before tests are read."""
LISTS = {"by absence": EARLY_WARNING, "by absence and courses, with indicators": WITH_COURSES}
"""Early-warning lists, by what they are about."""
SCHOOL = "000"


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    students = QUICK_STUDENT_COUNT if quick else STUDENT_COUNT
    school = encode(GlobalId("School", DISTRICT, SCHOOL))
    body = json.dumps({"query": QUERY, "variables": {"school": school, "preset": "federal_10pct"}}).encode()
    await post(
        create_app(make_large_district(QUICK_STUDENT_COUNT)), body
    )  # caches of code and types are no growth
    app = create_app(make_large_district(students))
    before, started = resident_mib(), time.process_time()
    response = json.loads(await post(app, body))
    cold_seconds = time.process_time() - started
    growth = peak_mib() - before
    _check(response, students)
    bodies = [
        json.dumps(
            {"query": QUERY, "variables": {"school": school, "preset": "federal_10pct", "first": first}}
        ).encode()
        for first in range(26, 26 + RUN_COUNT)
    ]
    started = time.process_time()
    for other_body in bodies:  # another page each time, so that no cached response answers it
        await post(app, other_body)
    warm_seconds = (time.process_time() - started) / RUN_COUNT
    case = f"a school of {STUDENTS_PER_SCHOOL:,}, of {students:,} students"
    return [
        Row("population", case, "CPU time, cold", 1000 * cold_seconds, "ms"),
        Row("population", case, "another page", 1000 * warm_seconds, "ms", MAX_WARM_MS),
        Row("population", case, "growth of the process, at its peak", growth, "MiB", MAX_GROWTH_MIB),
        *await _measure_lists(QUICK_EDFI_STUDENTS if quick else EDFI_STUDENTS),
        *await _triangulate(students),
        *await _measure_classes(QUICK_CLASSES_STUDENTS if quick else CLASSES_STUDENTS),
    ]


async def _measure_lists(students: int) -> list[Row]:
    """Early-warning lists over an Ed-Fi sandbox, with default settings: vendor calls and time."""
    rows: list[Row] = []
    with edfi_process(students, LATENCY_MS) as vendor:
        for name, query in LISTS.items():
            case = f"a school of {vendor.school_students:,}, of {students:,} students on Ed-Fi: {name}"
            bodies = [
                json.dumps({"query": query, "variables": {"school": vendor.school, "first": first}}).encode()
                for first in range(25, 26 + RUN_COUNT)
            ]
            async with _gateway(vendor, students) as app:
                vendor.take_requests()
                started, started_cpu = time.perf_counter(), time.process_time()
                response = json.loads(await post(app, bodies[0]))
                cold_seconds = time.perf_counter() - started
                cold_cpu_seconds = time.process_time() - started_cpu
                calls = len(vendor.take_requests())
                assert response["data"]["students"]["undecided"] == 0, response
                await post(app, bodies[-1])  # students of later pages are read once
                started_cpu = time.process_time()
                for body in bodies[1:-1]:
                    await post(app, body)
                warm_seconds = (time.process_time() - started_cpu) / (len(bodies) - 2)
            rows += [
                Row("population", case, "vendor calls, cold", calls, "calls", MAX_CALLS),
                Row("population", case, "cold, with 150 ms for each call", cold_seconds, "s", MAX_COLD_SECONDS),
                Row("population", case, "cold, CPU time", 1000 * cold_cpu_seconds, "ms"),
                Row("population", case, "another page, CPU time", 1000 * warm_seconds, "ms", MAX_WARM_MS),
            ]
    return rows


async def _measure_classes(students: int) -> list[Row]:
    """A teacher's page with indicators, executed again from cached records."""
    with edfi_process(students) as vendor:
        viewer = Viewer("teacher", ViewerRole.TEACHER, frozenset({DISTRICT}), staff_id=StaffId(vendor.teacher))
        body = json.dumps({"query": CLASSES}).encode()
        async with _gateway(vendor, students, viewer=viewer, limits=Limits(responses=False)) as app:
            for _ in range(WARM_UP_RUNS):
                response = json.loads(await post(app, body))
            assert "errors" not in response, response["errors"]
            assert len(response["data"]["viewer"]["sections"]) == vendor.classes
            seconds = []
            for _ in range(PAGE_RUNS):
                started = time.process_time()
                await post(app, body)
                seconds.append(time.process_time() - started)
    case = f"a teacher's {vendor.classes} classes, {vendor.class_students} students, with indicators"
    return [
        Row("population", case, "again, CPU time", 1000 * statistics.median(seconds), "ms", MAX_CLASSES_MS),
    ]


async def _triangulate(students: int) -> list[Row]:
    """A population by programs, attendance and tests: the calls that it needs, and memory."""
    with edfi_process(students) as vendor:
        async with _gateway(vendor, students) as app:
            vendor.take_requests()
            before, started = resident_mib(), time.process_time()
            page = await _page(app, TRIANGULATION)
            seconds, growth = time.process_time() - started, peak_mib() - before
            calls = len(vendor.take_requests())
            left = (await _page(app, TWO_SOURCES))["totalCount"]
        lists = sum(map(vendor.pages, ("programs", "enrollments", "attendance", "calendars", "tests")))
        # The results of each remaining student, and the name of each student on the page.
        max_calls = lists + left + len(page["edges"])
    assert page["totalCount"] <= left
    case = f"three sources, {students:,} students on Ed-Fi"
    return [
        Row("population", case, "vendor calls: lists of two sources and point reads", calls, "calls", max_calls),
        Row("population", case, "students left for point reads", left, "students"),
        Row("population", case, "students found", page["totalCount"], "students"),
        Row("population", case, "growth of the process, at its peak", growth, "MiB", MAX_GROWTH_MIB),
        Row("population", case, "CPU time, cold", 1000 * seconds, "ms"),
    ]


async def _page(app: ASGIApp, query: str) -> dict[str, Any]:
    """The list of a query; it must have no errors and no undecided students."""
    response = json.loads(await post(app, json.dumps({"query": query}).encode()))
    assert "errors" not in response, response["errors"]
    page: dict[str, Any] = response["data"]["students"]
    assert page["undecided"] == 0, "a source did not answer in time"
    return page


@asynccontextmanager
async def _gateway(vendor: EdFiProcess, students: int, **options: Any) -> AsyncIterator[ASGIApp]:
    """The gateway over a sandbox of Ed-Fi, with an empty cache."""
    settings = EdFiSettings.model_validate(vendor.settings | {"students": students, "timeout": SOURCE_SECONDS})
    source = connect(DISTRICT, "sis", "edfi", settings)
    try:
        district = District(DISTRICT, "Cedar Hollow", (source,), frozen_on=vendor.now)
        yield create_app(district, operation_seconds=OPERATION_SECONDS, **options)
    finally:
        await source.adapter.http.aclose()


def _check(response: dict[str, Any], students: int) -> None:
    """Check that the list has the students that a loop over the records finds."""
    assert "errors" not in response, response["errors"]
    page = response["data"]["students"]
    assert page["undecided"] == 0, "a source did not answer in time"
    assert page["totalCount"] == count_naively(students)[SCHOOL], "the benchmark lists something else"
