"""
Random faults under many queries, while the vendors' data change: every difference from the data has a reason.

Such a difference is a null with an error or a degraded part at its path, or a list with a degraded part. Every
other value is what the vendor held at some moment that is no longer ago than answers are fresh, or it is marked as
stale and what the vendor held no longer ago than answers may be stale.
"""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, Switches
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.config.districts import connect
from student_graph.gateway.server.service import Application, Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.faults.vendor import post
from tests.long_runs import size
from tests.scenarios.helpers.changing_vendors import ChangingVendors, History
from tests.scenarios.helpers.comparison import Ages, Comparison, value_of
from tests.scenarios.helpers.sandbox_district import (
    DISTRICT_ID,
    OPERATION_SECONDS,
    SandboxDistrict,
    sandbox_district,
)

FACTS = make_district(60)
TOKEN = "t" * 32
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT_ID}), unlimited_grants(*Sensitivity))
SEEDS = range(1, size(1, 3) + 1)
QUERIES_PER_SEED = size(16, 150)
QUERIES_PER_FAULT = size(4, 8)
"""Number of queries after which the faults change."""
STUDENTS = [student.id for student in FACTS.students[:: size(6, 3)]]
"""The students who are asked for and whose data change; the lists of the vendors have others, too."""
LARGE_PAGE_STUDENTS = size(8, 15)
"""So many students that lists of the school are cheaper than a request for each."""
PAGE_ROWS = 10
"""Rows on a page of Ed-Fi: longer lists are brought up to date by their changes."""
FRESH, STALE, TIMEOUT = 0.1, 1.0, 1.0
"""In seconds."""
AGES = Ages(max(FRESH, TIMEOUT), max(FRESH + STALE, TIMEOUT))
PROVENANCE = "provenance { source stale }"
SELECTIONS = {
    "name": f"studentUniqueId name {{ lastName }} gradeLevel {PROVENANCE}",
    "attendanceEvents": f"(first: 50) {{ totalCount edges {{ node {{ date category {PROVENANCE} }} }} }}",
    "courseGrades": f"{{ courseName letter numeric {PROVENANCE} }}",
    "assignments": f"{{ title status score {PROVENANCE} }}",
    "disciplineIncidents": f"{{ date {PROVENANCE} }}",
    "transportation": f"{{ busNumber {PROVENANCE} }}",
    "enrollments": f"{{ entryDate school {{ name }} {PROVENANCE} }}",
    "assessments": f"{{ administrationDate schoolYear {PROVENANCE} }}",
}
ALSO_CHANGED = {"assignments": ("courseGrades",)}
"""Fields that a change of another field changes: Canvas computes the grade of a course from its work."""
SWITCHES: Sequence[dict[str, Any]] = (
    {},
    {},
    {},
    {"down": True},
    {"throttled": True},
    {"latency": 5.0},
    {"latency": 300.0},
    {"down_after": 3},
    {"down_after": 12},
)


@dataclass(frozen=True)
class Query:
    """Some fields of some students."""

    students: Sequence[str]
    fields: Sequence[str]

    @property
    def text(self) -> str:
        """The document; each student is a field with the alias `s` and the number of the student."""
        selection = " ".join(
            SELECTIONS[field] if field == "name" else f"{field}{SELECTIONS[field]}" for field in self.fields
        )
        fields = (f's{id}: student(studentUniqueId: "{id}") {{ {selection} }}' for id in self.students)
        return f"{{ {' '.join(fields)} }}"


