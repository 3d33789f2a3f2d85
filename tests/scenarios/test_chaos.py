"""
Random faults over a thousand queries: whatever differs from the answer without faults says why.

A difference is a null with an error or a degraded part at its place, or a list of which a part is degraded; a
value that was kept says that it is stale. A wrong value there is never.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, Switches
from student_graph.adapters.sources import District, Freshness
from student_graph.gateway.config.districts import connect
from student_graph.gateway.server import Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.faults.vendor import post
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

FACTS = make_district(60)
TOKEN = "t" * 32
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT_ID}), unlimited_grants(*Sensitivity))
SEEDS, QUERIES = (1, 2), 500
PROVENANCE = "provenance { source stale }"
SHAPES = [
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
    """A district whose answers age fast and whose sources recover fast, and what came of it."""

    def __init__(self, made: SandboxDistrict, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a test's numbers
        self._sandboxes = made.sandboxes
        sources = []
        for kind, sandbox in made.sandboxes.items():
            given = sandbox.source_settings() | {"rest": 0.05, "timeout": 0.5}
            settings = find_adapter(kind).settings_type().model_validate(given)
            ages = {
                lookup.name: Freshness(
                    timedelta(seconds=0.1), timedelta(0 if lookup.sensitivity.restricted else 1)
                )
                for lookup in find_adapter(kind).capabilities()
            }
            sources.append(connect(DISTRICT_ID, kind, kind, settings, freshness=ages))
        sources.sort(key=lambda source: source.identity is not None)
        self.sources = sources
        district = District(DISTRICT_ID, FACTS.name, tuple(sources), frozen_on=FACTS.now)
        self._app = Service([district], {TOKEN: VIEWER}).app()
        self.counts: Counter[str] = Counter()

    async def ask(self, query: str) -> dict[str, Any]:
        """The answer to a query."""
        return await post(self._app, query, TOKEN)

    async def whole(self, query: str) -> Any:
        """The data without faults; what is still on its way when a short time is over comes the next time."""
        for _ in range(20):
            answer = await self.ask(query)
            told = [error["extensions"] for error in answer.get("errors", ())]
            if not any(each["retryable"] for each in (*told, *answer["extensions"].get("degraded", ()))):
                return answer["data"]
        raise AssertionError(answer)

    def query(self) -> str:
        """Some fields of some students."""
        students = self._chance.sample([student.id for student in FACTS.students], self._chance.randint(1, 4))
        shapes = " ".join(self._chance.sample(SHAPES, self._chance.randint(1, 3)))
        parts = (f's{n}: student(studentUniqueId: "{number}") {{ {shapes} }}' for n, number in enumerate(students))
        return f"{{ {' '.join(parts)} }}"

    def turn(self) -> None:
        """Something goes wrong with each source, or right."""
        for sandbox in self._sandboxes.values():
            restore(sandbox)
            sandbox.switches.change(self._chance.choice(SWITCHES))


def restore(sandbox: Sandbox) -> None:
    """All is well with a sandbox."""
    sandbox.switches.change(dataclasses.asdict(Switches()))


@pytest.fixture(params=SEEDS)
async def chaos(request: pytest.FixtureRequest) -> AsyncIterator[Chaos]:
    """The district, while it is well."""
    async with sandbox_district(FACTS) as made:
        here = Chaos(made, request.param)
        yield here
        for source in here.sources:
            await source.adapter.http.aclose()


async def test_whatever_differs_from_the_answer_without_faults_says_why(
    chaos: Chaos, record_property: Callable[[str, object], None]
) -> None:
    """Two districts, five hundred queries each, faults of both sources turned every ten."""
    queries = [chaos.query() for _ in range(QUERIES)]
    oracle = {query: await chaos.whole(query) for query in set(queries)}
    for number, query in enumerate(queries):
        if number % 10 == 0:
            chaos.turn()
        answer = await chaos.ask(query)
        for problem in problems(oracle[query], answer, chaos.counts):
            pytest.fail(f"query {number}: {problem}")
        chaos.counts["queries"] += 1
        await asyncio.sleep(0.002)
    record_property("counts", f"chaos: {dict(sorted(chaos.counts.items()))}")
    assert chaos.counts["null with a reason"] > 20
    assert chaos.counts["stale"] > 100
    assert chaos.counts["as without faults"] > 1000


def problems(expected: Any, answer: dict[str, Any], counts: Counter[str]) -> Iterator[str]:
    """Differences that nothing explains."""
    reasons = [tuple(error["path"]) for error in answer.get("errors", ()) if "path" in error]
    degraded = [tuple(each["path"]) for each in answer["extensions"].get("degraded", ())]
    old = any(source["stale"] for source in answer["extensions"]["sources"].values())
    counts["errors"] += len(reasons)
    counts["degraded"] += len(degraded)
    yield from differing(expected, answer["data"], (), (reasons, degraded), counts, stale_allowed=old)


def differing(
    expected: Any,
    found: Any,
    path: tuple[str | int, ...],
    reasons: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]],
    counts: Counter[str],
    *,
    stale_allowed: bool,
) -> Iterator[str]:
    """Differences at a place and below it that nothing explains."""
    errors, degraded = reasons
    if path[-1:] == ("stale",):
        counts["stale"] += found is True
        if found and not stale_allowed:
            yield f"{path}: marked stale although no source served anything stale"
    elif found == expected:
        counts["as without faults"] += 1
    elif found is None and any(each[: len(path)] == path for each in errors + degraded):
        counts["null with a reason"] += 1
    elif isinstance(expected, dict) and isinstance(found, dict):
        for name, part in expected.items():
            yield from differing(
                part, found.get(name), (*path, name), reasons, counts, stale_allowed=stale_allowed
            )
    elif any(each[: len(path)] == path or path[: len(each)] == each for each in degraded):
        counts["a part with a reason"] += 1
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, part in enumerate(expected):
            yield from differing(part, found[place], (*path, place), reasons, counts, stale_allowed=stale_allowed)
    else:
        yield f"{path}: {type(found).__name__} in place of {type(expected).__name__}, and no reason"
