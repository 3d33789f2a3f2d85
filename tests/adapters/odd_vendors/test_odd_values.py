"""Odd values in the rows of all adapters: no bug, nobody else's record lost, nothing left out in silence."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from random import Random

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter, create_model

from student_graph.adapters.canvas import api as canvas
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.api import payload as edfi
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.google_classroom import api as google_classroom
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.oneroster.api import payload as oneroster
from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.reading import read
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.odd_values import OddValueCounts, play_odd_values
from student_graph.adapters.testing.transports import UNSERVED_URL
from tests.long_runs import LONG_RUNS, size

STUDENTS = 24
ODD_VALUES = {
    CanvasSandbox: 3500,
    EdFiSandbox: 3000,
    GoogleClassroomSandbox: 3000,
    MoodleSandbox: 1000,
    OneRosterSandbox: 3500,
}
"""How often odd values of each vendor are played in full: each of the values 30 to 110 times."""


@pytest.mark.long_run
@pytest.mark.parametrize(("sandbox_type", "values"), ODD_VALUES.items())
async def test_an_odd_value_takes_nothing_else_away(sandbox_type: Callable[..., Sandbox], values: int) -> None:
    """Of every adapter, lookup after lookup; the run prints what it played."""
    sandbox = sandbox_type(make_district(STUDENTS))
    sandbox.url = UNSERVED_URL
    kind = find_adapter(sandbox.kind)
    lookups = kind.capabilities()
    if not LONG_RUNS:
        lookups = Random(sandbox.kind).sample(lookups, 2)  # noqa: S311 - a sample, and no secret
    counts = OddValueCounts()
    for lookup in lookups:
        sandbox.requests.clear()
        with contextlib.suppress(NotOfferedError):  # the sandbox is of a standard without the lookup
            counts.add(await play_odd_values(kind, lookup, sandbox, size(5, values // len(lookups))))
    print(  # noqa: T201 - the figures of the long run
        f"fuzz: {sandbox.kind} {counts.leaves} leaves, {counts.played} values, {len(counts.internal)} internal, "
        f"{len(counts.lost)} lost, {len(counts.unreported)} unreported"
    )

    assert counts.played
    assert (counts.internal, counts.lost, counts.unreported) == ([], [], [])


PAYLOADS = (edfi.Payload, oneroster.Payload, canvas.Payload, google_classroom.Payload)


@pytest.mark.parametrize("base", PAYLOADS, ids=lambda base: base.__module__)
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf"])
def test_texts_that_only_python_reads_as_numbers_are_not_numbers(base: type[BaseModel], text: str) -> None:
    """pydantic would read these texts as numbers, which JSON does not have."""
    row = create_model("Row", __base__=base, score=(float | None, None))
    response = httpx.Response(200, json=[{"score": text}], request=httpx.Request("GET", "https://vendor.example"))

    assert [row(score=None)] == read(response, TypeAdapter(list[row]))  # type: ignore[valid-type]
