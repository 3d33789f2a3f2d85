"""
`population`: students of one school of a large district who are at risk by a metric, in the order of that metric.

The records are those of `aggregate`; the list is counted against a loop over the same records. Vendor calls are
those of the early-warning list of the largest school of a district on Ed-Fi, whose lists have pages of 500 rows.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from benchmarks.aggregate import (
    STUDENTS_PER_SCHOOL,
    count_naively,
    make_large_district,
    peak_mib,
    resident_mib,
)
from benchmarks.support.district import DISTRICT
from benchmarks.support.figures import Row
from benchmarks.support.in_process import create_app, post
from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district as make_sandbox_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sources import District
from student_graph.gateway.config.districts import connect
from student_graph.resolvers.fields.ids import GlobalId, encode

STUDENT_COUNT, QUICK_STUDENT_COUNT = 20_000, 2_000
MAX_GROWTH_MIB = 64.0
"""Goal: growth of the process, at its peak."""
MAX_WARM_MS = 60.0
"""Goal: the list once more."""
MAX_CALLS = 60
"""Goal: vendor calls of a school's early-warning list with nothing cached."""
RUN_COUNT = 10
EDFI_STUDENTS, QUICK_EDFI_STUDENTS = 6_000, 1_000
QUERY = """query Population($school: ID!, $preset: String, $first: Int = 25) {
  students(
    filter: { school: $school, where: { metric: { metric: CHRONIC_ABSENCE, preset: $preset, level: [AT_RISK] } } }
    orderBy: { metric: CHRONIC_ABSENCE }
    first: $first
  ) { totalCount undecided edges { node { studentUniqueId } } }
}"""
EARLY_WARNING = """query EarlyWarning($school: ID!) {
  students(filter: { school: $school }, orderBy: { metric: CHRONIC_ABSENCE, preset: "federal_10pct" }, first: 50) {
    totalCount undecided edges { node { name { lastName } attendance { chronicAbsence { value } } } }
  }
}"""
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
    for other_body in bodies:  # another page each time: a response that was kept answers none of them
        await post(app, other_body)
    warm_seconds = (time.process_time() - started) / RUN_COUNT
    case = f"a school of {STUDENTS_PER_SCHOOL:,}, of {students:,} students"
    return [
        Row("population", case, "CPU time, cold", 1000 * cold_seconds, "ms"),
        Row("population", case, "another page", 1000 * warm_seconds, "ms", MAX_WARM_MS),
        Row("population", case, "growth of the process, at its peak", growth, "MiB", MAX_GROWTH_MIB),
        *await _measure_calls(QUICK_EDFI_STUDENTS if quick else EDFI_STUDENTS),
    ]


async def _measure_calls(students: int) -> list[Row]:
    """The vendor calls of an early-warning list over an Ed-Fi sandbox, with default settings."""
    facts = make_sandbox_district(students)
    sandbox = EdFiSandbox(facts)
    [(school, count)] = Counter(row.school for row in facts.enrollments).most_common(1)
    with served(sandbox):
        settings = EdFiSettings.model_validate(sandbox.source_settings() | {"students": students, "timeout": 60})
        source = connect(DISTRICT, "sis", "edfi", settings)
        app = create_app(District(DISTRICT, facts.name, (source,), frozen_on=facts.now))
        body = {"query": EARLY_WARNING, "variables": {"school": str(school)}}
        response = json.loads(await post(app, json.dumps(body).encode()))
        await source.adapter.http.aclose()
    assert response["data"]["students"]["undecided"] == 0, response
    calls = response["extensions"]["sources"][f"{DISTRICT}/sis"]["calls"]
    case = f"a school of {count:,}, of {students:,} students on Ed-Fi"
    return [Row("population", case, "vendor calls, cold", calls, "calls", MAX_CALLS)]


def _check(response: dict[str, Any], students: int) -> None:
    """Check that the list has the students that a loop over the records finds."""
    assert "errors" not in response, response["errors"]
    page = response["data"]["students"]
    assert page["undecided"] == 0
    assert page["totalCount"] == count_naively(students)[SCHOOL], "the benchmark lists something else"
