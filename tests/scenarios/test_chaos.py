"""
Random faults under many queries: every difference from the response without faults has a reason.

Such a difference is a null with an error or a degraded part at its path, or a list with a degraded part. Stale
values are marked as stale. No value is ever wrong.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, Switches
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway.config.districts import connect
from student_graph.gateway.server import Application, Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.faults.vendor import post
from tests.long_runs import size
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

FACTS = make_district(60)
TOKEN = "t" * 32
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT_ID}), unlimited_grants(*Sensitivity))
SEEDS = range(1, size(1, 2) + 1)
QUERIES_PER_SEED = size(80, 500)
QUERIES_PER_FAULT = 10
"""Number of queries after which the faults change."""
PROVENANCE = "provenance { source stale }"
SELECTIONS = [
    f"studentUniqueId name {{ lastName }} gradeLevel {PROVENANCE}",
    f"attendanceEvents(first: 50) {{ totalCount edges {{ node {{ date category {PROVENANCE} }} }} }}",
    f"courseGrades {{ courseName letter numeric {PROVENANCE} }}",
    f"assignments {{ title status score {PROVENANCE} }}",
    f"disciplineIncidents {{ date {PROVENANCE} }} transportation {{ busNumber {PROVENANCE} }}",
    f"enrollments {{ entryDate school {{ name }} {PROVENANCE} }}",
    f"assessments {{ administrationDate schoolYear {PROVENANCE} }}",
]
SWITCHES: Sequence[dict[str, Any]] = (
    {},
    {},
    {"down": True},
    {"throttled": True},
    {"latency": 5.0},
    {"down_after": 3},
    {"down_after": 12},
)


class Chaos:
    """A gateway over a district whose answers age fast and whose sources recover fast."""

    def __init__(self, district: SandboxDistrict, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same queries and faults in each run
        self._sandboxes = district.sandboxes
        self.sources = sorted(
            (self._connect(kind, sandbox) for kind, sandbox in district.sandboxes.items()),
            key=lambda source: source.identity is not None,
        )
        connected = District(DISTRICT_ID, FACTS.name, tuple(self.sources), frozen_on=FACTS.now)
        self._application = Application(Service([connected], {TOKEN: VIEWER}))

    @staticmethod
    def _connect(kind: str, sandbox: Sandbox) -> Source:
        """Return a source whose answers are stale after a tenth of a second."""
        adapter_type = find_adapter(kind)
        settings = adapter_type.settings_type().model_validate(
            sandbox.source_settings() | {"rest": 0.05, "timeout": 1.0}
        )
        freshness = {
            lookup.name: Freshness(
                timedelta(seconds=0.1), timedelta(seconds=0 if lookup.sensitivity.restricted else 1)
            )
            for lookup in adapter_type.capabilities()
        }
        return connect(DISTRICT_ID, kind, kind, settings, freshness=freshness)

    async def post(self, query: str) -> dict[str, Any]:
        """Send a query and return the response."""
        return await post(self._application.asgi, query, TOKEN)

    async def close(self) -> None:
        """End the work that goes on after the last query, and close the connections."""
        await self._application._pipeline.close()
        for source in self.sources:
            await source.adapter.http.aclose()

    async def complete_data(self, query: str) -> Any:
        """Return the data of a response without faults. Repeats the query while a retry could complete it."""
        for _ in range(20):
            response = await self.post(query)
            failures = [error["extensions"] for error in response.get("errors", ())]
            failures += response["extensions"].get("degraded", ())
            if not any(failure["retryable"] for failure in failures):
                return response["data"]
        raise AssertionError(response)

    def random_query(self) -> str:
        """Return a query for some fields of some students."""
        students = self._random.sample(FACTS.students, self._random.randint(1, 4))
        selection = " ".join(self._random.sample(SELECTIONS, self._random.randint(1, 3)))
        fields = (
            f's{n}: student(studentUniqueId: "{student.id}") {{ {selection} }}'
            for n, student in enumerate(students)
        )
        return f"{{ {' '.join(fields)} }}"

    def change_faults(self) -> None:
        """Give each source a random fault, or none."""
        for sandbox in self._sandboxes.values():
            sandbox.switches.change(dataclasses.asdict(Switches()) | self._random.choice(SWITCHES))


@pytest.fixture(params=SEEDS)
async def chaos(request: pytest.FixtureRequest) -> AsyncIterator[Chaos]:
    """The district without faults."""
    async with sandbox_district(FACTS) as district:
        chaos = Chaos(district, request.param)
        try:
            yield chaos
        finally:
            await chaos.close()


@pytest.mark.long_run
async def test_every_difference_from_the_response_without_faults_has_a_reason(
    chaos: Chaos, record_property: Callable[[str, object], None]
) -> None:
    """The faults of both sources change every ten queries."""
    queries = [chaos.random_query() for _ in range(QUERIES_PER_SEED)]
    complete = {query: await chaos.complete_data(query) for query in set(queries)}
    counts: Counter[str] = Counter()
    for number, query in enumerate(queries):
        if number % QUERIES_PER_FAULT == 0:
            chaos.change_faults()
        response = await chaos.post(query)
        unexplained = list(Comparison(response, counts).differences(complete[query], response["data"]))
        assert unexplained == [], f"query {number}"
        counts["queries"] += 1
        await asyncio.sleep(0.002)  # lets answers become stale; the outcome does not depend on it
    record_property("counts", f"chaos: {dict(sorted(counts.items()))}")
    assert counts["null with a reason"] > 0
    assert counts["stale"] > 0
    assert counts["as without faults"] > QUERIES_PER_SEED


@dataclass
class Comparison:
    """Compares the data of a response with the data without faults, and counts what it finds."""

    response: dict[str, Any]
    counts: Counter[str]

    def __post_init__(self) -> None:
        extensions = self.response["extensions"]
        self._errors = [tuple(error["path"]) for error in self.response.get("errors", ()) if "path" in error]
        self._degraded = [tuple(part["path"]) for part in extensions.get("degraded", ())]
        self._is_stale_allowed = any(source["stale"] for source in extensions["sources"].values())
        self.counts["errors"] += len(self._errors)
        self.counts["degraded"] += len(self._degraded)

    def differences(self, expected: Any, actual: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
        """Yield a line for each difference at a path or below it that has no reason."""
        if path[-1:] == ("stale",):
            self.counts["stale"] += actual is True
            if actual and not self._is_stale_allowed:
                yield f"{path}: marked as stale although no source returned anything stale"
        elif actual == expected:
            self.counts["as without faults"] += 1
        elif actual is None and any(reason[: len(path)] == path for reason in self._errors + self._degraded):
            self.counts["null with a reason"] += 1
        elif isinstance(expected, dict) and isinstance(actual, dict):
            for name, value in expected.items():
                yield from self.differences(value, actual.get(name), (*path, name))
        elif any(reason[: len(path)] == path or path[: len(reason)] == reason for reason in self._degraded):
            self.counts["a part with a reason"] += 1
        elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
            for index, value in enumerate(expected):
                yield from self.differences(value, actual[index], (*path, index))
        else:
            yield f"{path}: {type(actual).__name__} instead of {type(expected).__name__}, without a reason"
