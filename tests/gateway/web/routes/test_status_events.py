"""Streams of server-sent events: their budget, and their end whatever the client does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from student_graph.gateway.web.routes import status_events
from student_graph.gateway.web.routes.status_events import EventStream, EventStreams


async def empty_report() -> bytes:
    """A report that says nothing."""
    return b"{}"


def test_all_viewers_together_have_so_many_streams() -> None:
    """However many viewers there are."""
    budget = EventStreams(lambda: False)
    for number in range(status_events.MAX_STREAMS):
        assert budget.has_room(number)
        budget.open(number)
    assert not budget.has_room("one more")
    budget.close(0)
    assert budget.has_room("one more")


@asynccontextmanager
async def stream_that_nobody_reads(budget: EventStreams) -> AsyncIterator[asyncio.Task[None]]:
    """A stream whose client takes the head and nothing more."""
    sent: list[Any] = []
    blocked = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] != "http.response.start":
            blocked.set()
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    task = asyncio.create_task(EventStream(budget, "viewer", empty_report)({}, receive, send))
    await blocked.wait()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_client_that_does_not_read_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream ends with the others, and is not counted any longer."""
    monkeypatch.setattr(status_events, "CHECK_SECONDS", 0.01)
    budget = EventStreams(lambda: False)
    async with stream_that_nobody_reads(budget) as task:
        assert budget.count == 1
        budget.end()
        await asyncio.wait_for(task, 30)

    assert budget.count == 0


async def test_a_stream_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is for those whose token is still valid."""
    monkeypatch.setattr(status_events, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(status_events, "MAX_STREAM_SECONDS", 0.05)
    async with stream_that_nobody_reads(EventStreams(lambda: False)) as task:
        await asyncio.wait_for(task, 30)


async def test_a_quiet_stream_sends_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a proxy does not close it; an event is sent for a change only."""
    monkeypatch.setattr(status_events, "REPORT_SECONDS", 0.001)
    monkeypatch.setattr(status_events, "HEARTBEAT_SECONDS", 0.0)
    bodies: list[bytes] = []
    closed = asyncio.Event()

    async def send(message: Any) -> None:
        bodies.append(message.get("body", b""))
        if len(bodies) > 4:
            closed.set()

    async def receive() -> Any:
        await closed.wait()
        return {"type": "http.disconnect"}

    budget = EventStreams(lambda: False)
    await asyncio.wait_for(EventStream(budget, "viewer", empty_report)({}, receive, send), 30)

    assert bodies[1:4] == [b"data: {}\n\n", b":\n\n", b":\n\n"]
    assert budget.count == 0
