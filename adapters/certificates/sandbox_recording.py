"""
Records an adapter's sandbox as a live server is recorded, and replays it to the adapter.

What the adapter reads from the recording must be what it read from the sandbox, with the made-up values of it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import httpx

from student_graph.adapters.certificates.replay_result import ReplayResult
from student_graph.adapters.certificates.same_answers import is_same_answer
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.recording import ORIGIN, Fictions, Recorder, Recording, Replay, Scrubber
from student_graph.adapters.recording.recording import SANDBOX, About
from student_graph.adapters.recording.words import scrubber_for
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import BatchResult, open_adapter, run_lookup_or_error, sample
from student_graph.adapters.testing.transports import InProcessTransport

RECORDED_STUDENTS = 12
"""Students of the district that is recorded."""
KEYS_PER_LOOKUP = 2
Answer: TypeAlias = BatchResult | AdapterError


@dataclass(slots=True)
class SandboxRecording:
    """A recording of a sandbox, and what the adapter read while it was recorded."""

    recording: Recording
    scrubber: Scrubber
    fictions: Fictions
    answers: dict[Lookup, Answer]
    """By lookup; the keys are those of the sandbox."""


def record_and_replay(sandbox_type: Callable[[DistrictFacts], Sandbox], adapter: type[Adapter]) -> ReplayResult:
    """Record the sandbox of an adapter in a temporary folder, and replay the file to the adapter."""
    return asyncio.run(_record_and_replay(sandbox_type(make_district(RECORDED_STUDENTS)), adapter))


async def _record_and_replay(sandbox: Sandbox, adapter: type[Adapter]) -> ReplayResult:
    recorded = await record_sandbox(sandbox, adapter)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{sandbox.kind}.jsonl"
        recorded.recording.write(file)
        written = Recording.read(file)
    differing = await differing_answers(sandbox, adapter, dataclasses.replace(recorded, recording=written))
    answered = sum(map(_is_answered, recorded.answers.values()))
    return ReplayResult(len(written.exchanges), answered, tuple(differing))


def _is_answered(answer: Answer) -> bool:
    """Whether a lookup answered some key."""
    return isinstance(answer, dict) and any(not isinstance(value, AdapterError) for value in answer.values())


async def record_sandbox(
    sandbox: Sandbox, adapter: type[Adapter], fictions: Fictions | None = None
) -> SandboxRecording:
    """Ask a sandbox for a few keys with each lookup of an adapter, and keep what `adapters record` would keep."""
    fictions, passing = fictions or Fictions(), _Passing(InProcessTransport(sandbox))
    answers: dict[Lookup, Answer] = {}
    async with open_adapter(sandbox, passing, kind=adapter) as opened:
        recorder = Recorder(scrubber := scrubber_for(opened, fictions))
        passing.inner = recorder.around(passing.inner)
        for lookup in adapter.capabilities():
            if keys := sample(sandbox.known_keys(lookup.key_kind), KEYS_PER_LOOKUP):
                answers[lookup] = await run_lookup_or_error(opened, lookup, keys, sandbox.arguments())
    about = About(sandbox.kind, datetime.now(UTC).date(), of=SANDBOX)
    return SandboxRecording(Recording(about, recorder.exchanges), scrubber, fictions, answers)


async def differing_answers(sandbox: Sandbox, adapter: type[Adapter], recorded: SandboxRecording) -> list[str]:
    """Names of the lookups that read from a recording something else than from its sandbox."""
    differing = []
    sandbox.url = ORIGIN
    async with open_adapter(sandbox, Replay(recorded.recording.exchanges), kind=adapter) as opened:
        for lookup, answer in recorded.answers.items():
            keys = sample(sandbox.known_keys(lookup.key_kind), KEYS_PER_LOOKUP)
            key_in_recording = {key: recorded.scrubber.key(key) for key in keys}
            replayed = await run_lookup_or_error(
                opened, lookup, list(key_in_recording.values()), sandbox.arguments()
            )
            if not is_same_answer(answer, replayed, key_in_recording, recorded.fictions):
                differing.append(lookup.name)
    return differing


class _Passing(httpx.AsyncBaseTransport):
    """Passes requests to a transport that is named later."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.inner.handle_async_request(request)
