"""One response of a reading is that of another key: nothing that it holds is answered for the requested one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import DistrictId, Fetched
from student_graph.adapters.moodle.sandbox import MoodleSandbox
from student_graph.adapters.oneroster.sandbox import OneRosterSandbox
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.sources import Source
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error, sample
from student_graph.adapters.testing.transports import RecordingTransport, copy_of
from student_graph.gateway.fetch.student_links import check_person
from student_graph.gateway.fetch.vendor import _checked_answer
from tests.long_runs import LONG_RUNS, size

HILL = DistrictId("hill")
SANDBOXES: tuple[type[Any], ...] = (
    EdFiSandbox,
    OneRosterSandbox,
    CanvasSandbox,
    GoogleClassroomSandbox,
    MoodleSandbox,
)
SAMPLE = {
    "assignment_work_by_section",
    "attendance_events_by_student",
    "contacts_by_student",
    "course_grades_by_section",
}
LOOKUPS = [
    pytest.param(sandbox, lookup, id=f"{sandbox.kind} {lookup.name}")
    for sandbox in SANDBOXES
    for lookup in find_adapter(sandbox.kind).capabilities()
    if lookup.key_kind != "district" and not lookup.paged and (LONG_RUNS or lookup.name in SAMPLE)
]


class Responses(RecordingTransport):
    """Remembers the vendor's responses in their order, and sends another one at one place."""

    def __init__(self, sandbox: Sandbox, position: int = -1, foreign: httpx.Response | None = None) -> None:
        super().__init__(sandbox)
        self._position, self._foreign = position, foreign
        self.received: list[httpx.Response] = []

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, or the foreign one."""
        if self._foreign is not None and len(self.sent) - 1 == self._position:
            return copy_of(self._foreign)
        response = await super().respond(request)
        await response.aread()
        self.received.append(response)
        return copy_of(response)


async def read(sandbox: Sandbox, lookup: Lookup, key: Any, transport: Responses) -> set[tuple[str, str]]:
    """Types and vendor's ids of the records that the gateway takes for a key, after its checks."""
    kind: type[Adapter] = find_adapter(sandbox.kind)
    async with open_adapter(sandbox, transport) as adapter:
        result = await run_lookup_or_error(adapter, lookup, [key], sandbox.arguments())
        value = result if isinstance(result, AdapterError) else result.get(key)
        if value is None:
            return set()
        source = Source("under-test", sandbox.kind, HILL, adapter, kind.identity)
        fetched = Fetched(district=HILL, source="under-test", at=datetime.now(UTC))
        answer = _checked_answer(source, lookup, key, value, fetched).value
    if isinstance(answer, AdapterError):
        return set()
    records = answer if isinstance(answer, list) else records_in(answer)
    if kind.identity is not None and lookup.key_kind == "student":
        try:
            for record in records:
                check_person(key, record.subject)
        except AdapterError:
            return set()
    return {(type(record).__name__, record.vendor_id) for record in records}


async def foreign_records(sandbox: Sandbox, lookup: Lookup, keys: Sequence[Any]) -> tuple[int, int]:
    """How many responses were exchanged between pairs of keys, and how many readings then had foreign records."""
    records, received = {}, {}
    for key in keys:
        transport = Responses(sandbox)
        records[key], received[key] = await read(sandbox, lookup, key, transport), transport.received
    pairs = [(own, other) for other in keys if records[other] for own in keys if not records[own] & records[other]]
    exchanged = crossed = 0
    pairs.sort(key=lambda pair: not records[pair[0]])
    for own, other in pairs[: size(1, 4)]:
        for position, (right, foreign) in enumerate(zip(received[own], received[other], strict=False)):
            if exchanged < size(3, 1_000) and right.content != foreign.content:
                exchanged += 1
                result = await read(sandbox, lookup, own, Responses(sandbox, position, foreign))
                crossed += bool(result & records[other])
    return exchanged, crossed


@pytest.mark.row("A23")
@pytest.mark.long_run
@pytest.mark.parametrize(("sandbox_type", "lookup"), LOOKUPS)
async def test_a_response_for_another_key_is_not_an_answer(sandbox_type: Any, lookup: Lookup) -> None:
    """A connection that is out of step, a proxy that mixes answers up, or a server that ignores a filter."""
    sandbox: Sandbox = sandbox_type(make_district(30, 1))
    keys = sample(sandbox.known_keys(lookup.key_kind), size(5, 14))
    exchanged, crossed = await foreign_records(sandbox, lookup, keys)
    assert crossed == 0, f"{crossed} of {exchanged}"
