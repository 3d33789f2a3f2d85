"""
`population`: students of one school of a large district who are at risk by a metric, in the order of that metric.

The records are those of `aggregate`; the list is counted against a loop over the same records.
"""

from __future__ import annotations

import json
import time
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
from student_graph.resolvers.fields.ids import GlobalId, encode

STUDENT_COUNT, QUICK_STUDENT_COUNT = 20_000, 2_000
MAX_GROWTH_MIB = 64.0
"""Goal: growth of the process, at its peak."""
MAX_WARM_MS = 60.0
"""Goal: the list once more."""
RUN_COUNT = 10
QUERY = """query Population($school: ID!, $preset: String) {
  students(
    filter: { school: $school, where: { metric: { metric: CHRONIC_ABSENCE, preset: $preset, level: [AT_RISK] } } }
    orderBy: { metric: CHRONIC_ABSENCE }
    first: 25
  ) { totalCount undecided edges { node { studentUniqueId } } }
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
    started = time.process_time()
    for _ in range(RUN_COUNT):
        await post(app, body)
    warm_seconds = (time.process_time() - started) / RUN_COUNT
    case = f"a school of {STUDENTS_PER_SCHOOL:,}, of {students:,} students"
    return [
        Row("population", case, "CPU time, cold", 1000 * cold_seconds, "ms"),
        Row("population", case, "once more", 1000 * warm_seconds, "ms", MAX_WARM_MS),
        Row("population", case, "growth of the process, at its peak", growth, "MiB", MAX_GROWTH_MIB),
    ]


def _check(response: dict[str, Any], students: int) -> None:
    """Check that the list has the students that a loop over the records finds."""
    assert "errors" not in response, response["errors"]
    page = response["data"]["students"]
    assert page["undecided"] == 0
    assert page["totalCount"] == count_naively(students)[SCHOOL], "the benchmark lists something else"