class Chaos:
    """A gateway over a district whose answers age fast and whose sources recover fast."""

    def __init__(self, district: SandboxDistrict, mirror: SandboxDistrict, seed: int) -> None:
        """`mirror` has the same data as `district`, and no faults."""
        self.random = random.Random(seed)  # noqa: S311 - the same queries, faults and changes in each run
        self.sandboxes = district.sandboxes
        sources = sorted(
            (self._connect(kind, sandbox) for kind, sandbox in district.sandboxes.items()),
            key=lambda source: source.identity is not None,
        )
        self._application = _application(District(DISTRICT_ID, FACTS.name, tuple(sources), frozen_on=FACTS.now))
        self._mirror = _application(mirror.district, Limits(memory=0))
        self._sources = sources
        self._changing = ChangingVendors(FACTS, [district.sandboxes, mirror.sandboxes], self.random)
        self.history = History(self._read_mirror)

    @staticmethod
    def _connect(kind: str, sandbox: Sandbox) -> Source:
        """Return a source whose answers are stale after a tenth of a second."""
        adapter_type = find_adapter(kind)
        pages = {"page_size": PAGE_ROWS} if kind == "edfi" else {}
        settings = adapter_type.settings_type().model_validate(
            sandbox.source_settings() | {"rest": 0.05, "timeout": TIMEOUT} | pages
        )
        fresh, stale = timedelta(seconds=FRESH), timedelta(seconds=STALE)
        freshness = {
            lookup.name: Freshness(fresh, timedelta() if lookup.sensitivity.restricted else stale)
            for lookup in adapter_type.capabilities()
        }
        return connect(DISTRICT_ID, kind, kind, settings, freshness=freshness)

    async def post(self, query: Query) -> dict[str, Any]:
        """Send a query and return the response."""
        return await post(self._application.asgi, query.text, TOKEN)

    async def _read_mirror(self, students: Sequence[str], fields: Sequence[str]) -> dict[tuple[str, str], Any]:
        """What the vendors hold for some fields, read without a cache."""
        response = await post(self._mirror.asgi, Query(students, fields).text, TOKEN)
        failures = [error["extensions"] for error in response.get("errors", ())]
        failures += response["extensions"].get("degraded", ())
        assert not any(failure["retryable"] for failure in failures)
        data = response["data"]
        return {(id, field): value_of(data[f"s{id}"], field) for id in students for field in fields}

    async def close(self) -> None:
        """End the work that goes on after the last query, and close the connections."""
        for application in (self._application, self._mirror):
            await application.pipeline.close()
        for source in self._sources:
            await source.adapter.http.aclose()

    def random_query(self) -> Query:
        """Return a query for some fields of a few students, or of as many as a class has."""
        few = self.random.random() < 0.5
        count = self.random.randint(1, 4) if few else LARGE_PAGE_STUDENTS
        fields = self.random.sample(list(SELECTIONS), self.random.randint(1, 3))
        return Query(self.random.sample(STUDENTS, count), fields)

    async def change_data(self, query: Query) -> int:
        """Change a field that a query asked for, or another one; returns the number of changes."""
        student = self.random.choice([*query.students, self.random.choice(STUDENTS)])
        field = self.random.choice([*query.fields, self.random.choice(self._changing.fields)])
        change = self._changing.change_of(student, field)
        if change is None:
            return 0
        await self.history.change(student, (field, *ALSO_CHANGED.get(field, ())), change)
        return 1

    def change_faults(self) -> None:
        """Give each source a random fault, or none."""
        for sandbox in self.sandboxes.values():
            sandbox.switches.change(dataclasses.asdict(Switches()) | self.random.choice(SWITCHES))


def _application(district: District, limits: Limits | None = None) -> Application:
    service = Service(
        [district], {TOKEN: VIEWER}, cache_limits=limits or Limits(), operation_seconds=OPERATION_SECONDS
    )
    return Application(service)


@pytest.fixture(params=SEEDS)
async def chaos(request: pytest.FixtureRequest) -> AsyncIterator[Chaos]:
    """The district without faults."""
    async with sandbox_district(FACTS) as district, sandbox_district(FACTS) as mirror:
        chaos = Chaos(district, mirror, request.param)
        try:
            yield chaos
        finally:
            await chaos.close()


@pytest.mark.long_run
async def test_every_difference_from_what_the_vendors_held_has_a_reason(
    chaos: Chaos, record_property: Callable[[str, object], None]
) -> None:
    """The faults of both sources change every few queries, and their data with each query."""
    await chaos.history.begin(STUDENTS, list(SELECTIONS))
    counts: Counter[str] = Counter()
    for number in range(QUERIES_PER_SEED):
        if number % QUERIES_PER_FAULT == 0:
            chaos.change_faults()
        query = chaos.random_query()
        requested_at = time.time()
        response = await chaos.post(query)
        comparison = Comparison(response, requested_at, AGES, counts)
        for student in query.students:
            for field in query.fields:
                states = chaos.history.states(student, field)
                assert comparison.unexplained(student, field, states) == [], f"query {number}"
        counts["queries"] += 1
        counts["changes"] += await chaos.change_data(query)
    requests = [request for sandbox in chaos.sandboxes.values() for request in sandbox.requests]
    counts["reads of changes"] = sum("minChangeVersion" in request for request in requests)
    record_property("counts", f"chaos: {dict(sorted(counts.items()))}, 0 differences without a reason")
    assert counts["null with a reason"] > 0
    assert counts["as the vendor"] > 0
    assert counts["changes"] > QUERIES_PER_SEED / 4
